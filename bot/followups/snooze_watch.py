"""Cases that were put off come back at their moment, on every open page, and whoever put them off is told.

Each look is one transaction that reads everything anew, so a job may run twice, late, or not at all: a periodic look
finds what no job has come for.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, exists, or_, select

from bot.clock import Clock
from bot.complaints.models import FOR_FOLLOWERS, Complaint, Notice, NoticeKind, Snooze
from bot.complaints.snoozes import end_snooze
from bot.conversations.handover import locked
from bot.conversations.models import Author, Message
from bot.database import Database, notify_changed

LATE_BY = timedelta(minutes=1)
"""A look that is due for this long has no job that does it."""

AT_ONCE_AT_MOST = 500


@dataclass(frozen=True)
class SnoozeWatch:
    """Ends snoozes when their date has come."""

    database: Database
    clock: Clock

    async def look(self, staff_id: uuid.UUID, complaint_id: uuid.UUID) -> None:
        """Give the case back; nothing happens if the person took it back, put it off further, or has it already."""
        now = self.clock()
        async with self.database.transaction() as session:
            complaint = await session.get_one(Complaint, complaint_id)
            await locked(session, complaint.conversation_id)
            await session.refresh(complaint)
            snoozed = await session.get(Snooze, (staff_id, complaint_id), with_for_update=True)
            if snoozed is None or snoozed.until_at > now:
                return
            query = (
                select(was_roused())
                .select_from(Snooze)
                .join(Complaint, Complaint.id == Snooze.complaint_id)
                .where(Snooze.staff_id == staff_id, Snooze.complaint_id == complaint_id)
            )
            roused = await session.scalar(query)
            await end_snooze(session, complaint, snoozed, was_roused=bool(roused), now=now)
            await notify_changed(session, complaint.conversation_id)

    async def look_at_all_due(self) -> None:
        """End the snoozes for which no job has come."""
        async with self.database.transaction() as session:
            query = (
                select(Snooze.staff_id, Snooze.complaint_id)
                .where(Snooze.until_at <= self.clock() - LATE_BY)
                .order_by(Snooze.until_at)
                .limit(AT_ONCE_AT_MOST)
            )
            found = (await session.execute(query)).all()
        for staff_id, complaint_id in found:
            await self.look(staff_id, complaint_id)


def was_roused() -> ColumnElement[bool]:
    """Whether something brought a snoozed case back before its date: the customer's word, or a notice about it.

    A condition on `Snooze` and its `Complaint`. What only followers are told is no
    news, nor that another person's snooze of the same case ended.
    """
    # Within the condition on a snooze, SQLAlchemy would take any complaint for this one.
    has_written = (
        exists()
        .correlate(Snooze, Complaint)
        .where(
            Message.conversation_id == Complaint.conversation_id,
            Message.author == Author.CUSTOMER,
            Message.sent_at > Snooze.snoozed_at,
        )
    )
    has_notice = (
        exists()
        .correlate(Snooze, Complaint)
        .where(
            Notice.complaint_id == Complaint.id,
            Notice.kind.not_in({*FOR_FOLLOWERS, NoticeKind.SNOOZE_ENDED}),
            Notice.at > Snooze.snoozed_at,
        )
    )
    return or_(has_written, has_notice)
