"""A small Telegram for tests: a real HTTP server that speaks the Bot API and misbehaves on demand.

It holds to what Telegram documents: an update is given again until a request with a higher offset confirms it, only one
request may poll, a webhook and polling exclude each other, a message has at most 4096 characters.
"""

import asyncio
import itertools
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TOKEN = "424242:AAG-the-token-of-the-tests"
CUSTOMER = 700_100_200

Json = dict[str, Any]


@dataclass
class Misbehaviour:
    """How the next calls of a method go wrong.

    Attributes:
        status: the HTTP status; 0 drops the connection.
        times: how many calls; after them all is well again.
        seconds: how long the answer takes; with status 200 the call is merely slow.
    """

    status: int
    description: str = "the test wants it so"
    retry_after: int | None = None
    times: int = 1
    seconds: float = 0.0


@dataclass
class BotApiServer:
    """The state of the small Telegram.

    Attributes:
        url: where it listens, for `telegram_api_base`.
        sent: the messages that the bot has sent, oldest first.
        calls: how often each method was called.
        blocked_by: chats that have blocked the bot; `gone`: chats that do not exist any more.
    """

    url: str = ""
    sent: list[Json] = field(default_factory=list)
    actions: list[Json] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    webhook: Json | None = None
    blocked_by: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)
    files: dict[str, bytes] = field(default_factory=dict)
    sizes: dict[str, int | None] = field(default_factory=dict)
    pending: list[Json] = field(default_factory=list)
    confirmed_before: int = 0
    _misbehaviours: dict[str, list[Misbehaviour]] = field(default_factory=lambda: defaultdict(list))
    _update_ids: Any = field(default_factory=lambda: itertools.count(9_000_001))
    _message_ids: Any = field(default_factory=lambda: itertools.count(51))
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _poll: int = 0

    def misbehave(self, method: str, status: int, **how: Any) -> None:
        """Let the next calls of a method (or of `download`) go wrong, see `Misbehaviour`."""
        self._misbehaviours[method].append(Misbehaviour(status, **how))

    def behave(self) -> None:
        """End every misbehaviour."""
        self._misbehaviours.clear()

    def message(
        self, *, chat: int = CUSTOMER, kind: str = "private", language: str | None = "zh-hans", **content: Any
    ) -> Json:
        """A message as Telegram describes it; `content` is its text, photo, sticker …"""
        sender = {"id": chat if chat > 0 else CUSTOMER, "is_bot": False, "first_name": "小雨", "last_name": "周"}
        if language is not None:
            sender["language_code"] = language
        return {
            "message_id": next(self._message_ids),
            "date": int(time.time()),
            "chat": {"id": chat, "type": kind, "first_name": "小雨"},
            "from": sender,
            **content,
        }

    def update(self, **content: Any) -> Json:
        """An update around a message (`message=`, `edited_message=`, …), not yet on its way."""
        return {"update_id": next(self._update_ids), **content}

    async def bring(self, *updates: Json) -> None:
        """Have these updates waiting for whoever polls."""
        async with self._news:
            self.pending += updates
            self._news.notify_all()

    async def customer_sends(self, **content: Any) -> Json:
        """A customer sends a message; its update waits for whoever polls."""
        update = self.update(message=self.message(**content))
        await self.bring(update)
        return update

    def keep_file(self, content: bytes, *, claimed_size: int | None = None, says_size: bool = True) -> Json:
        """Put a file on the server.

        Returns:
            The fields `file_id`, `file_unique_id` and `file_size` of a message's photo, document or voice.
        """
        file_id = f"file{len(self.files) + 1}"
        self.files[file_id] = content
        size = len(content) if claimed_size is None else claimed_size
        self.sizes[file_id] = size if says_size else None
        return {"file_id": file_id, "file_unique_id": f"u{file_id}"} | ({"file_size": size} if says_size else {})

    def is_confirmed(self, update: Json) -> bool:
        """Whether the update will not be given again."""
        return int(update["update_id"]) < self.confirmed_before

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        self.calls[method] += 1
        if request.match_info["token"] != TOKEN:
            return _refusal(401, "Unauthorized")
        if (wrong := await self._go_wrong(method, request)) is not None:
            return wrong
        parameters = {name: _parsed(value) for name, value in (await request.post()).items()}
        handler: Callable[[Json], Any] | None = getattr(self, f"_{method}", None)
        if handler is None:
            return _refusal(404, "Not Found")
        outcome = handler(parameters)
        if asyncio.iscoroutine(outcome):
            outcome = await outcome
        return outcome if isinstance(outcome, web.Response) else web.json_response({"ok": True, "result": outcome})

    async def _download(self, request: web.Request) -> web.StreamResponse:
        self.calls["download"] += 1
        if (wrong := await self._go_wrong("download", request)) is not None:
            return wrong
        content = self.files.get(request.match_info["file_id"])
        return web.Response(body=content) if content is not None else web.Response(status=404)

    async def _go_wrong(self, method: str, request: web.Request) -> web.Response | None:
        waiting = self._misbehaviours[method]
        if not waiting:
            return None
        wrong = waiting[0]
        wrong.times -= 1
        if wrong.times == 0:
            waiting.pop(0)
        await asyncio.sleep(wrong.seconds)
        if wrong.status == 0 and request.transport is not None:
            request.transport.close()
        if wrong.status == web.HTTPOk.status_code:
            return None
        return _refusal(wrong.status or 500, wrong.description, retry_after=wrong.retry_after)

    def _getMe(self, _: Json) -> Json:
        return {"id": 424242, "is_bot": True, "first_name": "听诉", "username": "tingsu_bot"}

    async def _getUpdates(self, parameters: Json) -> list[Json] | web.Response:
        if self.webhook is not None:
            return _refusal(409, "Conflict: can't use getUpdates method while webhook is active")
        offset = parameters.get("offset")
        if offset is not None:
            self.confirmed_before = max(self.confirmed_before, int(offset))
            self.pending = [update for update in self.pending if update["update_id"] >= int(offset)]
        async with self._news:
            self._poll += 1
            mine = self._poll
            self._news.notify_all()
            try:
                await asyncio.wait_for(
                    self._news.wait_for(lambda: bool(self.pending) or self._poll != mine),
                    float(parameters.get("timeout", 0)),
                )
            except TimeoutError:
                return []
        if self._poll != mine:
            return _refusal(409, "Conflict: terminated by other getUpdates request")
        return self.pending[: int(parameters.get("limit", 100))]

    def _setWebhook(self, parameters: Json) -> bool:
        self.webhook = parameters
        return True

    def _deleteWebhook(self, _: Json) -> bool:
        self.webhook = None
        return True

    def _sendMessage(self, parameters: Json) -> Json | web.Response:
        chat, text = int(parameters["chat_id"]), str(parameters["text"])
        if chat in self.blocked_by:
            return _refusal(403, "Forbidden: bot was blocked by the user")
        if chat in self.gone:
            return _refusal(400, "Bad Request: chat not found")
        if not text.strip():
            return _refusal(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > 4096:
            return _refusal(400, "Bad Request: message is too long")
        message_id = next(self._message_ids)
        self.sent.append(parameters | {"chat_id": chat, "text": text, "message_id": message_id})
        return self._message(chat, message_id, text)

    def _message(self, chat: int, message_id: int, text: str) -> Json:
        return {
            "message_id": message_id,
            "date": int(time.time()),
            "chat": {"id": chat, "type": "private", "first_name": "小雨"},
            "text": text,
        }

    def _editMessageText(self, parameters: Json) -> Json | web.Response:
        chat, message_id, text = int(parameters["chat_id"]), int(parameters["message_id"]), str(parameters["text"])
        if chat in self.blocked_by:
            return _refusal(403, "Forbidden: bot was blocked by the user")
        message = next((one for one in self.sent if (one["chat_id"], one["message_id"]) == (chat, message_id)), None)
        if message is None:
            return _refusal(400, "Bad Request: message to edit not found")
        if "inline_keyboard" not in message.get("reply_markup", {"inline_keyboard": []}):
            return _refusal(400, "Bad Request: message can't be edited")
        if message["text"] == text:
            return _refusal(400, "Bad Request: message is not modified")
        message["text"] = text
        return self._message(chat, message_id, text)

    def _sendChatAction(self, parameters: Json) -> bool:
        self.actions.append(parameters)
        return True

    def _getFile(self, parameters: Json) -> Json | web.Response:
        file_id = str(parameters["file_id"])
        size = self.sizes.get(file_id)
        if file_id not in self.files:
            return _refusal(400, "Bad Request: invalid file_id")
        if size is not None and size > 20_000_000:
            return _refusal(400, "Bad Request: file is too big")
        answer: Json = {"file_id": file_id, "file_unique_id": f"u{file_id}", "file_path": file_id}
        return answer if size is None else answer | {"file_size": size}


def _parsed(value: Any) -> Any:
    """A form field: lists and objects come as JSON, a text that merely looks like it stays a text."""
    try:
        parsed = json.loads(value)
    except ValueError:
        return value
    return parsed if isinstance(parsed, list | dict) else value


def _refusal(status: int, description: str, *, retry_after: int | None = None) -> web.Response:
    body: Json = {"ok": False, "error_code": status, "description": description}
    if retry_after is not None:
        body["parameters"] = {"retry_after": retry_after}
    return web.json_response(body, status=status)


@asynccontextmanager
async def bot_api_server() -> AsyncIterator[BotApiServer]:
    """The small Telegram on a free port of this machine."""
    server = BotApiServer()
    app = web.Application()
    app.router.add_route("*", "/bot{token:[^/]+}/{method}", server._answer)
    app.router.add_get("/file/bot{token:[^/]+}/{file_id}", server._download)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()
