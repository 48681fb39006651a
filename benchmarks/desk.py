"""`make bench-desk`: how long staff waits for a page and a message with 10,000 open complaints in the database.

Three people at the desk in real browsers, ten customers who write through the real inbox all the while, on an embedded
PostgreSQL of its own. The last line is one JSON object: milliseconds, p50 and p95, of each page's first paint, of acts
in the queue, and of a message on its way in either direction.
"""

import argparse
import asyncio
import json
import signal
import statistics
import sys
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count, cycle
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright
from sqlalchemy import select

import bot.tables  # noqa: F401 - every table is known before the first query
from benchmarks.customers import connected
from benchmarks.rasa_defaults import say
from bot.clock import system_clock
from bot.conversations.channel import Inbound
from bot.conversations.inbound import Inbox
from bot.conversations.models import Author, Conversation, Message
from bot.database import Database
from bot.desk.live import Feed
from bot.staff.models import Role
from bot.staff.organisation import organisation
from tests.chromium import CHROMIUM_FLAGS, chromium_path
from tests.integration.desk.crowd import a_crowd
from tests.integration.desk.scene import PASSWORD, Scene
from tests.integration.desk.served import serving
from tests.postgres import fresh_database, server

STAFF_COUNT = 3
CUSTOMERS_COUNT = 10
A_CUSTOMER_WRITES_EVERY_SECONDS = 2.0
QUIET_WINDOW = timedelta(seconds=1)
A_PERSON_LOOKS_FOR_SECONDS = 1.0
"""Between two acts. Without it three browsers alone keep two cores busy, and what they wait for is each other."""
STOP_AFTER_SECONDS = 330
GIVE_UP_AFTER_MS = 20_000
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


@dataclass
class Waits:
    """Milliseconds that were waited, by what for."""

    by_name: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    async def time(self, name: str, act: Awaitable[object]) -> None:
        """Note how long an act takes."""
        started_at = time.monotonic()
        await act
        self.note(name, (time.monotonic() - started_at) * 1000)

    def note(self, name: str, milliseconds: float) -> None:
        """Note one wait."""
        self.by_name[name].append(milliseconds)

    def summary(self) -> dict[str, int]:
        """`<name>_p50_ms` and `<name>_p95_ms` of each."""
        summed: dict[str, int] = {}
        for name, waits in self.by_name.items():
            summed[f"{name}_p50_ms"] = round(statistics.median(waits))
            summed[f"{name}_p95_ms"] = round(statistics.quantiles(waits, n=20, method="inclusive")[-1])
        return summed


@dataclass(frozen=True)
class Bank:
    """What the measurement works on."""

    database: Database
    address: str
    customers: list[Conversation]

    async def write(self, customer: Conversation, text: str) -> None:
        """A customer's message arrives."""
        inbox = Inbox(self.database, system_clock, QUIET_WINDOW)
        await inbox.receive(Inbound(customer.channel, customer.channel_key, uuid.uuid4().hex, text))

    async def write_on_and_on(self) -> None:
        """The customers whom nobody measures write, one after the other, until cancelled.

        The others write in `hear`: an answer to less than a customer wrote is held.
        """
        others = self.customers[STAFF_COUNT:]
        for number, customer in zip(count(), cycle(others), strict=False):
            await self.write(customer, f"还在等，第 {number} 次问")
            await asyncio.sleep(A_CUSTOMER_WRITES_EVERY_SECONDS / len(others))

    async def has_answer(self, text: str) -> bool:
        """Whether a staff member's message with this text is stored, for a customer to read."""
        async with self.database.transaction() as session:
            found = select(Message.id).where(Message.author == Author.STAFF, Message.text == text)
            return await session.scalar(found) is not None


def main() -> None:
    """The command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--complaints", type=int, default=10_000, help="open ones in the database")
    arguments.add_argument("--rounds", type=int, default=8, help="how often each person does everything")
    arguments.add_argument("--more-pages", type=int, default=0, help="further pages that stand open on the queue")
    options = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that every process is ended
    with (
        tempfile.TemporaryDirectory(prefix="tingsu-bench-") as folder,
        server() as server_url,
        fresh_database(server_url) as url,
        serving(url, Path(folder)) as desk,
    ):
        waits = asyncio.run(measure(url, desk.address, options.complaints, options.rounds, options.more_pages))
    print(json.dumps({"complaints": options.complaints} | waits.summary()))


async def measure(url: str, address: str, complaints: int, rounds: int, more_pages: int) -> Waits:
    """Let everybody work for so many rounds, or until the time is over."""
    waits = Waits()
    async with connected(url) as database, AsyncExitStack() as stack:
        say(f"writing {complaints} open complaints")
        bank = await prepare(database, address, complaints)
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_FLAGS)
        stack.push_async_callback(browser.close)
        people = [await signed_in(browser, address, f"staff{number}") for number in range(STAFF_COUNT)]
        for _, person in zip(range(more_pages), cycle(people), strict=False):
            page = await person.context.new_page()
            await page.goto(address)
            await page.click('[data-filter="open"]')
        writing = asyncio.create_task(bank.write_on_and_on())
        stack.callback(writing.cancel)
        say(f"{STAFF_COUNT} people work, {CUSTOMERS_COUNT} customers write")
        try:
            async with asyncio.timeout(STOP_AFTER_SECONDS):
                pairs = zip(people, bank.customers, strict=False)
                await asyncio.gather(*(work(bank, person, customer, waits, rounds) for person, customer in pairs))
        except TimeoutError:
            say("somebody waited too long, or the time is over; what was measured until now counts")
    return waits


async def prepare(database: Database, address: str, complaints: int) -> Bank:
    """Staff and their customers among so many open complaints."""
    scene = Scene(database, system_clock)
    for number in range(STAFF_COUNT):
        await scene.member(f"staff{number}", role=Role.COORDINATOR, unit_code="HB")
    ids = await a_crowd(database, organisation(), count=complaints, now=system_clock())
    async with database.transaction() as session:
        found = select(Conversation).where(Conversation.id.in_(ids[:CUSTOMERS_COUNT]))
        return Bank(database, address, list(await session.scalars(found)))


async def signed_in(browser: Browser, address: str, username: str) -> Page:
    """A person's page, on the queue."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(GIVE_UP_AFTER_MS)
    page = await context.new_page()
    await page.goto(address)
    await page.fill("input[name=username]", username)
    await page.fill("input[name=password]", PASSWORD)
    await page.click("button.primary")
    await page.wait_for_selector(".row")
    return page


