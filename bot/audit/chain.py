"""The chain of hashes over the audit records: each seal covers one record and the seal before it.

Records are written without waiting for each other and sealed a moment later, in the order in which they are found. A
trigger notes each new record in `audit_unsealed`, so that one which commits late, after records with higher ids, is
sealed like any other and nothing has to be searched for.
"""

import hashlib
import json
from datetime import UTC

from sqlalchemy import BigInteger, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from bot.audit.records import AuditRecord
from bot.database import Base

BEGINNING = bytes(32)
"""What stands before the first seal in the place of a hash."""


class AuditSeal(Base):
    """A link of the chain. Like a record it is never changed or removed."""

    __tablename__ = "audit_seals"

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """1, 2, 3 … without a gap."""
    record_id: Mapped[int] = mapped_column(ForeignKey("audit_records.id"), unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class UnsealedRecord(Base):
    """A record that waits for its seal."""

    __tablename__ = "audit_unsealed"

    record_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


def canonical_json(record: AuditRecord) -> bytes:
    """A record in the one form that is hashed: UTC to the microsecond, keys sorted, no blanks, UTF-8.

    Every sealed record keeps this form for good: a new column of the table must not get into it for old records.
    """
    content = {
        "id": record.id,
        "at": record.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": record.actor,
        "action": record.action,
        "subject": record.subject,
        "detail": record.detail,
    }
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def hash_of(record: AuditRecord, previous: bytes) -> bytes:
    """The hash that seals a record: SHA-256 over the hash of the seal before it, and the record.

    Args:
        previous: the 32 bytes of the seal before, or `BEGINNING`.
    """
    return hashlib.sha256(previous + canonical_json(record)).digest()
