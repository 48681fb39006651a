"""Serve the town's desk and chat, and take every picture into `docs/images/desk`.

The hour stands still, in the processes and in the browser, so that a picture changes only when its page does.
"""

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from socket import socket

import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from sqlalchemy import func, select, update

from bot.complaints.labels import Language
from bot.conversations.models import Author, Conversation, Holder, Message
from bot.conversations.outbound import say
from bot.database import Database, notify_changed
from bot.desk.desk import desk_app
from bot.desk.gate import SHOWN_ONCE
from bot.desk.parts import Desk
from bot.gateway import create_gateway
from bot.settings import ROOT, settings
from bot.staff.models import StaffMember
from bot.staff.sealed import sealed
from bot.staff.second_factor import PURPOSE
from bot.wording import Saying, wording
from docs.screenshots.chats import CHATS, page_of_the_bank
from docs.screenshots.shots import CHAT_SHOTS, DESK_SHOTS, LANGUAGES, SIZES, Look, Shot
from docs.screenshots.town import Town, build
from tests.chromium import CHROMIUM_FLAGS, chromium_path
from tests.conftest import FakeClock
from tests.integration.desk.scene import PASSWORD, Scene
from tests.postgres import fresh_database, server

PICTURES = ROOT / "docs" / "images" / "desk"
KEY_OF_THE_APP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
RECOVERY_CODES = "k7mq-3wzx h4tn-9bcd p2vf-6jrs w8ya-5gkd c3xe-7nqm r9hb-2tfv d6zj-4wpk n5sg-8yac"
GIVE_UP_AFTER_MS = 20_000
TRIES = 100


def main() -> None:
    """The command line."""
    arguments = argparse.ArgumentParser(prog="python -m docs.screenshots", description=__doc__)
    arguments.add_argument("--only", default="", help="only pictures whose name begins like this")
    arguments.add_argument("--to", type=Path, default=PICTURES, help="the folder")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="tingsu-pictures-") as folder, server() as at, fresh_database(at) as url:
        os.environ |= {"TINGSU_VAR_DIR": folder, "TINGSU_SECOND_FACTOR": "optional"}
        asyncio.run(take_all(url, options.only, options.to))


async def take_all(url: str, only: str, folder: Path) -> None:
    """Take every picture whose name begins so."""
    clock = FakeClock()
    folder.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        database = Database(url)
        stack.push_async_callback(database.close)
        town = await build(Scene(database, clock), clock)
        await _prepare_accounts(database, clock)
        port = _free_port()
        desk = Desk.on(Database(url), clock, port=port, secure_cookies=False)
        desk_address = await stack.enter_async_context(_served(desk_app(desk), port))
        gateway = create_gateway(database=database, config=settings(), checks={}, said=wording(), clock=clock)
        chat_address = await stack.enter_async_context(_served(gateway, _free_port()))
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_FLAGS)
        stack.push_async_callback(browser.close)
        studio = Studio(browser, town, desk_address, chat_address, folder)
        for shots in (DESK_SHOTS, CHAT_SHOTS):  # what is written in the chat stands in the queue
            for language in LANGUAGES:
                await town.speak(language)
                await studio.take_all([shot for shot in shots if shot.name.startswith(only)], language)


