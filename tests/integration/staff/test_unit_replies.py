"""Replies of a unit's own: who finds them, who keeps them, and what cannot be kept."""

from typing import Any

import pytest

from bot.database import Database
from bot.staff.models import Role, StaffMember
from bot.staff.unit_replies import (
    InvalidReply,
    ReplyFault,
    UnitReply,
    add_reply,
    archive_reply,
    change_reply,
    kept_reply,
    replies_for,
    replies_kept_by,
    replies_with,
)
from tests.builders import audit_trail
from tests.conftest import FakeClock
from tests.integration.desk.scene import Scene


@pytest.fixture
def scene(database: Database, clock: FakeClock) -> Scene:
    return Scene(database, clock)


@pytest.fixture
async def keeper(scene: Scene) -> StaffMember:
    """The coordinator of Wuhan."""
    return await scene.member("wu", role=Role.COORDINATOR, unit_code="HB-WH")


def as_written(**given: str) -> dict[str, Any]:
    return {"step": "apologise", "language": "zh", "title": "取号", "text": "让您在{outlet}白等，对不起。"} | given


async def added(database: Database, keeper: StaffMember, clock: FakeClock, unit_code: str, **given: str) -> UnitReply:
    async with database.transaction() as session:
        return await add_reply(session, unit_code=unit_code, keeper=keeper, now=clock(), **as_written(**given))


async def test_a_units_people_find_its_replies_and_those_of_the_units_above_the_nearest_first(
    database: Database, keeper: StaffMember, clock: FakeClock
) -> None:
    city = await added(database, keeper, clock, "HB-WH")
    branch = await added(database, keeper, clock, "HB-WH-WC")
    outlet = await added(database, keeper, clock, "HB-WH-WC-03")
    async with database.transaction() as session:
        found = [reply.id for reply in await replies_for(session, "HB-WH-WC-03")]
        assert found == [outlet.id, branch.id, city.id]
        assert [reply.id for reply in await replies_for(session, "HB-WH")] == [city.id]
        assert list(await replies_for(session, "HB-YC")) == list(await replies_for(session, "gone")) == []
        assert [r.id for r in await replies_with(session, [branch.id, outlet.id, 999], "HB-WH-WC")] == [branch.id]


async def test_a_keeper_keeps_the_replies_of_their_subtree_only(
    database: Database, scene: Scene, keeper: StaffMember, clock: FakeClock
) -> None:
    theirs = await scene.member("xu", unit_code="HB-YC")
    ours, other = await added(database, keeper, clock, "HB-WH-WC"), await added(database, theirs, clock, "HB-YC")
    async with database.transaction() as session:
        assert [reply.id for reply in await replies_kept_by(session, keeper)] == [ours.id]
        for reply_id in (other.id, 999):
            with pytest.raises(InvalidReply) as refused:
                await kept_reply(session, reply_id, keeper)
            assert refused.value.fault is ReplyFault.OTHER_UNIT
    for unit_code in ("HB", "HB-YC", "HB-WHX", "HB-WH-NONE"):
        with pytest.raises(InvalidReply):
            await added(database, keeper, clock, unit_code)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"title": "  "}, ReplyFault.TITLE),
        ({"title": "长" * 61}, ReplyFault.TITLE),
        ({"text": " \n"}, ReplyFault.TEXT),
        ({"text": "长" * 1001}, ReplyFault.TEXT),
        ({"step": "shout"}, ReplyFault.STEP),
        ({"language": "fr"}, ReplyFault.LANGUAGE),
        ({"text": "给您{money}"}, ReplyFault.PLACE),
        ({"text": "给您{amount"}, ReplyFault.PLACE),
        ({"text": "{number.__class__}"}, ReplyFault.PLACE),
    ],
)
async def test_what_cannot_be_kept_is_refused_in_words(
    database: Database, keeper: StaffMember, clock: FakeClock, given: dict[str, str], fault: ReplyFault
) -> None:
    with pytest.raises(InvalidReply) as refused:
        await added(database, keeper, clock, "HB-WH", **given)
    assert refused.value.fault is fault
    assert refused.value.display_name("zh") and refused.value.display_name("en")


async def test_a_reply_is_changed_and_taken_out_of_use_and_each_is_recorded(
    database: Database, keeper: StaffMember, clock: FakeClock
) -> None:
    reply = await added(database, keeper, clock, "HB-WH")
    async with database.transaction() as session:
        kept = await kept_reply(session, reply.id, keeper)
        change_reply(session, kept, keeper=keeper, now=clock(), **as_written(title=" 久  等 ", step="empathise"))
    async with database.transaction() as session:
        kept = await kept_reply(session, reply.id, keeper)
        assert (kept.title, kept.step) == ("久 等", "empathise")
        archive_reply(session, kept, keeper=keeper, now=clock())
    async with database.transaction() as session:
        assert list(await replies_for(session, "HB-WH")) == list(await replies_kept_by(session, keeper)) == []
        with pytest.raises(InvalidReply):
            await kept_reply(session, reply.id, keeper)
    recorded = await audit_trail(database, f"reply:{reply.id}")
    assert recorded == ["staff:wu: add_reply", "staff:wu: change_reply", "staff:wu: archive_reply"]


async def test_a_reply_keeps_the_banks_telephone_numbers_and_nobodys_card_or_identity_number(
    database: Database, keeper: StaffMember, clock: FakeClock
) -> None:
    of_the_bank = "请拨95580、027-87654321 或值班手机 13800138000"
    written = {"title": "卡4111111111111111", "text": f"{of_the_bank}，身份证420106199003071238"}
    reply = await added(database, keeper, clock, "HB-WH", **written)
    assert (reply.title, reply.text) == ("卡[卡号 尾号1111]", f"{of_the_bank}，身份证[身份证号]")
