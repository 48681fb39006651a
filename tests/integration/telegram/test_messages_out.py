"""What the bank says arrives in the customer's Telegram."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Bot
from telegram.error import NetworkError, RetryAfter, TelegramError

from bot.channels.telegram.channel import TelegramChannel, text_parts, utf16_length
from bot.conversations.channel import Uncorrectable, Undeliverable
from bot.conversations.models import Author, Delivery, Message
from bot.conversations.outbound import Deliverer
from bot.conversations.sent import Corrector
from bot.database import Database
from tests.conftest import FakeClock
from tests.integration.telegram.bot_api_server import CUSTOMER, BotApiServer
from tests.integration.telegram.stored import bank_says, messages, the_conversation


@pytest.fixture
def channel(bot: Bot, database: Database, clock: FakeClock) -> TelegramChannel:
    return TelegramChannel(bot, database, clock)


@pytest.fixture
def deliverer(channel: TelegramChannel, database: Database, clock: FakeClock) -> Deliverer:
    return Deliverer(database, {"telegram": channel}, clock)


async def delivery(database: Database) -> Delivery:
    [message] = await messages(database, Author.BOT)
    return message.delivery


async def test_a_message_arrives_as_it_is_without_any_markup(
    deliverer: Deliverer, telegram: BotApiServer, database: Database, clock: FakeClock
) -> None:
    text = "<b>您</b>的*投诉*_编号_ [TS-4821-7](https://bank.example)"
    await deliverer.deliver(await bank_says(database, clock, text))
    [sent] = telegram.sent
    assert (sent["chat_id"], sent["text"]) == (CUSTOMER, text)
    assert "parse_mode" not in sent
    assert sent["link_preview_options"] == {"is_disabled": True}
    assert await delivery(database) is Delivery.DELIVERED


async def test_a_delivered_message_is_not_delivered_again(
    deliverer: Deliverer, telegram: BotApiServer, database: Database, clock: FakeClock
) -> None:
    message_id = await bank_says(database, clock, "您好")
    for _ in range(2):
        await deliverer.deliver(message_id)
    assert len(telegram.sent) == 1


async def test_a_message_that_arrived_before_the_worker_died_is_not_sent_again(
    channel: TelegramChannel, deliverer: Deliverer, telegram: BotApiServer, database: Database, clock: FakeClock
) -> None:
    message_id = await bank_says(database, clock, "您好")
    [message] = await messages(database, Author.BOT)
    await channel.deliver(await the_conversation(database), message)
    await deliverer.deliver(message_id)
    assert len(telegram.sent) == 1
    assert await delivery(database) is Delivery.DELIVERED


async def test_buttons_are_a_keyboard_that_sends_their_text_and_goes_away(
    deliverer: Deliverer, telegram: BotApiServer, database: Database, clock: FakeClock
) -> None:
    await deliverer.deliver(await bank_says(database, clock, "对吗？", "对", "不对，我要改", "找人工说这件事情的经过"))
    keyboard = telegram.sent[0]["reply_markup"]
    assert [[key["text"] for key in row] for row in keyboard["keyboard"]] == [
        ["对", "不对，我要改"],
        ["找人工说这件事情的经过"],
    ]
    assert keyboard["one_time_keyboard"] is True
    await deliverer.deliver(await bank_says(database, clock, "好的。"))
    assert telegram.sent[1]["reply_markup"] == {"remove_keyboard": True}


async def test_an_answer_of_5000_characters_arrives_in_parts_with_the_buttons_below_the_last(
    deliverer: Deliverer, telegram: BotApiServer, database: Database, clock: FakeClock
) -> None:
    text = "您的投诉我们逐条说明如下。" * 385
    await deliverer.deliver(await bank_says(database, clock, text, "接受"))
    first, second = telegram.sent
    assert first["text"] + second["text"] == text
    assert first["text"].endswith("。")
    assert "reply_markup" not in first
    assert second["reply_markup"]["keyboard"] == [[{"text": "接受"}]]


async def test_a_second_try_goes_on_with_the_part_that_failed(
    deliverer: Deliverer, telegram: BotApiServer, database: Database, clock: FakeClock
) -> None:
    text = "甲" * 4000 + "\n\n" + "乙" * 1000
    message_id = await bank_says(database, clock, text)
    telegram.misbehave("sendMessage", 200)
    telegram.misbehave("sendMessage", 502)
    with pytest.raises(NetworkError):
        await deliverer.deliver(message_id)
    assert await delivery(database) is Delivery.PENDING
    await deliverer.deliver(message_id)
    assert [sent["text"] for sent in telegram.sent] == ["甲" * 4000, "乙" * 1000]
    assert await delivery(database) is Delivery.DELIVERED


@pytest.mark.parametrize("lost", ["blocked_by", "gone"])
async def test_a_customer_who_blocked_the_bot_or_left_makes_the_message_undeliverable(
    deliverer: Deliverer, telegram: BotApiServer, database: Database, clock: FakeClock, lost: str
) -> None:
    getattr(telegram, lost).add(CUSTOMER)
    await deliverer.deliver(await bank_says(database, clock, "您好"))
    assert await delivery(database) is Delivery.UNDELIVERABLE


@pytest.mark.parametrize("status", [500, 502, 0, 401])
async def test_a_message_waits_while_telegram_is_away(
    deliverer: Deliverer, telegram: BotApiServer, database: Database, clock: FakeClock, status: int
) -> None:
    message_id = await bank_says(database, clock, "您好")
    telegram.misbehave("sendMessage", status)
    with pytest.raises(TelegramError):
        await deliverer.deliver(message_id)
    assert await delivery(database) is Delivery.PENDING
    await deliverer.deliver(message_id)
    assert len(telegram.sent) == 1


async def test_telegram_is_left_in_peace_for_as_long_as_it_asks(
    deliverer: Deliverer, telegram: BotApiServer, database: Database, clock: FakeClock
) -> None:
    message_id = await bank_says(database, clock, "您好")
    other_id = await bank_says(database, clock, "另一位客户", chat=CUSTOMER + 1)
    telegram.misbehave("sendMessage", 429, retry_after=7)
    for left in (7, 4):
        with pytest.raises(RetryAfter) as caught:
            await deliverer.deliver(message_id)
        assert caught.value.retry_after.total_seconds() == left  # type: ignore[union-attr]
        clock.advance(seconds=3)
    assert telegram.calls["sendMessage"] == 1
    await deliverer.deliver(other_id)
    clock.advance(seconds=1)
    await deliverer.deliver(message_id)
    assert [sent["text"] for sent in telegram.sent] == ["另一位客户", "您好"]


async def test_typing_is_shown_and_no_harm_is_done_when_it_cannot(
    channel: TelegramChannel, telegram: BotApiServer, database: Database, clock: FakeClock
) -> None:
    await bank_says(database, clock, "您好")
    conversation = await the_conversation(database)
    await channel.show_typing(conversation)
    telegram.misbehave("sendChatAction", 500)
    await channel.show_typing(conversation)
    assert [action["action"] for action in telegram.actions] == ["typing"]


async def staff_says(database: Database, clock: FakeClock, channel: TelegramChannel, text: str) -> Message:
    """A person's message that has arrived."""
    message_id = await bank_says(database, clock, text)
    async with database.transaction() as session:
        (await session.get_one(Message, message_id)).author = Author.STAFF
    await Deliverer(database, {"telegram": channel}, clock).deliver(message_id)
    (message,) = await messages(database, Author.STAFF)
    return message


