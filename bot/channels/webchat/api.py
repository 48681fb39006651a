"""The web chat's HTTP API and live socket: parse, ask whose session it is, call one use case, answer."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response, WebSocket
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client import Counter, Gauge
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import FormData, UploadFile
from starlette.websockets import WebSocketDisconnect

from bot.channels.webchat.channel import CHANNEL
from bot.channels.webchat.errors import ChatError
from bot.channels.webchat.history import History, MessageShown, Page
from bot.channels.webchat.live import LiveUpdates
from bot.channels.webchat.rates import RateLimit
from bot.channels.webchat.tokens import InvalidToken, SessionTokens
from bot.channels.webchat.uploads import checked
from bot.conversations.attachments import SHOWN_IN_PLACE
from bot.conversations.channel import Inbound, InboundAttachment
from bot.conversations.inbound import Inbox, storable
from bot.conversations.presence import Presences
from bot.logs import logger

LARGEST_ID = 2**63 - 1
LONGEST_WAIT_SECONDS = 30
HELLO_WITHIN_SECONDS = 10
SOCKETS_PER_SESSION = 10
READ_AGAIN_AFTER_SECONDS = 1.0
CLIENT_ID = r"^[A-Za-z0-9_-]{1,64}$"

POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013
UNAUTHORISED = 4401
TOO_MANY = 4429

sessions_started = Counter("tingsu_webchat_sessions", "Web chat sessions started")
messages_received = Counter("tingsu_webchat_messages", "Messages received from web chat customers", ["kind"])
live_sockets = Gauge("tingsu_webchat_live_sockets", "Web chat pages connected by WebSocket")
log = logger(__name__)


class NewSession(BaseModel):
    """What a new session may say about its customer."""

    language: str | None = Field(
        default=None,
        max_length=35,
        description="`zh` or `en`, also as a longer tag such as `en-GB`; Chinese without it and for any other",
    )


class SessionToken(BaseModel):
    """The key to one session; keep it, it is the only one."""

    token: str


class NewMessage(BaseModel):
    """What the customer writes."""

    text: str = Field(description="Not empty. After 20,000 characters it is cut, and the customer is told")
    client_id: str | None = Field(
        default=None,
        pattern=CLIENT_ID,
        description="The client's own id of the message: sent again with the same id, it is taken once",
    )


class ReadUpTo(BaseModel):
    """How far the page was read."""

    up_to: int = Field(ge=1, le=LARGEST_ID, description="The last message that was before the customer's eyes")


class MessageTaken(BaseModel):
    """The message is stored."""

    id: int


class Problem(BaseModel):
    """What went wrong: a code for programs, a sentence for people."""

    error: str
    message: str


class Hello(BaseModel):
    """The first message on the live socket."""

    token: str = Field(max_length=500)
    after: int | None = Field(default=None, ge=0, le=LARGEST_ID)


@dataclass(frozen=True)
class ChatSession:
    """Whose request it is."""

    session_id: uuid.UUID
    conversation_id: uuid.UUID


@dataclass(frozen=True)
class ChatApi:
    """What the API works with.

    Args:
        upload_limit_mib: largest file, MiB.
        messages_per_session: limit on messages and files of one session.
        sessions_per_address: limit on new sessions from one address.
        signs_per_session: limit on what a page tells beside messages.
    """

    history: History
    inbox: Inbox
    tokens: SessionTokens
    live: LiveUpdates
    presences: Presences
    upload_limit_mib: int
    messages_per_session: RateLimit
    sessions_per_address: RateLimit
    signs_per_session: RateLimit

    async def session_of(self, token: str | None) -> ChatSession:
        """The session that a token opens.

        Raises:
            ChatError: 401, it opens none.
        """
        if not token:
            raise ChatError(401, "token_missing", "Send the session's token as `Authorization: Bearer <token>`.")
        try:
            session_id = self.tokens.read(token)
        except InvalidToken:
            raise ChatError(401, "token_invalid", "This token opens no session. Start a new one.") from None
        conversation_id = await self.history.conversation_of(session_id)
        if conversation_id is None:
            raise ChatError(401, "session_gone", "This session is no longer kept. Start a new one.")
        return ChatSession(session_id, conversation_id)

    async def receive(
        self, session: ChatSession, text: str, client_id: str | None, attachment: InboundAttachment | None = None
    ) -> MessageTaken:
        """Hand a message in."""
        received = await self.inbox.receive(
            Inbound(
                channel=CHANNEL,
                channel_key=str(session.session_id),
                message_id=client_id or uuid.uuid4().hex,
                text=text,
                attachment=attachment,
            )
        )
        if received.is_new:
            messages_received.labels(attachment.kind if attachment is not None else "text").inc()
        return MessageTaken(id=received.message_id)

    async def read(self, session: ChatSession, after: int | None, wait_seconds: int) -> Page:
        """Messages after an id; if there are none, the first change within the wait."""
        with self.live.subscription(session.conversation_id) as changed:
            page = await self.page(session.conversation_id, after)
            if page.messages or not wait_seconds:
                return page
            try:
                await asyncio.wait_for(changed.wait(), wait_seconds)
            except TimeoutError:
                return page
            return await self.page(session.conversation_id, after)

    async def page(self, conversation_id: uuid.UUID, after: int | None) -> Page:
        """Messages after an id, and whether somebody is writing an answer: the bot, or a person."""
        page = await self.history.read(conversation_id, after)
        if self.presences.staff_types(conversation_id):
            page.typing = True
        return page


def chat_router(api: ChatApi) -> APIRouter:
    """The API's routes."""
    router = APIRouter(prefix="/api/chat", tags=["web chat"], responses=_problems(422, 429))
    bearer = HTTPBearer(auto_error=False, description="The token of a session")

    async def current_session(
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    ) -> ChatSession:
        return await api.session_of(credentials.credentials if credentials is not None else None)

    Session = Annotated[ChatSession, Depends(current_session)]  # noqa: N806 - a type

    @router.post("/sessions", summary="Start a session")
    async def start_session(request: Request, new: NewSession | None = None) -> SessionToken:
        """Start a conversation. The greeting is its first message; read it with `GET /api/chat/messages`."""
        api.sessions_per_address.count(request.client.host if request.client is not None else "unknown")
        language = (new.language if new is not None else None) or "zh"
        session_id = await api.history.start("en" if language.lower().startswith("en") else "zh")
        sessions_started.inc()
        return SessionToken(token=api.tokens.issue(session_id))

    @router.post("/messages", summary="Write a message", responses=_problems(401, 413))
    async def write_message(session: Session, new: NewMessage) -> MessageTaken:
        """Store a message; the answer comes as a message of its own."""
        text = storable(new.text)
        if not text.strip():
            raise ChatError(422, "empty_text", "The message has no text.")
        api.messages_per_session.count(str(session.session_id))
        return await api.receive(session, text, new.client_id)

    @router.get("/messages", summary="Read the messages", responses=_problems(401))
    async def read_messages(
        session: Session,
        after: Annotated[int | None, Query(ge=0, le=LARGEST_ID, description="Only those after this id")] = None,
        wait: Annotated[
            int, Query(ge=0, le=LONGEST_WAIT_SECONDS, description="Seconds to wait for a change if there are none")
        ] = 0,
    ) -> Page:
        """The session's messages in order; all of them without `after`."""
        return await api.read(session, after, wait)

    @router.post("/read", summary="Tell how far the customer has read", status_code=204, responses=_problems(401))
    async def tell_read(session: Session, read: ReadUpTo) -> None:
        """Staff sees which messages were read. It never goes back, and ids of other sessions count for nothing."""
        api.signs_per_session.count(str(session.session_id))
        await api.history.mark_read(session.conversation_id, read.up_to)

    @router.post("/typing", summary="Tell that the customer is typing", status_code=204, responses=_problems(401))
    async def tell_typing(session: Session) -> None:
        """Staff sees it for five seconds; give it again while it lasts, not more often than every three."""
        api.signs_per_session.count(str(session.session_id))
        await api.history.customer_types(session.conversation_id)

    @router.post(
        "/attachments",
        summary="Send a photo or a document",
        responses=_problems(401, 413, 415),
        openapi_extra=UPLOAD_SCHEMA,
    )
    async def send_attachment(session: Session, request: Request) -> MessageTaken:
        """Store a photo (JPEG, PNG, WebP, GIF, HEIC) or a document (PDF, Word, Excel, text), with or without a text."""
        api.messages_per_session.count(str(session.session_id))
        async with _form(request) as form:
            text, client_id, upload = form.get("text") or "", form.get("client_id") or None, form.get("file")
            if not isinstance(upload, UploadFile):
                raise ChatError(422, "file_missing", "Send the file as the form's field `file`.")
            if isinstance(text, UploadFile) or isinstance(client_id, UploadFile):
                raise ChatError(422, "form_unreadable", "`text` and `client_id` are texts.")
            if client_id is not None and not re.fullmatch(CLIENT_ID, client_id):
                raise ChatError(422, "invalid_request", f"client_id: String should match pattern '{CLIENT_ID}'")
            content = await upload.read(api.upload_limit_mib * 1024 * 1024 + 1)
            attachment = checked(upload.filename or "file", content, limit_mib=api.upload_limit_mib)
        return await api.receive(session, storable(text).strip(), client_id, attachment)

    @router.get(
        "/attachments/{attachment_id}",
        summary="Fetch a file of this session",
        response_class=Response,
        responses=_problems(401, 404) | {200: {"content": {"application/octet-stream": {}}}},
    )
    async def fetch_attachment(session: Session, attachment_id: uuid.UUID) -> Response:
        """A file that was sent in this session; files of other sessions are not found."""
        found = await api.history.attachment(session.conversation_id, attachment_id)
        if found is None:
            raise ChatError(404, "attachment_unknown", "There is no such file in this session.")
        attachment, content = found
        disposition = "inline" if attachment.content_type in SHOWN_IN_PLACE else "attachment"
        return Response(
            content,
            media_type=attachment.content_type,
            headers={
                "Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(attachment.file_name, safe='')}",
                "Content-Security-Policy": "default-src 'none'; sandbox",
                "Cache-Control": "private, no-store",
            },
        )

    @router.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await _serve_live(api, socket)

    return router


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": Problem} for status in statuses}


