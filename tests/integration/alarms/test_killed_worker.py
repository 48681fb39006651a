"""A worker process that dies while it calls somebody: the call is made, and those next in line are called after it."""

import asyncio
import signal
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from bot.alarms.models import Outcome
from bot.clock import system_clock
from bot.conversations.handover import call_staff, take_over
from bot.conversations.models import Conversation
from bot.database import Database
from bot.staff.models import Role
from tests.builders import a_conversation, until
from tests.integration.alarms.at_work import alarms, calls, reachable
from tests.integration.alarms.mail_server import HOST, PASSWORD, USER, MailServer
from tests.integration.desk.scene import Scene
from tests.integration.worker_process import worker_process

TAKEN_OVER_WITHIN = 15.0
"""Seconds from a new worker's start: five without a heartbeat, two until somebody looks, and some for a slow machine."""


@pytest.fixture
def now_scene(database: Database) -> Scene:
    """A scene at the present time, which is the worker process's too."""
    return Scene(database, system_clock)


def a_worker(
    database: Database, mail: MailServer, folder: Path
) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    """A worker process that mails; its next in line is called after a second."""
    return worker_process(
        database,
        folder,
        TINGSU_SMTP_HOST=HOST,
        TINGSU_SMTP_PORT=str(mail.port),
        TINGSU_SMTP_USER=USER,
        TINGSU_SMTP_PASSWORD=PASSWORD,
        TINGSU_SMTP_FROM="tingsu@bank.example",
        TINGSU_ALARM_NEXT_AFTER_SECONDS="1",
    )


async def test_a_worker_killed_between_sending_and_recording_repeats_one_call_and_loses_none(
    now_scene: Scene, database: Database, mail: MailServer, tmp_path: Path
) -> None:
    await reachable(now_scene, "city", Role.COORDINATOR, "HB-WH")
    province = await reachable(now_scene, "province", Role.TASK_FORCE, "HB")
    conversation = await a_conversation(database, system_clock)
    mail.seconds = 30
    async with a_worker(database, mail, tmp_path) as worker:
        async with database.transaction() as session:
            waiting = await session.get_one(Conversation, conversation.id)
            await call_staff(session, waiting, "crisis", now=system_clock())
        await until(lambda: has_received(mail, "city"), seconds=30)
        worker.send_signal(signal.SIGKILL)
        await worker.wait()
    assert {call.outcome for call in await calls(database)} == {Outcome.PENDING}

    mail.seconds = 0
    mail.received.clear()
    async with a_worker(database, mail, tmp_path):
        await until(lambda: has_received(mail, "city", "province"), seconds=TAKEN_OVER_WITHIN)
        async with database.transaction() as session:
            await take_over(
                session, conversation.id, province.id, username="province", shown_as="李经理", now=system_clock()
            )
        await until(lambda: is_silent(database), seconds=TAKEN_OVER_WITHIN)
    assert {call.outcome for call in await calls(database)} == {Outcome.MADE}
    [alarm] = await alarms(database)
    assert alarm.silenced_by == province.id


async def has_received(mail: MailServer, *usernames: str) -> bool:
    return sorted(str(mailed["To"]).partition("@")[0] for mailed in mail.received) == sorted(usernames)


async def is_silent(database: Database) -> bool:
    return all(alarm.silenced_at is not None for alarm in await alarms(database))
