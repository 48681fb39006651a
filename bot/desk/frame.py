"""What every page of the desk is made of: its head and top bar, cards, forms and words."""

import json
from pathlib import Path

from fastapi import Request
from nicegui import Client, ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from bot.complaints.labels import Language
from bot.desk.words import browser_words, language_of, word
from bot.staff.models import StaffMember
from bot.staff.people import organisation
from bot.staff.permissions import Act, may

STATIC = Path(__file__).parent / "static"
STATIC_ADDRESS = "/desk-static"
FAVICON = STATIC / "favicon.svg"
PLACES = (
    ("queue", "/", Act.SEE_CASES),
    ("oversight", "/oversight", Act.SEE_FIGURES),
    ("replies", "/replies", Act.KEEP_REPLIES),
    ("people", "/people", Act.ADD_STAFF),
    ("audit", "/audit", Act.SEE_AUDIT),
)
"""The pages in the top bar: word, address, and the act that it takes."""


def dress(client: Client, language: Language) -> None:
    """Our own style, words and small script; before anything is painted, the theme the person chose."""
    version = static_version()
    with client:
        ui.add_head_html(
            f"""
            <script>document.documentElement.lang = "{language_tag(language)}";</script>
            <script src="{STATIC_ADDRESS}/theme.js?{version}"></script>
            <style>:root {{ --offline: "{word("offline", language)}"; }}</style>
            <link rel="stylesheet" href="{STATIC_ADDRESS}/desk.css?{version}">
            <script src="{STATIC_ADDRESS}/desk.js?{version}"></script>
            """
        )


def static_version() -> int:
    """What the addresses of style and scripts carry, so that a browser asks again after a change."""
    return int(max(file.stat().st_mtime for file in STATIC.iterdir()))


def language_tag(language: Language) -> str:
    """The language as a page names it."""
    return "zh-CN" if language == "zh" else "en"


def header(person: StaffMember, language: Language, back: str) -> Element:
    """The top bar: where one is, who one is, theme, language, and the way out.

    The words of the components go with it, once for a page: they would be sent again with every change of each.

    Returns:
        The place in it for the person's notices.
    """
    words = json.dumps(browser_words(language), ensure_ascii=False).replace("<", "\\u003c")
    ui.add_head_html(f"<script>tingsuDesk.words = {words};</script>")
    with ui.element("header").classes("topbar"):
        with ui.element("a").props('href="/"').classes("brand"):
            shown(word("product", language), "strong")
            shown(word("tagline", language), "span", "tagline")
        places(person, language, back)
        ui.element("div").classes("topbar-space")
        notices = ui.element("div").classes("topbar-notices")
        with ui.element("div").classes("whoami"):
            with ui.element("a").props('href="/second-factor"') as account:
                account.props["title"] = word("second_factor", language)
                shown(person.name, "strong")
            unit = next((u for u in organisation().units if u.code == person.unit_code), None)
            role = person.role.display_name(language)
            shown(f"{unit.display_name(language)} · {role}" if unit else role, "span")
        theme = ui.element("button").classes("quiet icon").props('type=button onclick="tingsuDesk.switchTheme()"')
        theme.props["aria-label"] = theme.props["title"] = word("theme", language)
        with theme:
            shown("◐", "span")
        language_switch(language, back)
        with form("/sign-out", {}):
            submit(word("sign_out", language), "quiet")
    return notices


def places(person: StaffMember, language: Language, here: str) -> None:
    """Links to the pages that the person may open; none where there is only one."""
    open_to = [(name, address) for name, address, act in PLACES if may(person, act)]
    if len(open_to) < 2:
        return
    with ui.element("nav").classes("places"):
        for name, address in open_to:
            link = ui.element("a")
            link.props["href"] = address
            if here == address:
                link.props["aria-current"] = "page"
            with link:
                shown(word(name, language), "span")


def language_switch(language: Language, back: str) -> None:
    """The button for the other language."""
    other = "zh" if language == "en" else "en"
    with form("/language", {"language": other, "next": back}).classes("language-form"):
        submit(word("other_language", language), "quiet")


def sorry(what: str, language: Language) -> None:
    """A card that says why there is nothing to see."""
    with ui.element("div").classes("door"), ui.element("section").classes("door-card"):
        shown(word(f"{what}_title", language), "h2", "card-title")
        shown(word(f"{what}_why", language), "p", "hint")
        with ui.element("a").props('href="/"').classes("button"):
            shown(word("back_to_queue", language), "span")


def form(address: str, hidden: dict[str, str]) -> Element:
    """A form that is sent to us, with what it carries unseen."""
    made = ui.element("form")
    made.props["method"] = "post"
    made.props["action"] = address
    with made:
        for name, value in hidden.items():
            given = ui.element("input")
            given.props["type"], given.props["name"], given.props["value"] = "hidden", name, value
    return made


def submit(text: str, style: str = "primary") -> None:
    """The button that sends a form."""
    with ui.element("button").props("type=submit").classes(style):
        shown(text, "span")


def shown(text: str, tag: str, style: str = "") -> Element:
    """An element that holds nothing but this text, as text."""
    return TextElement(tag=tag, text=text).classes(style)


def language_asked(request: Request) -> Language:
    """The language of the switch, before we know the person and their choice; Chinese by default."""
    return language_of(request.query_params.get("language", "zh"))
