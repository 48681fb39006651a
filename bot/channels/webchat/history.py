"""What a web chat session shows: its conversation in the store, from the greeting on."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels.webchat.channel import CHANNEL
from bot.clock import Clock
from bot.conversations.inbound import find_or_start
from bot.conversations.models import Attachment, Author, Conversation, Delivery, Holder, Message, Turn
from bot.conversations.presence import Doing, Sign, give_sign
from bot.conversations.reading import mark_read
from bot.database import Database, notify_changed
from bot.staff.models import StaffMember
from bot.wording import Wording


class AttachmentShown(BaseModel):
    """A file that the customer sent."""

    id: uuid.UUID
    kind: Literal["photo", "document", "voice"]
    content_type: str
    file_name: str
    size: int = Field(description="Bytes")


class MessageShown(BaseModel):
    """One message as the customer sees it."""

    id: int = Field(description="Grows from message to message; give the last one as `after`")
    author: Author
    text: str = Field(description="Sensitive numbers in what the customer wrote are already taken out")
    buttons: list[str] = Field(description="Quick replies: texts that the customer may send with one touch")
    time: datetime
    name: str | None = Field(description="Surname and title of the person, in a message of staff")
    client_id: str | None = Field(description="The id that the client gave to a message of its own")
    attachment: AttachmentShown | None
    is_corrected: bool = Field(description="Whether staff has changed the text since it was first shown")


class Page(BaseModel):
    """Messages in order, and whether an answer is being made."""

    messages: list[MessageShown]
    corrected: list[MessageShown] = Field(
        description="Messages up to `after` that staff has corrected, each time all of them"
    )
    typing: bool


@dataclass(frozen=True)
class History:
    """Starts sessions and reads what they show."""

    database: Database
    clock: Clock
    wording: Wording

    async def start(self, language: str) -> uuid.UUID:
        """Start a session: a conversation of its own, in which the greeting already stands.

        Returns:
            The session's id.
        """
        session_id = uuid.uuid4()
        now = self.clock()
        greeting = self.wording.say("utter_greet", language)
        async with self.database.transaction() as session:
            conversation = await find_or_start(session, CHANNEL, str(session_id), now=now, language=language)
            session.add(
                Message(
                    conversation_id=conversation.id,
                    author=Author.BOT,
                    text=greeting.text,
                    buttons=list(greeting.buttons),
                    delivery=Delivery.DELIVERED,
                    delivered_at=now,
                    sent_at=now,
                    masked=[],
                )
            )
            await notify_changed(session, conversation.id)
        return session_id

    async def conversation_of(self, session_id: uuid.UUID) -> uuid.UUID | None:
        """The id of the session's conversation, if it is there."""
        async with self.database.transaction() as session:
            found: uuid.UUID | None = await session.scalar(
                select(Conversation.id).where(
                    Conversation.channel == CHANNEL, Conversation.channel_key == str(session_id)
                )
            )
            return found

    async def read(self, conversation_id: uuid.UUID, after: int | None) -> Page:
        """The messages after the one with the id `after`, or all of them."""
        async with self.database.transaction() as session:
            rows = await session.execute(
                select(Message, StaffMember.name)
                .outerjoin(StaffMember, StaffMember.id == Message.staff_id)
                .where(Message.conversation_id == conversation_id, Message.id > (after or 0))
                .order_by(Message.id)
            )
            return Page(
                messages=[_shown(message, name) for message, name in rows],
                corrected=await _corrected(session, conversation_id, after),
                typing=await _is_typing(session, conversation_id),
            )

    async def mark_read(self, conversation_id: uuid.UUID, up_to: int) -> None:
        """Note that the customer has read up to this message."""
        async with self.database.transaction() as session:
            await mark_read(session, conversation_id, up_to)

    async def customer_types(self, conversation_id: uuid.UUID) -> None:
        """Tell staff that the customer is typing."""
        async with self.database.transaction() as session:
            await give_sign(session, Sign(conversation_id=conversation_id, doing=Doing.CUSTOMER_TYPING))

    async def attachment(self, conversation_id: uuid.UUID, attachment_id: uuid.UUID) -> tuple[Attachment, bytes] | None:
        """A file of this conversation with its content."""
        async with self.database.transaction() as session:
            found = (
                await session.execute(
                    select(Attachment, Attachment.content)
                    .join(Message, Message.id == Attachment.message_id)
                    .where(Attachment.id == attachment_id, Message.conversation_id == conversation_id)
                )
            ).one_or_none()
            return (found[0], found[1]) if found is not None else None


def _shown(message: Message, staff_name: str | None) -> MessageShown:
    attachment = message.attachment
    return MessageShown(
        id=message.id,
        author=message.author,
        text=message.text,
        buttons=[str(button) for button in message.buttons],
        time=message.sent_at,
        name=staff_name,
        client_id=message.channel_message_id,
        is_corrected=message.author is Author.STAFF and message.edited_at is not None,
        attachment=AttachmentShown.model_validate(attachment, from_attributes=True) if attachment is not None else None,
    )


async def _corrected(session: AsyncSession, conversation_id: uuid.UUID, up_to: int | None) -> list[MessageShown]:
    """What a page that knows the messages up to an id may still show with an earlier text."""
    if not up_to:
        return []
    rows = await session.execute(
        select(Message, StaffMember.name)
        .outerjoin(StaffMember, StaffMember.id == Message.staff_id)
        .where(
            Message.conversation_id == conversation_id,
            Message.id <= up_to,
            Message.author == Author.STAFF,
            Message.edited_at.is_not(None),
        )
        .order_by(Message.id)
    )
    return [_shown(message, name) for message, name in rows]


async def _is_typing(session: AsyncSession, conversation_id: uuid.UUID) -> bool:
    """Whether the bot owes an answer that the customer may still expect in this moment."""
    waiting = (
        select(Message.id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .outerjoin(Turn, Turn.id == Message.turn_id)
        .where(
            Message.conversation_id == conversation_id,
            Message.author == Author.CUSTOMER,
            or_(Message.turn_id.is_(None), Turn.answered_at.is_(None)),
            Conversation.holder != Holder.STAFF,
            # Whoever was told that the message is safe and staff will read it is not kept waiting before moving dots.
            Conversation.told_safe_at.is_(None),
        )
    )
    return await session.scalar(waiting.limit(1)) is not None
