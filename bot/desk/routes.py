"""What the desk answers without a live page: the forms of signing in and out, attachments, health."""

import uuid
from urllib.parse import quote, urlencode

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse, StreamingResponse
from sqlalchemy import select
from sqlalchemy.orm import undefer

from bot.audit import record
from bot.conversations.models import Attachment, Message
from bot.desk.audit_log import AuditFilter, as_csv
from bot.desk.conversation import SAFE_IMAGES, NoSuchConversation, NotForThisPerson, open_for
from bot.desk.figures import ChosenPeriod, read_sheet, scope_of
from bot.desk.figures import as_csv as figures_csv
from bot.desk.gate import refuse_other_sites, safe_return
from bot.desk.leaving import leave
from bot.desk.oversight import people_by_id
from bot.desk.parts import Desk
from bot.desk.words import language_of
from bot.logs import logger
from bot.settings import settings
from bot.staff.passwords import PasswordFault
from bot.staff.people import change_password, choose_language, organisation
from bot.staff.permissions import Act
from bot.staff.second_factor import confirm_second_factor, finish_sign_in, who_owes_code
from bot.staff.sign_in import sign_in, who_is
from bot.staff.single_sign_on import NotProved, Provider, ProviderAway, sign_in_by_provider

SEE_OTHER = 303
log = logger(__name__)


def routes(desk: Desk) -> APIRouter:
    """The desk's plain routes."""
    router = APIRouter(include_in_schema=False)
    gate, database, clock = desk.gate, desk.database, desk.clock
    provider = Provider.chosen(settings())
    if provider is not None:
        _add_single_sign_on(router, desk, provider)

    @router.post("/sign-in")
    async def take_sign_in(request: Request) -> Response:
        refuse_other_sites(request)
        if not settings().local_sign_in:
            raise HTTPException(403)
        form = await request.form()
        back = safe_return(str(form.get("next", "")))
        async with database.transaction() as session:
            token = await sign_in(session, str(form.get("username", "")), str(form.get("password", "")), clock())
            if token is not None:
                await leave(session, gate.token_of(request), clock())
            owes_code = await who_owes_code(session, token, clock()) is not None
        if token is None:
            return RedirectResponse(f"/sign-in?{urlencode({'refused': '1', 'next': back})}", SEE_OTHER)
        response = RedirectResponse(f"/sign-in/code?{urlencode({'next': back})}" if owes_code else back, SEE_OTHER)
        gate.let_in(response, token)
        return response

    @router.post("/sign-in/code")
    async def take_code(request: Request) -> Response:
        refuse_other_sites(request)
        sent = await request.form()
        back = safe_return(str(sent.get("next", "")))
        async with database.transaction() as session:
            token = await finish_sign_in(session, gate.token_of(request), str(sent.get("code", "")), clock())
        if token is None:
            return RedirectResponse(f"/sign-in/code?{urlencode({'refused': '1', 'next': back})}", SEE_OTHER)
        response = RedirectResponse(back, SEE_OTHER)
        gate.let_in(response, token)
        return response

    @router.post("/second-factor")
    async def take_second_factor(request: Request) -> Response:
        refuse_other_sites(request)
        code = str((await request.form()).get("code", ""))
        async with database.transaction() as session:
            person = await who_is(session, gate.token_of(request), clock())
            if person is None or person.must_change_password or person.is_known_to_provider:
                return RedirectResponse("/sign-in", SEE_OTHER)
            if person.second_factor_at is not None:
                return RedirectResponse("/second-factor", SEE_OTHER)
            codes = await confirm_second_factor(session, person, code, clock())
        if codes is None:
            return RedirectResponse("/second-factor?fault=wrong_code", SEE_OTHER)
        response = RedirectResponse("/second-factor/codes", SEE_OTHER)
        gate.show_once(response, codes)
        return response

    @router.post("/second-factor/codes")
    async def take_codes_kept(request: Request) -> Response:
        refuse_other_sites(request)
        response = RedirectResponse("/", SEE_OTHER)
        gate.forget_shown(response)
        return response

    @router.post("/sign-out")
    async def take_sign_out(request: Request) -> Response:
        refuse_other_sites(request)
        async with database.transaction() as session:
            await leave(session, gate.token_of(request), clock())
        response = RedirectResponse("/sign-in?out=1", SEE_OTHER)
        gate.let_out(response)
        return response

    @router.post("/password")
    async def take_password(request: Request) -> Response:
        refuse_other_sites(request)
        form = await request.form()
        current, new, again = (str(form.get(name, "")) for name in ("current", "new", "again"))
        if new != again:
            return RedirectResponse("/password?fault=passwords_differ", SEE_OTHER)
        async with database.transaction() as session:
            person = await who_is(session, gate.token_of(request), clock())
            outcome = await change_password(session, person, current=current, new=new, now=clock()) if person else None
        if outcome is None:
            return RedirectResponse("/sign-in", SEE_OTHER)
        if isinstance(outcome, PasswordFault):
            return RedirectResponse(f"/password?fault={outcome.value}", SEE_OTHER)
        response = RedirectResponse("/", SEE_OTHER)
        gate.let_in(response, outcome)
        return response

    @router.post("/language")
    async def take_language(request: Request) -> Response:
        refuse_other_sites(request)
        form = await request.form()
        back = safe_return(str(form.get("next", "")))
        language = "en" if form.get("language") == "en" else "zh"
        async with database.transaction() as session:
            person = await who_is(session, gate.token_of(request), clock())
            if person is not None:
                await choose_language(session, person, language)
        if person is None:
            separator = "&" if "?" in back else "?"
            return RedirectResponse(f"{back}{separator}language={language}", SEE_OTHER)
        return RedirectResponse(back, SEE_OTHER)

    @router.get("/attachments/{attachment_id}")
    async def attachment(attachment_id: uuid.UUID, request: Request) -> Response:
        person = await gate.require(request)
        async with database.transaction() as session:
            found = await session.scalar(
                select(Attachment).where(Attachment.id == attachment_id).options(undefer(Attachment.content))
            )
            if found is None:
                raise HTTPException(404)
            message = await session.get_one(Message, found.message_id)
            actor = f"staff:{person.username}"
            try:
                await open_for(session, message.conversation_id, person, organisation())
            except (NotForThisPerson, NoSuchConversation):
                record(session, at=clock(), actor=actor, action="access_refused", subject=f"attachment:{attachment_id}")
                return Response(status_code=403)
            record(session, at=clock(), actor=actor, action="see_attachment", subject=f"attachment:{attachment_id}")
        return _file(found)

    @router.get("/audit.csv")
    async def audit_csv(request: Request) -> Response:
        person = await gate.require_act(request, Act.SEE_AUDIT)
        chosen = AuditFilter.asked(request.query_params)
        async with database.transaction() as session:
            record(session, at=clock(), actor=f"staff:{person.username}", action="export_audit", subject="audit")
        headers = {"Content-Disposition": "attachment; filename=audit.csv", "Cache-Control": "private, no-store"}
        return StreamingResponse(as_csv(database, chosen), media_type="text/csv; charset=utf-8", headers=headers)

    @router.get("/oversight.csv")
    async def oversight_csv(request: Request) -> Response:
        person = await gate.require_act(request, Act.SEE_FIGURES)
        chosen, now = ChosenPeriod.asked(request.query_params, now=clock()), clock()
        async with database.transaction() as session:
            sheet = await read_sheet(session, scope_of(person, organisation()), chosen.period, now=now)
            people = await people_by_id(session, (key for _, key in sheet if isinstance(key, uuid.UUID)))
            actor, days = f"staff:{person.username}", {"since": str(chosen.first), "until": str(chosen.last)}
            record(session, at=now, actor=actor, action="export_figures", subject=f"unit:{person.unit_code}", **days)
        lines = figures_csv(sheet, people, organisation(), language_of(person.language))
        headers = {"Content-Disposition": "attachment; filename=figures.csv", "Cache-Control": "private, no-store"}
        return Response(b"".join(lines), media_type="text/csv; charset=utf-8", headers=headers)

    @router.get("/healthz")
    async def healthz() -> JSONResponse:
        parts = {"database": await database.answers(), "listener": desk.feed.is_listening}
        missing = [part for part, answers in parts.items() if not answers]
        return JSONResponse({"status": "unavailable" if missing else "ok", "missing": missing}, 503 if missing else 200)

    return router


