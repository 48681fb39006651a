"""The gateway: the one process that the public reaches. It serves the channels' routes and says how it is.

It answers requests and stores messages; everything that takes longer is the worker's.
"""

import asyncio
import socket
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, cast

import uvicorn
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from procrastinate.exceptions import ConnectorException
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.channels.telegram.bot_api import telegram_bot
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.webhook import register_webhook, webhook_router, webhook_secret
from bot.channels.webchat.api import ChatApi, chat_router
from bot.channels.webchat.errors import ChatError
from bot.channels.webchat.history import History
from bot.channels.webchat.live import LiveUpdates
from bot.channels.webchat.pages import page_router
from bot.channels.webchat.rates import RateLimit
from bot.channels.webchat.reference import reference_page
from bot.channels.webchat.tokens import SessionTokens
from bot.clock import Clock, system_clock
from bot.conversations.inbound import Inbox
from bot.conversations.presence import Presences
from bot.conversations.rasa_client import RasaClient
from bot.database import Database
from bot.embedded_postgres import running_url
from bot.logs import logger, set_up_logging
from bot.settings import Settings, settings
from bot.wording import Wording, wording

Check = Callable[[], Awaitable[bool]]
"""Whether something that the gateway needs answers."""

CHECK_WITHIN_SECONDS = 3.0
WORKER_ALIVE_WITHIN_SECONDS = 10.0
MIB = 1024 * 1024
LARGEST_BODY = 4 * MIB
FORM_AROUND_A_FILE = 1 * MIB
"""Room in an upload's body for the text that goes with the file."""
DISCARD_AT_MOST = 128 * MIB
DISCARD_WITHIN_SECONDS = 15.0
LARGEST_SOCKET_MESSAGE = 64 * 1024
STOP_WITHIN_SECONDS = 3
SIGNS_PER_MINUTE = 120
"""What a page tells beside messages: how far it was read, that the customer is typing. It tells each rarely."""

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
"""For every answer that does not bring a stricter or wider one of its own."""

requests_served = Counter("tingsu_gateway_requests", "Requests served", ["method", "route", "status"])
request_seconds = Histogram("tingsu_gateway_request_seconds", "Time to answer a request", ["route"])
log = logger(__name__)


