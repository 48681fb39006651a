"""Tables of complaints: the case with its facts, tier decisions, LEARN record, deadlines and satisfaction."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.complaints.labels import Cause, Emotion, Product, Tier
from bot.complaints.learn import LearnStep
from bot.complaints.lifecycle import State
from bot.database import Base


class Complaint(Base):
    """A customer's complaint, from the first word to the answer to «are you satisfied»."""

    __tablename__ = "complaints"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id"), index=True)
    opened_by_turn: Mapped[str | None] = mapped_column(String(60), unique=True)
    """The turn that opened it: a turn taken again after a crash finds its complaint instead of opening another."""
    state: Mapped[State]
    tier: Mapped[Tier]
    language: Mapped[str] = mapped_column(String(5))
    product: Mapped[Product | None]
    cause: Mapped[Cause | None]
    emotion: Mapped[Emotion | None]
    signals: Mapped[list[Any]] = mapped_column(default=list)
    """`[{"name": …, "words": [start, end, text]}]`."""
    tier_probabilities: Mapped[dict[str, Any]] = mapped_column(default=dict)
    story: Mapped[str] = mapped_column(Text)
    outlet_code: Mapped[str | None] = mapped_column(String(20))
    contact_phone: Mapped[str | None] = mapped_column(String(30))
    opened_at: Mapped[datetime] = mapped_column(index=True)
    state_since: Mapped[datetime]
    result: Mapped[str | None] = mapped_column(Text)
    resolved_at: Mapped[datetime | None]
    result_accepted: Mapped[bool | None]
    rating: Mapped[int | None]
    """1 (worst) to 5."""
    rating_comment: Mapped[str | None] = mapped_column(Text)
    rated_at: Mapped[datetime | None]
    reopened_count: Mapped[int] = mapped_column(default=0)

    facts: Mapped[list["Fact"]] = relationship(order_by="Fact.id", lazy="selectin")
    tier_decisions: Mapped[list["TierDecisionRecord"]] = relationship(order_by="TierDecisionRecord.id", lazy="selectin")
    learn_record: Mapped[list["LearnEntry"]] = relationship(order_by="LearnEntry.id", lazy="selectin")
    deadlines: Mapped[list["DeadlineRecord"]] = relationship(order_by="DeadlineRecord.due_at", lazy="selectin")


class Fact(Base):
    """Something that the customer stated, in their words: `outlet`, `occurred`, `amount`, `wish`, `phone`, `addition`.

    A corrected fact is added anew; the last one of a name counts, the earlier ones stay as history.
    """

    __tablename__ = "facts"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    complaint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaints.id"), index=True)
    name: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    """Hundredths of the currency, for an `amount`."""
    currency: Mapped[str | None] = mapped_column(String(3))
    day: Mapped[date | None]
    stated_at: Mapped[datetime]


class TierDecisionRecord(Base):
    """A decision on the tier, with reasons that customer and auditor understand."""

    __tablename__ = "tier_decisions"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    complaint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaints.id"), index=True)
    tier: Mapped[Tier]
    previous_tier: Mapped[Tier | None]
    decided_by: Mapped[str] = mapped_column(String(60))
    reasons: Mapped[list[Any]]
    """`[{"code": …, "zh": …, "en": …}]`, at least one."""
    decided_at: Mapped[datetime]


class LearnEntry(Base):
    """One LEARN step that was done."""

    __tablename__ = "learn_entries"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    complaint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaints.id"), index=True)
    step: Mapped[LearnStep]
    what: Mapped[str] = mapped_column(String(80))
    """What was done, by the name of the wording used or of the act."""
    by: Mapped[str] = mapped_column(String(60))
    done_at: Mapped[datetime]


class DeadlineRecord(Base):
    """A date that the bank must keep, and the rule that it comes from."""

    __tablename__ = "deadlines"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    complaint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaints.id"), index=True)
    name: Mapped[str] = mapped_column(String(30))
    rule: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(index=True)
    met_at: Mapped[datetime | None]
