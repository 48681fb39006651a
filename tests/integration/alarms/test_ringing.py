"""An urgent customer waits: people are called one after the other, until somebody takes the conversation over."""

import asyncio
import uuid
from datetime import datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bot.alarms.contacts import set_contact
from bot.alarms.models import Occasion, Outcome, Way
from bot.alarms.ringing import ringing_for
from bot.conversations.handover import hand_back, take_over
from bot.database import Database
from bot.staff.administration import BANK_TIME, add_absence
from bot.staff.models import Role, StaffMember
from bot.staff.sign_in import new_sign_in
from bot.worker import Rooms
from tests.builders import audit_trail, jobs
from tests.conftest import FakeClock
from tests.integration.alarms.at_work import alarms, calls, do, reachable, take_due, work
from tests.integration.alarms.mail_server import MailServer
from tests.integration.desk.scene import Scene


@pytest.fixture
async def line(scene: Scene) -> list[StaffMember]:
    """A person on each step: outlet, branch, city, province."""
    return [
        await reachable(scene, "outlet", Role.SUPERVISOR, "HB-WH-WC-03"),
        await reachable(scene, "branch", Role.COORDINATOR, "HB-WH-WC"),
        await reachable(scene, "city", Role.COORDINATOR, "HB-WH"),
        await reachable(scene, "province", Role.TASK_FORCE, "HB"),
    ]


async def be_away(session: AsyncSession, person: StaffMember, from_at: datetime, *, hours: int) -> None:
    until_at = from_at + timedelta(hours=hours)
    await add_absence(session, person, from_at=from_at, until_at=until_at, note="", administrator=person, now=from_at)


def another_days_shift(now: datetime) -> dict[str, str | int]:
    """A shift of the whole day before: whatever the hour, the person is not on it."""
    yesterday = (now - timedelta(days=1)).astimezone(BANK_TIME)
    return {"weekday": yesterday.isoweekday(), "from": "00:00", "until": "23:59"}


def called(mail: MailServer) -> list[str]:
    return [str(message["To"]).partition("@")[0] for message in mail.received]


async def take(database: Database, conversation_id: uuid.UUID, member: StaffMember, clock: FakeClock) -> None:
    async with database.transaction() as session:
        await take_over(session, conversation_id, member.id, username=member.username, shown_as="李经理", now=clock())


async def test_the_nearest_are_called_at_once_and_the_next_every_two_minutes(
    scene: Scene, database: Database, rooms: Rooms, clock: FakeClock, line: list[StaffMember], mail: MailServer
) -> None:
    conversation_id = await scene.urgent_case()
    await work(database, rooms, clock)
    assert called(mail) == ["outlet"]
    clock.advance(seconds=119)
    await work(database, rooms, clock)
    assert called(mail) == ["outlet"]
    clock.advance(seconds=1)
    await work(database, rooms, clock)
    assert called(mail) == ["outlet", "branch"]
    for _ in range(2):
        clock.advance(minutes=2)
        await work(database, rooms, clock)
    assert called(mail) == ["outlet", "branch", "city", "province"]
    trail = [entry for entry in await audit_trail(database, str(conversation_id)) if entry.startswith("system")]
    assert trail == ["system: raise_alarm"] + ["system: call_next"] * 4


async def test_the_last_in_line_are_called_again_but_not_for_ever(
    scene: Scene, database: Database, rooms: Rooms, clock: FakeClock, line: list[StaffMember], mail: MailServer
) -> None:
    conversation_id = await scene.urgent_case()
    for _ in range(30):
        await work(database, rooms, clock)
        clock.advance(minutes=1)
    assert called(mail) == ["outlet", "branch", "city", "province", "province", "province"]
    assert (await audit_trail(database, str(conversation_id)))[-1] == "system: alarm_unanswered"
    assert await jobs(database, "call_next") == []
    [alarm] = await alarms(database)
    assert alarm.silenced_at is None, "the customer still waits"

    await take(database, conversation_id, line[0], clock)
    await work(database, rooms, clock)
    [alarm] = await alarms(database)
    assert alarm.silenced_by == line[0].id


async def test_whoever_takes_over_silences_the_alarm_and_nobody_else_is_called(
    scene: Scene, database: Database, rooms: Rooms, clock: FakeClock, line: list[StaffMember], mail: MailServer
) -> None:
    conversation_id = await scene.urgent_case()
    await work(database, rooms, clock)
    clock.advance(seconds=30)
    await take(database, conversation_id, line[2], clock)
    await work(database, rooms, clock)
    clock.advance(minutes=10)
    await work(database, rooms, clock)
    assert called(mail) == ["outlet"]
    [alarm] = await alarms(database)
    assert alarm.silenced_at is not None
    assert (alarm.silenced_at - alarm.raised_at).total_seconds() == 30
    assert alarm.silenced_by == line[2].id
    assert (await audit_trail(database, str(conversation_id)))[-1] == "system: silence_alarm"


