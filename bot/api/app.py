"""The API as an application, to be served under `/api/v1`: parse, ask who it is, call one use case, answer."""

import json
import re
import uuid
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, Path, Query, Response
from fastapi.responses import HTMLResponse
from starlette.middleware import Middleware
from starlette.routing import Mount

from bot.api.documents import (
    MOST_AT_ONCE,
    Comments,
    CommentShown,
    ComplaintFilter,
    ComplaintPage,
    ComplaintShown,
    EventFilter,
    EventPage,
    EventShown,
    NewComment,
    NewWebhook,
    Step,
    WebhookAdded,
    Webhooks,
    WebhookShown,
)
from bot.api.door import Door
from bot.api.events import events_after
from bot.api.problems import Border, Problem, ProblemDocument, answer_with_problems, described
from bot.api.rates import RateLimit
from bot.api.reach import codes_below
from bot.api.reading import comments_of, complaint_for, complaints_for
from bot.api.reference import reference_page
from bot.api.repeats import once
from bot.api.steps import comment, take_step
from bot.api.tokens import Caller, Scope
from bot.api.webhooks import Allowed, add_webhook, remove_webhook, secret_of, webhook_for, webhooks_of
from bot.audit import record
from bot.clock import Clock
from bot.complaints.models import Complaint
from bot.database import Database
from bot.settings import Settings

ADDRESS = "/api/v1"
DESCRIPTION = """Complaints for the bank's other systems.

A token sees the complaints of its unit and of the units below it. Errors are problem documents (RFC 9457).
A comment or a step may carry an `Idempotency-Key`: sent again within seven days with the same key, it gets
the same answer and changes nothing more."""

Number = Annotated[str, Path(description="The case number", examples=["TS-4821-7063-8"], min_length=1, max_length=40)]
Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", pattern=r"^[!-~]{1,100}$", description="The caller's own id of this request"),
]
IfMatch = Annotated[
    str, Header(alias="If-Match", pattern=r"^[!-~]{1,100}$", description="The ETag of the complaint as it was read")
]
ETAG = {"ETag": {"description": "The complaint's version", "schema": {"type": "string"}}}


