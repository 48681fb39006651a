"""A person's replies that do not go out at once: for some seconds they can be undone, or they are for later."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.clock import Clock
from bot.complaints.checklist import Tick
from bot.complaints.follow_ups import FollowUp
from bot.conversations.handover import answerable, held_by, last_of_customer, locked
from bot.conversations.held import held_in, hold, schedule, send, withdraw_all
from bot.conversations.models import Conversation, HeldReply, Holder, Message
from bot.database import Database, notify_changed
from bot.jobs import Job, enqueue
from bot.masking import mask

REWRITE_WITHIN = timedelta(minutes=1)
"""Whoever takes a reply back has this time to write another, even if the customer's time for an answer is over."""

LATEST = timedelta(days=30)
"""A reply is for at most so much later."""


class NotHeldAnyMore(LookupError):
    """The reply has gone out already, or has been withdrawn."""


class NoSuchTime(ValueError):
    """A reply cannot be sent in the past, nor in a far future."""


async def reply_undoably(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    staff_id: uuid.UUID,
    text: str,
    *,
    undo_for: timedelta,
    now: datetime,
    seen: int | None = None,
    ticks: Sequence[Tick] = (),
    follow_ups: Sequence[FollowUp] = (),
) -> HeldReply:
    """Answer the customer after a moment in which the person can still undo it.

    Args:
        undo_for: how long the reply can be undone.
        seen: id of the customer's last message that the person saw; None answers whatever came meanwhile.
        ticks: the LEARN steps that it takes once it has gone out.
        follow_ups: what is done with the case then.

    Raises:
        HeldBySomeoneElse: the person does not hold the conversation.
        CustomerWroteMeanwhile: there is a newer message than the one seen.
    """
    await answerable(session, conversation_id, staff_id, seen=seen)
    reply = HeldReply(
        text=text,
        send_at=now + undo_for,
        is_for_later=False,
        ticks=[tick.stored() for tick in ticks],
        follow_ups=[one.stored() for one in follow_ups],
    )
    return await _hold(session, conversation_id, staff_id, reply, now=now)


async def reply_later(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    staff_id: uuid.UUID,
    text: str,
    *,
    send_at: datetime,
    username: str,
    now: datetime,
    seen: int | None = None,
    ticks: Sequence[Tick] = (),
    follow_ups: Sequence[FollowUp] = (),
) -> HeldReply:
    """Answer the customer at a chosen time, unless the customer writes again before.

    Raises:
        NoSuchTime: the time is over, or more than `LATEST` away.
        HeldBySomeoneElse: the person does not hold the conversation.
        CustomerWroteMeanwhile: there is a newer message than the one seen.
    """
    if not now < send_at <= now + LATEST:
        raise NoSuchTime(send_at.isoformat())
    await answerable(session, conversation_id, staff_id, seen=seen)
    reply = HeldReply(
        text=text,
        send_at=send_at,
        is_for_later=True,
        ticks=[tick.stored() for tick in ticks],
        follow_ups=[one.stored() for one in follow_ups],
    )
    await _hold(session, conversation_id, staff_id, reply, now=now)
    _record(session, "schedule_reply", reply, username, now)
    return reply


async def _hold(
    session: AsyncSession, conversation_id: uuid.UUID, staff_id: uuid.UUID, reply: HeldReply, *, now: datetime
) -> HeldReply:
    """Keep a reply of this person, masked, until its time has come."""
    reply.conversation_id, reply.staff_id, reply.written_at = conversation_id, staff_id, now
    reply.text = mask(reply.text).text
    reply.answers_up_to = await last_of_customer(session, conversation_id)
    return await hold(session, reply)


async def send_now(
    session: AsyncSession, conversation_id: uuid.UUID, staff_id: uuid.UUID, reply_id: int, *, now: datetime
) -> Message:
    """Send a held reply without waiting, also one that the customer has crossed: the person has seen what came.

    Raises:
        HeldBySomeoneElse: the person does not hold the conversation.
        NotHeldAnyMore: it has gone out already, or has been withdrawn.
    """
    conversation, reply = await _own(session, conversation_id, staff_id, reply_id)
    return await send(session, conversation, reply, now=now)


