"""A re-check: asked for in time, decided one unit higher, and never by who settled the complaint."""

import pytest

from bot.complaints.assignment import MustAvoid, assign
from bot.complaints.authority import NeedsSomebodyElse, NotTheirDecision
from bot.complaints.casework import resolve, withdraw
from bot.complaints.labels import Tier
from bot.complaints.lifecycle import IllegalStep, State
from bot.complaints.models import Recheck
from bot.complaints.rechecks import RecheckRefused, decide_recheck, request_recheck
from bot.conversations.models import Conversation
from bot.database import Database
from bot.followups.rechecks import tell_recheck
from bot.wording import wording
from tests.builders import jobs, texts
from tests.conftest import FakeClock
from tests.integration.complaints.case import Case, a_case
from tests.integration.complaints.people import People


@pytest.fixture
async def case(database: Database, conversation: Conversation, people: People, clock: FakeClock) -> Case:
    """An ordinary complaint that its handler settled."""
    case = await a_case(database, conversation, clock)
    await case.does(assign, people.handler, actor="staff:supervisor")
    await case.does(resolve, "卡已取回。", actor="staff:handler")
    return case


async def test_a_recheck_goes_to_the_next_higher_unit_with_a_date_of_its_own(
    case: Case, people: People, database: Database, clock: FakeClock
) -> None:
    clock.advance(days=10)
    await case.does(request_recheck, "结果不对", actor="staff:supervisor")
    complaint = await case.now_is()
    assert (complaint.state, complaint.unit_code, complaint.handler_id) == (State.RECHECK, "HB-WH-WC", None)
    assert list(await case.running()) == ["recheck_decision"]
    deadline = await case.deadline("recheck_decision")
    assert (deadline.due_at - clock()).days == 30
    assert [job["args"]["deadline_id"] for job in await jobs(database, "watch_deadline")][-1] == deadline.id


async def test_who_settled_it_neither_gets_nor_decides_the_recheck(case: Case, people: People) -> None:
    await case.does(request_recheck, "结果不对", actor="customer")
    with pytest.raises(MustAvoid):
        await case.does(assign, people.handler, actor="staff:coordinator")
    await case.does(assign, people.coordinator, actor="staff:coordinator")
    assert (await case.now_is()).state is State.RECHECK
    with pytest.raises(NotTheirDecision):
        await case.does(decide_recheck, "维持。", is_changed=False, by=people.supervisor)


async def test_a_person_who_settled_it_on_the_spot_does_not_decide_it(
    database: Database, conversation: Conversation, people: People, clock: FakeClock
) -> None:
    case = await a_case(database, conversation, clock, Tier.COMPLEX)
    await case.does(resolve, "已核实。", actor=people.other_coordinator.actor)
    await case.does(request_recheck, "结果不对", actor="customer")
    with pytest.raises(NeedsSomebodyElse):
        await case.does(decide_recheck, "维持。", is_changed=False, by=people.other_coordinator)


@pytest.mark.parametrize(("is_changed", "result"), [(True, "改为上门送卡。"), (False, "卡已取回。")])
async def test_the_customer_is_told_what_came_of_it(
    is_changed: bool, result: str, case: Case, people: People, database: Database, clock: FakeClock
) -> None:
    await case.does(request_recheck, "结果不对", actor="customer")
    with pytest.raises(ValueError, match="write them"):
        await case.does(tell_recheck, " ", is_changed=is_changed, by=people.coordinator)
    await case.does(tell_recheck, "改为上门送卡。", is_changed=is_changed, by=people.coordinator)
    complaint = await case.now_is()
    assert (complaint.state, complaint.result) == (State.RESOLVED, result)
    assert await case.running() == {}
    (recheck,) = await case.rows(Recheck)
    assert (recheck.is_changed, recheck.decided_by) == (is_changed, people.coordinator.id)
    said = wording().say("utter_recheck_decided", "zh", number=case.number, text="改为上门送卡。")
    assert await texts(database) == [said.text]
    assert (await case.trail())[-3:] == [
        "system: note_avoidance",
        "customer: request_recheck",
        "staff:coordinator: decide_recheck",
    ]


async def test_a_recheck_is_asked_for_in_time_and_once(case: Case, people: People, clock: FakeClock) -> None:
    await case.does(request_recheck, "结果不对", actor="customer")
    with pytest.raises(IllegalStep):
        await case.does(request_recheck, "结果不对", actor="customer")
    await case.does(decide_recheck, "维持。", is_changed=False, by=people.coordinator)
    with pytest.raises(RecheckRefused, match="already"):
        await case.does(request_recheck, "还是不对", actor="customer")
    assert (await case.now_is()).state is State.RESOLVED


async def test_after_thirty_days_it_is_too_late(case: Case, clock: FakeClock) -> None:
    clock.advance(days=31)
    with pytest.raises(RecheckRefused, match="until"):
        await case.does(request_recheck, "结果不对", actor="customer")
    assert (await case.now_is()).state is State.RESOLVED


async def test_a_recheck_that_is_taken_back_leaves_the_result(case: Case) -> None:
    await case.does(request_recheck, "结果不对", actor="customer")
    await case.does(withdraw)
    complaint = await case.now_is()
    assert (complaint.state, complaint.result) == (State.RESOLVED, "卡已取回。")
    assert await case.running() == {}


async def test_what_has_no_result_is_not_rechecked(
    database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    case = await a_case(database, conversation, clock)
    with pytest.raises(IllegalStep):
        await case.does(request_recheck, "结果不对", actor="customer")