class Studio:
    """Takes pictures, each in a browser of its own."""

    def __init__(self, browser: Browser, town: Town, desk: str, chat: str, folder: Path) -> None:
        self._browser = browser
        self._town = town
        self._desk = desk
        self._chat = chat
        self._folder = folder
        self._names = {tier.value: str(found) for tier, found in town.conversations.items()}

    async def take_all(self, shots: Sequence[Shot], language: Language) -> None:
        """Take these pictures, in all their looks."""
        for shot in shots:
            for look in shot.looks:
                await self.take(shot, language, look)

    async def take(self, shot: Shot, language: Language, look: Look) -> None:
        """Take one picture."""
        width, height = SIZES[look]
        context = await self._browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if look == "dark" else "light",
            locale="zh-CN" if language == "zh" else "en-GB",
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
        )
        context.set_default_timeout(GIVE_UP_AFTER_MS)
        await context.clock.set_fixed_time(self._town.clock())
        if not shot.rings:
            rung = json.dumps(json.dumps(await self._town.rung()))
            await context.add_init_script(f"sessionStorage.setItem('tingsu-rung', {rung})")
        page = await context.new_page()
        if shot in CHAT_SHOTS:
            await self._open_chat(page, shot, language)
        else:
            await self._open_desk(context, page, shot, language)
        await shot.does(page)
        await page.evaluate("document.fonts.ready")
        await page.wait_for_timeout(600)  # transitions, and what the socket still brings
        await page.screenshot(path=self._folder / shot.file_name(language, look), caret="hide", animations="disabled")
        print(shot.file_name(language, look), flush=True)
        await context.close()

    async def _open_desk(self, context: BrowserContext, page: Page, shot: Shot, language: Language) -> None:
        address = self._desk + shot.page.format_map(self._names) + shot.query
        if shot.who is None:
            await page.goto(f"{address}?language={language}")
            return
        form = {"username": shot.who, "password": PASSWORD, "next": "/"}
        await context.request.post(f"{self._desk}/sign-in", form=form, max_redirects=0)
        codes = sealed(RECOVERY_CODES, purpose=SHOWN_ONCE)
        name = f"tingsu-desk-codes-{self._desk.rpartition(':')[2]}"
        await context.add_cookies([{"name": name, "value": codes, "url": f"{self._desk}/second-factor/"}])
        await page.goto(address)
        await page.wait_for_selector(".queue, .door-card, table, .people, main")

    async def _open_chat(self, page: Page, shot: Shot, language: Language) -> None:
        address = f"{self._chat}{shot.page}"
        if shot.page == "/chat":
            await page.goto(f"{address}?language={language}")
            chat = page.main_frame
        else:
            await page.route(
                address, lambda route: route.fulfill(body=page_of_the_bank(language), content_type="text/html")
            )
            await page.goto(address)
            async with page.expect_event("framenavigated"):
                await page.locator(".button").click()
            chat = page.frames[-1]
        said, answer = CHATS[language]
        await chat.wait_for_selector("#log article, #log .row")
        last = await self._last_message()
        await chat.fill("#writing", said)
        await chat.click("#send")
        await self._answer(last, answer)
        await chat.wait_for_selector("#replies button")

    async def _last_message(self) -> int:
        async with self._town.scene.database.transaction() as session:
            return await session.scalar(select(func.max(Message.id))) or 0

    async def _answer(self, last: int, saying: Saying) -> None:
        """Answer what the page sends, in place of the assistant that is not there."""
        written = select(Message).where(Message.id > last, Message.author == Author.CUSTOMER)
        for _ in range(TRIES):
            async with self._town.scene.database.transaction() as session:
                message = await session.scalar(written)
                if message is not None:
                    conversation = await session.get_one(Conversation, message.conversation_id)
                    await say(session, conversation, saying, now=self._town.clock())
                    conversation.holder = Holder.STAFF  # no turn is to come, so the page does not wait for one
                    await notify_changed(session, conversation.id)
                    return
            await asyncio.sleep(0.1)
        raise TimeoutError("the chat page has sent nothing")


async def _prepare_accounts(database: Database, clock: FakeClock) -> None:
    """One person has a second factor and is asked for its code; another is about to set it up, with a known key."""
    key = sealed(KEY_OF_THE_APP, purpose=PURPOSE)
    async with database.transaction() as session:
        await session.execute(update(StaffMember).values(sealed_key=key))
        he = update(StaffMember).where(StaffMember.username == "he")
        await session.execute(he.values(second_factor_at=clock()))


@asynccontextmanager
async def _served(app: FastAPI, port: int) -> AsyncIterator[str]:
    config = uvicorn.Config(app, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=1)
    running = uvicorn.Server(config)
    task = asyncio.create_task(running.serve())
    while not running.started and not task.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        running.should_exit = True
        await task


def _free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
