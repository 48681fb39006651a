"""Signing in: who is let in, who is locked out and for how long, and what the record says."""

from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from bot.audit import AuditRecord
from bot.database import Database
from bot.staff.models import SignIn, StaffMember
from bot.staff.passwords import fits
from bot.staff.sign_in import sign_in, sign_out, who_is
from tests.conftest import FakeClock
from tests.integration.desk.scene import PASSWORD, Scene


@pytest.fixture
async def li(database: Database, clock: FakeClock) -> StaffMember:
    return await Scene(database, clock).member("li")


async def attempt(database: Database, clock: FakeClock, password: str, username: str = "li") -> str | None:
    async with database.transaction() as session:
        return await sign_in(session, username, password, clock())


async def person_at(database: Database, clock: FakeClock, token: str | None) -> StaffMember | None:
    async with database.transaction() as session:
        return await who_is(session, token, clock())


async def refusals(database: Database) -> list[tuple[str, str]]:
    async with database.transaction() as session:
        found = await session.scalars(
            select(AuditRecord).where(AuditRecord.action == "sign_in_refused").order_by(AuditRecord.id)
        )
        return [(record.subject, record.detail["why"]) for record in found]


async def test_a_token_says_who_it_is_for_twelve_hours(database: Database, clock: FakeClock, li: StaffMember) -> None:
    token = await attempt(database, clock, PASSWORD, username="  LI ")
    found = await person_at(database, clock, token)
    assert found is not None and found.id == li.id
    clock.advance(hours=11, minutes=59)
    assert await person_at(database, clock, token) is not None
    clock.advance(minutes=2)
    assert await person_at(database, clock, token) is None


async def test_the_store_never_holds_a_token(database: Database, clock: FakeClock, li: StaffMember) -> None:
    token = await attempt(database, clock, PASSWORD)
    async with database.transaction() as session:
        kept = list(await session.scalars(select(SignIn.token_hash)))
    assert token is not None and len(kept) == 1 and token not in kept


async def test_every_sign_in_has_a_token_of_its_own_and_signing_out_ends_one(
    database: Database, clock: FakeClock, li: StaffMember
) -> None:
    first, second = await attempt(database, clock, PASSWORD), await attempt(database, clock, PASSWORD)
    assert first != second
    async with database.transaction() as session:
        await sign_out(session, first, clock())
    assert await person_at(database, clock, first) is None
    assert await person_at(database, clock, second) is not None


async def test_five_failures_in_a_row_lock_for_a_quarter_of_an_hour_and_then_for_longer(
    database: Database, clock: FakeClock, li: StaffMember
) -> None:
    for _ in range(5):
        assert await attempt(database, clock, "wrong") is None
    assert await attempt(database, clock, PASSWORD) is None
    clock.advance(minutes=14, seconds=59)
    assert await attempt(database, clock, PASSWORD) is None
    clock.advance(seconds=2)
    assert await attempt(database, clock, "wrong") is None
    clock.advance(minutes=16)
    assert await attempt(database, clock, PASSWORD) is None
    clock.advance(minutes=15)
    assert await attempt(database, clock, PASSWORD) is not None


async def test_a_success_forgets_the_failures(database: Database, clock: FakeClock, li: StaffMember) -> None:
    for _ in range(3):
        for _ in range(4):
            assert await attempt(database, clock, "wrong") is None
        assert await attempt(database, clock, PASSWORD) is not None


async def test_a_lock_never_lasts_longer_than_a_day(database: Database, clock: FakeClock, li: StaffMember) -> None:
    for _ in range(20):
        await attempt(database, clock, "wrong")
        clock.advance(hours=25)
    assert await attempt(database, clock, PASSWORD) is not None


async def test_an_unknown_name_is_refused_and_what_was_typed_is_not_recorded(
    database: Database, clock: FakeClock, li: StaffMember
) -> None:
    assert await attempt(database, clock, "x", username="my-secret-password") is None
    assert await attempt(database, clock, "x") is None
    assert await refusals(database) == [("staff", "unknown"), ("staff:li", "wrong_password")]


async def test_a_closed_account_neither_signs_in_nor_stays_signed_in(
    database: Database, clock: FakeClock, li: StaffMember
) -> None:
    token = await attempt(database, clock, PASSWORD)
    async with database.transaction() as session:
        (await session.get_one(StaffMember, li.id)).is_active = False
    assert await person_at(database, clock, token) is None
    assert await attempt(database, clock, PASSWORD) is None
    assert await refusals(database) == [("staff:li", "not_active")]


async def test_a_hash_with_old_parameters_is_renewed_at_sign_in(
    database: Database, clock: FakeClock, li: StaffMember
) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=64).hash(PASSWORD)
    async with database.transaction() as session:
        (await session.get_one(StaffMember, li.id)).password_hash = old
    assert await attempt(database, clock, PASSWORD) is not None
    async with database.transaction() as session:
        renewed = (await session.get_one(StaffMember, li.id)).password_hash
    assert renewed != old and fits(renewed, PASSWORD)


@pytest.mark.parametrize("token", [None, "", "nonsense", "x" * 5000])
async def test_nobody_is_behind_a_made_up_token(
    database: Database, clock: FakeClock, li: StaffMember, token: str | None
) -> None:
    assert await person_at(database, clock, token) is None


async def test_expired_sign_ins_are_cleared_away(database: Database, clock: FakeClock, li: StaffMember) -> None:
    await attempt(database, clock, PASSWORD)
    clock.now += timedelta(hours=13)
    await attempt(database, clock, PASSWORD)
    async with database.transaction() as session:
        assert len(list(await session.scalars(select(SignIn)))) == 1
