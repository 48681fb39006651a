"""The acts at the desk, from taking a case to closing it. Each calls one use case."""

import uuid
from collections.abc import Iterable

from bot.complaints.approvals import (
    AlreadyAsked,
    NotAwaited,
    NotLower,
    ask_for_extension,
    ask_to_lower_tier,
    lower_tier,
    refuse,
)
from bot.complaints.assignment import MustAvoid, NotOfTaskForce, assign, name_lead, note_avoidance, start
from bot.complaints.authority import NeedsSomebodyElse, NotTheirDecision, agrees_plans_of, decides_for
from bot.complaints.casework import withdraw
from bot.complaints.deadlines import DeadlineName, ExtensionRefused, deadline_policy
from bot.complaints.labels import Tier
from bot.complaints.lifecycle import CaseStep, IllegalStep, State
from bot.complaints.models import Approval, ApprovalKind, CaseIsSettled, Plan
from bot.complaints.people import ANSWERED_FOR_BY, Candidate, CaseRole
from bot.complaints.plans import PlanNotReady, accept_plan, approve_plan, reject_plan, return_plan, submit_plan
from bot.complaints.tiers import NotHigher, raise_tier
from bot.desk.acts import Acts, CaseAtHand, Field, Offer, Values
from bot.followups.extensions import grant_extension
from bot.followups.plans import put_plan
from bot.followups.results import tell_result
from bot.staff.candidates import NotOnCases, candidate
from bot.staff.permissions import Act

CASE_ACTS = Acts()


class TakeOverFirst(Exception):
    """The customer is told something by whoever is with them."""


REFUSALS = (
    AlreadyAsked, CaseIsSettled, ExtensionRefused, IllegalStep, MustAvoid, NeedsSomebodyElse, NotAwaited, NotHigher,
    NotLower, NotOfTaskForce, NotOnCases, NotTheirDecision, PlanNotReady, TakeOverFirst,
)  # fmt: skip
"""What may stand in the way of an act although it was offered: somebody else was quicker."""

SAID_OF_REFUSALS = {MustAvoid: "must_avoid", TakeOverFirst: "take_over_first", AlreadyAsked: "already_asked"}
"""The word for refusals that have one of their own."""


def _take(case: CaseAtHand) -> Iterable[Offer]:
    is_mine = case.complaint.handler_id == case.member.id
    if case.may(Act.RESOLVE) and case.can(CaseStep.ASSIGN) and not is_mine and case.works_on_cases:
        yield Offer(tone="secondary" if case.complaint.handler_id else "primary")


@CASE_ACTS.act("take", _take)
async def _do_take(case: CaseAtHand, _target: str, _values: Values) -> None:
    me = await candidate(case.session, case.member.id)
    await assign(case.session, case.complaint, me, actor=case.actor, now=case.now)


def _assign(case: CaseAtHand) -> Iterable[Offer]:
    others = [one for one in case.colleagues if one.id != case.complaint.handler_id]
    if case.may(Act.ASSIGN) and case.can(CaseStep.ASSIGN) and others:
        yield Offer(fields=case.someone(others))


@CASE_ACTS.act("assign", _assign)
async def _do_assign(case: CaseAtHand, _target: str, values: Values) -> None:
    await assign(case.session, case.complaint, await _person(case, values), actor=case.actor, now=case.now)


def _name_lead(case: CaseAtHand) -> Iterable[Offer]:
    force = [one for one in case.colleagues if one.role is CaseRole.TASK_FORCE and one.id != case.complaint.lead_id]
    if case.complaint.tier is Tier.URGENT and case.may(Act.ASSIGN) and force:
        yield Offer(fields=case.someone(force))


@CASE_ACTS.act("name_lead", _name_lead)
async def _do_name_lead(case: CaseAtHand, _target: str, values: Values) -> None:
    await name_lead(case.session, case.complaint, await _person(case, values), actor=case.actor, now=case.now)


def _start(case: CaseAtHand) -> Iterable[Offer]:
    if case.may(Act.RESOLVE) and case.can(CaseStep.START) and case.complaint.handler_id == case.member.id:
        yield Offer(tone="primary")


