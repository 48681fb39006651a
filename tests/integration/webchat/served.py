"""A real gateway, served by uvicorn on a free port, and what its tests need of it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from fastapi import APIRouter

from bot.channels.webchat.live import LiveUpdates
from bot.clock import Clock
from bot.conversations.models import Author, Conversation, Message
from bot.conversations.outbound import say
from bot.database import Database
from bot.gateway import Check, GatewayServer, create_gateway
from bot.settings import Settings
from bot.wording import Saying, wording


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def is_there() -> bool:
    return True


@dataclass
class Served:
    http: httpx.AsyncClient
    address: str
    database: Database
    clock: Clock
    live: LiveUpdates

    async def new_session(self, language: str = "zh") -> str:
        response = await self.http.post("/api/chat/sessions", json={"language": language})
        assert response.status_code == 200, response.text
        return str(response.json()["token"])

    async def write(self, token: str, text: str, **fields: str) -> httpx.Response:
        return await self.http.post("/api/chat/messages", json={"text": text, **fields}, headers=bearer(token))

    async def read(self, token: str, **query: int) -> list[dict[str, Any]]:
        response = await self.http.get("/api/chat/messages", params=query, headers=bearer(token))
        assert response.status_code == 200, response.text
        messages: list[dict[str, Any]] = response.json()["messages"]
        return messages

    async def send_file(self, token: str, name: str, content: bytes, **fields: str) -> httpx.Response:
        return await self.http.post(
            "/api/chat/attachments", files={"file": (name, content)}, data=fields, headers=bearer(token)
        )

    async def conversation_of(self, message_id: int) -> Conversation:
        async with self.database.transaction() as session:
            message = await session.get_one(Message, message_id)
            return await session.get_one(Conversation, message.conversation_id)

    async def bank_says(
        self, message_id: int, text: str, *, author: Author = Author.BOT, buttons: Sequence[str] = ()
    ) -> None:
        """Answer in the conversation of a message, as the worker does."""
        conversation = await self.conversation_of(message_id)
        async with self.database.transaction() as session:
            await say(session, conversation, Saying(text, tuple(buttons)), now=self.clock(), author=author)


@asynccontextmanager
async def serving(
    database: Database,
    clock: Clock,
    *,
    checks: dict[str, Check] | None = None,
    channel_routers: Sequence[APIRouter] = (),
    **values: Any,
) -> AsyncIterator[Served]:
    """Serve a gateway with settings of the test's own: `serving(database, clock, messages_per_minute=2)`."""
    app = create_gateway(
        database=database,
        config=Settings(_env_file=None, secret_key="a key of the tests", **values),  # type: ignore[call-arg]
        checks={"database": is_there} if checks is None else checks,
        said=wording(),
        clock=clock,
        channel_routers=channel_routers,
    )
    server = GatewayServer(uvicorn.Config(app, port=0, log_config=None, access_log=False, timeout_graceful_shutdown=3))
    task = asyncio.create_task(server.serve())
    while not server.started:
        assert not task.done(), "the gateway did not start"
        await asyncio.sleep(0.01)
    address = f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        async with httpx.AsyncClient(base_url=f"http://{address}", trust_env=False) as http:
            yield Served(http, address, database, clock, app.state.live)
    finally:
        server.should_exit = True
        await task
