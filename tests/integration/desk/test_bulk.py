"""Giving cases away at the desk: who may, to whom, and what is recorded."""

import uuid

import pytest

from bot.clock import system_clock
from bot.complaints.assignment import assign
from bot.complaints.labels import Cause, Tier
from bot.complaints.models import Complaint
from bot.database import Database
from bot.desk.bulk import Given, colleagues, give, open_cases_of, pass_on
from bot.desk.figures import scope_of
from bot.staff.candidates import candidate
from bot.staff.models import Role, StaffMember
from bot.staff.people import organisation
from tests.builders import audit_trail
from tests.integration.desk.scene import Scene

OUTLET = "HB-WH-WC-03"


async def given(database: Database, conversation_id: uuid.UUID, to: StaffMember, by: StaffMember) -> Given:
    async with database.transaction() as session:
        return await give(session, conversation_id, to.id, person=by, organisation=organisation(), now=system_clock())


@pytest.fixture
async def conversation_id(scene: Scene) -> uuid.UUID:
    return await scene.customer_writes("卡被吞了")


async def test_a_supervisor_gives_a_case_to_a_colleague(
    database: Database, scene: Scene, conversation_id: uuid.UUID
) -> None:
    case = await scene.complaint(conversation_id, outlet_code=OUTLET)
    supervisor = await scene.member("sun", unit_code=OUTLET)
    handler = await scene.member("zhao", role=Role.HANDLER, unit_code=OUTLET)
    assert await given(database, conversation_id, handler, supervisor) is Given.GIVEN
    async with database.transaction() as session:
        assert (await session.get_one(Complaint, case.id)).handler_id == handler.id
    assert "staff:sun: assign" in await audit_trail(database, case.number)


async def test_a_handler_takes_a_case_but_gives_none_away_and_that_is_recorded(
    database: Database, scene: Scene, conversation_id: uuid.UUID
) -> None:
    case = await scene.complaint(conversation_id, outlet_code=OUTLET)
    me = await scene.member("zhao", role=Role.HANDLER, unit_code=OUTLET)
    other = await scene.member("qian", role=Role.HANDLER, unit_code=OUTLET)
    assert await given(database, conversation_id, other, me) is Given.NOT_YOURS
    assert "staff:zhao: access_refused" in await audit_trail(database, case.number)
    assert await given(database, conversation_id, me, me) is Given.GIVEN


async def test_another_units_case_is_none_and_nobody_gets_one_they_may_not_see(
    database: Database, scene: Scene, conversation_id: uuid.UUID
) -> None:
    await scene.complaint(conversation_id, outlet_code=OUTLET)
    supervisor = await scene.member("sun", unit_code=OUTLET)
    inspector = await scene.member("jian", role=Role.INSPECTOR, unit_code=OUTLET)
    stranger = await scene.member("wu", unit_code="HB-YC-XL-01")
    assert await given(database, conversation_id, stranger, stranger) is Given.NO_CASE
    assert await given(database, conversation_id, stranger, supervisor) is Given.NOT_FOR_THEM
    async with database.transaction() as session:
        assert [other.username for other in await colleagues(session, supervisor, now=system_clock())] == ["sun"]
        assert await colleagues(session, inspector, now=system_clock()) == []


async def test_nobody_gets_the_case_that_is_about_them(
    database: Database, scene: Scene, conversation_id: uuid.UUID
) -> None:
    story = "司门口的赵柜员态度太差，冲我吼"
    await scene.complaint(
        conversation_id, outlet_code=OUTLET, story=story, cause=Cause.SERVICE_ATTITUDE, tier=Tier.ORDINARY
    )
    supervisor = await scene.member("sun", name="孙主任", unit_code=OUTLET)
    handler = await scene.member("zhao", name="赵柜员", role=Role.HANDLER, unit_code=OUTLET)
    assert await given(database, conversation_id, handler, supervisor) is Given.AVOIDED


async def passed_on(database: Database, handler: StaffMember, by: StaffMember) -> list[Given]:
    """All open cases of a person are passed on, as the page does it."""
    async with database.transaction() as session:
        cases = await open_cases_of(session, handler.id, scope_of(by, organisation()))
    outcomes = []
    for case in cases:
        async with database.transaction() as session:
            outcomes.append(
                await pass_on(session, case, handler.id, person=by, organisation=organisation(), now=system_clock())
            )
    return outcomes


async def cases_of(database: Database, scene: Scene, handler: StaffMember, count: int) -> list[Complaint]:
    """So many cases of the outlet that the person has."""
    found = []
    async with database.transaction() as session:
        who = await candidate(session, handler.id)
    for _ in range(count):
        case = await scene.complaint(await scene.customer_writes("卡被吞了"), outlet_code=OUTLET, tier=Tier.ORDINARY)
        async with database.transaction() as session:
            case = await session.get_one(Complaint, case.id)
            await assign(session, case, who, actor="staff:sun", now=system_clock())
        found.append(case)
    return found


async def test_all_cases_of_a_person_are_given_to_those_with_least_to_do(database: Database, scene: Scene) -> None:
    supervisor = await scene.member("sun", unit_code=OUTLET)
    zhao, qian, zhou = [
        await scene.member(name, role=Role.HANDLER, unit_code=OUTLET) for name in ("zhao", "qian", "zhou")
    ]
    await cases_of(database, scene, qian, 2)
    theirs = await cases_of(database, scene, zhao, 4)
    assert await passed_on(database, zhao, supervisor) == [Given.GIVEN] * 4
    async with database.transaction() as session:
        now_with = [(await session.get_one(Complaint, case.id)).handler_id for case in theirs]
    assert zhao.id not in now_with
    assert now_with.count(qian.id) + 2 <= now_with.count(zhou.id) + now_with.count(supervisor.id) + 1
    for case in theirs:
        assert (await audit_trail(database, case.number)).count("staff:sun: assign") == 2
    assert await passed_on(database, zhao, supervisor) == []


async def test_a_case_for_which_nobody_fits_stays_where_it_is(database: Database, scene: Scene) -> None:
    office = await scene.member("sun", role=Role.OFFICE_SUPERVISOR, unit_code="HB")
    zhao = await scene.member("zhao", role=Role.HANDLER, unit_code=OUTLET)
    (case,) = await cases_of(database, scene, zhao, 1)
    assert await passed_on(database, zhao, office) == [Given.NOBODY_FITS]
    async with database.transaction() as session:
        assert (await session.get_one(Complaint, case.id)).handler_id == zhao.id


async def test_only_who_leads_there_passes_cases_on(database: Database, scene: Scene) -> None:
    zhao, qian = [await scene.member(name, role=Role.HANDLER, unit_code=OUTLET) for name in ("zhao", "qian")]
    stranger = await scene.member("wu", unit_code="HB-YC-XL-01")
    (case,) = await cases_of(database, scene, zhao, 1)
    assert await passed_on(database, zhao, qian) == [Given.NOT_YOURS]
    assert "staff:qian: access_refused" in await audit_trail(database, case.number)
    assert await passed_on(database, zhao, stranger) == []
    async with database.transaction() as session:
        outcome = await pass_on(
            session, case.id, zhao.id, person=stranger, organisation=organisation(), now=system_clock()
        )
    assert outcome is Given.NO_CASE
