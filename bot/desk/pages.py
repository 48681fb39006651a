"""The desk's pages: sign-in, new password, and the workplace with queue and conversation."""

import uuid
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from nicegui import Client, ui

from bot.complaints.labels import Language
from bot.desk.administration import Administration
from bot.desk.admission import admit
from bot.desk.audit_log import AuditFilter, records_page, show_audit_log
from bot.desk.conversation import NoSuchConversation, NotForThisPerson
from bot.desk.figures import ChosenPeriod
from bot.desk.frame import FAVICON, dress, field, form, language_asked, shown, small_card, sorry, submit
from bot.desk.gate import next_step, safe_return
from bot.desk.oversight import Oversight
from bot.desk.parts import Desk
from bot.desk.queue import QueueFilter, QueueView
from bot.desk.replies_page import ReplyKeeping
from bot.desk.visit import NoLongerAllowed, Visit, record_refusal
from bot.desk.words import WORDS, language_of, word, word_or
from bot.desk.workplace import Workplace
from bot.settings import settings
from bot.staff.passwords import PasswordFault
from bot.staff.permissions import Act, may

READY_WITHIN_SECONDS = 15.0
"""A page that the database keeps waiting comes late; sooner than this, nobody is better off with an error instead."""


def add_pages(desk: Desk) -> None:
    """Register the pages with NiceGUI."""
    gate, clock = desk.gate, desk.clock

    @ui.page("/sign-in", favicon=FAVICON, title="听诉 Tingsu")
    async def sign_in_page(request: Request, client: Client) -> Response | None:
        if await gate.person_at(request) is not None:
            return RedirectResponse("/")
        language = language_asked(request)
        dress(client, language)
        back = safe_return(request.query_params.get("next"))
        with small_card(language, language_form=True, back=f"/sign-in?next={quote(back)}"):
            if "refused" in request.query_params:
                shown(word("sign_in_refused", language), "p", "fault").props("role=alert")
            if "out" in request.query_params:
                shown(word("signed_out", language), "p", "hint")
            if request.query_params.get("fault") in {"provider_away", "provider_refused"}:
                shown(word(request.query_params["fault"], language), "p", "fault").props("role=alert")
            if settings().local_sign_in:
                _local_sign_in(back, language)
            if settings().oidc_issuer is not None:
                with ui.element("a").classes("button bank-sign-in") as link:
                    link.props["href"] = f"/sign-in/bank?next={quote(back)}"
                    shown(word("bank_sign_in", language), "span")
        return None

    @ui.page("/password", favicon=FAVICON, title="听诉 Tingsu")
    async def password_page(request: Request, client: Client) -> Response | None:
        person = await gate.person_at(request)
        if person is None:
            return RedirectResponse("/sign-in")
        language = language_of(person.language)
        dress(client, language)
        fault = request.query_params.get("fault", "")
        with small_card(language, language_form=True, back="/password"):
            shown(word("change_password", language), "h2", "card-title")
            if person.must_change_password:
                shown(word("change_password_why", language), "p", "hint")
            if fault in set(PasswordFault):
                shown(PasswordFault(fault).display_name(language), "p", "fault").props("role=alert")
            elif fault in WORDS:
                shown(word_or(fault, "", language), "p", "fault").props("role=alert")
            with form("/password", {}):
                field("current", word("current_password", language), autocomplete="current-password")
                field("new", word("new_password", language), autocomplete="new-password")
                shown(word("password_rule", language), "p", "hint")
                field("again", word("new_password_again", language), autocomplete="new-password")
                submit(word("save", language))
        return None

    @ui.page("/", favicon=FAVICON, title="听诉 Tingsu", response_timeout=READY_WITHIN_SECONDS)
    async def queue_page(request: Request, client: Client) -> Response | None:
        return await workplace_page(request, client, None)

    @ui.page(
        "/conversations/{conversation_id}", favicon=FAVICON, title="听诉 Tingsu", response_timeout=READY_WITHIN_SECONDS
    )
    async def conversation_page(request: Request, client: Client, conversation_id: str) -> Response | None:
        return await workplace_page(request, client, conversation_id)

    @ui.page("/people", favicon=FAVICON, title="听诉 Tingsu")
    async def people_page(request: Request, client: Client) -> Response | None:
        admitted = await admit(desk, request, client, Act.ADD_STAFF)
        if isinstance(admitted, Visit):
            await Administration(admitted).open()
            return None
        return admitted

    @ui.page("/oversight", favicon=FAVICON, title="听诉 Tingsu", response_timeout=READY_WITHIN_SECONDS)
    async def oversight_page(request: Request, client: Client) -> Response | None:
        admitted = await admit(desk, request, client, Act.SEE_FIGURES)
        if not isinstance(admitted, Visit):
            return admitted
        await Oversight(admitted, ChosenPeriod.asked(request.query_params, now=clock())).open()
        return None

    @ui.page("/replies", favicon=FAVICON, title="听诉 Tingsu")
    async def replies_page(request: Request, client: Client) -> Response | None:
        admitted = await admit(desk, request, client, Act.KEEP_REPLIES)
        if isinstance(admitted, Visit):
            await ReplyKeeping(admitted).open()
            return None
        return admitted

    @ui.page("/audit", favicon=FAVICON, title="听诉 Tingsu")
    async def audit_page(request: Request, client: Client) -> Response | None:
        admitted = await admit(desk, request, client, Act.SEE_AUDIT)
        if not isinstance(admitted, Visit):
            return admitted
        chosen = AuditFilter.asked(request.query_params)
        async with admitted.transaction() as session:
            records, next_before = await records_page(session, chosen)
        show_audit_log(records, next_before, chosen, admitted.language)
        return None

    async def only_reads_figures(request: Request) -> bool:
        person = await gate.person_at(request)
        if person is None or next_step(person) is not None:
            return False
        return not may(person, Act.SEE_CASES) and may(person, Act.SEE_FIGURES)

    async def workplace_page(request: Request, client: Client, asked: str | None) -> Response | None:
        if asked is None and await only_reads_figures(request):
            return RedirectResponse("/oversight")
        admitted = await admit(desk, request, client, Act.SEE_CASES)
        if not isinstance(admitted, Visit):
            return admitted
        try:
            view = QueueView.asked(request.query_params) if asked is None else QueueView(chosen=QueueFilter.OPEN)
            await Workplace(admitted, uuid.UUID(asked) if asked else None, view).open()
        except NoLongerAllowed:
            return RedirectResponse("/sign-in")
        except (NoSuchConversation, ValueError):
            client.status_code = 404
            sorry("not_found", admitted.language)
        except NotForThisPerson:
            await record_refusal(desk, admitted.person, f"conversation:{asked}")
            client.status_code = 403
            sorry("refused", admitted.language)
        return None


def _local_sign_in(back: str, language: Language) -> None:
    with form("/sign-in", {"next": back}):
        field("username", word("username", language), autocomplete="username", kind="text").props("autofocus")
        field("password", word("password", language), autocomplete="current-password")
        submit(word("sign_in", language))
