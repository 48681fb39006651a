"""The desk's process: serves the pages by the settings, listens for changes, and stops cleanly when told to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import uvicorn
from fastapi import FastAPI, Response
from fastapi.staticfiles import StaticFiles
from nicegui import ui
from nicegui.storage import Storage
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.api.app import ApiMount, api_app
from bot.clock import Clock, system_clock
from bot.complaints.tags import tag_policy
from bot.database import Database
from bot.desk.door import door
from bot.desk.frame import FAVICON, STATIC, STATIC_ADDRESS
from bot.desk.macros import macro_policy
from bot.desk.pages import add_pages
from bot.desk.parts import Desk
from bot.desk.routes import routes
from bot.embedded_postgres import running_url
from bot.settings import settings

RECONNECT_WITHIN_SECONDS = 20.0
"""A page that loses its connection for less than this goes on as if nothing had happened."""
STOP_WITHIN_SECONDS = 5

HEADERS = {
    # NiceGUI compiles its templates in the browser, which needs unsafe-eval; nothing is fetched from anywhere else.
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss:; object-src 'none'; "
        "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class KeptFiles(StaticFiles):
    """Our style and script. Their addresses change with their content, so that browsers need not ask again."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """One file, to be kept for a year."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


class SafeHeaders:
    """Adds the headers that keep the pages to themselves, where a route has not set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_safely if scope["type"] == "http" else send)


def desk_app(desk: Desk) -> FastAPI:
    """The desk as an application. NiceGUI keeps its pages for the whole process, so a process has one desk."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with desk.running():
            yield

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan)
    app.add_middleware(SafeHeaders)
    app.include_router(door(desk))
    app.include_router(routes(desk))
    app.router.routes.append(ApiMount(api_app(desk.database, desk.clock, settings())))
    app.mount(STATIC_ADDRESS, KeptFiles(directory=STATIC))
    add_pages(desk)
    # We use none of NiceGUI's storage; should a later version write something, then not into the checkout.
    Storage.path = settings().var_dir / "nicegui"
    ui.run_with(
        app,
        title="听诉 Tingsu",
        favicon=FAVICON,
        dark=None,
        language=None,
        tailwind=False,
        reconnect_timeout=RECONNECT_WITHIN_SECONDS,
        show_welcome_message=False,
    )
    return app


def run(clock: Clock = system_clock) -> None:
    """Serve the desk until told to stop.

    Raises:
        SystemExit: there is no database to work on.
    """
    chosen = settings()
    url = chosen.database_url or running_url(chosen.var_dir)
    if url is None:
        raise SystemExit("The desk finds no database. Start it with `tingsu up`, or set DATABASE_URL.")
    tag_policy(), macro_policy()  # a slip in a file is found now, not when somebody first chooses from it
    desk = Desk.on(
        Database(url),
        clock,
        port=chosen.desk_port,
        secure_cookies=chosen.secure_cookies,
        undo_for=timedelta(seconds=chosen.undo_seconds),
    )
    uvicorn.run(
        desk_app(desk),
        host=chosen.desk_host,
        port=chosen.desk_port,
        log_config=None,
        access_log=False,
        # At INFO it writes the address of every socket, and with it the key of the page behind it.
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=STOP_WITHIN_SECONDS,
    )
