"""Deadlines come near and pass: who is told, who takes over, and that it happens once."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from bot.alarms.contacts import set_contact
from bot.alarms.models import AlarmCall, Occasion, Way
from bot.complaints.assignment import assign, name_lead
from bot.complaints.casework import first_contact_made, resolve, withdraw
from bot.complaints.deadlines import Allowance, deadline_policy, load_deadline_policy
from bot.complaints.labels import Tier
from bot.complaints.lifecycle import State
from bot.complaints.models import DeadlineRecord, Notice, NoticeKind
from bot.complaints.tiers import raise_tier
from bot.conversations.models import Conversation, Holder
from bot.database import Database
from bot.followups.deadline_watch import DeadlineWatch
from bot.staff.models import StaffMember
from tests.builders import a_conversation, jobs
from tests.conftest import FakeClock
from tests.integration.complaints.case import Case, a_case
from tests.integration.complaints.people import OUTLET, People


@pytest.fixture
def watch(database: Database, clock: FakeClock) -> DeadlineWatch:
    return DeadlineWatch(database, clock)


async def told(case: Case) -> list[tuple[NoticeKind, str | None]]:
    return [(notice.kind, notice.unit_code) for notice in await case.rows(Notice)]


async def look(case: Case, watch: DeadlineWatch, name: str) -> None:
    await watch.look((await case.deadline(name)).id)


async def holder(database: Database, conversation: Conversation) -> tuple[Holder, str | None]:
    async with database.transaction() as session:
        found = await session.get_one(Conversation, conversation.id)
        return found.holder, found.handover_reason


async def test_every_deadline_has_a_job_from_the_transaction_that_sets_it(case: Case, database: Database) -> None:
    enqueued = {job["args"]["deadline_id"]: job["scheduled_at"] for job in await jobs(database, "watch_deadline")}
    deadlines = (await case.now_is()).deadlines
    assert enqueued == {deadline.id: deadline.next_look_at for deadline in deadlines}
    assert all(deadline.set_at < enqueued[deadline.id] < deadline.due_at for deadline in deadlines)


async def called(database: Database, occasion: Occasion) -> list[str]:
    """Who is called by mail for this reason."""
    query = (
        select(StaffMember.username)
        .join(AlarmCall, AlarmCall.staff_id == StaffMember.id)
        .where(AlarmCall.way == Way.EMAIL, AlarmCall.occasion == occasion)
        .order_by(StaffMember.username)
    )
    async with database.transaction() as session:
        return list(await session.scalars(query))


async def test_the_handler_is_called_when_a_deadline_is_near_and_whoever_takes_the_case_when_it_is_missed(
    case: Case, watch: DeadlineWatch, people: People, database: Database, clock: FakeClock
) -> None:
    await case.does(assign, people.handler, actor="staff:supervisor")
    async with database.transaction() as session:
        for username in await session.scalars(select(StaffMember.username)):
            await set_contact(session, username, email=f"{username}@bank.example", now=clock())
    deadline = await case.deadline("decision")
    assert deadline.next_look_at is not None
    clock.now = deadline.next_look_at
    await look(case, watch, "decision")
    await look(case, watch, "decision")
    assert await called(database, Occasion.DEADLINE_NEAR) == ["handler"]
    assert len(await jobs(database, "make_call")) == 1

    clock.now = deadline.due_at + timedelta(seconds=1)
    await look(case, watch, "decision")
    told = [n for n in await case.rows(Notice) if n.kind is NoticeKind.DEADLINE_MISSED]
    assert {notice.unit_code for notice in told} == {None, "HB-WH-WC"}, "the handler, and the tier that takes the case"
    assert await called(database, Occasion.DEADLINE_MISSED) == ["coordinator", "handler"]


async def test_the_handler_is_warned_at_half_time_and_a_day_before(
    case: Case, watch: DeadlineWatch, people: People, database: Database, clock: FakeClock
) -> None:
    await case.does(assign, people.handler, actor="staff:supervisor")
    deadline = await case.deadline("plan")
    for _ in range(2):
        assert deadline.next_look_at is not None
        clock.now = deadline.next_look_at
        await look(case, watch, "plan")
        deadline = await case.deadline("plan")
    notices = [notice for notice in await case.rows(Notice) if notice.kind is not NoticeKind.ASSIGNED]
    assert [(n.kind, n.staff_id, n.deadline_id) for n in notices] == [
        (NoticeKind.HALF_TIME, people.handler.id, deadline.id),
        (NoticeKind.ONE_DAY_LEFT, people.handler.id, deadline.id),
    ]
    assert (await jobs(database, "watch_deadline"))[-1]["scheduled_at"] == deadline.next_look_at


@pytest.fixture
def in_working_hours(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A bank that contacts customers with ordinary complaints within fourteen working hours."""
    policy = load_deadline_policy()
    first_contact = Allowance(working_hours=14, rule="own_target")
    ordinary = policy.tiers[Tier.ORDINARY].model_copy(update={"first_contact": first_contact})
    ours = policy.model_copy(update={"tiers": policy.tiers | {Tier.ORDINARY: ordinary}})
    monkeypatch.setattr("bot.complaints.deadlines.load_deadline_policy", lambda: ours)
    deadline_policy.cache_clear()
    yield
    deadline_policy.cache_clear()


