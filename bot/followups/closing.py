"""Cases about which the customer says nothing any more close by themselves, when the policy says so.

Each look is one transaction that reads everything anew, so a job may run twice, late, or not at all: a periodic look
finds what no job has come for, and what had to wait for an answer, a task or a person.
"""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select

from bot.clock import Clock
from bot.complaints.closing import close_unanswered, is_left_unanswered, may_be_closed
from bot.complaints.deadlines import DeadlinePolicy, closing_now_told_before, deadline_policy
from bot.complaints.models import Complaint
from bot.conversations.handover import locked
from bot.conversations.models import Conversation, Holder
from bot.database import Database, notify_changed

LATE_BY = timedelta(minutes=1)
"""A case that should have closed this long ago has no job that does it."""

AT_ONCE_AT_MOST = 200


@dataclass(frozen=True)
class AutomaticClosing:
    """Closes cases whose time has come."""

    database: Database
    clock: Clock
    policy: DeadlinePolicy = field(default_factory=deadline_policy)

    async def close(self, complaint_id: uuid.UUID) -> None:
        """Close the case; nothing happens if anything of it is open, or the customer has a word to say."""
        now = self.clock()
        told_before = closing_now_told_before(now, self.policy)
        if told_before is None:
            return
        async with self.database.transaction() as session:
            complaint = await session.get_one(Complaint, complaint_id)
            conversation = await locked(session, complaint.conversation_id)
            if conversation.holder is not Holder.BOT:
                return  # what the customer says to a person may be an objection; the periodic look comes again
            await session.refresh(complaint, with_for_update=True)
            is_due = select(Complaint.id).where(Complaint.id == complaint_id, is_left_unanswered(told_before))
            if await session.scalar(is_due) is None or not may_be_closed(complaint, now=now):
                return
            close_unanswered(session, complaint, now=now)
            await notify_changed(session, conversation.id)

    async def close_all_due(self) -> None:
        """Close the cases for which no job has come, and those that had to wait for something."""
        told_before = closing_now_told_before(self.clock() - LATE_BY, self.policy)
        if told_before is None:
            return
        async with self.database.transaction() as session:
            query = (
                select(Complaint.id)
                .join(Conversation, Conversation.id == Complaint.conversation_id)
                .where(is_left_unanswered(told_before), Conversation.holder == Holder.BOT)
                .order_by(Complaint.state_since)
                .limit(AT_ONCE_AT_MOST)
            )
            found = list(await session.scalars(query))
        for complaint_id in found:
            await self.close(complaint_id)
