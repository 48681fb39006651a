"""The way to Telegram's Bot API: the bot, opened and closed, and updates that cannot be read set aside."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from telegram import Bot, Update
from telegram.error import RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from bot.logs import logger
from bot.settings import Settings

# The library's opt-in to durations as `timedelta`: without it every "retry after" is an int with a deprecation warning.
os.environ.setdefault("PTB_TIMEDELTA", "1")

WANTED_UPDATES = ("message", "edited_message")
"""The kinds of updates we ask Telegram for."""

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
"""A message whose request is given up may have arrived all the same, and is then sent twice: rather wait."""

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0

log = logger(__name__)


@dataclass
class BackOff:
    """Growing pauses between tries to reach Telegram."""

    _next: float = field(default=FIRST_PAUSE_SECONDS, init=False)

    def pause(self, error: Exception) -> float:
        """Seconds to wait after this error: what Telegram asks for, or twice as long as the last time."""
        wait = self._next
        self._next = min(2 * wait, LONGEST_PAUSE_SECONDS)
        return max(wait, waiting_time(error).total_seconds()) if isinstance(error, RetryAfter) else wait

    def reset(self) -> None:
        """Telegram has answered."""
        self._next = FIRST_PAUSE_SECONDS


def waiting_time(error: RetryAfter) -> timedelta:
    """How long Telegram wants us to wait."""
    wait = error.retry_after
    return wait if isinstance(wait, timedelta) else timedelta(seconds=wait)


def readable_update(raw: dict[str, Any]) -> dict[str, Any]:
    """The update itself, or, if the library cannot read it, nothing but its id, so that it can be passed over.

    One update that cannot be read would otherwise take the whole batch with it, again and again.
    """
    try:
        Update.de_json(raw, None)
    except Exception as error:  # noqa: BLE001 - whatever the library stumbles over
        log.error("update_unreadable", update_id=raw["update_id"], error=type(error).__name__)
        return {"update_id": raw["update_id"]}
    return raw


class QuietRequest(HTTPXRequest):
    """The library's HTTP client, except that an answer it cannot parse is not written to the log."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The Bot API's answer.

        Raises:
            TelegramError: it is none, as when a proxy answers in Telegram's place.
        """
        try:
            answer = json.loads(payload)
        except ValueError as error:
            raise TelegramError("not JSON") from error
        if not isinstance(answer, dict):
            raise TelegramError("not an answer of the Bot API")
        return answer


class UpdatesRequest(QuietRequest):
    """The client that fetches updates: one that cannot be read does not keep the others away."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The Bot API's answer, every update in it readable.

        Raises:
            TelegramError: it is none, as when a proxy answers in Telegram's place.
        """
        answer = QuietRequest.parse_json_payload(payload)
        if isinstance(answer.get("result"), list):
            answer["result"] = [readable_update(raw) for raw in answer["result"]]
        return answer


def telegram_bot(settings: Settings) -> Bot:
    """The bank's bot, for a process that keeps it to its end.

    Asks Telegram nothing yet, so that a process starts also while Telegram is away.

    Raises:
        ValueError: there is no token in the settings.
    """
    bot, _clients = _bot_and_clients(settings)
    return bot


@asynccontextmanager
async def open_bot(settings: Settings) -> AsyncIterator[Bot]:
    """The bank's bot as `telegram_bot` gives it, its connections closed at the end.

    Raises:
        ValueError: there is no token in the settings.
    """
    bot, clients = _bot_and_clients(settings)
    try:
        yield bot
    finally:
        for client in clients:
            await client.shutdown()


def _bot_and_clients(settings: Settings) -> tuple[Bot, tuple[HTTPXRequest, ...]]:
    if settings.telegram_token is None:
        raise ValueError("no Telegram token: set TINGSU_TELEGRAM_TOKEN")
    api = settings.telegram_api_base.rstrip("/")
    requests = QuietRequest(read_timeout=READ_SECONDS, connect_timeout=CONNECT_SECONDS, pool_timeout=CONNECT_SECONDS)
    updates = UpdatesRequest(connection_pool_size=1, read_timeout=READ_SECONDS, connect_timeout=CONNECT_SECONDS)
    bot = Bot(
        settings.telegram_token.get_secret_value(),
        base_url=f"{api}/bot",
        base_file_url=f"{api}/file/bot",
        request=requests,
        get_updates_request=updates,
    )
    return bot, (requests, updates)
