"""A case and its people."""

import pytest

from bot.conversations.models import Conversation
from bot.database import Database
from tests.builders import a_conversation
from tests.conftest import FakeClock
from tests.integration.complaints.people import People, everybody


@pytest.fixture
async def conversation(database: Database, clock: FakeClock) -> Conversation:
    """The customer's chat."""
    return await a_conversation(database, clock)


@pytest.fixture
async def people(database: Database, clock: FakeClock) -> People:
    """Everybody who has to do with a complaint about one outlet."""
    return await everybody(database, clock)
