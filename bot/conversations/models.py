"""Tables of conversations: who talks with the bank where, every message in and out, and the turns that answer them."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.database import Base


class Holder(StrEnum):
    """Who answers in a conversation."""

    BOT = "bot"
    QUEUE = "queue"
    """Staff is called and nobody has taken over yet; the bot still answers."""
    STAFF = "staff"


class Author(StrEnum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    BOT = "bot"
    STAFF = "staff"


class Delivery(StrEnum):
    """How far an outbound message has come. Inbound ones are `received`."""

    RECEIVED = "received"
    PENDING = "pending"
    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"


class Conversation(Base):
    """One customer's chat with the bank in one channel."""

    __tablename__ = "conversations"
    __table_args__ = (UniqueConstraint("channel", "channel_key"), Index("ix_conversations_holder", "holder"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    channel: Mapped[str] = mapped_column(String(20))
    channel_key: Mapped[str] = mapped_column(String(100))
    """The channel's own name for this chat: Telegram's chat id, the web session's id."""
    customer_name: Mapped[str | None] = mapped_column(String(100))
    language: Mapped[str] = mapped_column(String(5), default="zh")
    holder: Mapped[Holder] = mapped_column(default=Holder.BOT)
    held_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    held_since: Mapped[datetime | None]
    """Since when `held_by` holds it."""
    waiting_since: Mapped[datetime | None]
    """Since when the customer waits for a person; empty while nobody is called."""
    handover_reason: Mapped[str | None] = mapped_column(String(40))
    pending_question: Mapped[dict[str, Any] | None]
    """What we asked outside of rasa and rasa must know before the next turn: `{"form": …, "complaint": …}`."""
    told_safe_at: Mapped[datetime | None]
    """When the customer was last told that a message is safe although nobody could answer; empty once answered."""
    started_at: Mapped[datetime]
    last_message_at: Mapped[datetime | None]
    read_by_customer_up_to: Mapped[int | None] = mapped_column(BigInteger)
    """The last message that was on the customer's open page; empty where the channel cannot tell."""

    messages: Mapped[list["Message"]] = relationship(order_by="Message.id", viewonly=True)


class Turn(Base):
    """What the customer wrote since the last answer, taken together, and the answer to it."""

    __tablename__ = "turns"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id"), index=True)
    taken_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(20))
    """`answered` by the bot, or `left_to_staff`."""


class Message(Base):
    """One message, masked before it was stored."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "channel_message_id"),
        Index("ix_messages_conversation_id_id", "conversation_id", "id"),
        Index(
            "ix_messages_unanswered",
            "conversation_id",
            postgresql_where=text("author = 'customer' AND turn_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id"))
    author: Mapped[Author]
    staff_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    text: Mapped[str] = mapped_column(Text)
    buttons: Mapped[list[Any]] = mapped_column(default=list)
    """Quick replies offered with the message: texts that the customer may send with one touch."""
    channel_message_id: Mapped[str | None] = mapped_column(String(100))
    turn_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("turns.id"))
    delivery: Mapped[Delivery] = mapped_column(default=Delivery.RECEIVED)
    delivered_at: Mapped[datetime | None]
    sent_at: Mapped[datetime]
    masked: Mapped[list[Any]] = mapped_column(default=list)
    """Kinds of sensitive numbers that were taken out: `bank_card`, `identity_number`, …"""
    edited_at: Mapped[datetime | None]
    earlier_text: Mapped[str | None] = mapped_column(Text)
    carried_edit_at: Mapped[datetime | None]
    """`edited_at` of the correction by staff that the channel has carried."""

    attachment: Mapped["Attachment | None"] = relationship(lazy="selectin")


class Note(Base):
    """What staff wrote for each other beside a conversation, masked; no channel ever carries it."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id"), index=True)
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    text: Mapped[str] = mapped_column(Text)
    is_unsent_reply: Mapped[bool] = mapped_column(default=False)
    """Whether it was written for the customer, and withdrawn before it went out."""
    at: Mapped[datetime]


class HeldReply(Base):
    """What a person wrote to the customer and has not gone out: no message yet, so that no customer can see it."""

    __tablename__ = "held_replies"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id"), index=True)
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]
    send_at: Mapped[datetime]
    is_for_later: Mapped[bool]
    """Whether the person chose the time; otherwise it only waits for whether they undo it."""
    answers_up_to: Mapped[int] = mapped_column(BigInteger)
    """The customer's last message that the person had seen; 0 if there was none."""
    ticks: Mapped[list[Any]] = mapped_column(default=list)
    """The LEARN steps that it takes once it goes out: see `bot.complaints.checklist.Tick`."""
    follow_ups: Mapped[list[Any]] = mapped_column(default=list)
    """What is done with the case once it goes out: see `bot.complaints.follow_ups.FollowUp`."""


class ReplyDraft(Base):
    """What whoever is with a customer has half written to them, masked; one for each conversation."""

    __tablename__ = "reply_drafts"

    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    text: Mapped[str] = mapped_column(Text)
    edition: Mapped[uuid.UUID] = mapped_column(default=uuid.uuid4)
    """Another one with each change, by which a page knows whether what it shows is out of date."""
    written_at: Mapped[datetime] = mapped_column(index=True)


class Attachment(Base):
    """A photo, document or voice message of a customer, kept for staff."""

    __tablename__ = "attachments"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    """`photo`, `document` or `voice`."""
    content_type: Mapped[str] = mapped_column(String(100))
    file_name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int]
    """Bytes."""
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
