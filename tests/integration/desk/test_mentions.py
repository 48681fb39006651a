"""Whoever is named in a note finds that behind the bell, if the conversation is theirs to see."""

from sqlalchemy import select

from bot.complaints.models import Notice, NoticeKind
from bot.database import Database
from bot.desk.mentions import tell_of_note
from bot.staff.models import Role, StaffMember
from tests.integration.desk.scene import Scene


async def told(database: Database) -> list[tuple[str, NoticeKind]]:
    query = select(StaffMember.username, Notice.kind).join(Notice, Notice.staff_id == StaffMember.id)
    async with database.transaction() as session:
        return [(username, kind) for username, kind in await session.execute(query.order_by(StaffMember.username))]


async def test_everybody_named_is_told_once_but_not_whoever_may_not_see_it_or_writes_it(
    scene: Scene, database: Database
) -> None:
    conversation_id = await scene.customer_writes("卡被吞了")
    await scene.complaint(conversation_id, opened_at=scene.clock())
    li = await scene.member("li", unit_code="HB-WH-WC-03")
    await scene.member("sun", role=Role.COORDINATOR, unit_code="HB-WH-WC")
    await scene.member("elsewhere", unit_code="HB-YC")
    note = "@sun 请看录像，@sun 也请回电；@li @elsewhere @nobody 一并知悉"
    async with database.transaction() as session:
        await tell_of_note(session, conversation_id, note, by=li, now=scene.clock())
    assert await told(database) == [("sun", NoticeKind.MENTIONED)]


async def test_a_chat_without_a_complaint_has_nothing_to_tell_of(scene: Scene, database: Database) -> None:
    conversation_id = await scene.customer_writes("您好")
    li = await scene.member("li")
    await scene.member("sun", role=Role.COORDINATOR, unit_code="HB-WH-WC")
    async with database.transaction() as session:
        await tell_of_note(session, conversation_id, "@sun 请看", by=li, now=scene.clock())
    assert await told(database) == []
