"""To whom a conversation can be passed on."""

from datetime import timedelta

from bot.conversations.models import Conversation
from bot.database import Database
from bot.desk.colleagues import colleagues_for
from bot.staff.models import Role
from bot.staff.sign_in import new_sign_in
from tests.integration.desk.scene import Scene


async def test_only_people_who_see_the_conversation_and_answer_are_offered(scene: Scene, database: Database) -> None:
    conversation_id = await scene.customer_writes("卡被吞了")
    await scene.complaint(conversation_id, outlet_code="HB-WH-WC-03")
    me = await scene.member("me", unit_code="HB-WH-WC")
    await scene.member("outlet", role=Role.HANDLER, unit_code="HB-WH-WC-03")
    city = await scene.member("city", role=Role.COORDINATOR, unit_code="HB-WH")
    await scene.member("neighbour", role=Role.HANDLER, unit_code="HB-WH-WC-01")
    await scene.member("reader", role=Role.AUDITOR, unit_code="HB")
    gone = await scene.member("gone", unit_code="HB-WH-WC")
    now = scene.clock()
    async with database.transaction() as session:
        (await session.merge(gone)).is_active = False
        await new_sign_in(session, city, now)
    async with database.transaction() as session:
        conversation = await session.get_one(Conversation, conversation_id)
        found = await colleagues_for(session, conversation, me, now=now)
        later = await colleagues_for(session, conversation, me, now=now + timedelta(hours=13))
    assert [(one.member.username, one.is_signed_in) for one in found] == [("city", True), ("outlet", False)]
    assert not any(one.is_signed_in for one in later)
