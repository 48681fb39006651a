"""The hand-over between bot and staff."""

import asyncio
import uuid

import pytest

from bot.conversations.handover import (
    CustomerWroteMeanwhile,
    HeldBySomeoneElse,
    call_staff,
    hand_back,
    locked,
    reply,
    take_over,
)
from bot.conversations.inbound import Inbox
from bot.conversations.models import Author, Conversation, Holder
from bot.database import Database
from bot.staff.models import StaffMember
from bot.wording import wording
from tests.builders import a_member_of_staff, an_inbound, audit_trail, messages, texts
from tests.conftest import FakeClock


@pytest.fixture
async def li(database: Database, clock: FakeClock) -> StaffMember:
    return await a_member_of_staff(database, clock, "li")


@pytest.fixture
async def wang(database: Database, clock: FakeClock) -> StaffMember:
    return await a_member_of_staff(database, clock, "wang")


async def call(database: Database, conversation: Conversation, reason: str, clock: FakeClock) -> Conversation:
    async with database.transaction() as session:
        found = await locked(session, conversation.id)
        await call_staff(session, found, reason, now=clock())
    return found


async def take(database: Database, conversation: Conversation, member: StaffMember, clock: FakeClock) -> None:
    async with database.transaction() as session:
        await take_over(
            session, conversation.id, member.id, username=member.username, shown_as="武昌支行 李经理", now=clock()
        )


async def leave(database: Database, conversation: Conversation, member: StaffMember, clock: FakeClock) -> None:
    async with database.transaction() as session:
        await hand_back(
            session, conversation.id, member.id, username=member.username, shown_as="武昌支行 李经理", now=clock()
        )


async def now_is(database: Database, conversation: Conversation) -> Conversation:
    async with database.transaction() as session:
        return await session.get_one(Conversation, conversation.id)


async def test_who_is_called_again_keeps_the_first_place_in_the_queue(
    database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    called_at = clock()
    await call(database, conversation, "asked_for_human", clock)
    clock.advance(minutes=10)
    waiting = await call(database, conversation, "complex", clock)
    assert waiting.holder is Holder.QUEUE
    assert waiting.waiting_since == called_at
    assert waiting.handover_reason == "complex"
    lighter = await call(database, conversation, "assistant_down", clock)
    assert lighter.handover_reason == "complex"
    assert await audit_trail(database, str(conversation.id)) == ["bot: call_staff", "bot: call_staff"]


async def test_calling_staff_who_is_already_there_changes_nothing(
    database: Database, conversation: Conversation, li: StaffMember, clock: FakeClock
) -> None:
    await take(database, conversation, li, clock)
    held = await call(database, conversation, "urgent", clock)
    assert held.holder is Holder.STAFF
    assert held.held_by == li.id
    assert held.waiting_since is None


async def test_the_customer_hears_who_comes_and_who_leaves(
    database: Database, conversation: Conversation, li: StaffMember, clock: FakeClock
) -> None:
    await call(database, conversation, "urgent", clock)
    await take(database, conversation, li, clock)
    await leave(database, conversation, li, clock)
    assert await texts(database) == [
        wording().say(name, "zh", staff="武昌支行 李经理").text
        for name in ("utter_staff_arrives", "utter_staff_leaves")
    ]
    after = await now_is(database, conversation)
    assert (after.holder, after.held_by, after.waiting_since, after.handover_reason) == (Holder.BOT, None, None, None)
    assert await audit_trail(database, str(conversation.id)) == [
        "bot: call_staff",
        "staff:li: take_over",
        "staff:li: hand_back",
    ]


async def test_taking_over_twice_is_said_once(
    database: Database, conversation: Conversation, li: StaffMember, clock: FakeClock
) -> None:
    await take(database, conversation, li, clock)
    await take(database, conversation, li, clock)
    assert len(await texts(database)) == 1


async def test_of_two_people_who_take_over_at_once_one_gets_it(
    database: Database, conversation: Conversation, li: StaffMember, wang: StaffMember, clock: FakeClock
) -> None:
    outcomes = await asyncio.gather(
        take(database, conversation, li, clock), take(database, conversation, wang, clock), return_exceptions=True
    )
    assert sorted(type(outcome) for outcome in outcomes if outcome is not None) == [HeldBySomeoneElse]
    assert (await now_is(database, conversation)).held_by in {li.id, wang.id}
    assert len(await texts(database)) == 1


async def test_only_who_holds_the_conversation_answers_and_hands_back(
    database: Database, conversation: Conversation, li: StaffMember, wang: StaffMember, clock: FakeClock
) -> None:
    async def answer(staff_id: uuid.UUID) -> None:
        async with database.transaction() as session:
            await reply(session, conversation.id, staff_id, "您好，我来办", now=clock())

    with pytest.raises(HeldBySomeoneElse):
        await answer(li.id)
    await take(database, conversation, li, clock)
    with pytest.raises(HeldBySomeoneElse):
        await answer(wang.id)
    with pytest.raises(HeldBySomeoneElse):
        await leave(database, conversation, wang, clock)
    await answer(li.id)
    (answered,) = await messages(database, Author.STAFF)
    assert (answered.text, answered.staff_id) == ("您好，我来办", li.id)

    await leave(database, conversation, li, clock)
    with pytest.raises(HeldBySomeoneElse):
        await answer(li.id)


async def test_an_answer_to_less_than_the_customer_has_written_is_not_sent(
    database: Database, conversation: Conversation, inbox: Inbox, li: StaffMember, clock: FakeClock
) -> None:
    async def answer(seen: int | None) -> None:
        async with database.transaction() as session:
            await reply(session, conversation.id, li.id, "请明天来", now=clock(), seen=seen)

    await take(database, conversation, li, clock)
    seen = (await inbox.receive(an_inbound("卡被吞了"))).message_id
    newer = (await inbox.receive(an_inbound("机器又吐出来了"))).message_id
    with pytest.raises(CustomerWroteMeanwhile):
        await answer(seen)
    assert await texts(database, Author.STAFF) == []
    await answer(newer)
    await answer(None)
    assert len(await texts(database, Author.STAFF)) == 2
