"""Live updates: one LISTEN in each gateway process, fanned out to whoever waits for a conversation."""

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from bot.database import Database
from bot.logs import logger

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
log = logger(__name__)


class LiveUpdates:
    """Wakes those who wait for a conversation when something in it has changed.

    A wake-up carries no message: whoever is woken reads the store after the last message it knows. So nothing is lost
    while PostgreSQL is away; when it is back, everybody is woken once.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[str, set[asyncio.Event]] = {}

    async def run(self) -> None:
        """Listen until cancelled, again and again when PostgreSQL goes away."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                async for conversation_id in self._database.listen():
                    pause = FIRST_PAUSE_SECONDS
                    if conversation_id:
                        self._wake(conversation_id)
                    else:
                        self.wake_all()
            except (psycopg.Error, OSError) as error:
                log.warning("live_updates_interrupted", error=type(error).__name__, again_in_seconds=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    @contextmanager
    def subscription(self, conversation_id: uuid.UUID) -> Iterator[asyncio.Event]:
        """An event that is set whenever the conversation may have changed; whoever waits clears it before reading."""
        key, changed = str(conversation_id), asyncio.Event()
        self._waiting.setdefault(key, set()).add(changed)
        try:
            yield changed
        finally:
            self._waiting[key].discard(changed)
            if not self._waiting[key]:
                del self._waiting[key]

    def wake_all(self) -> None:
        """Let everybody read again: anything may have been missed, or the process is about to stop."""
        for key in list(self._waiting):
            self._wake(key)

    def wake(self, conversation_id: uuid.UUID) -> None:
        """Let those who wait for this conversation read again."""
        self._wake(str(conversation_id))

    def count(self, conversation_id: uuid.UUID) -> int:
        """How many wait for this conversation."""
        return len(self._waiting.get(str(conversation_id), ()))

    def _wake(self, conversation_id: str) -> None:
        for changed in self._waiting.get(conversation_id, ()):
            changed.set()