async def change(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    staff_id: uuid.UUID,
    reply_id: int,
    text: str,
    *,
    username: str,
    now: datetime,
) -> None:
    """Give a held reply another text; it goes out at its time.

    Raises:
        HeldBySomeoneElse: the person does not hold the conversation.
        NotHeldAnyMore: it has gone out already, or has been withdrawn.
    """
    _, reply = await _own(session, conversation_id, staff_id, reply_id)
    reply.text = mask(text).text
    _record(session, "change_reply", reply, username, now)
    await notify_changed(session, conversation_id)


async def take_back(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    staff_id: uuid.UUID,
    reply_id: int,
    *,
    username: str,
    now: datetime,
) -> HeldReply:
    """Undo a held reply. It answers the customer no longer, so whether somebody does is looked at again.

    Returns:
        The reply as it was, for the composer.

    Raises:
        HeldBySomeoneElse: the person does not hold the conversation.
        NotHeldAnyMore: it has gone out already, or has been withdrawn.
    """
    _, reply = await _own(session, conversation_id, staff_id, reply_id)
    await session.delete(reply)
    _record(session, "take_back_reply", reply, username, now)
    if reply.answers_up_to:
        await enqueue(
            session,
            Job.RETURN_UNANSWERED,
            at=now + REWRITE_WITHIN,
            conversation_id=str(conversation_id),
            message_id=reply.answers_up_to,
        )
    await notify_changed(session, conversation_id)
    return reply


async def _own(
    session: AsyncSession, conversation_id: uuid.UUID, staff_id: uuid.UUID, reply_id: int
) -> tuple[Conversation, HeldReply]:
    """The conversation, locked, and the person's own reply in it."""
    conversation = await held_by(session, conversation_id, staff_id)
    reply = await session.get(HeldReply, reply_id, populate_existing=True)
    if reply is None or (reply.conversation_id, reply.staff_id) != (conversation_id, staff_id):
        raise NotHeldAnyMore(str(reply_id))
    return conversation, reply


def _record(session: AsyncSession, action: str, reply: HeldReply, username: str, now: datetime) -> None:
    record(
        session,
        at=now,
        actor=f"staff:{username}",
        action=action,
        subject=str(reply.conversation_id),
        reply_id=reply.id,
    )


@dataclass(frozen=True)
class HeldReplies:
    """Sends held replies when their time has come."""

    database: Database
    clock: Clock

    async def send_due(self, conversation_id: uuid.UUID, reply_id: int) -> None:
        """Send what is due in the conversation, in order; nothing happens a second time.

        Args:
            reply_id: the reply for whose time this is; if it is gone, whoever took it away has seen to the rest.
        """
        now = self.clock()
        async with self.database.transaction() as session:
            conversation = await locked(session, conversation_id)
            reply = await session.get(HeldReply, reply_id)
            if reply is None:
                return
            if reply.send_at > now:  # the clocks of two machines differ a little
                await schedule(session, reply)
                return
            if conversation.holder is not Holder.STAFF or conversation.held_by != reply.staff_id:
                await withdraw_all(session, conversation_id, now=now)
                return
            await self._send_all(session, conversation, now)

    async def _send_all(self, session: AsyncSession, conversation: Conversation, now: datetime) -> None:
        last = await last_of_customer(session, conversation.id)
        for reply in await held_in(session, conversation.id):
            if reply.send_at <= now and not is_crossed(reply, last):
                await send(session, conversation, reply, now=now)
        await notify_changed(session, conversation.id)


def is_crossed(reply: HeldReply, last_of_customer: int) -> bool:
    """Whether a reply for later waits for the person to confirm it: the customer has written since."""
    return reply.is_for_later and last_of_customer > reply.answers_up_to
