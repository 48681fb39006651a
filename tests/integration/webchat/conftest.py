"""A real gateway on a real PostgreSQL for each test."""

from collections.abc import AsyncIterator

import pytest

from bot.clock import Clock
from bot.database import Database
from tests.integration.webchat.served import Served, serving


@pytest.fixture
async def gateway(database: Database, clock: Clock) -> AsyncIterator[Served]:
    """A gateway with the default settings."""
    async with serving(database, clock) as served:
        yield served
