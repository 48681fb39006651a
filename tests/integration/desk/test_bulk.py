"""Giving cases away at the desk: who may, to whom, and what is recorded."""

import uuid

import pytest

from bot.clock import system_clock
from bot.complaints.labels import Cause, Tier
from bot.complaints.models import Complaint
from bot.database import Database
from bot.desk.bulk import Given, colleagues, give
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
    stranger = await scene.member("wu", unit_code="HB-YC-XL-01")
    assert await given(database, conversation_id, stranger, stranger) is Given.NO_CASE
    assert await given(database, conversation_id, stranger, supervisor) is Given.NOT_FOR_THEM
    async with database.transaction() as session:
        assert [other.username for other in await colleagues(session, supervisor, now=system_clock())] == ["sun"]


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