async def work(bank: Bank, page: Page, customer: Conversation, waits: Waits, rounds: int) -> None:
    """One person's day: talk with a customer, and between messages look at every page."""
    chat = await page.context.new_page()
    await chat.goto(f"{bank.address}/conversations/{customer.id}")
    await chat.click(".take-over")
    await chat.wait_for_selector(".composer textarea")
    conversation = f"{bank.address}/conversations/{customer.id}"
    for _ in range(rounds):
        for tab, act in (
            (chat, lambda: hear(bank, chat, customer, waits)),
            (chat, lambda: answer(bank, chat, waits)),
            (page, lambda: paint(page, conversation, ".thread-head", waits, "conversation_page")),
            (page, lambda: paint(page, bank.address, ".row", waits, "queue_page")),
            (page, lambda: look_around(page, waits)),
            (page, lambda: sign_in_page(page, bank.address, waits)),
        ):
            await tab.bring_to_front()  # a browser draws once a second, at most, what nobody looks at
            await act()
            await asyncio.sleep(A_PERSON_LOOKS_FOR_SECONDS)


async def hear(bank: Bank, chat: Page, customer: Conversation, waits: Waits) -> None:
    """A message from the customer to the open page."""
    text = f"问题 {uuid.uuid4().hex[:8]}"
    await waits.time(
        "customer_to_desk",
        asyncio.gather(bank.write(customer, text), chat.locator(".messages", has_text=text).wait_for()),
    )


async def answer(bank: Bank, chat: Page, waits: Waits) -> None:
    """A message from the desk until it is committed and announced to those who bring it to the customer."""
    text = f"答复 {uuid.uuid4().hex[:8]}"
    await chat.fill(".composer textarea", text)
    await waits.time(
        "desk_to_customer", asyncio.gather(chat.press(".composer textarea", "Enter"), announced(bank, text))
    )


async def announced(bank: Bank, text: str) -> None:
    """Wait as the gateway does: for the notice of a change, then look."""
    changed = asyncio.Event()
    feed = Feed(bank.database)
    feed.subscribe(lambda _: changed.set())
    listening = asyncio.create_task(feed.run())
    try:
        async with asyncio.timeout(GIVE_UP_AFTER_MS / 1000):
            while not await bank.has_answer(text):
                changed.clear()
                await changed.wait()
    finally:
        listening.cancel()


async def paint(page: Page, address: str, shown: str, waits: Waits, name: str) -> None:
    """Load a page: its first paint, and when what it is for is there."""
    started_at = time.monotonic()
    await page.goto(address)
    await page.wait_for_selector(shown)
    waits.note(f"{name}_shown", (time.monotonic() - started_at) * 1000)
    first_paint = await page.evaluate(FIRST_PAINT)
    if first_paint is not None:
        waits.note(f"{name}_first_paint", first_paint)


async def look_around(page: Page, waits: Waits) -> None:
    """What a person does in the queue: another filter, the next page, a search."""
    await waits.time("filter", click_and_see(page, '[data-filter="open"]', '[data-filter="open"].chosen'))
    await asyncio.sleep(A_PERSON_LOOKS_FOR_SECONDS)
    await waits.time("next_page", click_and_see(page, ".pager button >> nth=1", '.pager span:has-text("51–100")'))
    await asyncio.sleep(A_PERSON_LOOKS_FOR_SECONDS)
    await page.fill("input[type=search]", "理财经理")
    await waits.time("search", press_and_see(page, "input[type=search]", '.pager span:has-text("第 1–50")'))


async def click_and_see(page: Page, what: str, shown: str) -> None:
    """Click, and wait for what that brings."""
    await page.click(what)
    await page.wait_for_selector(shown)


async def press_and_see(page: Page, where: str, shown: str) -> None:
    """Press Enter, and wait for what that brings."""
    await page.press(where, "Enter")
    await page.wait_for_selector(shown)


async def sign_in_page(page: Page, address: str, waits: Waits) -> None:
    """The door, as a browser sees it that nobody has signed in with."""
    browser = page.context.browser
    if browser is None:
        return
    stranger = await browser.new_context()
    try:
        await paint(await stranger.new_page(), address, "input[name=username]", waits, "sign_in_page")
    finally:
        await stranger.close()


if __name__ == "__main__":
    main()
