"""A turn: what the customer wrote since the last answer, taken together and answered once."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.clock import system_clock
from bot.conversations.handover import hand_back, take_over
from bot.conversations.inbound import Inbox
from bot.conversations.models import Author, Conversation, Holder, Message, Turn
from bot.conversations.outbound import Deliverer
from bot.conversations.rasa_client import RasaClient, RasaUnavailable
from bot.conversations.turns import Turns
from bot.database import Database
from bot.jobs import job_app
from bot.wording import wording
from bot.worker import register_jobs
from tests.builders import a_conversation, a_member_of_staff, an_inbound, jobs, messages, rooms_with, texts, until
from tests.conftest import FakeClock
from tests.integration.conversations.scripted_rasa import Does, ScriptedRasa

SAFE = wording().say("utter_message_is_safe", "zh").text


async def the_turns(database: Database) -> list[Turn]:
    async with database.transaction() as session:
        return list(await session.scalars(select(Turn).order_by(Turn.taken_at)))


async def the_conversation(database: Database) -> Conversation:
    async with database.transaction() as session:
        return (await session.scalars(select(Conversation))).one()


async def write(inbox: Inbox, *written: str, chat: str = "chat-1") -> list[int]:
    """The customer writes; the messages' ids."""
    return [(await inbox.receive(an_inbound(text, chat=chat))).message_id for text in written]


async def staff_takes_over(database: Database, clock: FakeClock, conversation_id: uuid.UUID) -> uuid.UUID:
    member = await a_member_of_staff(database, clock)
    async with database.transaction() as session:
        await take_over(session, conversation_id, member.id, username="li", shown_as="武昌支行 李经理", now=clock())
    return member.id


# ---- one statement, one answer


async def test_a_burst_is_one_turn_in_the_order_in_which_it_was_written(
    inbox: Inbox, turns: Turns, rasa: ScriptedRasa, database: Database
) -> None:
    first, second, third = await write(inbox, "我的卡", "被机器", "吞了")
    for message_id in (first, second, third):
        await turns.take(message_id)
    assert rasa.texts == ["我的卡\n被机器\n吞了"]
    assert await texts(database) == ["听到：我的卡\n被机器\n吞了"]
    assert {message.turn_id for message in await messages(database)} == {(await the_turns(database))[0].id}


async def test_a_customer_who_goes_on_writing_is_not_interrupted(
    inbox: Inbox, turns: Turns, rasa: ScriptedRasa, clock: FakeClock
) -> None:
    (first,) = await write(inbox, "我的卡")
    clock.advance(seconds=0.9)
    await write(inbox, "被吞了")
    clock.advance(seconds=0.1)
    await turns.take(first)
    assert rasa.heard == []


async def test_nobody_waits_longer_than_the_longest_wait(
    inbox: Inbox, turns: Turns, rasa: ScriptedRasa, clock: FakeClock
) -> None:
    ids: list[int] = []
    while not rasa.heard:
        ids += await write(inbox, f"第{len(ids) + 1}句")
        clock.advance(seconds=0.9)
        if len(ids) > 1:
            await turns.take(ids[-2])
        assert clock() <= FakeClock().now + timedelta(seconds=7)
    assert rasa.texts == ["\n".join(f"第{n + 1}句" for n in range(len(ids)))]


async def test_what_comes_after_a_turn_was_taken_is_the_next_turn(
    inbox: Inbox, turns: Turns, rasa: ScriptedRasa
) -> None:
    (first,) = await write(inbox, "卡被吞了")
    await turns.take(first)
    (second,) = await write(inbox, "在司门口")
    await turns.take(second)
    assert rasa.texts == ["卡被吞了", "在司门口"]


async def test_a_turn_that_is_answered_is_never_taken_again(
    inbox: Inbox, turns: Turns, rasa: ScriptedRasa, database: Database
) -> None:
    (message_id,) = await write(inbox, "卡被吞了")
    await turns.take(message_id)
    await turns.take(message_id)
    assert len(rasa.heard) == 1
    assert len(await texts(database)) == 1


