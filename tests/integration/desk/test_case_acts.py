"""Acts at the desk: what a page never showed, or showed to somebody else, is not done."""

import uuid
from datetime import datetime

import pytest
from sqlalchemy import select

from bot.complaints.casework import accept_result, resolve
from bot.complaints.labels import RootCause, Signal, Tier
from bot.complaints.lifecycle import State
from bot.complaints.links import links_of
from bot.complaints.models import Closing, Complaint
from bot.conversations.models import Note
from bot.database import Database
from bot.desk.acts import CASE_ACTS, CaseAtHand, NotOffered, Unfilled, at_hand
from bot.staff.models import Role, StaffMember
from tests.integration.desk.scene import Scene

NOW = datetime.fromisoformat("2026-11-26T10:00:00+08:00")
EVERYTHING = (
    "take", "assign", "name_lead", "start", "raise_tier", "ask_lower_tier", "ask_extension", "approve", "refuse",
    "submit_plan", "approve_plan", "return_plan", "put_plan", "plan_accepted", "plan_rejected", "keep_out", "withdraw",
    "resolve", "ask_recheck", "decide_recheck", "ask_department", "answer_task", "cancel_task", "merge", "split",
    "link_repeat", "merge_repeat", "close", "add_checklist", "snooze", "wake", "add_tag", "remove_tag",
    "follow", "unfollow", "join_parent", "add_child", "leave_parent", "remove_child", "tell_children",
)  # fmt: skip
FORGED = {"text": "x", "reason": "x", "result": "x", "answer": "x", "note": "x", "tier": "urgent", "person": "x"}


@pytest.fixture
def scene(database: Database) -> Scene:
    return Scene(database, lambda: NOW)


async def a_case(scene: Scene, **details: object) -> Complaint:
    conversation_id = await scene.customer_writes("卡被吞了", key=uuid.uuid4().hex)
    return await scene.complaint(conversation_id, opened_at=NOW, **details)  # type: ignore[arg-type]


async def seen_by(session: object, complaint: Complaint, member: StaffMember) -> CaseAtHand:
    found = await session.get_one(Complaint, complaint.id)  # type: ignore[attr-defined]
    return await at_hand(session, found, member, "zh", holds_conversation=True, now=NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.INSPECTOR, Role.ANALYST])
async def test_who_only_reads_can_do_nothing_whatever_their_browser_sends(scene: Scene, role: Role) -> None:
    complaint = await a_case(scene)
    member = await scene.member(f"u{uuid.uuid4().hex[:8]}", role=role, unit_code="HB")
    async with scene.database.transaction() as session:
        case = await seen_by(session, complaint, member)
        assert CASE_ACTS.offered(case) == []
        for name in (*EVERYTHING, "no_such_act", ""):
            with pytest.raises(NotOffered):
                await CASE_ACTS.do(case, name, "", FORGED)


async def test_nobody_agrees_to_what_they_asked_for_themselves(scene: Scene) -> None:
    complaint = await a_case(scene, story="我要投诉到银监局", signals=((Signal.REGULATOR_THREAT, "投诉到银监局"),))
    asker = await scene.member(f"u{uuid.uuid4().hex[:8]}", role=Role.COORDINATOR, unit_code="HB-WH-WC")
    async with scene.database.transaction() as session:
        await CASE_ACTS.do(
            await seen_by(session, complaint, asker), "ask_lower_tier", "", {"tier": "ordinary", "reason": "可以办"}
        )
        case = await seen_by(session, complaint, asker)
        with pytest.raises(NotOffered):
            await CASE_ACTS.do(case, "approve", str(case.approvals[0].id), {})
        assert case.complaint.tier is Tier.COMPLEX


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"tier": "urgent", "reason": "  "}, "reason"),
        ({"tier": "urgent", "reason": "长" * 4001}, "reason"),
        ({"tier": "ordinary", "reason": "不是升级"}, "tier"),
        ({"tier": ["urgent"], "reason": "x"}, "tier"),
        ({}, "tier"),
    ],
)
async def test_a_form_that_cannot_be_used_changes_nothing(scene: Scene, values: dict[str, object], field: str) -> None:
    complaint = await a_case(scene)
    member = await scene.member(f"u{uuid.uuid4().hex[:8]}", role=Role.HANDLER, unit_code="HB-WH-WC-03")
    async with scene.database.transaction() as session:
        case = await seen_by(session, complaint, member)
        with pytest.raises(Unfilled) as refused:
            await CASE_ACTS.do(case, "raise_tier", "", values)
        assert refused.value.field == field
        assert case.complaint.tier is Tier.ORDINARY


