"""How far the customer has read: only forwards, and only in their own conversation."""

import pytest

from bot.conversations.models import Conversation
from bot.conversations.outbound import say
from bot.conversations.reading import mark_read
from bot.database import Database
from bot.wording import Saying
from tests.builders import a_conversation
from tests.conftest import FakeClock


async def said(database: Database, conversation: Conversation, clock: FakeClock, *several: str) -> list[int]:
    async with database.transaction() as session:
        return [(await say(session, conversation, Saying(text), now=clock())).id for text in several]


async def read_up_to(database: Database, conversation: Conversation) -> int | None:
    async with database.transaction() as session:
        return (await session.get_one(Conversation, conversation.id)).read_by_customer_up_to


async def test_reading_goes_only_forwards(database: Database, clock: FakeClock) -> None:
    conversation = await a_conversation(database, clock)
    first, second = await said(database, conversation, clock, "一", "二")
    for up_to, then in ((first, first), (second, second), (first, second)):
        async with database.transaction() as session:
            await mark_read(session, conversation.id, up_to)
        assert await read_up_to(database, conversation) == then


@pytest.mark.parametrize("up_to", [2**63 - 1, None])
async def test_ids_of_others_count_for_nothing(database: Database, clock: FakeClock, up_to: int | None) -> None:
    mine = await a_conversation(database, clock)
    others = await a_conversation(database, clock, chat="chat-2")
    (last,) = await said(database, mine, clock, "一")
    (beyond,) = await said(database, others, clock, "二")
    async with database.transaction() as session:
        await mark_read(session, mine.id, up_to or beyond)
    assert await read_up_to(database, mine) == last
    assert await read_up_to(database, others) is None


async def test_a_conversation_in_which_nothing_was_said_is_not_read(database: Database, clock: FakeClock) -> None:
    conversation = await a_conversation(database, clock)
    async with database.transaction() as session:
        await mark_read(session, conversation.id, 1)
    assert await read_up_to(database, conversation) is None