async def test_the_answer_and_its_delivery_are_stored_together(inbox: Inbox, turns: Turns, database: Database) -> None:
    (message_id,) = await write(inbox, "卡被吞了")
    await turns.take(message_id)
    (answer,) = await messages(database, Author.BOT)
    (job,) = await jobs(database, "deliver")
    assert job["args"] == {"message_id": answer.id}


async def test_rasa_is_told_the_language_the_day_in_wuhan_and_the_turn(
    inbox: Inbox, turns: Turns, rasa: ScriptedRasa, database: Database, clock: FakeClock
) -> None:
    clock.advance(hours=15)  # 17:00 in UTC, 1:00 of the next day in Wuhan
    (message_id,) = await write(inbox, "My card was swallowed")
    await turns.take(message_id)
    metadata = rasa.heard[0]["metadata"]
    assert metadata["language"] == "en"
    assert metadata["today"] == "2026-11-24"
    assert metadata["turn_id"] == str((await the_turns(database))[0].id)


async def test_only_the_first_turn_of_a_conversation_is_the_first(
    inbox: Inbox, turns: Turns, rasa: ScriptedRasa
) -> None:
    for text in ("你好", "卡被吞了"):
        await turns.take((await write(inbox, text))[0])
    assert [turn["metadata"]["is_first"] for turn in rasa.heard] == [True, False]


@pytest.mark.parametrize(
    "written", ["/restart", " /restart", "\n\t/restart", "　/restart", "/complain{}", "//", "\ufeff/x"]
)
async def test_no_customer_can_speak_to_rasa_in_its_own_notation(
    written: str, inbox: Inbox, turns: Turns, rasa: ScriptedRasa
) -> None:
    await turns.take((await write(inbox, written))[0])
    assert not rasa.texts[0].strip().startswith("/")
    assert rasa.texts[0].replace("／", "/") == written


async def test_a_card_number_sent_in_pieces_is_neither_sent_on_nor_kept(
    inbox: Inbox, turns: Turns, rasa: ScriptedRasa, database: Database
) -> None:
    *_, last = await write(inbox, "6222", "0212", "3456", "7890", "128")
    await turns.take(last)
    assert rasa.texts == ["[卡号 尾号0128]"]
    async with database.transaction() as session:
        kept = list(await session.scalars(select(Message.text).where(Message.author == Author.CUSTOMER)))
    assert kept == ["••••", "••••", "••••", "••••", "•••"]


async def test_a_turn_to_which_rasa_says_nothing_is_answered_all_the_same(
    inbox: Inbox, turns: Turns, rasa: ScriptedRasa, database: Database
) -> None:
    rasa.script.append(Does.SAYS_NOTHING)
    await turns.take((await write(inbox, "嗯"))[0])
    assert await texts(database) == [wording().say("utter_still_listening", "zh").text]


async def test_a_file_without_words_is_acknowledged_and_not_sent_to_rasa(
    inbox: Inbox, turns: Turns, rasa: ScriptedRasa, database: Database
) -> None:
    await turns.take((await write(inbox, ""))[0])
    assert rasa.heard == []
    assert await texts(database) == [wording().say("utter_attachment_received", "zh").text]


async def test_what_the_bank_asked_outside_of_a_turn_is_told_to_rasa_with_the_answer_to_it(
    inbox: Inbox, turns: Turns, rasa: ScriptedRasa, database: Database, clock: FakeClock
) -> None:
    question = {"form": "rating_form", "slots": {"requested_slot": "rating"}}
    async with database.transaction() as session:
        conversation = await session.merge(await a_conversation(database, clock))
        conversation.pending_question = question
    for text in ("5", "谢谢"):
        await turns.take((await write(inbox, text))[0])
    assert [turn["asked"] for turn in rasa.heard] == [question, None]


# ---- bot and staff


