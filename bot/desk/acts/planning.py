"""Plans: written, agreed or returned, put to the customer, answered."""

from collections.abc import Iterable

from bot.complaints.authority import agrees_plans_of
from bot.complaints.lifecycle import CaseStep, State
from bot.complaints.models import Plan
from bot.complaints.plans import accept_plan, approve_plan, reject_plan, return_plan, submit_plan
from bot.desk.acts.offers import CASE_ACTS, CaseAtHand, Field, Offer, Values
from bot.followups.plans import put_plan
from bot.staff.permissions import Act


def _plan(case: CaseAtHand) -> Iterable[Offer]:
    if case.may(Act.RESOLVE) and case.is_workable and case.complaint.state is not State.RECHECK:
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
    case.require_customer()
    await put_plan(case.session, case.complaint, _plan_meant(case, target), actor=case.actor, now=case.now)


def _answered_elsewhere(case: CaseAtHand) -> Iterable[Offer]:
    """A customer who answers by telephone or at the counter answers as well."""
    if case.may(Act.RESOLVE) and case.can(CaseStep.ACCEPT_PLAN):
        for plan in [plan for plan in case.plans if plan.put_at][-1:]:
            yield Offer(f"plan:{plan.id}", str(plan.id), (Field("answer", "line"),), "quiet")


@CASE_ACTS.act("plan_accepted", _answered_elsewhere)
async def _do_accepted(case: CaseAtHand, _target: str, values: Values) -> None:
    await accept_plan(case.session, case.complaint, values["answer"], noted_by=case.actor, now=case.now)


@CASE_ACTS.act("plan_rejected", _answered_elsewhere)
async def _do_rejected(case: CaseAtHand, _target: str, values: Values) -> None:
    await reject_plan(case.session, case.complaint, values["answer"], noted_by=case.actor, now=case.now)


def _plan_meant(case: CaseAtHand, target: str) -> Plan:
    return next(plan for plan in case.plans if str(plan.id) == target)


def _drafts(case: CaseAtHand) -> Iterable[Plan]:
    """Plans that wait for this person's agreement: never their own."""
    if not case.is_workable or not case.may(Act.APPROVE_PLAN) or not agrees_plans_of(case.complaint, case.person):
        return
    for plan in case.plans:
        if plan.approved_at is None and plan.returned_at is None and plan.proposed_by != case.member.id:
            yield plan
