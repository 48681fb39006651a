"""Tables of the API: tokens, comments, answers kept for repeated requests, events and webhooks."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.api.kinds import EventKind
from bot.complaints.labels import Tier
from bot.complaints.lifecycle import State
from bot.database import Base


class ApiToken(Base):
    """The key of one system of the bank. Only its hash is kept."""

    __tablename__ = "api_tokens"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    """Which system: `crm`. Never given twice, since the audit log calls the system by it."""
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[Any]]
    unit_code: Mapped[str] = mapped_column(String(20))
    """The system sees the complaints of this unit and of all below it."""
    created_by: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    """To the minute: it is not worth a write for every request."""


class ComplaintComment(Base):
    """An internal note on a complaint. The customer never sees it."""

    __tablename__ = "complaint_comments"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    complaint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaints.id"), index=True)
    author: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]


class KeptAnswer(Base):
    """The answer to a request with an `Idempotency-Key`, given again when the request comes again."""

    __tablename__ = "api_kept_answers"

    token_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("api_tokens.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    answer: Mapped[dict[str, Any]]
    kept_at: Mapped[datetime]


class ApiEvent(Base):
    """Something that happened to a complaint, as other systems are told.

    One publisher at a time writes them, so that their ids grow in the order in which they can be seen: whoever has
    read up to an id has missed none below it.
    """

    __tablename__ = "api_events"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    audit_id: Mapped[int] = mapped_column(ForeignKey("audit_records.id"), unique=True)
    """The record that the event was made of: none makes two."""
    kind: Mapped[EventKind]
    at: Mapped[datetime] = mapped_column(index=True)
    number: Mapped[str] = mapped_column(String(20))
    outlet_code: Mapped[str | None] = mapped_column(String(20))
    tier: Mapped[Tier]
    state: Mapped[State]


class Webhook(Base):
    """An address that is sent events, in their order."""

    __tablename__ = "webhooks"
    __table_args__ = (UniqueConstraint("url", "unit_code"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    url: Mapped[str] = mapped_column(String(500))
    kinds: Mapped[list[Any]]
    unit_code: Mapped[str] = mapped_column(String(20))
    position: Mapped[int] = mapped_column(BigInteger)
    """The last event that was taken, or that is none of its business."""
    is_active: Mapped[bool]
    failure_count: Mapped[int]
    """How often the present event has failed."""
    last_failure: Mapped[str | None] = mapped_column(String(60))
    next_try_at: Mapped[datetime | None]
    """Nothing is sent before; while somebody sends, when another may take that for dead."""
    created_by: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime]
