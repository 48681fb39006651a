"""The database, as the action server sees it."""

from functools import cache

import bot.tables  # noqa: F401 - every table is known before the first query
from bot.clock import Clock, system_clock
from bot.database import Database
from bot.settings import settings

clock: Clock = system_clock


@cache
def database() -> Database:
    """This process's connections, made at the first action."""
    url = settings().database_url
    if url is None:
        raise RuntimeError("DATABASE_URL is not set: the action server is started by `tingsu up`, or with an address")
    return Database(url)
