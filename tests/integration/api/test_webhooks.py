"""Webhooks: events reach a real server signed, again after failures, nowhere that is not allowed, and none is lost."""

import asyncio
import os
import signal
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.api.events import LEASE, Publisher
from bot.api.kinds import EventKind
from bot.api.models import Webhook
from bot.api.tokens import Scope
from bot.api.webhooks import (
    FAILURES_UNTIL_OFF,
    Allowed,
    AlreadyThere,
    HostNotAllowed,
    Sender,
    add_webhook,
    remove_webhook,
    secret_of,
    switch_on,
    webhook_for,
)
from bot.audit import record
from bot.clock import Clock, system_clock
from bot.complaints.models import Complaint
from bot.database import Database
from bot.settings import ROOT, Settings
from tests.builders import a_complaint, a_conversation, audit_trail, jobs, until
from tests.conftest import FakeClock
from tests.integration.api.conftest import Caller
from tests.integration.api.receiver import Receiver, receiving
from tests.integration.api.test_tokens import is_problem

KEY = "the tests' key"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as listening:
        yield listening


@pytest.fixture
def config(receiver: Receiver, tmp_path: Path) -> Settings:
    return Settings(webhook_hosts=f"crm.bank.example {receiver.host}", secret_key=KEY, var_dir=tmp_path)  # type: ignore[arg-type]


@pytest.fixture
def sender(database: Database, clock: FakeClock, config: Settings) -> Sender:
    return Sender(database, clock, config, answer_within=1.0)


@pytest.fixture
async def webhook(database: Database, clock: FakeClock, receiver: Receiver, config: Settings) -> Webhook:
    return await a_webhook(database, clock, receiver.url, config)


async def a_webhook(
    database: Database,
    clock: Clock,
    url: str,
    config: Settings,
    *,
    unit_code: str = "HB",
    kinds: frozenset[EventKind] = frozenset(EventKind),
) -> Webhook:
    async with database.transaction() as session:
        return await add_webhook(
            session,
            url=url,
            kinds=kinds,
            unit_code=unit_code,
            allowed=Allowed.by(config),
            created_by="system",
            now=clock(),
        )


async def something_happens(database: Database, clock: Clock, *, times: int = 1) -> Complaint:
    """A complaint is opened, and as many events as asked for are published."""
    conversation = await a_conversation(database, clock)
    async with database.transaction() as session:
        complaint = await a_complaint(session, conversation, clock=clock)
        for _ in range(times - 1):
            record(session, at=clock(), actor="customer", action="rate", subject=complaint.number)
    await Publisher(database, clock).publish()
    return complaint


async def now_is(database: Database, webhook: Webhook) -> Webhook:
    async with database.transaction() as session:
        return await session.get_one(Webhook, webhook.id)


async def test_an_event_arrives_signed_with_its_id_and_without_personal_data(
    database: Database, clock: FakeClock, sender: Sender, webhook: Webhook, receiver: Receiver, config: Settings
) -> None:
    complaint = await something_happens(database, clock)
    await sender.send_events(webhook.id)
    (received,) = receiver.received
    assert received.is_signed_with(secret_of(webhook.id, config))
    assert not received.is_signed_with(secret_of(uuid.uuid4(), config))
    assert received.event_id == str(received.document["id"])
    assert f"t={int(clock().timestamp())}," in received.headers["Tingsu-Signature"]
    assert set(received.document) == {"id", "kind", "at", "number", "tier", "state"}
    assert received.document["number"] == complaint.number


async def test_a_failure_is_tried_again_later_and_holds_back_what_follows(
    database: Database, clock: FakeClock, sender: Sender, webhook: Webhook, receiver: Receiver
) -> None:
    receiver.script = [500, 200]
    await something_happens(database, clock, times=3)
    await sender.send_events(webhook.id)
    assert len(receiver.received) == 1
    after = await now_is(database, webhook)
    assert (after.failure_count, after.last_failure) == (1, "status_500")
    assert after.next_try_at == clock() + timedelta(seconds=5)

    await Publisher(database, clock).publish()
    assert len(await jobs(database, "send_events")) == 1, "nothing is enqueued before its time"
    clock.advance(seconds=5)
    await Publisher(database, clock).publish()
    assert len(await jobs(database, "send_events")) == 2
    await sender.send_events(webhook.id)
    ids = [received.event_id for received in receiver.received]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert (await now_is(database, webhook)).failure_count == 0


@pytest.mark.parametrize(("answer", "fault"), [(None, "no_answer"), (302, "status_302"), (404, "status_404")])
async def test_no_answer_and_a_redirect_are_failures(
    answer: int | None,
    fault: str,
    database: Database,
    clock: FakeClock,
    sender: Sender,
    webhook: Webhook,
    receiver: Receiver,
) -> None:
    receiver.script = [answer]
    await something_happens(database, clock)
    await sender.send_events(webhook.id)
    assert (await now_is(database, webhook)).last_failure == fault
    assert [received.path for received in receiver.received] == ["/tingsu"], "a redirect is not followed"


