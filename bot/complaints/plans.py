"""Plans: written, agreed inside the bank, put to the customer, and answered by them.

A handler's plan is a draft until whoever answers for the tier agrees. The plan of somebody who answers for it needs no
second person.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.complaints.assignment import check_avoidance
from bot.complaints.authority import NeedsSomebodyElse, agrees_plans_of, check_agrees_plans_of
from bot.complaints.casework import pass_through_to
from bot.complaints.deadlines import DeadlineName
from bot.complaints.follows import tell_followers
from bot.complaints.lifecycle import CaseStep
from bot.complaints.models import Complaint, NoticeKind, Plan
from bot.complaints.people import Person
from bot.complaints.tiers import sink_tier


class PlanNotReady(Exception):
    """The plan cannot be taken this step: it is not agreed, was returned, replaced, or put to the customer already."""


class PlanIsEmpty(ValueError):
    """A plan, or the reason for which it is returned, says nothing."""


async def submit_plan(session: AsyncSession, complaint: Complaint, text: str, *, by: Person, now: datetime) -> Plan:
    """Write a plan for the customer; it takes the place of an earlier one that was not put to them yet.

    Returns:
        The plan: agreed already if it is the person's own to agree to, else a draft.

    Raises:
        PlanIsEmpty: it says nothing.
        CaseIsSettled: nothing is left to be planned.
        MustAvoid: the person must keep out of this case.
    """
    complaint.require_unsettled()
    await check_avoidance(session, complaint, by)
    await _set_aside_drafts(session, complaint, by=by, now=now)
    plan = Plan(complaint_id=complaint.id, text=_words(text), proposed_by=by.id, proposed_at=now)
    session.add(plan)
    await session.flush()
    record(session, at=now, actor=by.actor, action="submit_plan", subject=complaint.number, plan=plan.id)
    if agrees_plans_of(complaint, by):
        _agree(session, complaint, plan, by=by, now=now)
    return plan


async def approve_plan(session: AsyncSession, complaint: Complaint, plan: Plan, *, by: Person, now: datetime) -> None:
    """Agree to a plan that somebody else wrote.

    Raises:
        NotTheirDecision: it is somebody else's to agree to.
        NeedsSomebodyElse: the person wrote it.
        MustAvoid: the person must keep out of this case.
        PlanNotReady: it does not wait for anybody's agreement.
        CaseIsSettled: nothing is left to be planned.
    """
    await _check_review(session, complaint, plan, by)
    _agree(session, complaint, plan, by=by, now=now)


async def return_plan(
    session: AsyncSession, complaint: Complaint, plan: Plan, reason: str, *, by: Person, now: datetime
) -> None:
    """Give a plan back to whoever wrote it, with what is wrong with it.

    Raises:
        PlanIsEmpty: no reason is given.
        NotTheirDecision, NeedsSomebodyElse, MustAvoid, PlanNotReady, CaseIsSettled: as for `approve_plan`.
    """
    await _check_review(session, complaint, plan, by)
    plan.return_reason = _words(reason)
    plan.returned_by, plan.returned_at = by.id, now
    record(session, at=now, actor=by.actor, action="return_plan", subject=complaint.number, plan=plan.id)


def propose_plan(session: AsyncSession, complaint: Complaint, plan: Plan, *, actor: str, now: datetime) -> None:
    """Put an agreed plan to the customer. Telling them is the caller's part of the same transaction.

    Raises:
        PlanNotReady: it is not agreed, or was put to the customer before.
        IllegalStep: the case's state does not allow it.
    """
    if plan.complaint_id != complaint.id or plan.approved_at is None or plan.returned_at or plan.put_at:
        raise PlanNotReady(f"Plan {plan.id} of {complaint.number} is not agreed, or was put to the customer before")
    pass_through_to(complaint, CaseStep.PROPOSE_PLAN, now=now)
    complaint.take(CaseStep.PROPOSE_PLAN, now=now)
    plan.put_at = now
    complaint.meet_deadlines(DeadlineName.FIRST_CONTACT, DeadlineName.PLAN, now=now)
    record(session, at=now, actor=actor, action="propose_plan", subject=complaint.number, plan=plan.id)
    tell_followers(session, complaint, NoticeKind.PLAN_PUT, by=actor, now=now)


async def accept_plan(
    session: AsyncSession, complaint: Complaint, answer: str, *, now: datetime, noted_by: str = "customer"
) -> None:
    """The customer agrees to the plan.

    Args:
        answer: in the customer's words.
        noted_by: who wrote down what the customer said elsewhere, `staff:<username>`.

    Raises:
        IllegalStep: no plan lies before the customer.
    """
    complaint.take(CaseStep.ACCEPT_PLAN, now=now)
    await _answer(session, complaint, answer, is_accepted=True, now=now)
    record(session, at=now, actor="customer", action="accept_plan", subject=complaint.number, noted_by=noted_by)
    tell_followers(session, complaint, NoticeKind.PLAN_ACCEPTED, by=noted_by, now=now)


async def reject_plan(
    session: AsyncSession, complaint: Complaint, answer: str, *, now: datetime, noted_by: str = "customer"
) -> None:
    """The customer does not agree to the plan: the case sinks to the next tier.

    Args:
        answer: in the customer's words.
        noted_by: who wrote down what the customer said elsewhere, `staff:<username>`.

    Raises:
        IllegalStep: no plan lies before the customer.
    """
    complaint.take(CaseStep.REJECT_PLAN, now=now)
    await _answer(session, complaint, answer, is_accepted=False, now=now)
    record(session, at=now, actor="customer", action="reject_plan", subject=complaint.number, noted_by=noted_by)
    tell_followers(session, complaint, NoticeKind.PLAN_REJECTED, by=noted_by, now=now)
    await sink_tier(session, complaint, "plan_rejected", now=now)


async def agreed_plans_of(session: AsyncSession, complaint: Complaint) -> Sequence[Plan]:
    """The plans inside the bank's word: agreed to, neither returned nor rejected by the customer."""
    found = await plans_of(session, complaint)
    return [p for p in found if p.approved_at is not None and p.returned_at is None and p.is_accepted is not False]


