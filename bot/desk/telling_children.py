"""A word from a parent case to all of its children: one internal note to each, and a notice to whoever has it."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.complaints.models import Complaint, NoticeKind
from bot.complaints.notices import notify
from bot.conversations.notes import add_note
from bot.desk.mentions import tell_of_note
from bot.desk.words import language_of, word
from bot.staff.models import StaffMember


async def tell_children(
    session: AsyncSession,
    parent: Complaint,
    children: Sequence[Complaint],
    text: str,
    *,
    by: StaffMember,
    now: datetime,
) -> None:
    """Write the same internal note beside every child, in one step.

    The children's handlers find it behind the bell; while nobody has a child, its unit does. It goes to children that
    the writer may not see, too: whoever put them under the parent could see both, and nothing comes back.

    Args:
        children: of the parent; those in one conversation share a note.
    """
    words = word("from_parent", language_of(by.language), number=parent.number, text=text)
    for conversation_id, told in _by_conversation(children).items():
        await add_note(session, conversation_id, by.id, words, username=by.username, now=now)
        for child in told:
            _tell_whoever_has(session, child, by=by, now=now)
            actor = f"staff:{by.username}"
            record(session, at=now, actor=actor, action="told_by_parent", subject=child.number, parent=parent.number)
        handlers = {child.handler_id for child in told if child.handler_id is not None}
        await tell_of_note(session, conversation_id, words, by=by, now=now, besides=handlers)
    record(
        session,
        at=now,
        actor=f"staff:{by.username}",
        action="tell_children",
        subject=parent.number,
        children=[child.number for child in children],
    )


def _tell_whoever_has(session: AsyncSession, child: Complaint, *, by: StaffMember, now: datetime) -> None:
    if child.handler_id is None:
        notify(session, child, NoticeKind.TOLD_BY_PARENT, now=now, unit_code=child.unit_code)
    elif child.handler_id != by.id:
        notify(session, child, NoticeKind.TOLD_BY_PARENT, now=now, staff_id=child.handler_id)


def _by_conversation(children: Sequence[Complaint]) -> dict[uuid.UUID, list[Complaint]]:
    grouped: defaultdict[uuid.UUID, list[Complaint]] = defaultdict(list)
    for child in children:
        grouped[child.conversation_id].append(child)
    return grouped
