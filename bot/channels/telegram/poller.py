"""Fetching updates by long polling, when Telegram cannot call us: one process fetches, the others stand by.

The library's own `Updater` confirms updates as soon as they are in a queue in memory; a crash would lose them. So we
ask for updates ourselves, and the request that confirms them goes out only after they have been committed. Until then
Telegram gives them again to whoever asks next, and the store recognises those it has.
"""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import psycopg
from telegram.error import InvalidToken, TelegramError

import bot.tables  # noqa: F401 - a process of its own: every table that another one refers to must be known
from bot.channels.telegram.bot_api import WANTED_UPDATES, BackOff, open_bot
from bot.channels.telegram.intake import Intake, StoreAway
from bot.clock import system_clock
from bot.conversations.inbound import Inbox
from bot.database import Database
from bot.embedded_postgres import running_url
from bot.logs import logger
from bot.settings import Settings, settings

POLLER_LOCK = 0x7165_5447
"""Key of the advisory lock that only the fetching process holds; any fixed number will do."""

STAND_BY_SECONDS = 1.0
LONG_POLL = timedelta(seconds=20)
log = logger(__name__)


async def poll(intake: Intake) -> None:
    """Fetch updates and take them in, until cancelled; Telegram or PostgreSQL being away is waited out."""
    back_off = BackOff()
    while True:
        try:
            async with the_only_poller(intake.inbox.database.url) as lock:
                await _fetch(intake, lock, back_off)
        except (TelegramError, StoreAway, psycopg.Error) as error:
            pause = back_off.pause(error)
            event = "telegram_refuses_token" if isinstance(error, InvalidToken) else "polling_interrupted"
            log.warning(event, error=type(error).__name__, again_in_seconds=pause)
            await asyncio.sleep(pause)


async def _fetch(intake: Intake, lock: psycopg.AsyncConnection[Any], back_off: BackOff) -> None:
    bot = intake.bot
    await bot.delete_webhook()  # a webhook that is left from before would keep all updates for itself
    log.info("polling")
    confirmed_before: int | None = None
    while True:
        updates = await bot.get_updates(offset=confirmed_before, timeout=LONG_POLL, allowed_updates=WANTED_UPDATES)
        back_off.reset()
        await lock.execute("SELECT 1")  # a connection that is lost is a lock that is lost
        await intake.take_all(updates)
        if updates:
            confirmed_before = updates[-1].update_id + 1


@asynccontextmanager
async def the_only_poller(url: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """Wait until no other process polls, and keep the others out for the length of the block.

    Yields:
        The connection that holds the lock. The lock ends with it, however this process ends.
    """
    connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
    async with connection:
        # So that the server notices within seconds when this whole machine vanishes.
        for option, seconds in (("idle", 5), ("interval", 2), ("count", 3)):
            await connection.execute(f"SET tcp_keepalives_{option} = {seconds}")
        while not await _try_lock(connection):  # noqa: ASYNC110 - the event is in another process
            await asyncio.sleep(STAND_BY_SECONDS)
        yield connection


async def _try_lock(connection: psycopg.AsyncConnection[Any]) -> bool:
    result = await connection.execute("SELECT pg_try_advisory_lock(%s)", [POLLER_LOCK])
    row = await result.fetchone()
    return row is not None and bool(row[0])


async def serve(database_url: str, chosen: Settings) -> None:
    """Poll with what the settings say, until cancelled."""
    database = Database(database_url)
    inbox = Inbox(
        database,
        system_clock,
        timedelta(seconds=chosen.quiet_window_seconds),
        timedelta(seconds=chosen.answer_within_seconds),
    )
    try:
        async with open_bot(chosen) as bot:
            await poll(Intake(bot, inbox, chosen.upload_limit_mib))
    finally:
        await database.close()


def run() -> None:
    """The process `telegram`: polls until it is told to stop.

    Raises:
        RuntimeError: no database runs.
    """
    chosen = settings()
    url = chosen.database_url or running_url(chosen.var_dir)
    if url is None:
        raise RuntimeError("no database: set DATABASE_URL, or start everything with `tingsu up`")
    asyncio.run(_until_told_to_stop(serve(url, chosen)))


async def _until_told_to_stop(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
