"""`tingsu audit`: the audit log and the proof of its integrity, for people with access to this machine."""

import csv
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import AuditRecord
from bot.audit.verification import Fault, FaultKind, Verification

HASH_BYTES = 32
WORDS = {
    FaultKind.CHANGED: "changed: this record, its seal, or the seal before it is not what it was",
    FaultKind.RECORD_MISSING: "missing from the table",
    FaultKind.SEAL_MISSING: "seals are missing from here on, so the next record that has one cannot be checked",
    FaultKind.UNSEALED: "has no seal, though older than a minute: does a worker run?",
    FaultKind.HEAD_UNKNOWN: "the hash given by --head is not in the chain: its end was cut off, or it was made anew",
}


class InvalidHead(ValueError):
    """The text is not the hash of a seal."""


def parse_head(written: str) -> bytes:
    """A head's hash as `tingsu audit verify` prints it: 64 hexadecimal digits.

    Raises:
        InvalidHead: it is something else.
    """
    try:
        head = bytes.fromhex(written)
    except ValueError:
        head = b""
    if len(head) != HASH_BYTES:
        raise InvalidHead("--head takes a hash of 64 hexadecimal digits, as `tingsu audit verify` prints it.")
    return head


def print_verification(screen: Console, found: Verification) -> None:
    """Say how much was checked, what the head is, and what is wrong."""
    print(f"Sealed    {found.sealed_count:,}")
    print(f"Waiting   {found.waiting_count:,}")
    if found.head is not None:
        of = f", of {_shown(found.head_at)}" if found.head_at else ""
        print(f"Head      position {found.head.position:,}{of}")
        print(f"Hash      {found.head.hash.hex()}")
    if not found.fault_count:
        print("Nothing was changed.")
        return
    print(f"Faults    {found.fault_count:,}")
    screen.print(_faults_table(found.faults))
    if found.fault_count > len(found.faults):
        print(f"These are the first {len(found.faults)}.")


async def find_records(
    session: AsyncSession, *, subject: str | None, actor: str | None, since: datetime | None, limit: int
) -> list[AuditRecord]:
    """The newest records that fit, newest first."""
    query = select(AuditRecord).order_by(AuditRecord.id.desc()).limit(limit)
    if subject is not None:
        query = query.where(AuditRecord.subject == subject)
    if actor is not None:
        query = query.where(AuditRecord.actor == actor)
    if since is not None:
        query = query.where(AuditRecord.at >= since)
    return list(await session.scalars(query))


def records_table(records: Iterable[AuditRecord]) -> Table:
    """The records for a reader."""
    table = Table("record", "time", "actor", "action", "subject", "detail")
    for record in records:
        _add_row(table, record.id, _shown(record.at), record.actor, record.action, record.subject, _detail(record))
    return table


def write_csv(out: TextIO, records: Iterable[AuditRecord]) -> None:
    """The records for a spreadsheet; times in UTC, the detail as JSON."""
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["id", "at", "actor", "action", "subject", "detail"])
    for one in records:
        rows.writerow([one.id, one.at.astimezone(UTC).isoformat(), one.actor, one.action, one.subject, _detail(one)])


def _faults_table(faults: Iterable[Fault]) -> Table:
    table = Table("position", "record", "time", "action", "subject", "what is wrong")
    for fault in faults:
        record = fault.record
        known = (_shown(record.at), record.action, record.subject) if record else ("-", "-", "-")
        _add_row(table, fault.position or "-", fault.record_id or "-", *known, WORDS[fault.kind])
    return table


def _add_row(table: Table, *cells: object) -> None:
    # As Text, since what stands in a record must not be taken for rich's markup.
    table.add_row(*(Text(str(cell)) for cell in cells))


def _shown(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _detail(record: AuditRecord) -> str:
    return json.dumps(record.detail, ensure_ascii=False, sort_keys=True)
