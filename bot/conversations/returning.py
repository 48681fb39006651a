"""Conversations that go back to the queue because whoever holds them does not answer, or has left."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.clock import Clock
from bot.complaints.casework import complaints_of
from bot.conversations.courtesies import is_mere_courtesy
from bot.conversations.handover import check_alarm, locked
from bot.conversations.held import release_all
from bot.conversations.models import Author, Conversation, HeldReply, Holder, Message
from bot.database import Database, notify_changed
from bot.jobs import Job, enqueue


@dataclass(frozen=True)
class UnansweredWatch:
    """Gives customers back to the queue whom the person with them does not answer.

    Args:
        answer_within: how long a person may leave a message without an answer, counted from the message or, if that
            is later, from when they got the conversation.
    """

    database: Database
    clock: Clock
    answer_within: timedelta

    async def look(self, conversation_id: uuid.UUID, message_id: int) -> None:
        """Return the conversation if this message is still without an answer; nothing happens a second time."""
        now = self.clock()
        async with self.database.transaction() as session:
            conversation = await locked(session, conversation_id)
            message = await session.get_one(Message, message_id)
            if conversation.holder is not Holder.STAFF or await _is_answered(session, message):
                return
            if await _needs_no_answer(session, message):
                return
            due_at = max(message.sent_at, conversation.held_since or message.sent_at) + self.answer_within
            if due_at > now:  # somebody else has got it meanwhile
                await enqueue(
                    session,
                    Job.RETURN_UNANSWERED,
                    at=due_at,
                    conversation_id=str(conversation_id),
                    message_id=message_id,
                )
                return
            held_by = str(conversation.held_by)
            await to_queue(session, conversation, since=message.sent_at, now=now)
            record(
                session,
                at=now,
                actor="system",
                action="return_unanswered",
                subject=str(conversation_id),
                held_by=held_by,
                message_id=message_id,
            )


async def release_all_of(session: AsyncSession, staff_id: uuid.UUID, *, why: str, now: datetime) -> None:
    """Put every conversation that the person holds back into the queue: they cannot answer any more.

    Args:
        why: `account_closed`, `sign_ins_ended` or `signed_out`.
    """
    held = await session.scalars(
        select(Conversation.id).where(Conversation.held_by == staff_id).order_by(Conversation.id)
    )
    for conversation_id in held.all():
        conversation = await locked(session, conversation_id)
        if conversation.holder is not Holder.STAFF or conversation.held_by != staff_id:
            continue
        await to_queue(session, conversation, since=await waiting_since(session, conversation_id) or now, now=now)
        record(
            session,
            at=now,
            actor="system",
            action="release_conversation",
            subject=str(conversation_id),
            held_by=str(staff_id),
            why=why,
        )


async def to_queue(session: AsyncSession, conversation: Conversation, *, since: datetime, now: datetime) -> None:
    """Let the conversation, which a person holds and the caller has locked, wait for another one."""
    await release_all(session, conversation, now=now)
    conversation.holder = Holder.QUEUE
    conversation.held_by = None
    conversation.held_since = None
    conversation.waiting_since = since
    conversation.handover_reason = conversation.handover_reason or "unanswered"
    await check_alarm(session, conversation)
    await notify_changed(session, conversation.id)


async def waiting_since(session: AsyncSession, conversation_id: uuid.UUID) -> datetime | None:
    """When the customer wrote the first message to which the bank has said nothing yet; None if there is none."""
    last_of_ours = (
        select(func.coalesce(func.max(Message.id), 0))
        .where(Message.conversation_id == conversation_id, Message.author != Author.CUSTOMER)
        .scalar_subquery()
    )
    since: datetime | None = await session.scalar(
        select(func.min(Message.sent_at)).where(
            Message.conversation_id == conversation_id,
            Message.author == Author.CUSTOMER,
            Message.id > last_of_ours,
        )
    )
    return since


async def _needs_no_answer(session: AsyncSession, message: Message) -> bool:
    """Whether a customer only thanks or says goodbye after everything they complained about is settled."""
    if not is_mere_courtesy(message.text):
        return False
    complaints = await complaints_of(session, message.conversation_id)
    return bool(complaints) and all(complaint.state.is_settled for complaint in complaints)


async def _is_answered(session: AsyncSession, message: Message) -> bool:
    answer = select(Message.id).where(
        Message.conversation_id == message.conversation_id, Message.author == Author.STAFF, Message.id > message.id
    )
    # A reply that has not gone out counts too: whoever withdraws it has the message looked at again.
    held = select(HeldReply.id).where(
        HeldReply.conversation_id == message.conversation_id, HeldReply.answers_up_to >= message.id
    )
    return await session.scalar(select(or_(answer.exists(), held.exists()))) is True
