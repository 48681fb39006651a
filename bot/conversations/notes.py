"""Internal notes: what staff writes for each other beside a conversation. No customer ever gets them."""

import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.conversations.models import Note
from bot.database import notify_changed
from bot.masking import mask


async def add_note(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    staff_id: uuid.UUID,
    text: str,
    *,
    username: str,
    now: datetime,
) -> Note:
    """Write a note beside the conversation, whoever holds it; sensitive numbers are masked before it is stored."""
    note = Note(conversation_id=conversation_id, staff_id=staff_id, text=mask(text).text, at=now)
    session.add(note)
    await session.flush()
    record(
        session,
        at=now,
        actor=f"staff:{username}",
        action="add_note",
        subject=str(conversation_id),
        note_id=note.id,
    )
    await notify_changed(session, conversation_id)
    return note
