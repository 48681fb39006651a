"""A desk process on the test's database, and a scene to put people and conversations on."""

from collections.abc import Iterator

import pytest

from bot.clock import system_clock
from bot.database import Database
from tests.integration.desk.scene import Scene
from tests.integration.desk.served import ServedDesk, serving


@pytest.fixture
def scene(database: Database) -> Scene:
    """The scene at the present time, which is the desk process's too."""
    return Scene(database, system_clock)


@pytest.fixture(scope="session")
def desk(migrated_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDesk]:
    """One desk for all tests; its database is emptied before each."""
    with serving(migrated_url, tmp_path_factory.mktemp("desk")) as served:
        yield served
