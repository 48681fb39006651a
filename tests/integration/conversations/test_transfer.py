"""Conversations that a person passes on."""

import uuid

import pytest
from sqlalchemy import select

from bot.audit import AuditRecord
from bot.conversations.handover import HeldBySomeoneElse, take_over
from bot.conversations.inbound import Inbox
from bot.conversations.models import Conversation, Holder, Note
from bot.conversations.transfer import Receiver, transfer_to_colleague, transfer_to_queue
from bot.database import Database
from bot.staff.models import StaffMember
from bot.wording import wording
from tests.builders import a_conversation, a_member_of_staff, an_inbound, texts
from tests.conftest import FakeClock


@pytest.fixture
async def li(database: Database, clock: FakeClock) -> StaffMember:
    return await a_member_of_staff(database, clock, "li")


@pytest.fixture
async def wang(database: Database, clock: FakeClock) -> StaffMember:
    return await a_member_of_staff(database, clock, "wang")


@pytest.fixture
async def conversation(database: Database, li: StaffMember, clock: FakeClock) -> Conversation:
    """A conversation that Li holds."""
    found = await a_conversation(database, clock)
    async with database.transaction() as session:
        await take_over(session, found.id, li.id, username="li", shown_as="李经理", now=clock())
    return found


async def pass_on(
    database: Database, conversation: Conversation, giver: StaffMember, receiver: StaffMember, clock: FakeClock
) -> None:
    to = Receiver(receiver.id, receiver.username, "王主任")
    async with database.transaction() as session:
        await transfer_to_colleague(session, conversation.id, giver.id, to, username=giver.username, now=clock())


async def give_up(database: Database, conversation: Conversation, giver: StaffMember, clock: FakeClock) -> None:
    async with database.transaction() as session:
        await transfer_to_queue(
            session, conversation.id, giver.id, "要会英文的同事", username=giver.username, now=clock()
        )


async def now_is(database: Database, conversation_id: uuid.UUID) -> Conversation:
    async with database.transaction() as session:
        return await session.get_one(Conversation, conversation_id)


async def transfers(database: Database) -> list[tuple[str, object]]:
    async with database.transaction() as session:
        found = await session.scalars(select(AuditRecord).where(AuditRecord.action == "transfer"))
        return [(record.actor, record.detail) for record in found]


async def test_the_colleague_holds_it_and_the_customer_hears_who_comes(
    database: Database, conversation: Conversation, li: StaffMember, wang: StaffMember, clock: FakeClock
) -> None:
    clock.advance(minutes=1)
    await pass_on(database, conversation, li, wang, clock)
    after = await now_is(database, conversation.id)
    assert (after.holder, after.held_by, after.held_since) == (Holder.STAFF, wang.id, clock())
    assert (await texts(database))[-1] == wording().say("utter_staff_arrives", "zh", staff="王主任").text
    assert await transfers(database) == [("staff:li", {"to": "staff:wang"})]
    with pytest.raises(HeldBySomeoneElse):
        await pass_on(database, conversation, li, wang, clock)


async def test_nobody_passes_a_conversation_to_themselves(
    database: Database, conversation: Conversation, li: StaffMember, clock: FakeClock
) -> None:
    with pytest.raises(HeldBySomeoneElse):
        await pass_on(database, conversation, li, li, clock)
    assert await transfers(database) == []


async def test_back_in_the_queue_it_waits_since_the_customers_unanswered_message(
    database: Database, inbox: Inbox, conversation: Conversation, li: StaffMember, wang: StaffMember, clock: FakeClock
) -> None:
    with pytest.raises(HeldBySomeoneElse):
        await give_up(database, conversation, wang, clock)
    clock.advance(minutes=1)
    wrote_at = clock()
    await inbox.receive(an_inbound("Do you speak English?"))
    clock.advance(minutes=1)
    await give_up(database, conversation, li, clock)
    after = await now_is(database, conversation.id)
    assert (after.holder, after.held_by, after.waiting_since) == (Holder.QUEUE, None, wrote_at)
    assert await transfers(database) == [("staff:li", {"to": "queue"})]
    async with database.transaction() as session:
        assert [note.text for note in await session.scalars(select(Note))] == ["要会英文的同事"]
