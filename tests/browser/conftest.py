"""A real Chromium, and a gateway in a thread of its own for it to talk to."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import uvicorn
from playwright.sync_api import Browser, Page
from pydantic import SecretStr
from sqlalchemy import select

from bot.clock import system_clock
from bot.conversations.models import Author, Conversation, Holder, Message, Turn
from bot.conversations.outbound import say
from bot.conversations.presence import Doing, Sign, give_sign
from bot.database import Database, notify_changed
from bot.gateway import create_gateway
from bot.settings import Settings
from bot.wording import Saying, wording
from tests.chromium import a_chromium
from tests.postgres import fresh_database, server

WITHIN_SECONDS = 20


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests; each test opens a context of its own."""
    with a_chromium() as browser:
        yield browser


@dataclass
class ChatServer:
    """The gateway, and the bank's side of the conversation, which in life is the worker's and the desk's."""

    address: str
    database: Database
    loop: asyncio.AbstractEventLoop

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(WITHIN_SECONDS)

    def bank_says(
        self, to: str, text: str, *, author: Author = Author.BOT, buttons: Sequence[str] = (), is_answer: bool = True
    ) -> None:
        """Answer the conversation in which the customer wrote `to`."""
        self.run(self._bank_says(to, text, author, tuple(buttons), is_answer))

    def staff_takes_over(self, to: str) -> None:
        """A person holds the conversation in which the customer wrote `to`."""
        self.run(self._staff_takes_over(to))

    def staff_corrects(self, to: str, text: str) -> None:
        """The last message of staff in the conversation in which the customer wrote `to` has another text now."""
        self.run(self._staff_corrects(to, text))

    def read_up_to(self, to: str) -> str:
        """The text of the last message that the customer who wrote `to` has read."""
        return str(self.run(self._read_up_to(to)))

    def written(self, text: str) -> int:
        """How often the bank has this text of a customer."""
        return int(self.run(self._written(text)))

    async def _written(self, text: str) -> int:
        async with self.database.transaction() as session:
            found = await session.scalars(
                select(Message.id).where(Message.author == Author.CUSTOMER, Message.text == text)
            )
            return len(list(found))

    async def _conversation(self, session: Any, to: str) -> Conversation:
        found = await session.scalars(
            select(Conversation)
            .join(Message, Message.conversation_id == Conversation.id)
            .where(Message.author == Author.CUSTOMER, Message.text == to)
            .order_by(Message.id.desc())
            .limit(1)
            .with_for_update(of=Conversation)
        )
        conversation: Conversation = found.one()
        return conversation

    async def _bank_says(self, to: str, text: str, author: Author, buttons: tuple[str, ...], is_answer: bool) -> None:
        now = system_clock()
        async with self.database.transaction() as session:
            conversation = await self._conversation(session, to)
            if is_answer:
                turn = Turn(conversation_id=conversation.id, taken_at=now, answered_at=now, outcome="answered")
                session.add(turn)
                await session.flush()
                unanswered = await session.scalars(
                    select(Message).where(
                        Message.conversation_id == conversation.id,
                        Message.author == Author.CUSTOMER,
                        Message.turn_id.is_(None),
                    )
                )
                for message in unanswered:
                    message.turn_id = turn.id
            await say(session, conversation, Saying(text, buttons), now=now, author=author)

    def staff_gives_sign(self, to: str, doing: Doing) -> None:
        """A person's page tells what the person does in the conversation in which the customer wrote `to`."""
        self.run(self._staff_gives_sign(to, doing))

    async def _staff_gives_sign(self, to: str, doing: Doing) -> None:
        async with self.database.transaction() as session:
            conversation = await self._conversation(session, to)
            await give_sign(
                session, Sign(conversation_id=conversation.id, doing=doing, page_id=UUID(int=1), staff_id=UUID(int=2))
            )

    async def _staff_corrects(self, to: str, text: str) -> None:
        async with self.database.transaction() as session:
            conversation = await self._conversation(session, to)
            last = select(Message).where(Message.conversation_id == conversation.id, Message.author == Author.STAFF)
            message = (await session.scalars(last.order_by(Message.id.desc()).limit(1))).one()
            message.earlier_text, message.text, message.edited_at = message.text, text, system_clock()
            await notify_changed(session, conversation.id)

    async def _read_up_to(self, to: str) -> str | None:
        async with self.database.transaction() as session:
            conversation = await self._conversation(session, to)
            return await session.scalar(select(Message.text).where(Message.id == conversation.read_by_customer_up_to))

    async def _staff_takes_over(self, to: str) -> None:
        async with self.database.transaction() as session:
            conversation = await self._conversation(session, to)
            conversation.holder = Holder.STAFF
            await notify_changed(session, conversation.id)


async def _is_there() -> bool:
    return True


@contextmanager
def chat_server_on(url: str) -> Iterator[ChatServer]:
    """A gateway in a thread of its own."""
    loop = asyncio.new_event_loop()
    database = Database(url)
    config = Settings(secret_key=SecretStr("a key of the tests"), upload_limit_mib=1, sessions_per_minute=10_000)
    app = create_gateway(database=database, config=config, checks={"database": _is_there}, said=wording())
    gateway = uvicorn.Server(
        uvicorn.Config(app, port=0, log_config=None, access_log=False, timeout_graceful_shutdown=1)
    )
    started = threading.Event()

    async def serve() -> None:
        task = asyncio.create_task(gateway.serve())
        while not gateway.started and not task.done():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        started.set()
        await task
        await database.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    try:
        assert started.wait(WITHIN_SECONDS)
        port = gateway.servers[0].sockets[0].getsockname()[1]
        yield ChatServer(f"http://127.0.0.1:{port}", database, loop)
    finally:
        gateway.should_exit = True
        thread.join(WITHIN_SECONDS)
        loop.close()


@pytest.fixture(scope="session")
def chat_server() -> Iterator[ChatServer]:
    """One gateway for all tests of the page; every test has a session of its own in it."""
    with server() as server_url, fresh_database(server_url) as url, chat_server_on(url) as served:
        yield served


@pytest.fixture
def browser_page(chromium: Browser) -> Iterator[Page]:
    """A page on a phone, in a context of its own. What the browser complains about fails the test."""
    context = chromium.new_context(viewport={"width": 390, "height": 780}, has_touch=True, locale="zh-CN")
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if "Content Security Policy" in line.text else None)
    yield page
    context.close()
    assert complaints == []
