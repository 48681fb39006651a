"""A desk process that serves the API, tokens to call it with, and a scene to put complaints on."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import httpx
import pytest

from bot.api.app import ADDRESS
from bot.api.tokens import Scope, add_token
from bot.clock import system_clock
from bot.database import Database
from tests.integration.desk.scene import Scene
from tests.integration.desk.served import ServedDesk, serving

Caller = Callable[..., Awaitable[httpx.AsyncClient]]
WUCHANG = "HB-WH-WC"


@pytest.fixture
def scene(database: Database) -> Scene:
    """The scene at the present time, which is the desk process's too."""
    return Scene(database, system_clock)


@pytest.fixture(scope="session")
def desk(migrated_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDesk]:
    """One desk for all tests of the API; its database is emptied before each."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TINGSU_API_REQUESTS_PER_MINUTE", "100000")
        environment.setenv("TINGSU_WEBHOOK_HOSTS", "hooks.bank.example crm.bank.example")
        with serving(migrated_url, tmp_path_factory.mktemp("desk")) as served:
            yield served


@pytest.fixture
async def system(desk: ServedDesk, database: Database) -> AsyncIterator[Caller]:
    """Makes another system of the bank: a client with a token of its own."""
    async with AsyncExitStack() as open_clients:

        async def make(
            *scopes: Scope, unit_code: str = WUCHANG, name: str = "crm", days: int = 90
        ) -> httpx.AsyncClient:
            async with database.transaction() as session:
                token = await add_token(
                    session,
                    name=name,
                    scopes=scopes or (Scope.READ,),
                    unit_code=unit_code,
                    days=days,
                    created_by="system",
                    now=system_clock(),
                )
            client = httpx.AsyncClient(
                base_url=desk.address + ADDRESS,
                headers={"Authorization": f"Bearer {token}"},
                trust_env=False,
                timeout=20,
            )
            return await open_clients.enter_async_context(client)

        yield make
