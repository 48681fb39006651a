"""A chat whose holder is silent, or leaves, goes back to the queue."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from bot.conversations.handover import call_staff, locked, reply, take_over
from bot.conversations.inbound import Inbox
from bot.conversations.models import Conversation, Holder
from bot.conversations.returning import Returner, release_all_of
from bot.database import Database
from bot.staff.models import StaffMember
from tests.builders import CHAT, a_member_of_staff, an_inbound, audit_trail
from tests.conftest import FakeClock

WITHIN = timedelta(minutes=5)


@pytest.fixture
def returner(database: Database, clock: FakeClock) -> Returner:
    return Returner(database, clock, WITHIN)


@pytest.fixture
async def li(database: Database, clock: FakeClock) -> StaffMember:
    return await a_member_of_staff(database, clock, "li")


async def writes(inbox: Inbox, text: str) -> int:
    return (await inbox.receive(an_inbound(text, chat=CHAT))).message_id


async def held_by(member: StaffMember, inbox: Inbox, database: Database, clock: FakeClock) -> Conversation:
    """A conversation of a customer who waits, taken over."""
    received = await inbox.receive(an_inbound("卡被吞了", chat=CHAT))
    async with database.transaction() as session:
        conversation = await locked(session, received.conversation_id)
        await call_staff(session, conversation, "asked_for_human", now=clock())
        await take_over(session, conversation.id, member.id, username=member.username, shown_as="李经理", now=clock())
    return conversation


async def now_is(database: Database, conversation: Conversation) -> Conversation:
    async with database.transaction() as session:
        return await session.get_one(Conversation, conversation.id)


async def looks_enqueued(database: Database) -> int:
    async with database.transaction() as session:
        count = text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'look_for_answer'")
        return int(await session.scalar(count) or 0)


async def test_who_is_not_answered_in_time_waits_at_their_old_place_again(
    database: Database, inbox: Inbox, returner: Returner, li: StaffMember, clock: FakeClock
) -> None:
    conversation = await held_by(li, inbox, database, clock)
    wrote_at, message_id = clock(), await writes(inbox, "还在吗")
    clock.advance(minutes=5)
    await returner.look(message_id)
    await returner.look(message_id)  # a worker that died after its commit does it again
    found = await now_is(database, conversation)
    assert (found.holder, found.held_by, found.waiting_since) == (Holder.QUEUE, None, wrote_at)
    assert (await audit_trail(database, str(conversation.id))).count("system: return_to_queue") == 1


async def test_who_was_answered_stays_with_the_person(
    database: Database, inbox: Inbox, returner: Returner, li: StaffMember, clock: FakeClock
) -> None:
    conversation = await held_by(li, inbox, database, clock)
    message_id = await writes(inbox, "还在吗")
    async with database.transaction() as session:
        await reply(session, conversation.id, li.id, "在的，我查一下。", now=clock())
    clock.advance(hours=1)
    await returner.look(message_id)
    assert (await now_is(database, conversation)).held_by == li.id


async def test_a_look_before_the_time_is_over_comes_again(
    database: Database, inbox: Inbox, returner: Returner, li: StaffMember, clock: FakeClock
) -> None:
    conversation = await held_by(li, inbox, database, clock)
    message_id = await writes(inbox, "还在吗")
    before = await looks_enqueued(database)
    await returner.look(message_id)
    assert (await now_is(database, conversation)).held_by == li.id
    assert await looks_enqueued(database) == before + 1


async def test_whoever_takes_a_chat_over_has_their_own_time_to_answer(
    database: Database, inbox: Inbox, returner: Returner, li: StaffMember, clock: FakeClock
) -> None:
    conversation = await held_by(li, inbox, database, clock)
    message_id = await writes(inbox, "还在吗")
    clock.advance(minutes=5)
    await returner.look(message_id)
    wang = await a_member_of_staff(database, clock, "wang")
    async with database.transaction() as session:
        await take_over(session, conversation.id, wang.id, username="wang", shown_as="王主任", now=clock())
    clock.advance(minutes=4)
    await returner.look(message_id)
    assert (await now_is(database, conversation)).held_by == wang.id
    clock.advance(minutes=1)
    await returner.look(message_id)
    assert (await now_is(database, conversation)).holder is Holder.QUEUE


async def test_a_person_who_takes_over_and_says_nothing_is_looked_for_too(
    database: Database, inbox: Inbox, li: StaffMember, clock: FakeClock
) -> None:
    await held_by(li, inbox, database, clock)
    assert await looks_enqueued(database) == 1


async def test_what_the_bot_answers_is_nobodys_to_look_for(database: Database, inbox: Inbox) -> None:
    await writes(inbox, "卡被吞了")
    assert await looks_enqueued(database) == 0


async def test_a_person_who_leaves_gives_all_their_chats_back(
    database: Database, inbox: Inbox, li: StaffMember, clock: FakeClock
) -> None:
    conversation = await held_by(li, inbox, database, clock)
    clock.advance(minutes=1)
    async with database.transaction() as session:
        await release_all_of(session, li.id, "signed_out", now=clock())
    found = await now_is(database, conversation)
    assert (found.holder, found.held_by, found.waiting_since) == (Holder.QUEUE, None, clock())
