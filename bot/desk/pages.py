"""The desk's pages: sign-in, new password, and the workplace with queue and conversation."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from nicegui import Client, ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from bot.audit import record
from bot.complaints.labels import Language
from bot.desk.conversation import NoSuchConversation, NotForThisPerson
from bot.desk.gate import SignedOut, safe_return
from bot.desk.parts import Desk
from bot.desk.words import WORDS, language_of, word, word_or
from bot.desk.workplace import Workplace
from bot.staff.models import StaffMember
from bot.staff.passwords import PasswordFault
from bot.staff.people import organisation

STATIC = Path(__file__).parent / "static"
STATIC_ADDRESS = "/desk-static"
FAVICON = STATIC / "favicon.svg"
READY_WITHIN_SECONDS = 15.0
"""A page that the database keeps waiting comes late; sooner than this, nobody is better off with an error instead."""


def add_pages(desk: Desk) -> None:
    """Register the pages with NiceGUI."""
    gate, database, clock = desk.gate, desk.database, desk.clock

    @ui.page("/sign-in", favicon=FAVICON, title="听诉 Tingsu")
    async def sign_in_page(request: Request, client: Client) -> Response | None:
        if await gate.person_at(request) is not None:
            return RedirectResponse("/")
        language = _language_asked(request)
        _dress(client, language)
        back = safe_return(request.query_params.get("next"))
        with _small_card(language, language_form=True, back=f"/sign-in?next={quote(back)}"):
            if "refused" in request.query_params:
                _words(word("sign_in_refused", language), "p", "fault").props("role=alert")
            if "out" in request.query_params:
                _words(word("signed_out", language), "p", "hint")
            with _form("/sign-in", {"next": back}):
                _field("username", word("username", language), autocomplete="username", kind="text").props("autofocus")
                _field("password", word("password", language), autocomplete="current-password")
                _submit(word("sign_in", language))
        return None

    @ui.page("/password", favicon=FAVICON, title="听诉 Tingsu")
    async def password_page(request: Request, client: Client) -> Response | None:
        person = await gate.person_at(request)
        if person is None:
            return RedirectResponse("/sign-in")
        language = language_of(person.language)
        _dress(client, language)
        fault = request.query_params.get("fault", "")
        with _small_card(language, language_form=True, back="/password"):
            _words(word("change_password", language), "h2", "card-title")
            if person.must_change_password:
                _words(word("change_password_why", language), "p", "hint")
            if fault in set(PasswordFault):
                _words(PasswordFault(fault).display_name(language), "p", "fault").props("role=alert")
            elif fault in WORDS:
                _words(word_or(fault, "", language), "p", "fault").props("role=alert")
            with _form("/password", {}):
                _field("current", word("current_password", language), autocomplete="current-password")
                _field("new", word("new_password", language), autocomplete="new-password")
                _words(word("password_rule", language), "p", "hint")
                _field("again", word("new_password_again", language), autocomplete="new-password")
                _submit(word("save", language))
        return None

    @ui.page("/", favicon=FAVICON, title="听诉 Tingsu", response_timeout=READY_WITHIN_SECONDS)
    async def queue_page(request: Request, client: Client) -> Response | None:
        return await workplace_page(request, client, None)

    @ui.page(
        "/conversations/{conversation_id}", favicon=FAVICON, title="听诉 Tingsu", response_timeout=READY_WITHIN_SECONDS
    )
    async def conversation_page(request: Request, client: Client, conversation_id: str) -> Response | None:
        return await workplace_page(request, client, conversation_id)

    async def workplace_page(request: Request, client: Client, asked: str | None) -> Response | None:
        person, token = await gate.person_at(request), gate.token_of(request)
        if person is None or token is None:
            return RedirectResponse(f"/sign-in?next={quote(request.url.path)}")
        if person.must_change_password:
            return RedirectResponse("/password")
        language = language_of(person.language)
        _dress(client, language)
        _header(person, language, request.url.path)
        try:
            await Workplace(desk, client, person, token, uuid.UUID(asked) if asked else None).open()
        except SignedOut:
            return RedirectResponse("/sign-in")
        except (NoSuchConversation, ValueError):
            client.status_code = 404
            _sorry("not_found", language)
        except NotForThisPerson:
            async with database.transaction() as session:
                actor = f"staff:{person.username}"
                record(session, at=clock(), actor=actor, action="access_refused", subject=f"conversation:{asked}"[:80])
            client.status_code = 403
            _sorry("refused", language)
        return None


def _dress(client: Client, language: Language) -> None:
    """Our own style, words and small script; before anything is painted, the theme the person chose."""
    version = int(max(file.stat().st_mtime for file in STATIC.iterdir()))
    tag = "zh-CN" if language == "zh" else "en"
    with client:
        ui.add_head_html(
            f"""
            <script>
              document.documentElement.lang = "{tag}";
              document.documentElement.dataset.theme = localStorage.getItem("tingsu-theme") || "";
            </script>
            <style>:root {{ --offline: "{word("offline", language)}"; }}</style>
            <link rel="stylesheet" href="{STATIC_ADDRESS}/desk.css?{version}">
            <script src="{STATIC_ADDRESS}/desk.js?{version}"></script>
            """
        )


def _header(person: StaffMember, language: Language, back: str) -> None:
    with ui.element("header").classes("topbar"):
        with ui.element("a").props('href="/"').classes("brand"):
            _words(word("product", language), "strong")
            _words(word("tagline", language), "span", "tagline")
        ui.element("div").classes("topbar-space")
        with ui.element("div").classes("whoami"):
            _words(person.name, "strong")
            unit = next((u for u in organisation().units if u.code == person.unit_code), None)
            role = person.role.zh if language == "zh" else person.role.en
            _words(f"{unit.display_name(language)} · {role}" if unit else role, "span")
        theme = ui.element("button").classes("quiet icon").props('type=button onclick="tingsuDesk.switchTheme()"')
        theme.props["aria-label"] = theme.props["title"] = word("theme", language)
        with theme:
            _words("◐", "span")
        _language_switch(language, back)
        with _form("/sign-out", {}):
            _submit(word("sign_out", language), "quiet")


def _language_switch(language: Language, back: str) -> None:
    other = "zh" if language == "en" else "en"
    with _form("/language", {"language": other, "next": back}).classes("language-form"):
        _submit(word("other_language", language), "quiet")


@contextmanager
def _small_card(language: Language, *, language_form: bool, back: str) -> Iterator[None]:
    with ui.element("div").classes("door"):
        with ui.element("section").classes("door-card"):
            with ui.element("div").classes("door-brand"):
                _words(word("product", language), "h1")
                _words(word("tagline", language), "p", "tagline")
            yield
        if language_form:
            _language_switch(language, back)


def _sorry(what: str, language: Language) -> None:
    with ui.element("div").classes("door"), ui.element("section").classes("door-card"):
        _words(word(f"{what}_title", language), "h2", "card-title")
        _words(word(f"{what}_why", language), "p", "hint")
        with ui.element("a").props('href="/"').classes("button"):
            _words(word("back_to_queue", language), "span")


def _form(address: str, hidden: dict[str, str]) -> Element:
    form = ui.element("form")
    form.props["method"] = "post"
    form.props["action"] = address
    with form:
        for name, value in hidden.items():
            field = ui.element("input")
            field.props["type"], field.props["name"], field.props["value"] = "hidden", name, value
    return form


def _field(name: str, label: str, *, autocomplete: str, kind: str = "password") -> Element:
    with ui.element("label").classes("field"):
        _words(label, "span")
        field = ui.element("input").props("required")
        field.props["name"], field.props["type"], field.props["autocomplete"] = name, kind, autocomplete
    return field


def _submit(text: str, style: str = "primary") -> None:
    with ui.element("button").props("type=submit").classes(style):
        _words(text, "span")


def _words(text: str, tag: str, style: str = "") -> Element:
    """An element that holds nothing but this text, as text."""
    return TextElement(tag=tag, text=text).classes(style)


def _language_asked(request: Request) -> Language:
    """The language of the switch, before we know the person and their choice; Chinese by default."""
    return language_of(request.query_params.get("language", "zh"))
