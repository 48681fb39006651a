"""Replies that have not gone out yet: kept beside the messages until they are sent, or withdrawn into notes.

They are no messages, so that nothing that shows or counts messages has to leave them out. When one is sent it becomes
a message with an id of that moment: a page that reads "all after the last one" does not miss it.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.complaints.checklist import Tick, tick_all
from bot.complaints.follow_ups import FollowUp, follow_all
from bot.conversations.models import Author, Conversation, HeldReply, Message, Note
from bot.conversations.outbound import say
from bot.database import notify_changed
from bot.jobs import Job, enqueue
from bot.wording import Saying


async def hold(session: AsyncSession, reply: HeldReply) -> HeldReply:
    """Keep a reply until its time has come."""
    session.add(reply)
    await session.flush()
    await schedule(session, reply)
    await notify_changed(session, reply.conversation_id)
    return reply


async def schedule(session: AsyncSession, reply: HeldReply) -> None:
    """Have the reply looked at when its time has come.

    Without the lock of deliveries: a job that waits for tomorrow would hold up whatever is to be delivered today.
    """
    await enqueue(
        session,
        Job.SEND_HELD,
        at=reply.send_at,
        conversation_id=str(reply.conversation_id),
        reply_id=reply.id,
    )


async def held_in(session: AsyncSession, conversation_id: uuid.UUID) -> Sequence[HeldReply]:
    """What has not gone out in a conversation, in the order in which it will."""
    found = await session.scalars(
        select(HeldReply).where(HeldReply.conversation_id == conversation_id).order_by(HeldReply.send_at, HeldReply.id)
    )
    return found.all()


async def send(session: AsyncSession, conversation: Conversation, reply: HeldReply, *, now: datetime) -> Message:
    """Say a held reply to the customer."""
    await session.delete(reply)
    await tick_all(session, map(Tick.restored, reply.ticks), now=now)
    await follow_all(session, map(FollowUp.restored, reply.follow_ups))
    return await say(session, conversation, Saying(reply.text), now=now, author=Author.STAFF, staff_id=reply.staff_id)


async def withdraw_all(session: AsyncSession, conversation_id: uuid.UUID, *, now: datetime) -> None:
    """Turn what has not gone out into notes, so that nothing is lost of what is not to be sent any more."""
    for reply in await held_in(session, conversation_id):
        await _note_instead(session, reply, now=now)


async def release_all(session: AsyncSession, conversation: Conversation, *, now: datetime) -> None:
    """See to what has not gone out when its writer leaves the conversation.

    What only waited for whether it would be undone goes out; what was for later becomes a note for whoever comes next.
    """
    for reply in await held_in(session, conversation.id):
        if not reply.is_for_later:
            await send(session, conversation, reply, now=now)
    await withdraw_all(session, conversation.id, now=now)


async def _note_instead(session: AsyncSession, reply: HeldReply, *, now: datetime) -> None:
    note = Note(
        conversation_id=reply.conversation_id,
        staff_id=reply.staff_id,
        text=reply.text,
        is_unsent_reply=True,
        at=now,
    )
    session.add(note)
    await session.delete(reply)
    await session.flush()
    record(
        session,
        at=now,
        actor="system",
        action="withdraw_reply",
        subject=str(reply.conversation_id),
        reply_id=reply.id,
        note_id=note.id,
    )
    await notify_changed(session, reply.conversation_id)
