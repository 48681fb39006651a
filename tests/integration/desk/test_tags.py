"""Tags: who may put them on a case, that it is recorded, and that the queue filters and finds by them."""

import time
import uuid

import pytest
from sqlalchemy import insert, select, update

from bot.clock import system_clock
from bot.complaints.lifecycle import State
from bot.complaints.models import CaseIsSettled, CaseTag, Complaint
from bot.complaints.tags import NoSuchTag, add_tag
from bot.database import Database
from bot.desk.acts import CASE_ACTS, NotOffered, Unfilled, at_hand
from bot.desk.queue import QueueFilter, QueueView, Viewer, read_entries, read_page
from bot.desk.rows import row_of
from bot.staff.models import Role, StaffMember
from bot.staff.people import organisation
from tests.builders import audit_trail
from tests.integration.desk.crowd import a_crowd
from tests.integration.desk.scene import Scene


@pytest.fixture
async def me(scene: Scene) -> StaffMember:
    return await scene.member("me", role=Role.HANDLER, unit_code="HB-WH-WC-03")


async def a_case(scene: Scene, name: str | None = None) -> Complaint:
    return await scene.complaint(await scene.customer_writes("卡被吞了", name=name))


async def do(scene: Scene, person: StaffMember, complaint: Complaint, act: str, **values: str) -> None:
    async with scene.database.transaction() as session:
        found = await session.get_one(Complaint, complaint.id)
        case = await at_hand(session, found, person, "zh", holds_conversation=False, now=scene.clock())
        await CASE_ACTS.do(case, act, "", values)


async def queue(database: Database, person: StaffMember, **view: str) -> list[uuid.UUID]:
    async with database.transaction() as session:
        shown = await read_page(
            session,
            Viewer(person, organisation()),
            QueueView.model_validate({"chosen": QueueFilter.OPEN} | view),
            now=system_clock(),
        )
    return [place.conversation_id for place in shown.places]


async def test_a_tag_is_put_on_and_taken_off_and_both_are_recorded(
    scene: Scene, me: StaffMember, database: Database
) -> None:
    complaint = await a_case(scene)
    await do(scene, me, complaint, "add_tag", tag="media")
    with pytest.raises(Unfilled):
        await do(scene, me, complaint, "add_tag", tag="media")
    with pytest.raises(Unfilled):
        await do(scene, me, complaint, "add_tag", tag="随便写的")
    await do(scene, me, complaint, "remove_tag", tag="media")
    with pytest.raises(NotOffered):
        await do(scene, me, complaint, "remove_tag", tag="media")
    trail = await audit_trail(database, complaint.number)
    assert [step for step in trail if step.endswith("_tag")] == ["staff:me: add_tag", "staff:me: remove_tag"]


async def test_who_only_reads_puts_no_tags_and_a_settled_case_gets_none(
    scene: Scene, me: StaffMember, database: Database
) -> None:
    complaint = await a_case(scene)
    auditor = await scene.member("auditor", role=Role.AUDITOR, unit_code="HB")
    with pytest.raises(NotOffered):
        await do(scene, auditor, complaint, "add_tag", tag="media")
    async with database.transaction() as session:
        await session.execute(update(Complaint).values(state=State.CLOSED))
    with pytest.raises(NotOffered):
        await do(scene, me, complaint, "add_tag", tag="media")
    async with database.transaction() as session:
        with pytest.raises(CaseIsSettled):
            await add_tag(
                session, await session.get_one(Complaint, complaint.id), "media", actor="staff:me", now=scene.clock()
            )


async def test_a_tag_that_the_policy_does_not_have_is_refused(scene: Scene, database: Database) -> None:
    complaint = await a_case(scene)
    async with database.transaction() as session:
        with pytest.raises(NoSuchTag):
            await add_tag(
                session, await session.get_one(Complaint, complaint.id), "mine", actor="staff:me", now=scene.clock()
            )


async def test_the_queue_shows_filters_and_finds_by_tag(scene: Scene, me: StaffMember, database: Database) -> None:
    tagged, other = await a_case(scene), await a_case(scene)
    await do(scene, me, tagged, "add_tag", tag="visit")
    await do(scene, me, tagged, "add_tag", tag="media")
    assert set(await queue(database, me)) == {tagged.conversation_id, other.conversation_id}
    assert await queue(database, me, tag="visit") == [tagged.conversation_id]
    assert await queue(database, me, tag="call_back") == []
    assert await queue(database, me, tag="no such tag") == []
    assert await queue(database, me, search="上门") == [tagged.conversation_id]
    assert await queue(database, me, search="media int") == [tagged.conversation_id]
    viewer = Viewer(me, organisation())
    async with database.transaction() as session:
        shown = await read_page(session, viewer, QueueView(chosen=QueueFilter.OPEN, tag="visit"), now=system_clock())
        (entry,) = await read_entries(session, viewer, shown.places)
    assert row_of(entry, viewer, "zh")["tags"] == ["媒体关注", "上门"]


async def test_who_may_not_see_a_case_does_not_find_it_by_its_tag(
    scene: Scene, me: StaffMember, database: Database
) -> None:
    complaint = await a_case(scene)
    await do(scene, me, complaint, "add_tag", tag="media")
    stranger = await scene.member("stranger", role=Role.HANDLER, unit_code="HB-YC-XL-01")
    assert await queue(database, stranger, tag="media") == []
    assert await queue(database, stranger, search="媒体关注") == []


async def test_a_queue_of_many_tagged_cases_is_still_read_at_once(database: Database, scene: Scene) -> None:
    await a_crowd(database, organisation(), count=2000, now=system_clock(), messages=1)
    async with database.transaction() as session:
        ids = list(await session.scalars(select(Complaint.id)))
        await session.execute(
            insert(CaseTag),
            [
                {"complaint_id": one, "tag": tag, "added_by": "staff:x", "added_at": system_clock()}
                for place, one in enumerate(ids)
                for tag in ("media", "visit")[: 1 + place % 2]
            ],
        )
    boss = await scene.member("boss", role=Role.COORDINATOR, unit_code="HB")
    started = time.monotonic()
    assert len(await queue(database, boss, tag="visit")) == 50
    assert time.monotonic() - started < 3
