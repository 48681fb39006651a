"""What is half written to a customer: kept for its writer, and for whoever is with the customer next.

Only whoever holds the conversation writes. What somebody else had begun is never written over: it is taken up, or
becomes a note.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, or_
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.clock import Clock
from bot.complaints.lifecycle import SETTLED
from bot.complaints.models import Complaint
from bot.conversations.handover import held_by
from bot.conversations.models import Conversation, Holder, Note, ReplyDraft
from bot.conversations.presence import Doing, Sign, give_sign
from bot.database import Database, notify_changed
from bot.masking import mask

LIVES_FOR = timedelta(days=14)
"""Counted from the last change. Whoever wants to keep a thought for longer writes a note."""


class WrittenElsewhere(Exception):
    """The draft was changed, sent or emptied on another page meanwhile."""


class NoSuchDraft(LookupError):
    """There is no such draft any more."""


async def draft_in(session: AsyncSession, conversation_id: uuid.UUID) -> ReplyDraft | None:
    """The conversation's draft as it is now."""
    return await session.get(ReplyDraft, conversation_id, populate_existing=True)


async def keep_draft(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    staff_id: uuid.UUID,
    text: str,
    *,
    based_on: uuid.UUID | None,
    now: datetime,
) -> ReplyDraft | None:
    """Keep what the holder of the conversation has written so far; an empty text lets the draft go.

    Args:
        based_on: the edition of the person's own draft that their page last knew; None if there was none.

    Returns:
        The draft as kept, masked; None if there is none now.

    Raises:
        HeldBySomeoneElse: the person does not hold the conversation.
        WrittenElsewhere: the person has changed it on another page since.
    """
    await held_by(session, conversation_id, staff_id)
    kept = mask(text).text
    found = await draft_in(session, conversation_id)
    own = found if found is not None and found.staff_id == staff_id else None
    if own is not None and own.text == kept:
        return own  # the page has not heard that it was kept
    if based_on != (own.edition if own else None):
        raise WrittenElsewhere(str(conversation_id))
    if not kept:
        if own is not None:
            await session.delete(own)
            await _tell(session, own)
        return None
    if found is not None and own is None:
        await _note_instead(session, found, now=now)
    draft = own or ReplyDraft(conversation_id=conversation_id, staff_id=staff_id)
    draft.text, draft.edition, draft.written_at = kept, uuid.uuid4(), now
    session.add(draft)
    await _tell(session, draft)
    return draft


async def take_up(
    session: AsyncSession, conversation_id: uuid.UUID, staff_id: uuid.UUID, *, username: str, now: datetime
) -> ReplyDraft:
    """Whoever holds the conversation goes on with what somebody else had begun.

    Raises:
        HeldBySomeoneElse: the person does not hold the conversation.
        NoSuchDraft: there is none any more, or it is the person's own.
    """
    await held_by(session, conversation_id, staff_id)
    draft = await draft_in(session, conversation_id)
    if draft is None or draft.staff_id == staff_id:
        raise NoSuchDraft(str(conversation_id))
    record(
        session,
        at=now,
        actor=f"staff:{username}",
        action="take_up_draft",
        subject=str(conversation_id),
        written_by=str(draft.staff_id),
    )
    draft.staff_id, draft.edition, draft.written_at = staff_id, uuid.uuid4(), now
    await _tell(session, draft)
    return draft


async def let_go(session: AsyncSession, conversation_id: uuid.UUID, staff_id: uuid.UUID, *, now: datetime) -> None:
    """The holder has answered: their draft is done with, and what somebody else had begun becomes a note."""
    draft = await draft_in(session, conversation_id)
    if draft is None:
        return
    if draft.staff_id != staff_id:
        await _note_instead(session, draft, now=now)
        return
    await session.delete(draft)
    await _tell(session, draft)


async def _note_instead(session: AsyncSession, draft: ReplyDraft, *, now: datetime) -> None:
    note = Note(
        conversation_id=draft.conversation_id,
        staff_id=draft.staff_id,
        text=draft.text,
        is_unsent_reply=True,
        at=now,
    )
    session.add(note)
    await session.delete(draft)
    await session.flush()  # the next draft of the conversation has the same key
    record(
        session, at=now, actor="system", action="withdraw_draft", subject=str(draft.conversation_id), note_id=note.id
    )
    await _tell(session, draft)
    await notify_changed(session, draft.conversation_id)


async def _tell(session: AsyncSession, draft: ReplyDraft) -> None:
    """Tell pages of staff only: the customer's and the queue's have nothing to read anew at each word."""
    await give_sign(session, Sign(conversation_id=draft.conversation_id, doing=Doing.DRAFTING))


@dataclass(frozen=True)
class DraftSweeper:
    """Takes away drafts that nobody will send."""

    database: Database
    clock: Clock

    async def sweep(self) -> None:
        """Delete what nobody has changed for `LIVES_FOR`, and what is left when everything is settled.

        While a person is with the customer, a draft stays although everything is settled: it may be a goodbye.
        """
        of_draft = Complaint.conversation_id == ReplyDraft.conversation_id
        is_settled = exists().where(of_draft) & ~exists().where(of_draft, Complaint.state.not_in(SETTLED))
        is_held = exists().where(Conversation.id == ReplyDraft.conversation_id, Conversation.holder == Holder.STAFF)
        is_old = ReplyDraft.written_at < self.clock() - LIVES_FOR
        swept = delete(ReplyDraft).where(or_(is_old, is_settled & ~is_held)).returning(ReplyDraft.conversation_id)
        async with self.database.transaction() as session:
            for conversation_id in (await session.scalars(swept)).all():
                await give_sign(session, Sign(conversation_id=conversation_id, doing=Doing.DRAFTING))
