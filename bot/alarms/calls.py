"""Calls to people: asked for in the transaction of their cause, and made by a job each: no way waits for another."""

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.alarms.contacts import people_to_reach
from bot.alarms.models import Alarm, AlarmCall, Occasion, Outcome, StaffContact, Way
from bot.alarms.notices import Facts, notice_of
from bot.alarms.ways import Carrier
from bot.clock import Clock
from bot.complaints.labels import Language
from bot.conversations.channel import Undeliverable
from bot.conversations.handover import is_pressing
from bot.conversations.models import Conversation
from bot.database import Database
from bot.jobs import Job, enqueue
from bot.logs import logger
from bot.staff.models import StaffMember

LONGEST_REFUSAL = 200
AT_ONCE = 3
"""Calls that one worker makes by one way at a time: a slow mail server must not keep it from the customers."""
log = logger(__name__)


class WayIsBusy(Exception):
    """A worker makes as many calls by this way as it may; the job comes again."""

    retry_after = timedelta(seconds=1)


async def call(
    session: AsyncSession,
    staff_ids: Collection[uuid.UUID],
    subject: str,
    occasion: Occasion,
    *,
    now: datetime,
    **facts: object,
) -> None:
    """Call people by every way that leads to them, once, as a part of the session's transaction.

    Args:
        subject: what it is about: the complaint's number, or the conversation's id.
        occasion: why they are called.
        facts: those of `Facts` that are known; nothing else is told.

    Raises:
        ValueError: a fact is none of those; nobody is called.
    """
    told = Facts.model_validate(facts)
    people = await people_to_reach(session, set(Way), now=now)
    await ask_for(
        session,
        (
            a_call(occasion, subject, told, staff_id=person.id, way=way, now=now)
            for person in people
            if person.id in staff_ids
            for way in sorted(person.ways)
        ),
    )


def a_call(
    occasion: Occasion,
    subject: str,
    facts: Facts,
    *,
    staff_id: uuid.UUID | None,
    way: Way,
    now: datetime,
    alarm: Alarm | None = None,
) -> AlarmCall:
    """A call that is still to be made; what stands on the desk's page needs no carrier."""
    is_made = way is Way.DESK
    return AlarmCall(
        alarm_id=alarm.id if alarm else None,
        level=alarm.level if alarm else None,
        staff_id=staff_id,
        way=way,
        occasion=occasion,
        subject=subject,
        facts=facts.model_dump(mode="json", exclude_none=True),
        asked_at=now,
        outcome=Outcome.MADE if is_made else Outcome.PENDING,
        called_at=now if is_made else None,
    )


async def ask_for(session: AsyncSession, calls: Iterable[AlarmCall]) -> None:
    """Store calls, and enqueue a job for each that must be carried."""
    stored = list(calls)
    session.add_all(stored)
    await session.flush()
    for asked in stored:
        if asked.outcome is Outcome.PENDING:
            await enqueue(session, Job.MAKE_CALL, call_id=asked.id)


def is_for(alarm: Alarm, conversation: Conversation) -> bool:
    """Whether the alarm still rings for this: the same customer, in the same wait, for the same reason."""
    return (
        is_pressing(conversation)
        and alarm.waiting_since == conversation.waiting_since
        and alarm.kind == conversation.handover_reason
    )


@dataclass(frozen=True)
class Receiver:
    """Whom a call goes to, by its own way."""

    address: str
    language: Language


@dataclass(frozen=True)
class Caller:
    """Makes the calls that were asked for.

    Attributes:
        carriers: the ways out of the house that the settings open.
        desk_address: where staff reaches the desk.
        group_chat: Telegram's number or name of the staff's group, if there is one.
    """

    database: Database
    carriers: Mapping[Way, Carrier]
    clock: Clock
    desk_address: str
    group_chat: str | None = None
    _under_way: Counter[Way] = field(default_factory=Counter, init=False)

    async def make(self, call_id: int) -> None:
        """Make one call, unless it is no longer needed.

        The call stays locked until its outcome is stored: a second worker waits and finds it made. One that dies in
        between leaves the lock, and the call is made once more.

        Raises:
            WayIsBusy: other calls by this way are still being made.
            Exception: whatever the carrier raises but `Undeliverable`; the job is then tried again with back-off.
        """
        async with self.database.transaction() as session:
            asked = await session.get_one(AlarmCall, call_id, with_for_update=True)
            if asked.outcome is not Outcome.PENDING:
                return
            receiver = await self._receiver_of(session, asked)
            if receiver is None or not await _is_needed(session, asked):
                asked.outcome = Outcome.NOT_NEEDED
                return
            await self._carry(asked, receiver)

    async def _carry(self, asked: AlarmCall, receiver: Receiver) -> None:
        facts = Facts.model_validate(asked.facts)
        notice = notice_of(asked.occasion, asked.subject, facts, receiver.language, self.desk_address)
        try:
            if asked.way not in self.carriers:
                raise Undeliverable("the settings do not open this way")
            with self._a_hand_for(asked.way):
                await self.carriers[asked.way].carry(receiver.address, notice)
            asked.outcome = Outcome.MADE
        except Undeliverable as error:
            asked.outcome = Outcome.REFUSED
            asked.refusal = str(error)[:LONGEST_REFUSAL]
            log.warning("call_refused", call_id=asked.id, way=asked.way, reason=asked.refusal)
        asked.called_at = self.clock()

    @contextmanager
    def _a_hand_for(self, way: Way) -> Iterator[None]:
        if self._under_way[way] >= AT_ONCE:
            raise WayIsBusy(way)
        self._under_way[way] += 1
        try:
            yield
        finally:
            self._under_way[way] -= 1

    async def _receiver_of(self, session: AsyncSession, asked: AlarmCall) -> Receiver | None:
        if asked.staff_id is None:
            return Receiver(self.group_chat, "zh") if self.group_chat else None
        person = await session.get_one(StaffMember, asked.staff_id)
        contact = await session.get(StaffContact, asked.staff_id)
        if contact is None or not person.is_active:
            return None
        address = contact.telegram_chat_id if asked.way is Way.TELEGRAM else contact.email
        return Receiver(str(address), "en" if person.language == "en" else "zh") if address else None


async def _is_needed(session: AsyncSession, asked: AlarmCall) -> bool:
    if asked.alarm_id is None:
        return True
    alarm = await session.get_one(Alarm, asked.alarm_id)
    conversation = await session.get_one(Conversation, alarm.conversation_id)
    return alarm.silenced_at is None and is_for(alarm, conversation)