async def test_a_corrected_message_is_edited_where_it_stands(
    channel: TelegramChannel, telegram: BotApiServer, database: Database, clock: FakeClock
) -> None:
    message = await staff_says(database, clock, channel, "周三来取")
    assert "reply_markup" not in telegram.sent[0], "Telegram would not edit it"
    message.text = "周四来取"
    for _ in range(2):  # the second time it is as it should be already
        await channel.correct(await the_conversation(database), message)
    assert [sent["text"] for sent in telegram.sent] == ["周四来取"]


@pytest.mark.parametrize(("before", "after"), [("甲" * 5000, "短"), ("短", "甲" * 5000)])
async def test_what_went_out_in_parts_or_would_have_to_cannot_be_edited(
    channel: TelegramChannel, telegram: BotApiServer, database: Database, clock: FakeClock, before: str, after: str
) -> None:
    message = await staff_says(database, clock, channel, before)
    message.text = after
    with pytest.raises(Uncorrectable):
        await channel.correct(await the_conversation(database), message)
    assert telegram.calls["editMessageText"] == 0


async def test_what_telegram_does_not_edit_any_more_is_said_anew(
    channel: TelegramChannel, telegram: BotApiServer, database: Database, clock: FakeClock
) -> None:
    message = await staff_says(database, clock, channel, "周三来取")
    telegram.sent.clear()  # the customer has deleted the chat's history
    async with database.transaction() as session:
        stored = await session.get_one(Message, message.id)
        stored.text, stored.edited_at = "周四来取", clock()
    await Corrector(database, {"telegram": channel}, clock).carry(message.id)
    said = (await messages(database, Author.STAFF))[-1]
    await Deliverer(database, {"telegram": channel}, clock).deliver(said.id)
    assert [sent["text"] for sent in telegram.sent] == ["更正：周四来取"]


async def test_a_correction_waits_while_telegram_is_away_and_ends_when_the_bot_is_blocked(
    channel: TelegramChannel, telegram: BotApiServer, database: Database, clock: FakeClock
) -> None:
    message = await staff_says(database, clock, channel, "周三来取")
    message.text = "周四来取"
    conversation = await the_conversation(database)
    telegram.misbehave("editMessageText", 502)
    with pytest.raises(NetworkError):
        await channel.correct(conversation, message)
    telegram.misbehave("editMessageText", 429, retry_after=3)
    for _ in range(2):
        with pytest.raises(RetryAfter):
            await channel.correct(conversation, message)
    assert telegram.calls["editMessageText"] == 2
    clock.advance(seconds=3)
    telegram.blocked_by.add(CUSTOMER)
    with pytest.raises(Undeliverable):
        await channel.correct(conversation, message)


@given(st.text(alphabet=st.sampled_from("甲乙。！\n ab.😡"), max_size=300), st.integers(min_value=2, max_value=40))
def test_parts_lose_nothing_but_white_space_and_fit(text: str, longest: int) -> None:
    parts = text_parts(text, longest)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(part and utf16_length(part) <= longest for part in parts)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("短。", ["短。"]),
        ("第一段在这里。\n\n第二段，也不长。", ["第一段在这里。", "第二段，也不长。"]),
        ("他们让我等。我等了一整天！没有人来。", ["他们让我等。", "我等了一整天！", "没有人来。"]),
        ("They told me to wait. Nobody", ["They told", "me to", "wait.", "Nobody"]),
        ("😡" * 7, ["😡" * 5, "😡" * 2]),
    ],
)
def test_a_long_text_is_cut_where_a_reader_would_pause(text: str, parts: list[str]) -> None:
    assert text_parts(text, 10) == parts
