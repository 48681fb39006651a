"""Following a case at the desk: by whoever works on cases, for as long as they may see it."""

import pytest
from sqlalchemy import select, update

from bot.complaints.models import Complaint, Notice, NoticeKind
from bot.complaints.snoozes import snooze
from bot.database import Database
from bot.desk.acts import CASE_ACTS, NotOffered, at_hand
from bot.desk.casefile import casefile_of
from bot.desk.mentions import tell_of_note
from bot.desk.queue import QueueFilter, QueueView, Viewer, read_page
from bot.staff.models import Role, StaffMember
from bot.staff.people import organisation
from tests.conftest import FakeClock
from tests.integration.desk.scene import Scene


@pytest.fixture
def scene(database: Database, clock: FakeClock) -> Scene:
    return Scene(database, clock)


@pytest.fixture
async def li(scene: Scene) -> StaffMember:
    return await scene.member("li", name="李经理", unit_code="HB-WH-WC-03")


@pytest.fixture
async def sun(scene: Scene) -> StaffMember:
    return await scene.member("sun", name="孙主任", role=Role.COORDINATOR, unit_code="HB-WH-WC")


@pytest.fixture
async def complaint(scene: Scene) -> Complaint:
    return await scene.complaint(await scene.customer_writes("卡被吞了"))


async def do(scene: Scene, member: StaffMember, complaint: Complaint, act: str, **values: str) -> None:
    async with scene.database.transaction() as session:
        found = await session.get_one(Complaint, complaint.id)
        case = await at_hand(session, found, member, "zh", holds_conversation=True, now=scene.clock())
        await CASE_ACTS.do(case, act, "", values)


async def shown(scene: Scene, member: StaffMember, complaint: Complaint) -> dict[str, object]:
    async with scene.database.transaction() as session:
        found = await session.get_one(Complaint, complaint.id)
        return await casefile_of(
            await at_hand(session, found, member, "zh", holds_conversation=False, now=scene.clock())
        )


async def told(scene: Scene) -> list[tuple[str, NoticeKind]]:
    query = select(StaffMember.username, Notice.kind).join(Notice, Notice.staff_id == StaffMember.id)
    async with scene.database.transaction() as session:
        return [(username, kind) for username, kind in await session.execute(query.order_by(StaffMember.username))]


async def followed_count(scene: Scene, member: StaffMember) -> int:
    async with scene.database.transaction() as session:
        viewer = Viewer(member, organisation())
        page = await read_page(session, viewer, QueueView(chosen=QueueFilter.FOLLOWED), now=scene.clock())
    assert len(page.places) == page.counts[QueueFilter.FOLLOWED]
    return len(page.places)


async def test_who_follows_is_shown_to_everybody_who_sees_the_case(
    scene: Scene, li: StaffMember, sun: StaffMember, complaint: Complaint
) -> None:
    for member in (li, sun):
        await do(scene, member, complaint, "follow")
    with pytest.raises(NotOffered):
        await do(scene, li, complaint, "follow")
    inspector = await scene.member("inspector", role=Role.INSPECTOR, unit_code="HB")
    assert (await shown(scene, inspector, complaint))["followers"] == ["李经理", "孙主任"]
    await do(scene, li, complaint, "unfollow")
    assert (await shown(scene, inspector, complaint))["followers"] == ["孙主任"]
    with pytest.raises(NotOffered):
        await do(scene, inspector, complaint, "follow")


async def test_whoever_reads_only_by_now_may_still_stop_following(
    scene: Scene, sun: StaffMember, complaint: Complaint
) -> None:
    await do(scene, sun, complaint, "follow")
    sun.role = Role.INSPECTOR
    await do(scene, sun, complaint, "unfollow")
    with pytest.raises(NotOffered):
        await do(scene, sun, complaint, "follow")


async def test_the_queue_of_followed_cases_holds_open_ones_that_the_person_may_see(
    scene: Scene, sun: StaffMember, complaint: Complaint
) -> None:
    await do(scene, sun, complaint, "follow")
    assert await followed_count(scene, sun) == 1
    async with scene.database.transaction() as session:
        await session.execute(update(Complaint).values(outlet_code="HB-YC-XL-01"))
    assert await followed_count(scene, sun) == 0


async def test_a_note_is_told_to_followers_and_to_who_is_mentioned_once_each(
    scene: Scene, li: StaffMember, sun: StaffMember, complaint: Complaint
) -> None:
    other = await scene.complaint(complaint.conversation_id)
    wang = await scene.member("wang", role=Role.HANDLER, unit_code="HB-WH-WC-03")
    for case in (complaint, other):
        for member in (li, sun, wang):
            await do(scene, member, case, "follow")
    async with scene.database.transaction() as session:
        await tell_of_note(session, complaint.conversation_id, "@sun 请看录像", by=li, now=scene.clock())
    assert await told(scene) == [("sun", NoticeKind.MENTIONED), ("wang", NoticeKind.NOTED)]


async def test_a_case_put_off_stays_put_off_when_only_followers_are_told(
    scene: Scene, li: StaffMember, sun: StaffMember, complaint: Complaint, clock: FakeClock
) -> None:
    async with scene.database.transaction() as session:
        found = await session.get_one(Complaint, complaint.id)
        found.handler_id = li.id
        await snooze(session, found, li.id, clock.now.replace(day=28), actor="staff:li", now=clock())
    await do(scene, sun, complaint, "follow")
    clock.advance(minutes=1)
    async with scene.database.transaction() as session:
        await tell_of_note(session, complaint.conversation_id, "录像已调", by=li, now=clock())
    assert await told(scene) == [("sun", NoticeKind.NOTED)]
    async with scene.database.transaction() as session:
        page = await read_page(session, Viewer(li, organisation()), QueueView(), now=clock())
    assert (page.counts[QueueFilter.MINE], page.counts[QueueFilter.SNOOZED]) == (0, 1)
