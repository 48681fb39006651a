"""Giving several cases to one person at once: each case by itself, and each with an answer of its own."""

import uuid
from datetime import datetime

from sqlalchemy import case, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.complaints.assignment import MustAvoid, assign
from bot.complaints.figures import Scope
from bot.complaints.labels import Label, Tier
from bot.complaints.lifecycle import SETTLED, IllegalStep
from bot.complaints.models import Complaint
from bot.complaints.people import Candidate, is_within
from bot.database import notify_changed
from bot.followups.macro_steps import answers_for
from bot.staff.candidates import CASE_ROLE_OF, NotOnCases, best_handler, candidate, candidates
from bot.staff.models import StaffMember
from bot.staff.organisation import Organisation
from bot.staff.permissions import Act, may, may_see


class Given(Label):
    """What came of giving a case to a person."""

    GIVEN = "given", "已分派", "Assigned"
    NO_CASE = "no_case", "没有未结投诉", "No open case"
    NOT_YOURS = "not_yours", "您无权分派", "Not yours to assign"
    NOT_FOR_THEM = "not_for_them", "对方看不到此案", "They may not see it"
    AVOIDED = "avoided", "须回避", "They must keep out"
    NOBODY_FITS = "nobody_fits", "没有合适的人", "Nobody fits"
    ILLEGAL = "illegal", "当前状态不能分派", "Not in this state"


async def colleagues(session: AsyncSession, person: StaffMember, *, now: datetime) -> list[Candidate]:
    """Everybody of the person's unit and those below it who may be given a case, least to do first.

    Nobody for whoever has no part in casework.
    """
    if person.role not in CASE_ROLE_OF:
        return []
    found = [other for other in await candidates(session, now=now) if is_within(other.unit_code, person.unit_code)]
    return sorted(found, key=lambda other: (other.is_absent, other.open_count, other.username))


async def give(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    handler_id: uuid.UUID,
    *,
    person: StaffMember,
    organisation: Organisation,
    now: datetime,
) -> Given:
    """Give the newest unsettled case of a conversation to a handler.

    Args:
        person: who gives it. Anybody may take a case that they see; to give it to others takes a supervisor's role
            over the case's unit.
    """
    complaint = await newest_case(session, conversation_id, person, organisation)
    if complaint is None:
        return Given.NO_CASE
    if not _may_give(complaint, handler_id, person):
        record_refusal(session, complaint, person, "assign", now=now)
        return Given.NOT_YOURS
    member = await session.get(StaffMember, handler_id)
    if member is None or not may_see(member, complaint.outlet_code, organisation):
        return Given.NOT_FOR_THEM
    try:
        handler = await candidate(session, handler_id)
        await assign(session, complaint, handler, actor=f"staff:{person.username}", now=now)
    except NotOnCases:
        return Given.NOT_FOR_THEM
    except MustAvoid:
        return Given.AVOIDED
    except IllegalStep:
        return Given.ILLEGAL
    await notify_changed(session, conversation_id)
    return Given.GIVEN


async def open_cases_of(session: AsyncSession, handler_id: uuid.UUID, scope: Scope) -> list[uuid.UUID]:
    """The unsettled cases of the scope's units that a person has, the most pressing tier first, then the oldest."""
    rank = case({tier: -tier.rank for tier in Tier}, value=Complaint.tier)
    query = (
        select(Complaint.id)
        .where(Complaint.handler_id == handler_id, Complaint.state.not_in(SETTLED))
        .where(scope.covers(Complaint.unit_code))
        .order_by(rank, Complaint.opened_at)
    )
    return list(await session.scalars(query))


async def pass_on(
    session: AsyncSession,
    complaint_id: uuid.UUID,
    handler_id: uuid.UUID,
    *,
    person: StaffMember,
    organisation: Organisation,
    now: datetime,
) -> Given:
    """Take a case from a person and give it to whoever fits best by unit, role, presence and load.

    Args:
        handler_id: who has it; a case that somebody else has by now is left alone.
        person: who passes it on, with a supervisor's role over the case's unit.
    """
    complaint = await session.get_one(Complaint, complaint_id, with_for_update={"of": Complaint})
    is_theirs = complaint.handler_id == handler_id and not complaint.state.is_settled
    if not is_theirs or not may_see(person, complaint.outlet_code, organisation):
        return Given.NO_CASE
    if not may(person, Act.REASSIGN) or not answers_for(person, complaint):
        record_refusal(session, complaint, person, "reassign", now=now)
        return Given.NOT_YOURS
    handler = await best_handler(session, complaint, now=now, besides={handler_id})
    if handler is None:
        return Given.NOBODY_FITS
    await assign(session, complaint, handler, actor=f"staff:{person.username}", now=now)
    await notify_changed(session, complaint.conversation_id)
    return Given.GIVEN


async def newest_case(
    session: AsyncSession, conversation_id: uuid.UUID, person: StaffMember, organisation: Organisation
) -> Complaint | None:
    """The case that the queue shows of a conversation, locked; one that the person may not see is none."""
    query = (
        select(Complaint)
        .where(Complaint.conversation_id == conversation_id, Complaint.state.not_in(SETTLED))
        .order_by(Complaint.opened_at.desc())
        .with_for_update(of=Complaint)
    )
    seen = (found for found in await session.scalars(query) if may_see(person, found.outlet_code, organisation))
    return next(seen, None)


def _may_give(complaint: Complaint, handler_id: uuid.UUID, person: StaffMember) -> bool:
    return (handler_id == person.id and person.role in CASE_ROLE_OF) or answers_for(person, complaint)


def record_refusal(
    session: AsyncSession, complaint: Complaint, person: StaffMember, wish: str, *, now: datetime
) -> None:
    """Write into the audit log what the person was refused in a case."""
    actor = f"staff:{person.username}"
    record(session, at=now, actor=actor, action="access_refused", subject=complaint.number, wish=wish)