async def test_an_address_where_nobody_listens_is_a_failure(
    database: Database, clock: FakeClock, config: Settings, receiver: Receiver
) -> None:
    dead = Settings(webhook_hosts="127.0.0.1:9", secret_key=KEY, var_dir=config.var_dir)  # type: ignore[arg-type]
    webhook = await a_webhook(database, clock, "http://127.0.0.1:9/", dead)
    await something_happens(database, clock)
    await Sender(database, clock, dead).send_events(webhook.id)
    assert (await now_is(database, webhook)).last_failure == "ConnectError"


async def test_after_three_days_of_failures_a_webhook_is_switched_off_and_can_be_switched_on(
    database: Database, clock: FakeClock, sender: Sender, webhook: Webhook, receiver: Receiver
) -> None:
    began_at = clock()
    receiver.script = [500] * FAILURES_UNTIL_OFF
    await something_happens(database, clock)
    for _ in range(FAILURES_UNTIL_OFF):
        await sender.send_events(webhook.id)
        clock.now = (await now_is(database, webhook)).next_try_at or clock.now
    assert timedelta(days=2.9) < clock() - began_at < timedelta(days=3.2)
    assert not (await now_is(database, webhook)).is_active
    assert (await audit_trail(database, f"webhook:{webhook.id}"))[-1] == "system: switch_webhook_off"
    enqueued = len(await jobs(database, "send_events"))
    await Publisher(database, clock).publish()
    await sender.send_events(webhook.id)
    assert len(await jobs(database, "send_events")) == enqueued
    assert len(receiver.received) == FAILURES_UNTIL_OFF

    async with database.transaction() as session:
        found = await webhook_for(session, webhook.id, "HB")
        await switch_on(session, found, actor="system", now=clock())
    await Publisher(database, clock).publish()
    await sender.send_events(webhook.id)
    assert len({received.event_id for received in receiver.received}) == 1
    assert (await now_is(database, webhook)).failure_count == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://crm.bank.example.evil.example/",
        "http://crm.bank.example@evil.example/",
        "http://evil.example#@crm.bank.example/",
        "http://evil.example\\@crm.bank.example/",
        "http://crm.bank.example:8080/",
        "http://user@crm.bank.example/",
        "file:///etc/passwd",
        "gopher://crm.bank.example/",
        "//crm.bank.example/",
        "http://crm.bank.example:port/",
        "",
    ],
)
async def test_a_host_that_is_not_allowed_is_not_taken(
    url: str, database: Database, clock: FakeClock, config: Settings
) -> None:
    with pytest.raises(HostNotAllowed):
        await a_webhook(database, clock, url, config)


@pytest.mark.parametrize(
    "url", ["https://crm.bank.example/x", "http://CRM.bank.example:80/", "https://crm.bank.example:443"]
)
async def test_an_allowed_host_is_taken_on_its_own_port(
    url: str, database: Database, clock: FakeClock, config: Settings
) -> None:
    assert (await a_webhook(database, clock, url, config)).is_active


async def test_a_host_that_is_no_longer_allowed_is_sent_nothing(
    database: Database, clock: FakeClock, config: Settings, webhook: Webhook, receiver: Receiver
) -> None:
    await something_happens(database, clock)
    await Sender(database, clock, Settings(var_dir=config.var_dir)).send_events(webhook.id)
    assert receiver.received == []
    assert (await now_is(database, webhook)).last_failure == "host_not_allowed"


async def test_a_webhook_gets_the_kinds_and_the_units_that_it_wants(
    database: Database, clock: FakeClock, config: Settings, receiver: Receiver, sender: Sender
) -> None:
    rated = await a_webhook(database, clock, receiver.url, config, kinds=frozenset({EventKind.RATED}))
    elsewhere = await a_webhook(database, clock, receiver.url, config, unit_code="HB-WH-JA")
    await something_happens(database, clock, times=2)
    for webhook in (rated, elsewhere):
        await sender.send_events(webhook.id)
    assert [received.document["kind"] for received in receiver.received] == ["complaint.rated"]
    await Publisher(database, clock).publish()
    clock.advance(hours=1)
    await Publisher(database, clock).publish()
    assert len(await jobs(database, "send_events")) == 2, "what it does not want does not wake it for ever"


async def test_a_new_webhook_is_not_sent_what_was_before_and_a_removed_one_nothing(
    database: Database, clock: FakeClock, config: Settings, receiver: Receiver, sender: Sender
) -> None:
    await something_happens(database, clock)
    webhook = await a_webhook(database, clock, receiver.url, config)
    await sender.send_events(webhook.id)
    with pytest.raises(AlreadyThere):
        await a_webhook(database, clock, receiver.url, config)
    await something_happens(database, clock)
    async with database.transaction() as session:
        await remove_webhook(session, await webhook_for(session, webhook.id, "HB"), actor="system", now=clock())
    await sender.send_events(webhook.id)
    assert receiver.received == []


