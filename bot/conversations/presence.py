"""Who is in a conversation right now, and who is typing.

Pages tell it by PostgreSQL's NOTIFY, with ids only, and tell it again and again; every process that shows it keeps
what it heard for some seconds. So it is stored nowhere, and dies with the page, or the process, that told it.
"""

import asyncio
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import psycopg
from pydantic import BaseModel, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database, notify
from bot.logs import logger

PRESENCE_CHANNEL = "tingsu_presence"
READING_FOR_SECONDS = 40.0
"""How long a page counts as open after it last said so; pages say it every 15 seconds."""
TYPING_FOR_SECONDS = 5.0
"""How long somebody counts as typing after the last sign; pages give one every 3 seconds."""
SWEEP_EVERY_SECONDS = 0.5
LISTEN_AGAIN_AFTER_SECONDS = 2.0

Subscriber = Callable[[uuid.UUID], None]
log = logger(__name__)


class Doing(StrEnum):
    """What a sign tells."""

    READING = "reading"
    """A page of staff shows the conversation."""
    TYPING = "typing"
    """A person writes to the customer."""
    PAUSING = "pausing"
    """They have sent it, or stopped."""
    GONE = "gone"
    """The page shows the conversation no longer."""
    CUSTOMER_TYPING = "customer_typing"
    DRAFTING = "drafting"
    """What is half written to the customer has changed; it is read from the database."""


class Sign(BaseModel, frozen=True):
    """What one page tells the others; ids only.

    Attributes:
        page_id: which page of staff; None for the customer's.
        staff_id: whose page it is.
    """

    conversation_id: uuid.UUID
    doing: Doing
    page_id: uuid.UUID | None = None
    staff_id: uuid.UUID | None = None


async def give_sign(session: AsyncSession, sign: Sign) -> None:
    """Tell every process, when this transaction commits."""
    await notify(session, PRESENCE_CHANNEL, sign.model_dump_json(exclude_none=True))


class Trace(NamedTuple):
    """Something that is so until its time is over."""

    conversation_id: uuid.UUID
    doing: Doing
    page_id: uuid.UUID | None
    staff_id: uuid.UUID | None


@dataclass(frozen=True)
class Present:
    """A person who has a conversation open."""

    staff_id: uuid.UUID
    is_typing: bool


class Presences:
    """What this process has heard of late.

    Args:
        monotonic: seconds from a clock that never goes back.
    """

    def __init__(self, database: Database, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._monotonic = monotonic
        self._until: dict[Trace, float] = {}
        self._subscribers: list[Subscriber] = []
        self._readers: list[Subscriber] = []

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call the subscriber with a conversation's id whenever something about it is otherwise than before.

        Returns:
            What ends the subscription.
        """
        return _added(self._subscribers, subscriber)

    def subscribe_to_drafts(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call the subscriber with a conversation's id whenever what is half written there has changed.

        Returns:
            What ends the subscription.
        """
        return _added(self._readers, subscriber)

    def staff_in(self, conversation_id: uuid.UUID) -> list[Present]:
        """Who of staff has the conversation open, once each, in a steady order."""
        typing = {trace.staff_id for trace in self._traces(conversation_id, Doing.TYPING)}
        there = {trace.staff_id for trace in self._traces(conversation_id, Doing.READING)} | typing
        return [Present(staff_id, staff_id in typing) for staff_id in sorted(there - {None}, key=str) if staff_id]

    def staff_types(self, conversation_id: uuid.UUID) -> bool:
        """Whether a person is writing to the customer."""
        return bool(self._traces(conversation_id, Doing.TYPING))

    def customer_types(self, conversation_id: uuid.UUID) -> bool:
        """Whether the customer is writing."""
        return bool(self._traces(conversation_id, Doing.CUSTOMER_TYPING))

    def customer_wrote(self, conversation_id: uuid.UUID) -> None:
        """What the customer was typing has come."""
        self._until.pop(Trace(conversation_id, Doing.CUSTOMER_TYPING, None, None), None)

    def take(self, sign: Sign) -> None:
        """Hear a sign."""
        now = self._monotonic()
        trace = Trace(sign.conversation_id, sign.doing, sign.page_id, sign.staff_id)
        if sign.doing in {Doing.TYPING, Doing.CUSTOMER_TYPING}:
            self._keep(trace, now + TYPING_FOR_SECONDS)
        elif sign.doing is Doing.READING:
            self._keep(trace, now + READING_FOR_SECONDS)
        elif sign.doing is Doing.DRAFTING:
            _call(self._readers, sign.conversation_id)
        else:
            self._forget(trace._replace(doing=Doing.TYPING))
        if sign.doing is Doing.GONE:
            self._forget(trace._replace(doing=Doing.READING))

    def sweep(self) -> None:
        """Forget what is over."""
        now = self._monotonic()
        for trace in [trace for trace, until in self._until.items() if until <= now]:
            self._forget(trace)

    async def run(self) -> None:
        """Hear signs, and forget them, until cancelled; again and again when PostgreSQL goes away."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._sweep_ever())

    async def _listen(self) -> None:
        while True:
            try:
                async for payload in self._database.listen(PRESENCE_CHANNEL):
                    if payload:
                        self._hear(payload)
            except (psycopg.Error, OSError) as error:
                log.warning("presence_lost", reason=type(error).__name__)
            await asyncio.sleep(LISTEN_AGAIN_AFTER_SECONDS)

    def _hear(self, payload: str) -> None:
        try:
            self.take(Sign.model_validate_json(payload))
        except ValidationError:  # from a process of another version
            log.warning("sign_not_understood")

    async def _sweep_ever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY_SECONDS)
            self.sweep()

    def _traces(self, conversation_id: uuid.UUID, doing: Doing) -> list[Trace]:
        now = self._monotonic()
        return [
            trace
            for trace, until in self._until.items()
            if trace.conversation_id == conversation_id and trace.doing is doing and until > now
        ]

    def _keep(self, trace: Trace, until: float) -> None:
        is_new = trace not in self._until
        self._until[trace] = until
        if is_new:
            _call(self._subscribers, trace.conversation_id)

    def _forget(self, trace: Trace) -> None:
        if self._until.pop(trace, None) is not None:
            _call(self._subscribers, trace.conversation_id)


def _added(subscribers: list[Subscriber], subscriber: Subscriber) -> Callable[[], None]:
    subscribers.append(subscriber)

    def unsubscribe() -> None:
        with suppress(ValueError):
            subscribers.remove(subscriber)

    return unsubscribe


def _call(subscribers: list[Subscriber], conversation_id: uuid.UUID) -> None:
    for subscriber in list(subscribers):
        try:
            subscriber(conversation_id)
        except Exception:
            log.exception("subscriber_failed")
