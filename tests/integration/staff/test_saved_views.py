"""Views of the queue that people keep: each their own."""

import pytest

from bot.database import Database
from bot.staff.saved_views import MOST_VIEWS, CannotSaveView, remove_view, save_view, views_of
from tests.builders import a_member_of_staff, audit_trail
from tests.conftest import FakeClock

URGENT = {"chosen": "open", "tier": "urgent"}


async def test_a_view_of_the_same_name_is_replaced_and_nobody_elses_is_touched(
    database: Database, clock: FakeClock
) -> None:
    me, other = await a_member_of_staff(database, clock), await a_member_of_staff(database, clock, "wang")
    async with database.transaction() as session:
        await save_view(session, me, " 紧急  的 ", {"chosen": "open"}, now=clock())
        await save_view(session, me, "紧急 的", URGENT, now=clock())
        await save_view(session, other, "紧急 的", {"chosen": "mine"}, now=clock())
        (mine,) = await views_of(session, me)
        assert (mine.name, mine.view) == ("紧急 的", URGENT)
        await remove_view(session, other, mine.id, now=clock())
        assert len(await views_of(session, me)) == 1
        await remove_view(session, me, mine.id, now=clock())
        assert await views_of(session, me) == []
        assert len(await views_of(session, other)) == 1
    assert await audit_trail(database, "staff:li") == ["staff:li: save_view"] * 2 + ["staff:li: remove_view"]


@pytest.mark.parametrize("name", ["", "   ", "字" * 31])
async def test_a_view_needs_a_name_that_fits(database: Database, clock: FakeClock, name: str) -> None:
    me = await a_member_of_staff(database, clock)
    async with database.transaction() as session:
        with pytest.raises(CannotSaveView):
            await save_view(session, me, name, URGENT, now=clock())


async def test_nobody_keeps_more_views_than_one_can_look_at(database: Database, clock: FakeClock) -> None:
    me = await a_member_of_staff(database, clock)
    async with database.transaction() as session:
        for number in range(MOST_VIEWS):
            await save_view(session, me, f"{number}", URGENT, now=clock())
        await save_view(session, me, "0", URGENT, now=clock())
        with pytest.raises(CannotSaveView):
            await save_view(session, me, "one more", URGENT, now=clock())
