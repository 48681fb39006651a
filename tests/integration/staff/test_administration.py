"""Looking after people: who is found, what may be changed, and what an administrator cannot do to the bank."""

import asyncio
import uuid
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select

from bot.audit import AuditRecord
from bot.database import Database
from bot.staff import administration
from bot.staff.administration import Shift
from bot.staff.faults import InvalidStaff, StaffFault
from bot.staff.models import Role, StaffMember
from bot.staff.sign_in import sign_in, who_is
from tests.conftest import FakeClock
from tests.integration.desk.scene import PASSWORD, Scene


@pytest.fixture
def scene(database: Database, clock: FakeClock) -> Scene:
    return Scene(database, clock)


@pytest.fixture
async def boss(scene: Scene) -> StaffMember:
    """The administrator of Wuhan."""
    return await scene.member("boss", name="王主任", role=Role.ADMINISTRATOR, unit_code="HB-WH")


async def test_people_are_found_by_name_username_and_unit_a_page_at_a_time_and_only_below_ones_own_unit(
    database: Database, scene: Scene, boss: StaffMember
) -> None:
    await scene.member("li", name="李经理", unit_code="HB-WH-WC")
    await scene.member("zhao", name="赵主任", unit_code="HB-WH-WC-03")
    await scene.member("elsewhere", name="李行长", unit_code="HB-YC")
    await scene.member("above", name="李总", unit_code="HB")

    async def found(search: str, **page: int) -> tuple[list[str], int]:
        async with database.transaction() as session:
            people, count = await administration.find_people(session, search, boss, **{"limit": 10, **page})
            return [person.username for person in people], count

    assert await found("") == (["boss", "li", "zhao"], 3)
    assert await found("", limit=1, offset=1) == (["li"], 3)
    assert await found("李") == (["li"], 1)
    assert await found("wh-wc 赵") == (["zhao"], 1)
    assert await found("%") == ([], 0)


async def test_a_person_of_another_unit_cannot_be_looked_after_or_sent_there(
    database: Database, scene: Scene, boss: StaffMember, clock: FakeClock
) -> None:
    await scene.member("elsewhere", unit_code="HB-YC")
    await scene.member("li")
    async with database.transaction() as session:
        for username in ("elsewhere", "nobody"):
            with pytest.raises(InvalidStaff) as refused:
                await administration.looked_after(session, username, boss)
            assert refused.value.fault is StaffFault.OTHER_UNIT
        li = await administration.looked_after(session, "li", boss)
        for unit in ("HB", "HB-YC", "HB-W"):
            with pytest.raises(InvalidStaff):
                await administration.change_person(
                    session, li, name="李", role="handler", unit_code=unit, administrator=boss, now=clock()
                )
        with pytest.raises(InvalidStaff):
            await administration.add_person(
                session, username="new", name="新", role="handler", unit_code="HB", administrator=boss, now=clock()
            )


async def test_a_closed_account_is_out_at_once_and_comes_back_when_reopened(
    database: Database, scene: Scene, boss: StaffMember, clock: FakeClock
) -> None:
    await scene.member("li")
    async with database.transaction() as session:
        token = await sign_in(session, "li", PASSWORD, clock())
        li = await administration.looked_after(session, "li", boss)
        await administration.close_account(session, li, administrator=boss, now=clock())
        assert await who_is(session, token, clock()) is None
        assert await sign_in(session, "li", PASSWORD, clock()) is None
        await administration.reopen_account(session, li, administrator=boss, now=clock())
        assert await who_is(session, token, clock()) is None
        assert await sign_in(session, "li", PASSWORD, clock()) is not None


async def test_a_forgotten_password_is_replaced_by_a_one_time_one_and_a_lock_ends(
    database: Database, scene: Scene, boss: StaffMember, clock: FakeClock
) -> None:
    await scene.member("li")
    async with database.transaction() as session:
        for _ in range(5):
            await sign_in(session, "li", "wrong", clock())
        li = await administration.looked_after(session, "li", boss)
        password = await administration.reset_password(session, li, actor="staff:boss", now=clock())
        assert await sign_in(session, "li", PASSWORD, clock()) is None
        person = await who_is(session, await sign_in(session, "li", password, clock()), clock())
        assert person is li and li.must_change_password


async def test_nobody_closes_or_moves_their_own_account(
    database: Database, scene: Scene, boss: StaffMember, clock: FakeClock
) -> None:
    await scene.member("second", role=Role.ADMINISTRATOR, unit_code="HB-WH")
    async with database.transaction() as session:
        me = await administration.looked_after(session, "boss", boss)
        with pytest.raises(InvalidStaff):
            await administration.close_account(session, me, administrator=boss, now=clock())
        with pytest.raises(InvalidStaff):
            await administration.change_person(
                session, me, name="我", role="auditor", unit_code="HB-WH", administrator=boss, now=clock()
            )
        await administration.change_person(
            session, me, name="王主任", role="administrator", unit_code="HB-WH", administrator=boss, now=clock()
        )
        assert me.name == "王主任"


