"""Adding people, the first administrator, and choosing a password of one's own."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.audit import AuditRecord
from bot.database import Database
from bot.staff.faults import InvalidStaff
from bot.staff.models import Role, SignIn, StaffMember
from bot.staff.passwords import PasswordFault
from bot.staff.people import add_staff, change_password, ensure_first_administrator
from bot.staff.sign_in import sign_in, who_is
from tests.conftest import FakeClock

NEW_PASSWORD = "a river that runs east"


async def add_li(database: Database, clock: FakeClock) -> str:
    async with database.transaction() as session:
        return await add_staff(
            session, username="Li.Wei", name=" 李经理 ", role="supervisor", unit_code="hb-wh-wc", now=clock()
        )


async def test_an_added_person_signs_in_with_the_one_time_password(database: Database, clock: FakeClock) -> None:
    password = await add_li(database, clock)
    async with database.transaction() as session:
        token = await sign_in(session, "li.wei", password, clock())
        person = await who_is(session, token, clock())
    assert person is not None
    assert (person.name, person.role, person.unit_code) == ("李经理", Role.SUPERVISOR, "HB-WH-WC")
    assert person.must_change_password
    assert password not in person.password_hash


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": "l"},
        {"username": "李伟"},
        {"username": "li wei"},
        {"username": "1li"},
        {"name": "   "},
        {"name": "李" * 51},
        {"name": "李\x00经理"},
        {"role": "boss"},
        {"unit_code": "HB-XX"},
    ],
)
async def test_a_person_is_not_added_with_what_cannot_be_used(
    database: Database, clock: FakeClock, wrong: dict[str, str]
) -> None:
    given = {"username": "li", "name": "李经理", "role": "handler", "unit_code": "HB-WH"} | wrong
    async with database.transaction() as session:
        with pytest.raises(InvalidStaff):
            await add_staff(session, **given, now=clock())
        assert await session.scalar(select(func.count()).select_from(StaffMember)) == 0


async def test_a_username_is_given_once(database: Database, clock: FakeClock) -> None:
    await add_li(database, clock)
    with pytest.raises(InvalidStaff, match="already"):
        await add_li(database, clock)


async def test_the_first_administrator_is_made_once_even_by_several_processes(
    database: Database, clock: FakeClock
) -> None:
    async def ensure() -> tuple[str, str] | None:
        async with database.transaction() as session:
            return await ensure_first_administrator(session, clock())

    made = [outcome for outcome in await asyncio.gather(*(ensure() for _ in range(4))) if outcome is not None]
    assert len(made) == 1
    [(username, password)] = made
    async with database.transaction() as session:
        person = await who_is(session, await sign_in(session, username, password, clock()), clock())
    assert person is not None and person.role is Role.ADMINISTRATOR and person.must_change_password


async def test_there_is_no_first_administrator_where_somebody_works_already(
    database: Database, clock: FakeClock
) -> None:
    await add_li(database, clock)
    async with database.transaction() as session:
        assert await ensure_first_administrator(session, clock()) is None


async def test_a_new_password_ends_every_sign_in_and_begins_one(database: Database, clock: FakeClock) -> None:
    password = await add_li(database, clock)
    async with database.transaction() as session:
        elsewhere = await sign_in(session, "li.wei", password, clock())
        here = await sign_in(session, "li.wei", password, clock())
        person = await who_is(session, here, clock())
        assert person is not None
        token = await change_password(session, person, current=password, new=NEW_PASSWORD, now=clock())
    async with database.transaction() as session:
        assert await who_is(session, elsewhere, clock()) is None
        assert await who_is(session, here, clock()) is None
        changed = await who_is(session, token, clock())
        assert changed is not None and not changed.must_change_password
        assert await sign_in(session, "li.wei", password, clock()) is None
        assert await sign_in(session, "li.wei", NEW_PASSWORD, clock()) is not None
        actions = set(await session.scalars(select(AuditRecord.action)))
    assert {"add_staff", "sign_in", "change_password", "sign_in_refused"} <= actions


async def test_a_weak_password_is_refused_and_nothing_changes(database: Database, clock: FakeClock) -> None:
    password = await add_li(database, clock)
    async with database.transaction() as session:
        token = await sign_in(session, "li.wei", password, clock())
        person = await who_is(session, token, clock())
        assert person is not None
        outcome = await change_password(session, person, current=password, new="short", now=clock())
        assert outcome is PasswordFault.TOO_SHORT
        assert await who_is(session, token, clock()) is person


async def test_guessing_the_current_password_locks_the_account_too(database: Database, clock: FakeClock) -> None:
    password = await add_li(database, clock)
    async with database.transaction() as session:
        person = await session.scalar(select(StaffMember))
        assert person is not None
        for _ in range(5):
            outcome = await change_password(session, person, current="guess", new=NEW_PASSWORD, now=clock())
            assert outcome is PasswordFault.WRONG_CURRENT
        assert await sign_in(session, "li.wei", password, clock()) is None
        assert await session.scalar(select(func.count()).select_from(SignIn)) == 0
        clock.now += timedelta(minutes=16)
        assert await sign_in(session, "li.wei", password, clock()) is not None
