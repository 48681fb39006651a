"""Tables of alarms: what rings, who was called by which way, and where people can be reached."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.complaints.labels import Label
from bot.database import Base


class Occasion(Label):
    """Why people are called. The name is the first line that they read."""

    URGENT = "urgent", "紧急投诉正在等待接待", "An urgent complaint is waiting for a person"
    CRISIS = "crisis", "客户可能有危险，请立即接待", "A customer may be in danger: take over at once"
    DEADLINE_NEAR = "deadline_near", "处理时限将到", "A deadline is near"
    DEADLINE_MISSED = "deadline_missed", "处理时限已过", "A deadline was missed"


class Way(StrEnum):
    """How a call reaches a person."""

    DESK = "desk"
    """It stands on the person's page."""
    TELEGRAM = "telegram"
    EMAIL = "email"


class Outcome(StrEnum):
    """What became of a call."""

    PENDING = "pending"
    MADE = "made"
    REFUSED = "refused"
    """The other side said "never": no such chat, no such mailbox."""
    NOT_NEEDED = "not_needed"
    """Before it was made, somebody had taken over, or the person had left."""


class Alarm(Base):
    """A conversation that must not wait, from the moment it rings until somebody takes it over."""

    __tablename__ = "alarms"
    __table_args__ = (
        Index("uq_alarms_ringing", "conversation_id", unique=True, postgresql_where=text("silenced_at IS NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id"), index=True)
    complaint_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("complaints.id"))
    kind: Mapped[Occasion]
    waiting_since: Mapped[datetime]
    """The conversation's own `waiting_since`: a customer who waits anew rings anew."""
    raised_at: Mapped[datetime]
    level: Mapped[int] = mapped_column(default=0)
    """How many rounds of calls were made: each goes one step up the line, and stays with the last step."""
    silenced_at: Mapped[datetime | None]
    silenced_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))


class AlarmCall(Base):
    """One call to one person by one way; without a person, to the group chat of staff."""

    __tablename__ = "alarm_calls"
    __table_args__ = (
        Index(
            "uq_alarm_calls_once_a_round",
            "alarm_id",
            "level",
            "staff_id",
            "way",
            unique=True,
            postgresql_where=text("alarm_id IS NOT NULL"),
            postgresql_nulls_not_distinct=True,  # nobody stands for the group chat, once too
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    alarm_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("alarms.id"))
    """Empty for a call that no alarm makes, such as the warning of a deadline."""
    level: Mapped[int | None]
    """The round of the alarm."""
    staff_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"), index=True)
    way: Mapped[Way]
    occasion: Mapped[Occasion]
    subject: Mapped[str] = mapped_column(String(80))
    """What it is about: the complaint's number, or the conversation's id."""
    facts: Mapped[dict[str, Any]]
    """See `bot.alarms.notices.Facts`."""
    asked_at: Mapped[datetime]
    outcome: Mapped[Outcome] = mapped_column(default=Outcome.PENDING)
    called_at: Mapped[datetime | None]
    refusal: Mapped[str | None] = mapped_column(String(200))


class StaffContact(Base):
    """Where a person can be reached besides the desk."""

    __tablename__ = "staff_contacts"

    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    telegram_chat_id: Mapped[int | None] = mapped_column(BigInteger)
    email: Mapped[str | None] = mapped_column(String(254))
