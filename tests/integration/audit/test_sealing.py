"""Every committed record gets one seal, whatever goes on beside the sealing."""

import asyncio

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from bot.audit import AuditRecord, record
from bot.audit.chain import AuditSeal, UnsealedRecord
from bot.audit.sealing import seal_batch
from bot.clock import system_clock
from bot.database import Database
from bot.jobs import job_app
from bot.worker import register_jobs
from tests.builders import rooms_with, until
from tests.conftest import FakeClock
from tests.integration.audit.log import check, seal, write


async def sealed_subjects(database: Database) -> list[str]:
    """What was acted on, in the order of the chain."""
    query = select(AuditRecord.subject).join(AuditSeal, AuditSeal.record_id == AuditRecord.id)
    async with database.transaction() as session:
        return list(await session.scalars(query.order_by(AuditSeal.position)))


async def test_what_was_written_is_sealed_once_in_as_many_batches_as_it_takes(
    database: Database, clock: FakeClock
) -> None:
    subjects = [f"TS-{number}" for number in range(10)]
    await write(database, clock(), *subjects)
    assert await seal(database) == 10
    assert await seal(database) == 0
    assert await sealed_subjects(database) == subjects
    found = await check(database, clock())
    assert (found.sealed_count, found.waiting_count, found.fault_count) == (10, 0, 0)
    assert found.head is not None
    assert (found.head.position, found.head_at) == (10, clock())


async def test_what_is_rolled_back_is_not_waited_for(database: Database, clock: FakeClock) -> None:
    with pytest.raises(RuntimeError):
        async with database.transaction() as session:
            record(session, at=clock(), actor="bot", action="resolve", subject="TS-1")
            await session.flush()
            raise RuntimeError
    await write(database, clock(), "TS-2")
    assert await seal(database) == 1


async def test_a_record_that_commits_late_is_sealed_after_those_with_higher_ids(
    database: Database, clock: FakeClock
) -> None:
    async with database.transaction() as slow:
        record(slow, at=clock(), actor="bot", action="resolve", subject="late")
        await slow.flush()
        await write(database, clock(), "early")
        assert await seal(database) == 1
    assert await seal(database) == 1
    assert await sealed_subjects(database) == ["early", "late"]
    assert (await check(database, clock())).fault_count == 0


async def test_a_sealer_whose_connection_dies_in_the_middle_leaves_nothing_half_done(
    database: Database, clock: FakeClock
) -> None:
    await write(database, clock(), "TS-1", "TS-2", "TS-3")
    with pytest.raises(OperationalError):
        async with database.transaction() as dying:
            assert await seal_batch(dying, limit=2) == 2
            await dying.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert await sealed_subjects(database) == []
    assert await seal(database) == 3
    assert (await check(database, clock())).fault_count == 0


async def test_a_second_sealer_leaves_the_work_to_the_first(database: Database, clock: FakeClock) -> None:
    await write(database, clock(), "TS-1", "TS-2")
    async with database.transaction() as first:
        assert await seal_batch(first, limit=1) == 1
        assert await seal(database) == 0
    assert await seal(database) == 1
    assert await sealed_subjects(database) == ["TS-1", "TS-2"]


async def test_three_sealers_and_five_writers_at_once_make_one_whole_chain(
    database: Database, clock: FakeClock
) -> None:
    async def keep_writing(writer: int) -> None:
        for number in range(40):
            await write(database, clock(), f"TS-{writer}-{number}", f"TS-{writer}-{number}-b")

    async def keep_sealing() -> None:
        while not all(writer.done() for writer in writers):
            await seal(database)
            await asyncio.sleep(0)

    writers = [asyncio.create_task(keep_writing(writer)) for writer in range(5)]
    await asyncio.gather(*writers, *(keep_sealing() for _ in range(3)))
    await seal(database)
    found = await check(database, clock())
    assert (found.sealed_count, found.waiting_count, found.fault_count) == (400, 0, 0)


async def test_the_worker_seals_by_itself(database: Database) -> None:
    async def is_all_sealed() -> bool:
        async with database.transaction() as session:
            return await session.scalar(select(UnsealedRecord.record_id).limit(1)) is None

    app = job_app(database.url)
    register_jobs(app, rooms_with(database))
    await write(database, system_clock(), "TS-1")
    async with app.open_async():
        worker = asyncio.create_task(app.run_worker_async(install_signal_handlers=False))
        await until(is_all_sealed, seconds=20)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
    assert await sealed_subjects(database) == ["TS-1"]