def create_gateway(
    *,
    database: Database,
    config: Settings,
    checks: Mapping[str, Check],
    said: Wording,
    clock: Clock = system_clock,
    channel_routers: Sequence[APIRouter] = (),
    beside: Sequence[Callable[[], Coroutine[Any, Any, None]]] = (),
    on_stop: Sequence[Callable[[], Awaitable[None]]] = (),
) -> FastAPI:
    """The gateway as an application.

    Args:
        database: where everything is.
        config: limits, keys, and who may embed the page.
        checks: what must answer for `/healthz` to be 200, by the name that is shown when it does not.
        said: the wording of the greeting.
        clock: the time.
        channel_routers: routes of the other channels (Telegram's webhook).
        beside: what runs beside the requests, from the first to the last.
        on_stop: closes what the caller opened, after the last request.
    """
    live = LiveUpdates(database)
    presences = Presences(database)
    presences.subscribe(live.wake)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(work()) for work in (live.run, presences.run, *beside)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for close in on_stop:
                await close()

    app = FastAPI(
        title="Tingsu web chat API",
        description='What the chat page does, for programs. Errors are `{"error": code, "message": sentence}`.',
        version="1",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    _handle_errors(app)
    app.include_router(_operations_router(app, checks))
    app.include_router(
        chat_router(
            ChatApi(
                history=History(database, clock, said),
                inbox=Inbox(
                    database,
                    clock,
                    timedelta(seconds=config.quiet_window_seconds),
                    timedelta(seconds=config.answer_within_seconds),
                ),
                tokens=SessionTokens(config.derived_secret("webchat")),
                live=live,
                presences=presences,
                upload_limit_mib=config.upload_limit_mib,
                messages_per_session=RateLimit(config.messages_per_minute),
                sessions_per_address=RateLimit(config.sessions_per_minute),
                signs_per_session=RateLimit(SIGNS_PER_MINUTE),
            )
        )
    )
    app.include_router(page_router(embed_origins=config.embed_origins, upload_limit_mib=config.upload_limit_mib))
    for router in channel_routers:
        app.include_router(router)
    app.state.live = live
    app.add_middleware(BodyLimit, upload_limit=config.upload_limit_mib * MIB + FORM_AROUND_A_FILE)
    app.add_middleware(Frame)
    return app


def _operations_router(app: FastAPI, checks: Mapping[str, Check]) -> APIRouter:
    """Health, metrics, and the API's reference."""
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def health() -> JSONResponse:
        answers = await asyncio.gather(*(_answers(name, check) for name, check in checks.items()))
        missing = [name for name, is_there in zip(checks, answers, strict=True) if not is_there]
        return JSONResponse(
            {"status": "unavailable" if missing else "ok", "missing": missing},
            status_code=503 if missing else 200,
            headers={"Cache-Control": "no-store"},
        )

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @router.get("/docs")
    async def reference() -> HTMLResponse:
        policy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
        return HTMLResponse(reference_page(app), headers={"Content-Security-Policy": policy})

    return router


async def _answers(name: str, check: Check) -> bool:
    try:
        return await asyncio.wait_for(check(), CHECK_WITHIN_SECONDS)
    except Exception as error:  # noqa: BLE001 - whatever it is, the part does not answer
        log.warning("check_failed", check=name, error=type(error).__name__)
        return False


def _handle_errors(app: FastAPI) -> None:
    """Give every error the one shape of the API. Nothing of what was sent is repeated."""

    @app.exception_handler(ChatError)
    async def chat_error(_request: Request, error: ChatError) -> JSONResponse:
        headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else {}
        if error.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return _problem(error.status, error.code, error.message, headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"] if isinstance(part, str)) or "request"
        return _problem(422, "invalid_request", f"{place}: {first['msg']}", {})

    @app.exception_handler(HTTPException)
    async def http_error(_request: Request, error: HTTPException) -> JSONResponse:
        code, message = HTTP_PROBLEMS.get(error.status_code, ("bad_request", "The request cannot be answered."))
        return _problem(error.status_code, code, message, dict(error.headers or {}))

    @app.exception_handler(OperationalError)
    @app.exception_handler(InterfaceError)
    @app.exception_handler(PoolTimeout)
    @app.exception_handler(ConnectorException)
    async def database_away(_request: Request, error: Exception) -> JSONResponse:
        log.error("database_unavailable", error=type(error).__name__)
        return _problem(503, *HTTP_PROBLEMS[503], {"Retry-After": "2"})


HTTP_PROBLEMS = {
    400: ("bad_request", "The request cannot be read."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take this method."),
    403: ("forbidden", "This is not for you."),
    413: ("body_too_large", "The request is too large."),
    500: ("internal_error", "Something went wrong on our side."),
    503: ("unavailable", "This cannot be done right now. Try again in a moment."),
}


def _problem(status: int, code: str, message: str, headers: dict[str, str]) -> JSONResponse:
    return JSONResponse({"error": code, "message": message}, status_code=status, headers=headers)


class BodyLimit:
    """Refuses bodies that are too large, by their announced length or, without one, as they arrive.

    What a refused client is still sending is read and thrown away, within bounds: a connection that closes in the
    middle of a body would lose the answer, and the customer would never hear that the photo is too large.
    """

    def __init__(self, app: ASGIApp, upload_limit: int) -> None:
        self._app = app
        self._upload_limit = upload_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._upload_limit if scope["path"] == "/api/chat/attachments" else LARGEST_BODY
        body = _Body(receive, limit)

        async def send_after_body(message: Message) -> None:
            if message["type"] == "http.response.start":
                await body.discard_rest()
            await send(message)

        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdigit() or int(announced) > limit:
            await _problem(413, *HTTP_PROBLEMS[413], {})(scope, receive, send_after_body)
            return
        await self._app(scope, body.receive, send_after_body)


class _Body:
    """A request's body on its way in."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._arrived = 0
        self._has_ended = False

    async def receive(self) -> Message:
        message = await self._next()
        if self._arrived > self._limit:
            raise HTTPException(413)
        return message

    async def discard_rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(DISCARD_WITHIN_SECONDS):
                while not self._has_ended and self._arrived < DISCARD_AT_MOST:
                    await self._next()

    async def _next(self) -> Message:
        message = await self._receive()
        self._arrived += len(message.get("body", b""))
        self._has_ended = not message.get("more_body", False)
        return message


class Frame:
    """Around every request: security headers, metrics, and one line of access log without query, texts or addresses.

    A fault of ours ends here too, with its kind and place in the log: its message may quote what a customer wrote.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status: int | None = None

        async def with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, with_headers)
        except Exception as error:  # noqa: BLE001 - the border of the process
            place = traceback.extract_tb(error.__traceback__)[-1]
            log.error("request_failed", error=type(error).__name__, file=place.filename, line=place.lineno)
            if status is None:
                await _problem(500, *HTTP_PROBLEMS[500], {})(scope, receive, with_headers)
        finally:
            seconds = time.perf_counter() - started
            # The route's pattern, never the address itself: in that, anything may stand.
            route = getattr(scope.get("route"), "path", "unmatched")
            method = scope["method"] if scope["method"] in {"GET", "HEAD", "POST"} else "OTHER"
            requests_served.labels(method, route, status).inc()
            request_seconds.labels(route).observe(seconds)
            if route not in {"/healthz", "/metrics"}:
                log.info("request", method=method, route=route, status=status, seconds=round(seconds, 4))


async def worker_is_alive(database: Database) -> bool:
    """Whether some worker has shown a heartbeat within the last seconds."""
    query = text(
        "SELECT EXISTS (SELECT FROM procrastinate_workers"
        " WHERE last_heartbeat > now() - make_interval(secs => :seconds))"
    )
    async with database.engine.connect() as connection:
        return bool(await connection.scalar(query, {"seconds": WORKER_ALIVE_WITHIN_SECONDS}))


def gateway_by_settings(config: Settings) -> FastAPI:
    """The gateway as the settings say.

    Raises:
        RuntimeError: there is no database.
    """
    url = config.database_url or running_url(config.var_dir)
    if url is None:
        raise RuntimeError("no database: set DATABASE_URL, or start everything with `tingsu up`")
    database = Database(url)
    checks: dict[str, Check] = {"database": database.answers, "worker": lambda: worker_is_alive(database)}
    closing: list[Callable[[], Awaitable[None]]] = [database.close]
    if config.rasa_url is not None:
        rasa = RasaClient(str(config.rasa_url), config.derived_secret("rasa"), timeout=config.rasa_timeout_seconds)
        checks["rasa"] = rasa.is_up
        closing.append(rasa.close)
    routers: list[APIRouter] = []
    beside: list[Callable[[], Coroutine[Any, Any, None]]] = []
    if config.telegram_token is not None and config.telegram_webhook_url is not None:
        bot = telegram_bot(config)
        inbox = Inbox(
            database,
            system_clock,
            timedelta(seconds=config.quiet_window_seconds),
            timedelta(seconds=config.answer_within_seconds),
        )
        routers.append(webhook_router(Intake(bot, inbox, config.upload_limit_mib), webhook_secret(config)))
        beside.append(lambda: register_webhook(bot, config))
    return create_gateway(
        database=database,
        config=config,
        checks=checks,
        said=wording(),
        channel_routers=routers,
        beside=beside,
        on_stop=closing,
    )


class GatewayServer(uvicorn.Server):
    """uvicorn, which at its stop also answers the pages that wait for news, instead of cutting them off."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what is under way."""
        cast(FastAPI, self.config.app).state.live.wake_all()
        await super().shutdown(sockets)


def run() -> None:
    """Serve the gateway until SIGTERM or Ctrl-C; requests under way are finished first."""
    config = settings()
    set_up_logging("gateway", config.log_level)
    server = GatewayServer(
        uvicorn.Config(
            gateway_by_settings(config),
            host=config.gateway_host,
            port=config.gateway_port,
            log_config=None,
            access_log=False,
            server_header=False,
            ws_max_size=LARGEST_SOCKET_MESSAGE,
            timeout_graceful_shutdown=STOP_WITHIN_SECONDS,
        )
    )
    with suppress(KeyboardInterrupt):
        server.run()
