"""What a person, or a whole unit, must see of a case."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.models import Complaint, DeadlineRecord, Notice, NoticeKind


def notify_handler(
    session: AsyncSession, complaint: Complaint, kind: NoticeKind, *, now: datetime, deadline: DeadlineRecord
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


async def unseen_notices(session: AsyncSession, staff_id: uuid.UUID, unit_codes: Iterable[str]) -> list[Notice]:
    """What a person has not seen yet, of their own and of these units, newest first."""
    theirs = or_(Notice.staff_id == staff_id, Notice.unit_code.in_(list(unit_codes)))
    query = select(Notice).where(theirs, Notice.seen_at.is_(None)).order_by(Notice.id.desc())
    return list(await session.scalars(query))


def see(notice: Notice, *, now: datetime) -> None:
    """The notice was seen."""
    notice.seen_at = notice.seen_at or now
