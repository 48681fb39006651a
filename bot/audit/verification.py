"""Verifying the audit log: the chain is read from its beginning and every hash computed anew.

What this finds: a record that was changed or removed, a seal that was removed or forged, a record that was never
sealed. What it cannot find by itself: seals removed at the end together with their records, or a chain computed anew
from some record to the end. For that an auditor writes the head's hash down elsewhere, and asks for it later.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit.chain import BEGINNING, AuditSeal, UnsealedRecord, hash_of
from bot.audit.records import AuditRecord

SEALED_WITHIN = timedelta(minutes=1)
"""A record that has no seal after this long will not get one by itself."""
ROWS_AT_ONCE = 2000
FAULTS_KEPT = 100


class FaultKind(StrEnum):
    """What may be wrong with the audit log."""

    CHANGED = "changed"
    """The record does not fit its seal and the seal before it: one of the three was changed, or changed places."""
    RECORD_MISSING = "record_missing"
    SEAL_MISSING = "seal_missing"
    """Positions are missing in the chain, so that the record at the next one cannot be checked."""
    UNSEALED = "unsealed"
    HEAD_UNKNOWN = "head_unknown"


@dataclass(frozen=True)
class Fault:
    """Something that is wrong, and where.

    Attributes:
        position: the place in the chain; of `SEAL_MISSING` the first that is missing.
        record_id: known also of a record that is missing.
        record: none when it is missing.
    """

    kind: FaultKind
    position: int | None = None
    record_id: int | None = None
    record: AuditRecord | None = None


@dataclass
class Verification:
    """What was found.

    Attributes:
        head: the last seal, none if nothing is sealed yet.
        head_at: the time of the record that it seals.
        faults: the first hundred; `fault_count` is of all.
    """

    sealed_count: int = 0
    waiting_count: int = 0
    head: AuditSeal | None = None
    head_at: datetime | None = None
    faults: list[Fault] = field(default_factory=list)
    fault_count: int = 0

    def add(self, fault: Fault) -> None:
        """Count a fault, and keep it if it is among the first."""
        self.fault_count += 1
        if len(self.faults) < FAULTS_KEPT:
            self.faults.append(fault)


async def verify(session: AsyncSession, *, now: datetime, head: bytes | None = None) -> Verification:
    """Read the whole log in a stream and say what is wrong with it.

    Args:
        head: a head's hash that was written down earlier and must still be in the chain.
    """
    found = Verification()
    is_head_known = head is None
    async for seal, record, faults in _links(session):
        found.sealed_count += 1
        found.head, found.head_at = seal, record.at if record else None
        is_head_known = is_head_known or seal.hash == head
        for fault in faults:
            found.add(fault)
    if not is_head_known:
        found.add(Fault(FaultKind.HEAD_UNKNOWN))
    await _find_unsealed(session, found, late=now - SEALED_WITHIN)
    await _find_removed_before_sealing(session, found)
    return found


async def _links(session: AsyncSession) -> AsyncIterator[tuple[AuditSeal, AuditRecord | None, list[Fault]]]:
    """Each seal with its record and what is wrong with the two.

    The walk goes on from the stored hash after a fault, so that only the faulty place is named, not all that follows.
    """
    pairs = select(AuditSeal, AuditRecord).outerjoin(AuditRecord, AuditRecord.id == AuditSeal.record_id)
    rows = await session.stream(pairs.order_by(AuditSeal.position).execution_options(yield_per=ROWS_AT_ONCE))
    position, previous = 0, BEGINNING
    async for seal, record in rows:
        yield seal, record, _faults_of(seal, record, position, previous)
        position, previous = seal.position, seal.hash


def _faults_of(seal: AuditSeal, record: AuditRecord | None, position: int, previous: bytes) -> list[Fault]:
    faults = []
    has_predecessor = seal.position == position + 1
    if not has_predecessor:
        faults.append(Fault(FaultKind.SEAL_MISSING, position + 1))
    if record is None:
        faults.append(Fault(FaultKind.RECORD_MISSING, seal.position, seal.record_id))
    elif has_predecessor and seal.hash != hash_of(record, previous):
        faults.append(Fault(FaultKind.CHANGED, seal.position, record.id, record))
    return faults


async def _find_unsealed(session: AsyncSession, found: Verification, *, late: datetime) -> None:
    """Count the records without a seal; one older than `late` is a fault."""
    is_sealed = exists().where(AuditSeal.record_id == AuditRecord.id)
    query = select(AuditRecord).where(~is_sealed).order_by(AuditRecord.id)
    async for record in await session.stream_scalars(query.execution_options(yield_per=ROWS_AT_ONCE)):
        found.waiting_count += 1
        if record.at < late:
            found.add(Fault(FaultKind.UNSEALED, record_id=record.id, record=record))


async def _find_removed_before_sealing(session: AsyncSession, found: Verification) -> None:
    is_there = exists().where(AuditRecord.id == UnsealedRecord.record_id)
    removed = select(UnsealedRecord.record_id).where(~is_there).order_by(UnsealedRecord.record_id)
    async for record_id in await session.stream_scalars(removed.execution_options(yield_per=ROWS_AT_ONCE)):
        found.add(Fault(FaultKind.RECORD_MISSING, record_id=record_id))
