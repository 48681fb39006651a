"""A turn is heard by rasa once and kept whole, whatever happens around it."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

import bot.tables  # noqa: F401 - every table is known before the first query
from bot.clock import system_clock
from bot.conversations.inbound import find_or_start
from bot.conversations.models import Conversation
from bot.conversations.rasa_client import RasaClient, RasaUnavailable, Reply
from bot.database import Database
from bot.followups.results import tell_result
from bot.wording import wording
from tests.builders import a_complaint, until

STORY = "我的卡昨天被徐东大街支行门口的机器吞了"
ONE_DAY_IN_SECONDS = 24 * 3600


@pytest.fixture
async def conversation(dialogue_database: Database) -> str:
    """The id of a new conversation."""
    async with dialogue_database.transaction() as session:
        return str((await find_or_start(session, "webchat", uuid.uuid4().hex, now=datetime.now(UTC))).id)


@pytest.fixture
def turn_id() -> str:
    """The id of a turn; complaints are known by the turns they came from, so no two tests share one."""
    return str(uuid.uuid4())


@pytest.fixture
async def trackers(dialogue_database_url: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """A connection to rasa's tables."""
    connection = await psycopg.AsyncConnection.connect(dialogue_database_url, autocommit=True)
    async with connection:
        yield connection


async def say(rasa: RasaClient, conversation: str, text: str, turn_id: str = "", **how: Any) -> list[Reply]:
    turn_id = turn_id or str(uuid.uuid4())
    return await rasa.answer(conversation, turn_id, text, language="zh", today="2026-11-23", **how)


async def heard(trackers: psycopg.AsyncConnection, conversation: str) -> list[str]:
    """What rasa remembers that the customer said."""
    rows = await trackers.execute(
        "SELECT data::jsonb->>'text' FROM rasa.events WHERE sender_id = %s AND type_name = 'user' ORDER BY id",
        [conversation],
    )
    return [text for (text,) in await rows.fetchall()]


async def test_a_turn_sent_again_while_rasa_is_still_at_it_is_heard_once(
    rasa: RasaClient, conversation: str, turn_id: str, trackers: psycopg.AsyncConnection
) -> None:
    first, again = await asyncio.gather(
        say(rasa, conversation, STORY, turn_id), say(rasa, conversation, STORY, turn_id, is_again=True)
    )
    assert first == again
    assert await heard(trackers, conversation) == [STORY]


async def test_a_turn_sent_again_after_others_is_answered_with_its_own_words(
    rasa: RasaClient, conversation: str, turn_id: str, trackers: psycopg.AsyncConnection
) -> None:
    first = await say(rasa, conversation, "你好", turn_id, is_first=True)
    await say(rasa, conversation, STORY)
    assert await say(rasa, conversation, "你好", turn_id, is_again=True) == first
    assert await heard(trackers, conversation) == ["你好", STORY]


async def test_a_turn_sent_again_that_rasa_never_heard_is_answered(
    rasa: RasaClient, conversation: str, turn_id: str, trackers: psycopg.AsyncConnection
) -> None:
    assert await say(rasa, conversation, STORY, turn_id, is_again=True)
    assert await heard(trackers, conversation) == [STORY]


@asynccontextmanager
async def no_trackers(trackers: psycopg.AsyncConnection) -> AsyncIterator[None]:
    await trackers.execute("ALTER TABLE rasa.events RENAME TO events_away")
    try:
        yield
    finally:
        await trackers.execute("ALTER TABLE rasa.events_away RENAME TO events")


async def test_when_the_trackers_cannot_be_read_the_turn_fails_and_the_conversation_is_not_forgotten(
    rasa: RasaClient, conversation: str, turn_id: str, trackers: psycopg.AsyncConnection
) -> None:
    await say(rasa, conversation, STORY)
    async with no_trackers(trackers):
        with pytest.raises(RasaUnavailable):
            await say(rasa, conversation, "昨天下午", turn_id)
    assert await say(rasa, conversation, "昨天下午", turn_id, is_again=True)
    assert await heard(trackers, conversation) == [STORY, "昨天下午"]


async def test_a_turn_is_not_written_over_what_another_rasa_wrote_meanwhile(
    rasa: RasaClient,
    conversation: str,
    turn_id: str,
    trackers: psycopg.AsyncConnection,
    dialogue_database_url: str,
) -> None:
    await say(rasa, conversation, STORY)
    saving_waits = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    async with await psycopg.AsyncConnection.connect(dialogue_database_url) as other_rasa:
        await other_rasa.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [conversation])
        late = asyncio.create_task(say(rasa, conversation, "昨天下午", turn_id))

        async def is_saving() -> bool:
            return (await (await trackers.execute(saving_waits)).fetchone()) is not None

        await until(is_saving, seconds=30)
        await other_rasa.execute(
            "INSERT INTO rasa.events (sender_id, type_name, timestamp, data) VALUES (%s, 'slot', %s, %s)",
            [conversation, 4e9, json.dumps({"event": "slot", "name": "rating", "value": None})],
        )
    with pytest.raises(RasaUnavailable):
        await late
    assert await heard(trackers, conversation) == [STORY]
    assert await say(rasa, conversation, "昨天下午", turn_id, is_again=True)


async def test_an_answer_to_what_the_bank_asked_a_day_later_is_heard_as_one(
    rasa: RasaClient, conversation: str, trackers: psycopg.AsyncConnection, dialogue_database: Database
) -> None:
    await say(rasa, conversation, "你好", is_first=True)
    await trackers.execute(
        "UPDATE rasa.events SET timestamp = timestamp - %(day)s, data = (data::jsonb ||"
        " jsonb_build_object('timestamp', (data::jsonb->>'timestamp')::float - %(day)s))::text"
        " WHERE sender_id = %(id)s",
        {"day": ONE_DAY_IN_SECONDS, "id": conversation},
    )
    async with dialogue_database.transaction() as session:
        told_in = await session.get_one(Conversation, uuid.UUID(conversation))
        complaint = await a_complaint(session, told_in, clock=system_clock)
        await tell_result(session, complaint, "卡已取回。", actor="staff:li", now=system_clock())
    question = {"form": "rating_form", "slots": {"pending_number": complaint.number, "requested_slot": "rating"}}
    replies = await say(rasa, conversation, "嗯", asked=question)
    assert [reply.text for reply in replies] == [wording().say("utter_rating_not_understood", "zh").text]
