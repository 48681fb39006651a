"""Deliveries: each message reaches its customer once, in order, and is tried until it does or never can."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from procrastinate.jobs import Job as QueuedJob
from procrastinate.retry import RetryDecision

from bot.clock import system_clock
from bot.conversations.channel import Undeliverable
from bot.conversations.models import Conversation, Delivery, Holder, Message
from bot.conversations.outbound import Deliverer, say
from bot.database import Database
from bot.jobs import job_app
from bot.wording import Saying
from bot.worker import BackOff, register_jobs
from tests.builders import a_conversation, jobs, messages, rooms_with, until
from tests.conftest import FakeClock


@dataclass
class FlakyChannel:
    """A channel whose next deliveries go wrong as the test says."""

    name: str = "webchat"
    troubles: list[Exception] = field(default_factory=list)
    carried: list[str] = field(default_factory=list)
    typing_shown: int = 0

    async def deliver(self, conversation: Conversation, message: Message) -> None:
        """Carry one message, or fail."""
        if self.troubles:
            raise self.troubles.pop(0)
        self.carried.append(message.text)

    async def show_typing(self, conversation: Conversation) -> None:
        """Count it."""
        self.typing_shown += 1


class NotNow(Exception):
    """The other side says when to come back."""

    retry_after = timedelta(seconds=0.1)


@pytest.fixture
def channel() -> FlakyChannel:
    return FlakyChannel()


@pytest.fixture
def deliverer(database: Database, channel: FlakyChannel, clock: FakeClock) -> Deliverer:
    return Deliverer(database, {"webchat": channel}, clock)


async def the_bank_says(database: Database, clock: FakeClock, *said: str, chat: str = "chat-1") -> list[int]:
    """Messages to a customer; their ids."""
    conversation = await a_conversation(database, clock, chat=chat)
    async with database.transaction() as session:
        return [(await say(session, conversation, Saying(text), now=clock())).id for text in said]


@asynccontextmanager
async def delivering(database: Database, deliverer: Deliverer) -> AsyncIterator[None]:
    """A worker in this process that only delivers."""
    app = job_app(database.url)
    rooms = rooms_with(database, deliverer=deliverer)
    register_jobs(app, rooms)
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


async def test_a_delivered_message_says_when(
    database: Database, deliverer: Deliverer, channel: FlakyChannel, clock: FakeClock
) -> None:
    (message_id,) = await the_bank_says(database, clock, "您好")
    clock.advance(seconds=3)
    await deliverer.deliver(message_id)
    (message,) = await messages(database)
    assert message.delivery is Delivery.DELIVERED
    assert message.delivered_at == clock()
    assert channel.carried == ["您好"]


async def test_a_message_is_carried_once_though_its_job_runs_twice(
    database: Database, deliverer: Deliverer, channel: FlakyChannel, clock: FakeClock
) -> None:
    (message_id,) = await the_bank_says(database, clock, "您好")
    await deliverer.deliver(message_id)
    await deliverer.deliver(message_id)
    assert channel.carried == ["您好"]


async def test_a_message_that_can_never_arrive_is_marked_and_left(
    database: Database, deliverer: Deliverer, channel: FlakyChannel, clock: FakeClock
) -> None:
    channel.troubles = [Undeliverable("blocked by the customer")]
    (message_id,) = await the_bank_says(database, clock, "您好")
    await deliverer.deliver(message_id)
    await deliverer.deliver(message_id)
    assert [message.delivery for message in await messages(database)] == [Delivery.UNDELIVERABLE]
    assert channel.carried == []


async def test_a_failed_delivery_leaves_the_message_waiting(
    database: Database, deliverer: Deliverer, channel: FlakyChannel, clock: FakeClock
) -> None:
    channel.troubles = [ConnectionError("no network")]
    (message_id,) = await the_bank_says(database, clock, "您好")
    with pytest.raises(ConnectionError):
        await deliverer.deliver(message_id)
    assert [message.delivery for message in await messages(database)] == [Delivery.PENDING]


async def test_a_saying_that_is_not_committed_is_not_delivered(database: Database, clock: FakeClock) -> None:
    conversation = await a_conversation(database, clock)
    with pytest.raises(RuntimeError):
        async with database.transaction() as session:
            await say(session, conversation, Saying("您好"), now=clock())
            raise RuntimeError("the use case failed")
    assert await messages(database) == []
    assert await jobs(database, "deliver") == []


async def test_deliveries_are_tried_again_and_keep_their_order(
    database: Database, deliverer: Deliverer, channel: FlakyChannel, clock: FakeClock
) -> None:
    channel.troubles = [ConnectionError("no network"), NotNow()]
    async with delivering(database, deliverer):
        await the_bank_says(database, clock, "一", "二", "三")
        await until(lambda: all_settled(database))
    assert channel.carried == ["一", "二", "三"]


async def test_what_can_never_arrive_does_not_stop_what_comes_after(
    database: Database, deliverer: Deliverer, channel: FlakyChannel, clock: FakeClock
) -> None:
    channel.troubles = [Undeliverable("no such photo")]
    async with delivering(database, deliverer):
        await the_bank_says(database, clock, "一", "二")
        await until(lambda: all_settled(database))
    assert channel.carried == ["二"]


@pytest.mark.parametrize(
    ("holder", "seconds_later", "shown"),
    [(Holder.STAFF, 5, True), (Holder.STAFF, 6, False), (Holder.BOT, 0, False), (Holder.QUEUE, 0, False)],
)
async def test_typing_is_shown_only_while_it_is_true(
    database: Database, deliverer: Deliverer, channel: FlakyChannel, clock: FakeClock, holder: Holder,
    seconds_later: int, shown: bool,
) -> None:  # fmt: skip
    conversation = await a_conversation(database, clock)
    async with database.transaction() as session:
        (await session.get_one(Conversation, conversation.id)).holder = holder
    typed_at = clock()
    clock.advance(seconds=seconds_later)
    await deliverer.show_typing(conversation.id, typed_at)
    assert channel.typing_shown == shown


async def all_settled(database: Database) -> bool:
    stored = await messages(database)
    return bool(stored) and all(message.delivery is not Delivery.PENDING for message in stored)


def again_in(error: Exception, attempts: int, ceiling: float = 300) -> float:
    """Seconds until the next try."""
    job = QueuedJob(id=1, queue="default", lock=None, queueing_lock=None, task_name="deliver", attempts=attempts)
    before = system_clock()
    decision = BackOff(ceiling).get_retry_decision(exception=error, job=job)
    assert isinstance(decision, RetryDecision)
    assert decision.retry_at is not None
    return round((decision.retry_at - before).total_seconds(), 1)


def test_tries_are_further_and_further_apart_up_to_a_ceiling_and_never_end() -> None:
    assert [again_in(ConnectionError(), n) for n in (0, 1, 2, 3, 9, 10, 10_000)] == [0.5, 1, 2, 4, 256, 300, 300]
    assert again_in(ConnectionError(), 10_000, ceiling=5) == 5


def test_the_other_side_may_say_when_to_try_again() -> None:
    assert again_in(NotNow(), 9) == 0.1
