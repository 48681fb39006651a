"""Turns with a scripted rasa."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.conversations.inbound import Inbox
from bot.conversations.rasa_client import RasaClient
from bot.conversations.turns import Turns
from bot.database import Database
from tests.conftest import FakeClock
from tests.integration.conversations.scripted_rasa import ScriptedRasa, scripted_rasa


@pytest.fixture
async def rasa() -> AsyncIterator[ScriptedRasa]:
    """The tests' own rasa."""
    async with scripted_rasa() as served:
        yield served


@pytest.fixture
async def rasa_client(rasa: ScriptedRasa) -> AsyncIterator[RasaClient]:
    """The worker's way to it."""
    client = RasaClient(rasa.url, "the tests' token", timeout=10)
    yield client
    await client.close()


@pytest.fixture
def inbox(database: Database, clock: FakeClock) -> Inbox:
    """Takes messages in; a turn is taken a second after the last one."""
    return Inbox(database, clock, quiet_window=timedelta(seconds=1))


@pytest.fixture
def turns(database: Database, rasa_client: RasaClient, clock: FakeClock) -> Turns:
    """Takes turns at the test's own time."""
    return Turns(
        database=database,
        rasa=rasa_client,
        clock=clock,
        quiet_window=timedelta(seconds=1),
        longest_wait=timedelta(seconds=6),
        patience=timedelta(seconds=5),
    )
