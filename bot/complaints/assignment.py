"""Who gets a case: by unit, role and present load, and never a person whom the complaint is about (回避)."""

import re
import uuid
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.complaints.follows import tell_followers
from bot.complaints.labels import Cause, Signal
from bot.complaints.lifecycle import CaseStep
from bot.complaints.models import Avoidance, Complaint, NoticeKind
from bot.complaints.notices import notify
from bot.complaints.people import SETTLED_BY, Candidate, CaseRole, Person, is_within, unit_above
from bot.jobs import Job, enqueue

JOB_IS_LOST_AFTER = timedelta(minutes=1)
"""An unassigned case for which no job has come in this time is looked at without one."""
NEVER = datetime.min.replace(tzinfo=UTC)
COMPOUND_SURNAMES = ("欧阳", "司马", "上官", "诸葛", "夏侯", "皇甫", "尉迟", "令狐", "慕容", "司徒")
TITLES = "经理|主任|主管|行长|柜员|大堂|客户经理|理财经理|科长|班长|师傅|姐|某"


class MustAvoid(Exception):
    """The person may not have this case: it is about them, or it is noted that they must keep out of it."""

    def __init__(self, complaint: Complaint, person: Person) -> None:
        super().__init__(f"{person.username} must have nothing to do with {complaint.number}; choose somebody else")


class NotOfTaskForce(ValueError):
    """A lead is of the task force, and only an urgent case has one."""


async def assign(session: AsyncSession, complaint: Complaint, handler: Candidate, *, actor: str, now: datetime) -> None:
    """Give a case to a person, and tell them unless they take it themselves.

    Raises:
        MustAvoid: the complaint is about this person, or they must keep out of it.
        IllegalStep: the case is settled.
    """
    await check_avoidance(session, complaint, handler)
    complaint.take(CaseStep.ASSIGN, now=now)
    complaint.handler_id = handler.id
    complaint.assigned_at = now
    record(session, at=now, actor=actor, action="assign", subject=complaint.number, to=handler.username)
    if actor != handler.actor:
        notify(session, complaint, NoticeKind.ASSIGNED, now=now, staff_id=handler.id)
    tell_followers(session, complaint, NoticeKind.HANDLER_CHANGED, by=actor, now=now, besides={handler.id})


async def seek_handler(session: AsyncSession, complaint: Complaint, *, now: datetime) -> None:
    """Have the case given to somebody as soon as this transaction commits; one that somebody has stays with them."""
    if complaint.handler_id is not None or complaint.state.is_settled:
        return
    complaint.next_assignment_at = now + JOB_IS_LOST_AFTER
    await session.flush()
    await enqueue(session, Job.ASSIGN_CASE, complaint_id=str(complaint.id))


async def name_lead(session: AsyncSession, complaint: Complaint, lead: Candidate, *, actor: str, now: datetime) -> None:
    """Say who leads the task force of an urgent case.

    Raises:
        NotOfTaskForce: the person is not of the task force, or the case is not urgent.
        MustAvoid: the complaint is about this person, or they must keep out of it.
        CaseIsSettled: nothing is left to be done.
    """
    complaint.require_unsettled()
    if lead.role not in SETTLED_BY[complaint.tier] or lead.role is not CaseRole.TASK_FORCE:
        raise NotOfTaskForce(f"Only an urgent case has a lead, of the task force; {complaint.number}: {lead.username}")
    await check_avoidance(session, complaint, lead)
    complaint.lead_id = lead.id
    record(session, at=now, actor=actor, action="name_lead", subject=complaint.number, lead=lead.username)


def start(session: AsyncSession, complaint: Complaint, *, actor: str, now: datetime) -> None:
    """The handler begins to work on the case.

    Raises:
        IllegalStep: the case's state does not allow it.
    """
    complaint.take(CaseStep.START, now=now)
    record(session, at=now, actor=actor, action="start", subject=complaint.number)
    tell_followers(session, complaint, NoticeKind.STARTED, by=actor, now=now)


