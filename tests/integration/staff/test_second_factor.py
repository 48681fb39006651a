"""The second factor: set up once, asked for at every sign-in, no code taken twice, and a way back when it is lost."""

from collections.abc import Iterator

import pyotp
import pytest
from sqlalchemy import select

from bot.audit import AuditRecord
from bot.database import Database
from bot.settings import settings
from bot.staff import sealed
from bot.staff.models import StaffMember
from bot.staff.second_factor import (
    AlreadySetUp,
    begin_second_factor,
    confirm_second_factor,
    finish_sign_in,
    reset_second_factor,
)
from bot.staff.sign_in import sign_in, who_is
from tests.conftest import FakeClock
from tests.integration.desk.scene import PASSWORD, Scene


@pytest.fixture(autouse=True)
def secret_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A secret of the test's own, and nothing remembered of it afterwards."""
    monkeypatch.setenv("TINGSU_SECRET_KEY", "the tests' key")
    for remembered in (settings, sealed._box):
        remembered.cache_clear()
    yield
    for remembered in (settings, sealed._box):
        remembered.cache_clear()


class Authenticator:
    """A person with an authenticator app, at the door."""

    def __init__(self, database: Database, clock: FakeClock, key: str, recovery_codes: list[str]) -> None:
        self.database, self.clock = database, clock
        self.key, self.recovery_codes = key, recovery_codes

    def code(self, steps_off: int = 0) -> str:
        return pyotp.TOTP(self.key).at(self.clock(), counter_offset=steps_off)

    async def password(self, password: str = PASSWORD) -> str | None:
        async with self.database.transaction() as session:
            return await sign_in(session, "li", password, self.clock())

    async def gives(self, token: str | None, code: str) -> str | None:
        async with self.database.transaction() as session:
            return await finish_sign_in(session, token, code, self.clock())

    async def enters(self, code: str) -> str | None:
        return await self.gives(await self.password(), code)

    async def person_at(self, token: str | None) -> StaffMember | None:
        async with self.database.transaction() as session:
            return await who_is(session, token, self.clock())

    async def stored(self) -> StaffMember:
        async with self.database.transaction() as session:
            return (await session.scalars(select(StaffMember))).one()


@pytest.fixture
async def li(database: Database, clock: FakeClock) -> Authenticator:
    member = await Scene(database, clock).member("li")
    async with database.transaction() as session:
        person = await session.get_one(StaffMember, member.id)
        key = await begin_second_factor(session, person)
        codes = await confirm_second_factor(session, person, pyotp.TOTP(key).at(clock()), clock())
    assert codes is not None
    clock.advance(minutes=1)
    return Authenticator(database, clock, key, codes)


async def test_a_password_alone_opens_nothing_and_a_code_after_it_does(li: Authenticator) -> None:
    half = await li.password()
    assert half is not None and await li.person_at(half) is None
    whole = await li.gives(half, f" {li.code()[:3]} {li.code()[3:]} ")
    assert whole != half and await li.person_at(whole) is not None
    assert await li.person_at(half) is None


async def test_the_codes_one_step_before_and_after_are_taken_and_no_others(li: Authenticator) -> None:
    for steps_off, is_taken in ((-2, False), (2, False), (-1, True), (1, True)):
        li.clock.advance(minutes=5)
        assert (await li.enters(li.code(steps_off)) is not None) is is_taken, steps_off


async def test_no_code_is_taken_twice_nor_one_before_it(li: Authenticator) -> None:
    assert await li.enters(li.code()) is not None
    assert await li.enters(li.code()) is None
    assert await li.enters(li.code(-1)) is None
    assert await li.enters(li.code(1)) is not None


async def test_wrong_codes_lock_the_account_and_the_right_password_in_between_does_not_help(li: Authenticator) -> None:
    for _ in range(5):
        assert await li.enters("000000") is None
    assert await li.password() is None
    assert (await li.stored()).locked_until is not None
    li.clock.advance(minutes=16)
    assert await li.enters(li.code()) is not None


async def test_a_lock_also_stops_a_sign_in_that_has_begun(li: Authenticator) -> None:
    half = await li.password()
    for _ in range(5):
        await li.gives(half, "000000")
    assert await li.gives(half, li.code()) is None


async def test_a_code_that_comes_too_late_opens_nothing(li: Authenticator) -> None:
    half = await li.password()
    li.clock.advance(minutes=11)
    assert await li.gives(half, li.code()) is None


async def test_each_of_eight_recovery_codes_works_once_however_it_is_typed(li: Authenticator) -> None:
    assert len(set(li.recovery_codes)) == 8
    first, second, *_ = li.recovery_codes
    assert await li.enters(first) is not None
    assert await li.enters(first) is None
    assert await li.enters(second.upper().replace("-", " ")) is not None
    assert len((await li.stored()).recovery_hashes) == 6


async def test_the_store_holds_neither_the_key_nor_a_recovery_code(li: Authenticator) -> None:
    person = await li.stored()
    kept = f"{person.sealed_key} {person.recovery_hashes}"
    assert li.key not in kept
    assert not any(code in kept or code.replace("-", "") in kept for code in li.recovery_codes)


@pytest.mark.parametrize("code", ["", " ", "12345", "１２３４５６", "x" * 5000, "\x00"])
async def test_what_is_no_code_is_refused(li: Authenticator, code: str) -> None:
    assert await li.enters(code) is None


async def test_a_confirmed_key_is_never_shown_again(li: Authenticator, database: Database) -> None:
    async with database.transaction() as session:
        person = (await session.scalars(select(StaffMember))).one()
        with pytest.raises(AlreadySetUp):
            await begin_second_factor(session, person)


async def test_until_it_is_confirmed_the_key_stays_the_same_and_is_not_asked_for(
    database: Database, clock: FakeClock
) -> None:
    member = await Scene(database, clock).member("zhao")
    async with database.transaction() as session:
        person = await session.get_one(StaffMember, member.id)
        key = await begin_second_factor(session, person)
        assert await begin_second_factor(session, person) == key
        assert await confirm_second_factor(session, person, "000000", clock()) is None
        assert await who_is(session, await sign_in(session, "zhao", PASSWORD, clock()), clock()) is person


async def test_a_reset_ends_every_sign_in_and_lets_the_person_begin_anew(li: Authenticator, database: Database) -> None:
    token = await li.enters(li.code())
    async with database.transaction() as session:
        person = (await session.scalars(select(StaffMember))).one()
        await reset_second_factor(session, person, actor="staff:admin", now=li.clock())
    assert await li.person_at(token) is None
    assert await li.person_at(await li.password()) is not None
    async with database.transaction() as session:
        actions = list(await session.scalars(select(AuditRecord.action).order_by(AuditRecord.id)))
    assert actions == ["set_up_second_factor", "sign_in", "reset_second_factor", "sign_in"]


async def test_with_another_secret_key_nobody_gets_in_by_app(
    li: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINGSU_SECRET_KEY", "another")
    settings.cache_clear()
    sealed._box.cache_clear()
    assert await li.enters(li.code()) is None
