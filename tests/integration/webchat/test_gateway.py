"""The gateway as a process that the public reaches: health, metrics, headers, logs, nothing from elsewhere."""

import asyncio
import re

import httpx
import psycopg
import pytest
import structlog
from fastapi import APIRouter

from bot.channels.webchat import WebChat
from bot.channels.webchat.pages import STATIC, page_router
from bot.clock import Clock
from bot.conversations.channel import Channel
from bot.database import Database
from bot.gateway import worker_is_alive
from tests.integration.webchat.served import Served, bearer, is_there, serving


async def missing() -> bool:
    return False


async def broken() -> bool:
    raise OSError


async def test_health_is_good_only_when_everything_answers(database: Database, clock: Clock) -> None:
    async with serving(database, clock, checks={"database": database.answers, "rasa": is_there}) as served:
        response = await served.http.get("/healthz")
        assert (response.status_code, response.json()) == (200, {"status": "ok", "missing": []})
    async with serving(database, clock, checks={"database": is_there, "worker": missing, "rasa": broken}) as served:
        response = await served.http.get("/healthz")
        assert (response.status_code, response.json()["missing"]) == (503, ["worker", "rasa"])


async def test_a_worker_is_alive_while_its_heart_beats(database: Database, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DELETE FROM procrastinate_workers")
        assert not await worker_is_alive(database)
        connection.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '11 seconds')")
        assert not await worker_is_alive(database)
        connection.execute("UPDATE procrastinate_workers SET last_heartbeat = now()")
        assert await worker_is_alive(database)
        connection.execute("DELETE FROM procrastinate_workers")


async def test_metrics_count_requests_by_route_and_tell_no_address(gateway: Served) -> None:
    token = await gateway.new_session()
    await gateway.write(token, "好")
    await gateway.http.get("/13871234567", headers=bearer(token))
    metrics = (await gateway.http.get("/metrics")).text
    assert 'route="/api/chat/messages",status="200"' in metrics
    assert 'route="unmatched"' in metrics
    assert "13871234567" not in metrics


async def test_the_access_log_has_neither_texts_nor_queries_nor_tokens(gateway: Served) -> None:
    with structlog.testing.capture_logs() as lines:
        token = await gateway.new_session()
        await gateway.write(token, "我的卡被吞了")
        await gateway.http.get("/api/chat/messages", params={"after": 7_654_321}, headers=bearer(token))
        await gateway.http.get("/13871234567?name=wang")
    assert [line["route"] for line in lines if line["event"] == "request"] == [
        "/api/chat/sessions",
        "/api/chat/messages",
        "/api/chat/messages",
        "unmatched",
    ]
    assert not re.search(r"吞|7654321|13871234567|wang|127\.0\.0\.1|" + re.escape(token), str(lines))


async def test_a_fault_of_ours_is_answered_in_the_shape_of_the_api_and_logged_without_its_words(
    database: Database, clock: Clock
) -> None:
    faulty = APIRouter()

    @faulty.get("/faulty")
    async def fail() -> None:
        raise ValueError("王先生的电话")

    with structlog.testing.capture_logs() as lines:
        async with serving(database, clock, channel_routers=[faulty]) as served:
            response = await served.http.get("/faulty")
    assert (response.status_code, response.json()["error"]) == (500, "internal_error")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "王先生" not in str(lines)
    assert any(line["event"] == "request_failed" and line["error"] == "ValueError" for line in lines)