UPLOAD_SCHEMA: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "text": {"type": "string"},
                        "client_id": {"type": "string", "pattern": CLIENT_ID},
                    },
                }
            }
        },
    }
}


@asynccontextmanager
async def _form(request: Request) -> AsyncIterator[FormData]:
    """The form of an upload, parsed only now that the session is known: strangers get no disk space."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise ChatError(422, "file_missing", "Send the file as `multipart/form-data`, in the field `file`.")
    try:
        form = await request.form(max_files=1, max_fields=4)
    except (KeyError, ValueError) as error:
        raise ChatError(422, "form_unreadable", "The form cannot be read.") from error
    try:
        yield form
    finally:
        await form.close()


async def _serve_live(api: ChatApi, socket: WebSocket) -> None:
    """Push a session's new messages and whether an answer is being made, until the page goes away.

    The page's first message is `{"token": …, "after": <last id it knows, or null>}`; later ones may be
    `{"ping": true}`, each answered by `{"pong": true}`, by which a phone notices a dead connection. Pushed are
    `{"messages": […]}`, `{"corrected": […]}` and `{"typing": true|false}`.
    """
    await socket.accept()
    try:
        hello = Hello.model_validate_json(await asyncio.wait_for(_next_text(socket), HELLO_WITHIN_SECONDS))
        session = await api.session_of(hello.token)
    except WebSocketDisconnect:
        return
    except (TimeoutError, ValidationError):
        await socket.close(POLICY_VIOLATION, "token_missing")
        return
    except ChatError as error:
        await socket.close(UNAUTHORISED, error.code)
        return
    except (SQLAlchemyError, OSError):
        await socket.close(TRY_AGAIN_LATER, "unavailable")
        return
    if api.live.count(session.conversation_id) >= SOCKETS_PER_SESSION:
        await socket.close(TOO_MANY, "too_many_sockets")
        return
    with api.live.subscription(session.conversation_id) as changed, live_sockets.track_inprogress():
        pushing = asyncio.create_task(_push(api, socket, session.conversation_id, hello.after, changed))
        try:
            await _answer_pings(socket)
        except WebSocketDisconnect:
            pass
        finally:
            pushing.cancel()
            await asyncio.gather(pushing, return_exceptions=True)


async def _push(
    api: ChatApi, socket: WebSocket, conversation_id: uuid.UUID, after: int | None, changed: asyncio.Event
) -> None:
    typing: bool | None = None
    corrected: list[MessageShown] = []
    while True:
        changed.clear()
        try:
            page = await api.page(conversation_id, after)
        except Exception as error:  # noqa: BLE001 - PostgreSQL restarts, say: the page keeps its socket
            log.warning("live_read_failed", error=type(error).__name__)
            await asyncio.sleep(READ_AGAIN_AFTER_SECONDS)
            continue
        if page.messages:
            after = page.messages[-1].id
            await socket.send_text(page.model_dump_json(include={"messages"}))
        if page.corrected != corrected:
            corrected = page.corrected
            await socket.send_text(page.model_dump_json(include={"corrected"}))
        if page.typing is not typing:
            typing = page.typing
            await socket.send_json({"typing": typing})
        await changed.wait()


async def _answer_pings(socket: WebSocket) -> None:
    while True:
        await _next_text(socket)
        await socket.send_json({"pong": True})


async def _next_text(socket: WebSocket) -> str:
    """The next text message; anything else counts as empty.

    Raises:
        WebSocketDisconnect: the page is gone.
    """
    event = await socket.receive()
    if event["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(event.get("code", 1005))
    return event.get("text") or ""
