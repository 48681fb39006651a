"""What has gone out can be corrected by who wrote it, and sent again if it could not arrive."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from sqlalchemy import update

from bot.conversations.channel import Uncorrectable, Undeliverable
from bot.conversations.handover import HeldBySomeoneElse, reply, take_over
from bot.conversations.models import Author, Conversation, Delivery, Message
from bot.conversations.outbound import Deliverer
from bot.conversations.sent import Corrector, NotCorrectable, NothingToSendAgain, correct, send_again
from bot.database import Database
from bot.staff.models import StaffMember
from tests.builders import a_conversation, a_member_of_staff, audit_trail, jobs, messages, texts
from tests.conftest import FakeClock


@dataclass
class EditingChannel:
    """A channel that corrects what it carried, or not."""

    name: str = "webchat"
    troubles: list[Exception] = field(default_factory=list)
    carried: list[str] = field(default_factory=list)
    corrected: list[str] = field(default_factory=list)

    async def deliver(self, conversation: Conversation, message: Message) -> None:
        """Carry one message, or fail."""
        if self.troubles:
            raise self.troubles.pop(0)
        self.carried.append(message.text)

    async def correct(self, conversation: Conversation, message: Message) -> None:
        """Correct it, or fail."""
        if self.troubles:
            raise self.troubles.pop(0)
        self.corrected.append(message.text)

    async def show_typing(self, conversation: Conversation) -> None:
        """Nothing."""


@pytest.fixture
def channel() -> EditingChannel:
    return EditingChannel()


@pytest.fixture
def corrector(database: Database, channel: EditingChannel, clock: FakeClock) -> Corrector:
    return Corrector(database, {"webchat": channel}, clock)


@pytest.fixture
async def li(database: Database, clock: FakeClock) -> StaffMember:
    return await a_member_of_staff(database, clock, "li")


@pytest.fixture
async def conversation(database: Database, clock: FakeClock, li: StaffMember) -> Conversation:
    conversation = await a_conversation(database, clock)
    async with database.transaction() as session:
        await take_over(session, conversation.id, li.id, username="li", shown_as="李经理", now=clock())
    return conversation


@pytest.fixture
async def arrived(
    database: Database, clock: FakeClock, channel: EditingChannel, conversation: Conversation, li: StaffMember
) -> int:
    """李经理's message, which has arrived."""
    async with database.transaction() as session:
        message = await reply(session, conversation.id, li.id, "周三来取", now=clock())
    await Deliverer(database, {"webchat": channel}, clock).deliver(message.id)
    return message.id


Correct = Callable[..., Awaitable[None]]


@pytest.fixture
def corrects(database: Database, clock: FakeClock, conversation: Conversation, li: StaffMember) -> Correct:
    """李经理 corrects a message."""

    async def corrects(message_id: int, text: str, staff: StaffMember = li) -> None:
        async with database.transaction() as session:
            await correct(session, conversation.id, staff.id, message_id, text, username=staff.username, now=clock())

    return corrects


async def test_a_correction_takes_the_place_of_the_text_and_the_first_one_is_kept(
    database: Database, corrector: Corrector, channel: EditingChannel, conversation: Conversation,
    arrived: int, corrects: Correct, clock: FakeClock,
) -> None:  # fmt: skip
    for text in ("周四来取", "周五来取"):
        clock.advance(minutes=1)
        await corrects(arrived, text)
    for _ in range(2):  # a second time changes nothing
        await corrector.carry(arrived)
    (message,) = await messages(database, Author.STAFF)
    assert (message.text, message.earlier_text) == ("周五来取", "周三来取")
    assert channel.corrected == ["周五来取"]
    assert (await audit_trail(database, str(conversation.id)))[-1] == "staff:li: correct_message"


async def test_where_the_channel_cannot_the_correction_is_a_message_of_its_own_said_once(
    database: Database, corrector: Corrector, channel: EditingChannel, arrived: int, corrects: Correct, li: StaffMember
) -> None:
    channel.troubles = [Uncorrectable("in parts")] * 2
    await corrects(arrived, "周四来取")
    for _ in range(2):
        await corrector.carry(arrived)
    said = await messages(database, Author.STAFF)
    assert [message.text for message in said] == ["周四来取", "更正：周四来取"]
    assert said[-1].staff_id == li.id


