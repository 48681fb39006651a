"""What a customer writes is kept once, masked, and with the job that answers it."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import undefer

import bot.conversations.inbound as inbound_module
from bot.conversations.channel import InboundAttachment
from bot.conversations.inbound import LONGEST_TEXT, Inbox
from bot.conversations.models import Attachment, Author, Conversation
from bot.database import Database
from bot.wording import wording
from tests.builders import a_conversation, an_inbound, jobs, messages, texts
from tests.conftest import FakeClock

CARD = "6222021234567890128"
PHOTO = InboundAttachment("photo", "image/png", "吞卡.png", b"\x89PNG\x00\xff")


@pytest.fixture
def inbox(database: Database, clock: FakeClock) -> Inbox:
    return Inbox(database, clock, quiet_window=timedelta(seconds=1))


async def the_conversation(database: Database) -> Conversation:
    async with database.transaction() as session:
        return (await session.scalars(select(Conversation))).one()


async def everything_stored(database: Database) -> str:
    """Every row of every table, as text."""
    async with database.transaction() as session:
        tables = await session.scalars(
            text("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('public', 'rasa')")
        )
        rows = [str(row) for t in tables for row in await session.scalars(text(f"SELECT t::text FROM {t} t"))]
    return "\n".join(rows)


async def test_a_message_delivered_twice_is_taken_once(inbox: Inbox, database: Database) -> None:
    first = await inbox.receive(an_inbound("卡被吞了", message_id="1"))
    second = await inbox.receive(an_inbound("卡被吞了", message_id="1"))
    assert first.is_new
    assert not second.is_new
    assert second.message_id == first.message_id
    assert await texts(database, Author.CUSTOMER) == ["卡被吞了"]
    assert len(await jobs(database, "take_turn")) == 1


async def test_a_message_delivered_many_times_at_once_is_taken_once(inbox: Inbox, database: Database) -> None:
    received = await asyncio.gather(*(inbox.receive(an_inbound(message_id="1")) for _ in range(20)))
    assert sum(r.is_new for r in received) == 1
    assert len({r.message_id for r in received}) == 1
    assert len(await messages(database)) == 1
    assert len(await jobs(database, "take_turn")) == 1


async def test_the_same_words_written_twice_are_two_messages(inbox: Inbox, database: Database) -> None:
    await inbox.receive(an_inbound("在吗", message_id="1"))
    await inbox.receive(an_inbound("在吗", message_id="2"))
    assert await texts(database, Author.CUSTOMER) == ["在吗", "在吗"]


async def test_chats_of_two_channels_with_the_same_name_are_two_conversations(inbox: Inbox, database: Database) -> None:
    one = await inbox.receive(an_inbound(message_id="1", channel="webchat"))
    other = await inbox.receive(an_inbound(message_id="1", channel="telegram"))
    assert one.conversation_id != other.conversation_id


async def test_the_turn_is_taken_when_the_quiet_window_is_over(
    inbox: Inbox, database: Database, clock: FakeClock
) -> None:
    received = await inbox.receive(an_inbound())
    (job,) = await jobs(database, "take_turn")
    assert job["scheduled_at"] == clock() + timedelta(seconds=1)
    assert job["args"] == {"conversation_id": str(received.conversation_id), "message_id": received.message_id}


@pytest.mark.parametrize(
    ("written", "secret"),
    [
        (f"卡号{CARD}被吞了", CARD),
        ("身份证42010619491231007X", "42010619491231007X"),
        ("密码是hunter2!", "hunter2"),
        ("验证码338812给他了", "338812"),
        ("cvv 987", "cvv 987"),
    ],
)
async def test_a_sensitive_number_reaches_no_table_and_no_job(
    inbox: Inbox, database: Database, written: str, secret: str
) -> None:
    await inbox.receive(an_inbound(written, message_id="m"))
    await inbox.edit(an_inbound(f"改一下：{written}", message_id="m"))
    await inbox.receive(
        an_inbound("看附件", attachment=InboundAttachment("photo", "image/png", f"{written}.png", b"png"))
    )
    (message, *_) = await messages(database, Author.CUSTOMER)
    assert message.masked
    stored = await everything_stored(database)
    assert "take_turn" in stored
    assert secret not in stored.replace(str(message.conversation_id), "")


async def test_the_customer_is_warned_once_an_hour(inbox: Inbox, database: Database, clock: FakeClock) -> None:
    warning = wording().say("utter_sensitive_number", "zh").text
    await inbox.receive(an_inbound(f"我的卡{CARD}"))
    await inbox.receive(an_inbound("还有密码123456"))
    assert await texts(database) == [warning]
    clock.advance(minutes=61)
    await inbox.receive(an_inbound(f"再说一遍，{CARD}"))
    assert await texts(database) == [warning, warning]


async def test_the_warning_is_in_the_language_of_the_message(inbox: Inbox, database: Database) -> None:
    await inbox.receive(an_inbound(f"They swallowed my card {CARD}"))
    assert await texts(database) == [wording().say("utter_sensitive_number", "en").text]


async def test_an_edit_keeps_the_first_text(inbox: Inbox, database: Database, clock: FakeClock) -> None:
    await inbox.receive(an_inbound("扣了300", message_id="1"))
    clock.advance(seconds=5)
    await inbox.edit(an_inbound("扣了3000", message_id="1"))
    await inbox.edit(an_inbound("扣了3000元", message_id="1"))
    (message,) = await messages(database)
    assert message.text == "扣了3000元"
    assert message.earlier_text == "扣了300"
    assert message.edited_at == clock()


async def test_an_edit_that_adds_a_sensitive_number_is_warned_of_too(inbox: Inbox, database: Database) -> None:
    await inbox.receive(an_inbound("我的卡", message_id="1"))
    await inbox.edit(an_inbound(f"我的卡{CARD}", message_id="1"))
    (message,) = await messages(database, Author.CUSTOMER)
    assert message.masked == ["bank_card"]
    assert await texts(database) == [wording().say("utter_sensitive_number", "zh").text]


async def test_an_edit_of_a_message_never_seen_changes_nothing(inbox: Inbox, database: Database) -> None:
    await inbox.receive(an_inbound("在", message_id="1"))
    await inbox.edit(an_inbound("不在", message_id="2"))
    assert await texts(database, Author.CUSTOMER) == ["在"]


async def test_a_failure_leaves_neither_the_message_nor_its_job(
    inbox: Inbox, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise ConnectionError("the notice could not be sent")

    with monkeypatch.context() as patch:
        patch.setattr(inbound_module, "notify_changed", fail)
        with pytest.raises(ConnectionError):
            await inbox.receive(an_inbound(f"卡{CARD}", message_id="1"))
    assert await messages(database) == []
    assert await jobs(database, "take_turn") == []
    assert await jobs(database, "deliver") == []

    assert (await inbox.receive(an_inbound("卡", message_id="1"))).is_new
    assert len(await jobs(database, "take_turn")) == 1


async def test_a_very_long_text_is_cut_and_the_customer_is_told(inbox: Inbox, database: Database) -> None:
    await inbox.receive(an_inbound("冤" * (LONGEST_TEXT + 1)))
    (message,) = await messages(database, Author.CUSTOMER)
    assert message.text == "冤" * LONGEST_TEXT
    assert await texts(database) == [wording().say("utter_text_was_cut", "zh").text]


async def test_a_card_across_the_cut_is_not_kept_in_halves(inbox: Inbox, database: Database) -> None:
    await inbox.receive(an_inbound("冤" * (LONGEST_TEXT - 10) + CARD))
    (message,) = await messages(database, Author.CUSTOMER)
    assert len(message.text) <= LONGEST_TEXT
    assert CARD[:8] not in message.text


async def test_a_file_is_kept_whole_for_staff(inbox: Inbox, database: Database) -> None:
    await inbox.receive(an_inbound("", attachment=PHOTO))
    async with database.transaction() as session:
        kept = (await session.scalars(select(Attachment).options(undefer(Attachment.content)))).one()
    assert (kept.kind, kept.content_type, kept.file_name) == ("photo", "image/png", "吞卡.png")
    assert kept.content == PHOTO.content
    assert kept.size == len(PHOTO.content)


async def test_the_language_follows_the_customer_and_stays(inbox: Inbox, database: Database) -> None:
    await inbox.receive(an_inbound("OK", language="en"))
    assert (await the_conversation(database)).language == "en"
    await inbox.receive(an_inbound("卡被吞了", language="en"))
    assert (await the_conversation(database)).language == "zh"
    await inbox.receive(an_inbound("13800138000", language="en"))
    assert (await the_conversation(database)).language == "zh"
    await inbox.receive(an_inbound("Please answer in English"))
    assert (await the_conversation(database)).language == "en"


async def test_a_conversation_started_by_many_messages_at_once_is_one(inbox: Inbox, database: Database) -> None:
    received = await asyncio.gather(*(inbox.receive(an_inbound(str(n))) for n in range(20)))
    assert len({r.conversation_id for r in received}) == 1
    assert len(await messages(database)) == 20


async def test_whoever_shows_the_conversation_live_hears_of_the_message(
    inbox: Inbox, database: Database, clock: FakeClock
) -> None:
    conversation = await a_conversation(database, clock)
    notices = database.listen()
    assert await anext(notices) == ""
    await inbox.receive(an_inbound())
    async with asyncio.timeout(10):
        assert await anext(notices) == str(conversation.id)
    await notices.aclose()
