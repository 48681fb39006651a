"""A case is given to a person: on a real database, with everybody's present load."""

import uuid

import pytest

from bot.complaints.assignment import MustAvoid, NotOfTaskForce, assign, name_lead, note_avoidance, start
from bot.complaints.labels import Cause, Product, Signal, Tier
from bot.complaints.lifecycle import IllegalStep, State
from bot.complaints.models import CaseIsSettled, Complaint
from bot.complaints.people import CaseRole
from bot.complaints.tiers import NoReason, NotHigher, raise_tier
from bot.conversations.models import Conversation
from bot.database import Database
from bot.staff.candidates import NotOnCases, best_handler, candidate, candidates, person_of
from bot.staff.models import Role, StaffMember
from tests.builders import a_complaint, a_member_of_staff, audit_trail
from tests.conftest import FakeClock

OUTLET = "HB-WH-WC-03"


@pytest.fixture
async def complaint_id(database: Database, conversation: Conversation, clock: FakeClock) -> uuid.UUID:
    async with database.transaction() as session:
        return (await a_complaint(session, conversation, clock=clock, outlet_code=OUTLET)).id


async def a_handler(database: Database, clock: FakeClock, username: str, name: str = "王经理") -> StaffMember:
    return await a_member_of_staff(database, clock, username, name=name, role=Role.HANDLER, unit_code=OUTLET)


async def give(database: Database, complaint_id: uuid.UUID, member: StaffMember, clock: FakeClock) -> None:
    async with database.transaction() as session:
        complaint = await session.get_one(Complaint, complaint_id)
        await assign(session, complaint, await candidate(session, member.id), actor="staff:li", now=clock())


async def read(database: Database, complaint_id: uuid.UUID) -> Complaint:
    async with database.transaction() as session:
        return await session.get_one(Complaint, complaint_id)


async def test_a_case_is_given_to_a_person_who_begins(
    database: Database, complaint_id: uuid.UUID, clock: FakeClock
) -> None:
    wang = await a_handler(database, clock, "wang")
    await give(database, complaint_id, wang, clock)
    complaint = await read(database, complaint_id)
    assert (complaint.state, complaint.handler_id, complaint.assigned_at) == (State.ASSIGNED, wang.id, clock())
    assert complaint.unit_code == OUTLET
    async with database.transaction() as session:
        start(session, await session.get_one(Complaint, complaint_id), actor="staff:wang", now=clock())
    assert (await read(database, complaint_id)).state is State.IN_PROGRESS
    assert await audit_trail(database, complaint.number) == [
        "customer: open_complaint",
        "staff:li: assign",
        "staff:wang: start",
    ]


async def test_the_person_with_the_least_to_do_is_proposed(
    database: Database, conversation: Conversation, complaint_id: uuid.UUID, clock: FakeClock
) -> None:
    wang, chen = await a_handler(database, clock, "wang"), await a_handler(database, clock, "chen", "陈经理")
    await give(database, complaint_id, wang, clock)
    async with database.transaction() as session:
        other = await a_complaint(session, conversation, clock=clock, outlet_code=OUTLET, product=Product.PAYMENT)
        by_username = {found.username: found for found in await candidates(session)}
        assert (by_username["wang"].open_count, by_username["wang"].last_assigned_at) == (1, clock())
        assert (by_username["chen"].open_count, by_username["chen"].last_assigned_at) == (0, None)
        best = await best_handler(session, other)
        assert best is not None
        assert best.id == chen.id


async def test_a_settled_case_is_no_load_and_goes_to_nobody(
    database: Database, complaint_id: uuid.UUID, clock: FakeClock
) -> None:
    wang = await a_handler(database, clock, "wang")
    await give(database, complaint_id, wang, clock)
    async with database.transaction() as session:
        (await session.get_one(Complaint, complaint_id)).state = State.RESOLVED
    async with database.transaction() as session:
        assert (await candidate(session, wang.id)).open_count == 0
    with pytest.raises(IllegalStep):
        await give(database, complaint_id, wang, clock)


async def test_nobody_gets_a_complaint_about_themselves(
    database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    li = await a_handler(database, clock, "li", "李经理")
    wang = await a_handler(database, clock, "wang")
    async with database.transaction() as session:
        complaint = await a_complaint(
            session, conversation, clock=clock, outlet_code=OUTLET, cause=Cause.SERVICE_ATTITUDE
        )
        complaint.story = "大堂的李经理一直骂我"
        best = await best_handler(session, complaint)
        assert best is not None
        assert best.id == wang.id
    with pytest.raises(MustAvoid, match="somebody else"):
        await give(database, complaint.id, li, clock)
    assert (await read(database, complaint.id)).handler_id is None


async def test_who_must_keep_out_of_it_loses_the_case_and_does_not_get_it_back(
    database: Database, complaint_id: uuid.UUID, clock: FakeClock
) -> None:
    wang = await a_handler(database, clock, "wang")
    await give(database, complaint_id, wang, clock)
    for _ in range(2):
        async with database.transaction() as session:
            complaint = await session.get_one(Complaint, complaint_id)
            await note_avoidance(session, complaint, wang.id, "客户的亲属", actor="staff:li", now=clock())
    assert (await read(database, complaint_id)).handler_id is None
    with pytest.raises(MustAvoid):
        await give(database, complaint_id, wang, clock)
    async with database.transaction() as session:
        assert await best_handler(session, await session.get_one(Complaint, complaint_id)) is None


async def test_an_urgent_case_has_a_lead_of_the_task_force(
    database: Database, conversation: Conversation, complaint_id: uuid.UUID, clock: FakeClock
) -> None:
    zhao = await a_member_of_staff(database, clock, "zhao", name="赵主任", role=Role.TASK_FORCE, unit_code="HB-WH")
    wang = await a_handler(database, clock, "wang")
    async with database.transaction() as session:
        urgent = await a_complaint(session, conversation, Signal.MONEY_LEAVING_NOW, clock=clock, outlet_code=OUTLET)
        assert urgent.unit_code == "HB-WH"
        lead = await candidate(session, zhao.id)
        await name_lead(session, urgent, lead, actor="staff:zhao", now=clock())
        assert urgent.lead_id == zhao.id
        with pytest.raises(NotOfTaskForce):
            await name_lead(session, urgent, await candidate(session, wang.id), actor="staff:zhao", now=clock())
        with pytest.raises(NotOfTaskForce):
            ordinary = await session.get_one(Complaint, complaint_id)
            await name_lead(session, ordinary, lead, actor="staff:zhao", now=clock())


async def test_only_people_who_work_on_cases_are_candidates(database: Database, clock: FakeClock) -> None:
    administrator = await a_member_of_staff(database, clock, "admin", role=Role.ADMINISTRATOR, unit_code="HB")
    gone = await a_member_of_staff(database, clock, "gone", unit_code="XX")
    assert person_of(administrator).role is CaseRole.TASK_FORCE
    with pytest.raises(NotOnCases):
        person_of(gone)
    async with database.transaction() as session:
        assert await candidates(session) == []
        with pytest.raises(NotOnCases):
            await candidate(session, gone.id)
        with pytest.raises(NotOnCases):
            await candidate(session, uuid.uuid4())


# ---- tiers by people


async def test_any_handler_raises_a_tier_at_once_with_a_reason(
    database: Database, complaint_id: uuid.UUID, clock: FakeClock
) -> None:
    wang = await a_handler(database, clock, "wang")
    await give(database, complaint_id, wang, clock)
    clock.advance(days=2)
    async with database.transaction() as session:
        complaint = await session.get_one(Complaint, complaint_id)
        promised = {deadline.name: deadline.due_at for deadline in complaint.running_deadlines}
        await raise_tier(session, complaint, Tier.URGENT, "客户今晚要动手术", actor="staff:wang", now=clock())
    complaint = await read(database, complaint_id)
    assert (complaint.tier, complaint.unit_code, complaint.handler_id) == (Tier.URGENT, "HB-WH", None)
    assert complaint.tier_decisions[-1].decided_by == "staff:wang"
    assert complaint.tier_decisions[-1].reasons[0]["zh"] == "客户今晚要动手术"
    assert all(deadline.due_at <= promised[deadline.name] for deadline in complaint.running_deadlines)
    assert (await audit_trail(database, complaint.number))[-1] == "staff:wang: raise_tier"


async def test_a_tier_is_not_raised_without_a_reason_nor_downwards_nor_on_a_settled_case(
    database: Database, complaint_id: uuid.UUID, clock: FakeClock
) -> None:
    async with database.transaction() as session:
        complaint = await session.get_one(Complaint, complaint_id)
        with pytest.raises(NoReason):
            await raise_tier(session, complaint, Tier.COMPLEX, "  ", actor="staff:li", now=clock())
        with pytest.raises(NotHigher):
            await raise_tier(session, complaint, Tier.ORDINARY, "因为", actor="staff:li", now=clock())
        complaint.state = State.RESOLVED
        with pytest.raises(CaseIsSettled):
            await raise_tier(session, complaint, Tier.COMPLEX, "因为", actor="staff:li", now=clock())
