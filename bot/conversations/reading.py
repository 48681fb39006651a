"""How far the customer has read, where a channel can tell."""

import uuid

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversations.models import Conversation, Message
from bot.database import notify_changed


async def mark_read(session: AsyncSession, conversation_id: uuid.UUID, up_to: int) -> None:
    """Note that the customer has had the messages up to this one before their eyes. It never goes back.

    Args:
        up_to: what the channel says; what lies beyond the conversation's own last message counts as that one.
    """
    last = await session.scalar(
        select(func.max(Message.id)).where(Message.conversation_id == conversation_id, Message.id <= up_to)
    )
    if last is None:
        return
    moved = await session.execute(
        update(Conversation)
        .where(
            Conversation.id == conversation_id,
            or_(Conversation.read_by_customer_up_to.is_(None), Conversation.read_by_customer_up_to < last),
        )
        .values(read_by_customer_up_to=last)
        .returning(Conversation.id)
    )
    if moved.first() is not None:
        await notify_changed(session, conversation_id)
