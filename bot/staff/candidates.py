"""The people of the desk as casework sees them: in which part they work, where, and how much they have to do."""

import uuid
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.assignment import avoided_by_hand, choose_handler
from bot.complaints.lifecycle import SETTLED
from bot.complaints.models import Complaint
from bot.complaints.people import Candidate, CaseRole, Person
from bot.staff.administration import absent_ids, is_on_shift
from bot.staff.models import Role, StaffMember
from bot.staff.organisation import UnknownUnit, organisation

CASE_ROLE_OF = {
    Role.HANDLER: CaseRole.HANDLER,
    Role.SUPERVISOR: CaseRole.SUPERVISOR,
    Role.COORDINATOR: CaseRole.COORDINATOR,
    Role.TASK_FORCE: CaseRole.TASK_FORCE,
    Role.OFFICE_SUPERVISOR: CaseRole.TASK_FORCE,
    Role.ADMINISTRATOR: CaseRole.TASK_FORCE,
}
"""Roles that work on cases. Others are no candidates."""

NEVER_CHOSEN = frozenset({Role.OFFICE_SUPERVISOR, Role.ADMINISTRATOR})
"""May act in a case, but is given none."""


class NotOnCases(LookupError):
    """The person does not work on cases."""


def person_of(member: StaffMember) -> Person:
    """A member of staff as casework knows them.

    Raises:
        NotOnCases: the person's role has nothing to do with cases, or their unit is gone.
    """
    candidate = _candidate(member, 0, None)
    if candidate is None:
        raise NotOnCases(member.username)
    return candidate


async def candidates(session: AsyncSession, *, now: datetime) -> list[Candidate]:
    """Everybody who may be given a case, with their present load, and whether they are there."""
    away = await absent_ids(session, at=now)
    return [
        replace(candidate, is_absent=member.id in away or not is_on_shift(member, now))
        for member, candidate in await _found(session)
        if member.role not in NEVER_CHOSEN
    ]


async def candidate(session: AsyncSession, staff_id: uuid.UUID) -> Candidate:
    """One person, to give a case to.

    Raises:
        NotOnCases: there is no such person at work, or they do not work on cases.
    """
    found = await _found(session, staff_id)
    if not found:
        raise NotOnCases(str(staff_id))
    return found[0][1]


async def best_handler(
    session: AsyncSession, complaint: Complaint, *, now: datetime, besides: Collection[uuid.UUID] = ()
) -> Candidate | None:
    """Who should get this case by unit, role, presence and load; None if there is nobody.

    Args:
        besides: who is not to get it, whatever speaks for them.
    """
    avoid = await avoided_by_hand(session, complaint) | set(besides)
    return choose_handler(await candidates(session, now=now), complaint, avoid=avoid)


async def _found(session: AsyncSession, staff_id: uuid.UUID | None = None) -> list[tuple[StaffMember, Candidate]]:
    open_count = func.count(Complaint.id).filter(Complaint.state.not_in(SETTLED))
    query = (
        select(StaffMember, open_count, func.max(Complaint.assigned_at))
        .outerjoin(Complaint, Complaint.handler_id == StaffMember.id)
        .where(StaffMember.is_active)
        .group_by(StaffMember.id)
    )
    if staff_id is not None:
        query = query.where(StaffMember.id == staff_id)
    rows = [(member, _candidate(member, count, last)) for member, count, last in await session.execute(query)]
    return [(member, candidate) for member, candidate in rows if candidate is not None]


def _candidate(member: StaffMember, open_count: int, last_assigned_at: datetime | None) -> Candidate | None:
    role = CASE_ROLE_OF.get(member.role)
    try:
        path = tuple(unit.code for unit in organisation().path(member.unit_code))
    except UnknownUnit:
        return None
    if role is None:
        return None
    return Candidate(
        id=member.id,
        username=member.username,
        role=role,
        unit_path=path,
        names=(member.name,),
        open_count=open_count,
        last_assigned_at=last_assigned_at,
    )
