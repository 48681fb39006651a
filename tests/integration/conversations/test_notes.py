"""Internal notes beside a conversation."""

from sqlalchemy import select

from bot.audit import AuditRecord
from bot.conversations.models import Note
from bot.conversations.notes import add_note
from bot.database import Database
from tests.builders import a_conversation, a_member_of_staff, jobs, messages
from tests.conftest import FakeClock

CARD = "6222021234567890128"


async def test_a_note_is_masked_kept_and_never_delivered(database: Database, clock: FakeClock) -> None:
    conversation = await a_conversation(database, clock)
    li = await a_member_of_staff(database, clock, "li")
    async with database.transaction() as session:
        await add_note(session, conversation.id, li.id, f"卡号 {CARD}，@wang 请查", username="li", now=clock())
    async with database.transaction() as session:
        (note,) = await session.scalars(select(Note))
        (recorded,) = await session.scalars(select(AuditRecord).where(AuditRecord.action == "add_note"))
    assert CARD not in note.text and "@wang 请查" in note.text
    assert (note.staff_id, note.at) == (li.id, clock())
    assert (recorded.actor, recorded.detail) == ("staff:li", {"note_id": note.id})
    assert await messages(database) == []
    assert await jobs(database, "deliver") == []
