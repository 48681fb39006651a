"""What has changed, as it is committed: one listener for the whole desk, fanned out to every open page."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import psycopg
from nicegui import Client

from bot.database import Database
from bot.logs import logger

LISTEN_AGAIN_AFTER_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)

EVERYTHING = ""
"""Stands for every conversation: we were not listening for a while, and whatever changed then must be read again."""

Subscriber = Callable[[str], None]
log = logger(__name__)


class Feed:
    """Passes the notices of committed changes on, and listens again when PostgreSQL was away."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._subscribers: list[Subscriber] = []
        self.is_listening = False

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call the subscriber with a conversation's id, or `EVERYTHING`, after each change.

        Returns:
            What ends the subscription.
        """
        self._subscribers.append(subscriber)

        def unsubscribe() -> None:
            with suppress(ValueError):
                self._subscribers.remove(subscriber)

        return unsubscribe

    async def run(self) -> None:
        """Listen until cancelled."""
        failures_count = 0
        while True:
            try:
                async for conversation_id in self._database.listen():
                    self.is_listening = True
                    failures_count = 0
                    self._pass_on(conversation_id)
            except psycopg.Error as error:
                log.warning("listener_lost", reason=type(error).__name__)
            finally:
                self.is_listening = False
            pause = LISTEN_AGAIN_AFTER_SECONDS[min(failures_count, len(LISTEN_AGAIN_AFTER_SECONDS) - 1)]
            failures_count += 1
            await asyncio.sleep(pause)

    def _pass_on(self, conversation_id: str) -> None:
        for subscriber in list(self._subscribers):
            try:
                subscriber(conversation_id)
            except Exception:
                log.exception("subscriber_failed")


REFRESH_AGAIN_AFTER_SECONDS = 0.1
REST_TO_WORK = 5
"""A refresher rests so many times as long as it has worked."""


class Refresher:
    """Runs one refresh at a time for any number of notices, so that a burst of changes costs two reads, not hundreds.

    Args:
        refresh: reads anew; gets the ids noticed since the last time.
        rest: seconds between two refreshes, more when refreshing takes long, so that many pages never take all there
            is of the database. The first notice after a rest is answered at once.
        longest_rest: seconds, for what a person waits for before anything else.
    """

    def __init__(
        self,
        refresh: Callable[[frozenset[str]], Awaitable[None]],
        *,
        rest: float = REFRESH_AGAIN_AFTER_SECONDS,
        longest_rest: float = math.inf,
    ) -> None:
        self._refresh = refresh
        self._rest = rest
        self._longest_rest = longest_rest
        self._noticed: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def notice(self, conversation_id: str) -> None:
        """Something changed in this conversation."""
        self._noticed.add(conversation_id)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        while self._noticed:
            noticed, self._noticed = frozenset(self._noticed), set()
            started_at = time.monotonic()
            try:
                await self._refresh(noticed)
            except Exception:
                log.exception("refresh_failed")
            worked = time.monotonic() - started_at
            await asyncio.sleep(min(max(self._rest, REST_TO_WORK * worked), self._longest_rest))


class PageRefresher(Refresher):
    """Refreshes an open page. While it is left or cut off it reads nothing, and everything once it is back."""

    def __init__(self, client: Client, refresh: Callable[[frozenset[str]], Awaitable[None]], **rests: float) -> None:
        super().__init__(refresh, **rests)
        self._client = client
        self._has_missed = False
        client.on_connect(self._catch_up)

    def notice(self, conversation_id: str) -> None:
        """Something changed in this conversation."""
        if self._client.has_socket_connection:
            super().notice(conversation_id)
        else:
            self._has_missed = True

    def _catch_up(self) -> None:
        if self._has_missed:
            self._has_missed = False
            super().notice(EVERYTHING)