async def test_working_hours_are_warned_of_while_the_bank_is_open_and_missed_when_they_are_over(
    in_working_hours: None, watch: DeadlineWatch, database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    friday_four_in_the_afternoon = datetime(2026, 11, 27, 8, tzinfo=UTC)
    clock.now = friday_four_in_the_afternoon
    case = await a_case(database, conversation, clock)
    deadline = await case.deadline("first_contact")
    assert deadline.due_at == datetime(2026, 12, 1, 8, tzinfo=UTC)

    clock.now = datetime(2026, 11, 30, 7, 59, tzinfo=UTC)
    await watch.look(deadline.id)
    assert await told(case) == [], "a weekend is no time in which anybody could have acted"
    clock.advance(minutes=1)
    await watch.look(deadline.id)
    assert await told(case) == [(NoticeKind.WORKING_DAY_LEFT, OUTLET)]
    clock.now = deadline.due_at + timedelta(seconds=1)
    await watch.look(deadline.id)
    assert (await case.now_is()).tier is Tier.COMPLEX


async def test_a_date_that_moves_from_working_hours_to_the_clock_is_watched_by_the_clock(
    in_working_hours: None, database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    case = await a_case(database, conversation, clock)
    assert (await case.deadline("first_contact")).counts_office_hours
    await case.does(raise_tier, Tier.URGENT, "客户今晚要动手术", actor="staff:li")
    deadline = await case.deadline("first_contact")
    assert not deadline.counts_office_hours
    assert deadline.next_look_at == clock() + timedelta(hours=1)


async def test_while_nobody_has_the_case_its_unit_is_warned(case: Case, watch: DeadlineWatch, clock: FakeClock) -> None:
    clock.advance(hours=12)
    await look(case, watch, "first_contact")
    assert await told(case) == [(NoticeKind.HALF_TIME, OUTLET)]


async def test_a_missed_date_is_recorded_sinks_the_case_and_calls_the_next_tier(
    case: Case, watch: DeadlineWatch, database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    missed = await case.deadline("first_contact")
    clock.now = missed.due_at
    clock.advance(seconds=1)
    await watch.look(missed.id)
    complaint = await case.now_is()
    assert (complaint.state, complaint.tier, complaint.unit_code) == (State.OPEN, Tier.COMPLEX, "HB-WH-WC")
    assert complaint.tier_decisions[-1].reasons[0]["code"] == "deadline_missed"
    assert [d.missed_at for d in complaint.deadlines if d.id == missed.id] == [clock()]
    assert (await case.deadline("first_contact")).due_at > clock()
    assert await told(case) == [(NoticeKind.DEADLINE_MISSED, OUTLET), (NoticeKind.DEADLINE_MISSED, "HB-WH-WC")]
    assert await holder(database, conversation) == (Holder.QUEUE, "complex")
    assert await case.trail() == ["system: miss_deadline", "system: sink_tier"]


async def test_a_look_taken_again_changes_nothing(case: Case, watch: DeadlineWatch, clock: FakeClock) -> None:
    missed = await case.deadline("first_contact")
    clock.advance(days=1, seconds=1)
    await asyncio.gather(*(watch.look(missed.id) for _ in range(4)))
    await watch.look(missed.id)
    assert (await case.now_is()).tier is Tier.COMPLEX
    assert len(await told(case)) == 2


async def test_one_delay_sinks_a_case_once_though_several_dates_have_passed(
    case: Case, watch: DeadlineWatch, clock: FakeClock
) -> None:
    overdue = [deadline.id for deadline in (await case.now_is()).deadlines if deadline.name != "decision"]
    clock.advance(days=6)
    for deadline_id in overdue:
        await watch.look(deadline_id)
    complaint = await case.now_is()
    assert complaint.tier is Tier.COMPLEX
    assert [d.name for d in complaint.deadlines if d.missed_at is not None] == ["first_contact", "plan"]


async def test_a_missed_decision_stays_on_record_and_the_next_tiers_own_date_runs(
    case: Case, watch: DeadlineWatch, clock: FakeClock
) -> None:
    await case.does(first_contact_made, actor="staff:li")
    missed = await case.deadline("decision")
    clock.advance(days=16)
    await watch.look(missed.id)
    again = await case.deadline("decision")
    assert again.id != missed.id
    # The legal clock of a complex complaint runs from its receipt, thirty days.
    assert (again.due_at - missed.due_at).days == 15


async def test_a_missed_date_of_an_urgent_case_goes_to_its_lead_and_the_province(
    watch: DeadlineWatch, database: Database, conversation: Conversation, people: People, clock: FakeClock
) -> None:
    case = await a_case(database, conversation, clock, Tier.URGENT)
    await case.does(assign, people.task_force, actor="staff:lead")
    await case.does(name_lead, people.lead, actor="staff:task_force")
    clock.advance(hours=2, seconds=1)
    await look(case, watch, "first_contact")
    told = [n for n in await case.rows(Notice) if n.kind is NoticeKind.DEADLINE_MISSED]
    notices = [(n.staff_id, n.unit_code) for n in told]
    assert notices == [(people.task_force.id, None), (people.lead.id, None), (None, "HB")]
    assert (await case.now_is()).tier is Tier.URGENT
    assert await holder(database, conversation) == (Holder.QUEUE, "urgent")


async def test_what_was_met_withdrawn_or_resolved_is_left_alone(
    case: Case, watch: DeadlineWatch, database: Database, clock: FakeClock
) -> None:
    await case.does(first_contact_made, actor="staff:li")
    other = await a_case(database, await a_conversation(database, clock, chat="other"), clock)
    await other.does(withdraw)
    third = await a_case(database, await a_conversation(database, clock, chat="third"), clock)
    await third.does(resolve, "办好了。", actor="staff:li")
    clock.advance(days=3)
    for each in (case, other, third):
        await look(each, watch, "first_contact")
        assert await told(each) == []
        assert (await each.now_is()).tier is Tier.ORDINARY


async def test_a_date_that_moved_is_looked_at_by_its_new_date(
    case: Case, watch: DeadlineWatch, database: Database, clock: FakeClock
) -> None:
    await case.does(raise_tier, Tier.URGENT, "客户今晚要动手术", actor="staff:li")
    deadline = await case.deadline("first_contact")
    mine = [j for j in await jobs(database, "watch_deadline") if j["args"]["deadline_id"] == deadline.id]
    assert [job["scheduled_at"] for job in mine][-1] == deadline.next_look_at
    clock.advance(hours=1)
    await watch.look(deadline.id)
    clock.advance(hours=1, seconds=1)
    await watch.look(deadline.id)
    clock.advance(hours=10)  # when the job of the first date comes
    await watch.look(deadline.id)
    assert [kind for kind, _ in await told(case)] == [NoticeKind.HALF_TIME] + [NoticeKind.DEADLINE_MISSED] * 2


async def test_the_safety_net_finds_what_no_job_has_come_for(
    case: Case, watch: DeadlineWatch, database: Database, clock: FakeClock
) -> None:
    assert await watch.look_at_all_due() == 0
    clock.advance(days=1, hours=1)
    assert await watch.look_at_all_due() == 1
    assert (await case.now_is()).tier is Tier.COMPLEX
    assert await watch.look_at_all_due() == 0


async def test_a_deadline_from_before_there_was_a_watch_gets_a_job(
    case: Case, watch: DeadlineWatch, database: Database, clock: FakeClock
) -> None:
    async with database.transaction() as session:
        await session.execute(update(DeadlineRecord).values(next_look_at=None))
    before = len(await jobs(database, "watch_deadline"))
    clock.advance(days=2)
    await watch.look_at_all_due()
    assert len(await jobs(database, "watch_deadline")) == before + 3
    overdue = await case.deadline("first_contact")
    assert overdue.next_look_at == clock()
    await watch.look(overdue.id)
    assert (await case.now_is()).tier is Tier.COMPLEX


async def test_a_deadline_that_is_gone_is_no_fault(watch: DeadlineWatch) -> None:
    await watch.look(4711)
