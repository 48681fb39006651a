"""One builder for each thing that tests need, and a way to wait for what comes about."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import AuditRecord
from bot.clock import Clock
from bot.complaints.casework import Draft, SignalShown, StatedFact, Statement, open_complaint
from bot.complaints.labels import Cause, Emotion, Product, Signal, Tier
from bot.complaints.models import Complaint
from bot.conversations.channel import Inbound, InboundAttachment
from bot.conversations.inbound import find_or_start
from bot.conversations.models import Author, Conversation, Message
from bot.database import Database
from bot.settings import Settings
from bot.staff.models import Role, StaffMember
from bot.worker import Rooms, furnish

RATHER_ORDINARY = {Tier.ORDINARY: 0.55, Tier.COMPLEX: 0.33, Tier.URGENT: 0.12}
CHAT = "chat-1"


def an_inbound(
    text: str = "卡被吞了",
    *,
    chat: str = CHAT,
    message_id: str | None = None,
    channel: str = "webchat",
    language: str | None = None,
    attachment: InboundAttachment | None = None,
) -> Inbound:
    """A customer's message as a channel hands it in."""
    return Inbound(channel, chat, message_id or uuid.uuid4().hex, text, language=language, attachment=attachment)


async def a_conversation(database: Database, clock: Clock, *, chat: str = CHAT, language: str = "zh") -> Conversation:
    """The conversation with a customer of the web chat."""
    async with database.transaction() as session:
        return await find_or_start(session, "webchat", chat, now=clock(), language=language)


def a_statement(*signals: Signal, **understood: Any) -> Statement:
    """What was understood of a customer's words: by default a swallowed card and nothing that raises the tier."""
    known: dict[str, Any] = {
        "product": Product.SELF_SERVICE,
        "cause": Cause.SYSTEMS_AND_EQUIPMENT,
        "emotion": Emotion.ANXIOUS,
        "tier_probabilities": RATHER_ORDINARY,
        "facts": (StatedFact("outlet", "司门口"),),
        "signals": tuple(SignalShown(signal, (0, 2, "卡被")) for signal in signals),
    }
    return Statement(**(known | understood))


def a_draft(
    conversation: Conversation,
    statement: Statement | None = None,
    *,
    turn_id: str | None = None,
    outlet_code: str | None = None,
) -> Draft:
    """A complaint as told, about to be opened."""
    return Draft(
        conversation_id=conversation.id,
        turn_id=turn_id or str(uuid.uuid4()),
        language=conversation.language,
        story="卡被吞了，急着用钱",
        statement=statement or a_statement(),
        outlet_code=outlet_code,
    )


async def a_complaint(
    session: AsyncSession,
    conversation: Conversation,
    *signals: Signal,
    clock: Clock,
    outlet_code: str | None = None,
    **understood: Any,
) -> Complaint:
    """A complaint just opened, ordinary unless its signals say otherwise."""
    draft = a_draft(conversation, a_statement(*signals, **understood), outlet_code=outlet_code)
    return await open_complaint(session, draft, now=clock())


async def a_member_of_staff(
    database: Database,
    clock: Clock,
    username: str = "li",
    *,
    name: str = "李经理",
    role: Role = Role.SUPERVISOR,
    unit_code: str = "HB-WH-WC",
) -> StaffMember:
    """A person at the desk."""
    member = StaffMember(
        id=uuid.uuid4(),
        username=username,
        name=name,
        role=role,
        unit_code=unit_code,
        password_hash="-",
        created_at=clock(),
    )
    async with database.transaction() as session:
        session.add(member)
    return member


async def messages(database: Database, author: Author | None = None, *, chat: str = CHAT) -> list[Message]:
    """What was written in a conversation, oldest first."""
    query = select(Message).join(Conversation).where(Conversation.channel_key == chat).order_by(Message.id)
    if author is not None:
        query = query.where(Message.author == author)
    async with database.transaction() as session:
        return list(await session.scalars(query))


async def texts(database: Database, author: Author = Author.BOT, *, chat: str = CHAT) -> list[str]:
    """The texts of `messages`."""
    return [message.text for message in await messages(database, author, chat=chat)]


async def jobs(database: Database, task: str) -> list[dict[str, Any]]:
    """Every job of this kind, with its columns by name, in the order in which they were enqueued."""
    query = text("SELECT * FROM procrastinate_jobs WHERE task_name = :task ORDER BY id").bindparams(task=task)
    async with database.transaction() as session:
        return [dict(row) for row in (await session.execute(query)).mappings()]


async def audit_trail(database: Database, subject: str) -> list[str]:
    """What was done with a thing, in order: `actor: action`."""
    query = select(AuditRecord).where(AuditRecord.subject == subject).order_by(AuditRecord.id)
    async with database.transaction() as session:
        return [f"{record.actor}: {record.action}" for record in await session.scalars(query)]


async def until(condition: Callable[[], Awaitable[bool]], *, seconds: float = 60.0) -> None:
    """Wait for a condition.

    Raises:
        TimeoutError: it did not come about in this time.
    """
    deadline = time.monotonic() + seconds
    while not await condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the condition did not come about")
        await asyncio.sleep(0.02)


def rooms_with(database: Database, **given: Any) -> Rooms:
    """A worker's rooms by the default settings, with those that a test gives."""
    return replace(furnish(Settings(), database), **given)
