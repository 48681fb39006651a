"""The live socket: a message is on the page as soon as it is committed, and nothing is lost while anything is away."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bot.clock import Clock
from bot.conversations.models import Author, Message
from bot.conversations.outbound import say
from bot.database import Database, notify_changed
from bot.wording import Saying
from tests.integration.webchat.served import Served, bearer, serving

WITHIN_SECONDS = 10


class Live:
    """A page's live socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def next(self) -> dict[str, Any]:
        received: dict[str, Any] = json.loads(await asyncio.wait_for(self.socket.recv(), WITHIN_SECONDS))
        return received

    async def next_messages(self) -> list[dict[str, Any]]:
        while True:
            update = await self.next()
            if "messages" in update:
                messages: list[dict[str, Any]] = update["messages"]
                return messages

    async def next_corrected(self) -> list[dict[str, Any]]:
        while True:
            update = await self.next()
            if "corrected" in update:
                corrected: list[dict[str, Any]] = update["corrected"]
                return corrected

    async def until(self, text: str) -> list[str]:
        """The texts pushed until this one."""
        texts: list[str] = []
        while text not in texts:
            texts += [message["text"] for message in await self.next_messages()]
        return texts


@asynccontextmanager
async def live(served: Served, token: str, after: int | None = None) -> AsyncIterator[Live]:
    async with connect(f"ws://{served.address}/api/chat/live", proxy=None) as socket:
        await socket.send(json.dumps({"token": token, "after": after}))
        yield Live(socket)


async def test_the_history_comes_first_and_then_what_is_new(gateway: Served) -> None:
    token = await gateway.new_session()
    async with live(gateway, token) as page:
        assert [message["author"] for message in await page.next_messages()] == ["bot"]
        assert await page.next() == {"typing": False}
        written = (await gateway.write(token, "卡被吞了", client_id="c1")).json()["id"]
        pushed = await page.next_messages()
        assert [(message["id"], message["client_id"]) for message in pushed] == [(written, "c1")]
        assert await page.next() == {"typing": True}
        await gateway.bank_says(written, "是哪个网点？", buttons=["不记得了"])
        assert (await page.next_messages())[0]["buttons"] == ["不记得了"]


async def test_a_page_that_comes_back_gets_only_what_it_missed(gateway: Served) -> None:
    token = await gateway.new_session()
    async with live(gateway, token) as page:
        await page.next_messages()
    first = (await gateway.write(token, "第一条")).json()["id"]
    second = (await gateway.write(token, "第二条")).json()["id"]
    async with live(gateway, token, after=first) as page:
        assert [message["id"] for message in await page.next_messages()] == [second]


async def test_every_open_page_of_a_session_is_told_and_no_other(gateway: Served) -> None:
    token, other = await gateway.new_session(), await gateway.new_session()
    async with live(gateway, token) as phone, live(gateway, token) as desktop, live(gateway, other) as stranger:
        await stranger.until((await gateway.read(other))[0]["text"])
        await gateway.write(token, "我的事")
        assert "我的事" in await phone.until("我的事")
        assert "我的事" in await desktop.until("我的事")
        await gateway.write(other, "别的事")
        assert await stranger.until("别的事") == ["别的事"]


async def test_what_is_rolled_back_is_never_pushed(gateway: Served, database: Database) -> None:
    token = await gateway.new_session()
    async with live(gateway, token) as page:
        greeting = (await page.next_messages())[0]
        conversation = await gateway.conversation_of(greeting["id"])
        with pytest.raises(RuntimeError):
            async with database.transaction() as session:
                await say(session, conversation, Saying("不该出现"), now=gateway.clock())
                raise RuntimeError
        await gateway.bank_says(greeting["id"], "该出现")
        assert await page.until("该出现") == ["该出现"]


@pytest.mark.parametrize(
    "hello", ["", "x", "[]", "{}", '{"token": 5}', '{"token": "x"}', '{"token": "x", "after": -1}', b"\xff\x00"]
)
async def test_a_socket_without_a_valid_token_is_closed(gateway: Served, hello: str | bytes) -> None:
    async with connect(f"ws://{gateway.address}/api/chat/live", proxy=None) as socket:
        await socket.send(hello)
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), WITHIN_SECONDS)
        assert socket.close_code in {1008, 4401}


async def test_a_ping_is_answered(gateway: Served) -> None:
    async with live(gateway, await gateway.new_session()) as page:
        await page.socket.send('{"ping": true}')
        while (await page.next()) != {"pong": True}:
            pass


async def test_one_session_cannot_open_sockets_without_end(gateway: Served) -> None:
    token = await gateway.new_session()
    async with asyncio.timeout(30):
        sockets = [await connect(f"ws://{gateway.address}/api/chat/live", proxy=None) for _ in range(11)]
        for socket in sockets:
            await socket.send(json.dumps({"token": token}))
            try:
                await socket.recv()
            except ConnectionClosed:
                break
        assert sockets[10].close_code == 4429
        for socket in sockets:
            await socket.close()


async def test_an_open_page_gets_its_messages_after_postgresql_has_cut_every_connection(
    gateway: Served, database_url: str
) -> None:
    token = await gateway.new_session()
    async with live(gateway, token) as page:
        await page.next_messages()
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await gateway.write(token, "断开之后")
        assert "断开之后" in await page.until("断开之后")
        await gateway.write(token, "再来一条")
        assert await page.until("再来一条") == ["再来一条"]


async def test_a_page_that_reconnects_to_a_new_gateway_goes_on(database: Database, clock: Clock) -> None:
    async with serving(database, clock) as before:
        token = await before.new_session()
        known = (await before.write(token, "重启之前")).json()["id"]
    async with serving(database, clock) as after, live(after, token, after=known) as page:
        await after.write(token, "重启之后")
        assert await page.until("重启之后") == ["重启之后"]


async def test_a_correction_reaches_an_open_page_and_one_that_comes_back(gateway: Served, database: Database) -> None:
    token = await gateway.new_session()
    written = (await gateway.write(token, "哪天")).json()["id"]
    await gateway.bank_says(written, "周三来取", author=Author.STAFF)
    last = (await gateway.read(token))[-1]
    assert last["is_corrected"] is False
    async with live(gateway, token) as page:
        await page.until("周三来取")
        async with database.transaction() as session:
            message = await session.get_one(Message, last["id"])
            message.text, message.edited_at = "周四来取", gateway.clock()
            await notify_changed(session, message.conversation_id)
        corrected = await page.next_corrected()
    async with live(gateway, token, after=last["id"]) as page:
        again = await page.next_corrected()
    assert corrected == again
    assert [(one["id"], one["text"], one["is_corrected"]) for one in corrected] == [(last["id"], "周四来取", True)]


async def test_a_customers_own_edit_is_no_correction(gateway: Served, database: Database) -> None:
    token = await gateway.new_session()
    written = (await gateway.write(token, "哪天")).json()["id"]
    async with database.transaction() as session:
        (await session.get_one(Message, written)).edited_at = gateway.clock()
    response = await gateway.http.get("/api/chat/messages", params={"after": written}, headers=bearer(token))
    assert response.json()["corrected"] == []
