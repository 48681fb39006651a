"""The hand-over between bot and staff: calling a person, taking over, handing back."""

import uuid
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.conversations.held import release_all
from bot.conversations.models import Author, Conversation, Holder, Message
from bot.conversations.outbound import say
from bot.database import notify_changed
from bot.jobs import Job, enqueue
from bot.masking import mask
from bot.wording import Saying, wording


class HeldBySomeoneElse(Exception):
    """Another person holds the conversation; two people must not answer at once."""


class CustomerWroteMeanwhile(Exception):
    """The customer has written something that the person had not seen when they answered."""


async def locked(session: AsyncSession, conversation_id: uuid.UUID) -> Conversation:
    """The conversation, locked for the rest of the transaction."""
    # What the session may have read before the lock is read anew: somebody else may have changed it meanwhile.
    found = await session.scalars(
        select(Conversation)
        .where(Conversation.id == conversation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.one()


WEIGHT = ("assistant_down", "not_understood", "asked_for_human", "unanswered", "complex", "urgent", "crisis")
"""Reasons to call a person, the lightest first: what the desk shows is the heaviest one so far."""


PRESSING = frozenset({"urgent", "crisis"})
"""Reasons for which people are called wherever they are."""


def is_pressing(conversation: Conversation) -> bool:
    """Whether a customer waits for a person who must be called wherever they are."""
    return conversation.holder is Holder.QUEUE and conversation.handover_reason in PRESSING


async def check_alarm(session: AsyncSession, conversation: Conversation) -> None:
    """Have the alarm of this conversation raised or silenced, whichever is due when this transaction commits."""
    if conversation.handover_reason in PRESSING:
        await enqueue(session, Job.CHECK_ALARM, conversation_id=str(conversation.id))


async def call_staff(session: AsyncSession, conversation: Conversation, reason: str, *, now: datetime) -> None:
    """Put the conversation into the desk's queue; it keeps its place if it is already there.

    Args:
        reason: why a person is needed: `urgent`, `complex`, `asked_for_human`, `crisis`, `not_understood`,
            `assistant_down`.
    """
    if conversation.holder is Holder.BOT:
        conversation.holder = Holder.QUEUE
        conversation.waiting_since = now
        conversation.handover_reason = reason
        record(session, at=now, actor="bot", action="call_staff", subject=str(conversation.id), reason=reason)
        await check_alarm(session, conversation)
    elif conversation.holder is Holder.QUEUE and _is_heavier(reason, conversation.handover_reason):
        conversation.handover_reason = reason
        record(session, at=now, actor="bot", action="call_staff", subject=str(conversation.id), reason=reason)
        await check_alarm(session, conversation)
    await notify_changed(session, conversation.id)


def _is_heavier(reason: str, known: str | None) -> bool:
    return known not in WEIGHT or (reason in WEIGHT and WEIGHT.index(reason) > WEIGHT.index(known))


async def take_over(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    staff_id: uuid.UUID,
    *,
    username: str,
    shown_as: str,
    now: datetime,
) -> None:
    """A person takes the conversation; from this commit on the bot is silent.

    Args:
        shown_as: how the customer sees the person: unit, surname and title.

    Raises:
        HeldBySomeoneElse: another person already holds it.
    """
    conversation = await locked(session, conversation_id)
    if conversation.holder is Holder.STAFF:
        if conversation.held_by != staff_id:
            raise HeldBySomeoneElse(str(conversation_id))
        return
    conversation.holder = Holder.STAFF
    conversation.held_by = staff_id
    conversation.held_since = now
    conversation.waiting_since = None
    record(session, at=now, actor=f"staff:{username}", action="take_over", subject=str(conversation_id))
    await check_alarm(session, conversation)
    if message_id := await last_of_customer(session, conversation_id):
        await enqueue(session, Job.RETURN_UNANSWERED, conversation_id=str(conversation_id), message_id=message_id)
    await say(
        session, conversation, wording().say("utter_staff_arrives", conversation.language, staff=shown_as), now=now
    )


async def held_by(session: AsyncSession, conversation_id: uuid.UUID, staff_id: uuid.UUID) -> Conversation:
    """The conversation that the person holds, locked for the rest of the transaction.

    Raises:
        HeldBySomeoneElse: the person does not hold it.
    """
    conversation = await locked(session, conversation_id)
    if conversation.holder is not Holder.STAFF or conversation.held_by != staff_id:
        raise HeldBySomeoneElse(str(conversation_id))
    return conversation


async def reply(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    staff_id: uuid.UUID,
    text: str,
    *,
    now: datetime,
    seen: int | None = None,
) -> Message:
    """A person answers the customer; sensitive numbers are masked, in either direction.

    Args:
        seen: id of the customer's last message that the person saw; None answers whatever came meanwhile.

    Raises:
        HeldBySomeoneElse: the person does not hold the conversation.
        CustomerWroteMeanwhile: there is a newer message than the one seen.
    """
    conversation = await answerable(session, conversation_id, staff_id, seen=seen)
    return await say(session, conversation, Saying(mask(text).text), now=now, author=Author.STAFF, staff_id=staff_id)


async def answerable(
    session: AsyncSession, conversation_id: uuid.UUID, staff_id: uuid.UUID, *, seen: int | None
) -> Conversation:
    """The conversation, locked, if the person may answer in it now.

    Args:
        seen: id of the customer's last message that the person saw; None answers whatever came meanwhile.

    Raises:
        HeldBySomeoneElse: the person does not hold the conversation.
        CustomerWroteMeanwhile: there is a newer message than the one seen.
    """
    conversation = await held_by(session, conversation_id, staff_id)
    if seen is not None and await last_of_customer(session, conversation_id) > seen:
        raise CustomerWroteMeanwhile(str(conversation_id))
    return conversation


async def last_of_customer(session: AsyncSession, conversation_id: uuid.UUID) -> int:
    """The id of what the customer wrote last; 0 if nothing."""
    last = select(func.max(Message.id)).where(
        Message.conversation_id == conversation_id, Message.author == Author.CUSTOMER
    )
    return await session.scalar(last) or 0


async def hand_back(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    staff_id: uuid.UUID,
    *,
    username: str,
    shown_as: str,
    now: datetime,
) -> None:
    """The person leaves; the bot answers again.

    Raises:
        HeldBySomeoneElse: the person does not hold the conversation.
    """
    conversation = await held_by(session, conversation_id, staff_id)
    conversation.holder = Holder.BOT
    conversation.held_by = None
    conversation.held_since = None
    conversation.handover_reason = None
    await release_all(session, conversation, now=now)
    record(session, at=now, actor=f"staff:{username}", action="hand_back", subject=str(conversation_id))
    await say(
        session, conversation, wording().say("utter_staff_leaves", conversation.language, staff=shown_as), now=now
    )
