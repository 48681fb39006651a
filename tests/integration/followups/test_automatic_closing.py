"""A settled case about which the customer says nothing any more closes by itself, and not while anything is open."""

import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.complaints.casework import accept_result, rate, reject_result
from bot.complaints.closing import Checklist, close
from bot.complaints.deadlines import automatic_closing_at, deadline_policy
from bot.complaints.labels import RootCause
from bot.complaints.lifecycle import State
from bot.complaints.links import link
from bot.complaints.models import Closing, Complaint, LinkKind, Notice
from bot.complaints.rechecks import request_recheck
from bot.complaints.tasks import answer_task, ask_department, tasks_of
from bot.conversations.handover import call_staff, locked
from bot.conversations.inbound import Inbox
from bot.conversations.models import Conversation, Holder
from bot.database import Database
from bot.followups import closing
from bot.followups.closing import AutomaticClosing
from bot.followups.rechecks import tell_recheck
from bot.followups.results import tell_result
from tests.builders import a_complaint, a_conversation, an_inbound, jobs
from tests.conftest import FakeClock
from tests.integration.complaints.case import Case, a_case
from tests.integration.complaints.people import OUTLET, People
from tests.integration.followups.test_hearing_a_plan import action_server, hears  # noqa: F401 - a fixture

DAYS = 60
Happening = Callable[[Case, People], Awaitable[Any]]


@pytest.fixture
async def case(database: Database, conversation: Conversation, clock: FakeClock) -> Case:
    """A case whose customer was told the result a moment ago."""
    made = await a_case(database, conversation, clock)
    await made.does(tell_result, "卡已取回。", actor="staff:handler")
    return made


@pytest.fixture
def automatic(database: Database, clock: FakeClock) -> AutomaticClosing:
    return AutomaticClosing(database, clock)


def closes_at(told_at: datetime) -> datetime:
    at = automatic_closing_at(told_at, deadline_policy())
    assert at is not None
    return at


async def closings(case: Case) -> int:
    return (await case.trail()).count("system: close")


async def test_telling_the_result_sets_the_moment_at_which_the_case_closes(
    case: Case, database: Database, clock: FakeClock
) -> None:
    (job,) = await jobs(database, "close_case")
    assert (job["scheduled_at"], job["args"]) == (closes_at(clock()), {"complaint_id": str(case.id)})
    assert job["scheduled_at"] - clock() > timedelta(days=DAYS)


async def test_a_case_without_a_word_of_its_customer_closes_at_its_moment_once_and_by_the_system(
    case: Case, automatic: AutomaticClosing, clock: FakeClock
) -> None:
    at = closes_at(clock())
    clock.now = at - timedelta(seconds=1)
    await automatic.close(case.id)
    assert (await case.now_is()).state is State.RESOLVED
    clock.now = at
    for _ in range(2):
        await automatic.close(case.id)
    after = await case.now_is()
    assert (after.state, after.state_since, after.running_deadlines) == (State.CLOSED, at, [])
    assert await closings(case) == 1
    assert await case.rows(Closing) == [], "what was learnt is for people to say"


async def test_an_accepted_result_that_nobody_rates_closes_too(
    case: Case, automatic: AutomaticClosing, clock: FakeClock
) -> None:
    await case.does(accept_result)
    clock.advance(days=DAYS + 1)
    await automatic.close(case.id)
    assert (await case.now_is()).state is State.CLOSED


async def rated(case: Case, people: People) -> None:
    await case.does(rate, 4)


async def objected(case: Case, people: People) -> None:
    await case.does(reject_result)


async def is_being_rechecked(case: Case, people: People) -> None:
    await case.does(request_recheck, "金额不对", actor="customer")


async def a_department_is_asked(case: Case, people: People) -> None:
    async with case.database.transaction() as session:
        complaint = await session.get_one(Complaint, case.id)
        complaint.state = State.IN_PROGRESS
        due_at = case.clock() + timedelta(days=2)
        await ask_department(
            session, complaint, OUTLET, "调录像", due_at=due_at, by=people.supervisor, now=case.clock()
        )
        complaint.state = State.RESOLVED


async def a_case_below_it_is_open(case: Case, people: People) -> None:
    chat = await a_conversation(case.database, case.clock, chat=uuid.uuid4().hex)
    async with case.database.transaction() as session:
        child = await a_complaint(session, chat, clock=case.clock)
        parent = await session.get_one(Complaint, case.id)
        await link(session, child, parent, LinkKind.PARENT, actor="staff:handler", now=case.clock())


async def the_customer_waits_for_a_person(case: Case, people: People) -> None:
    async with case.database.transaction() as session:
        complaint = await session.get_one(Complaint, case.id)
        conversation = await locked(session, complaint.conversation_id)
        await call_staff(session, conversation, "asked_for_human", now=case.clock())


@pytest.mark.parametrize(
    "happens",
    [
        rated,
        objected,
        is_being_rechecked,
        a_department_is_asked,
        a_case_below_it_is_open,
        the_customer_waits_for_a_person,
    ],
)
async def test_while_anything_of_it_is_open_or_was_said_it_stays(
    happens: Happening, case: Case, people: People, automatic: AutomaticClosing, clock: FakeClock
) -> None:
    clock.advance(days=1)
    await happens(case, people)
    before = (await case.now_is()).state
    clock.advance(days=2 * DAYS)
    await automatic.close(case.id)
    await automatic.close_all_due()
    assert (await case.now_is()).state is before
    assert await closings(case) == 0


