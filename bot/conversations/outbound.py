"""What the bank says: stored, and a delivery enqueued, in one transaction."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.conversations.channel import Channel, Undeliverable
from bot.conversations.models import Author, Conversation, Delivery, Holder, Message
from bot.database import Database, notify_changed
from bot.jobs import Job, enqueue
from bot.logs import logger
from bot.wording import Saying

TYPING_STAYS_TRUE_FOR = timedelta(seconds=5)
log = logger(__name__)


async def say(
    session: AsyncSession,
    conversation: Conversation,
    saying: Saying,
    *,
    now: datetime,
    author: Author = Author.BOT,
    turn_id: uuid.UUID | None = None,
    staff_id: uuid.UUID | None = None,
) -> Message:
    """Store a message to the customer and enqueue its delivery, in the session's transaction."""
    message = Message(
        conversation_id=conversation.id,
        author=author,
        staff_id=staff_id,
        text=saying.text,
        buttons=list(saying.buttons),
        turn_id=turn_id,
        delivery=Delivery.PENDING,
        sent_at=now,
        masked=[],
    )
    session.add(message)
    await session.flush()
    await carry_out(session, message)
    return message


async def carry_out(session: AsyncSession, message: Message) -> None:
    """Enqueue the delivery of a stored message."""
    await enqueue(session, Job.DELIVER, lock=f"deliver:{message.conversation_id}", message_id=message.id)
    await notify_changed(session, message.conversation_id)


@dataclass(frozen=True)
class Deliverer:
    """Carries stored messages out through their channels."""

    database: Database
    channels: Mapping[str, Channel]
    clock: Clock

    async def deliver(self, message_id: int) -> None:
        """Carry one message to its customer, once.

        Raises:
            Exception: whatever the channel raises but `Undeliverable`; the job is then tried again with back-off.
        """
        async with self.database.transaction() as session:
            message = await session.get_one(Message, message_id)
            conversation = await session.get_one(Conversation, message.conversation_id)
        if message.delivery is not Delivery.PENDING:
            return
        try:
            await self.channels[conversation.channel].deliver(conversation, message)
            outcome = Delivery.DELIVERED
        except Undeliverable as error:
            outcome = Delivery.UNDELIVERABLE
            log.warning("undeliverable", message_id=message_id, channel=conversation.channel, reason=str(error))
        async with self.database.transaction() as session:
            message = await session.get_one(Message, message_id)
            message.delivery = outcome
            message.delivered_at = self.clock()
            await notify_changed(session, conversation.id)

    async def show_typing(self, conversation_id: uuid.UUID, typed_at: datetime) -> None:
        """Show the customer that a person is writing, unless that is over by now."""
        if self.clock() - typed_at > TYPING_STAYS_TRUE_FOR:
            return
        async with self.database.transaction() as session:
            conversation = await session.get_one(Conversation, conversation_id)
        if conversation.holder is Holder.STAFF:
            await self.channels[conversation.channel].show_typing(conversation)
