"""The database for a command that asks something and ends."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import bot.tables  # noqa: F401 - every table is known before the first query
from bot.database import Database
from bot.embedded_postgres import embedded_postgres
from bot.settings import Settings


@contextmanager
def database_url(config: Settings) -> Iterator[str]:
    """The database's address: the given one, or the embedded one, started for this command if it does not run."""
    if config.database_url is not None:
        yield config.database_url
        return
    config.var_dir.mkdir(parents=True, exist_ok=True)
    with embedded_postgres(config.var_dir) as url:
        yield url


@asynccontextmanager
async def open_database(config: Settings) -> AsyncIterator[Database]:
    """The database, open."""
    with database_url(config) as url:
        database = Database(url, pool_size=2)
        try:
            yield database
        finally:
            await database.close()
