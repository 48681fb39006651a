"""A person passes the conversation that they hold on, to a colleague or back to the queue."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.conversations.handover import HeldBySomeoneElse, held_by
from bot.conversations.held import release_all
from bot.conversations.notes import add_note
from bot.conversations.outbound import say
from bot.conversations.returning import to_queue, waiting_since
from bot.wording import wording


@dataclass(frozen=True)
class Receiver:
    """The colleague who gets the conversation.

    Args:
        shown_as: how the customer sees the colleague: unit, surname and title.
    """

    id: uuid.UUID
    username: str
    shown_as: str


async def transfer_to_colleague(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    staff_id: uuid.UUID,
    receiver: Receiver,
    *,
    username: str,
    now: datetime,
) -> None:
    """The colleague holds the conversation from now on, and the customer hears who comes.

    Raises:
        HeldBySomeoneElse: the person does not hold the conversation, or would pass it to themselves.
    """
    conversation = await held_by(session, conversation_id, staff_id)
    if receiver.id == staff_id:
        raise HeldBySomeoneElse(str(conversation_id))
    await release_all(session, conversation, now=now)
    conversation.held_by = receiver.id
    conversation.held_since = now
    _record(session, conversation_id, username, now, to=f"staff:{receiver.username}")
    arrives = wording().say("utter_staff_arrives", conversation.language, staff=receiver.shown_as)
    await say(session, conversation, arrives, now=now)


async def transfer_to_queue(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    staff_id: uuid.UUID,
    note: str,
    *,
    username: str,
    now: datetime,
) -> None:
    """The conversation waits for another person, who finds a note of what there is to know.

    Raises:
        HeldBySomeoneElse: the person does not hold the conversation.
    """
    conversation = await held_by(session, conversation_id, staff_id)
    await add_note(session, conversation_id, staff_id, note, username=username, now=now)
    await to_queue(session, conversation, since=await waiting_since(session, conversation_id) or now, now=now)
    _record(session, conversation_id, username, now, to="queue")


def _record(session: AsyncSession, conversation_id: uuid.UUID, username: str, now: datetime, *, to: str) -> None:
    record(session, at=now, actor=f"staff:{username}", action="transfer", subject=str(conversation_id), to=to)
