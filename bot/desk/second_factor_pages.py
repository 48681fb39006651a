"""The pages of the second factor: setting it up, its recovery codes, and the code at sign-in."""

from urllib.parse import quote

import segno
from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from nicegui import Client, ui

from bot.complaints.labels import Language
from bot.desk.frame import FAVICON, dress, field, form, language_asked, shown, small_card, submit
from bot.desk.gate import next_step, safe_return
from bot.desk.parts import Desk
from bot.desk.words import language_of, word
from bot.staff.models import StaffMember
from bot.staff.second_factor import address_for_app, begin_second_factor, who_owes_code
from bot.staff.sign_in import who_is

TITLE = "听诉 Tingsu"


def add_second_factor_pages(desk: Desk) -> None:
    """Register the pages with NiceGUI."""
    gate, database, clock = desk.gate, desk.database, desk.clock

    @ui.page("/sign-in/code", favicon=FAVICON, title=TITLE)
    async def code_page(request: Request, client: Client) -> Response | None:
        async with database.transaction() as session:
            person = await who_owes_code(session, gate.token_of(request), clock())
        if person is None:
            return RedirectResponse("/sign-in")
        language = language_asked(request) if "language" in request.query_params else language_of(person.language)
        dress(client, language)
        back = safe_return(request.query_params.get("next"))
        with small_card(language, language_form=True, back=f"/sign-in/code?next={quote(back)}"):
            shown(word("second_factor", language), "h2", "card-title")
            shown(word("code_asked", language), "p", "hint")
            if "refused" in request.query_params:
                _fault("code_refused", language)
            with form("/sign-in/code", {"next": back}):
                _code_field(language)
                submit(word("sign_in", language))
        return None

    @ui.page("/second-factor", favicon=FAVICON, title=TITLE)
    async def second_factor_page(request: Request, client: Client) -> Response | None:
        async with database.transaction() as session:
            person = await who_is(session, gate.token_of(request), clock())
            if person is None:
                return RedirectResponse("/sign-in")
            if person.must_change_password:
                return RedirectResponse("/password")
            needs_key = person.second_factor_at is None and not person.is_known_to_provider
            key = await begin_second_factor(session, person) if needs_key else None
        language = language_of(person.language)
        dress(client, language)
        with small_card(language, language_form=True, back="/second-factor"):
            shown(word("second_factor", language), "h2", "card-title")
            if key is None:
                _standing(person, language)
            else:
                _set_up(person, key, language, is_refused="fault" in request.query_params)
        return None

    @ui.page("/second-factor/codes", favicon=FAVICON, title=TITLE)
    async def codes_page(request: Request, client: Client) -> Response | None:
        person = await gate.person_at(request)
        if person is None:
            return RedirectResponse("/sign-in")
        codes = gate.codes_to_show(request)
        if not codes:
            return RedirectResponse(next_step(person) or "/")
        language = language_of(person.language)
        dress(client, language)
        with small_card(language, language_form=True, back="/second-factor/codes"):
            shown(word("recovery_codes", language), "h2", "card-title")
            shown(word("recovery_codes_why", language), "p", "hint")
            with ui.element("ul").classes("recovery-codes"):
                for code in codes:
                    shown(code, "li")
            with form("/second-factor/codes", {}):
                submit(word("recovery_codes_kept", language))
        return None


def _set_up(person: StaffMember, key: str, language: Language, *, is_refused: bool) -> None:
    shown(word("second_factor_why", language), "p", "hint")
    picture = ui.element("img").classes("qr")
    picture.props["src"] = segno.make(address_for_app(person, key), error="m").svg_data_uri(
        scale=5, border=3, light="#fff"
    )
    picture.props["alt"] = word("qr_code", language)
    shown(word("key_as_text", language), "p", "hint")
    shown(" ".join(key[at : at + 4] for at in range(0, len(key), 4)), "code", "key")
    if is_refused:
        _fault("code_refused", language)
    with form("/second-factor", {}):
        _code_field(language)
        submit(word("confirm", language))


def _standing(person: StaffMember, language: Language) -> None:
    if person.is_known_to_provider:
        shown(word("second_factor_at_provider", language), "p", "hint")
    else:
        shown(word("second_factor_stands", language, count=len(person.recovery_hashes)), "p", "hint")
    with ui.element("a").props('href="/"').classes("button"):
        shown(word("back_to_queue", language), "span")


def _code_field(language: Language) -> None:
    code = field("code", word("code", language), autocomplete="one-time-code", kind="text")
    code.props("autofocus spellcheck=false maxlength=20")


def _fault(name: str, language: Language) -> None:
    shown(word(name, language), "p", "fault").props("role=alert")
