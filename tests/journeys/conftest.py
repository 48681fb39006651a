"""Journeys run on real processes: one copy of Tingsu as it is out of the box, and a neighbour with Telegram."""

import asyncio
import json
import re
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.telegram.bot_api_server import TOKEN, BotApiServer, bot_api_server
from tests.stack import ANSWERED_WITHIN_SECONDS, Json, Stack, a_stack, wait_for
from tests.stack import stack as stack

FOLLOW_UP_AFTER_SECONDS = 12
CASE_NUMBER = re.compile(r"TS-[\d-]+\d")


@dataclass(frozen=True)
class TelegramChat:
    """The tests' own Telegram, in a thread of its own, and one customer there."""

    server: BotApiServer
    loop: asyncio.AbstractEventLoop

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do something in the server's thread."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(ANSWERED_WITHIN_SECONDS)

    def says(self, text: str) -> list[Json]:
        """The customer writes, and the bot's answer as Telegram got it."""
        before = len(self.server.sent)
        self.run(self.server.customer_sends(text=text))
        wait_for(lambda: len(self.server.sent) > before, ANSWERED_WITHIN_SECONDS, "an answer in Telegram")
        wait_for(lambda: self._is_quiet(), ANSWERED_WITHIN_SECONDS, "the end of the answer in Telegram", every=1.0)
        return self.server.sent[before:]

    def _is_quiet(self) -> bool:
        """Whether nothing has come for a second; an answer of several bubbles comes one by one."""
        before = len(self.server.sent)
        wait_until = self.loop.time() + 1.0
        wait_for(lambda: self.loop.time() > wait_until, 5, "a second")
        return len(self.server.sent) == before


def first_quick_reply(messages: list[Json]) -> str | None:
    """The first button under the last message that has any."""
    for message in reversed(messages):
        markup = message.get("reply_markup") or {}
        markup = json.loads(markup) if isinstance(markup, str) else markup
        for row in markup.get("keyboard") or markup.get("inline_keyboard") or []:
            button = row[0]
            return str(button if isinstance(button, str) else button["text"])
    return None


@pytest.fixture(scope="session")
def telegram() -> Iterator[TelegramChat]:
    """A small Telegram that serves until the end of the run."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    context = bot_api_server()
    server = asyncio.run_coroutine_threadsafe(context.__aenter__(), loop).result()
    try:
        yield TelegramChat(server, loop)
    finally:
        asyncio.run_coroutine_threadsafe(context.__aexit__(None, None, None), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(scope="session")
def second_copy(telegram: TelegramChat) -> Iterator[Stack]:
    """Behind `neighbour`."""
    with a_stack(
        TINGSU_TELEGRAM_TOKEN=TOKEN,
        TINGSU_TELEGRAM_API_BASE=telegram.server.url,
        TINGSU_FOLLOW_UP_AFTER_HOURS=str(FOLLOW_UP_AFTER_SECONDS / 3600),
        NO_PROXY="127.0.0.1",
    ) as copy:
        yield copy


@pytest.fixture
def neighbour(second_copy: Stack) -> Stack:
    """A second copy of Tingsu on this machine, at the same time: with Telegram, and early follow-ups."""
    if not second_copy.is_running:
        second_copy.start()
    return second_copy
