"""Long polling: no update is lost, none is taken twice, and only one process asks."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from sqlalchemy import text
from telegram import Update

from bot.channels.telegram.intake import Intake, StoreAway
from bot.channels.telegram.poller import poll
from bot.channels.telegram.reading import words_of
from bot.conversations.inbound import find_or_start
from bot.database import Database
from bot.settings import ROOT, Settings
from tests.integration.telegram.bot_api_server import CUSTOMER, TOKEN, BotApiServer
from tests.integration.telegram.stored import texts, turns_enqueued, until


@asynccontextmanager
async def polling(intake: Intake) -> AsyncIterator[None]:
    task = asyncio.create_task(poll(intake))
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def stored(database: Database, *expected: str) -> Callable[[], Awaitable[bool]]:
    async def are_there() -> bool:
        return await texts(database) == [*expected]

    return are_there


async def test_what_customers_send_is_fetched_and_confirmed(
    intake: Intake, telegram: BotApiServer, database: Database
) -> None:
    before = await telegram.customer_sends(text="我发的时候没有人在")
    async with polling(intake):
        await until(stored(database, "我发的时候没有人在"))
        after = await telegram.customer_sends(text="现在有人了")
        await until(stored(database, "我发的时候没有人在", "现在有人了"))
        await until(lambda: telegram.is_confirmed(before) and telegram.is_confirmed(after))


async def test_an_update_is_confirmed_only_after_it_is_committed(
    intake: Intake, telegram: BotApiServer, database: Database
) -> None:
    update = await telegram.customer_sends(text="卡被吞了")

    async def someone_waits_for_a_lock() -> bool:
        async with database.transaction() as session:
            waiting = text("SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            return bool(await session.scalar(waiting))

    async with database.transaction() as holder:
        await find_or_start(holder, "telegram", str(CUSTOMER), now=intake.inbox.clock())
        async with polling(intake):
            await until(someone_waits_for_a_lock)
            assert not telegram.is_confirmed(update)
            await holder.commit()
            await until(lambda: telegram.is_confirmed(update))
            assert await texts(database) == ["卡被吞了"]


async def test_an_update_whose_taker_died_before_confirming_it_is_given_again_and_taken_once(
    intake: Intake, telegram: BotApiServer, database: Database
) -> None:
    update = await telegram.customer_sends(text="卡被吞了")
    await intake.take(Update.de_json(update, intake.bot))
    async with polling(intake):
        await until(lambda: telegram.is_confirmed(update))
    assert await texts(database) == ["卡被吞了"]
    assert await turns_enqueued(database) == 1


@pytest.mark.parametrize("status", [500, 0, 401])
async def test_polling_goes_on_when_telegram_comes_back(
    intake: Intake, telegram: BotApiServer, database: Database, status: int
) -> None:
    telegram.misbehave("getUpdates", status, times=2)
    await telegram.customer_sends(text="卡被吞了")
    async with polling(intake):
        await until(stored(database, "卡被吞了"))
    assert telegram.calls["getUpdates"] >= 3


async def test_polling_waits_for_as_long_as_telegram_asks(
    intake: Intake, telegram: BotApiServer, database: Database
) -> None:
    telegram.misbehave("getUpdates", 429, retry_after=2)
    await telegram.customer_sends(text="卡被吞了")
    started = asyncio.get_running_loop().time()
    async with polling(intake):
        await until(stored(database, "卡被吞了"))
    assert asyncio.get_running_loop().time() - started >= 2


async def test_a_webhook_that_is_left_from_before_is_removed(
    intake: Intake, telegram: BotApiServer, database: Database
) -> None:
    telegram.webhook = {"url": "https://old.example/telegram/webhook"}
    await telegram.customer_sends(text="卡被吞了")
    async with polling(intake):
        await until(stored(database, "卡被吞了"))


async def test_an_update_that_cannot_be_read_or_stored_does_not_block_the_others(
    intake: Intake,
    telegram: BotApiServer,
    database: Database,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    unreadable = telegram.update(message={"message_id": 7, "text": "没有日期的秘密"})
    not_even_a_message = telegram.update(message=["?"])
    unstorable = telegram.update(message=telegram.message(chat=10**150, text="号码太长的秘密"))
    good = telegram.update(message=telegram.message(text="卡被吞了"))
    await telegram.bring(unreadable, not_even_a_message, unstorable, good)
    async with polling(intake):
        await until(lambda: telegram.is_confirmed(good))
    assert await texts(database) == ["卡被吞了"]
    printed = capsys.readouterr()
    assert "秘密" not in caplog.text + printed.out + printed.err


async def test_a_message_that_cannot_be_taken_leaves_a_placeholder_that_somebody_asks_about(
    intake: Intake, telegram: BotApiServer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr("bot.channels.telegram.intake.checked", stumble)
    await telegram.customer_sends(document=telegram.keep_file(b"a strange file"))
    await telegram.customer_sends(text="卡被吞了")
    async with polling(intake):
        await until(stored(database, "[未能读取的消息]", "卡被吞了"))
    assert await turns_enqueued(database) == 2


async def test_an_edit_that_cannot_be_taken_leaves_a_placeholder_too(
    intake: Intake, telegram: BotApiServer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = await telegram.customer_sends(text="卡被吞了")
    async with polling(intake):
        await until(stored(database, "卡被吞了"))

        def stumble(*_: object) -> None:
            raise RecursionError

        monkeypatch.setattr("bot.channels.telegram.intake.words_of", stumble)
        await telegram.bring(telegram.update(edited_message={**update["message"], "text": "卡被吞了两次"}))
        await until(stored(database, "卡被吞了", "[未能读取的消息]"))


@asynccontextmanager
async def in_repair(database: Database, table: str) -> AsyncIterator[None]:
    async with database.transaction() as session:
        await session.execute(text(f"ALTER TABLE {table} RENAME TO {table}_in_repair"))
    try:
        yield
    finally:
        async with database.transaction() as session:
            await session.execute(text(f"ALTER TABLE {table}_in_repair RENAME TO {table}"))


async def test_nothing_is_lost_while_the_store_takes_nothing(
    intake: Intake, telegram: BotApiServer, database: Database
) -> None:
    async with polling(intake):
        async with in_repair(database, "messages"):
            update = await telegram.customer_sends(text="卡被吞了")
            await until(lambda: telegram.calls["getUpdates"] >= 3)
            assert not telegram.is_confirmed(update)
        await until(stored(database, "卡被吞了"))
        async with in_repair(database, "messages"):
            edit = telegram.update(edited_message={**update["message"], "text": "卡被吞了两次"})
            polls = telegram.calls["getUpdates"]
            await telegram.bring(edit)
            await until(lambda: telegram.calls["getUpdates"] >= polls + 2)
            assert not telegram.is_confirmed(edit)
        await until(stored(database, "卡被吞了两次"))


async def test_a_store_that_takes_nothing_is_not_mistaken_for_an_update_that_cannot_be_taken(
    intake: Intake, telegram: BotApiServer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []
    monkeypatch.setattr("bot.channels.telegram.intake.words_of", lambda *read: tries.append(read) or words_of(*read))
    update = Update.de_json(await telegram.customer_sends(text="卡被吞了"), intake.bot)
    async with in_repair(database, "messages"):
        with pytest.raises(StoreAway):
            await intake.take(update)
    assert len(tries) == 1
    await intake.take(update)
    assert await texts(database) == ["卡被吞了"]


async def test_only_one_of_several_pollers_asks_telegram(
    intake: Intake, telegram: BotApiServer, database: Database
) -> None:
    async with polling(intake), polling(intake), polling(intake):
        for number in range(5):
            update = await telegram.customer_sends(text=f"第{number}句")
            await until(lambda update=update: telegram.is_confirmed(update))  # type: ignore[misc]
    assert telegram.calls["deleteWebhook"] == 1
    assert await turns_enqueued(database) == 5


@asynccontextmanager
async def poller_process(database: Database, settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "telegram",
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": database.url,
            "TINGSU_TELEGRAM_TOKEN": TOKEN,
            "TINGSU_TELEGRAM_API_BASE": settings.telegram_api_base,
        },
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_when_the_polling_process_is_killed_another_takes_over_within_seconds(
    intake: Intake, telegram: BotApiServer, database: Database, settings: Settings
) -> None:
    async with poller_process(database, settings) as process:
        await telegram.customer_sends(text="第一句")
        await until(stored(database, "第一句"), seconds=30)
        async with polling(intake):
            process.send_signal(signal.SIGKILL)
            await telegram.customer_sends(text="第二句")
            await until(stored(database, "第一句", "第二句"), seconds=10)
    assert await turns_enqueued(database) == 2


async def test_the_polling_process_stops_when_it_is_told_to(
    telegram: BotApiServer, database: Database, settings: Settings
) -> None:
    async with poller_process(database, settings) as process:
        await until(lambda: telegram.calls["getUpdates"] > 0, seconds=30)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 10) == 0
