"""Events: every change of a complaint makes one, also one that commits late, and nobody misses any."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from bot.api import events as publishing
from bot.api.events import LATEST_COMMIT_AFTER, Publisher, publish_events
from bot.api.models import ApiEvent
from bot.audit import record
from bot.clock import system_clock
from bot.complaints.casework import withdraw
from bot.complaints.models import Complaint
from bot.database import Database
from bot.followups.results import tell_result
from tests.builders import a_complaint, a_conversation
from tests.conftest import FakeClock
from tests.integration.api.conftest import Caller
from tests.integration.desk.scene import Scene


@pytest.fixture
async def complaint(database: Database, clock: FakeClock) -> Complaint:
    conversation = await a_conversation(database, clock)
    async with database.transaction() as session:
        return await a_complaint(session, conversation, clock=clock)


async def publish(database: Database) -> int:
    async with database.transaction() as session:
        return await publish_events(session)


async def kinds(database: Database) -> list[str]:
    async with database.transaction() as session:
        return list(await session.scalars(select(ApiEvent.kind).order_by(ApiEvent.id)))


async def test_what_happens_to_a_complaint_becomes_events_in_order_and_once(
    database: Database, complaint: Complaint, clock: FakeClock
) -> None:
    clock.advance(minutes=1)
    async with database.transaction() as session:
        found = await session.get_one(Complaint, complaint.id)
        await tell_result(session, found, "卡已取回。", actor="staff:li", now=clock())
    assert await publish(database) == 2
    assert await publish(database) == 0
    assert await kinds(database) == ["complaint.opened", "complaint.resolved"]


async def test_what_was_rolled_back_makes_no_event(database: Database, complaint: Complaint, clock: FakeClock) -> None:
    with pytest.raises(RuntimeError):
        async with database.transaction() as session:
            withdraw(session, await session.get_one(Complaint, complaint.id), now=clock())
            await session.flush()
            raise RuntimeError
    await publish(database)
    assert await kinds(database) == ["complaint.opened"]


async def test_a_change_that_commits_late_is_not_missed(
    database: Database, complaint: Complaint, clock: FakeClock
) -> None:
    async with database.transaction() as slow:
        withdraw(slow, await slow.get_one(Complaint, complaint.id), now=clock())
        await slow.flush()
        clock.advance(minutes=5)
        async with database.transaction() as quick:
            record(quick, at=clock(), actor="customer", action="rate", subject=complaint.number)
        assert await publish(database) == 2
    assert await publish(database) == 1
    assert await kinds(database) == ["complaint.opened", "complaint.rated", "complaint.withdrawn"]


async def test_a_backlog_is_published_in_pieces(
    database: Database, complaint: Complaint, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "AT_ONCE", 2)
    async with database.transaction() as session:
        for _ in range(6):
            clock.advance(seconds=2 * LATEST_COMMIT_AFTER.total_seconds())
            record(session, at=clock(), actor="customer", action="rate", subject=complaint.number)
    await Publisher(database, clock).publish()
    assert await kinds(database) == ["complaint.opened", *["complaint.rated"] * 6]


async def test_two_publishers_at_once_make_each_event_once(
    database: Database, complaint: Complaint, clock: FakeClock
) -> None:
    await asyncio.gather(*(Publisher(database, clock).publish() for _ in range(4)))
    assert await kinds(database) == ["complaint.opened"]


async def test_other_records_make_no_event(database: Database, complaint: Complaint, clock: FakeClock) -> None:
    async with database.transaction() as session:
        record(session, at=clock(), actor="staff:li", action="see_complaint", subject=complaint.number)
        record(session, at=clock(), actor="staff:li", action="resolve", subject="TS-0000-0000-0")
    await publish(database)
    assert await kinds(database) == ["complaint.opened"]


async def test_a_system_fetches_what_it_missed_and_only_of_its_unit(
    system: Caller, scene: Scene, database: Database
) -> None:
    own = await scene.complaint(await scene.customer_writes("卡被吞了"), outlet_code="HB-WH-WC-03")
    await scene.complaint(await scene.customer_writes("等太久"), outlet_code="HB-WH-JA-01")
    also_own = await scene.complaint(
        await scene.customer_writes("扣错钱"),
        outlet_code="HB-WH-WC-01",
        opened_at=system_clock() + timedelta(seconds=1),
    )
    await publish(database)
    crm = await system(unit_code="HB-WH-WC")

    async def page(after: int) -> httpx.Response:
        return await crm.get("/events", params={"after": after, "limit": 1})

    first = (await page(0)).json()
    second = (await page(first["next_after"])).json()
    third = (await page(second["next_after"])).json()
    assert [event["number"] for event in first["events"] + second["events"]] == [own.number, also_own.number]
    assert first["events"][0] | {"id": 0, "at": ""} == {
        "id": 0,
        "kind": "complaint.opened",
        "at": "",
        "number": own.number,
        "tier": "ordinary",
        "state": "open",
    }
    assert third == {"events": [], "next_after": second["next_after"]}
