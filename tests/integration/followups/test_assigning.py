"""New cases are given to people by themselves, once, and never to somebody who must keep out of them."""

import asyncio
import uuid
from datetime import timedelta

import pytest

from bot.complaints.assignment import assign, note_avoidance
from bot.complaints.casework import reject_result, resolve, withdraw
from bot.complaints.labels import Tier
from bot.complaints.lifecycle import State
from bot.complaints.models import Complaint, Notice, NoticeKind
from bot.complaints.tiers import raise_tier
from bot.conversations.models import Conversation
from bot.database import Database
from bot.followups.assigning import TRY_AGAIN_AFTER, Assigner
from bot.staff.models import Absence
from tests.builders import a_complaint, jobs
from tests.conftest import FakeClock
from tests.integration.complaints.case import Case
from tests.integration.complaints.people import OUTLET, People


@pytest.fixture
def assigner(database: Database, clock: FakeClock) -> Assigner:
    return Assigner(database, clock)


async def sought(database: Database) -> list[str]:
    return [job["args"]["complaint_id"] for job in await jobs(database, "assign_case")]


async def go_on_leave(database: Database, clock: FakeClock, *staff: uuid.UUID) -> None:
    async with database.transaction() as session:
        for staff_id in staff:
            session.add(Absence(staff_id=staff_id, from_at=clock(), until_at=clock() + timedelta(hours=8)))


async def test_an_opened_case_goes_to_its_outlets_handler_who_is_told(
    case: Case, people: People, assigner: Assigner, database: Database, clock: FakeClock
) -> None:
    assert await sought(database) == [str(case.id)]
    await assigner.assign(case.id)
    complaint = await case.now_is()
    assert (complaint.state, complaint.handler_id, complaint.assigned_at) == (
        State.ASSIGNED,
        people.handler.id,
        clock(),
    )
    assert [(n.kind, n.staff_id) for n in await case.rows(Notice)] == [(NoticeKind.ASSIGNED, people.handler.id)]
    assert await case.trail() == ["system: assign"]


async def test_a_case_is_given_once_however_often_its_job_runs(case: Case, people: People, assigner: Assigner) -> None:
    await asyncio.gather(*(assigner.assign(case.id) for _ in range(3)))
    assert await case.trail() == ["system: assign"]


async def test_cases_opened_at_once_are_spread_over_the_people(
    people: People, conversation: Conversation, assigner: Assigner, database: Database, clock: FakeClock
) -> None:
    async with database.transaction() as session:
        cases = [
            (await a_complaint(session, conversation, clock=clock, outlet_code=OUTLET, product=None)).id
            for _ in range(2)
        ]
        for complaint_id in cases:  # a repeat sinks; here both stay with the outlet
            found = await session.get_one(Complaint, complaint_id)
            found.tier, found.unit_code = Tier.ORDINARY, OUTLET
    await asyncio.gather(*(assigner.assign(complaint_id) for complaint_id in cases))
    async with database.transaction() as session:
        given = {(await session.get_one(Complaint, complaint_id)).handler_id for complaint_id in cases}
    assert given == {people.handler.id, people.supervisor.id}


async def test_nobody_gets_a_case_that_somebody_has_or_that_is_settled(
    case: Case, people: People, assigner: Assigner
) -> None:
    await case.does(assign, people.supervisor, actor="staff:supervisor")
    await assigner.assign(case.id)
    assert (await case.now_is()).handler_id == people.supervisor.id
    await case.does(note_avoidance, people.supervisor.id, "亲属", actor="staff:lead")
    await case.does(withdraw)
    await assigner.assign(case.id)
    assert (await case.now_is()).handler_id is None


async def test_whoever_must_keep_out_of_it_is_passed_over(
    case: Case, people: People, assigner: Assigner, database: Database
) -> None:
    await assigner.assign(case.id)
    await case.does(note_avoidance, people.handler.id, "亲属", actor="staff:supervisor")
    assert await sought(database) == [str(case.id)] * 2
    await assigner.assign(case.id)
    assert (await case.now_is()).handler_id == people.supervisor.id


async def test_people_of_the_next_tier_get_a_case_that_is_raised(
    case: Case, people: People, assigner: Assigner
) -> None:
    await assigner.assign(case.id)
    await case.does(raise_tier, Tier.COMPLEX, "涉及多个部门", actor="staff:handler")
    await assigner.assign(case.id)
    assert (await case.now_is()).handler_id == people.coordinator.id


async def test_a_reopened_case_finds_people_of_its_new_tier(
    case: Case, people: People, assigner: Assigner, database: Database
) -> None:
    await assigner.assign(case.id)
    await case.does(resolve, "卡已归还", actor="staff:handler")
    await case.does(reject_result)
    assert len(await sought(database)) == 2
    await assigner.assign(case.id)
    assert (await case.now_is()).handler_id == people.coordinator.id


async def test_while_nobody_is_there_the_unit_is_told_once_and_the_first_to_come_back_gets_it(
    case: Case, people: People, assigner: Assigner, database: Database, clock: FakeClock
) -> None:
    everyone = [p.id for p in vars(people).values()]
    await go_on_leave(database, clock, *everyone)
    await assigner.assign(case.id)
    assert await assigner.assign_all_due() == 0
    clock.now += TRY_AGAIN_AFTER
    assert await assigner.assign_all_due() == 1
    assert [(n.kind, n.unit_code) for n in await case.rows(Notice)] == [(NoticeKind.NOBODY_TO_ASSIGN, OUTLET)]
    clock.advance(hours=8)
    assert await assigner.assign_all_due() == 1
    assert (await case.now_is()).handler_id == people.handler.id
    assert await assigner.assign_all_due() == 0


async def test_a_case_whose_job_was_lost_is_found_after_a_minute(
    case: Case, people: People, assigner: Assigner, clock: FakeClock
) -> None:
    clock.advance(seconds=59)
    assert await assigner.assign_all_due() == 0
    clock.advance(seconds=1)
    assert await assigner.assign_all_due() == 1
    assert (await case.now_is()).handler_id == people.handler.id


async def test_where_people_are_chosen_by_hand_nothing_is_given_out(
    case: Case, people: People, database: Database, clock: FakeClock
) -> None:
    by_hand = Assigner(database, clock, is_on=False)
    clock.advance(hours=1)
    await by_hand.assign(case.id)
    assert await by_hand.assign_all_due() == 0
    assert (await case.now_is()).handler_id is None
