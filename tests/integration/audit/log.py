"""What the tests of the audit log do with it: write, seal, verify, and change it behind the triggers' back."""

from datetime import datetime

import psycopg

from bot.audit import record
from bot.audit.sealing import AuditSealer
from bot.audit.verification import Verification, verify
from bot.database import Database


async def write(database: Database, at: datetime, *subjects: str) -> None:
    """One transaction that writes a record on each subject."""
    async with database.transaction() as session:
        for subject in subjects:
            record(session, at=at, actor="staff:li", action="resolve", subject=subject, why="退款")


async def seal(database: Database) -> int:
    """Seal what waits, in small batches."""
    return await AuditSealer(database, records_at_once=4).seal()


async def check(database: Database, now: datetime, *, head: bytes | None = None) -> Verification:
    """Verify the whole log."""
    async with database.transaction() as session:
        return await verify(session, now=now, head=head)


async def tamper(database: Database, *statements: str) -> None:
    """Do as a superuser does who switches the triggers off."""
    async with await psycopg.AsyncConnection.connect(database.url) as connection:
        await connection.execute("SET session_replication_role = replica")
        for statement in statements:
            await connection.execute(statement)
