"""A desk's people and customers, the tests' own Telegram and mail server, and rooms furnished as a worker's are."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import HttpUrl, SecretStr

from bot.database import Database
from bot.settings import Settings
from bot.worker import Rooms, furnish
from tests.conftest import FakeClock
from tests.integration.alarms.mail_server import HOST, PASSWORD, USER, MailServer, mail_server
from tests.integration.desk.scene import Scene
from tests.integration.telegram.bot_api_server import TOKEN, BotApiServer, bot_api_server

GROUP = -100_700_800


@pytest.fixture
def scene(database: Database, clock: FakeClock) -> Scene:
    return Scene(database, clock)


@pytest.fixture
async def telegram(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BotApiServer]:
    """The tests' own Telegram."""
    monkeypatch.setenv("NO_PROXY", HOST)
    async with bot_api_server() as server:
        yield server


@pytest.fixture
async def mail(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[MailServer]:
    """The tests' own mail server, whose certificate this process trusts."""
    async with mail_server(tmp_path) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
        yield server


@pytest.fixture
def config(database_url: str, telegram: BotApiServer, mail: MailServer, tmp_path: Path) -> Settings:
    """Every way open: the next in line after two minutes, the last once more after five, twice."""
    return Settings(
        _env_file=None,
        DATABASE_URL=database_url,
        var_dir=tmp_path,
        telegram_token=SecretStr(TOKEN),
        telegram_api_base=telegram.url,
        smtp_host=HOST,
        smtp_port=mail.port,
        smtp_user=USER,
        smtp_password=SecretStr(PASSWORD),
        smtp_from="tingsu@bank.example",
        smtp_timeout_seconds=5,
        alarm_repeats=2,
        desk_address=HttpUrl("https://desk.bank.example"),
    )


@pytest.fixture
def rooms(config: Settings, database: Database, clock: FakeClock) -> Rooms:
    return furnish(config, database, clock)
