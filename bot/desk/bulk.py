"""Giving several cases to one person at once: each case by itself, and each with an answer of its own."""

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.complaints.assignment import MustAvoid, assign
from bot.complaints.authority import decides_for
from bot.complaints.labels import Label
from bot.complaints.lifecycle import SETTLED, IllegalStep
from bot.complaints.models import Complaint
from bot.complaints.people import Candidate, CaseRole, is_within
from bot.database import notify_changed
from bot.staff.candidates import NotOnCases, candidate, candidates, person_of
from bot.staff.models import StaffMember
from bot.staff.organisation import Organisation
from bot.staff.permissions import may_see


class Given(Label):
    """What came of giving a case to a person."""

    GIVEN = "given", "已分派", "Assigned"
    NO_CASE = "no_case", "没有未结投诉", "No open case"
    NOT_YOURS = "not_yours", "您无权分派", "Not yours to assign"
    NOT_FOR_THEM = "not_for_them", "对方看不到此案", "They may not see it"
    AVOIDED = "avoided", "须回避", "They must keep out"
    ILLEGAL = "illegal", "当前状态不能分派", "Not in this state"


async def colleagues(session: AsyncSession, person: StaffMember, *, now: datetime) -> list[Candidate]:
    """Everybody of the person's unit and those below it who may be given a case, least to do first."""
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
    complaint = await _newest_case(session, conversation_id, person, organisation)
    if complaint is None:
        return Given.NO_CASE
    if not _may_give(complaint, handler_id, person):
        actor = f"staff:{person.username}"
        record(session, at=now, actor=actor, action="access_refused", subject=complaint.number, wish="assign")
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


async def _newest_case(
    session: AsyncSession, conversation_id: uuid.UUID, person: StaffMember, organisation: Organisation
) -> Complaint | None:
    """The case that the queue shows of a conversation, locked; one that the person may not see is none."""
    query = (
        select(Complaint)
        .where(Complaint.conversation_id == conversation_id, Complaint.state.not_in(SETTLED))
        .order_by(Complaint.opened_at.desc())
        .with_for_update(of=Complaint)
    )
    seen = (case for case in await session.scalars(query) if may_see(person, case.outlet_code, organisation))
    return next(seen, None)


def _may_give(complaint: Complaint, handler_id: uuid.UUID, person: StaffMember) -> bool:
    try:
        giver = person_of(person)
    except NotOnCases:
        return False
    return handler_id == giver.id or decides_for(complaint, giver, least=CaseRole.SUPERVISOR)