@CASE_ACTS.act("start", _start)
async def _do_start(case: CaseAtHand, _target: str, _values: Values) -> None:
    start(case.session, case.complaint, actor=case.actor, now=case.now)


def _raise(case: CaseAtHand) -> Iterable[Offer]:
    higher = [(tier.value, tier.display_name(case.language)) for tier in Tier if tier > case.complaint.tier]
    if case.may(Act.RESOLVE) and not case.complaint.state.is_settled and higher:
        yield Offer(fields=(Field("tier", "choice", options=higher), Field("reason")))


@CASE_ACTS.act("raise_tier", _raise)
async def _do_raise(case: CaseAtHand, _target: str, values: Values) -> None:
    tier = Tier(values["tier"])
    await raise_tier(case.session, case.complaint, tier, values["reason"], actor=case.actor, now=case.now)


def _lower(case: CaseAtHand) -> Iterable[Offer]:
    lower = [(tier.value, tier.display_name(case.language)) for tier in Tier if tier < case.complaint.tier]
    if case.may(Act.RESOLVE) and _is_workable(case) and lower and not _is_asked(case, ApprovalKind.LOWER_TIER):
        yield Offer(fields=(Field("tier", "choice", options=lower), Field("reason")), tone="quiet")


@CASE_ACTS.act("ask_lower_tier", _lower)
async def _do_lower(case: CaseAtHand, _target: str, values: Values) -> None:
    tier = Tier(values["tier"])
    await ask_to_lower_tier(case.session, case.complaint, tier, values["reason"], by=case.person, now=case.now)


def _extension(case: CaseAtHand) -> Iterable[Offer]:
    is_running = any(d.name == DeadlineName.DECISION and d.due_at > case.now for d in case.complaint.running_deadlines)
    may_be_extended = case.complaint.tier in deadline_policy().extension.tiers and is_running
    if case.may(Act.RESOLVE) and _is_workable(case) and may_be_extended and not _is_asked(case, ApprovalKind.EXTENSION):
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


def _plan(case: CaseAtHand) -> Iterable[Offer]:
    if case.may(Act.RESOLVE) and _is_workable(case) and case.complaint.state is not State.RECHECK:
        yield Offer(fields=(Field("text"),))


@CASE_ACTS.act("submit_plan", _plan)
async def _do_plan(case: CaseAtHand, _target: str, values: Values) -> None:
    await submit_plan(case.session, case.complaint, values["text"], by=case.person, now=case.now)


def _agree(case: CaseAtHand) -> Iterable[Offer]:
    for plan in _drafts(case):
        yield Offer(f"plan:{plan.id}", str(plan.id), tone="primary")


@CASE_ACTS.act("approve_plan", _agree)
async def _do_agree(case: CaseAtHand, target: str, _values: Values) -> None:
    await approve_plan(case.session, case.complaint, _plan_meant(case, target), by=case.person, now=case.now)


def _return(case: CaseAtHand) -> Iterable[Offer]:
    for plan in _drafts(case):
        yield Offer(f"plan:{plan.id}", str(plan.id), (Field("reason", "line"),))


@CASE_ACTS.act("return_plan", _return)
async def _do_return(case: CaseAtHand, target: str, values: Values) -> None:
    plan = _plan_meant(case, target)
    await return_plan(case.session, case.complaint, plan, values["reason"], by=case.person, now=case.now)


def _put(case: CaseAtHand) -> Iterable[Offer]:
    agreed = [plan for plan in case.plans if plan.approved_at and not plan.returned_at and not plan.put_at]
    if case.may(Act.RESOLVE) and not case.complaint.state.is_settled:
        for plan in agreed[-1:]:
            yield Offer(f"plan:{plan.id}", str(plan.id), tone="primary")


@CASE_ACTS.act("put_plan", _put)
async def _do_put(case: CaseAtHand, target: str, _values: Values) -> None:
    _require_customer(case)
    await put_plan(case.session, case.complaint, _plan_meant(case, target), actor=case.actor, now=case.now)