def _add_single_sign_on(router: APIRouter, desk: Desk, provider: Provider) -> None:
    gate, database, clock = desk.gate, desk.database, desk.clock

    @router.get("/sign-in/bank")
    async def begin(request: Request) -> Response:
        try:
            address, attempt = await provider.begin()
        except ProviderAway as error:
            log.warning("provider_away", reason=str(error))
            return RedirectResponse("/sign-in?fault=provider_away", SEE_OTHER)
        response = RedirectResponse(address, SEE_OTHER)
        gate.carry_attempt(response, attempt | {"back": safe_return(request.query_params.get("next"))})
        return response

    @router.get("/sign-in/bank/done")
    async def done(request: Request) -> Response:
        attempt, given = gate.attempt_of(request), request.query_params
        token, fault = None, "provider_refused"
        try:
            if attempt is None:
                raise NotProved("no attempt")
            identity = await provider.finish(attempt, given.get("state", ""), given.get("code", ""), clock())
            async with database.transaction() as session:
                token = await sign_in_by_provider(session, identity, clock())
                if token is not None:
                    await leave(session, gate.token_of(request), clock())
        except NotProved as error:
            async with database.transaction() as session:
                record(session, at=clock(), actor="system", action="sign_in_refused", subject="staff", why=str(error))
        except ProviderAway as error:
            log.warning("provider_away", reason=str(error))
            fault = "provider_away"
        if attempt is None or token is None:
            response = RedirectResponse(f"/sign-in?fault={fault}", SEE_OTHER)
        else:
            response = RedirectResponse(safe_return(attempt["back"]), SEE_OTHER)
            gate.let_in(response, token)
        gate.end_attempt(response)
        return response


def _file(attachment: Attachment) -> Response:
    """The file as browsers can do no harm with it: images in the page, everything else as a download."""
    is_image = attachment.content_type in SAFE_IMAGES
    disposition = "inline" if is_image else "attachment"
    return Response(
        attachment.content,
        media_type=attachment.content_type if is_image else "application/octet-stream",
        headers={
            "Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(attachment.file_name, safe='')}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )
