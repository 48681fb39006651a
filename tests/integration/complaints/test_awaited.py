"""What waits for a person's decision: theirs to decide, not their own, and nothing that they must keep out of."""

import pytest

from bot.complaints.approvals import ask_for_extension, ask_to_lower_tier, refuse
from bot.complaints.assignment import name_lead, note_avoidance
from bot.complaints.awaited import awaited_from
from bot.complaints.casework import withdraw
from bot.complaints.labels import Tier
from bot.complaints.models import ApprovalKind
from bot.complaints.people import Person
from bot.complaints.plans import approve_plan
from bot.conversations.models import Conversation
from bot.database import Database
from tests.conftest import FakeClock
from tests.integration.complaints.case import Case, a_case
from tests.integration.complaints.people import People


@pytest.fixture
async def case(database: Database, conversation: Conversation, clock: FakeClock) -> Case:
    return await a_case(database, conversation, clock, Tier.COMPLEX)


async def awaited(case: Case, person: Person, *kinds: ApprovalKind) -> list[ApprovalKind | None]:
    async with case.database.transaction() as session:
        return [one.kind for one in await awaited_from(session, person, kinds=kinds or tuple(ApprovalKind))]


async def test_requests_wait_for_whoever_answers_for_the_tier_and_did_not_ask(case: Case, people: People) -> None:
    await case.does(ask_for_extension, "等监管答复", by=people.coordinator)
    case.clock.advance(minutes=1)  # type: ignore[attr-defined]
    lower = await case.does(ask_to_lower_tier, Tier.ORDINARY, "网点能办", by=people.supervisor)
    both = [ApprovalKind.EXTENSION, ApprovalKind.LOWER_TIER]
    assert await awaited(case, people.coordinator) == [ApprovalKind.LOWER_TIER]
    assert await awaited(case, people.other_coordinator) == both
    assert await awaited(case, people.lead, ApprovalKind.EXTENSION) == [ApprovalKind.EXTENSION]
    assert await awaited(case, people.supervisor) == [], "below the tier"
    assert await awaited(case, people.next_door) == []
    await case.does(refuse, lower, "不行", by=people.coordinator)
    assert await awaited(case, people.other_coordinator) == [ApprovalKind.EXTENSION]
    await case.does(withdraw)
    assert await awaited(case, people.other_coordinator) == []


async def test_a_plan_waits_for_its_supervisor_until_it_is_agreed(
    database: Database, conversation: Conversation, people: People, clock: FakeClock
) -> None:
    case = await a_case(database, conversation, clock)
    plan = await case.plan(by=people.handler)
    assert await awaited(case, people.supervisor) == [None]
    assert await awaited(case, people.handler) == []
    assert await awaited(case, people.next_door) == []
    await case.does(approve_plan, plan, by=people.supervisor)
    assert await awaited(case, people.supervisor) == []


async def test_the_plan_of_an_urgent_case_waits_for_its_lead(
    database: Database, conversation: Conversation, people: People, clock: FakeClock
) -> None:
    case = await a_case(database, conversation, clock, Tier.URGENT)
    await case.does(name_lead, people.lead, actor="staff:task_force")
    await case.plan(by=people.task_force)
    assert await awaited(case, people.lead) == [None]
    assert await awaited(case, people.coordinator) == []


async def test_who_must_keep_out_decides_nothing(case: Case, people: People) -> None:
    await case.does(ask_for_extension, "等监管答复", by=people.coordinator)
    await case.does(note_avoidance, people.other_coordinator.id, "亲属", actor="staff:lead")
    assert await awaited(case, people.other_coordinator) == []