def _answered_elsewhere(case: CaseAtHand) -> Iterable[Offer]:
    """A customer who answers by telephone or at the counter answers as well."""
    if case.may(Act.RESOLVE) and case.can(CaseStep.ACCEPT_PLAN):
        for plan in [plan for plan in case.plans if plan.put_at][-1:]:
            yield Offer(f"plan:{plan.id}", str(plan.id), (Field("answer", "line"),), "quiet")


@CASE_ACTS.act("plan_accepted", _answered_elsewhere)
async def _do_accepted(case: CaseAtHand, _target: str, values: Values) -> None:
    await accept_plan(case.session, case.complaint, values["answer"], now=case.now)


@CASE_ACTS.act("plan_rejected", _answered_elsewhere)
async def _do_rejected(case: CaseAtHand, _target: str, values: Values) -> None:
    await reject_plan(case.session, case.complaint, values["answer"], now=case.now)


def _keep_out(case: CaseAtHand) -> Iterable[Offer]:
    if case.may(Act.ASSIGN) and case.colleagues:
        yield Offer(fields=(*case.someone(case.colleagues), Field("reason", "line")), tone="quiet")


@CASE_ACTS.act("keep_out", _keep_out)
async def _do_keep_out(case: CaseAtHand, _target: str, values: Values) -> None:
    who = uuid.UUID(values["person"])
    await note_avoidance(case.session, case.complaint, who, values["reason"], actor=case.actor, now=case.now)


def _withdraw(case: CaseAtHand) -> Iterable[Offer]:
    if case.may(Act.RESOLVE) and case.can(CaseStep.WITHDRAW) and case.complaint.state is not State.RECHECK:
        yield Offer(place="end", fields=(Field("reason", "line"),), tone="quiet")


@CASE_ACTS.act("withdraw", _withdraw)
async def _do_withdraw(case: CaseAtHand, _target: str, values: Values) -> None:
    withdraw(case.session, case.complaint, actor=case.actor, now=case.now)


def _resolve(case: CaseAtHand) -> Iterable[Offer]:
    if case.may(Act.RESOLVE) and not case.complaint.state.is_settled:
        yield Offer(place="end", fields=(Field("result"),))


@CASE_ACTS.act("resolve", _resolve)
async def _do_resolve(case: CaseAtHand, _target: str, values: Values) -> None:
    _require_customer(case)
    await tell_result(case.session, case.complaint, values["result"], actor=case.actor, now=case.now)


async def _person(case: CaseAtHand, values: Values) -> Candidate:
    return await candidate(case.session, uuid.UUID(values["person"]))


def _require_customer(case: CaseAtHand) -> None:
    if not case.holds_conversation:
        raise TakeOverFirst(case.complaint.number)


def _approval(case: CaseAtHand, target: str) -> Approval:
    return next(asked for asked in case.approvals if str(asked.id) == target)


def _plan_meant(case: CaseAtHand, target: str) -> Plan:
    return next(plan for plan in case.plans if str(plan.id) == target)


def _is_workable(case: CaseAtHand) -> bool:
    return case.works_on_cases and not case.complaint.state.is_settled


def _is_asked(case: CaseAtHand, kind: ApprovalKind) -> bool:
    return any(asked.kind is kind and asked.decided_at is None for asked in case.approvals)


def _to_decide(case: CaseAtHand) -> Iterable[Approval]:
    """What waits for this person's decision: never what they asked for themselves."""
    acts = {ApprovalKind.LOWER_TIER: Act.APPROVE_LOWER_TIER, ApprovalKind.EXTENSION: Act.APPROVE_EXTENSION}
    if not _is_workable(case):
        return
    for asked in case.approvals:
        is_theirs = asked.decided_at is None and asked.asked_by != case.member.id and case.may(acts[asked.kind])
        if is_theirs and decides_for(case.complaint, case.person, least=ANSWERED_FOR_BY[case.complaint.tier]):
            yield asked


def _drafts(case: CaseAtHand) -> Iterable[Plan]:
    """Plans that wait for this person's agreement: never their own."""
    if not _is_workable(case) or not case.may(Act.APPROVE_PLAN) or not agrees_plans_of(case.complaint, case.person):
        return
    for plan in case.plans:
        if plan.approved_at is None and plan.returned_at is None and plan.proposed_by != case.member.id:
            yield plan
