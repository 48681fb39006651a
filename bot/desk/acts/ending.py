"""How a case ends: resolved, withdrawn, re-checked."""

from collections.abc import Iterable

from bot.complaints.authority import decides_for
from bot.complaints.casework import withdraw
from bot.complaints.deadlines import deadline_policy, recheck_request_deadline
from bot.complaints.lifecycle import CaseStep, State
from bot.complaints.people import ANSWERED_FOR_BY
from bot.complaints.rechecks import request_recheck
from bot.conversations.notes import add_note
from bot.desk.acts.offers import CASE_ACTS, CaseAtHand, Field, Offer, Values
from bot.desk.words import word
from bot.followups.rechecks import tell_recheck
from bot.followups.results import tell_result
from bot.staff.permissions import Act


def _withdraw(case: CaseAtHand) -> Iterable[Offer]:
    if case.may(Act.RESOLVE) and case.can(CaseStep.WITHDRAW) and case.complaint.state is not State.RECHECK:
        yield Offer(place="end", fields=(Field("reason", "line"),), tone="quiet")


@CASE_ACTS.act("withdraw", _withdraw)
async def _do_withdraw(case: CaseAtHand, _target: str, values: Values) -> None:
    withdraw(case.session, case.complaint, actor=case.actor, now=case.now)
    await add_note(
        case.session,
        case.complaint.conversation_id,
        case.member.id,
        values["reason"],
        username=case.member.username,
        now=case.now,
    )


def _resolve(case: CaseAtHand) -> Iterable[Offer]:
    if case.may(Act.RESOLVE) and not case.complaint.state.is_settled:
        yield Offer(place="end", fields=(Field("result"),))


@CASE_ACTS.act("resolve", _resolve)
async def _do_resolve(case: CaseAtHand, _target: str, values: Values) -> None:
    case.require_customer()
    await tell_result(case.session, case.complaint, values["result"], actor=case.actor, now=case.now)


def _ask_recheck(case: CaseAtHand) -> Iterable[Offer]:
    told_at = case.complaint.resolved_at
    is_in_time = told_at is not None and not recheck_request_deadline(told_at, deadline_policy()).is_breached(case.now)
    if case.may(Act.RESOLVE) and case.can(CaseStep.REQUEST_RECHECK) and is_in_time:
        yield Offer(place="end", fields=(Field("reason"),))


@CASE_ACTS.act("ask_recheck", _ask_recheck)
async def _do_ask_recheck(case: CaseAtHand, _target: str, values: Values) -> None:
    await request_recheck(case.session, case.complaint, values["reason"], actor=case.actor, now=case.now)


def _decide_recheck(case: CaseAtHand) -> Iterable[Offer]:
    """By the next higher unit, never by whoever settled the case."""
    if not case.works_on_cases or not case.can(CaseStep.DECIDE_RECHECK) or case.complaint.resolved_by == case.actor:
        return
    if decides_for(case.complaint, case.person, least=ANSWERED_FOR_BY[case.complaint.tier]):
        outcomes = tuple((name, word(f"recheck_{name}", case.language)) for name in ("upheld", "changed"))
        yield Offer(place="end", fields=(Field("outcome", "choice", options=outcomes), Field("text")), tone="primary")


@CASE_ACTS.act("decide_recheck", _decide_recheck)
async def _do_decide_recheck(case: CaseAtHand, _target: str, values: Values) -> None:
    is_changed = values["outcome"] == "changed"
    await tell_recheck(
        case.session, case.complaint, values["text"], is_changed=is_changed, by=case.person, now=case.now
    )