class ApiMount(Mount):
    """The API's place in the desk. Addresses with line breaks belong to it too: else the pages would answer them."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(ADDRESS, app)
        self.path_regex = re.compile(self.path_regex.pattern, re.DOTALL)


def api_app(database: Database, clock: Clock, config: Settings) -> FastAPI:
    """The API."""
    app = FastAPI(
        title="Tingsu API",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[Middleware(Border)],
        responses=described(401, 403, 422, 429),
    )
    door = Door(database, clock, RateLimit(config.api_requests_per_minute))
    answer_with_problems(app)
    _add_complaints(app, door)
    _add_events(app, door)
    _add_webhooks(app, door, config)
    _describe(app)
    return app


def _add_complaints(app: FastAPI, door: Door) -> None:
    Reader = Annotated[Caller, Depends(door.needs(Scope.READ))]  # noqa: N806 - a type
    Commenter = Annotated[Caller, Depends(door.needs(Scope.COMMENT))]  # noqa: N806
    Writer = Annotated[Caller, Depends(door.needs(Scope.WRITE))]  # noqa: N806

    @app.get("/complaints", summary="List complaints", tags=["complaints"])
    async def list_complaints(caller: Reader, wanted: Annotated[ComplaintFilter, Query()]) -> ComplaintPage:
        """The complaints that the token sees, the oldest first, page by page."""
        await _check_unit(door, caller, wanted.unit)
        async with door.work(caller) as session:
            found, cursor = await complaints_for(session, caller, wanted, now=door.clock())
            return ComplaintPage(complaints=[_shown(one, caller) for one in found], next_cursor=cursor)

    @app.get(
        "/complaints/{number}",
        summary="Read a complaint",
        tags=["complaints"],
        responses={200: {"headers": ETAG}, **described(404)},
    )
    async def read_complaint(caller: Reader, number: Number, response: Response) -> ComplaintShown:
        """A complaint as it stands. Its ETag is needed to change it. That it was read is recorded."""
        async with door.work(caller) as session:
            complaint = await complaint_for(session, caller, number)
            is_personal = Scope.PERSONAL in caller.scopes
            record(
                session,
                at=door.clock(),
                actor=caller.actor,
                action="see_complaint",
                subject=complaint.number,
                personal=is_personal,
            )
            shown = _shown(complaint, caller)
        response.headers["ETag"] = shown.etag
        return shown

    @app.get(
        "/complaints/{number}/comments",
        summary="Read the comments",
        tags=["complaints"],
        responses=described(404),
    )
    async def read_comments(caller: Reader, number: Number) -> Comments:
        """The latest internal notes of other systems on a complaint, at most 200."""
        async with door.work(caller) as session:
            complaint = await complaint_for(session, caller, number)
            newest = await comments_of(session, complaint, limit=MOST_AT_ONCE)
            return Comments(comments=[CommentShown.of(one) for one in reversed(newest)])

    @app.post(
        "/complaints/{number}/comments",
        status_code=201,
        summary="Comment",
        tags=["complaints"],
        responses=described(400, 404, 409, 411, 413),
    )
    async def write_comment(caller: Commenter, number: Number, new: NewComment, key: Key = None) -> CommentShown:
        """Add an internal note. Staff sees it beside the complaint and gets a notice; the customer never does."""
        async with door.work(caller) as session:
            now = door.clock()

            async def act() -> CommentShown:
                return CommentShown.of(await comment(session, caller, number, new.text, now=now))

            request = json.dumps(["comment", number, new.model_dump()])
            return await once(session, caller, key, request, act, CommentShown, now=now)

    @app.post(
        "/complaints/{number}/steps",
        summary="Take a complaint one step on",
        tags=["complaints"],
        responses={200: {"headers": ETAG}, **described(400, 404, 409, 411, 412, 413)},
    )
    async def step_on(
        caller: Writer, number: Number, step: Step, etag: IfMatch, response: Response, key: Key = None
    ) -> ComplaintShown:
        """Start, resolve or close a complaint.

        The result of a resolved complaint is told to the customer as it is written here. One is closed with the
        checklist that the desk asks people for, and as the desk closes it: when the customer has accepted the result,
        or can object to it no longer. Until then the answer is 409 `too_early_to_close`, which names the day.
        """
        async with door.work(caller) as session:
            now = door.clock()

            async def act() -> ComplaintShown:
                return _shown(await take_step(session, caller, number, step, etag=etag, now=now), caller)

            request = json.dumps(["step", number, step.model_dump(mode="json"), etag])
            shown = await once(session, caller, key, request, act, ComplaintShown, now=now)
        response.headers["ETag"] = shown.etag
        return shown


def _add_events(app: FastAPI, door: Door) -> None:
    Reader = Annotated[Caller, Depends(door.needs(Scope.READ))]  # noqa: N806 - a type

    @app.get("/events", summary="Fetch events", tags=["events"])
    async def fetch_events(caller: Reader, wanted: Annotated[EventFilter, Query()]) -> EventPage:
        """What happened to complaints, in order; webhooks are sent the same.

        Whoever was away goes on after the last event that it knows. An event is there some seconds after it happened.
        """
        async with door.work(caller) as session:
            found = await events_after(session, wanted.after, caller.unit_code, limit=wanted.limit)
            events = [EventShown.of(event) for event in found]
            return EventPage(events=events, next_after=events[-1].id if events else wanted.after)


def _add_webhooks(app: FastAPI, door: Door, config: Settings) -> None:
    Manager = Annotated[Caller, Depends(door.needs(Scope.MANAGE_EVENTS))]  # noqa: N806 - a type

    @app.get("/webhooks", summary="List webhooks", tags=["events"])
    async def list_webhooks(caller: Manager) -> Webhooks:
        """The webhooks of the token's unit and of the units below it."""
        async with door.work(caller) as session:
            return Webhooks(webhooks=[WebhookShown.of(one) for one in await webhooks_of(session, caller.unit_code)])

    @app.post(
        "/webhooks",
        status_code=201,
        summary="Add a webhook",
        tags=["events"],
        responses=described(400, 409, 411, 413),
    )
    async def new_webhook(caller: Manager, new: NewWebhook) -> WebhookAdded:
        """Have events sent to an address, each as a POST of the document that `GET /events` shows.

        `Tingsu-Signature: t=<seconds>,v1=<hex>` is the HMAC-SHA256, under the secret, of the seconds, a dot and the
        body as sent; refuse what is older than five minutes. `Tingsu-Event-Id` is the event's id: an event may come
        twice, never under another id. Answer 2xx within ten seconds. Anything else, a redirect too, counts as a
        failure: the event comes again after 5 s, 10 s … an hour, and after three days of failures the webhook is
        switched off.
        """
        unit_code = caller.unit_code if new.unit is None else new.unit
        await _check_unit(door, caller, unit_code)
        async with door.work(caller) as session:
            webhook = await add_webhook(
                session,
                url=new.url,
                kinds=new.kinds,
                unit_code=unit_code,
                allowed=Allowed.by(config),
                created_by=caller.actor,
                now=door.clock(),
            )
            return WebhookAdded(webhook=WebhookShown.of(webhook), secret=secret_of(webhook.id, config))

    @app.delete(
        "/webhooks/{webhook_id}",
        status_code=204,
        summary="Remove a webhook",
        tags=["events"],
        responses=described(404),
    )
    async def delete_webhook(caller: Manager, webhook_id: uuid.UUID) -> None:
        """Send it nothing any more."""
        async with door.work(caller) as session:
            webhook = await webhook_for(session, webhook_id, caller.unit_code)
            await remove_webhook(session, webhook, actor=caller.actor, now=door.clock())


async def _check_unit(door: Door, caller: Caller, unit: str | None) -> None:
    """Refuse a unit that is not at or below the token's own; one that does not exist gets the same answer."""
    if unit is not None and unit not in codes_below(caller.unit_code):
        await door.refuse(caller, subject=caller.actor, why="unit")
        raise Problem(403, "unit_out_of_reach", "The unit is not at or below the token's own.")


def _shown(complaint: Complaint, caller: Caller) -> ComplaintShown:
    return ComplaintShown.of(complaint, is_personal=Scope.PERSONAL in caller.scopes)


def _describe(app: FastAPI) -> None:
    """Problem documents in the description, and a page for people that loads nothing from elsewhere."""
    generated = app.openapi

    def openapi() -> dict[str, Any]:
        document = generated()
        schemas = document["components"]["schemas"]
        if "ProblemDocument" not in schemas:
            problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas |= problem.pop("$defs") | {"ProblemDocument": problem}
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
        return document

    app.openapi = openapi  # type: ignore[method-assign]

    @app.get("/", include_in_schema=False)
    async def reference() -> HTMLResponse:
        return HTMLResponse(reference_page(app.openapi()))
