"""The pages before the desk: signing in, a password of one's own, the second factor.

Plain HTML: a browser that has never seen the desk shows them at once, and nothing runs there but a line for the theme.
"""

from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import segno
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.complaints.labels import Language
from bot.desk.frame import STATIC_ADDRESS, language_asked, language_tag, static_version
from bot.desk.gate import next_step, safe_return
from bot.desk.parts import Desk
from bot.desk.words import WORDS, language_of, word
from bot.settings import settings
from bot.staff.models import StaffMember
from bot.staff.passwords import PasswordFault
from bot.staff.second_factor import address_for_app, begin_second_factor, who_owes_code
from bot.staff.sign_in import who_is

PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
}


def door(desk: Desk) -> APIRouter:
    """The pages; their forms are sent to `bot/desk/routes.py`."""
    router = APIRouter(include_in_schema=False)
    gate, database, clock = desk.gate, desk.database, desk.clock

    @router.get("/sign-in")
    async def sign_in_page(request: Request) -> Response:
        if await gate.person_at(request) is not None:
            return RedirectResponse("/")
        language, asked = language_asked(request), request.query_params
        back = quote(safe_return(asked.get("next")))
        fault = "sign_in_refused" if "refused" in asked else asked.get("fault")
        return _page(
            "sign_in",
            language,
            here=f"/sign-in?next={back}",
            back=safe_return(asked.get("next")),
            reason=_reason(fault, {"sign_in_refused", "provider_away", "provider_refused"}, language),
            has_signed_out="out" in asked,
            is_local=settings().local_sign_in,
            bank_address=f"/sign-in/bank?next={back}" if settings().oidc_issuer is not None else None,
        )

    @router.get("/sign-in/code")
    async def code_page(request: Request) -> Response:
        async with database.transaction() as session:
            person = await who_owes_code(session, gate.token_of(request), clock())
        if person is None:
            return RedirectResponse("/sign-in")
        language = language_asked(request) if "language" in request.query_params else language_of(person.language)
        back = safe_return(request.query_params.get("next"))
        fault = "code_refused" if "refused" in request.query_params else None
        return _page(
            "sign_in_code",
            language,
            here=f"/sign-in/code?next={quote(back)}",
            back=back,
            reason=_reason(fault, {"code_refused"}, language),
        )

    @router.get("/password")
    async def password_page(request: Request) -> Response:
        person = await gate.person_at(request)
        if person is None:
            return RedirectResponse("/sign-in")
        language, fault = language_of(person.language), request.query_params.get("fault", "")
        of_password = fault in set(PasswordFault)
        reason = PasswordFault(fault).display_name(language) if of_password else _reason(fault, set(WORDS), language)
        return _page("password", language, here="/password", is_first=person.must_change_password, reason=reason)

    @router.get("/second-factor")
    async def second_factor_page(request: Request) -> Response:
        async with database.transaction() as session:
            person = await who_is(session, gate.token_of(request), clock())
            if person is None:
                return RedirectResponse("/sign-in")
            if person.must_change_password:
                return RedirectResponse("/password")
            needs_key = person.second_factor_at is None and not person.is_known_to_provider
            key = await begin_second_factor(session, person) if needs_key else None
        language = language_of(person.language)
        fault = "code_refused" if "fault" in request.query_params else None
        return _page(
            "second_factor",
            language,
            here="/second-factor",
            key=key and " ".join(key[at : at + 4] for at in range(0, len(key), 4)),
            picture=key and _picture(address_for_app(person, key)),
            standing=_standing(person, language),
            reason=_reason(fault, {"code_refused"}, language),
        )

    @router.get("/second-factor/codes")
    async def codes_page(request: Request) -> Response:
        person = await gate.person_at(request)
        if person is None:
            return RedirectResponse("/sign-in")
        codes = gate.codes_to_show(request)
        if not codes:
            return RedirectResponse(next_step(person) or "/")
        return _page("recovery_codes", language_of(person.language), here="/second-factor/codes", codes=codes)

    return router


def _page(name: str, language: Language, *, here: str, **given: Any) -> Response:
    """A page from its template.

    Args:
        here: where the switch for the language comes back to.
        given: what the template shows, as text.
    """
    text = PAGES.get_template(f"{name}.html").render(
        say=partial(word, language=language),
        tag=language_tag(language),
        other_language="zh" if language == "en" else "en",
        static=STATIC_ADDRESS,
        version=static_version(),
        here=here,
        **given,
    )
    return HTMLResponse(text, headers=HEADERS)


def _reason(fault: str | None, known: set[str], language: Language) -> str | None:
    """Why the person is here again; nothing for a name that we have not given."""
    return word(fault, language) if fault in known else None


def _picture(address: str) -> str:
    return segno.make(address, error="m").svg_data_uri(scale=5, border=3, light="#fff")


def _standing(person: StaffMember, language: Language) -> str:
    if person.is_known_to_provider:
        return word("second_factor_at_provider", language)
    return word("second_factor_stands", language, count=len(person.recovery_hashes))
