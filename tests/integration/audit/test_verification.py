"""Whoever changes the audit log behind the triggers' back is found, and what was changed is named."""

from datetime import timedelta

import pytest

from bot.audit.verification import FAULTS_KEPT, FaultKind, Verification
from bot.database import Database
from tests.conftest import FakeClock
from tests.integration.audit.log import check, seal, tamper, write


@pytest.fixture
async def sealed(database: Database, clock: FakeClock) -> Database:
    """Six sealed records."""
    await write(database, clock(), *(f"TS-{number}" for number in range(1, 7)))
    await seal(database)
    clock.advance(hours=1)
    return database


def named(found: Verification) -> list[tuple[FaultKind, int | None, str | None]]:
    """The faults: what is wrong, at which position, on what."""
    return [(fault.kind, fault.position, fault.record and fault.record.subject) for fault in found.faults]


@pytest.mark.parametrize(
    "change",
    [
        "id = 99",
        "at = at + interval '1 microsecond'",
        "actor = 'staff:wang'",
        "action = 'withdraw'",
        "subject = 'TS-9'",
        """detail = '{"why": "none"}'""",
    ],
)
async def test_a_record_changed_in_any_column_is_named(change: str, sealed: Database, clock: FakeClock) -> None:
    follow = ["UPDATE audit_seals SET record_id = 99 WHERE position = 4"] if change == "id = 99" else []
    await tamper(sealed, f"UPDATE audit_records SET {change} WHERE id = 4", *follow)
    found = await check(sealed, clock())
    assert [(fault.kind, fault.position) for fault in found.faults] == [(FaultKind.CHANGED, 4)]


async def test_a_record_that_was_removed_is_named_by_its_id_and_place(sealed: Database, clock: FakeClock) -> None:
    await tamper(sealed, "DELETE FROM audit_records WHERE subject = 'TS-2'")
    found = await check(sealed, clock())
    assert named(found) == [(FaultKind.RECORD_MISSING, 2, None)]
    assert found.faults[0].record_id == 2


async def test_a_record_that_was_removed_together_with_its_seal_leaves_a_gap(
    sealed: Database, clock: FakeClock
) -> None:
    await tamper(
        sealed,
        "DELETE FROM audit_seals WHERE position IN (2, 3)",
        "DELETE FROM audit_records WHERE subject IN ('TS-2', 'TS-3')",
    )
    assert named(await check(sealed, clock())) == [(FaultKind.SEAL_MISSING, 2, None)]


async def test_a_gap_that_was_closed_by_moving_the_seals_up_is_found(sealed: Database, clock: FakeClock) -> None:
    await tamper(
        sealed,
        "DELETE FROM audit_seals WHERE position = 2",
        "DELETE FROM audit_records WHERE subject = 'TS-2'",
        "UPDATE audit_seals SET position = -position WHERE position > 2",
        "UPDATE audit_seals SET position = -position - 1 WHERE position < 0",
    )
    assert named(await check(sealed, clock())) == [(FaultKind.CHANGED, 2, "TS-3")]


async def test_a_seal_that_was_removed_leaves_a_gap_and_a_record_without_seal(
    sealed: Database, clock: FakeClock
) -> None:
    await tamper(sealed, "DELETE FROM audit_seals WHERE position = 5")
    assert named(await check(sealed, clock())) == [
        (FaultKind.SEAL_MISSING, 5, None),
        (FaultKind.UNSEALED, None, "TS-5"),
    ]


async def test_seals_that_changed_places_are_found(sealed: Database, clock: FakeClock) -> None:
    await tamper(
        sealed,
        "UPDATE audit_seals SET position = 99 WHERE position = 3",
        "UPDATE audit_seals SET position = 3 WHERE position = 4",
        "UPDATE audit_seals SET position = 4 WHERE position = 99",
    )
    assert [fault.kind for fault in (await check(sealed, clock())).faults] == [FaultKind.CHANGED] * 3


async def test_a_forged_seal_is_found_at_its_own_place_and_the_next(sealed: Database, clock: FakeClock) -> None:
    await tamper(sealed, "UPDATE audit_seals SET hash = sha256('') WHERE position = 3")
    assert named(await check(sealed, clock())) == [(FaultKind.CHANGED, 3, "TS-3"), (FaultKind.CHANGED, 4, "TS-4")]


async def test_an_end_that_was_cut_off_is_found_by_the_head_written_down_before(
    sealed: Database, clock: FakeClock
) -> None:
    before = (await check(sealed, clock())).head
    assert before is not None
    await write(sealed, clock(), "TS-7")
    await seal(sealed)
    assert (await check(sealed, clock(), head=before.hash)).fault_count == 0

    await tamper(sealed, "DELETE FROM audit_seals WHERE position > 5", "DELETE FROM audit_records WHERE id > 5")
    assert (await check(sealed, clock())).fault_count == 0
    assert named(await check(sealed, clock(), head=before.hash)) == [(FaultKind.HEAD_UNKNOWN, None, None)]


async def test_a_chain_that_was_made_anew_is_found_by_the_head_written_down_before(
    sealed: Database, clock: FakeClock
) -> None:
    before = (await check(sealed, clock())).head
    assert before is not None
    await tamper(
        sealed,
        "UPDATE audit_records SET actor = 'staff:wang' WHERE id = 2",
        "DELETE FROM audit_seals",
        "INSERT INTO audit_unsealed SELECT id FROM audit_records",
    )
    await seal(sealed)
    assert (await check(sealed, clock())).fault_count == 0
    assert named(await check(sealed, clock(), head=before.hash)) == [(FaultKind.HEAD_UNKNOWN, None, None)]


async def test_a_record_may_wait_a_minute_for_its_seal(database: Database, clock: FakeClock) -> None:
    await write(database, clock(), "TS-1")
    clock.advance(seconds=60)
    found = await check(database, clock())
    assert (found.waiting_count, found.fault_count, found.head) == (1, 0, None)
    clock.advance(seconds=1)
    assert named(await check(database, clock())) == [(FaultKind.UNSEALED, None, "TS-1")]


async def test_a_record_that_was_removed_before_it_was_sealed_is_named(database: Database, clock: FakeClock) -> None:
    await write(database, clock(), "TS-1", "TS-2")
    await tamper(database, "DELETE FROM audit_records WHERE subject = 'TS-1'")
    assert await seal(database) == 1
    found = await check(database, clock() + timedelta(hours=1))
    assert named(found) == [(FaultKind.RECORD_MISSING, None, None)]
    assert found.faults[0].record_id == 1


async def test_of_very_many_faults_the_first_are_kept_and_all_are_counted(database: Database, clock: FakeClock) -> None:
    await write(database, clock(), *(f"TS-{number}" for number in range(FAULTS_KEPT + 20)))
    found = await check(database, clock() + timedelta(hours=1))
    assert (len(found.faults), found.fault_count) == (FAULTS_KEPT, FAULTS_KEPT + 20)