async def test_what_a_dead_sender_left_is_taken_up_when_its_lease_has_passed(
    database: Database, clock: FakeClock, webhook: Webhook
) -> None:
    await something_happens(database, clock)
    assert len(await jobs(database, "send_events")) == 1
    clock.advance(seconds=LEASE.total_seconds() - 1)
    await Publisher(database, clock).publish()
    assert len(await jobs(database, "send_events")) == 1
    clock.advance(seconds=1)
    await Publisher(database, clock).publish()
    assert len(await jobs(database, "send_events")) == 2


@asynccontextmanager
async def a_worker(database: Database, receiver: Receiver, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = os.environ | {
        "DATABASE_URL": database.url,
        "TINGSU_VAR_DIR": str(folder),
        "TINGSU_SECRET_KEY": KEY,
        "TINGSU_WEBHOOK_HOSTS": receiver.host,
        "TINGSU_WORKER_CONCURRENCY": "4",
    }
    with (folder / f"worker-{uuid.uuid4().hex[:8]}.log").open("wb") as output:
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "worker", cwd=ROOT, env=environment, stderr=output, stdout=output
        )
    try:
        yield worker
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()


async def test_a_worker_killed_while_it_sends_loses_no_event(
    database: Database, receiver: Receiver, config: Settings, tmp_path: Path
) -> None:
    webhook = await a_webhook(database, system_clock, receiver.url, config)
    receiver.script = [200, None]
    conversation = await a_conversation(database, system_clock)
    async with database.transaction() as session:
        complaint = await a_complaint(session, conversation, clock=system_clock)
        for _ in range(3):
            record(session, at=system_clock(), actor="customer", action="rate", subject=complaint.number)

    async def second_is_under_way() -> bool:
        return len(receiver.received) == 2

    async with a_worker(database, receiver, tmp_path) as worker:
        await until(second_is_under_way, seconds=60)
        worker.send_signal(signal.SIGKILL)
        await worker.wait()

    async def all_are_there() -> bool:
        return len(receiver.received) == 5

    async with a_worker(database, receiver, tmp_path):
        await until(all_are_there, seconds=60)
    ids = [received.event_id for received in receiver.received]
    assert ids[1] == ids[2], "the one under way comes again under its id"
    assert len(set(ids)) == 4
    assert all(received.is_signed_with(secret_of(webhook.id, config)) for received in receiver.received)


async def test_a_system_manages_the_webhooks_of_its_unit_by_the_api(system: Caller, database: Database) -> None:
    crm = await system(Scope.MANAGE_EVENTS, unit_code="HB-WH-WC")
    other = await system(Scope.MANAGE_EVENTS, unit_code="HB-WH-JA", name="other")
    url = "https://hooks.bank.example/tingsu"
    answer = await crm.post("/webhooks", json={"url": url, "kinds": ["complaint.resolved"]})
    assert answer.status_code == 201
    added = answer.json()["webhook"]
    assert len(answer.json()["secret"]) == 64
    assert (added["unit"], added["kinds"], added["is_active"]) == ("HB-WH-WC", ["complaint.resolved"], True)
    assert (await crm.get("/webhooks")).json() == {"webhooks": [added]}
    assert (await other.get("/webhooks")).json() == {"webhooks": []}
    assert is_problem(await crm.post("/webhooks", json={"url": url}), 409, "already_there")
    assert is_problem(await crm.post("/webhooks", json={"url": "http://10.0.0.1/"}), 403, "host_not_allowed")
    assert is_problem(await crm.post("/webhooks", json={"url": url, "unit": "HB"}), 403, "unit_out_of_reach")
    assert is_problem(await other.delete(f"/webhooks/{added['id']}"), 404, "no_such_webhook")
    assert (await crm.delete(f"/webhooks/{added['id']}")).status_code == 204
    assert is_problem(await crm.delete(f"/webhooks/{added['id']}"), 404, "no_such_webhook")
    async with database.transaction() as session:
        assert (await session.scalars(select(Webhook))).all() == []


async def test_a_webhook_that_two_senders_find_at_once_counts_each_event_once(
    database: Database, clock: FakeClock, sender: Sender, webhook: Webhook, receiver: Receiver
) -> None:
    await something_happens(database, clock, times=3)
    await asyncio.gather(sender.send_events(webhook.id), sender.send_events(webhook.id))
    async with database.transaction() as session:
        await session.execute(update(Webhook).values(next_try_at=None))
    await sender.send_events(webhook.id)
    assert len({received.event_id for received in receiver.received}) == 3