async def test_a_correction_is_tried_again_while_the_channel_is_away(
    corrector: Corrector, channel: EditingChannel, arrived: int, corrects: Correct
) -> None:
    channel.troubles = [ConnectionError("no network")]
    await corrects(arrived, "周四来取")
    with pytest.raises(ConnectionError):
        await corrector.carry(arrived)
    await corrector.carry(arrived)
    assert channel.corrected == ["周四来取"]


async def test_a_customer_who_has_left_gets_no_correction(
    database: Database, corrector: Corrector, channel: EditingChannel, arrived: int, corrects: Correct
) -> None:
    channel.troubles = [Undeliverable("blocked")]
    await corrects(arrived, "周四来取")
    for _ in range(2):
        await corrector.carry(arrived)
    assert channel.corrected == []
    assert await texts(database, Author.STAFF) == ["周四来取"]


async def test_the_same_text_is_no_correction(database: Database, arrived: int, corrects: Correct) -> None:
    await corrects(arrived, "周三来取")
    (message,) = await messages(database, Author.STAFF)
    assert message.edited_at is None
    assert await jobs(database, "carry_correction") == []


async def test_only_ones_own_words_are_corrected(
    database: Database, arrived: int, corrects: Correct, clock: FakeClock
) -> None:
    wang = await a_member_of_staff(database, clock, "wang")
    with pytest.raises(NotCorrectable):
        await corrects(arrived, "周四来取", wang)
    (announcement,) = await messages(database, Author.BOT)
    with pytest.raises(NotCorrectable):
        await corrects(announcement.id, "别的")


async def test_nothing_is_corrected_after_two_days(arrived: int, corrects: Correct, clock: FakeClock) -> None:
    clock.advance(hours=48)
    await corrects(arrived, "周四来取")
    clock.advance(seconds=1)
    with pytest.raises(NotCorrectable):
        await corrects(arrived, "周五来取")


async def test_nothing_is_corrected_by_way_of_another_conversation(
    database: Database, arrived: int, clock: FakeClock, li: StaffMember
) -> None:
    other = await a_conversation(database, clock, chat="chat-2")
    async with database.transaction() as session:
        with pytest.raises(NotCorrectable):
            await correct(session, other.id, li.id, arrived, "周四来取", username="li", now=clock())


async def test_what_is_still_on_its_way_is_not_corrected(
    database: Database, conversation: Conversation, li: StaffMember, corrects: Correct, clock: FakeClock
) -> None:
    async with database.transaction() as session:
        message = await reply(session, conversation.id, li.id, "周三来取", now=clock())
    with pytest.raises(NotCorrectable):
        await corrects(message.id, "周四来取")


async def test_what_could_not_arrive_is_sent_again(
    database: Database, channel: EditingChannel, conversation: Conversation, arrived: int, li: StaffMember,
    clock: FakeClock,
) -> None:  # fmt: skip
    channel.carried.clear()
    async with database.transaction() as session:
        await session.execute(update(Message).where(Message.id == arrived).values(delivery=Delivery.UNDELIVERABLE))
    async with database.transaction() as session:
        await send_again(session, conversation.id, li.id, arrived, username="li", now=clock())
    job = (await jobs(database, "deliver"))[-1]
    assert job["args"] == {"message_id": arrived}
    await Deliverer(database, {"webchat": channel}, clock).deliver(arrived)
    assert channel.carried == ["周三来取"]
    async with database.transaction() as session:
        with pytest.raises(NothingToSendAgain):
            await send_again(session, conversation.id, li.id, arrived, username="li", now=clock())


async def test_only_the_holder_sends_again(
    database: Database, conversation: Conversation, arrived: int, clock: FakeClock
) -> None:
    wang = await a_member_of_staff(database, clock, "wang")
    async with database.transaction() as session:
        with pytest.raises(HeldBySomeoneElse):
            await send_again(session, conversation.id, wang.id, arrived, username="wang", now=clock())
