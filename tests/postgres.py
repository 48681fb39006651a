"""A real PostgreSQL for tests: its own server and its own databases for each test run."""

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from bot.database import libpq_url
from bot.embedded_postgres import embedded_postgres
from bot.migrate import migrate

DEADLOCKS_BORNE = 5


@contextmanager
def server() -> Iterator[str]:
    """A server for this test run alone, in a folder that its own user can reach; gone at the end.

    A killed worker's database never gets in the way of another run.
    """
    folder = Path(tempfile.mkdtemp(prefix="tingsu-tests-"))
    folder.chmod(0o755)
    try:
        with embedded_postgres(folder) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """A new, migrated database on the server, dropped at the end whoever still holds on to it."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(libpq_url(server_url), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = libpq_url(server_url).replace("/tingsu", f"/{name}")
    try:
        migrate(url)
        yield url
    finally:
        with psycopg.connect(libpq_url(server_url), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def empty_every_table(url: str) -> None:
    """Leave the schema and nothing else."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # the audit log's triggers refuse to be emptied
        tables = connection.execute(
            "SELECT quote_ident(tablename) FROM pg_tables"
            " WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        ).fetchall()
        truncate = f"TRUNCATE {', '.join(name for (name,) in tables)} RESTART IDENTITY CASCADE"
        for attempts_left in reversed(range(DEADLOCKS_BORNE)):
            try:
                connection.execute(truncate)
                return
            except psycopg.errors.DeadlockDetected:  # with the last query of a process that is just ending
                if not attempts_left:
                    raise
