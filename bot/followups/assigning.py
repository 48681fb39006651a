"""Cases that nobody has are given to people, by unit, role, presence and load.

Each attempt is one transaction that reads everything anew, so a job may run twice, late, or not at all: a periodic look
finds what no job has come for, and asks again for cases that nobody could take, since people come on shift.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.complaints.assignment import assign
from bot.complaints.lifecycle import SETTLED
from bot.complaints.models import Complaint, Notice, NoticeKind, NoticeSighting
from bot.complaints.notices import notify
from bot.conversations.handover import locked
from bot.database import Database, notify_changed
from bot.staff.candidates import best_handler

TRY_AGAIN_AFTER = timedelta(minutes=10)
AT_ONCE_AT_MOST = 200


@dataclass(frozen=True)
class Assigner:
    """Gives unassigned cases to people.

    Args:
        is_on: whether it does; else cases wait until somebody gives or takes them.
    """

    database: Database
    clock: Clock
    is_on: bool = True

    async def assign(self, complaint_id: uuid.UUID) -> None:
        """Give the case to whoever should have it; nothing happens if somebody has it or it is settled."""
        if not self.is_on:
            return
        now = self.clock()
        async with self.database.transaction() as session:
            complaint = await _unassigned(session, complaint_id)
            if complaint is None:
                return
            handler = await best_handler(session, complaint, now=now)
            if handler is None:
                complaint.next_assignment_at = now + TRY_AGAIN_AFTER
                await _tell_unit(session, complaint, now=now)
            else:
                complaint.next_assignment_at = None
                await assign(session, complaint, handler, actor="system", now=now)
            await notify_changed(session, complaint.conversation_id)

    async def assign_all_due(self) -> int:
        """Look again at the unassigned cases whose job was lost, and at those that nobody could take.

        Returns:
            How many there were.
        """
        if not self.is_on:
            return 0
        is_due = or_(Complaint.next_assignment_at.is_(None), Complaint.next_assignment_at <= self.clock())
        query = (
            select(Complaint.id)
            .where(Complaint.handler_id.is_(None), Complaint.state.not_in(SETTLED), is_due)
            .order_by(Complaint.next_assignment_at.nulls_first(), Complaint.opened_at)
            .limit(AT_ONCE_AT_MOST)
        )
        async with self.database.transaction() as session:
            found = list(await session.scalars(query))
        for complaint_id in found:
            await self.assign(complaint_id)
        return len(found)


async def one_at_a_time(session: AsyncSession) -> None:
    """Two cases given at the same moment would both go to whoever has the least to do."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("assign_case", 0))))


async def _unassigned(session: AsyncSession, complaint_id: uuid.UUID) -> Complaint | None:
    """The case, locked with its conversation, if it is still to be given to somebody."""
    conversation_id = await session.scalar(select(Complaint.conversation_id).where(Complaint.id == complaint_id))
    if conversation_id is None:
        return None
    await locked(session, conversation_id)
    await one_at_a_time(session)
    complaint = await session.get_one(Complaint, complaint_id, with_for_update=True)
    return complaint if complaint.handler_id is None and not complaint.state.is_settled else None


async def _tell_unit(session: AsyncSession, complaint: Complaint, *, now: datetime) -> None:
    """Tell the unit that nobody can take its case; it isn't told again while none of its people has seen that."""
    query = select(Notice.id).where(
        Notice.complaint_id == complaint.id,
        Notice.kind == NoticeKind.NOBODY_TO_ASSIGN,
        Notice.unit_code.is_not_distinct_from(complaint.unit_code),
        ~exists().where(NoticeSighting.notice_id == Notice.id),
    )
    if await session.scalar(query.limit(1)) is None:
        notify(session, complaint, NoticeKind.NOBODY_TO_ASSIGN, now=now, unit_code=complaint.unit_code)
