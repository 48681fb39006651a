"""Turns: what a customer wrote since the last answer, taken together, and answered once.

A turn is a row. It is written before rasa is asked and closed in the transaction that stores the answer, so a turn
that a dead worker left open is found by the job that is taken over, and finished instead of begun again.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.conversations.handover import call_staff, locked
from bot.conversations.inbound import LONGEST_TEXT
from bot.conversations.language import detect_language
from bot.conversations.models import Author, Conversation, Holder, Message, Turn
from bot.conversations.outbound import say
from bot.conversations.rasa_client import RasaClient, RasaUnavailable, Reply
from bot.database import Database, notify_changed
from bot.logs import logger
from bot.masking import mask, without_digits
from bot.wording import Saying, wording

BANK_TIME = ZoneInfo("Asia/Shanghai")
log = logger(__name__)


@dataclass(frozen=True)
class OpenTurn:
    """A turn that waits for its answer."""

    conversation: Conversation
    turn: Turn
    text: str
    is_retaken: bool
    is_first: bool


@dataclass(frozen=True)
class Turns:
    """Takes turns.

    Args:
        quiet_window: a customer who wrote within this time may not have finished.
        longest_wait: but nobody waits longer than this for going on writing.
        patience: after this time without rasa, the customer hears that the message is safe.
    """

    database: Database
    rasa: RasaClient
    clock: Clock
    quiet_window: timedelta
    longest_wait: timedelta
    patience: timedelta

    async def take(self, message_id: int) -> None:
        """Answer the message, together with all that stands unanswered beside it.

        Raises:
            RasaUnavailable: no answer now; the job is tried again.
        """
        opened = await self._open(message_id)
        if opened is None:
            return
        try:
            replies = await self._ask(opened)
        except RasaUnavailable:
            await self._tell_message_is_safe(opened)
            raise
        await self._close(opened, replies)

    async def _open(self, message_id: int) -> OpenTurn | None:
        """The turn that this message belongs to; none if it is answered, or a newer message's own job will take it."""
        now = self.clock()
        async with self.database.transaction() as session:
            message = await session.get_one(Message, message_id)
            conversation = await locked(session, message.conversation_id)
            await session.refresh(message)
            if message.turn_id is not None:
                turn = await session.get_one(Turn, message.turn_id)
                if turn.answered_at is not None:
                    return None
                is_retaken = True
            else:
                if await self._customer_goes_on(session, message, now):
                    return None
                turn = Turn(id=uuid.uuid4(), conversation_id=conversation.id, taken_at=now)
                session.add(turn)
                await session.flush()
                await session.execute(update(Message).where(*_unanswered(conversation.id)).values(turn_id=turn.id))
                is_retaken = False
            if conversation.holder is Holder.STAFF:
                turn.answered_at, turn.outcome = now, "left_to_staff"
                return None
            text = await _text_of(session, turn)
            await notify_changed(session, conversation.id)
            said = await session.scalar(
                select(Message.id)
                .where(Message.conversation_id == conversation.id, Message.author != Author.CUSTOMER)
                .limit(1)
            )
            return OpenTurn(conversation, turn, text[:LONGEST_TEXT], is_retaken, is_first=said is None)

    async def _customer_goes_on(self, session: AsyncSession, message: Message, now: datetime) -> bool:
        unanswered = list(
            await session.scalars(select(Message).where(*_unanswered(message.conversation_id)).order_by(Message.id))
        )
        newest, oldest = unanswered[-1], unanswered[0]
        return newest.id != message.id and oldest.sent_at > now - self.longest_wait

    async def _ask(self, opened: OpenTurn) -> list[Reply]:
        conversation = opened.conversation
        if not opened.text:
            saying = wording().say("utter_attachment_received", conversation.language)
            return [Reply(saying.text, saying.buttons)]
        replies = await self.rasa.answer(
            str(conversation.id),
            str(opened.turn.id),
            opened.text,
            language=detect_language(opened.text) or conversation.language,
            today=self.clock().astimezone(BANK_TIME).date().isoformat(),
            is_first=opened.is_first,
            is_again=opened.is_retaken,
            asked=conversation.pending_question,
        )
        return replies or self._still_listening(conversation)

    @staticmethod
    def _still_listening(conversation: Conversation) -> list[Reply]:
        """What is said when rasa heard a turn and had nothing to say: a customer is never left without an answer."""
        saying = wording().say("utter_still_listening", conversation.language)
        return [Reply(saying.text, saying.buttons)]

    async def _close(self, opened: OpenTurn, replies: list[Reply]) -> None:
        now = self.clock()
        async with self.database.transaction() as session:
            conversation = await locked(session, opened.conversation.id)
            turn = await session.get_one(Turn, opened.turn.id)
            if turn.answered_at is not None:
                return  # this worker was taken for dead, and another has answered meanwhile
            turn.answered_at = now
            if conversation.holder is Holder.STAFF:
                turn.outcome = "left_to_staff"  # a person came in while the answer was being made
            else:
                turn.outcome = "answered"
                for reply in replies:
                    await say(session, conversation, Saying(reply.text, reply.buttons), now=now, turn_id=turn.id)
            conversation.told_safe_at = None
            if conversation.pending_question == opened.conversation.pending_question:
                conversation.pending_question = None
            await notify_changed(session, conversation.id)
        log.info(
            "turn_answered",
            turn=str(opened.turn.id),
            outcome=turn.outcome,
            seconds=round((now - opened.turn.taken_at).total_seconds(), 3),
        )

    async def _tell_message_is_safe(self, opened: OpenTurn) -> None:
        """After some patience, tell the customer once that nothing is lost, and call staff."""
        now = self.clock()
        if now - opened.turn.taken_at < self.patience:
            return
        async with self.database.transaction() as session:
            conversation = await locked(session, opened.conversation.id)
            if conversation.told_safe_at is not None or conversation.holder is Holder.STAFF:
                return
            conversation.told_safe_at = now
            await call_staff(session, conversation, "assistant_down", now=now)
            await say(session, conversation, wording().say("utter_message_is_safe", conversation.language), now=now)
        log.warning("assistant_down", conversation=str(opened.conversation.id))


async def _text_of(session: AsyncSession, turn: Turn) -> str:
    """What the customer wrote in a turn, masked together once more: a number may have come in pieces.

    Pieces that make a sensitive number only together are blanked where they are stored, too.
    """
    query = select(Message).where(Message.turn_id == turn.id, Message.author == Author.CUSTOMER).order_by(Message.id)
    messages = [message for message in await session.scalars(query) if message.text.strip()]
    masked = mask("\n".join(message.text for message in messages))
    if masked.kinds:
        for message in messages:
            message.text = without_digits(message.text)
            message.masked = sorted({*message.masked, *masked.kinds})
    return masked.text


def _unanswered(conversation_id: uuid.UUID) -> tuple[ColumnElement[bool], ...]:
    return (
        Message.conversation_id == conversation_id,
        Message.author == Author.CUSTOMER,
        Message.turn_id.is_(None),
    )
