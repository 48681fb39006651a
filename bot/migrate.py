"""Bring a database up to this version's schema. Several processes may try at once: one does it, others wait."""

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from bot.database import libpq_url

MIGRATION_LOCK = 0x7165_5375
"""Key of the advisory lock that serialises migrations; any fixed number will do."""


def alembic_config(url: str) -> Config:
    """Alembic's configuration for the database at `url`."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = url
    return config


def migrate(url: str) -> None:
    """Apply every migration that is missing."""
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        command.upgrade(alembic_config(url), "head")


def is_current(url: str) -> bool:
    """Whether the database has this version's schema."""
    script = ScriptDirectory.from_config(alembic_config(url))
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_heads()
    engine.dispose()
    return set(current) == set(script.get_heads())
