"""The desk's pages behind the door: the workplace with queue and conversation, people, oversight, replies, audit."""

import uuid

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from nicegui import Client, ui

from bot.desk.administration import Administration
from bot.desk.admission import admit
from bot.desk.audit_log import AuditFilter, records_page, show_audit_log
from bot.desk.conversation import NoSuchConversation, NotForThisPerson
from bot.desk.figures import ChosenPeriod
from bot.desk.frame import FAVICON, sorry
from bot.desk.gate import next_step
from bot.desk.oversight import Oversight
from bot.desk.parts import Desk
from bot.desk.queue import QueueFilter, QueueView
from bot.desk.replies_page import ReplyKeeping
from bot.desk.visit import NoLongerAllowed, Visit, record_refusal
from bot.desk.workplace import Workplace
from bot.staff.permissions import Act, may

READY_WITHIN_SECONDS = 15.0
"""A page that the database keeps waiting comes late; sooner than this, nobody is better off with an error instead."""


def add_pages(desk: Desk) -> None:
    """Register the pages with NiceGUI."""
    gate, clock = desk.gate, desk.clock

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
