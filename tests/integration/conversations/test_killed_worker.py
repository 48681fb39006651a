"""A worker process that dies, or is stopped, in the middle of a turn: the customer is answered, and answered once."""

import asyncio
import signal
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import system_clock
from bot.conversations.inbound import Inbox
from bot.conversations.models import Author, Delivery
from bot.database import Database
from tests.builders import an_inbound, jobs, messages, texts, until
from tests.integration.conversations.scripted_rasa import Does, ScriptedRasa
from tests.integration.worker_process import worker_process

TAKEN_OVER_WITHIN = 10.0
"""Seconds from a new worker's start: five without a heartbeat, two until somebody looks, and some for a slow machine."""


@pytest.fixture
def now_inbox(database: Database) -> Inbox:
    """An inbox at the present time, which is the worker process's too."""
    return Inbox(database, system_clock, quiet_window=timedelta(seconds=0.2))


def a_worker(
    database: Database, rasa: ScriptedRasa, folder: Path
) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    """A worker process that asks this rasa."""
    return worker_process(database, folder, TINGSU_RASA_URL=rasa.url, TINGSU_RASA_TIMEOUT_SECONDS="60")


@pytest.mark.parametrize(
    ("does", "heard"), [(Does.HANGS, ["卡被吞了"] * 2), (Does.ANSWERS_TOO_LATE, ["卡被吞了"])], ids=["before", "after"]
)
async def test_a_worker_killed_before_or_after_rasa_has_answered_is_replaced_and_the_customer_answered_once(
    does: Does, heard: list[str], now_inbox: Inbox, database: Database, rasa: ScriptedRasa, tmp_path: Path
) -> None:
    rasa.script.append(does)
    async with a_worker(database, rasa, tmp_path) as worker:
        await now_inbox.receive(an_inbound("卡被吞了"))
        await asyncio.wait_for(rasa.reached.wait(), 30)
        worker.send_signal(signal.SIGKILL)
        await worker.wait()
    assert await texts(database) == []

    async with a_worker(database, rasa, tmp_path):
        await until(lambda: is_delivered(database), seconds=TAKEN_OVER_WITHIN)
        await now_inbox.receive(an_inbound("在司门口"))
        await until(lambda: is_delivered(database, count=2), seconds=TAKEN_OVER_WITHIN)
    assert rasa.texts == [*heard, "在司门口"]
    assert await texts(database) == ["听到：卡被吞了", "听到：在司门口"]
    logs = "".join(log.read_text("utf-8") for log in tmp_path.glob("worker-*.log"))
    assert "turn_answered" in logs
    assert "卡被吞了" not in logs, "what customers write is not logged"


async def test_a_worker_told_to_stop_hands_its_turn_on(
    now_inbox: Inbox, database: Database, rasa: ScriptedRasa, tmp_path: Path
) -> None:
    rasa.script.append(Does.HANGS)
    async with a_worker(database, rasa, tmp_path) as worker:
        await now_inbox.receive(an_inbound("卡被吞了"))
        await asyncio.wait_for(rasa.reached.wait(), 30)
        worker.send_signal(signal.SIGTERM)
        await asyncio.wait_for(worker.wait(), 20)
    assert [job["status"] for job in await jobs(database, "take_turn")] == ["todo"]

    async with a_worker(database, rasa, tmp_path):
        await until(lambda: is_delivered(database), seconds=TAKEN_OVER_WITHIN)
    assert await texts(database) == ["听到：卡被吞了"]


async def is_delivered(database: Database, *, count: int = 1) -> bool:
    answers = await messages(database, Author.BOT)
    return [answer.delivery for answer in answers] == [Delivery.DELIVERED] * count
