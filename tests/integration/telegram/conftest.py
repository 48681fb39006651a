"""A bot of the real library that talks with the tests' own Telegram."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from telegram import Bot

from bot.channels.telegram.bot_api import open_bot
from bot.channels.telegram.intake import Intake
from bot.conversations.inbound import Inbox
from bot.database import Database
from bot.settings import Settings
from tests.conftest import FakeClock
from tests.integration.telegram.bot_api_server import TOKEN, BotApiServer, bot_api_server


@pytest.fixture
async def telegram(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BotApiServer]:
    """The tests' own Telegram."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with bot_api_server() as server:
        yield server


@pytest.fixture
def settings(telegram: BotApiServer, tmp_path: Path) -> Settings:
    return Settings(
        telegram_token=SecretStr(TOKEN),
        telegram_api_base=telegram.url,
        var_dir=tmp_path,
        secret_key=SecretStr("the tests' signing key"),
    )


@pytest.fixture
async def bot(settings: Settings) -> AsyncIterator[Bot]:
    async with open_bot(settings) as opened:
        yield opened


@pytest.fixture
def intake(bot: Bot, database: Database, clock: FakeClock) -> Intake:
    """Takes updates in, without pauses between its tries; files up to 1 MiB."""
    return Intake(bot, Inbox(database, clock, timedelta(seconds=1)), upload_limit_mib=1, pauses=(0.0, 0.0))
