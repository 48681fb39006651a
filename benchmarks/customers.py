"""Customers who play the conversations of `tests/dialogue/transcripts` through a rasa channel, one or many at once."""

import asyncio
import statistics
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle, islice

import httpx

import bot.tables  # noqa: F401 - every table is known before the first query
from benchmarks.serving import Rasa
from bot.conversations.inbound import find_or_start
from bot.conversations.language import detect_language
from bot.database import Database
from bot.settings import ROOT
from tests.dialogue.transcript import Transcript, read_transcripts

TODAY = "2026-11-23"
TRANSCRIPTS = ROOT / "tests" / "dialogue" / "transcripts"
ONE_TURN_WITHIN_SECONDS = 120


@dataclass
class Heard:
    """What customers went through.

    Attributes:
        waits: seconds from a message to its answer, one a turn.
        unanswered: turns that failed or were answered with nothing.
        bubbles: bubbles of all answers.
        seconds: from the first message to the last answer.
    """

    waits: list[float] = field(default_factory=list)
    unanswered: int = 0
    bubbles: int = 0
    seconds: float = 0.0

    @property
    def p50_ms(self) -> float:
        """Half of the turns were answered within so many milliseconds."""
        return statistics.median(self.waits) * 1000

    @property
    def p95_ms(self) -> float:
        """Nineteen of twenty turns were answered within so many milliseconds."""
        return statistics.quantiles(self.waits, n=20)[-1] * 1000

    @property
    def turns_a_second(self) -> float:
        """Answers a second, all customers together."""
        return len(self.waits) / self.seconds


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Database]:
    """The database at this address, until the block is left."""
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()


async def play(rasa: Rasa, database: Database, *, customers: int, conversations: int) -> Heard:
    """Let customers talk until all conversations are over.

    Args:
        rasa: to whom they talk.
        database: where the conversations must be known before the action server hears of them.
        customers: how many talk at once, each one conversation after the other.
        conversations: how many in all, the transcripts in their order, again and again.
    """
    transcripts = islice(cycle(read_transcripts(TRANSCRIPTS)), conversations)
    to_play = iter([(await _new_conversation(database), transcript) for transcript in transcripts])
    heard = Heard()
    started_at = time.monotonic()
    async with httpx.AsyncClient(
        params={"token": rasa.token}, timeout=ONE_TURN_WITHIN_SECONDS, trust_env=False
    ) as http:
        await asyncio.gather(*(_customer(http, rasa.webhook, to_play, heard) for _ in range(customers)))
    heard.seconds = time.monotonic() - started_at
    return heard


async def _new_conversation(database: Database) -> str:
    async with database.transaction() as session:
        return str((await find_or_start(session, "webchat", uuid.uuid4().hex, now=datetime.now(UTC))).id)


async def _customer(
    http: httpx.AsyncClient, webhook: str, to_play: Iterator[tuple[str, Transcript]], heard: Heard
) -> None:
    for conversation, transcript in to_play:
        language = "zh"
        for number, exchange in enumerate(transcript.exchanges):
            language = detect_language(exchange.customer) or language
            metadata = {
                "turn_id": str(uuid.uuid4()), "language": language, "today": TODAY, "is_first": number == 0
            }  # fmt: skip
            body = {"sender": conversation, "message": exchange.customer, "metadata": metadata}
            asked_at = time.monotonic()
            response = await http.post(webhook, json=body)
            heard.waits.append(time.monotonic() - asked_at)
            bubbles = response.json() if response.status_code == httpx.codes.OK else []
            heard.bubbles += len(bubbles)
            heard.unanswered += not bubbles
