"""What only people may do, and only with somebody else's agreement: a lower tier, more time."""

from collections.abc import Iterable

from bot.complaints.approvals import ask_for_extension, ask_to_lower_tier, lower_tier, refuse
from bot.complaints.authority import decides_for
from bot.complaints.deadlines import DeadlineName, deadline_policy
from bot.complaints.labels import Tier
from bot.complaints.models import Approval, ApprovalKind
from bot.complaints.people import ANSWERED_FOR_BY
from bot.desk.acts.offers import CASE_ACTS, CaseAtHand, Field, Offer, Values
from bot.followups.extensions import grant_extension
from bot.staff.permissions import Act


def _lower(case: CaseAtHand) -> Iterable[Offer]:
    lower = [(tier.value, tier.display_name(case.language)) for tier in Tier if tier < case.complaint.tier]
    if case.may(Act.RESOLVE) and case.is_workable and lower and not _is_asked(case, ApprovalKind.LOWER_TIER):
        yield Offer(fields=(Field("tier", "choice", options=lower), Field("reason")), tone="quiet")


@CASE_ACTS.act("ask_lower_tier", _lower)
async def _do_lower(case: CaseAtHand, _target: str, values: Values) -> None:
    tier = Tier(values["tier"])
    await ask_to_lower_tier(case.session, case.complaint, tier, values["reason"], by=case.person, now=case.now)


def _extension(case: CaseAtHand) -> Iterable[Offer]:
    is_running = any(d.name == DeadlineName.DECISION and d.due_at > case.now for d in case.complaint.running_deadlines)
    may_be_extended = case.complaint.tier in deadline_policy().extension.tiers and is_running
    if case.may(Act.RESOLVE) and case.is_workable and may_be_extended and not _is_asked(case, ApprovalKind.EXTENSION):
        yield Offer(fields=(Field("reason"),), tone="quiet")


@CASE_ACTS.act("ask_extension", _extension)
async def _do_extension(case: CaseAtHand, _target: str, values: Values) -> None:
    await ask_for_extension(case.session, case.complaint, values["reason"], by=case.person, now=case.now)


def _approve(case: CaseAtHand) -> Iterable[Offer]:
    for asked in _to_decide(case):
        yield Offer(f"approval:{asked.id}", str(asked.id), (Field("note", "line", is_required=False),), "primary")


@CASE_ACTS.act("approve", _approve)
async def _do_approve(case: CaseAtHand, target: str, values: Values) -> None:
    asked = _approval(case, target)
    grant = lower_tier if asked.kind is ApprovalKind.LOWER_TIER else grant_extension
    await grant(case.session, case.complaint, asked, by=case.person, now=case.now, note=values["note"])


def _refuse(case: CaseAtHand) -> Iterable[Offer]:
    for asked in _to_decide(case):
        yield Offer(f"approval:{asked.id}", str(asked.id), (Field("note", "line"),))


@CASE_ACTS.act("refuse", _refuse)
async def _do_refuse(case: CaseAtHand, target: str, values: Values) -> None:
    asked = _approval(case, target)
    await refuse(case.session, case.complaint, asked, values["note"], by=case.person, now=case.now)


def _approval(case: CaseAtHand, target: str) -> Approval:
    return next(asked for asked in case.approvals if str(asked.id) == target)


def _is_asked(case: CaseAtHand, kind: ApprovalKind) -> bool:
    return any(asked.kind is kind and asked.decided_at is None for asked in case.approvals)


def _to_decide(case: CaseAtHand) -> Iterable[Approval]:
    """What waits for this person's decision: never what they asked for themselves."""
    acts = {ApprovalKind.LOWER_TIER: Act.APPROVE_LOWER_TIER, ApprovalKind.EXTENSION: Act.APPROVE_EXTENSION}
    if not case.is_workable:
        return
    for asked in case.approvals:
        is_theirs = asked.decided_at is None and asked.asked_by != case.member.id and case.may(acts[asked.kind])
        if is_theirs and decides_for(case.complaint, case.person, least=ANSWERED_FOR_BY[case.complaint.tier]):
            yield asked
