"""The job queue: procrastinate's application, and jobs enqueued in the transaction of their cause.

Jobs are known by name here; what they do is in the rooms that own them, and `bot.worker` brings them together.
"""

from datetime import datetime
from enum import StrEnum

import procrastinate
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import driver_connection

HEARTBEAT_SECONDS = 1.0
STALLED_AFTER_SECONDS = 5.0
"""A worker without a heartbeat for this long is taken for dead, and its jobs are taken over."""
POLLING_SECONDS = 0.2
"""A job that waited for its lock is only seen at the next poll: 5 s, the default, makes a chat feel dead."""


class Job(StrEnum):
    """Every kind of job by name."""

    TAKE_TURN = "take_turn"
    DELIVER = "deliver"
    SHOW_TYPING = "show_typing"
    SEND_HELD = "send_held"
    FOLLOW_UP = "follow_up"
    CARRY_CORRECTION = "carry_correction"
    RETURN_UNANSWERED = "return_unanswered"
    ASK_SATISFACTION = "ask_satisfaction"
    REMIND_OF_SURVEY = "remind_of_survey"
    WATCH_TASK = "watch_task"
    WATCH_DEADLINE = "watch_deadline"
    END_SNOOZE = "end_snooze"
    CLOSE_CASE = "close_case"
    EMBED_STORY = "embed_story"
    ASSIGN_CASE = "assign_case"
    SEND_EVENTS = "send_events"
    CHECK_ALARM = "check_alarm"
    CALL_NEXT = "call_next"
    MAKE_CALL = "make_call"


def job_app(url: str) -> procrastinate.App:
    """A procrastinate application on the database at `url`, without any task yet."""
    return procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))


_unconnected = procrastinate.App(connector=procrastinate.PsycopgConnector())


async def enqueue(
    session: AsyncSession,
    job: Job,
    *,
    lock: str | None = None,
    at: datetime | None = None,
    **arguments: str | int,
) -> None:
    """Enqueue a job as a part of the session's transaction: it exists if, and only if, its cause does.

    Args:
        job: which job.
        lock: jobs with the same lock run one after the other, in the order in which they were enqueued.
        at: not before this time; at once by default.
        arguments: ids only, never texts: procrastinate logs them.
    """
    deferrer = _unconnected.configure_task(
        job, allow_unknown=True, lock=lock, schedule_at=at, connection=await driver_connection(session)
    )
    await deferrer.defer_async(**arguments)
