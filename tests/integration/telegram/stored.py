"""What the tests look up in the store, and how they wait for it."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from sqlalchemy import func, select, text
from sqlalchemy.orm import undefer

from bot.clock import Clock
from bot.conversations.inbound import find_or_start
from bot.conversations.models import Attachment, Author, Conversation, Message
from bot.conversations.outbound import say
from bot.database import Database
from bot.wording import Saying
from tests.integration.telegram.bot_api_server import CUSTOMER


async def messages(database: Database, author: Author = Author.CUSTOMER) -> list[Message]:
    """Every stored message of this author, oldest first."""
    async with database.transaction() as session:
        return list(await session.scalars(select(Message).where(Message.author == author).order_by(Message.id)))


async def texts(database: Database, author: Author = Author.CUSTOMER) -> list[str]:
    """The texts of `messages`."""
    return [message.text for message in await messages(database, author)]


async def the_attachment(database: Database) -> Attachment:
    """The only stored file, with its content."""
    async with database.transaction() as session:
        return (await session.scalars(select(Attachment).options(undefer(Attachment.content)))).one()


async def the_conversation(database: Database) -> Conversation:
    """The only conversation."""
    async with database.transaction() as session:
        return (await session.scalars(select(Conversation))).one()


async def turns_enqueued(database: Database) -> int:
    """How many jobs to take a turn there are."""
    async with database.transaction() as session:
        count = select(func.count()).select_from(text("procrastinate_jobs")).where(text("task_name = 'take_turn'"))
        return await session.scalar(count) or 0


async def bank_says(database: Database, clock: Clock, text: str, *buttons: str, chat: int = CUSTOMER) -> int:
    """Have a message of the bank stored for delivery to this chat.

    Returns:
        Its id.
    """
    async with database.transaction() as session:
        conversation = await find_or_start(session, "telegram", str(chat), now=clock())
        message = await say(session, conversation, Saying(text, buttons), now=clock())
        return message.id


async def until(condition: Callable[[], bool | Awaitable[bool]], *, seconds: float = 60.0) -> None:
    """Wait for a condition.

    Raises:
        TimeoutError: it did not come about in this time.
    """
    deadline = time.monotonic() + seconds
    while True:
        outcome = condition()
        if outcome is True or (not isinstance(outcome, bool) and await outcome):
            return
        if time.monotonic() > deadline:
            raise TimeoutError("the condition did not come about")
        await asyncio.sleep(0.02)
