"""A page reads anew at once, rests after hard work, and never leaves a person waiting for a message."""

import asyncio
from typing import Any

import pytest

from bot.desk import live
from bot.desk.live import REST_TO_WORK, Refresher

WORK_SECONDS = 0.4


class Watch:
    """Time that passes only with work, and what was slept."""

    def __init__(self) -> None:
        self.now = 0.0
        self.rests: list[float] = []
        self.read: list[frozenset[str]] = []

    async def sleep(self, seconds: float) -> None:
        self.rests.append(seconds)

    async def work(self, noticed: frozenset[str]) -> None:
        self.now += WORK_SECONDS
        self.read.append(noticed)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(live.time, "monotonic", lambda: watch.now)
    monkeypatch.setattr(live.asyncio, "sleep", watch.sleep)
    return watch


async def rested(watch: Watch, **how: Any) -> list[float]:
    refresher = Refresher(watch.work, **how)
    for name in ("a", "b", "a"):
        refresher.notice(name)
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task is not asyncio.current_task()))
    assert watch.read == [frozenset({"a", "b"})]
    return watch.rests


async def test_a_refresher_rests_longer_the_harder_it_worked(watch: Watch) -> None:
    assert await rested(watch) == [pytest.approx(REST_TO_WORK * WORK_SECONDS)]


async def test_an_open_conversation_is_read_again_soon_however_slow_the_machine(watch: Watch) -> None:
    assert await rested(watch, longest_rest=0.3) == [0.3]
