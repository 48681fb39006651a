"""A reply can be undone for a moment, or is for later; until it goes out the customer knows nothing of it."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot.clock import system_clock
from bot.complaints.checklist import Tick
from bot.complaints.learn import LearnStep
from bot.complaints.models import LearnEntry
from bot.conversations.handover import CustomerWroteMeanwhile, HeldBySomeoneElse, hand_back, reply, take_over
from bot.conversations.inbound import Inbox
from bot.conversations.models import Author, Conversation, HeldReply, Holder, Note
from bot.conversations.replies import (
    LATEST,
    HeldReplies,
    NoSuchTime,
    NotHeldAnyMore,
    change,
    reply_later,
    reply_undoably,
    send_now,
    take_back,
)
from bot.conversations.returning import UnansweredWatch, release_all_of
from bot.conversations.transfer import Receiver, transfer_to_colleague, transfer_to_queue
from bot.database import Database
from bot.jobs import job_app
from bot.staff.models import StaffMember
from bot.worker import register_jobs
from tests.builders import (
    a_complaint,
    a_conversation,
    a_member_of_staff,
    an_inbound,
    audit_trail,
    jobs,
    rooms_with,
    texts,
    until,
)
from tests.conftest import FakeClock

FIVE_SECONDS = timedelta(seconds=5)
TOMORROW = timedelta(hours=21)


@pytest.fixture
async def li(database: Database, clock: FakeClock) -> StaffMember:
    return await a_member_of_staff(database, clock, "li")


@pytest.fixture
async def conversation(database: Database, clock: FakeClock, li: StaffMember) -> Conversation:
    """One that 李经理 holds."""
    conversation = await a_conversation(database, clock)
    async with database.transaction() as session:
        await take_over(session, conversation.id, li.id, username="li", shown_as="李经理", now=clock())
    return conversation


@pytest.fixture
def sender(database: Database, clock: FakeClock) -> HeldReplies:
    return HeldReplies(database, clock)


@pytest.fixture
def desk(database: Database, clock: FakeClock, conversation: Conversation, li: StaffMember) -> "Writer":
    return Writer(database, clock, conversation.id, li.id)


class Writer:
    """李经理 at the desk, in one transaction for each act."""

    def __init__(self, database: Database, clock: FakeClock, conversation_id: uuid.UUID, staff_id: uuid.UUID) -> None:
        self.database, self.clock, self.conversation_id, self.staff_id = database, clock, conversation_id, staff_id

    async def writes(self, text: str, seen: int | None = None, ticks: Sequence[Tick] = ()) -> int:
        async with self.database.transaction() as session:
            held = await reply_undoably(
                session,
                self.conversation_id,
                self.staff_id,
                text,
                undo_for=FIVE_SECONDS,
                now=self.clock(),
                seen=seen,
                ticks=ticks,
            )
            return held.id

    async def writes_for(self, send_at: datetime, text: str) -> int:
        async with self.database.transaction() as session:
            held = await reply_later(
                session, self.conversation_id, self.staff_id, text, send_at=send_at, username="li", now=self.clock()
            )
            return held.id

    async def takes_back(self, reply_id: int) -> str:
        async with self.database.transaction() as session:
            reply = await take_back(
                session, self.conversation_id, self.staff_id, reply_id, username="li", now=self.clock()
            )
            return reply.text

    async def sends_now(self, reply_id: int) -> None:
        async with self.database.transaction() as session:
            await send_now(session, self.conversation_id, self.staff_id, reply_id, now=self.clock())

    async def changes(self, reply_id: int, text: str) -> None:
        async with self.database.transaction() as session:
            await change(session, self.conversation_id, self.staff_id, reply_id, text, username="li", now=self.clock())


async def run_due(database: Database, sender: HeldReplies, now: datetime) -> None:
    """Do what the jobs whose time has come would do."""
    for job in await jobs(database, "send_held"):
        if job["scheduled_at"] <= now:
            await sender.send_due(uuid.UUID(job["args"]["conversation_id"]), job["args"]["reply_id"])


async def sent(database: Database) -> list[str]:
    return await texts(database, Author.STAFF)


async def held(database: Database) -> list[str]:
    async with database.transaction() as session:
        return list(await session.scalars(select(HeldReply.text).order_by(HeldReply.id)))


async def apologies(database: Database) -> list[tuple[str, str, datetime]]:
    query = select(LearnEntry).where(LearnEntry.step == LearnStep.APOLOGISE)
    async with database.transaction() as session:
        return [(row.what, row.by, row.done_at) for row in await session.scalars(query)]


async def notes(database: Database) -> list[tuple[str, bool]]:
    async with database.transaction() as session:
        return [(note.text, note.is_unsent_reply) for note in await session.scalars(select(Note).order_by(Note.id))]


async def holder(database: Database, conversation: Conversation) -> Holder:
    async with database.transaction() as session:
        return (await session.get_one(Conversation, conversation.id)).holder


async def test_a_reply_goes_out_once_it_can_no_longer_be_undone(
    database: Database, desk: Writer, sender: HeldReplies, clock: FakeClock
) -> None:
    await desk.writes("马上查")
    clock.advance(seconds=4)
    await run_due(database, sender, clock())
    assert await sent(database) == []
    clock.advance(seconds=1)
    for _ in range(2):  # a job that is taken over from a dead worker runs again
        await run_due(database, sender, clock())
    assert await sent(database) == ["马上查"]
    assert await held(database) == []


async def test_replies_keep_their_order_whichever_job_comes_first(
    database: Database, desk: Writer, sender: HeldReplies, clock: FakeClock
) -> None:
    await desk.writes("一")
    clock.advance(seconds=1)
    second = await desk.writes("二")
    clock.advance(minutes=1)
    await sender.send_due(desk.conversation_id, second)
    assert await sent(database) == ["一", "二"]


async def test_an_undone_reply_never_goes_out(
    database: Database, desk: Writer, sender: HeldReplies, clock: FakeClock, conversation: Conversation
) -> None:
    reply_id = await desk.writes("写错了")
    assert await desk.takes_back(reply_id) == "写错了"
    clock.advance(minutes=1)
    await run_due(database, sender, clock())
    assert await sent(database) == []
    assert (await audit_trail(database, str(conversation.id)))[-1] == "staff:li: take_back_reply"


async def test_what_has_gone_out_can_neither_be_undone_nor_changed(
    database: Database, desk: Writer, sender: HeldReplies, clock: FakeClock
) -> None:
    reply_id = await desk.writes("马上查")
    await desk.sends_now(reply_id)
    for attempt in (desk.takes_back(reply_id), desk.sends_now(reply_id), desk.changes(reply_id, "别的")):
        with pytest.raises(NotHeldAnyMore):
            await attempt
    clock.advance(minutes=1)
    await run_due(database, sender, clock())
    assert await sent(database) == ["马上查"]


async def test_a_colleague_cannot_touch_it(
    database: Database, desk: Writer, clock: FakeClock, conversation: Conversation
) -> None:
    reply_id = await desk.writes("马上查")
    wang = await a_member_of_staff(database, clock, "wang")
    async with database.transaction() as session:
        with pytest.raises(HeldBySomeoneElse):
            await send_now(session, conversation.id, wang.id, reply_id, now=clock())


async def test_a_reply_of_another_conversation_is_not_found(database: Database, desk: Writer, clock: FakeClock) -> None:
    reply_id = await desk.writes("马上查")
    other = await a_conversation(database, clock, chat="chat-2")
    async with database.transaction() as session:
        await take_over(session, other.id, desk.staff_id, username="li", shown_as="李经理", now=clock())
        with pytest.raises(NotHeldAnyMore):
            await take_back(session, other.id, desk.staff_id, reply_id, username="li", now=clock())


async def test_a_reply_written_before_the_customers_last_words_is_not_even_held(
    database: Database, desk: Writer, inbox: Inbox
) -> None:
    first = await inbox.receive(an_inbound("还在吗"))
    await inbox.receive(an_inbound("我急"))
    with pytest.raises(CustomerWroteMeanwhile):
        await desk.writes("在的", seen=first.message_id)


async def test_a_reply_for_tomorrow_goes_out_tomorrow_as_it_was_changed(
    database: Database, desk: Writer, sender: HeldReplies, clock: FakeClock, inbox: Inbox, conversation: Conversation
) -> None:
    await inbox.receive(an_inbound("明天能好吗"))
    reply_id = await desk.writes_for(clock() + TOMORROW, "卡已取出")
    clock.advance(hours=1)
    await desk.changes(reply_id, "卡已取出，请带身份证来取")
    await run_due(database, sender, clock())
    assert await sent(database) == []
    clock.advance(hours=20)
    await run_due(database, sender, clock())
    assert await sent(database) == ["卡已取出，请带身份证来取"]
    trail = await audit_trail(database, str(conversation.id))
    assert trail[-2:] == ["staff:li: schedule_reply", "staff:li: change_reply"]


async def test_a_reply_for_later_that_the_customer_crossed_waits_until_the_person_confirms_it(
    database: Database, desk: Writer, sender: HeldReplies, clock: FakeClock, inbox: Inbox
) -> None:
    reply_id = await desk.writes_for(clock() + TOMORROW, "请明天来取卡")
    await inbox.receive(an_inbound("机器又把卡吐出来了"))
    clock.advance(hours=22)
    await run_due(database, sender, clock())
    assert (await sent(database), await held(database)) == ([], ["请明天来取卡"])
    await desk.sends_now(reply_id)
    assert await sent(database) == ["请明天来取卡"]


async def test_a_reply_that_can_still_be_undone_goes_out_though_the_customer_writes_on(
    database: Database, desk: Writer, sender: HeldReplies, clock: FakeClock, inbox: Inbox
) -> None:
    await desk.writes("在的")
    await inbox.receive(an_inbound("急"))
    clock.advance(seconds=5)
    await run_due(database, sender, clock())
    assert await sent(database) == ["在的"]


@pytest.mark.parametrize("wait", [timedelta(0), timedelta(seconds=-1), LATEST + timedelta(seconds=1)])
async def test_nothing_is_sent_in_the_past_or_in_a_far_future(desk: Writer, clock: FakeClock, wait: timedelta) -> None:
    with pytest.raises(NoSuchTime):
        await desk.writes_for(clock() + wait, "好")


async def test_a_job_that_comes_before_its_time_is_scheduled_again(
    database: Database, desk: Writer, sender: HeldReplies, clock: FakeClock
) -> None:
    due_at = clock() + FIVE_SECONDS
    reply_id = await desk.writes("马上查")
    await sender.send_due(desk.conversation_id, reply_id)
    assert [job["scheduled_at"] for job in await jobs(database, "send_held")] == [due_at, due_at]


async def leaves_by_handing_back(database: Database, desk: Writer, now: datetime) -> None:
    async with database.transaction() as session:
        await hand_back(session, desk.conversation_id, desk.staff_id, username="li", shown_as="李经理", now=now)


async def leaves_by_passing_on(database: Database, desk: Writer, now: datetime) -> None:
    zhao = await a_member_of_staff(database, lambda: now, "zhao")
    receiver = Receiver(zhao.id, "zhao", "赵主任")
    async with database.transaction() as session:
        await transfer_to_colleague(session, desk.conversation_id, desk.staff_id, receiver, username="li", now=now)


async def leaves_to_the_queue(database: Database, desk: Writer, now: datetime) -> None:
    async with database.transaction() as session:
        await transfer_to_queue(session, desk.conversation_id, desk.staff_id, "要会英文的", username="li", now=now)


async def leaves_the_desk(database: Database, desk: Writer, now: datetime) -> None:
    async with database.transaction() as session:
        await release_all_of(session, desk.staff_id, why="signed_out", now=now)


@pytest.mark.parametrize("leave", [leaves_by_handing_back, leaves_by_passing_on, leaves_to_the_queue, leaves_the_desk])
async def test_what_had_not_gone_out_when_its_writer_left_is_a_note(
    database: Database, desk: Writer, sender: HeldReplies, clock: FakeClock, leave
) -> None:
    await desk.writes_for(clock() + TOMORROW, "明天来电，卡号 6222021234567890128")
    await leave(database, desk, clock())
    clock.advance(hours=22)
    await run_due(database, sender, clock())
    assert await sent(database) == []
    (unsent,) = [text for text, is_unsent in await notes(database) if is_unsent]
    assert unsent.startswith("明天来电") and "6222021234567890128" not in unsent


@pytest.mark.parametrize("leave", [leaves_by_handing_back, leaves_by_passing_on, leaves_to_the_queue, leaves_the_desk])
async def test_an_answer_that_could_still_be_undone_goes_out_when_its_writer_leaves(
    database: Database, desk: Writer, sender: HeldReplies, clock: FakeClock, leave
) -> None:
    await desk.writes("卡在网点，请带身份证来取")
    await leave(database, desk, clock())
    clock.advance(seconds=5)
    await run_due(database, sender, clock())
    assert await sent(database) == ["卡在网点，请带身份证来取"]
    assert await held(database) == []


async def test_numbers_that_nobody_may_keep_are_masked_while_a_reply_is_held_and_when_it_is_changed(
    database: Database, desk: Writer, clock: FakeClock
) -> None:
    reply_id = await desk.writes_for(clock() + TOMORROW, "您的卡号是6222021234567890128")
    assert "6222021234567890128" not in (await held(database))[0]
    await desk.changes(reply_id, "卡号6222021234567890128，请核对")
    assert "6222021234567890128" not in (await held(database))[0]


async def test_a_canned_reply_takes_its_step_when_it_goes_out_and_none_when_it_is_undone(
    database: Database, desk: Writer, sender: HeldReplies, clock: FakeClock, conversation: Conversation
) -> None:
    async with database.transaction() as session:
        complaint = await a_complaint(session, conversation, clock=clock)
    apology = Tick(complaint.id, LearnStep.APOLOGISE, "reply house:sorry_for_wait", "staff:li")
    undone = await desk.writes("让您久等，对不起。", ticks=[apology])
    await desk.takes_back(undone)
    assert await apologies(database) == []
    await desk.writes("让您久等了，对不起。", ticks=[apology])
    clock.advance(seconds=5)
    await run_due(database, sender, clock())
    assert await apologies(database) == [("reply house:sorry_for_wait", "staff:li", clock())]


async def test_a_reply_whose_writer_no_longer_holds_the_chat_is_not_sent_blind(
    database: Database, desk: Writer, sender: HeldReplies, clock: FakeClock, conversation: Conversation
) -> None:
    reply_id = await desk.writes("马上查")
    async with database.transaction() as session:  # on a way that forgets what is held
        (await session.get_one(Conversation, conversation.id)).holder = Holder.BOT
    clock.advance(seconds=5)
    await sender.send_due(conversation.id, reply_id)
    assert await sent(database) == []
    assert await notes(database) == [("马上查", True)]


async def test_a_held_reply_is_an_answer_and_one_taken_back_is_none(
    database: Database, desk: Writer, clock: FakeClock, inbox: Inbox, conversation: Conversation
) -> None:
    watch = UnansweredWatch(database, clock, timedelta(minutes=5))
    received = await inbox.receive(an_inbound("还在吗"))
    clock.advance(minutes=5)
    reply_id = await desk.writes("在的")
    await watch.look(conversation.id, received.message_id)
    assert await holder(database, conversation) is Holder.STAFF
    await desk.takes_back(reply_id)
    again = (await jobs(database, "return_unanswered"))[-1]
    assert again["args"]["message_id"] == received.message_id
    assert again["scheduled_at"] == clock() + timedelta(minutes=1)
    clock.advance(minutes=1)
    await watch.look(conversation.id, received.message_id)
    assert await holder(database, conversation) is Holder.QUEUE


async def test_a_reply_for_later_answers_only_what_its_writer_had_seen(
    database: Database, desk: Writer, clock: FakeClock, inbox: Inbox, conversation: Conversation
) -> None:
    watch = UnansweredWatch(database, clock, timedelta(minutes=5))
    await desk.writes_for(clock() + TOMORROW, "请明天来取卡")
    received = await inbox.receive(an_inbound("今天就要"))
    clock.advance(minutes=5)
    await watch.look(conversation.id, received.message_id)
    assert await holder(database, conversation) is Holder.QUEUE
    assert await notes(database) == [("请明天来取卡", True)]


@asynccontextmanager
async def working(database: Database, sender: HeldReplies) -> AsyncIterator[None]:
    """A worker in this process."""
    app = job_app(database.url)
    register_jobs(app, rooms_with(database, held_replies=sender))
    async with app.open_async():
        worker = asyncio.create_task(
            app.run_worker_async(
                fetch_job_polling_interval=0.05,
                concurrency=4,
                install_signal_handlers=False,
                shutdown_graceful_timeout=1,
            )
        )
        try:
            yield
        finally:
            worker.cancel()
            await asyncio.wait([worker])


async def test_the_worker_sends_it_and_what_waits_for_tomorrow_holds_up_nothing(
    database: Database, desk: Writer, conversation: Conversation
) -> None:
    desk.clock = system_clock  # type: ignore[assignment]
    await desk.writes_for(system_clock() + TOMORROW, "明天见")
    async with working(database, HeldReplies(database, system_clock)):
        async with database.transaction() as session:
            await reply_undoably(
                session,
                conversation.id,
                desk.staff_id,
                "马上查",
                undo_for=timedelta(seconds=0.3),
                now=system_clock(),
            )
            await reply(session, conversation.id, desk.staff_id, "请稍等", now=system_clock())

        async def both_are_out() -> bool:
            return len(await sent(database)) == 2

        await until(both_are_out)
    assert await sent(database) == ["请稍等", "马上查"]
    assert await held(database) == ["明天见"]