async def test_while_staff_holds_the_conversation_the_bot_is_silent(
    inbox: Inbox, turns: Turns, rasa: ScriptedRasa, database: Database, clock: FakeClock
) -> None:
    conversation = await a_conversation(database, clock)
    staff_id = await staff_takes_over(database, clock, conversation.id)
    said = len(await texts(database))
    await turns.take((await write(inbox, "李经理在吗"))[0])
    assert rasa.heard == []
    assert len(await texts(database)) == said
    assert [turn.outcome for turn in await the_turns(database)] == ["left_to_staff"]

    async with database.transaction() as session:
        await hand_back(session, conversation.id, staff_id, username="li", shown_as="李经理", now=clock())
    await turns.take((await write(inbox, "还有一件事"))[0])
    assert rasa.texts == ["还有一件事"]


async def test_a_person_who_comes_in_while_the_answer_is_made_is_not_talked_over(
    inbox: Inbox, turns: Turns, rasa: ScriptedRasa, database: Database, clock: FakeClock
) -> None:
    rasa.script.append(Does.HANGS)
    (message_id,) = await write(inbox, "人呢")
    taking = asyncio.create_task(turns.take(message_id))
    await asyncio.wait_for(rasa.reached.wait(), 10)
    await staff_takes_over(database, clock, (await the_conversation(database)).id)
    rasa.go_on.set()
    await taking
    assert await texts(database) == [wording().say("utter_staff_arrives", "zh", staff="武昌支行 李经理").text]
    assert [turn.outcome for turn in await the_turns(database)] == ["left_to_staff"]


# ---- after a crash


async def test_a_turn_taken_again_finds_the_answer_that_rasa_has_given(
    inbox: Inbox, turns: Turns, rasa: ScriptedRasa, database: Database
) -> None:
    rasa.script.append(Does.ANSWERS_TOO_LATE)
    (message_id,) = await write(inbox, "卡被吞了")
    dying = asyncio.create_task(turns.take(message_id))
    await asyncio.wait_for(rasa.reached.wait(), 10)
    dying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying

    await turns.take(message_id)
    assert len(rasa.heard) == 1
    assert await texts(database) == ["听到：卡被吞了"]


async def test_two_workers_that_hold_the_same_turn_answer_it_once(
    inbox: Inbox, turns: Turns, rasa: ScriptedRasa, database: Database
) -> None:
    """A worker taken for dead (its machine slept) may come back after its turn was taken over."""
    rasa.script.append(Does.HANGS)
    (message_id,) = await write(inbox, "卡被吞了")
    sleeper = asyncio.create_task(turns.take(message_id))
    await asyncio.wait_for(rasa.reached.wait(), 10)
    await turns.take(message_id)
    rasa.go_on.set()
    await sleeper
    assert await texts(database) == ["听到：卡被吞了"]


# ---- rasa away


@pytest.mark.parametrize("does", [Does.REFUSES, Does.BREAKS_OFF, Does.TALKS_NONSENSE])
async def test_rasa_in_trouble_means_try_again(
    does: Does, inbox: Inbox, turns: Turns, rasa: ScriptedRasa, database: Database
) -> None:
    rasa.script.append(does)
    (message_id,) = await write(inbox, "卡被吞了")
    with pytest.raises(RasaUnavailable):
        await turns.take(message_id)
    assert await texts(database) == []
    await turns.take(message_id)
    assert await texts(database) == ["听到：卡被吞了"]


async def test_without_rasa_the_customer_hears_once_that_the_message_is_safe_and_staff_is_called(
    inbox: Inbox, turns: Turns, rasa: ScriptedRasa, database: Database, clock: FakeClock
) -> None:
    rasa.is_away = True
    (message_id,) = await write(inbox, "卡被吞了")
    for _ in range(8):
        with pytest.raises(RasaUnavailable):
            await turns.take(message_id)
        assert await texts(database) == ([] if clock() < FakeClock().now + timedelta(seconds=5) else [SAFE])
        clock.advance(seconds=1)
    conversation = await the_conversation(database)
    assert conversation.holder is Holder.QUEUE
    assert conversation.handover_reason == "assistant_down"

    rasa.is_away = False
    await turns.take(message_id)
    assert await texts(database) == [SAFE, "听到：卡被吞了"]
    assert (await the_conversation(database)).told_safe_at is None


