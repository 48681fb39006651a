"""What staff does with messages that have gone out: correct their own, send again what could not arrive."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.clock import Clock
from bot.conversations.channel import Channel, Uncorrectable, Undeliverable
from bot.conversations.handover import held_by, locked
from bot.conversations.models import Author, Conversation, Delivery, Message
from bot.conversations.outbound import carry_out, say
from bot.database import Database, notify_changed
from bot.jobs import Job, enqueue
from bot.logs import logger
from bot.masking import mask
from bot.wording import wording

CORRECTABLE_FOR = timedelta(hours=48)
"""Telegram edits a bot's messages for this long; one time for every channel is easier to remember."""

log = logger(__name__)


class NotCorrectable(Exception):
    """The message is not the person's own, has not arrived, or is too old."""


class NothingToSendAgain(Exception):
    """The message is on its way, or has arrived."""


def is_correctable(message: Message, staff_id: uuid.UUID, now: datetime) -> bool:
    """Whether the person may give a message another text."""
    return (
        message.author is Author.STAFF
        and message.staff_id == staff_id
        and message.delivery is Delivery.DELIVERED
        and now - message.sent_at <= CORRECTABLE_FOR
    )


async def correct(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    staff_id: uuid.UUID,
    message_id: int,
    text: str,
    *,
    username: str,
    now: datetime,
) -> None:
    """Give a message that has arrived another text; the first one is kept beside it.

    Raises:
        NotCorrectable: it is not the person's own message in this conversation, has not arrived, or is too old.
    """
    await locked(session, conversation_id)
    message = await _message(session, conversation_id, message_id)
    if message is None or not is_correctable(message, staff_id, now):
        raise NotCorrectable(str(message_id))
    text = mask(text).text
    if text == message.text:
        return
    message.earlier_text = message.earlier_text or message.text
    message.text = text
    message.edited_at = now
    await enqueue(session, Job.CARRY_CORRECTION, lock=f"deliver:{conversation_id}", message_id=message_id)
    _record(session, "correct_message", conversation_id, message_id, username, now)
    await notify_changed(session, conversation_id)


async def send_again(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    staff_id: uuid.UUID,
    message_id: int,
    *,
    username: str,
    now: datetime,
) -> None:
    """Try once more to deliver a message of the bank that could not arrive.

    Raises:
        HeldBySomeoneElse: the person does not hold the conversation.
        NothingToSendAgain: the message is on its way, or has arrived.
    """
    await held_by(session, conversation_id, staff_id)
    message = await _message(session, conversation_id, message_id)
    if message is None or message.delivery is not Delivery.UNDELIVERABLE:
        raise NothingToSendAgain(str(message_id))
    message.delivery = Delivery.PENDING
    message.delivered_at = None
    await carry_out(session, message)
    _record(session, "send_again", conversation_id, message_id, username, now)


async def _message(session: AsyncSession, conversation_id: uuid.UUID, message_id: int) -> Message | None:
    found = await session.scalars(
        select(Message)
        .where(Message.id == message_id, Message.conversation_id == conversation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.one_or_none()


def _record(
    session: AsyncSession, action: str, conversation_id: uuid.UUID, message_id: int, username: str, now: datetime
) -> None:
    record(
        session,
        at=now,
        actor=f"staff:{username}",
        action=action,
        subject=str(conversation_id),
        message_id=message_id,
    )


@dataclass(frozen=True)
class Corrector:
    """Carries corrections to where the first text has arrived."""

    database: Database
    channels: Mapping[str, Channel]
    clock: Clock

    async def carry(self, message_id: int) -> None:
        """Show the customer the corrected text, in place of the first one, or as a message of its own; once.

        Raises:
            Exception: whatever the channel raises but «never»; the job is then tried again.
        """
        async with self.database.transaction() as session:
            message = await session.get_one(Message, message_id)
            conversation = await session.get_one(Conversation, message.conversation_id)
        if message.edited_at is None or _is_carried(message, message.edited_at):
            return
        is_in_place = True
        try:
            await self.channels[conversation.channel].correct(conversation, message)
        except Uncorrectable:
            is_in_place = False
        except Undeliverable as error:
            log.warning("undeliverable", message_id=message_id, channel=conversation.channel, reason=str(error))
        await self._close(message, message.edited_at, is_in_place=is_in_place)

    async def _close(self, carried: Message, edited_at: datetime, *, is_in_place: bool) -> None:
        async with self.database.transaction() as session:
            conversation = await locked(session, carried.conversation_id)
            message = await session.get_one(Message, carried.id)
            if _is_carried(message, edited_at):
                return  # this worker was taken for dead, and another has carried it meanwhile
            message.carried_edit_at = edited_at
            if not is_in_place:
                saying = wording().say("utter_correction", conversation.language, text=carried.text)
                await say(
                    session,
                    conversation,
                    saying,
                    now=self.clock(),
                    author=Author.STAFF,
                    staff_id=message.staff_id,
                )


def _is_carried(message: Message, edited_at: datetime) -> bool:
    return message.carried_edit_at is not None and message.carried_edit_at >= edited_at