async def test_a_call_that_waits_for_its_turn_is_not_made_once_somebody_has_taken_over(
    scene: Scene, database: Database, rooms: Rooms, clock: FakeClock, line: list[StaffMember], mail: MailServer
) -> None:
    conversation_id = await scene.urgent_case()
    for _ in range(2):
        for job in await take_due(database, clock):
            await do(rooms, job)
    await take(database, conversation_id, line[0], clock)
    await work(database, rooms, clock)
    assert called(mail) == []
    assert [call.outcome for call in await calls(database)] == [Outcome.NOT_NEEDED]


async def test_a_conversation_that_left_the_queue_otherwise_is_silent_at_the_next_call(
    scene: Scene, database: Database, rooms: Rooms, clock: FakeClock, line: list[StaffMember], mail: MailServer
) -> None:
    conversation_id = await scene.urgent_case()
    await work(database, rooms, clock)
    await take(database, conversation_id, line[0], clock)
    await take_due(database, clock)  # the check is lost
    clock.advance(minutes=2)
    await work(database, rooms, clock)
    assert called(mail) == ["outlet"]
    [alarm] = await alarms(database)
    assert alarm.silenced_at == clock()


async def test_waits_that_began_and_ended_without_their_jobs_are_found(
    scene: Scene, database: Database, rooms: Rooms, clock: FakeClock, line: list[StaffMember], mail: MailServer
) -> None:
    conversation_id = await scene.urgent_case()
    await take_due(database, clock)  # lost, as with a worker of an earlier version
    await rooms.alarms.check_all()
    await work(database, rooms, clock)
    assert called(mail) == ["outlet"]
    await take(database, conversation_id, line[0], clock)
    await take_due(database, clock)
    await rooms.alarms.check_all()
    [alarm] = await alarms(database)
    assert alarm.silenced_by == line[0].id


async def test_a_customer_who_must_wait_anew_rings_anew(
    scene: Scene, database: Database, rooms: Rooms, clock: FakeClock, line: list[StaffMember], mail: MailServer
) -> None:
    conversation_id = await scene.urgent_case()
    await work(database, rooms, clock)
    await take(database, conversation_id, line[0], clock)
    async with database.transaction() as session:
        await hand_back(session, conversation_id, line[0].id, username="outlet", shown_as="李经理", now=clock())
    clock.advance(seconds=10)
    await scene.person_is_called(conversation_id, "urgent")
    await work(database, rooms, clock)
    assert called(mail) == ["outlet", "outlet"]
    first, second = await alarms(database)
    assert first.silenced_at is not None
    assert (second.silenced_at, second.level) == (None, 1)


async def test_a_case_that_turns_urgent_while_its_customer_waits_rings(
    scene: Scene, database: Database, rooms: Rooms, clock: FakeClock, line: list[StaffMember], mail: MailServer
) -> None:
    conversation_id = await scene.customer_writes("卡被吞了")
    await scene.complaint(conversation_id)
    await scene.person_is_called(conversation_id, "complex")
    await work(database, rooms, clock)
    assert called(mail) == []
    clock.advance(minutes=5)
    await scene.person_is_called(conversation_id, "urgent")
    await work(database, rooms, clock)
    assert called(mail) == ["outlet"]


async def test_danger_to_a_customer_who_already_waits_is_called_out_from_the_nearest_again(
    scene: Scene, database: Database, rooms: Rooms, clock: FakeClock, line: list[StaffMember], mail: MailServer
) -> None:
    conversation_id = await scene.urgent_case()
    await work(database, rooms, clock)
    await scene.person_is_called(conversation_id, "crisis")
    await work(database, rooms, clock)
    assert called(mail) == ["outlet", "outlet"]
    assert "客户可能有危险" in str(mail.received[-1]["Subject"])
    clock.advance(minutes=2)
    await work(database, rooms, clock)
    assert called(mail) == ["outlet", "outlet", "branch"], "the first alarm has ended"
    assert {alarm.kind for alarm in await alarms(database) if alarm.silenced_at is None} == {Occasion.CRISIS}


@pytest.mark.parametrize("reason", ["asked_for_human", "complex", "not_understood", "assistant_down"])
async def test_nobody_is_called_for_a_customer_who_can_wait(
    scene: Scene, database: Database, rooms: Rooms, clock: FakeClock, line: list[StaffMember], reason: str
) -> None:
    conversation_id = await scene.customer_writes("找人工")
    await scene.person_is_called(conversation_id, reason)
    await work(database, rooms, clock)
    assert await alarms(database) == []


