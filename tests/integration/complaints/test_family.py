"""Parent and child cases: one level, each case a case of its own, and nothing is closed over an open child."""

import asyncio

import pytest
from sqlalchemy.exc import IntegrityError

from bot.clock import Clock
from bot.complaints.casework import accept_result, resolve, withdraw
from bot.complaints.closing import Checklist, close
from bot.complaints.family import (
    FamilyIsSettled,
    HasChildren,
    HasParent,
    OneLevelOnly,
    OpenChildren,
    children_of,
    join_parent,
    leave_parent,
    parent_of,
)
from bot.complaints.labels import Product, RootCause
from bot.complaints.lifecycle import State
from bot.complaints.links import link, merge_duplicate
from bot.complaints.models import Complaint, LinkKind
from bot.database import Database
from tests.builders import a_conversation
from tests.conftest import FakeClock
from tests.integration.complaints.case import Case, a_case

CHECKLIST = Checklist(root_cause=RootCause.SYSTEM, is_customer_told=True)
LI = "staff:li"


@pytest.fixture
async def cases(database: Database, clock: FakeClock) -> list[Case]:
    """Complaints of four customers."""
    return [await one(database, clock, f"chat-{place}") for place in range(4)]


async def one(database: Database, clock: Clock, chat: str) -> Case:
    return await a_case(database, await a_conversation(database, clock, chat=chat), clock, product=Product.PAYMENT)


async def under(child: Case, parent: Case) -> None:
    await child.does(join_parent, await parent.now_is(), actor=LI)


async def family_of(case: Case) -> tuple[str | None, list[str]]:
    """The numbers of the case's parent and of its children."""
    async with case.database.transaction() as session:
        complaint = await session.get_one(Complaint, case.id)
        parent = await parent_of(session, complaint)
        return parent and parent.number, [child.number for child in await children_of(session, complaint)]


async def settle(case: Case) -> None:
    await case.does(resolve, "已退款", actor=LI)
    await case.does(accept_result)


async def test_a_parent_collects_its_children_and_both_keep_what_is_theirs(cases: list[Case]) -> None:
    parent, first, second, _ = cases
    before = await first.now_is()
    for child in (first, second):
        await under(child, parent)
    assert await family_of(parent) == (None, [first.number, second.number])
    assert await family_of(first) == (parent.number, [])
    after = await first.now_is()
    assert (after.story, after.contact_phone, after.conversation_id, after.handler_id, after.state) == (
        before.story,
        before.contact_phone,
        before.conversation_id,
        before.handler_id,
        before.state,
    )
    assert await first.trail() == ["staff:li: join_parent"]
    assert await parent.trail() == ["staff:li: gain_child"] * 2


async def test_a_case_has_one_parent_at_most(cases: list[Case], database: Database) -> None:
    parent, child, other, _ = cases
    await under(child, parent)
    with pytest.raises(HasParent):
        await under(child, other)
    with pytest.raises(HasParent):
        await under(child, parent)
    with pytest.raises(IntegrityError):
        await child.does(link, await other.now_is(), LinkKind.PARENT, actor=LI)


async def test_families_have_one_level_and_no_circles(cases: list[Case]) -> None:
    parent, child, other, _ = cases
    await under(child, parent)
    for refused in ((parent, child), (other, child), (parent, other), (other, other)):
        with pytest.raises(OneLevelOnly):
            await under(*refused)
    assert await family_of(other) == (None, [])


async def test_two_people_at_once_make_no_grandchildren(cases: list[Case]) -> None:
    first, second, third, _ = cases
    outcomes = await asyncio.gather(under(first, second), under(second, third), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [OneLevelOnly]


async def test_a_settled_case_becomes_neither_parent_nor_child(cases: list[Case]) -> None:
    settled, other, *_ = cases
    await settled.does(withdraw)
    for refused in ((settled, other), (other, settled)):
        with pytest.raises(FamilyIsSettled):
            await under(*refused)


async def test_a_child_is_taken_out_and_may_come_under_another_parent(cases: list[Case]) -> None:
    parent, child, other, _ = cases
    await under(child, parent)
    for _ in range(2):
        await child.does(leave_parent, actor=LI)
    assert await family_of(parent) == (None, [])
    await under(child, other)
    assert (await family_of(child))[0] == other.number
    assert await parent.trail() == ["staff:li: gain_child", "staff:li: lose_child"]
    assert await child.trail() == ["staff:li: join_parent", "staff:li: leave_parent", "staff:li: join_parent"]


async def test_a_parent_is_resolved_at_any_time_but_closed_only_after_its_children(cases: list[Case]) -> None:
    parent, child, *_ = cases
    await under(child, parent)
    await settle(parent)
    with pytest.raises(OpenChildren, match=child.number):
        await parent.does(close, CHECKLIST, actor=LI)
    assert (await parent.now_is()).state is State.RESOLVED
    await settle(child)
    await parent.does(close, CHECKLIST, actor=LI)
    assert (await parent.now_is()).state is State.CLOSED


async def test_a_customer_may_withdraw_a_parent_and_its_children_stay_under_it(cases: list[Case]) -> None:
    parent, child, *_ = cases
    await under(child, parent)
    await parent.does(withdraw)
    assert await family_of(parent) == (None, [child.number])
    await child.does(leave_parent, actor=LI)
    assert await family_of(child) == (None, [])


async def test_a_parent_is_not_merged_away_from_its_children(cases: list[Case]) -> None:
    parent, child, other, _ = cases
    await under(child, parent)
    with pytest.raises(HasChildren):
        await parent.does(merge_duplicate, await other.now_is(), actor=LI)
    assert (await parent.now_is()).state is State.OPEN
    await other.does(merge_duplicate, await parent.now_is(), actor=LI)
    assert await family_of(parent) == (None, [child.number])


async def test_the_case_in_which_a_child_goes_on_takes_its_place(cases: list[Case]) -> None:
    parent, child, other, last = cases
    await under(child, parent)
    await child.does(merge_duplicate, await other.now_is(), actor=LI)
    assert await family_of(parent) == (None, [other.number])
    # One that has a place of its own keeps it, and so does a child that goes on in its parent.
    await under(last, parent)
    await last.does(merge_duplicate, await other.now_is(), actor=LI)
    assert await family_of(parent) == (None, [other.number, last.number])
    await other.does(merge_duplicate, await parent.now_is(), actor=LI)
    assert await family_of(parent) == (None, [other.number, last.number])
