"""Audit records: written in the transaction of the change itself, and never changed or removed.

A trigger refuses every UPDATE, DELETE and TRUNCATE. Whoever is mighty enough to switch it off is found by
`bot.audit.verification`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, String
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from bot.database import Base


class AuditRecord(Base):
    """Something that changed: when, by whom, what, on what."""

    __tablename__ = "audit_records"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(60))
    """`customer`, `bot`, `system`, or `staff:<username>`."""
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(80), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)


def record(session: AsyncSession, *, at: datetime, actor: str, action: str, subject: str, **detail: Any) -> None:
    """Write an audit record as part of the session's transaction.

    Args:
        detail: ids, codes, counts and times; no text that anybody typed, since it could never be taken out again.
    """
    session.add(AuditRecord(at=at, actor=actor, action=action, subject=subject, detail=detail))
