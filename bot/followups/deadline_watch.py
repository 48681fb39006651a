"""The watch over deadlines: warns at half of the time and a day before, and lets nothing pass in silence.

Each look is one transaction that reads everything anew, so a job may run twice, late, or not at all: a periodic look
finds what no job has come for.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.alarms.calls import call
from bot.alarms.models import Occasion
from bot.audit import record
from bot.clock import Clock
from bot.complaints.deadline_watch import look_again, matter_of
from bot.complaints.labels import Tier
from bot.complaints.models import Complaint, DeadlineRecord, Notice, NoticeKind
from bot.complaints.notices import notify, notify_handler
from bot.complaints.tiers import sink_tier
from bot.conversations.handover import call_staff, locked
from bot.conversations.models import Conversation
from bot.database import Database, notify_changed
from bot.logs import logger
from bot.staff.models import StaffMember
from bot.staff.permissions import Act, may

LATE_BY = timedelta(minutes=1)
"""A look that is due for this long has no job that does it."""

AT_ONCE_AT_MOST = 500
log = logger(__name__)


@dataclass(frozen=True)
class DeadlineWatch:
    """Looks at deadlines when their time has come."""

    database: Database
    clock: Clock

    async def look(self, deadline_id: int) -> None:
        """Look at one deadline; nothing happens if it was met, moved, or looked at already."""
        now = self.clock()
        async with self.database.transaction() as session:
            conversation = await _conversation_of(session, deadline_id)
            if conversation is None:
                return
            deadline = await session.get_one(DeadlineRecord, deadline_id)
            complaint = await session.get_one(Complaint, deadline.complaint_id)
            matter = matter_of(deadline, now=now)
            if matter is None:
                return
            if matter is NoticeKind.DEADLINE_MISSED:
                await _miss(session, complaint, deadline, conversation, now=now)
            else:
                notify_handler(session, complaint, matter, now=now, deadline=deadline)
                await look_again(session, deadline, now=now)
                await notify_changed(session, conversation.id)
            await _call_whoever_is_told(session, complaint, deadline, matter, now=now)

    async def look_at_all_due(self) -> int:
        """Look at the deadlines for which no job has come: those set before there was a watch, or whose job was lost.

        Returns:
            How many there were.
        """
        late = self.clock() - LATE_BY
        async with self.database.transaction() as session:
            await _begin_to_watch(session, now=self.clock())
            query = (
                select(DeadlineRecord.id)
                .where(DeadlineRecord.met_at.is_(None), DeadlineRecord.missed_at.is_(None))
                .where(DeadlineRecord.next_look_at <= late)
                .order_by(DeadlineRecord.next_look_at)
                .limit(AT_ONCE_AT_MOST)
            )
            found = list(await session.scalars(query))
        for deadline_id in found:
            log.warning("deadline_without_a_job", deadline_id=deadline_id)
            await self.look(deadline_id)
        return len(found)


async def _begin_to_watch(session: AsyncSession, *, now: datetime) -> None:
    query = (
        select(DeadlineRecord)
        .where(DeadlineRecord.met_at.is_(None), DeadlineRecord.missed_at.is_(None))
        .where(DeadlineRecord.next_look_at.is_(None))
        .limit(AT_ONCE_AT_MOST)
        .with_for_update(skip_locked=True)
    )
    for deadline in await session.scalars(query):
        await look_again(session, deadline, now=now)


async def _conversation_of(session: AsyncSession, deadline_id: int) -> Conversation | None:
    """The conversation of the deadline's complaint, locked before anything else is read."""
    query = (
        select(Complaint.conversation_id)
        .join(DeadlineRecord, DeadlineRecord.complaint_id == Complaint.id)
        .where(DeadlineRecord.id == deadline_id)
    )
    conversation_id = await session.scalar(query)
    return await locked(session, conversation_id) if conversation_id is not None else None


async def _miss(
    session: AsyncSession,
    complaint: Complaint,
    deadline: DeadlineRecord,
    conversation: Conversation,
    *,
    now: datetime,
) -> None:
    """Record that a date has passed; the next tier takes the case, or the lead and the province see that none did."""
    deadline.missed_at, deadline.next_look_at = now, None
    record(session, at=now, actor="system", action="miss_deadline", subject=complaint.number, deadline=deadline.name)
    notify_handler(session, complaint, NoticeKind.DEADLINE_MISSED, now=now, deadline=deadline)
    if complaint.tier is Tier.URGENT:
        _escalate(session, complaint, deadline, now=now)
    elif not _was_taken_over_since(complaint, deadline):
        await sink_tier(session, complaint, "deadline_missed", now=now)
        notify(
            session, complaint, NoticeKind.DEADLINE_MISSED, now=now, deadline=deadline, unit_code=complaint.unit_code
        )
    await call_staff(session, conversation, complaint.tier.value, now=now)


def _escalate(session: AsyncSession, complaint: Complaint, deadline: DeadlineRecord, *, now: datetime) -> None:
    """There is no tier beyond urgent: the lead and the province are told."""
    if complaint.lead_id is not None and complaint.lead_id != complaint.handler_id:
        notify(session, complaint, NoticeKind.DEADLINE_MISSED, now=now, deadline=deadline, staff_id=complaint.lead_id)
    province = complaint.unit_code.split("-")[0] if complaint.unit_code else None
    notify(session, complaint, NoticeKind.DEADLINE_MISSED, now=now, deadline=deadline, unit_code=province)


async def _call_whoever_is_told(
    session: AsyncSession, complaint: Complaint, deadline: DeadlineRecord, matter: NoticeKind, *, now: datetime
) -> None:
    """Call the people of this moment's notices where they are; a unit's are for those who give its cases to people."""
    told = list(
        await session.scalars(
            select(Notice).where(Notice.deadline_id == deadline.id, Notice.kind == matter, Notice.at == now)
        )
    )
    units = {notice.unit_code for notice in told if notice.unit_code is not None}
    members = await session.scalars(select(StaffMember).where(StaffMember.unit_code.in_(units)))
    leading = {member.id for member in members if may(member, Act.ASSIGN)}
    await call(
        session,
        leading | {notice.staff_id for notice in told if notice.staff_id is not None},
        complaint.number,
        Occasion.DEADLINE_MISSED if matter is NoticeKind.DEADLINE_MISSED else Occasion.DEADLINE_NEAR,
        now=now,
        conversation_id=complaint.conversation_id,
        tier=complaint.tier,
        outlet_code=complaint.outlet_code,
        due_at=deadline.due_at,
    )


def _was_taken_over_since(complaint: Complaint, deadline: DeadlineRecord) -> bool:
    """Whether a higher tier got the case after this date had passed: one delay sinks a case once."""
    return any(
        decision.previous_tier is not None
        and decision.tier > decision.previous_tier
        and decision.decided_at > deadline.due_at
        for decision in complaint.tier_decisions
    )
