"""What a macro does besides its words: done once the reply has gone out, and only if it is the person's to do."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.clock import system_clock
from bot.complaints.follow_ups import AssignTo, FollowUp
from bot.complaints.lifecycle import State
from bot.complaints.models import CaseTag, Complaint, Notice, NoticeKind
from bot.conversations.handover import take_over
from bot.conversations.models import HeldReply
from bot.conversations.replies import HeldReplies, reply_undoably, take_back
from bot.database import Database
from bot.desk.replying import follow_ups_of
from bot.followups.macro_steps import MacroFollower
from bot.jobs import job_app
from bot.staff.models import Role, StaffMember
from bot.worker import register_jobs
from tests.builders import audit_trail, jobs, rooms_with
from tests.integration.desk.scene import Scene

OUTLET = "HB-WH-WC-03"
MINE = "mine_and_call_back"


@pytest.fixture
async def me(scene: Scene) -> StaffMember:
    return await scene.member("me", role=Role.HANDLER, unit_code=OUTLET)


@pytest.fixture
async def complaint(scene: Scene) -> Complaint:
    return await scene.complaint(await scene.customer_writes("卡被吞了"), outlet_code=OUTLET)


async def writes(
    database: Database, person: StaffMember, complaint: Complaint, *, undo_for: timedelta = timedelta(seconds=5)
) -> int:
    """The person takes over and sends the macro's reply, which can be undone for a while."""
    now, chat = system_clock(), complaint.conversation_id
    async with database.transaction() as session:
        await take_over(session, chat, person.id, username=person.username, shown_as=person.name, now=now)
        held = await reply_undoably(
            session,
            chat,
            person.id,
            "我来办",
            undo_for=undo_for,
            now=now,
            follow_ups=follow_ups_of([MINE, MINE, "no such macro", 3], complaint, person),
        )
        return held.id


async def time_passes(database: Database, chat: uuid.UUID, reply_id: int) -> None:
    """A worker sends what is due, and does what follows it, twice."""
    later = system_clock() + timedelta(minutes=1)
    await HeldReplies(database, lambda: later).send_due(chat, reply_id)
    for job in await jobs(database, "follow_up"):
        for _ in range(2):
            await MacroFollower(database, lambda: later).follow(FollowUp.restored(job["args"]))


async def state_of(database: Database, complaint: Complaint) -> tuple[uuid.UUID | None, list[str]]:
    """Who has the case, and its tags."""
    async with database.transaction() as session:
        found = await session.get_one(Complaint, complaint.id)
        tags = await session.scalars(select(CaseTag.tag).where(CaseTag.complaint_id == complaint.id))
        return found.handler_id, sorted(tags)


async def test_tag_and_assignment_are_done_once_when_the_reply_has_gone_out(
    database: Database, me: StaffMember, complaint: Complaint
) -> None:
    reply_id = await writes(database, me, complaint)
    assert await state_of(database, complaint) == (None, [])
    await time_passes(database, complaint.conversation_id, reply_id)
    assert await state_of(database, complaint) == (me.id, ["call_back"])
    trail = await audit_trail(database, complaint.number)
    assert [trail.count(f"staff:me: {step}") for step in ("assign", "add_tag")] == [1, 1]


async def test_a_reply_that_is_undone_leaves_nothing_behind_and_knows_its_macro(
    database: Database, me: StaffMember, complaint: Complaint
) -> None:
    reply_id = await writes(database, me, complaint)
    async with database.transaction() as session:
        undone = await take_back(session, complaint.conversation_id, me.id, reply_id, username="me", now=system_clock())
        assert [FollowUp.restored(one).macro for one in undone.follow_ups] == [MINE]
    await time_passes(database, complaint.conversation_id, reply_id)
    assert await jobs(database, "follow_up") == []
    assert await state_of(database, complaint) == (None, [])


async def test_what_cannot_be_done_any_more_is_left_out_whole_and_recorded(
    database: Database, me: StaffMember, complaint: Complaint
) -> None:
    reply_id = await writes(database, me, complaint)
    async with database.transaction() as session:
        await session.execute(update(Complaint).values(state=State.CLOSED))
    await time_passes(database, complaint.conversation_id, reply_id)
    assert await state_of(database, complaint) == (None, [])
    assert "staff:me: leave_macro_out" in await audit_trail(database, complaint.number)


async def test_whose_role_has_ended_meanwhile_gets_no_case_by_a_macro(
    database: Database, me: StaffMember, complaint: Complaint
) -> None:
    reply_id = await writes(database, me, complaint)
    async with database.transaction() as session:
        await session.execute(update(StaffMember).values(role=Role.INSPECTOR))
    await time_passes(database, complaint.conversation_id, reply_id)
    assert await state_of(database, complaint) == (None, [])


async def test_by_load_is_for_whoever_leads_and_leaves_a_case_with_whoever_has_it(
    database: Database, scene: Scene, me: StaffMember, complaint: Complaint
) -> None:
    assert follow_ups_of(["share_out"], complaint, me) == []
    leader = await scene.member("leader", role=Role.COORDINATOR, unit_code="HB-WH")
    (follow_up,) = follow_ups_of(["share_out"], complaint, leader)
    assert follow_up.assign is AssignTo.LOAD
    follower = MacroFollower(database, system_clock)
    await follower.follow(follow_up)
    assert await state_of(database, complaint) == (me.id, ["group_matter"])
    async with database.transaction() as session:
        notices = await session.scalars(select(Notice.staff_id).where(Notice.kind == NoticeKind.ASSIGNED))
        assert list(notices) == [me.id]
        await session.execute(update(Complaint).values(handler_id=leader.id))
    await follower.follow(follow_up)
    assert (await state_of(database, complaint))[0] == leader.id


async def test_a_worker_sends_the_reply_and_does_what_follows(
    database: Database, me: StaffMember, complaint: Complaint
) -> None:
    reply_id = await writes(database, me, complaint, undo_for=timedelta(0))
    app = job_app(database.url)
    register_jobs(app, rooms_with(database))
    async with app.open_async():
        await app.run_worker_async(wait=False, install_signal_handlers=False)
    async with database.transaction() as session:
        assert await session.get(HeldReply, reply_id) is None
    assert await state_of(database, complaint) == (me.id, ["call_back"])
