"""A customer whom the person at the desk does not answer, or who has lost that person, is back in the queue."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from bot.complaints.casework import resolve
from bot.complaints.lifecycle import State
from bot.complaints.models import Complaint
from bot.conversations.handover import call_staff, hand_back, locked, reply, take_over
from bot.conversations.inbound import Inbox
from bot.conversations.models import Conversation, Holder
from bot.conversations.returning import UnansweredWatch, release_all_of
from bot.database import Database
from bot.staff.models import StaffMember
from tests.builders import a_complaint, a_conversation, a_member_of_staff, an_inbound, audit_trail, jobs
from tests.conftest import FakeClock

FIVE_MINUTES = timedelta(minutes=5)


@pytest.fixture
async def li(database: Database, clock: FakeClock) -> StaffMember:
    return await a_member_of_staff(database, clock, "li")


@pytest.fixture
def watch(database: Database, clock: FakeClock) -> UnansweredWatch:
    return UnansweredWatch(database, clock, FIVE_MINUTES)


async def take(database: Database, conversation: Conversation, member: StaffMember, clock: FakeClock) -> None:
    async with database.transaction() as session:
        await take_over(session, conversation.id, member.id, username=member.username, shown_as="李经理", now=clock())


async def answer(database: Database, conversation: Conversation, member: StaffMember, clock: FakeClock) -> None:
    async with database.transaction() as session:
        await reply(session, conversation.id, member.id, "马上查", now=clock())


async def now_is(database: Database, conversation: Conversation) -> Conversation:
    async with database.transaction() as session:
        return await session.get_one(Conversation, conversation.id)


async def look(database: Database, watch: UnansweredWatch) -> list[dict[str, Any]]:
    """Do what the jobs enqueued so far would do, and say which there are."""
    enqueued = await jobs(database, "return_unanswered")
    for job in enqueued:
        await watch.look(uuid.UUID(job["args"]["conversation_id"]), job["args"]["message_id"])
    return enqueued


async def test_a_message_to_the_assistant_is_not_watched(database: Database, inbox: Inbox) -> None:
    await inbox.receive(an_inbound())
    assert await jobs(database, "return_unanswered") == []


async def test_a_customer_left_without_an_answer_is_back_in_the_queue(
    database: Database, inbox: Inbox, conversation: Conversation, li: StaffMember, watch: UnansweredWatch,
    clock: FakeClock,
) -> None:  # fmt: skip
    await take(database, conversation, li, clock)
    clock.advance(minutes=1)
    wrote_at = clock()
    await inbox.receive(an_inbound("还在吗"))
    clock.advance(minutes=5)
    (job,) = await look(database, watch)
    assert job["scheduled_at"] == wrote_at + FIVE_MINUTES
    await look(database, watch)  # a second time changes nothing
    after = await now_is(database, conversation)
    assert (after.holder, after.held_by, after.held_since) == (Holder.QUEUE, None, None)
    assert (after.waiting_since, after.handover_reason) == (wrote_at, "unanswered")
    assert await audit_trail(database, str(conversation.id)) == ["staff:li: take_over", "system: return_unanswered"]


async def test_the_reason_for_which_a_person_was_called_stays(
    database: Database, inbox: Inbox, conversation: Conversation, li: StaffMember, watch: UnansweredWatch,
    clock: FakeClock,
) -> None:  # fmt: skip
    async with database.transaction() as session:
        await call_staff(session, await locked(session, conversation.id), "urgent", now=clock())
    await take(database, conversation, li, clock)
    await inbox.receive(an_inbound())
    clock.advance(minutes=5)
    await look(database, watch)
    assert (await now_is(database, conversation)).handover_reason == "urgent"


async def test_whoever_answers_keeps_the_conversation(
    database: Database, inbox: Inbox, conversation: Conversation, li: StaffMember, watch: UnansweredWatch,
    clock: FakeClock,
) -> None:  # fmt: skip
    await take(database, conversation, li, clock)
    await inbox.receive(an_inbound())
    await answer(database, conversation, li, clock)
    clock.advance(minutes=5)
    await look(database, watch)
    assert (await now_is(database, conversation)).held_by == li.id


async def test_a_conversation_handed_back_is_left_to_the_assistant(
    database: Database, inbox: Inbox, conversation: Conversation, li: StaffMember, watch: UnansweredWatch,
    clock: FakeClock,
) -> None:  # fmt: skip
    await take(database, conversation, li, clock)
    await inbox.receive(an_inbound())
    async with database.transaction() as session:
        await hand_back(session, conversation.id, li.id, username="li", shown_as="李经理", now=clock())
    clock.advance(minutes=5)
    await look(database, watch)
    assert (await now_is(database, conversation)).holder is Holder.BOT


async def test_whoever_has_just_got_it_has_their_own_time_to_answer(
    database: Database, inbox: Inbox, conversation: Conversation, li: StaffMember, watch: UnansweredWatch,
    clock: FakeClock,
) -> None:  # fmt: skip
    await take(database, conversation, li, clock)
    await inbox.receive(an_inbound())
    clock.advance(minutes=4)
    async with database.transaction() as session:
        await release_all_of(session, li.id, why="signed_out", now=clock())
    wang = await a_member_of_staff(database, clock, "wang")
    await take(database, conversation, wang, clock)
    taken_at = clock()
    clock.advance(minutes=1)
    await look(database, watch)
    assert (await now_is(database, conversation)).held_by == wang.id
    later = (await jobs(database, "return_unanswered"))[-1]
    assert later["scheduled_at"] == taken_at + FIVE_MINUTES
    clock.advance(minutes=4)
    await look(database, watch)
    assert (await now_is(database, conversation)).holder is Holder.QUEUE


async def test_who_leaves_gives_up_every_conversation_and_nobody_elses(
    database: Database, inbox: Inbox, conversation: Conversation, li: StaffMember, clock: FakeClock
) -> None:
    other, wangs = [await a_conversation(database, clock, chat=chat) for chat in ("chat-2", "chat-3")]
    wang = await a_member_of_staff(database, clock, "wang")
    for held, holder in ((conversation, li), (other, li), (wangs, wang)):
        await take(database, held, holder, clock)
    clock.advance(minutes=1)
    wrote_at = clock()
    await inbox.receive(an_inbound())
    clock.advance(minutes=1)
    async with database.transaction() as session:
        await release_all_of(session, li.id, why="account_closed", now=clock())
    after = [await now_is(database, one) for one in (conversation, other, wangs)]
    assert [(one.holder, one.waiting_since) for one in after] == [
        (Holder.QUEUE, wrote_at),
        (Holder.QUEUE, clock()),
        (Holder.STAFF, None),
    ]
    assert (await audit_trail(database, str(other.id)))[-1] == "system: release_conversation"


async def test_a_mere_thank_you_after_the_resolution_owes_nobody_an_answer(
    database: Database, inbox: Inbox, conversation: Conversation, li: StaffMember, watch: UnansweredWatch,
    clock: FakeClock,
) -> None:  # fmt: skip
    async with database.transaction() as session:
        complaint = await a_complaint(session, conversation, clock=clock)
        resolve(session, complaint, "卡已取回。", actor="staff:li", now=clock())
        deadlines = [(deadline.name, deadline.due_at, deadline.met_at) for deadline in complaint.deadlines]
    await take(database, conversation, li, clock)
    await answer(database, conversation, li, clock)
    await inbox.receive(an_inbound("好的谢谢再见"))
    clock.advance(minutes=5)
    await look(database, watch)
    assert (await now_is(database, conversation)).held_by == li.id
    async with database.transaction() as session:
        after = await session.get_one(Complaint, complaint.id)
    assert after.state is State.RESOLVED
    assert [(deadline.name, deadline.due_at, deadline.met_at) for deadline in after.deadlines] == deadlines

    await inbox.receive(an_inbound("谢谢，可是卡还没到"))
    clock.advance(minutes=5)
    await look(database, watch)
    assert (await now_is(database, conversation)).holder is Holder.QUEUE


async def test_thanks_while_the_case_is_open_are_answered(
    database: Database, inbox: Inbox, conversation: Conversation, li: StaffMember, watch: UnansweredWatch,
    clock: FakeClock,
) -> None:  # fmt: skip
    async with database.transaction() as session:
        await a_complaint(session, conversation, clock=clock)
    await take(database, conversation, li, clock)
    await inbox.receive(an_inbound("好的谢谢"))
    clock.advance(minutes=5)
    await look(database, watch)
    assert (await now_is(database, conversation)).holder is Holder.QUEUE