async def plans_of(session: AsyncSession, complaint: Complaint) -> list[Plan]:
    """Every plan of a complaint, oldest first."""
    return list(await session.scalars(select(Plan).where(Plan.complaint_id == complaint.id).order_by(Plan.id)))


async def _check_review(session: AsyncSession, complaint: Complaint, plan: Plan, by: Person) -> None:
    complaint.require_unsettled()
    await check_agrees_plans_of(session, complaint, by)
    if plan.proposed_by == by.id:
        raise NeedsSomebodyElse(by)
    if plan.complaint_id != complaint.id or plan.approved_at or plan.returned_at:
        raise PlanNotReady(f"Plan {plan.id} of {complaint.number} does not wait for anybody's agreement")


def _agree(session: AsyncSession, complaint: Complaint, plan: Plan, *, by: Person, now: datetime) -> None:
    plan.approved_by, plan.approved_at = by.id, now
    record(session, at=now, actor=by.actor, action="approve_plan", subject=complaint.number, plan=plan.id)


async def _set_aside_drafts(session: AsyncSession, complaint: Complaint, *, by: Person, now: datetime) -> None:
    for plan in await plans_of(session, complaint):
        if plan.put_at is None and plan.returned_at is None:
            plan.returned_by, plan.returned_at = by.id, now


async def _answer(
    session: AsyncSession, complaint: Complaint, answer: str, *, is_accepted: bool, now: datetime
) -> None:
    put = [plan for plan in await plans_of(session, complaint) if plan.put_at is not None]
    put[-1].answered_at, put[-1].is_accepted, put[-1].answer_text = now, is_accepted, answer


def _words(text: str) -> str:
    if not text.strip():
        raise PlanIsEmpty("Write it in words: the customer, or the person who wrote the plan, is going to read them")
    return text.strip()
