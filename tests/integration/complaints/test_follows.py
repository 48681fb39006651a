"""Following a case: what its followers hear, and what they do not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import false, true

from bot.complaints.approvals import ask_to_lower_tier, lower_tier
from bot.complaints.assignment import assign, start
from bot.complaints.casework import accept_result, rate, reject_result, resolve, withdraw
from bot.complaints.closing import Checklist, close
from bot.complaints.follows import follow, is_followed_by, unfollow
from bot.complaints.labels import Product, RootCause, Tier
from bot.complaints.links import merge_duplicate
from bot.complaints.models import Approval, Complaint, Notice, NoticeKind
from bot.complaints.notices import Reader, notices_for, see_all, unseen_count
from bot.complaints.people import Candidate
from bot.complaints.plans import accept_plan, reject_plan
from bot.complaints.rechecks import decide_recheck, request_recheck
from bot.complaints.tiers import raise_tier
from bot.conversations.models import Conversation
from bot.database import Database
from tests.conftest import FakeClock
from tests.integration.complaints.case import Case, a_case
from tests.integration.complaints.people import People

CHECKLIST = Checklist(root_cause=RootCause.SYSTEM, is_customer_told=True)


@pytest.fixture
async def case(database: Database, conversation: Conversation, clock: FakeClock) -> Case:
    return await a_case(database, conversation, clock)


async def follows(case: Case, person: Candidate) -> None:
    await case.does(follow, person.id, actor=person.actor)


async def heard_by(case: Case, person: Candidate) -> list[NoticeKind]:
    """What the person was told of the case since it was opened, oldest first."""
    return [notice.kind for notice in await case.rows(Notice) if notice.staff_id == person.id]


async def test_whoever_follows_a_case_hears_of_every_step_that_matters(case: Case, people: People) -> None:
    await follows(case, people.coordinator)
    await case.does(assign, people.handler, actor="staff:supervisor")
    await case.does(start, actor=people.handler.actor)
    await case.plan_is_put(by=people.supervisor)
    await case.does(accept_plan, "可以")
    await case.does(resolve, "卡已归还", actor=people.handler.actor)
    await case.does(accept_result)
    await case.does(close, CHECKLIST, actor=people.handler.actor)
    await case.does(rate, 1)
    assert await heard_by(case, people.coordinator) == [
        NoticeKind.HANDLER_CHANGED,
        NoticeKind.STARTED,
        NoticeKind.PLAN_PUT,
        NoticeKind.PLAN_ACCEPTED,
        NoticeKind.RESOLVED,
        NoticeKind.CLOSED,
        NoticeKind.REOPENED,
    ]


async def test_a_rejected_plan_is_heard_of_and_so_is_the_tier_to_which_the_case_sinks(
    case: Case, people: People
) -> None:
    await follows(case, people.coordinator)
    await case.plan_is_put(by=people.supervisor)
    await case.does(reject_plan, "不行")
    assert await heard_by(case, people.coordinator) == [
        NoticeKind.PLAN_PUT,
        NoticeKind.PLAN_REJECTED,
        NoticeKind.TIER_CHANGED,
    ]


async def test_a_lower_tier_a_rejected_result_and_a_recheck_are_heard_of(
    database: Database, conversation: Conversation, clock: FakeClock, people: People
) -> None:
    case = await a_case(database, conversation, clock, Tier.COMPLEX)
    await follows(case, people.handler)
    await case.does(ask_to_lower_tier, Tier.ORDINARY, "小事", by=people.coordinator)
    [asked] = await case.rows(Approval)
    await case.does(lower_tier, asked, by=people.other_coordinator)
    await case.does(resolve, "卡已归还", actor=people.supervisor.actor)
    await case.does(request_recheck, "不对", actor="customer")
    await case.does(decide_recheck, "维持", is_changed=False, by=people.coordinator)
    await case.does(reject_result)
    assert await heard_by(case, people.handler) == [
        NoticeKind.TIER_CHANGED,
        NoticeKind.RESOLVED,
        NoticeKind.RECHECK_ASKED,
        NoticeKind.RECHECK_DECIDED,
        NoticeKind.REOPENED,
    ]


async def raises(case: Case, who: Candidate) -> None:
    await case.does(raise_tier, Tier.URGENT, "急", actor=who.actor)


async def notes_acceptance(case: Case, who: Candidate) -> None:
    await case.does(accept_plan, "电话里说可以", noted_by=who.actor)


async def takes(case: Case, who: Candidate) -> None:
    await case.does(assign, who, actor=who.actor)


async def withdraws(case: Case, who: Candidate) -> None:
    await case.does(withdraw, actor=who.actor)


@pytest.mark.parametrize(
    ("does", "kind"),
    [
        (raises, NoticeKind.TIER_CHANGED),
        (notes_acceptance, NoticeKind.PLAN_ACCEPTED),
        (takes, NoticeKind.HANDLER_CHANGED),
        (withdraws, NoticeKind.WITHDRAWN),
    ],
)
async def test_nobody_hears_of_what_they_did_themselves(
    does: Callable[[Case, Candidate], Any], kind: NoticeKind, case: Case, people: People
) -> None:
    await case.plan_is_put(by=people.supervisor)
    for person in (people.coordinator, people.lead):
        await follows(case, person)
    await does(case, people.coordinator)
    assert await heard_by(case, people.coordinator) == []
    assert await heard_by(case, people.lead) == [kind]


async def test_whoever_is_given_a_case_that_they_follow_is_told_once(case: Case, people: People) -> None:
    for person in (people.handler, people.supervisor):
        await follows(case, person)
    await case.does(assign, people.handler, actor=people.supervisor.actor)
    assert await heard_by(case, people.handler) == [NoticeKind.ASSIGNED]
    assert await heard_by(case, people.supervisor) == []


async def test_whoever_stops_following_hears_no_more(case: Case, people: People) -> None:
    for _ in range(2):
        await follows(case, people.coordinator)
    assert is_followed_by(await case.now_is(), people.coordinator.id)
    for _ in range(2):
        await case.does(unfollow, people.coordinator.id, actor=people.coordinator.actor)
    await case.does(withdraw)
    assert await heard_by(case, people.coordinator) == []
    assert await case.trail() == [
        "staff:coordinator: follow",
        "staff:coordinator: unfollow",
        "customer: withdraw",
    ]


async def test_whoever_follows_a_duplicate_follows_the_case_in_which_it_goes_on(
    case: Case, people: People, database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    later = await a_case(database, conversation, clock, product=Product.PAYMENT)
    for person in (people.coordinator, people.lead):
        await follows(later, person)
    await follows(case, people.lead)
    await later.does(merge_duplicate, await case.now_is(), actor="staff:handler")
    assert await heard_by(later, people.coordinator) == [NoticeKind.MERGED]
    kept: Complaint = await case.now_is()
    assert {one.staff_id for one in kept.follows} == {people.coordinator.id, people.lead.id}


async def test_whoever_may_no_longer_see_a_case_hears_nothing_of_it(
    case: Case, people: People, clock: FakeClock
) -> None:
    await follows(case, people.coordinator)
    await case.does(assign, people.coordinator, actor="staff:lead")
    await case.does(start, actor="staff:lead")
    for sees, kinds in ((true(), {NoticeKind.STARTED, NoticeKind.ASSIGNED}), (false(), {NoticeKind.ASSIGNED})):
        reader = Reader(people.coordinator.id, people.coordinator.username, sees=sees)
        async with case.database.transaction() as session:
            listed = await notices_for(session, reader, now=clock(), limit=10)
            assert {notice.kind for notice in listed} == kinds
            assert await unseen_count(session, reader, now=clock()) == len(kinds)
    async with case.database.transaction() as session:
        newest = max(notice.id for notice in await case.rows(Notice))
        await see_all(session, reader, up_to=newest, now=clock() + timedelta(minutes=1))
        assert await unseen_count(session, Reader(people.coordinator.id, "coordinator"), now=clock()) == 1
