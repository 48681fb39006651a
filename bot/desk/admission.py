"""Who a page opens to: signed in, first sign-in finished, and allowed the page's act. Refusals are recorded."""

from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from nicegui import Client

from bot.desk.frame import dress, header, sorry
from bot.desk.gate import next_step, recorded_address
from bot.desk.notice_bell import put_bell
from bot.desk.parts import Desk
from bot.desk.visit import Visit, record_refusal
from bot.desk.words import language_of
from bot.staff.permissions import Act, may


async def admit(desk: Desk, request: Request, client: Client, act: Act) -> Visit | Response | None:
    """Begin a page that takes an act: its head is built, or a refusal with status 403.

    Returns:
        The visit of a person who may; where to go first; or None, when a refusal is on the page.
    """
    person, token = await desk.gate.person_at(request), desk.gate.token_of(request)
    if person is None or token is None:
        return RedirectResponse(f"/sign-in?next={quote(request.url.path)}")
    if (step := next_step(person)) is not None:
        return RedirectResponse(step)
    language = language_of(person.language)
    dress(client, language)
    place = header(person, language, request.url.path)
    if may(person, act):
        await put_bell(desk, client, person, token, place)
        return Visit(desk, client, person, token, act)
    await record_refusal(desk, person, f"page:{act}", address=recorded_address(request))
    client.status_code = 403
    sorry("page_refused", language)
    return None