async def note_avoidance(
    session: AsyncSession, complaint: Complaint, staff_id: uuid.UUID, reason: str, *, actor: str, now: datetime
) -> None:
    """Note by hand that a person must keep out of a complaint; if they have it, it is taken from them."""
    if staff_id not in await avoided_by_hand(session, complaint):
        session.add(
            Avoidance(complaint_id=complaint.id, staff_id=staff_id, reason=reason, noted_by=actor, noted_at=now)
        )
    if complaint.handler_id == staff_id:
        complaint.handler_id = None
    if complaint.lead_id == staff_id:
        complaint.lead_id = None
    record(session, at=now, actor=actor, action="note_avoidance", subject=complaint.number, person=str(staff_id))
    await seek_handler(session, complaint, now=now)
    await session.flush()


async def avoided_by_hand(session: AsyncSession, complaint: Complaint) -> frozenset[uuid.UUID]:
    """The people of whom it is noted that they must keep out of a complaint."""
    query = select(Avoidance.staff_id).where(Avoidance.complaint_id == complaint.id)
    return frozenset(await session.scalars(query))


async def check_avoidance(session: AsyncSession, complaint: Complaint, person: Person) -> None:
    """Make sure that a person may work on a case.

    Raises:
        MustAvoid: they may not.
    """
    if is_about(complaint, person) or person.id in await avoided_by_hand(session, complaint):
        raise MustAvoid(complaint, person)


def choose_handler(
    candidates: Iterable[Candidate], complaint: Complaint, *, avoid: Collection[uuid.UUID] = ()
) -> Candidate | None:
    """The person who should get a case; None if nobody is left. Who is absent gets none."""
    fitting = in_order(candidates, complaint, avoid=avoid)
    return next((candidate for candidate in fitting if not candidate.is_absent), None)


def in_order(
    candidates: Iterable[Candidate], complaint: Complaint, *, avoid: Collection[uuid.UUID] = ()
) -> list[Candidate]:
    """Who may be given a case, the fittest first: of the tier's role, near in the organisation, with little to do.

    People of a higher role come after all of the tier's own. Among people with as much to do, whoever has waited
    longest for a new case comes first.

    Args:
        candidates: everybody who works on cases.
        avoid: who must keep out of it, besides those whom the complaint is about.
    """
    least = min(role.rank for role in SETTLED_BY[complaint.tier])
    fitting = [
        candidate
        for candidate in candidates
        if candidate.role.rank >= least
        and candidate.answers_for(complaint.unit_code)
        and candidate.id not in avoid
        and not is_about(complaint, candidate)
    ]
    return sorted(fitting, key=lambda candidate: _order(candidate, complaint))


def _order(candidate: Candidate, complaint: Complaint) -> tuple[int, int, int, datetime, str]:
    own_roles = SETTLED_BY[complaint.tier]
    beyond = 0 if candidate.role in own_roles else candidate.role.rank
    distance = abs(_level(complaint.unit_code) - len(candidate.unit_path))
    return beyond, distance, candidate.open_count, candidate.last_assigned_at or NEVER, candidate.username


def _level(unit_code: str | None) -> int:
    return unit_code.count("-") + 1 if unit_code else 0


def is_about(complaint: Complaint, person: Person) -> bool:
    """Whether the complaint is about how this person behaved, as far as the customer's words tell.

    Words about behaviour that name a person by name, or by surname and title, mean whoever of that name works at the
    outlet or right above it. Rather one person too many keeps out of it than one investigates themselves.
    """
    is_about_behaviour = complaint.cause is Cause.SERVICE_ATTITUDE or any(
        signal["name"] == Signal.STAFF_MISCONDUCT for signal in complaint.signals
    )
    if not is_about_behaviour or not _works_there(person, complaint.outlet_code):
        return False
    told = [complaint.story, *(fact.text for fact in complaint.facts)]
    return any(_names(text, name) for text in told for name in person.names)


def _works_there(person: Person, outlet_code: str | None) -> bool:
    return (
        outlet_code is None
        or person.unit_code in {outlet_code, unit_above(outlet_code)}
        or is_within(person.unit_code, outlet_code)
    )


def _names(text: str, name: str) -> bool:
    if re.search(rf"(?<![a-z]){re.escape(name)}(?![a-z])", text, re.IGNORECASE):
        return True
    surname = next((compound for compound in COMPOUND_SURNAMES if name.startswith(compound)), name[:1])
    if not "一" <= surname[:1] <= "鿿":
        return False
    return re.search(rf"姓{surname}|[老小]{surname}|{surname}(?:{TITLES})", text) is not None
