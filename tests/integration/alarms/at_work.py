"""What a worker does about alarms, one due job after the other, at the time that the test says it is."""

import uuid
from typing import Any

from sqlalchemy import select, text

from bot.alarms.contacts import set_contact
from bot.alarms.models import Alarm, AlarmCall
from bot.database import Database
from bot.jobs import Job
from bot.staff.models import Role, StaffMember
from bot.worker import Rooms
from tests.conftest import FakeClock
from tests.integration.desk.scene import Scene

OUR_JOBS = (Job.CHECK_ALARM, Job.CALL_NEXT, Job.MAKE_CALL)


async def work(database: Database, rooms: Rooms, clock: FakeClock) -> None:
    """Do every job of an alarm that is due now, and those that come of it. One that fails waits for its next try."""
    while due := await take_due(database, clock):
        for job in due:
            await do(rooms, job)


async def take_due(database: Database, clock: FakeClock) -> list[dict[str, Any]]:
    """The due jobs, taken out of the queue."""
    query = text(
        "DELETE FROM procrastinate_jobs WHERE task_name = ANY(:ours) AND (scheduled_at IS NULL OR scheduled_at <= :now)"
        " RETURNING id, task_name, args"
    ).bindparams(ours=[*OUR_JOBS], now=clock())
    async with database.transaction() as session:
        rows = (await session.execute(query)).mappings()
        return sorted((dict(row) for row in rows), key=lambda job: job["id"])


async def do(rooms: Rooms, job: dict[str, Any]) -> None:
    """What the worker does for a job."""
    args = job["args"]
    match job["task_name"]:
        case Job.CHECK_ALARM:
            await rooms.alarms.check(uuid.UUID(args["conversation_id"]))
        case Job.CALL_NEXT:
            await rooms.alarms.call_next(uuid.UUID(args["alarm_id"]), args["level"])
        case Job.MAKE_CALL:
            await rooms.caller.make(args["call_id"])


async def alarms(database: Database) -> list[Alarm]:
    """Every alarm, the oldest first."""
    async with database.transaction() as session:
        return list(await session.scalars(select(Alarm).order_by(Alarm.raised_at, Alarm.silenced_at)))


async def calls(database: Database) -> list[AlarmCall]:
    """Every call, in the order in which they were asked for."""
    async with database.transaction() as session:
        return list(await session.scalars(select(AlarmCall).order_by(AlarmCall.id)))


async def reachable(
    scene: Scene,
    username: str,
    role: Role,
    unit_code: str,
    *,
    telegram: int | None = None,
    email: bool = True,
    language: str = "zh",
) -> StaffMember:
    """A person with an address of the bank, a chat with the bot, or both."""
    member = await scene.member(username, role=role, unit_code=unit_code, language=language)
    async with scene.database.transaction() as session:
        await set_contact(
            session,
            username,
            email=f"{username}@bank.example" if email else None,
            telegram=str(telegram) if telegram else None,
            now=scene.clock(),
        )
    return member