async def test_an_answer_that_takes_too_long_is_no_answer(
    inbox: Inbox, turns: Turns, rasa: ScriptedRasa, database: Database, clock: FakeClock
) -> None:
    impatient = Turns(
        database=database,
        rasa=RasaClient(rasa.url, "the tests' token", timeout=0.1),
        clock=clock,
        quiet_window=turns.quiet_window,
        longest_wait=turns.longest_wait,
        patience=timedelta(0),
    )
    rasa.script.append(Does.HANGS)
    (message_id,) = await write(inbox, "卡被吞了")
    with pytest.raises(RasaUnavailable):
        await impatient.take(message_id)
    assert await texts(database) == [SAFE]
    await impatient.rasa.close()


# ---- with the real job queue


@asynccontextmanager
async def working(database: Database, rasa_client: RasaClient) -> AsyncIterator[Inbox]:
    """A worker in this process, and the inbox before it."""
    turns = Turns(
        database=database,
        rasa=rasa_client,
        clock=system_clock,
        quiet_window=timedelta(seconds=0.2),
        longest_wait=timedelta(seconds=6),
        patience=timedelta(seconds=0.3),
    )
    deliverer = Deliverer(database, {}, system_clock)
    app = job_app(database.url)
    register_jobs(app, rooms_with(database, turns=turns, deliverer=deliverer))
    async with app.open_async():
        worker = asyncio.create_task(
            app.run_worker_async(
                concurrency=10,
                fetch_job_polling_interval=0.05,
                install_signal_handlers=False,
                shutdown_graceful_timeout=1,
            )
        )
        try:
            yield Inbox(database, system_clock, turns.quiet_window)
        finally:
            worker.cancel()
            await asyncio.wait([worker])


async def test_conversations_do_not_wait_for_each_other(
    database: Database, rasa: ScriptedRasa, rasa_client: RasaClient
) -> None:
    async with working(database, rasa_client) as inbox:
        rasa.script.append(Does.HANGS)
        await write(inbox, "我先来", chat="slow")
        await asyncio.wait_for(rasa.reached.wait(), 15)
        await write(inbox, "我后到", chat="quick")
        await until(lambda: has_said(database, ["听到：我后到"], "quick"))
        assert await texts(database, chat="slow") == []
        rasa.go_on.set()
        await until(lambda: has_said(database, ["听到：我先来"], "slow"))


async def test_the_turns_of_a_conversation_stay_in_order_through_failures(
    database: Database, rasa: ScriptedRasa, rasa_client: RasaClient
) -> None:
    async with working(database, rasa_client) as inbox:
        rasa.script += [Does.REFUSES, Does.REFUSES]
        await write(inbox, "第一句")
        await asyncio.wait_for(rasa.reached.wait(), 15)
        await write(inbox, "第二句")
        await until(lambda: has_said(database, ["听到：第一句", "听到：第二句"], "chat-1", besides=SAFE))
        assert rasa.texts == ["第一句", "第一句", "第一句", "第二句"]


async def test_a_turn_is_answered_when_rasa_is_back(
    database: Database, rasa: ScriptedRasa, rasa_client: RasaClient
) -> None:
    async with working(database, rasa_client) as inbox:
        rasa.is_away = True
        await write(inbox, "卡被吞了")
        await until(lambda: has_said(database, [SAFE], "chat-1"))
        rasa.is_away = False
        await until(lambda: has_said(database, [SAFE, "听到：卡被吞了"], "chat-1"))


async def has_said(database: Database, expected: list[str], chat: str, *, besides: str = "") -> bool:
    return [text for text in await texts(database, chat=chat) if text != besides] == expected