@pytest.mark.parametrize("path", ["/chat", "/embed.js", "/docs", "/healthz", "/nothing", "/api/chat/messages"])
async def test_every_answer_carries_security_headers(gateway: Served, path: str) -> None:
    headers = (await gateway.http.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "server" not in headers or headers["server"] == "uvicorn"


async def test_who_may_embed_the_page_is_a_setting(database: Database, clock: Clock) -> None:
    async with serving(database, clock, embed_origins="https://bank.example https://www.bank.example") as served:
        policy = (await served.http.get("/chat")).headers["content-security-policy"]
        assert policy.endswith("frame-ancestors https://bank.example https://www.bank.example")
        assert "frame-ancestors 'none'" in (await served.http.get("/docs")).headers["content-security-policy"]
    with pytest.raises(ValueError, match="TINGSU_EMBED_ORIGINS"):
        page_router(embed_origins="*; script-src *", upload_limit_mib=10)


async def test_nothing_is_loaded_from_elsewhere(gateway: Served) -> None:
    for path in ["/chat", "/docs"]:
        page = (await gateway.http.get(path)).text
        loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
        assert loaded
        assert [address for address in loaded if not address.startswith(("/", "#"))] == []
        for address in loaded:
            if address.startswith("/"):
                assert (await gateway.http.get(address)).status_code == 200, address
    for path in STATIC.iterdir():
        assert not re.search(r"https?://(?!www\.w3\.org|chat\.bank\.example)", path.read_text()), path.name


async def test_the_page_has_no_inline_script_or_style(gateway: Served) -> None:
    page = (await gateway.http.get("/chat")).text
    assert re.findall(r"<script(?![^>]*src=)", page) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=", page) == []


async def test_a_browser_that_has_the_file_gets_304(gateway: Served) -> None:
    first = await gateway.http.get("/chat/static/chat.js")
    again = await gateway.http.get("/chat/static/chat.js", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


@pytest.mark.parametrize("name", ["chat.html", "..%2f__init__.py", "../pages.py", "nothing.js"])
async def test_only_the_pages_own_files_are_served(gateway: Served, name: str) -> None:
    assert (await gateway.http.get(f"/chat/static/{name}")).status_code == 404


async def test_the_api_is_described_for_people_and_programs(gateway: Served) -> None:
    document = (await gateway.http.get("/openapi.json")).json()
    assert sorted(document["paths"]) == [
        "/api/chat/attachments",
        "/api/chat/attachments/{attachment_id}",
        "/api/chat/messages",
        "/api/chat/read",
        "/api/chat/sessions",
        "/api/chat/typing",
    ]
    page = (await gateway.http.get("/docs")).text
    for path in document["paths"]:
        assert path in page
    assert "Authorization: Bearer" in page


async def test_a_page_that_waits_for_news_is_answered_when_the_gateway_stops(database: Database, clock: Clock) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as page:
        async with serving(database, clock) as served:
            token = await served.new_session()
            known = (await served.read(token))[-1]["id"]
            address = f"http://{served.address}/api/chat/messages?after={known}&wait=25"
            with structlog.testing.capture_logs() as lines:
                waiting = asyncio.create_task(page.get(address, headers=bearer(token)))
                conversation = await served.conversation_of(known)
                while not served.live.count(conversation.id):  # noqa: ASYNC110 - it waits inside the gateway
                    await asyncio.sleep(0.01)
        assert (await waiting).json() == {"messages": [], "corrected": [], "typing": False}
    assert not [line for line in lines if line.get("status", 200) != 200]


async def test_the_root_leads_to_the_chat(gateway: Served) -> None:
    assert (await gateway.http.get("/")).headers["location"] == "/chat"


async def test_unknown_addresses_and_methods_are_answered_in_the_shape_of_the_api(gateway: Served) -> None:
    assert (await gateway.http.get("/nothing")).json()["error"] == "not_found"
    assert (await gateway.http.delete("/api/chat/messages")).json()["error"] == "method_not_allowed"


async def test_the_web_chat_is_a_channel_that_carries_nothing(gateway: Served, database: Database) -> None:
    channel: Channel = WebChat()
    token = await gateway.new_session()
    conversation = await gateway.conversation_of((await gateway.read(token))[0]["id"])
    await channel.show_typing(conversation)
    assert channel.name == conversation.channel