async def test_what_had_to_wait_closes_when_the_last_answer_has_come(
    case: Case, people: People, automatic: AutomaticClosing, clock: FakeClock
) -> None:
    await a_department_is_asked(case, people)
    clock.advance(days=DAYS + 1)
    await automatic.close(case.id)
    async with case.database.transaction() as session:
        complaint = await session.get_one(Complaint, case.id)
        (task,) = await tasks_of(session, complaint)
        await answer_task(session, complaint, task, "录像已调取", by=people.supervisor, now=clock())
    await automatic.close_all_due()
    assert (await case.now_is()).state is State.CLOSED


async def test_after_a_recheck_the_days_begin_anew(
    case: Case, people: People, automatic: AutomaticClosing, database: Database, clock: FakeClock
) -> None:
    clock.advance(days=20)
    await is_being_rechecked(case, people)
    clock.advance(days=20)
    await case.does(tell_recheck, "维持原结果。", is_changed=False, by=people.coordinator)
    at = closes_at(clock())
    assert [job["scheduled_at"] for job in await jobs(database, "close_case")][-1] == at
    clock.advance(days=25)
    await automatic.close(case.id)
    await automatic.close_all_due()
    assert (await case.now_is()).state is State.RESOLVED, "the first result's job has come"
    clock.now = at
    await automatic.close(case.id)
    assert (await case.now_is()).state is State.CLOSED


async def test_a_case_that_a_person_has_closed_is_not_closed_again(
    case: Case, automatic: AutomaticClosing, clock: FakeClock
) -> None:
    await case.does(accept_result)
    await case.does(close, Checklist(RootCause.SYSTEM, is_customer_told=True), actor="staff:handler")
    clock.advance(days=DAYS + 1)
    await automatic.close(case.id)
    assert await closings(case) == 0


async def test_a_case_whose_job_was_lost_is_found(case: Case, automatic: AutomaticClosing, clock: FakeClock) -> None:
    clock.now = closes_at(clock()) + timedelta(seconds=30)
    await automatic.close_all_due()
    assert (await case.now_is()).state is State.RESOLVED, "its job has a minute"
    clock.advance(minutes=1)
    await automatic.close_all_due()
    assert (await case.now_is()).state is State.CLOSED


async def test_a_bank_that_leaves_closing_to_people_has_no_case_closed(
    case: Case, database: Database, clock: FakeClock
) -> None:
    by_hand = AutomaticClosing(database, clock, deadline_policy().model_copy(update={"automatic_closing": None}))
    clock.advance(days=10 * DAYS)
    await by_hand.close(case.id)
    await by_hand.close_all_due()
    assert (await case.now_is()).state is State.RESOLVED


async def test_a_death_in_mid_action_leaves_the_case_as_it_was(
    case: Case, automatic: AutomaticClosing, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.advance(days=DAYS + 1)

    async def dies(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched, pytest.raises(RuntimeError):
        patched.setattr(closing, "notify_changed", dies)
        await automatic.close(case.id)
    assert (await case.now_is()).state is State.RESOLVED
    assert await closings(case) == 0
    await automatic.close(case.id)
    assert await closings(case) == 1


@pytest.mark.usefixtures("action_server")
async def test_thanks_and_goodbye_neither_put_the_closing_off_nor_open_what_is_closed(
    case: Case, conversation: Conversation, automatic: AutomaticClosing, database: Database, clock: FakeClock
) -> None:
    at = closes_at(clock())
    inbox = Inbox(database, clock, timedelta(seconds=1))

    async def thanks() -> None:
        await inbox.receive(an_inbound("好的谢谢再见"))
        for number in (case.number, None):
            await hears(conversation, "好的谢谢再见", "thank", number=number)

    clock.advance(days=DAYS - 1)
    await thanks()
    clock.now = at
    await automatic.close(case.id)
    closed = await case.now_is()
    assert closed.state is State.CLOSED
    dates = [(deadline.name, deadline.due_at, deadline.met_at) for deadline in closed.deadlines]
    planned = await jobs(database, "close_case")

    clock.advance(days=1)
    await thanks()
    await automatic.close_all_due()
    after = await case.now_is()
    assert (after.state, after.state_since, after.reopened_count) == (State.CLOSED, at, 0)
    assert [(deadline.name, deadline.due_at, deadline.met_at) for deadline in after.deadlines] == dates
    assert await jobs(database, "close_case") == planned
    assert await case.rows(Notice) == []
    async with database.transaction() as session:
        chat = await session.get_one(Conversation, conversation.id)
    assert (chat.holder, chat.waiting_since) == (Holder.BOT, None)


@pytest.mark.usefixtures("action_server")
async def test_whoever_objects_after_the_case_has_closed_is_heard(
    case: Case, conversation: Conversation, automatic: AutomaticClosing, clock: FakeClock
) -> None:
    clock.advance(days=DAYS + 1)
    await automatic.close(case.id)
    assert await hears(conversation, "不接受", "reject_result", number=case.number) == ["utter_result_reopened"]
    assert (await case.now_is()).state is State.REOPENED
