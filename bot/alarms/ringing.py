"""Alarms: raised when a customer must not wait, carried up the line of people, silenced when somebody takes over."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.alarms.calls import a_call, ask_for, is_for
from bot.alarms.contacts import people_to_reach
from bot.alarms.line import Line, Person, line_of
from bot.alarms.models import Alarm, AlarmCall, Occasion, Way
from bot.alarms.notices import Facts
from bot.audit import record
from bot.clock import Clock
from bot.complaints.casework import complaints_of
from bot.complaints.models import Complaint
from bot.conversations.handover import PRESSING, is_pressing, locked
from bot.conversations.models import Conversation, Holder
from bot.database import Database, notify_changed
from bot.jobs import Job, enqueue
from bot.staff.organisation import organisation


@dataclass(frozen=True)
class Alarms:
    """Rings for customers who must not wait.

    Attributes:
        ways: by which people can be called at all.
        next_after: how long a step of the line has before the next is called.
        repeat_after: how long the last step has before it is called once more.
        repeats_count: how often the last step is called once more.
        has_group: whether the staff's group chat hears of every call.
    """

    database: Database
    clock: Clock
    ways: frozenset[Way]
    next_after: timedelta
    repeat_after: timedelta
    repeats_count: int
    has_group: bool = False

    async def check(self, conversation_id: uuid.UUID) -> None:
        """Bring the alarm in step with its conversation: it rings while the customer waits, and only then."""
        now = self.clock()
        async with self.database.transaction() as session:
            conversation = await locked(session, conversation_id)
            alarm = await session.scalar(
                select(Alarm).where(Alarm.conversation_id == conversation_id, Alarm.silenced_at.is_(None))
            )
            if alarm is not None:
                if is_for(alarm, conversation):
                    return
                await _silence(session, alarm, conversation, now=now)
            if is_pressing(conversation):
                await _raise(session, conversation, now=now)

    async def check_all(self) -> None:
        """Check every conversation that presses or rings: the net below waits that began without a job of their own."""
        async with self.database.transaction() as session:
            pressing = await session.scalars(
                select(Conversation.id).where(
                    Conversation.holder == Holder.QUEUE, Conversation.handover_reason.in_(PRESSING)
                )
            )
            ringing = await session.scalars(select(Alarm.conversation_id).where(Alarm.silenced_at.is_(None)))
            found = {*pressing, *ringing}
        for conversation_id in found:
            await self.check(conversation_id)

    async def call_next(self, alarm_id: uuid.UUID, level: int) -> None:
        """Call the next in line, and see to it that those after them are called in their turn.

        Args:
            level: the round that is due; one that was called already is not called again.
        """
        now = self.clock()
        async with self.database.transaction() as session:
            alarm = await session.get_one(Alarm, alarm_id)
            conversation = await locked(session, alarm.conversation_id)
            await session.refresh(alarm)
            if alarm.silenced_at is not None or alarm.level != level:
                return
            if not is_for(alarm, conversation):
                await _silence(session, alarm, conversation, now=now)
                return
            complaint = await _matter_of(session, conversation)
            alarm.complaint_id = complaint.id if complaint else None
            people = await people_to_reach(session, self.ways, now=now)
            line = line_of(people, complaint.outlet_code if complaint else None, organisation())
            called = await _called_for(session, alarm)
            is_used_up = all(_all_called(step, called) for step in line)
            if is_used_up and level >= max(len(line), 1) + self.repeats_count:
                _record(session, alarm, "alarm_unanswered", now=now, rounds=level)
            else:
                await self._call(session, alarm, complaint, line, called, now=now)
            alarm.level += 1
            await notify_changed(session, conversation.id)

    async def _call(
        self,
        session: AsyncSession,
        alarm: Alarm,
        complaint: Complaint | None,
        line: Line,
        called: set[uuid.UUID],
        *,
        now: datetime,
    ) -> None:
        """Call the first step with somebody who was not called yet, or else the last one, as often as it takes.

        The line may have become another one since the last round: people come on duty, leave, sign in.
        """
        left = [step for step in line if not _all_called(step, called)]
        step = left[0] if left else line[-1] if line else ()
        receivers: list[tuple[uuid.UUID | None, Way]] = [(p.id, way) for p in step for way in sorted(p.ways)]
        if self.has_group:
            receivers.append((None, Way.TELEGRAM))
        subject = complaint.number if complaint else str(alarm.conversation_id)
        facts = Facts(
            conversation_id=alarm.conversation_id,
            tier=complaint.tier if complaint else None,
            outlet_code=complaint.outlet_code if complaint else None,
            waiting_since=alarm.waiting_since,
        )
        await ask_for(
            session,
            (
                a_call(alarm.kind, subject, facts, staff_id=staff_id, way=way, now=now, alarm=alarm)
                for staff_id, way in receivers
            ),
        )
        _record(session, alarm, "call_next" if step else "nobody_to_call", now=now, round=alarm.level, people=len(step))
        due_at = now + (self.next_after if left[1:] else self.repeat_after)
        await _enqueue_round(session, alarm, alarm.level + 1, at=due_at)


async def ringing_for(session: AsyncSession, staff_id: uuid.UUID) -> Sequence[Alarm]:
    """The alarms for which this person was called and that still ring, the oldest first."""
    was_called = select(AlarmCall.alarm_id).where(AlarmCall.staff_id == staff_id)
    query = select(Alarm).where(Alarm.silenced_at.is_(None), Alarm.id.in_(was_called)).order_by(Alarm.raised_at)
    return list(await session.scalars(query))


async def _called_for(session: AsyncSession, alarm: Alarm) -> set[uuid.UUID]:
    query = select(AlarmCall.staff_id).where(AlarmCall.alarm_id == alarm.id, AlarmCall.staff_id.is_not(None))
    return {staff_id for staff_id in await session.scalars(query) if staff_id is not None}


def _all_called(step: Iterable[Person], called: set[uuid.UUID]) -> bool:
    return called.issuperset(person.id for person in step)


async def _raise(session: AsyncSession, conversation: Conversation, *, now: datetime) -> None:
    alarm = Alarm(
        id=uuid.uuid4(),
        conversation_id=conversation.id,
        kind=Occasion(str(conversation.handover_reason)),
        waiting_since=conversation.waiting_since,
        raised_at=now,
        level=0,
    )
    session.add(alarm)
    _record(session, alarm, "raise_alarm", now=now, kind=alarm.kind)
    await session.flush()
    await _enqueue_round(session, alarm, 0)


async def _silence(session: AsyncSession, alarm: Alarm, conversation: Conversation, *, now: datetime) -> None:
    alarm.silenced_at = now
    alarm.silenced_by = conversation.held_by
    _record(session, alarm, "silence_alarm", now=now, rounds=alarm.level)
    await session.flush()  # only one alarm of a conversation may ring, and another may be raised right now


async def _enqueue_round(session: AsyncSession, alarm: Alarm, level: int, *, at: datetime | None = None) -> None:
    await enqueue(session, Job.CALL_NEXT, at=at, alarm_id=str(alarm.id), level=level)


async def _matter_of(session: AsyncSession, conversation: Conversation) -> Complaint | None:
    """The unsettled complaint that weighs most; of several alike, the newest."""
    unsettled = [c for c in await complaints_of(session, conversation.id) if not c.state.is_settled]
    return max(unsettled, key=lambda complaint: complaint.tier.rank, default=None)


def _record(session: AsyncSession, alarm: Alarm, action: str, *, now: datetime, **detail: object) -> None:
    record(session, at=now, actor="system", action=action, subject=str(alarm.conversation_id), **detail)