async def test_two_administrators_who_close_each_other_at_once_leave_one(
    database: Database, scene: Scene, boss: StaffMember, clock: FakeClock
) -> None:
    other = await scene.member("other", role=Role.ADMINISTRATOR, unit_code="HB-WH")

    async def close(administrator: StaffMember, username: str) -> None:
        async with database.transaction() as session:
            person = await administration.looked_after(session, username, administrator)
            await asyncio.sleep(0)
            await administration.close_account(session, person, administrator=administrator, now=clock())

    outcomes = await asyncio.gather(close(boss, "other"), close(other, "boss"), return_exceptions=True)
    async with database.transaction() as session:
        active = list(await session.scalars(select(StaffMember.username).where(StaffMember.is_active)))
    assert len(active) == 1, outcomes


async def test_absences_say_who_is_away_and_can_be_taken_back(
    database: Database, scene: Scene, boss: StaffMember, clock: FakeClock
) -> None:
    member = await scene.member("li")
    until = clock() + timedelta(days=2)
    async with database.transaction() as session:
        li = await administration.looked_after(session, "li", boss)
        with pytest.raises(InvalidStaff):
            await administration.add_absence(
                session, li, from_at=until, until_at=until, note="", administrator=boss, now=clock()
            )
        await administration.add_absence(
            session, li, from_at=clock(), until_at=until, note="培训", administrator=boss, now=clock()
        )
        assert await administration.absent_ids(session, at=clock()) == {member.id}
        assert await administration.absent_ids(session, at=until) == set()
        [absence] = await administration.absences_of(session, li, now=clock())
        await administration.remove_absence(session, boss, absence.id, administrator=boss, now=clock())
        assert await administration.absent_ids(session, at=clock()) == {member.id}
        await administration.remove_absence(session, li, absence.id, administrator=boss, now=clock())
        await administration.remove_absence(session, li, uuid.uuid4(), administrator=boss, now=clock())
        assert await administration.absent_ids(session, at=clock()) == set()


@pytest.mark.parametrize(
    ("at", "is_there"),
    [
        (datetime(2026, 11, 23, 0, 29, tzinfo=UTC), False),  # Monday, 08:29 in Wuhan
        (datetime(2026, 11, 23, 0, 30, tzinfo=UTC), True),
        (datetime(2026, 11, 23, 4, 0, tzinfo=UTC), False),  # the lunch break
        (datetime(2026, 11, 23, 6, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 24, 1, 0, tzinfo=UTC), False),
    ],
)
async def test_shifts_are_by_the_banks_clock_and_may_be_several_a_day(
    database: Database, scene: Scene, boss: StaffMember, clock: FakeClock, at: datetime, is_there: bool
) -> None:
    await scene.member("li")
    shifts = [Shift(1, time(14), time(17, 30)), Shift(1, time(8, 30), time(12))]
    async with database.transaction() as session:
        li = await administration.looked_after(session, "li", boss)
        assert administration.is_on_shift(li, at)
        administration.set_shifts(session, li, shifts, administrator=boss, now=clock())
        assert administration.is_on_shift(li, at) is is_there
        with pytest.raises(InvalidStaff):
            administration.set_shifts(session, li, [Shift(1, time(9), time(9))], administrator=boss, now=clock())


async def test_every_change_is_recorded_with_who_made_it(
    database: Database, scene: Scene, boss: StaffMember, clock: FakeClock
) -> None:
    async with database.transaction() as session:
        await administration.add_person(
            session, username="li", name="李", role="handler", unit_code="HB-WH", administrator=boss, now=clock()
        )
        li = await administration.looked_after(session, "li", boss)
        await administration.change_person(
            session, li, name="李", role="supervisor", unit_code="HB-WH-WC", administrator=boss, now=clock()
        )
        administration.set_shifts(session, li, [], administrator=boss, now=clock())
        await administration.remove_second_factor(session, li, administrator=boss, now=clock())
        await administration.close_account(session, li, administrator=boss, now=clock())
        await administration.reopen_account(session, li, administrator=boss, now=clock())
    async with database.transaction() as session:
        recorded = [
            (r.actor, r.action, r.subject) for r in await session.scalars(select(AuditRecord).order_by(AuditRecord.id))
        ]
    actions = ["add_staff", "change_staff", "set_shifts", "reset_second_factor", "close_account", "reopen_account"]
    assert recorded == [("staff:boss", action, "staff:li") for action in actions]
