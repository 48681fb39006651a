"""A system of the bank that is sent events: a real HTTP server that answers as a test scripts it."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(frozen=True)
class Received:
    """One request as it came in."""

    path: str
    body: bytes
    headers: dict[str, str]

    @property
    def document(self) -> Any:
        """The body, read."""
        return json.loads(self.body)

    @property
    def event_id(self) -> str:
        """The id by which a repetition is known."""
        return self.headers["Tingsu-Event-Id"]

    def is_signed_with(self, secret: str) -> bool:
        """Whether the signature is right, computed as a receiver would from the documentation."""
        parts = dict(part.split("=", 1) for part in self.headers["Tingsu-Signature"].split(","))
        expected = hmac.new(secret.encode(), parts["t"].encode() + b"." + self.body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(parts["v1"], expected)


@dataclass
class Receiver:
    """What was received, and what is answered: the next of `script`, or 200.

    `None` in the script is no answer at all.
    """

    port: int = 0
    script: list[int | None] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/tingsu"

    @property
    def host(self) -> str:
        """Its entry in the setting."""
        return f"127.0.0.1:{self.port}"

    async def handle(self, request: web.Request) -> web.Response:
        """Take one request."""
        self.received.append(Received(request.path, await request.read(), dict(request.headers)))
        self.reached.set()
        status = self.script.pop(0) if self.script else 200
        if status is None:
            await asyncio.sleep(60)
            return web.Response()
        headers = {"Location": "/elsewhere"} if 300 <= status < 400 else {}
        return web.Response(status=status, headers=headers)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that listens."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        await runner.cleanup()
