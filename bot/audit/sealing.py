"""Sealing: what is committed to the audit log and not yet in the chain is added to it, batch by batch."""

from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit.chain import BEGINNING, AuditSeal, UnsealedRecord, hash_of
from bot.audit.records import AuditRecord
from bot.database import Database

SEALING_LOCK = 0x7365_616C
"""Key of the advisory lock by which one sealer works at a time; any fixed number will do."""
RECORDS_AT_ONCE = 500
"""Few enough that the worker's other jobs wait some tens of milliseconds at most."""


@dataclass(frozen=True)
class AuditSealer:
    """Seals what waits. Any number of sealers may try at once: one does it, the others leave it to that one.

    Args:
        records_at_once: how many records one transaction seals.
    """

    database: Database
    records_at_once: int = RECORDS_AT_ONCE

    async def seal(self) -> int:
        """Seal every record that waits, in as many transactions as it takes.

        Returns:
            How many were sealed; 0 also when another sealer is at it.
        """
        sealed_count = 0
        while True:
            async with self.database.transaction() as session:
                batch_count = await seal_batch(session, limit=self.records_at_once)
            sealed_count += batch_count
            if batch_count < self.records_at_once:
                return sealed_count


async def seal_batch(session: AsyncSession, *, limit: int) -> int:
    """Seal at most so many waiting records in the session's transaction: all of them, or none if it is broken off.

    Returns:
        How many were sealed.
    """
    if not await session.scalar(select(func.pg_try_advisory_xact_lock(SEALING_LOCK))):
        return 0
    records = await _waiting(session, limit)
    if not records:
        return 0
    last = await session.scalar(select(AuditSeal).order_by(AuditSeal.position.desc()).limit(1))
    position, previous = (last.position, last.hash) if last else (0, BEGINNING)
    seals = []
    for record in records:
        position, previous = position + 1, hash_of(record, previous)
        seals.append({"position": position, "record_id": record.id, "hash": previous})
    await session.execute(insert(AuditSeal), seals)
    await session.execute(delete(UnsealedRecord).where(UnsealedRecord.record_id.in_([record.id for record in records])))
    return len(seals)


async def _waiting(session: AsyncSession, limit: int) -> list[AuditRecord]:
    """Records to seal next. A note whose record is gone stays behind as evidence, which `verify` reads."""
    noted = UnsealedRecord.record_id == AuditRecord.id
    query = select(AuditRecord).join(UnsealedRecord, noted).order_by(UnsealedRecord.record_id).limit(limit)
    return list(await session.scalars(query))
