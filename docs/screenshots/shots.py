"""Which pictures there are: who looks at which page, what they have done there, and in which looks."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from playwright.async_api import Page

from bot.complaints.labels import Language

Look = Literal["light", "dark", "tablet"]
SIZES: dict[Look, tuple[int, int]] = {"light": (1280, 800), "dark": (1280, 800), "tablet": (820, 1180)}
LANGUAGES: tuple[Language, ...] = ("zh", "en")
ALL_LOOKS: tuple[Look, ...] = ("light", "dark", "tablet")


async def nothing(_page: Page) -> None:
    """The page as it opens."""


async def _all_open_cases(page: Page) -> None:
    await page.click('[data-filter="open"]')
    await page.wait_for_selector('[data-filter="open"].chosen')


async def _palette(page: Page) -> None:
    await page.keyboard.press("Control+k")
    await page.keyboard.type("司门口")
    await page.wait_for_selector(".palette li small:not(:empty)")


async def _plan_form(page: Page) -> None:
    await page.click("[data-act=submit_plan]")
    await page.wait_for_selector("form[data-act=submit_plan]")


async def _canned_replies(page: Page) -> None:
    await page.click(".open-picker")
    await page.wait_for_selector(".picker .canned-reply")


async def _bell(page: Page) -> None:
    await page.click(".bell-button")
    await page.wait_for_selector(".bell-list")


async def _one_person(page: Page) -> None:
    await page.click('[data-username="wang"]')
    await page.wait_for_selector(".person form")


@dataclass(frozen=True)
class Shot:
    """One picture of a page, in both languages.

    Attributes:
        name: of the file, before language and look.
        page: the address that the page is registered under.
        who: the username of whoever looks; nobody without one.
        does: what they do on the page before the picture is taken.
        rings: whether it is the first time that this browser hears of an urgent customer who waits.
        query: what follows the address.
    """

    name: str
    page: str
    who: str | None = None
    does: Callable[[Page], Awaitable[None]] = nothing
    looks: tuple[Look, ...] = ("light",)
    rings: bool = False
    query: str = ""

    def file_name(self, language: Language, look: Look) -> str:
        """`queue-zh.png`, `queue-en-dark.png`."""
        return f"{self.name}-{language}{'' if look == 'light' else f'-{look}'}.png"


DESK_SHOTS = (
    Shot("sign-in", "/sign-in", looks=("light", "dark")),
    Shot("sign-in-code", "/sign-in/code", "he"),
    Shot("password", "/password", "wang"),
    Shot("second-factor", "/second-factor", "wang"),
    Shot("recovery-codes", "/second-factor/codes", "wang"),
    Shot("queue", "/", "zhou", _all_open_cases, ALL_LOOKS),
    Shot("alarm", "/", "wu", rings=True),
    Shot("palette", "/", "zhou", _palette),
    Shot("ordinary", "/conversations/{ordinary}", "li", looks=ALL_LOOKS),
    Shot("complex", "/conversations/{complex}", "zhou", looks=("light", "dark")),
    Shot("urgent", "/conversations/{urgent}", "wu"),
    Shot("plan-form", "/conversations/{urgent}", "wu", _plan_form),
    Shot("replies-at-hand", "/conversations/{ordinary}", "li", _canned_replies),
    Shot("notices", "/", "wang", _bell),
    Shot("oversight", "/oversight", "zhou", looks=ALL_LOOKS),
    Shot("replies", "/replies", "li"),
    Shot("people", "/people", "xu", _one_person),
    Shot("audit", "/audit", "ma", looks=("light", "dark"), query="?subject=TS-3391-5520-8"),
    Shot("refused", "/people", "deng"),
)
"""Pictures of the desk. `{ordinary}` and the like stand for the town's conversations."""

CHAT_SHOTS = (Shot("chat", "/chat", looks=("light", "dark")), Shot("chat-embedded", "/a-page-of-the-bank"))
"""Pictures of the customer's page, by itself and on a page of the bank's."""


def pictures() -> list[str]:
    """The names of all files."""
    return [
        shot.file_name(language, look)
        for shot in (*DESK_SHOTS, *CHAT_SHOTS)
        for language in LANGUAGES
        for look in shot.looks
    ]
