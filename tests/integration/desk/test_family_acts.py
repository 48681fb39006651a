"""Parent and child cases at the desk: who may put them together, what each shows, and a word to all children."""

from typing import Any

import pytest
from sqlalchemy import select

from bot.audit import AuditRecord
from bot.complaints.case_number import new_case_number
from bot.complaints.casework import withdraw
from bot.complaints.family import children_of, join_parent
from bot.complaints.models import Complaint, Notice, NoticeKind
from bot.conversations.models import Note
from bot.database import Database
from bot.desk.acts import CASE_ACTS, NoSuchCase, NotOffered, Unfilled, at_hand
from bot.desk.casefile import casefile_of
from bot.staff.models import Role, StaffMember
from tests.conftest import FakeClock
from tests.integration.desk.scene import Scene

HERE, NEXT_DOOR, ELSEWHERE = "HB-WH-WC-03", "HB-WH-WC-01", "HB-YC-XL-01"


@pytest.fixture
def scene(database: Database, clock: FakeClock) -> Scene:
    return Scene(database, clock)


@pytest.fixture
async def sun(scene: Scene) -> StaffMember:
    return await scene.member("sun", name="孙主任", role=Role.COORDINATOR, unit_code="HB-WH-WC")


async def a_case(scene: Scene, outlet_code: str = HERE, handler: StaffMember | None = None) -> Complaint:
    made = await scene.complaint(await scene.customer_writes("卡被吞了", name="王小明"), outlet_code=outlet_code)
    if handler is not None:
        async with scene.database.transaction() as session:
            (await session.get_one(Complaint, made.id)).handler_id = handler.id
    return made


async def do(
    scene: Scene, member: StaffMember, complaint: Complaint, act: str, *, target: str = "", **values: str
) -> None:
    async with scene.database.transaction() as session:
        found = await session.get_one(Complaint, complaint.id)
        case = await at_hand(session, found, member, "zh", holds_conversation=False, now=scene.clock())
        await CASE_ACTS.do(case, act, target, values)


async def shown(scene: Scene, member: StaffMember, complaint: Complaint) -> dict[str, Any]:
    async with scene.database.transaction() as session:
        found = await session.get_one(Complaint, complaint.id)
        return await casefile_of(
            await at_hand(session, found, member, "zh", holds_conversation=False, now=scene.clock())
        )


async def put_under(scene: Scene, parent: Complaint, *children: Complaint) -> None:
    """Somebody who sees all of them has put them together."""
    async with scene.database.transaction() as session:
        for child in children:
            both = [await session.get_one(Complaint, one.id) for one in (child, parent)]
            await join_parent(session, *both, actor="staff:province", now=scene.clock())


async def children(scene: Scene, parent: Complaint) -> list[str]:
    async with scene.database.transaction() as session:
        return [child.number for child in await children_of(session, parent)]


async def test_cases_are_put_together_from_either_side_by_their_numbers(scene: Scene, sun: StaffMember) -> None:
    parent, first, second = [await a_case(scene) for _ in range(3)]
    await do(scene, sun, parent, "add_child", number=f" {first.number.lower()} ")
    await do(scene, sun, second, "join_parent", number=parent.number)
    assert await children(scene, parent) == [first.number, second.number]
    await do(scene, sun, parent, "remove_child", target=first.number)
    await do(scene, sun, second, "leave_parent")
    assert await children(scene, parent) == []


async def test_a_number_that_the_person_may_not_see_is_refused_like_one_that_is_not_there(
    scene: Scene, sun: StaffMember
) -> None:
    case, hidden = await a_case(scene), await a_case(scene, ELSEWHERE)
    for act in ("add_child", "join_parent"):
        for number in (hidden.number, new_case_number()):
            with pytest.raises(NoSuchCase):
                await do(scene, sun, case, act, number=number)
        with pytest.raises(Unfilled, match="number"):
            await do(scene, sun, case, act, number="不是编号")
    assert await children(scene, case) == []


