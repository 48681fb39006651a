"""Integration tests run on a real PostgreSQL: one server for the run, tables emptied before each test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from bot.conversations.models import Conversation
from bot.database import Database
from tests.builders import a_conversation
from tests.conftest import FakeClock
from tests.integration.complaints.case import Case, a_case
from tests.integration.complaints.people import People, everybody
from tests.postgres import empty_every_table, fresh_database, server


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A PostgreSQL server of this test run."""
    with server() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_url(server_url: str) -> Iterator[str]:
    """A migrated database, shared by the tests of the run."""
    with fresh_database(server_url) as url:
        yield url


@pytest.fixture
def database_url(migrated_url: str) -> str:
    """The migrated database, empty."""
    empty_every_table(migrated_url)
    return migrated_url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The database, empty and open."""
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def conversation(database: Database, clock: FakeClock) -> Conversation:
    """A customer's chat."""
    return await a_conversation(database, clock)


@pytest.fixture
async def people(database: Database, clock: FakeClock) -> People:
    """Everybody who has to do with a complaint about one outlet."""
    return await everybody(database, clock)


@pytest.fixture
async def case(database: Database, conversation: Conversation, clock: FakeClock) -> Case:
    """An ordinary complaint about that outlet, told in that chat."""
    return await a_case(database, conversation, clock)
