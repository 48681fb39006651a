"""Every conversation in `transcripts/` goes as it is written down there."""

import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

import bot.tables  # noqa: F401 - every table is known before the first query
from bot.complaints.casework import complaints_of
from bot.conversations.inbound import find_or_start
from bot.conversations.language import detect_language
from bot.conversations.models import Conversation
from bot.conversations.rasa_client import RasaClient
from bot.database import Database
from tests.dialogue.transcript import Exchange, Transcript, read_transcripts

TRANSCRIPTS = read_transcripts(Path(__file__).parent / "transcripts")
TODAY = "2026-11-23"


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda transcript: transcript.title)
async def test_conversation(transcript: Transcript, rasa: RasaClient, dialogue_database: Database) -> None:
    now = datetime.now(UTC)
    async with dialogue_database.transaction() as session:
        conversation = await find_or_start(session, "webchat", uuid.uuid4().hex, now=now)
    language = "zh"
    told: list[str] = []
    for number, exchange in enumerate(transcript.exchanges):
        language = detect_language(exchange.customer) or language
        replies = await rasa.answer(
            str(conversation.id),
            str(uuid.uuid4()),
            exchange.customer,
            language=language,
            today=TODAY,
            is_first=number == 0,
        )
        told += [f"C: {exchange.customer}", *(f"B: {reply.text}" for reply in replies)]
        so_far = "\n".join(told)
        _check_words(exchange, [reply.text for reply in replies], so_far)
        await _check_store(exchange, dialogue_database, conversation.id, so_far)


def _check_words(exchange: Exchange, bubbles: list[str], so_far: str) -> None:
    assert bubbles, f"nothing was answered\n{so_far}"
    for words in exchange.said:
        assert any(words in bubble for bubble in bubbles), f"«{words}» was not said\n{so_far}"
    for words in exchange.not_said:
        assert not any(words in bubble for bubble in bubbles), f"«{words}» was said\n{so_far}"


async def _check_store(exchange: Exchange, database: Database, conversation_id: uuid.UUID, so_far: str) -> None:
    async with database.transaction() as session:
        conversation = await session.get_one(Conversation, conversation_id)
        complaints = list(await complaints_of(session, conversation_id))
    if exchange.tier is not None:
        assert complaints, f"no complaint was opened\n{so_far}"
        reasons = complaints[0].tier_decisions[-1].reasons
        assert complaints[0].tier == exchange.tier, f"{complaints[0].tier}, because {reasons}\n{so_far}"
    if exchange.queue is not None:
        assert (conversation.handover_reason or "no") == exchange.queue, so_far
    if exchange.complaints is not None:
        assert len(complaints) == exchange.complaints, so_far
