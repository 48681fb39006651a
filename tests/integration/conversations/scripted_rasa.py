"""A small rasa for tests: a real HTTP server that keeps its answers, answers as the test says, and misbehaves on demand."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from aiohttp import web

Json = dict[str, Any]


class Does(Enum):
    """What rasa does with a turn."""

    ANSWERS = auto()
    SAYS_NOTHING = auto()
    REFUSES = auto()
    """503: the turn failed, nothing of it was kept."""
    BREAKS_OFF = auto()
    """Dies in the middle: nothing of it was kept, and the connection is cut."""
    TALKS_NONSENSE = auto()
    HANGS = auto()
    """Nothing is kept, and nothing comes until `go_on` is set."""
    ANSWERS_TOO_LATE = auto()
    """The answer is kept, but does not come until `go_on` is set."""


@dataclass
class ScriptedRasa:
    """The state of the small rasa.

    Attributes:
        url: where it listens.
        script: what it does with the next turns; when it is empty, it answers.
        is_away: cuts every connection, as if the process were dead.
        heard: the turns that it went through, oldest first; one that it was sent again and remembered is not among them.
        kept: the answers by the turn's id.
        reached: set whenever a turn has come in.
        go_on: lets a turn that hangs go on.
    """

    url: str = ""
    script: deque[Does] = field(default_factory=deque)
    is_away: bool = False
    heard: list[Json] = field(default_factory=list)
    kept: dict[str, list[Json]] = field(default_factory=dict)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def texts(self) -> list[str]:
        """What it heard."""
        return [turn["message"] for turn in self.heard]

    async def _take_turn(self, request: web.Request) -> web.Response:
        self._be_away(request)
        turn: Json = await request.json()
        turn_id = turn["metadata"]["turn_id"]
        if turn["again"] and turn_id in self.kept:
            return web.json_response(self.kept[turn_id])
        self.heard.append(turn)
        does = self.script.popleft() if self.script else Does.ANSWERS
        replies = [] if does is Does.SAYS_NOTHING else [{"text": f"听到：{turn['message']}"}]
        if does in (Does.ANSWERS, Does.SAYS_NOTHING, Does.ANSWERS_TOO_LATE):
            self.kept[turn_id] = replies
        self.reached.set()
        if does in (Does.HANGS, Does.ANSWERS_TOO_LATE):
            await self.go_on.wait()
        if does is Does.BREAKS_OFF:
            self._cut(request)
        if does is Does.REFUSES:
            return web.json_response({"error": "the turn failed"}, status=503)
        if does is Does.TALKS_NONSENSE:
            return web.Response(text="<html>", content_type="text/html")
        return web.json_response(replies)

    def _be_away(self, request: web.Request) -> None:
        if self.is_away:
            self._cut(request)

    @staticmethod
    def _cut(request: web.Request) -> None:
        assert request.transport is not None
        request.transport.abort()
        raise asyncio.CancelledError


@asynccontextmanager
async def scripted_rasa() -> AsyncIterator[ScriptedRasa]:
    """The small rasa on a free port of this machine."""
    rasa = ScriptedRasa()
    app = web.Application()
    app.router.add_post("/webhooks/turns/webhook", rasa._take_turn)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        rasa.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield rasa
    finally:
        rasa.go_on.set()
        await runner.cleanup()
