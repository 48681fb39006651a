"""A case put off for a while is out of its handler's queue, and whatever happens brings it back."""

import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.complaints.models import Complaint, NoticeKind
from bot.complaints.notices import notify
from bot.complaints.snoozes import snooze
from bot.database import Database
from bot.desk.acts import CASE_ACTS, NotOffered, at_hand
from bot.desk.queue import QueueFilter, QueueView, Viewer, read_page
from bot.staff.models import Role, StaffMember
from bot.staff.people import organisation
from tests.conftest import FakeClock
from tests.integration.desk.scene import Scene


@pytest.fixture
def scene(database: Database, clock: FakeClock) -> Scene:
    return Scene(database, clock)


@pytest.fixture
async def me(scene: Scene) -> StaffMember:
    return await scene.member("me", role=Role.HANDLER, unit_code="HB-WH-WC-03")


@pytest.fixture
async def complaint(scene: Scene, me: StaffMember, clock: FakeClock) -> Complaint:
    made = await scene.complaint(await scene.customer_writes("卡被吞了"))
    async with scene.database.transaction() as session:
        await session.execute(update(Complaint).values(handler_id=me.id))
    clock.advance(minutes=1)
    return made


async def do(scene: Scene, me: StaffMember, complaint: Complaint, act: str, **values: str) -> None:
    async with scene.database.transaction() as session:
        found = await session.get_one(Complaint, complaint.id)
        case = await at_hand(session, found, me, "zh", holds_conversation=False, now=scene.clock())
        await CASE_ACTS.do(case, act, "", values)


async def counts(scene: Scene, person: StaffMember) -> tuple[int, int, int]:
    """How many cases are the person's, snoozed, and open."""
    async with scene.database.transaction() as session:
        shown = await read_page(session, Viewer(person, organisation()), QueueView(), now=scene.clock())
    return tuple(shown.counts[name] for name in (QueueFilter.MINE, QueueFilter.SNOOZED, QueueFilter.OPEN))  # type: ignore[return-value]


async def test_a_snoozed_case_is_out_of_its_handlers_queue_until_its_date(
    scene: Scene, me: StaffMember, complaint: Complaint, clock: FakeClock
) -> None:
    assert await counts(scene, me) == (1, 0, 1)
    await do(scene, me, complaint, "snooze", days="2")
    assert await counts(scene, me) == (0, 1, 1)
    clock.advance(days=2)
    assert await counts(scene, me) == (1, 0, 1)


async def test_what_happens_to_another_case_leaves_it_where_it_was_put(
    scene: Scene, me: StaffMember, complaint: Complaint, clock: FakeClock
) -> None:
    other = await scene.complaint(await scene.customer_writes("存折丢了", key="another customer"))
    await do(scene, me, complaint, "snooze", days="2")
    clock.advance(minutes=1)
    await the_customer_writes(scene, other, me)
    await a_notice_comes(scene, other, me)
    assert await counts(scene, me) == (0, 1, 2)


async def the_customer_writes(scene: Scene, complaint: Complaint, me: StaffMember) -> None:
    await scene.customer_writes("在吗", key=await scene.key_of(complaint.conversation_id))


async def a_notice_comes(scene: Scene, complaint: Complaint, me: StaffMember) -> None:
    async with scene.database.transaction() as session:
        found = await session.get_one(Complaint, complaint.id)
        notify(session, found, NoticeKind.HALF_TIME, now=scene.clock(), staff_id=me.id)


async def the_handler_wakes_it(scene: Scene, complaint: Complaint, me: StaffMember) -> None:
    await do(scene, me, complaint, "wake")


@pytest.mark.parametrize("happens", [the_customer_writes, a_notice_comes, the_handler_wakes_it])
async def test_whatever_happens_brings_it_back_and_it_can_be_put_off_again(
    happens: Callable[[Scene, Complaint, StaffMember], Awaitable[None]],
    scene: Scene,
    me: StaffMember,
    complaint: Complaint,
    clock: FakeClock,
) -> None:
    await do(scene, me, complaint, "snooze", days="2")
    clock.advance(minutes=1)
    await happens(scene, complaint, me)
    assert await counts(scene, me) == (1, 0, 1)
    clock.advance(minutes=1)
    await do(scene, me, complaint, "snooze", days="2")
    assert await counts(scene, me) == (0, 1, 1)


async def test_it_stays_where_it_is_for_everybody_else(scene: Scene, me: StaffMember, complaint: Complaint) -> None:
    other = await scene.member(f"u{uuid.uuid4().hex[:8]}", unit_code="HB-WH-WC-03")
    await do(scene, me, complaint, "snooze", days="2")
    assert await counts(scene, other) == (0, 0, 1)
    with pytest.raises(NotOffered):
        await do(scene, other, complaint, "snooze", days="2")


async def test_a_case_is_put_off_to_the_future_only(scene: Scene, me: StaffMember, complaint: Complaint) -> None:
    async with scene.database.transaction() as session:
        found = await session.get_one(Complaint, complaint.id)
        with pytest.raises(ValueError, match="has passed"):
            await snooze(session, found, me.id, scene.clock(), actor="staff:me", now=scene.clock() + timedelta(days=1))
