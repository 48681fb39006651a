"""Updates that Telegram brings: only Telegram's own, and acknowledged only when they are stored."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from pydantic import HttpUrl
from telegram import Bot

from bot.channels.telegram.intake import Intake
from bot.channels.telegram.webhook import register_webhook, webhook_router, webhook_secret
from bot.conversations.inbound import Inbox
from bot.database import Database
from bot.settings import Settings
from tests.integration.telegram.bot_api_server import BotApiServer, Json
from tests.integration.telegram.stored import texts, turns_enqueued

HEADER = "X-Telegram-Bot-Api-Secret-Token"


def gateway(intake: Intake, settings: Settings) -> httpx.AsyncClient:
    app = FastAPI()
    app.include_router(webhook_router(intake, webhook_secret(settings)))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://bank.example")


@pytest.fixture
async def client(intake: Intake, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with gateway(intake, settings) as opened:
        yield opened


def secret(settings: Settings) -> dict[str, str]:
    return {HEADER: webhook_secret(settings)}


async def test_telegram_learns_the_address_and_the_secret_even_if_it_is_away_at_first(
    bot: Bot, telegram: BotApiServer, settings: Settings
) -> None:
    telegram.misbehave("setWebhook", 502)
    public = settings.model_copy(update={"telegram_webhook_url": HttpUrl("https://bank.example/chat/")})
    await register_webhook(bot, public)
    assert telegram.webhook is not None
    assert telegram.webhook["url"] == "https://bank.example/chat/telegram/webhook"
    assert telegram.webhook["secret_token"] == webhook_secret(settings)
    assert len(telegram.webhook["secret_token"]) == 64
    assert telegram.webhook["allowed_updates"] == ["message", "edited_message"]


async def test_an_update_is_stored_before_it_is_acknowledged_and_taken_once_when_it_comes_twice(
    client: httpx.AsyncClient, telegram: BotApiServer, settings: Settings, database: Database
) -> None:
    update = telegram.update(message=telegram.message(text="卡被吞了"))
    for _ in range(2):
        response = await client.post("/telegram/webhook", json=update, headers=secret(settings))
        assert response.status_code == 200
        assert await texts(database) == ["卡被吞了"]
    assert await turns_enqueued(database) == 1


@pytest.mark.parametrize("token", [None, b"", b"wrong", "密码".encode(), b"x" * 64])
async def test_a_call_without_the_secret_is_refused(
    client: httpx.AsyncClient, telegram: BotApiServer, database: Database, token: bytes | None
) -> None:
    headers = {} if token is None else {HEADER.encode(): token}
    update = telegram.update(message=telegram.message(text="假的"))
    response = await client.post("/telegram/webhook", json=update, headers=headers)
    assert response.status_code == 403
    assert await texts(database) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"{", 400), (b"[]", 400), (b'{"update_id": "1"}', 400), (b"\xff\xfe", 400), (b" " * 1_100_000, 413)],
)
async def test_what_is_not_an_update_is_refused(
    client: httpx.AsyncClient, settings: Settings, body: bytes, status: int
) -> None:
    response = await client.post("/telegram/webhook", content=body, headers=secret(settings))
    assert response.status_code == status


@pytest.mark.parametrize("content", [{"message": {"message_id": 7}}, {"message": []}, {"some_news_of_2030": {}}])
async def test_an_update_that_cannot_be_read_is_acknowledged_so_that_it_does_not_come_for_ever(
    client: httpx.AsyncClient, telegram: BotApiServer, settings: Settings, database: Database, content: Json
) -> None:
    response = await client.post("/telegram/webhook", json=telegram.update(**content), headers=secret(settings))
    assert response.status_code == 200
    assert await texts(database) == []


async def test_while_the_store_is_away_telegram_is_asked_to_come_again(
    intake: Intake, telegram: BotApiServer, settings: Settings
) -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/nothing")
    inbox = Inbox(away, intake.inbox.clock, timedelta(seconds=1))
    async with gateway(replace(intake, inbox=inbox), settings) as client:
        update = telegram.update(message=telegram.message(text="卡被吞了"))
        response = await client.post("/telegram/webhook", json=update, headers=secret(settings))
    assert response.status_code == 503
    await away.close()


async def test_the_endpoint_is_not_part_of_the_documented_api(client: httpx.AsyncClient) -> None:
    assert "/telegram/webhook" not in (await client.get("/openapi.json")).json()["paths"]
