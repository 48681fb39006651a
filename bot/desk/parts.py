"""What one running desk consists of, put together once and handed to its pages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from bot.clock import Clock
from bot.conversations.presence import Presences
from bot.database import Database
from bot.desk.gate import Gate
from bot.desk.live import Feed


@dataclass(frozen=True)
class Desk:
    """A desk process's parts."""

    database: Database
    clock: Clock
    gate: Gate
    feed: Feed
    presences: Presences
    undo_for: timedelta
    """How long a reply can be undone."""

    @classmethod
    def on(
        cls, database: Database, clock: Clock, *, port: int, secure_cookies: bool, undo_for: timedelta = timedelta(0)
    ) -> "Desk":
        """A desk on this database."""
        return cls(
            database, clock, Gate(database, clock, port, secure_cookies), Feed(database), Presences(database), undo_for
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listen for changes, and for who is where, while the block runs."""
        listening = [asyncio.create_task(work()) for work in (self.feed.run, self.presences.run)]
        try:
            yield
        finally:
            for task in listening:
                task.cancel()
            await asyncio.gather(*listening, return_exceptions=True)
            await self.database.close()