async def test_when_nobody_can_be_reached_it_is_recorded_and_tried_again(
    scene: Scene, database: Database, rooms: Rooms, clock: FakeClock, mail: MailServer
) -> None:
    await scene.member("li", unit_code="HB-WH-WC-03")  # neither a contact nor at the desk
    conversation_id = await scene.urgent_case()
    await work(database, rooms, clock)
    assert await calls(database) == []
    assert (await audit_trail(database, str(conversation_id)))[-1] == "system: nobody_to_call"

    await reachable(scene, "late", Role.COORDINATOR, "HB-WH")
    clock.advance(minutes=5)
    await work(database, rooms, clock)
    assert called(mail) == ["late"]


async def test_somebody_at_the_desk_is_called_there(
    scene: Scene, database: Database, rooms: Rooms, clock: FakeClock
) -> None:
    at_desk = await scene.member("li", unit_code="HB-WH-WC-03")
    elsewhere = await scene.member("he", unit_code="HB-WH-WC-03")
    async with database.transaction() as session:
        await new_sign_in(session, at_desk, clock())
    conversation_id = await scene.urgent_case()
    await work(database, rooms, clock)
    [call] = await calls(database)
    assert (call.staff_id, call.way, call.outcome) == (at_desk.id, Way.DESK, Outcome.MADE)
    async with database.transaction() as session:
        assert [alarm.conversation_id for alarm in await ringing_for(session, at_desk.id)] == [conversation_id]
        assert await ringing_for(session, elsewhere.id) == []
    await take(database, conversation_id, elsewhere, clock)
    await work(database, rooms, clock)
    async with database.transaction() as session:
        assert await ringing_for(session, at_desk.id) == []


async def test_a_page_that_stands_open_keeps_nobody_from_being_called_elsewhere(
    scene: Scene, database: Database, rooms: Rooms, clock: FakeClock, line: list[StaffMember], mail: MailServer
) -> None:
    at_desk = await scene.member("li", unit_code="HB-WH-WC-03")
    async with database.transaction() as session:
        await new_sign_in(session, at_desk, clock())
        await set_contact(session, "outlet", email="", now=clock())
    await scene.urgent_case()
    await work(database, rooms, clock)
    assert [(call.way, call.level) for call in await calls(database)] == [(Way.DESK, 0), (Way.EMAIL, 0)]
    assert called(mail) == ["branch"]


async def test_whoever_is_absent_or_off_shift_is_called_once_nobody_on_duty_has_come(
    scene: Scene, database: Database, rooms: Rooms, clock: FakeClock, line: list[StaffMember], mail: MailServer
) -> None:
    outlet, branch, city, _ = line
    async with database.transaction() as session:
        session.add_all([outlet, branch, city])
        await be_away(session, outlet, clock(), hours=2)
        await be_away(session, city, clock() - timedelta(hours=3), hours=2)  # back since an hour
        branch.shifts = [another_days_shift(clock())]
    conversation_id = await scene.urgent_case()
    for _ in range(5):
        await work(database, rooms, clock)
        clock.advance(minutes=2)
    assert called(mail) == ["city", "province", "outlet", "branch"]

    await take(database, conversation_id, outlet, clock)
    await work(database, rooms, clock)
    [alarm] = await alarms(database)
    assert alarm.silenced_by == outlet.id


async def test_nobody_is_passed_over_when_the_line_changes_while_it_rings(
    scene: Scene, database: Database, rooms: Rooms, clock: FakeClock, line: list[StaffMember], mail: MailServer
) -> None:
    await scene.urgent_case()
    await work(database, rooms, clock)
    async with database.transaction() as session:
        await be_away(session, line[0], clock(), hours=2)
    for _ in range(3):
        clock.advance(minutes=2)
        await work(database, rooms, clock)
    assert called(mail) == ["outlet", "branch", "city", "province"]


async def test_two_workers_with_the_same_jobs_call_everybody_once(
    scene: Scene, database: Database, rooms: Rooms, clock: FakeClock, line: list[StaffMember], mail: MailServer
) -> None:
    await scene.urgent_case()
    for minutes in (0, 2, 2):
        clock.advance(minutes=minutes)
        while due := await take_due(database, clock):
            await asyncio.gather(*(do(rooms, job) for job in due for _ in range(2)))
    assert called(mail) == ["outlet", "branch", "city"]
    assert len(await alarms(database)) == 1


async def test_a_job_of_a_dead_worker_that_runs_again_calls_nobody_twice(
    scene: Scene, database: Database, rooms: Rooms, clock: FakeClock, line: list[StaffMember], mail: MailServer
) -> None:
    await scene.urgent_case()
    done = []
    while due := await take_due(database, clock):
        for job in due:
            await do(rooms, job)
        done += due
    for job in done:
        await do(rooms, job)
    await work(database, rooms, clock)
    assert called(mail) == ["outlet"]
    assert len(await jobs(database, "call_next")) == 1
