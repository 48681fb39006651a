"""Nobody waits for a person who is not there: a chat goes back to the queue when its holder is silent, or leaves."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.clock import Clock
from bot.conversations.handover import check_alarm, locked
from bot.conversations.models import Author, Conversation, Holder, Message
from bot.database import Database, notify_changed
from bot.jobs import Job, enqueue


async def return_to_queue(
    session: AsyncSession, conversation: Conversation, why: str, *, since: datetime, now: datetime
) -> None:
    """Take a chat from its holder and put it back where others see it; the customer keeps the place of their wait.

    Args:
        conversation: locked.
        why: `unanswered`, `signed_out` or `account_closed`.
        since: from when on the customer waits.
    """
    conversation.holder = Holder.QUEUE
    conversation.held_by = conversation.held_since = None
    conversation.waiting_since = since
    conversation.handover_reason = conversation.handover_reason or "unanswered"
    record(session, at=now, actor="system", action="return_to_queue", subject=str(conversation.id), why=why)
    await check_alarm(session, conversation)
    await notify_changed(session, conversation.id)


async def release_all_of(session: AsyncSession, staff_id: uuid.UUID, why: str, *, now: datetime) -> None:
    """A person leaves: every chat that they hold goes back to the queue."""
    held = select(Conversation.id).where(Conversation.held_by == staff_id).order_by(Conversation.id)
    for conversation_id in list(await session.scalars(held)):
        conversation = await locked(session, conversation_id)
        if conversation.held_by == staff_id:
            await return_to_queue(session, conversation, why, since=now, now=now)


@dataclass(frozen=True)
class Returner:
    """Gives chats back that are held and not answered.

    Args:
        answer_within: how long a customer who writes to a person waits for them.
    """

    database: Database
    clock: Clock
    answer_within: timedelta

    async def look(self, message_id: int) -> None:
        """Give the chat of this message back if its holder has not answered it, and has had the time to."""
        now = self.clock()
        async with self.database.transaction() as session:
            message = await session.get_one(Message, message_id)
            conversation = await locked(session, message.conversation_id)
            if conversation.holder is not Holder.STAFF or await _is_answered(session, message):
                return
            # Whoever takes a chat over has their own time to answer.
            had_time_at = max(conversation.held_since or message.sent_at, message.sent_at) + self.answer_within
            if had_time_at > now:
                await enqueue(session, Job.LOOK_FOR_ANSWER, at=had_time_at, message_id=message_id)
                return
            await return_to_queue(session, conversation, "unanswered", since=message.sent_at, now=now)


async def _is_answered(session: AsyncSession, message: Message) -> bool:
    later = select(Message.id).where(
        Message.conversation_id == message.conversation_id, Message.id > message.id, Message.author == Author.STAFF
    )
    return await session.scalar(later.limit(1)) is not None
