"""What a customer writes: masked, stored once, and a turn enqueued, in one transaction."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.conversations.channel import Inbound
from bot.conversations.language import detect_language
from bot.conversations.models import Attachment, Author, Conversation, Delivery, Holder, Message
from bot.conversations.outbound import say
from bot.database import Database, notify_changed
from bot.jobs import Job, enqueue
from bot.masking import mask
from bot.wording import wording

LONGEST_TEXT = 20_000
"""Characters of one message that are kept; a longer one is cut, and the customer is told."""

WARN_AGAIN_AFTER = timedelta(hours=1)
"""The warning about sensitive numbers is given once in this time."""

ANSWER_WITHIN = timedelta(minutes=5)


@dataclass(frozen=True)
class Received:
    """What became of an inbound message."""

    conversation_id: uuid.UUID
    message_id: int
    is_new: bool


@dataclass(frozen=True)
class Inbox:
    """Takes customers' messages in.

    Args:
        quiet_window: silence to wait for before a turn is taken.
        answer_within: how long the person who holds a conversation may leave a message without an answer.
    """

    database: Database
    clock: Clock
    quiet_window: timedelta
    answer_within: timedelta = ANSWER_WITHIN

    async def receive(self, inbound: Inbound) -> Received:
        """Store one message; a second delivery of the same message changes nothing.

        Returns:
            The message's id, also for a message that was already there.
        """
        async with self.database.transaction() as session:
            return await self._receive(session, inbound)

    async def takes_messages(self) -> bool:
        """Whether a message could be stored now, tried with one that is taken back at once."""
        try:
            async with self.database.transaction() as session:
                await self._receive(session, Inbound("probe", "probe", "probe", text="?"))
                await session.rollback()
        except Exception:  # noqa: BLE001 - any failure means the same to who asks
            return False
        return True

    async def _receive(self, session: AsyncSession, inbound: Inbound) -> Received:
        now = self.clock()
        conversation = await find_or_start(session, inbound.channel, inbound.channel_key, now=now)
        known = await session.scalar(
            select(Message).where(
                Message.conversation_id == conversation.id, Message.channel_message_id == inbound.message_id
            )
        )
        if known is not None:
            return Received(conversation.id, known.id, is_new=False)
        message = await self._store(session, conversation, inbound, now)
        await enqueue(
            session,
            Job.TAKE_TURN,
            lock=f"turn:{conversation.id}",
            at=now + self.quiet_window,
            conversation_id=str(conversation.id),
            message_id=message.id,
        )
        if conversation.holder is Holder.STAFF:
            await enqueue(
                session,
                Job.RETURN_UNANSWERED,
                at=now + self.answer_within,
                conversation_id=str(conversation.id),
                message_id=message.id,
            )
        await notify_changed(session, conversation.id)
        return Received(conversation.id, message.id, is_new=True)

    async def edit(self, inbound: Inbound) -> None:
        """Take a customer's edit of an earlier message; the first text is kept beside it."""
        now = self.clock()
        async with self.database.transaction() as session:
            conversation = await find_or_start(session, inbound.channel, inbound.channel_key, now=now)
            message = await session.scalar(
                select(Message)
                .where(Message.conversation_id == conversation.id, Message.channel_message_id == inbound.message_id)
                .with_for_update()
            )
            if message is None:
                return
            masked = mask(storable(inbound.text))
            text = masked.text[:LONGEST_TEXT]
            if text == message.text:
                return
            warned = await _was_warned(session, conversation, now)
            message.earlier_text = message.earlier_text or message.text
            message.text = text
            message.masked = list(dict.fromkeys([*message.masked, *masked.kinds]))
            message.edited_at = now
            if masked.kinds and not warned:
                await _warn(session, conversation, now)
            await notify_changed(session, conversation.id)

    async def _store(
        self, session: AsyncSession, conversation: Conversation, inbound: Inbound, now: datetime
    ) -> Message:
        masked = mask(storable(inbound.text))  # before it is cut, so that no number is cut in two
        warned = await _was_warned(session, conversation, now)
        conversation.customer_name = (inbound.customer_name or conversation.customer_name or "")[:100] or None
        is_first = conversation.last_message_at is None
        conversation.language = (
            detect_language(masked.text) or (inbound.language if is_first else None) or conversation.language
        )
        conversation.last_message_at = now
        message = Message(
            conversation_id=conversation.id,
            author=Author.CUSTOMER,
            text=masked.text[:LONGEST_TEXT],
            buttons=[],
            channel_message_id=inbound.message_id,
            delivery=Delivery.RECEIVED,
            sent_at=now,
            masked=list(masked.kinds),
        )
        if inbound.attachment is not None:
            message.attachment = Attachment(
                kind=inbound.attachment.kind,
                content_type=inbound.attachment.content_type,
                file_name=mask(inbound.attachment.file_name).text[:200],
                size=len(inbound.attachment.content),
                content=inbound.attachment.content,
            )
        session.add(message)
        await session.flush()
        if masked.kinds and not warned:
            await _warn(session, conversation, now)
        if len(masked.text) > LONGEST_TEXT:
            await say(session, conversation, wording().say("utter_text_was_cut", conversation.language), now=now)
        return message


def storable(text: str) -> str:
    """A text without what PostgreSQL cannot store: null characters and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")


async def find_or_start(
    session: AsyncSession, channel: str, channel_key: str, *, now: datetime, language: str = "zh"
) -> Conversation:
    """The conversation with this name in this channel, locked for the transaction; a new one if there is none."""
    await session.execute(
        insert(Conversation)
        .values(
            id=uuid.uuid4(), channel=channel, channel_key=channel_key, language=language, holder="bot", started_at=now
        )
        .on_conflict_do_nothing()
    )
    found = await session.scalars(
        select(Conversation)
        .where(Conversation.channel == channel, Conversation.channel_key == channel_key)
        .with_for_update()
    )
    return found.one()


async def _was_warned(session: AsyncSession, conversation: Conversation, now: datetime) -> bool:
    recent = select(Message.id).where(
        Message.conversation_id == conversation.id,
        Message.masked != [],
        Message.sent_at > now - WARN_AGAIN_AFTER,
    )
    return await session.scalar(recent.limit(1)) is not None


async def _warn(session: AsyncSession, conversation: Conversation, now: datetime) -> None:
    await say(session, conversation, wording().say("utter_sensitive_number", conversation.language), now=now)
