"""A case that was put off comes back at its moment, and whoever put it off is told, once."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from bot.complaints.assignment import assign
from bot.complaints.casework import resolve, withdraw
from bot.complaints.models import Complaint, Notice, NoticeKind, Snooze
from bot.complaints.notices import notify
from bot.complaints.snoozes import snooze, wake
from bot.conversations.inbound import Inbox
from bot.conversations.models import Conversation
from bot.database import Database
from bot.followups import snooze_watch
from bot.followups.snooze_watch import SnoozeWatch
from tests.builders import an_inbound, jobs
from tests.conftest import FakeClock
from tests.integration.complaints.case import Case, a_case
from tests.integration.complaints.people import People

TWO_DAYS = timedelta(days=2)
Happening = Callable[[Case, People], Awaitable[None]]


@pytest.fixture
async def case(database: Database, conversation: Conversation, people: People, clock: FakeClock) -> Case:
    """A case that its handler has put off for two days."""
    made = await a_case(database, conversation, clock)
    await made.does(assign, people.handler, actor="staff:supervisor")
    await made.does(snooze, people.handler.id, clock() + TWO_DAYS, actor="staff:handler")
    return made


@pytest.fixture
def watch(database: Database, clock: FakeClock) -> SnoozeWatch:
    return SnoozeWatch(database, clock)


async def told(case: Case) -> list[object]:
    """Who was told that a case is back."""
    return [notice.staff_id for notice in await case.rows(Notice) if notice.kind is NoticeKind.SNOOZE_ENDED]


async def is_put_away(case: Case, people: People) -> bool:
    async with case.database.transaction() as session:
        return await session.get(Snooze, (people.handler.id, case.id)) is None


async def test_at_its_moment_the_case_is_back_everywhere_and_its_person_told_once(
    case: Case, people: People, watch: SnoozeWatch, database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    (job,) = await jobs(database, "end_snooze")
    assert job["scheduled_at"] == clock() + TWO_DAYS
    assert job["args"] == {"staff_id": str(people.handler.id), "complaint_id": str(case.id)}
    listening = database.listen()
    assert await anext(listening) == ""
    clock.now = job["scheduled_at"] - timedelta(seconds=1)
    await watch.look(people.handler.id, case.id)
    assert await told(case) == [], "not yet"
    clock.now = job["scheduled_at"]
    for _ in range(2):
        await watch.look(people.handler.id, case.id)
    assert await anext(listening) == str(conversation.id), "open pages read it anew"
    await listening.aclose()  # type: ignore[attr-defined]
    assert await told(case) == [people.handler.id]
    assert (await case.trail())[-1] == "system: end_snooze"
    assert await is_put_away(case, people)


async def the_customer_writes(case: Case, people: People) -> None:
    await Inbox(case.database, case.clock, timedelta(seconds=1)).receive(an_inbound("在吗"))


async def a_notice_comes(case: Case, people: People) -> None:
    await case.does(notify, NoticeKind.HALF_TIME, staff_id=people.handler.id)


async def they_take_it_back(case: Case, people: People) -> None:
    await case.does(wake, people.handler.id, actor="staff:handler")


async def it_is_withdrawn(case: Case, people: People) -> None:
    await case.does(withdraw)


async def it_is_resolved_and_the_customer_says_thank_you(case: Case, people: People) -> None:
    await case.does(resolve, "卡已取回。", actor="staff:handler")
    await Inbox(case.database, case.clock, timedelta(seconds=1)).receive(an_inbound("好的谢谢再见"))


async def it_is_given_to_somebody_else(case: Case, people: People) -> None:
    await case.does(assign, people.supervisor, actor="staff:supervisor")


@pytest.mark.parametrize(
    "happens",
    [
        the_customer_writes,
        a_notice_comes,
        they_take_it_back,
        it_is_withdrawn,
        it_is_resolved_and_the_customer_says_thank_you,
        it_is_given_to_somebody_else,
    ],
)
async def test_of_what_came_back_before_or_is_no_longer_theirs_nobody_is_told(
    happens: Happening, case: Case, people: People, watch: SnoozeWatch, clock: FakeClock
) -> None:
    clock.advance(days=1)
    await happens(case, people)
    before = await case.now_is()
    clock.advance(days=1)
    await watch.look(people.handler.id, case.id)
    assert await told(case) == []
    assert "system: end_snooze" not in await case.trail()
    assert await is_put_away(case, people)
    after = await case.now_is()
    assert (after.state, after.state_since) == (before.state, before.state_since)


async def test_a_case_put_off_further_stays_until_the_later_date(
    case: Case, people: People, watch: SnoozeWatch, clock: FakeClock
) -> None:
    clock.advance(days=1)
    await case.does(snooze, people.handler.id, clock() + TWO_DAYS, actor="staff:handler")
    clock.advance(days=1)
    await watch.look(people.handler.id, case.id)
    assert await told(case) == []
    clock.advance(days=1)
    await watch.look(people.handler.id, case.id)
    assert await told(case) == [people.handler.id]


async def test_that_one_persons_time_is_over_does_not_bring_the_case_back_to_another(
    case: Case, people: People, watch: SnoozeWatch, clock: FakeClock
) -> None:
    async with case.database.transaction() as session:
        (await session.get_one(Complaint, case.id)).lead_id = people.lead.id
    await case.does(snooze, people.lead.id, clock() + 2 * TWO_DAYS, actor="staff:lead")
    clock.advance(days=2)
    await watch.look(people.handler.id, case.id)
    assert await told(case) == [people.handler.id]
    clock.advance(days=2)
    await watch.look(people.lead.id, case.id)
    assert await told(case) == [people.handler.id, people.lead.id]


async def test_a_snooze_whose_job_was_lost_is_found(
    case: Case, people: People, watch: SnoozeWatch, clock: FakeClock
) -> None:
    clock.advance(days=2)
    await watch.look_at_all_due()
    assert await told(case) == [], "its job has a minute"
    clock.advance(minutes=1)
    for _ in range(2):
        await watch.look_at_all_due()
    assert await told(case) == [people.handler.id]


async def test_a_death_in_mid_action_leaves_it_put_off_until_another_worker_comes(
    case: Case, people: People, watch: SnoozeWatch, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.advance(days=2)

    async def dies(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched, pytest.raises(RuntimeError):
        patched.setattr(snooze_watch, "notify_changed", dies)
        await watch.look(people.handler.id, case.id)
    assert await told(case) == []
    assert not await is_put_away(case, people)
    await watch.look(people.handler.id, case.id)
    assert await told(case) == [people.handler.id]
