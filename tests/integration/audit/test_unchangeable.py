"""PostgreSQL refuses to change the audit log, whoever asks."""

import psycopg
import pytest

from bot.database import Database
from tests.conftest import FakeClock
from tests.integration.audit.log import check, seal, write


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_records SET actor = 'nobody'",
        "UPDATE audit_records SET actor = 'nobody' WHERE false",
        "DELETE FROM audit_records",
        "TRUNCATE audit_records CASCADE",
        "INSERT INTO audit_records OVERRIDING SYSTEM VALUE SELECT * FROM audit_records"
        " ON CONFLICT (id) DO UPDATE SET actor = 'nobody'",
        "UPDATE audit_seals SET hash = ''",
        "DELETE FROM audit_seals",
        "TRUNCATE audit_seals",
    ],
)
async def test_a_record_and_its_seal_are_neither_changed_nor_removed(
    statement: str, database: Database, clock: FakeClock
) -> None:
    await write(database, clock(), "TS-1", "TS-2")
    await seal(database)
    async with await psycopg.AsyncConnection.connect(database.url) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only ever added to"):
            await connection.execute(statement)
    found = await check(database, clock())
    assert (found.sealed_count, found.fault_count) == (2, 0)
