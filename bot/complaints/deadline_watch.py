"""When a deadline is looked at: at half of its time, a day before its end, and when it has passed.

Where only office hours count, half is half of these, and a day before is a day of work before: a warning comes while
somebody is there and can still act.

A deadline keeps the moment of the next look. A job is enqueued for it in the transaction that sets the deadline, and
what a job finds counts, not why it came: a deadline that was met or moved meanwhile is left alone.
"""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.deadlines import deadline_policy
from bot.complaints.models import Complaint, DeadlineRecord, NoticeKind
from bot.complaints.office_hours import NOTHING
from bot.jobs import Job, enqueue

ONE_DAY = timedelta(days=1)
A_MOMENT = timedelta(seconds=1)
"""A deadline ends with its last second, so it is missed one later."""


def looks_at(deadline: DeadlineRecord) -> dict[datetime, NoticeKind]:
    """The moments at which a deadline is looked at, in order, and what is the matter then."""
    looks = _working_looks(deadline) if deadline.counts_office_hours else _clock_looks(deadline)
    warnings = {at: kind for at, kind in sorted(looks.items()) if deadline.set_at < at < deadline.due_at}
    return warnings | {deadline.due_at + A_MOMENT: NoticeKind.DEADLINE_MISSED}


def _clock_looks(deadline: DeadlineRecord) -> dict[datetime, NoticeKind]:
    half_time = deadline.set_at + (deadline.due_at - deadline.set_at) / 2
    return {half_time: NoticeKind.HALF_TIME, deadline.due_at - ONE_DAY: NoticeKind.ONE_DAY_LEFT}


def _working_looks(deadline: DeadlineRecord) -> dict[datetime, NoticeKind]:
    policy = deadline_policy()
    set_at, due_at = (moment.astimezone(policy.zone) for moment in (deadline.set_at, deadline.due_at))
    lasts, day = policy.office_hours.between(set_at, due_at), policy.office_hours.longest_day
    gone = {lasts / 2: NoticeKind.HALF_TIME, lasts - day: NoticeKind.WORKING_DAY_LEFT}
    # None is left if the bank changed its hours since the date was set; the date stays, the warnings go.
    return {policy.office_hours.after(set_at, time): kind for time, kind in gone.items() if time > NOTHING}


def next_look(deadline: DeadlineRecord, *, now: datetime) -> datetime:
    """The first look that lies ahead; a deadline that is over is looked at now."""
    return next((at for at in looks_at(deadline) if at > now), now)


def matter_of(deadline: DeadlineRecord, *, now: datetime) -> NoticeKind | None:
    """What is the matter with a deadline whose time to be looked at has come, the gravest thing only."""
    is_watched = deadline.met_at is None and deadline.missed_at is None
    if not is_watched or deadline.next_look_at is None or deadline.next_look_at > now:
        return None
    reached = [kind for at, kind in looks_at(deadline).items() if at <= now]
    return reached[-1] if reached else None


async def watch(session: AsyncSession, complaint: Complaint, *, now: datetime) -> None:
    """Enqueue the first look at every deadline of the complaint that was just set."""
    await session.flush()
    for deadline in complaint.running_deadlines:
        if deadline.next_look_at is None and deadline.missed_at is None:
            await look_again(session, deadline, now=now)


async def look_again(session: AsyncSession, deadline: DeadlineRecord, *, now: datetime) -> None:
    """Enqueue the next look at a deadline."""
    deadline.next_look_at = next_look(deadline, now=now)
    await enqueue(session, Job.WATCH_DEADLINE, at=deadline.next_look_at, deadline_id=deadline.id)
