"""A small rasa for tests: a real HTTP server that keeps trackers, answers as the test says, and misbehaves on demand."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from aiohttp import web

Json = dict[str, Any]
LISTEN: Json = {"event": "action", "name": "action_listen"}


class Does(Enum):
    """What rasa does with a turn."""

    ANSWERS = auto()
    SAYS_NOTHING = auto()
    REFUSES = auto()
    """503: the turn failed, nothing of it was kept."""
    BREAKS_OFF = auto()
    """Dies in the middle: half a turn is in the tracker, and the connection is cut."""
    TALKS_NONSENSE = auto()
    HANGS = auto()
    """Nothing is kept, and nothing comes until `go_on` is set."""
    ANSWERS_TOO_LATE = auto()
    """The answer is in the tracker, but does not come until `go_on` is set."""


@dataclass
class ScriptedRasa:
    """The state of the small rasa.

    Attributes:
        url: where it listens.
        script: what it does with the next turns; when it is empty, it answers.
        is_away: cuts every connection, as if the process were dead.
        heard: the turns as they came, oldest first.
        trackers: the events of each conversation.
        reached: set whenever a turn has come in.
        go_on: lets a turn that hangs go on.
    """

    url: str = ""
    script: deque[Does] = field(default_factory=deque)
    is_away: bool = False
    heard: list[Json] = field(default_factory=list)
    trackers: dict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def texts(self) -> list[str]:
        """What it heard."""
        return [turn["message"] for turn in self.heard]

    async def _take_turn(self, request: web.Request) -> web.Response:
        self._be_away(request)
        turn: Json = await request.json()
        self.heard.append(turn)
        does = self.script.popleft() if self.script else Does.ANSWERS
        tracker = self.trackers[turn["sender"]]
        user = {"event": "user", "text": turn["message"], "metadata": turn["metadata"]}
        replies = [] if does is Does.SAYS_NOTHING else [{"text": f"听到：{turn['message']}"}]
        said = [{"event": "bot", "text": reply["text"], "data": {"buttons": None}} for reply in replies]
        if does in (Does.ANSWERS, Does.SAYS_NOTHING, Does.ANSWERS_TOO_LATE):
            tracker += [user, *said, LISTEN]
        elif does is Does.BREAKS_OFF:
            tracker += [user, {"event": "bot", "text": "说了一半"}]
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

    async def _show_tracker(self, request: web.Request) -> web.Response:
        self._be_away(request)
        assert request.query["include_events"] == "AFTER_RESTART"
        return web.json_response({"events": self.trackers[request.match_info["sender"]]})

    async def _append(self, request: web.Request) -> web.Response:
        self._be_away(request)
        self.trackers[request.match_info["sender"]].append(await request.json())
        return web.json_response({})

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
    app.router.add_get("/conversations/{sender}/tracker", rasa._show_tracker)
    app.router.add_post("/conversations/{sender}/tracker/events", rasa._append)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        rasa.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield rasa
    finally:
        rasa.go_on.set()
        await runner.cleanup()