async def test_a_person_who_is_not_among_the_choices_is_given_no_case(scene: Scene) -> None:
    complaint = await a_case(scene)
    supervisor = await scene.member(f"u{uuid.uuid4().hex[:8]}", unit_code="HB-WH-WC-03")
    elsewhere = await scene.member(f"u{uuid.uuid4().hex[:8]}", role=Role.HANDLER, unit_code="HB-YC")
    async with scene.database.transaction() as session:
        with pytest.raises(Unfilled):
            await CASE_ACTS.do(
                await seen_by(session, complaint, supervisor), "assign", "", {"person": str(elsewhere.id)}
            )


async def test_a_repeat_of_the_same_customer_is_linked_or_merged_by_a_person(scene: Scene) -> None:
    conversation_id = await scene.customer_writes("卡被吞了")
    first, second, third = [await scene.complaint(conversation_id, opened_at=NOW) for _ in range(3)]
    member = await scene.member(f"u{uuid.uuid4().hex[:8]}", role=Role.COORDINATOR, unit_code="HB-WH-WC")
    async with scene.database.transaction() as session:
        case = await seen_by(session, third, member)
        assert {repeat.complaint.number for repeat in case.repeats} == {first.number, second.number}
        await CASE_ACTS.do(case, "link_repeat", first.number, {})
        case = await seen_by(session, third, member)
        assert [repeat.complaint.number for repeat in case.repeats] == [second.number]
        with pytest.raises(NotOffered):
            await CASE_ACTS.do(case, "link_repeat", first.number, {})
        await CASE_ACTS.do(case, "merge_repeat", second.number, {})
        assert case.complaint.state is State.MERGED
        assert len(await links_of(session, case.complaint)) == 2


async def test_a_case_elsewhere_is_not_proposed_to_whoever_may_not_see_it(scene: Scene) -> None:
    conversation_id = await scene.customer_writes("卡被吞了")
    await scene.complaint(conversation_id, outlet_code="HB-YC-XL-01", opened_at=NOW)
    here = await scene.complaint(conversation_id, opened_at=NOW)
    member = await scene.member(f"u{uuid.uuid4().hex[:8]}", role=Role.HANDLER, unit_code="HB-WH-WC-03")
    async with scene.database.transaction() as session:
        assert (await seen_by(session, here, member)).repeats == []


CHECKLIST = {"root_cause": "system", "told": "told", "mending": "nothing_to_rectify"}
MENDING = CHECKLIST | {"mending": "to_rectify", "rectification": "换读卡器", "unit": "HB-WH-WC", "days": "30"}


async def test_an_accepted_case_is_closed_by_its_checklist(scene: Scene) -> None:
    complaint = await a_case(scene)
    member = await scene.member(f"u{uuid.uuid4().hex[:8]}", role=Role.HANDLER, unit_code="HB-WH-WC-03")
    async with scene.database.transaction() as session:
        case = await seen_by(session, complaint, member)
        resolve(session, case.complaint, "卡已归还", actor="staff:x", now=NOW)
        with pytest.raises(NotOffered):
            await CASE_ACTS.do(case, "close", "", MENDING)
        accept_result(session, case.complaint, now=NOW)
        for missing in ("rectification", "unit", "days"):
            with pytest.raises(Unfilled):
                await CASE_ACTS.do(case, "close", "", MENDING | {missing: ""})
        await CASE_ACTS.do(case, "close", "", MENDING)
        closing = (await session.scalars(select(Closing))).one()
    assert (closing.root_cause, closing.rectify_unit, str(closing.rectify_by)) == (
        RootCause.SYSTEM,
        "HB-WH-WC",
        "2026-12-26",
    )


async def test_a_departments_name_that_could_not_be_kept_is_told_at_the_form(scene: Scene) -> None:
    complaint = await a_case(scene)
    member = await scene.member(f"u{uuid.uuid4().hex[:8]}", unit_code="HB-WH-WC-03")
    asked = {"days": "2", "question": "调录像"}
    async with scene.database.transaction() as session:
        case = await seen_by(session, complaint, member)
        with pytest.raises(Unfilled, match="department"):
            await CASE_ACTS.do(case, "ask_department", "", asked | {"department": "部" * 61})
        await CASE_ACTS.do(case, "ask_department", "", asked | {"department": "部" * 60})


async def test_why_a_customer_withdraws_is_kept_as_a_note(scene: Scene) -> None:
    complaint = await a_case(scene)
    member = await scene.member(f"u{uuid.uuid4().hex[:8]}", unit_code="HB-WH-WC-03")
    async with scene.database.transaction() as session:
        case = await seen_by(session, complaint, member)
        await CASE_ACTS.do(case, "withdraw", "", {"reason": "卡自己找到了"})
        [note] = await session.scalars(select(Note).where(Note.conversation_id == complaint.conversation_id))
        assert (case.complaint.state, note.text, note.staff_id) == (State.WITHDRAWN, "卡自己找到了", member.id)
