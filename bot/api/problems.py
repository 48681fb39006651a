"""What the API answers when it cannot do what was asked: problem documents (RFC 9457), whatever went wrong."""

import traceback
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.logs import logger

MEDIA_TYPE = "application/problem+json"
LARGEST_BODY = 64 * 1024
"""Bytes. A result of the greatest length needs less."""
log = logger(__name__)

TITLES = {
    400: "The request cannot be read",
    401: "A token is needed",
    403: "The token does not allow this",
    404: "There is nothing here",
    405: "This address does not take this method",
    409: "This cannot be done now",
    411: "The length of the body is needed",
    412: "It has changed meanwhile",
    413: "The body is too large",
    422: "The request is not valid",
    429: "Too many requests",
    500: "Something went wrong on our side",
    503: "This cannot be done right now",
}


class FieldFault(BaseModel):
    """What is wrong with one part of a request."""

    at: str = Field(description="Where it stands: `body.text`, `query.limit`", examples=["body.text"])
    message: str = Field(examples=["Field required"])


class ProblemDocument(BaseModel):
    """What went wrong (RFC 9457). `type` is for programs; `title` and `detail` are for people."""

    type: str = Field(examples=["urn:tingsu:problem:stale_version"])
    title: str = Field(examples=["It has changed meanwhile"])
    status: int = Field(examples=[412])
    detail: str | None = Field(default=None, examples=["Read the complaint again, and send its present ETag."])
    errors: list[FieldFault] | None = Field(default=None, description="What is wrong with a request that is not valid")


class Problem(Exception):
    """A request that cannot be done.

    Args:
        status: the HTTP status.
        code: a stable word that a program can act on.
        detail: what happened and what to do, without anything that a customer wrote.
    """

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems of an operation, for its description."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
    return {status: {"description": TITLES[status], "content": content} for status in statuses}


def answer_with_problems(app: FastAPI) -> None:
    """Make every error of the app a problem document."""

    @app.exception_handler(Problem)
    async def problem(_request: Request, error: Problem) -> JSONResponse:
        return _answer(error.status, error.code, error.detail, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def not_valid(_request: Request, error: RequestValidationError) -> JSONResponse:
        # Without pydantic's `input`: what was sent may be a customer's.
        faults = [FieldFault(at=_place(fault["loc"]), message=fault["msg"]) for fault in error.errors()]
        return _answer(422, "not_valid", faults=faults)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(sorted(_methods_at(app, request.scope)))
        return _answer(error.status_code, f"http_{error.status_code}", headers=headers)

    @app.exception_handler(OperationalError)
    @app.exception_handler(InterfaceError)
    @app.exception_handler(PoolTimeout)
    async def database_away(_request: Request, error: Exception) -> JSONResponse:
        log.error("database_unavailable", error=type(error).__name__)
        return _answer(503, "unavailable", "Try again in a moment.", headers={"Retry-After": "2"})


class Border:
    """Around every request: bodies of bounded length only, nothing cached, and faults of ours told without details."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = _refusal_of_body(dict(scope["headers"]))
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        has_started = False

        async def send_uncached(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                message["headers"] = [*message["headers"], (b"cache-control", b"no-store")]
            await send(message)

        try:
            await self._app(scope, receive, send_uncached)
        except Exception as error:  # noqa: BLE001 - the border of the process
            place = traceback.extract_tb(error.__traceback__)[-1]
            log.error("api_request_failed", error=type(error).__name__, file=place.filename, line=place.lineno)
            if not has_started:
                await _answer(500, "internal_error")(scope, receive, send_uncached)


def _refusal_of_body(headers: Mapping[bytes, bytes]) -> JSONResponse | None:
    if b"transfer-encoding" in headers:
        return _answer(411, "length_required", "Send the body with Content-Length.")
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or int(length) > LARGEST_BODY:
        return _answer(413, "body_too_large", f"A body has at most {LARGEST_BODY} bytes.")
    return None


def _answer(
    status: int,
    code: str,
    detail: str | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    faults: list[FieldFault] | None = None,
) -> JSONResponse:
    title = TITLES.get(status, "The request cannot be answered")
    document = ProblemDocument(
        type=f"urn:tingsu:problem:{code}", title=title, status=status, detail=detail, errors=faults
    )
    return JSONResponse(
        document.model_dump(exclude_none=True), status, headers=dict(headers or {}), media_type=MEDIA_TYPE
    )


def _place(location: Iterable[int | str]) -> str:
    return ".".join(str(part) for part in location)


def _methods_at(app: FastAPI, scope: Any) -> set[str]:
    """Every method that the address takes: the framework names only those of its first route."""
    matching = (route for route in app.routes if route.matches(scope)[0] is not Match.NONE)
    return {method for route in matching for method in getattr(route, "methods", None) or ()}
