"""A person puts a case out of their queue for a while; its deadlines go on, and whatever happens brings it back."""

import uuid
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.complaints.models import Complaint, NoticeKind, Snooze
from bot.complaints.notices import notify
from bot.jobs import Job, enqueue


async def snooze(
    session: AsyncSession, complaint: Complaint, staff_id: uuid.UUID, until_at: datetime, *, actor: str, now: datetime
) -> None:
    """Put the case off until a date, or until something happens; putting it off again moves the date.

    Raises:
        CaseIsSettled: nothing is left to be done.
        ValueError: the date has passed.
    """
    complaint.require_unsettled()
    if until_at <= now:
        raise ValueError(f"{complaint.number} cannot be put off until a time that has passed")
    times = {"until_at": until_at, "snoozed_at": now}
    new = insert(Snooze).values(staff_id=staff_id, complaint_id=complaint.id, **times)
    await session.execute(new.on_conflict_do_update(index_elements=["staff_id", "complaint_id"], set_=times))
    record(session, at=now, actor=actor, action="snooze", subject=complaint.number, until_at=until_at.isoformat())
    ids = {"staff_id": str(staff_id), "complaint_id": str(complaint.id)}
    await enqueue(session, Job.END_SNOOZE, at=until_at, **ids)


async def wake(session: AsyncSession, complaint: Complaint, staff_id: uuid.UUID, *, actor: str, now: datetime) -> None:
    """Take the case back into the person's queue."""
    of_person = (Snooze.staff_id == staff_id, Snooze.complaint_id == complaint.id)
    await session.execute(delete(Snooze).where(*of_person))
    record(session, at=now, actor=actor, action="wake", subject=complaint.number)


async def end_snooze(
    session: AsyncSession, complaint: Complaint, snoozed: Snooze, *, was_roused: bool, now: datetime
) -> None:
    """The date until which a person had put the case off has come: they get it back, and are told.

    Nobody is told of what is settled, is no longer theirs, or came back before: the row is only put away.

    Args:
        was_roused: whether something had brought the case back before its date.
    """
    await session.delete(snoozed)
    is_theirs = snoozed.staff_id in {complaint.handler_id, complaint.lead_id}
    if was_roused or not is_theirs or complaint.state.is_settled:
        return
    notify(session, complaint, NoticeKind.SNOOZE_ENDED, now=now, staff_id=snoozed.staff_id)
    record(
        session,
        at=now,
        actor="system",
        action="end_snooze",
        subject=complaint.number,
        staff_id=str(snoozed.staff_id),
    )
