"""What a person, or a whole unit, must see of a case."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.complaints.models import FOR_FOLLOWERS, Complaint, DeadlineRecord, Notice, NoticeKind, NoticeSighting

LISTED_FOR = timedelta(days=30)
"""Older notices are listed and counted no more: whoever is new to a unit does not begin with all of its past."""


@dataclass(frozen=True)
class Reader:
    """A person who reads notices.

    Attributes:
        unit_code: the unit whose notices are theirs too; None if they only get their own.
        sorts_unplaced: whether notices of cases that no unit has yet are for them.
        sees: which complaints they may see, as a condition of the database: whoever follows a case that they may not
            see any longer hears nothing of it.
    """

    staff_id: uuid.UUID
    username: str
    unit_code: str | None = None
    sorts_unplaced: bool = False
    sees: ColumnElement[bool] = field(default_factory=true, compare=False)


@dataclass(frozen=True)
class ListedNotice:
    """A notice as its reader finds it in the list.

    Attributes:
        deadline: name and date of the deadline that it is about, if any.
        seen_at: when this reader saw it.
    """

    id: int
    kind: NoticeKind
    at: datetime
    number: str
    conversation_id: uuid.UUID
    outlet_code: str | None
    deadline: str | None
    due_at: datetime | None
    seen_at: datetime | None


def notify_handler(
    session: AsyncSession,
    complaint: Complaint,
    kind: NoticeKind,
    *,
    now: datetime,
    deadline: DeadlineRecord | None = None,
) -> None:
    """Tell whoever has the case; while nobody has it, the unit that has to settle it."""
    if complaint.handler_id is not None:
        notify(session, complaint, kind, now=now, deadline=deadline, staff_id=complaint.handler_id)
    else:
        notify(session, complaint, kind, now=now, deadline=deadline, unit_code=complaint.unit_code)


def notify(
    session: AsyncSession,
    complaint: Complaint,
    kind: NoticeKind,
    *,
    now: datetime,
    deadline: DeadlineRecord | None = None,
    staff_id: uuid.UUID | None = None,
    unit_code: str | None = None,
) -> None:
    """Tell a person, or a unit; without either, those who sort cases of no known unit."""
    session.add(
        Notice(
            complaint_id=complaint.id,
            deadline_id=deadline.id if deadline else None,
            staff_id=staff_id,
            unit_code=unit_code,
            kind=kind,
            at=now,
        )
    )


async def notices_for(session: AsyncSession, reader: Reader, *, now: datetime, limit: int) -> list[ListedNotice]:
    """The reader's latest notices, newest first, seen or not."""
    query = (
        select(
            Notice.id,
            Notice.kind,
            Notice.at,
            Complaint.number,
            Complaint.conversation_id,
            Complaint.outlet_code,
            DeadlineRecord.name,
            DeadlineRecord.due_at,
            NoticeSighting.seen_at,
        )
        .join(Complaint, Complaint.id == Notice.complaint_id)
        .outerjoin(DeadlineRecord, DeadlineRecord.id == Notice.deadline_id)
        .outerjoin(NoticeSighting, _is_sighting_by(reader))
        .where(_is_for(reader, now))
        .order_by(Notice.id.desc())
        .limit(limit)
    )
    return [ListedNotice(*row) for row in await session.execute(query)]


async def unseen_count(session: AsyncSession, reader: Reader, *, now: datetime) -> int:
    """How many notices the reader has not seen yet."""
    query = (
        select(func.count(Notice.id))
        .join(Complaint, Complaint.id == Notice.complaint_id)
        .outerjoin(NoticeSighting, _is_sighting_by(reader))
        .where(_is_for(reader, now), NoticeSighting.notice_id.is_(None))
    )
    return await session.scalar(query) or 0


async def see(session: AsyncSession, reader: Reader, notice_id: int, *, now: datetime) -> None:
    """The reader has seen a notice; one that is not for them, or was seen before, stays as it is."""
    if await _note_sightings(session, reader, Notice.id == notice_id, now=now):
        record(session, at=now, actor=f"staff:{reader.username}", action="see_notice", subject=f"notice:{notice_id}")


async def see_all(session: AsyncSession, reader: Reader, *, up_to: int, now: datetime) -> None:
    """The reader has seen every notice up to this one; what came later they have not been shown."""
    if count := await _note_sightings(session, reader, Notice.id <= up_to, now=now):
        actor, subject = f"staff:{reader.username}", f"notice:{up_to}"
        record(session, at=now, actor=actor, action="see_all_notices", subject=subject, count=count)


async def _note_sightings(session: AsyncSession, reader: Reader, which: ColumnElement[bool], *, now: datetime) -> int:
    unseen = (
        select(
            Notice.id, literal(reader.staff_id, NoticeSighting.staff_id.type), literal(now, NoticeSighting.seen_at.type)
        )
        .join(Complaint, Complaint.id == Notice.complaint_id)
        .outerjoin(NoticeSighting, _is_sighting_by(reader))
        .where(_is_for(reader, now), which, NoticeSighting.notice_id.is_(None))
    )
    query = (
        insert(NoticeSighting)
        .from_select(["notice_id", "staff_id", "seen_at"], unseen)
        .on_conflict_do_nothing()
        .returning(NoticeSighting.notice_id)
    )
    return len(list(await session.scalars(query)))


def _is_sighting_by(reader: Reader) -> ColumnElement[bool]:
    return and_(NoticeSighting.notice_id == Notice.id, NoticeSighting.staff_id == reader.staff_id)


def _is_for(reader: Reader, now: datetime) -> ColumnElement[bool]:
    """Whether a notice, joined with its complaint, is for the reader."""
    theirs = [Notice.staff_id == reader.staff_id]
    if reader.unit_code is not None:
        theirs.append(and_(Notice.staff_id.is_(None), Notice.unit_code == reader.unit_code))
    if reader.sorts_unplaced:
        theirs.append(and_(Notice.staff_id.is_(None), Notice.unit_code.is_(None)))
    may_know = or_(Notice.kind.not_in(FOR_FOLLOWERS), reader.sees)
    return and_(Notice.at > now - LISTED_FOR, or_(*theirs), may_know)
