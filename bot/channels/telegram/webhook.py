"""Updates that Telegram brings to the gateway, when the gateway has a public address."""

import asyncio
import hmac
import json
from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Request
from telegram import Bot, Update
from telegram.error import InvalidToken, TelegramError

from bot.channels.telegram.bot_api import WANTED_UPDATES, BackOff, readable_update
from bot.channels.telegram.intake import Intake, StoreAway
from bot.logs import logger
from bot.settings import Settings

WEBHOOK_PATH = "/telegram/webhook"
LARGEST_UPDATE_BYTES = 1024 * 1024
log = logger(__name__)


def webhook_secret(settings: Settings) -> str:
    """What Telegram sends with each update so that we know it is Telegram."""
    return settings.derived_secret("telegram-webhook")[:64]


def webhook_router(intake: Intake, secret: str) -> APIRouter:
    """The gateway's endpoint for Telegram.

    Args:
        secret: see `webhook_secret`.
    """
    router = APIRouter()

    @router.post(WEBHOOK_PATH, include_in_schema=False)
    async def take_update(
        request: Request, x_telegram_bot_api_secret_token: Annotated[str, Header()] = ""
    ) -> dict[str, bool]:
        """Take one update; Telegram brings it again until the answer is a success, so that comes when it is stored."""
        if not hmac.compare_digest(x_telegram_bot_api_secret_token.encode(), secret.encode()):
            log.warning("webhook_refused")
            raise HTTPException(403)
        raw = await _read_update(request)
        try:
            await intake.take(Update.de_json(readable_update(raw), intake.bot))
        except StoreAway as error:
            raise HTTPException(503) from error
        return {"ok": True}

    return router


async def _read_update(request: Request) -> dict[str, Any]:
    """The update in a request.

    Raises:
        HTTPException: 413 far larger than any update, 400 not an update.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_UPDATE_BYTES:
            raise HTTPException(413)
    try:
        raw = json.loads(body)
    except ValueError as error:
        raise HTTPException(400) from error
    if not isinstance(raw, dict) or not isinstance(raw.get("update_id"), int):
        raise HTTPException(400)
    return raw


async def register_webhook(bot: Bot, settings: Settings) -> None:
    """Tell Telegram where to bring updates; tries until Telegram has heard it.

    Raises:
        ValueError: the settings have no public address.
    """
    if settings.telegram_webhook_url is None:
        raise ValueError("no public address: set TINGSU_TELEGRAM_WEBHOOK_URL")
    address = str(settings.telegram_webhook_url).rstrip("/") + WEBHOOK_PATH
    back_off = BackOff()
    while True:
        try:
            await bot.set_webhook(address, secret_token=webhook_secret(settings), allowed_updates=WANTED_UPDATES)
        except TelegramError as error:
            pause = back_off.pause(error)
            event = "telegram_refuses_token" if isinstance(error, InvalidToken) else "webhook_not_registered"
            log.warning(event, error=type(error).__name__, again_in_seconds=pause)
            await asyncio.sleep(pause)
        else:
            log.info("webhook_registered")
            return