async def test_each_shows_the_other_without_its_customer_and_as_a_link_only_to_whoever_may_see_it(
    scene: Scene, sun: StaffMember
) -> None:
    parent, near, far = await a_case(scene), await a_case(scene, NEXT_DOOR), await a_case(scene, ELSEWHERE)
    await put_under(scene, parent, near, far)
    of_parent = await shown(scene, sun, parent)
    assert [(child["number"], child["address"], child["state"]) for child in of_parent["children"]] == [
        (near.number, f"/conversations/{near.conversation_id}", "已登记"),
        (far.number, "", "已登记"),
    ]
    assert all(child["dueAt"] and child["unit"] for child in of_parent["children"])
    assert {key for child in of_parent["children"] for key in child} == {
        "number", "address", "unit", "state", "isSettled", "dueAt",
    }  # fmt: skip
    assert (await shown(scene, sun, near))["parent"]["number"] == parent.number
    assert of_parent["links"] == []
    with pytest.raises(NotOffered):
        await do(scene, sun, parent, "remove_child", target=far.number)


async def test_who_only_reads_sees_the_family_and_changes_nothing(scene: Scene) -> None:
    parent, child, other = [await a_case(scene) for _ in range(3)]
    await put_under(scene, parent, child)
    inspector = await scene.member("inspector", role=Role.INSPECTOR, unit_code="HB")
    file = await shown(scene, inspector, parent)
    assert ([one["number"] for one in file["children"]], file["acts"]) == ([child.number], [])
    for complaint, act, target in (
        (parent, "add_child", ""),
        (parent, "remove_child", child.number),
        (parent, "tell_children", ""),
        (child, "leave_parent", ""),
        (other, "join_parent", ""),
    ):
        with pytest.raises(NotOffered):
            await do(scene, inspector, complaint, act, target=target, number=other.number, note_to_children="x")


async def test_a_word_to_all_children_is_one_step_with_a_note_and_a_notice_for_each(
    scene: Scene, sun: StaffMember
) -> None:
    wang = await scene.member("wang", role=Role.HANDLER, unit_code=NEXT_DOOR)
    zhao = await scene.member("zhao", role=Role.HANDLER, unit_code=NEXT_DOOR)
    parent = await a_case(scene)
    owned, nobodys, own, settled = (
        await a_case(scene, NEXT_DOOR, wang),
        await a_case(scene, ELSEWHERE),
        await a_case(scene, HERE, sun),
        await a_case(scene),
    )
    await put_under(scene, parent, owned, nobodys, own, settled)
    await do(scene, zhao, owned, "follow")
    await do(scene, wang, owned, "follow")
    async with scene.database.transaction() as session:
        withdraw(session, await session.get_one(Complaint, settled.id), now=scene.clock())
    await do(scene, sun, parent, "tell_children", note_to_children="@wang 系统今晚修复，卡号6222020200112233445")

    async with scene.database.transaction() as session:
        notes = {note.conversation_id: note.text for note in await session.scalars(select(Note))}
        notices = [(n.complaint_id, n.kind, n.staff_id, n.unit_code) for n in await session.scalars(select(Notice))]
        steps = (await session.scalars(select(AuditRecord).where(AuditRecord.subject == parent.number))).all()
    assert notes.keys() == {owned.conversation_id, nobodys.conversation_id, own.conversation_id}
    assert all(text.startswith(f"上级案件 {parent.number}：@wang 系统今晚修复") for text in notes.values())
    assert not any("6222020200112233445" in text for text in notes.values())
    assert sorted(notices, key=str) == sorted(
        [
            (owned.id, NoticeKind.TOLD_BY_PARENT, wang.id, None),
            (owned.id, NoticeKind.NOTED, zhao.id, None),
            (nobodys.id, NoticeKind.TOLD_BY_PARENT, None, "HB-YC-XL-01"),
        ],
        key=str,
    )
    told = next(step for step in steps if step.action == "tell_children")
    assert (told.actor, told.detail) == ("staff:sun", {"children": [owned.number, nobodys.number, own.number]})
    assert "收到上级案件通知" in [step["what"] for step in (await shown(scene, sun, owned))["timeline"]]
