"""A worker process that dies while it closes a case or gives one back: another one does it, and does it once."""

import signal
from datetime import timedelta
from pathlib import Path

from sqlalchemy import update

from bot.clock import system_clock
from bot.complaints.assignment import assign
from bot.complaints.lifecycle import State
from bot.complaints.models import Complaint, Notice, NoticeKind
from bot.complaints.snoozes import snooze
from bot.conversations.handover import locked
from bot.database import Database
from bot.followups.results import tell_result
from bot.jobs import Job, enqueue
from tests.builders import a_conversation, jobs, until
from tests.integration.complaints.case import Case, a_case
from tests.integration.complaints.people import everybody
from tests.integration.worker_process import worker_process

TAKEN_OVER_WITHIN = 20.0
"""Seconds from a new worker's start: five without a heartbeat, two until somebody looks, and some for a slow machine."""


async def test_a_worker_killed_in_mid_action_is_replaced_and_each_thing_done_once(
    database: Database, tmp_path: Path
) -> None:
    snoozed, silent = await put_off(database), await left_alone(database)
    ids = {(await case.now_is()).conversation_id for case in (snoozed, silent)}
    async with database.transaction() as at_work:
        for conversation_id in sorted(ids):
            await locked(at_work, conversation_id)  # the jobs have begun, and wait
        async with worker_process(database, tmp_path) as worker:
            await until(lambda: are_being_done(database), seconds=30)
            worker.send_signal(signal.SIGKILL)
            await worker.wait()
    assert (await silent.now_is()).state is State.RESOLVED
    assert await told_that_it_is_back(snoozed) == 0

    async with worker_process(database, tmp_path):
        await until(lambda: are_done(database), seconds=TAKEN_OVER_WITHIN)
    assert (await silent.now_is()).state is State.CLOSED
    assert (await silent.trail()).count("system: close") == 1
    assert await told_that_it_is_back(snoozed) == 1
    assert (await snoozed.trail()).count("system: end_snooze") == 1


async def told_that_it_is_back(case: Case) -> int:
    return sum(notice.kind is NoticeKind.SNOOZE_ENDED for notice in await case.rows(Notice))


async def put_off(database: Database) -> Case:
    """A case whose snooze ends in a moment."""
    case = await a_case(database, await a_conversation(database, system_clock, chat="one"), system_clock)
    people = await everybody(database, system_clock)
    await case.does(assign, people.handler, actor="staff:supervisor")
    until_at = system_clock() + timedelta(seconds=1)
    await case.does(snooze, people.handler.id, until_at, actor="staff:handler")
    return case


async def left_alone(database: Database) -> Case:
    """A case whose result was told two months ago, and whose job comes now."""
    case = await a_case(database, await a_conversation(database, system_clock, chat="other"), system_clock)
    await case.does(tell_result, "卡已取回。", actor="staff:handler")
    long_ago = system_clock() - timedelta(days=62)
    async with database.transaction() as session:
        told = {"state_since": long_ago, "resolved_at": long_ago}
        await session.execute(update(Complaint).where(Complaint.id == case.id).values(told))
        await enqueue(session, Job.CLOSE_CASE, complaint_id=str(case.id))
    return case


async def due_jobs(database: Database) -> list[str]:
    """How the two jobs stand; done ones are deleted."""
    found = [*await jobs(database, Job.END_SNOOZE), *await jobs(database, Job.CLOSE_CASE)]
    return [job["status"] for job in found if job["scheduled_at"] is None or job["scheduled_at"] < system_clock()]


async def are_being_done(database: Database) -> bool:
    return await due_jobs(database) == ["doing", "doing"]


async def are_done(database: Database) -> bool:
    return await due_jobs(database) == []
