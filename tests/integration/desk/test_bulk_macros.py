"""A macro for several cases: what goes out to whom, and what is said of the rest."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.clock import system_clock
from bot.complaints.labels import Cause
from bot.complaints.models import CaseTag, Complaint
from bot.conversations.models import Author, Conversation, HeldReply, Holder, Message
from bot.database import Database
from bot.desk.bulk_macros import Used, use_macro
from bot.desk.macros import Macro, macro_policy
from bot.staff.models import Role, StaffMember
from tests.builders import audit_trail, jobs
from tests.integration.desk.scene import Scene

OUTLET = "HB-WH-WC-03"
UNDO_FOR = timedelta(seconds=5)


@pytest.fixture
async def me(scene: Scene) -> StaffMember:
    return await scene.member("me", name="李经理", role=Role.HANDLER, unit_code=OUTLET)


async def a_case(scene: Scene, **details: Any) -> Complaint:
    return await scene.complaint(await scene.customer_writes("卡被吞了"), outlet_code=OUTLET, **details)


async def held(database: Database, complaint: Complaint, holder: Holder, by: StaffMember | None = None) -> None:
    async with database.transaction() as session:
        values = {"holder": holder, "held_by": by.id if by else None}
        await session.execute(update(Conversation).where(Conversation.id == complaint.conversation_id).values(**values))


async def used(
    database: Database, complaint: Complaint, person: StaffMember, macro: str | Macro, undo_for: timedelta = UNDO_FOR
) -> Used:
    chosen = macro_policy().find(macro) if isinstance(macro, str) else macro
    assert chosen is not None
    async with database.transaction() as session:
        return await use_macro(
            session, complaint.conversation_id, chosen, person=person, undo_for=undo_for, now=system_clock()
        )


async def going_out(database: Database, complaint: Complaint) -> list[str]:
    async with database.transaction() as session:
        found = select(HeldReply.text).where(HeldReply.conversation_id == complaint.conversation_id)
        return list(await session.scalars(found))


async def tags_of(database: Database, complaint: Complaint) -> list[str]:
    async with database.transaction() as session:
        return list(await session.scalars(select(CaseTag.tag).where(CaseTag.complaint_id == complaint.id)))


async def test_a_macro_without_a_reply_is_done_at_once_whoever_is_with_the_customer(
    database: Database, scene: Scene, me: StaffMember
) -> None:
    complaint = await a_case(scene)
    assert await used(database, complaint, me, "mark_media") is Used.DONE
    assert await used(database, complaint, me, "mark_media") is Used.DONE
    assert await tags_of(database, complaint) == ["media"]
    assert (await audit_trail(database, complaint.number)).count("staff:me: add_tag") == 1


async def test_the_reply_goes_to_ones_own_customer_in_the_customers_language_with_the_facts_of_each(
    database: Database, scene: Scene, me: StaffMember
) -> None:
    chinese, english = await a_case(scene), await a_case(scene)
    async with database.transaction() as session:
        (await session.get_one(Conversation, english.conversation_id)).language = "en"
    for complaint in (chinese, english):
        await held(database, complaint, Holder.STAFF, me)
        assert await used(database, complaint, me, "progress_of_many") is Used.ANSWERED
    (text,) = await going_out(database, chinese)
    assert text.startswith(f"跟您说一声{chinese.number}的进展")
    (text,) = await going_out(database, english)
    assert text.startswith(f"Here's how {english.number} stands")
    assert await tags_of(database, chinese) == [], "not before the reply is out"


async def test_who_waits_is_taken_over_by_the_reply_and_without_undoing_it_is_out_at_once(
    database: Database, scene: Scene, me: StaffMember
) -> None:
    complaint = await a_case(scene)
    await held(database, complaint, Holder.QUEUE)
    assert await used(database, complaint, me, "progress_of_many", timedelta(0)) is Used.ANSWERED
    async with database.transaction() as session:
        conversation = await session.get_one(Conversation, complaint.conversation_id)
        assert (conversation.holder, conversation.held_by) == (Holder.STAFF, me.id)
        of_staff = select(Message.text).where(
            Message.conversation_id == conversation.id, Message.author == Author.STAFF
        )
        (text,) = await session.scalars(of_staff)
    assert text.startswith("跟您说一声")
    (job,) = await jobs(database, "follow_up")
    assert job["args"]["tag"] == "group_matter"


async def test_nothing_is_sent_or_done_where_a_colleague_or_nobody_is_with_the_customer(
    database: Database, scene: Scene, me: StaffMember
) -> None:
    other = await scene.member("other", unit_code=OUTLET)
    theirs, bots = await a_case(scene), await a_case(scene)
    await held(database, theirs, Holder.STAFF, other)
    assert await used(database, theirs, me, "progress_of_many") is Used.HELD_BY_ANOTHER
    assert await used(database, bots, me, "progress_of_many") is Used.BOT_ANSWERS
    for complaint in (theirs, bots):
        assert await going_out(database, complaint) == []
        assert await tags_of(database, complaint) == []


async def test_a_reply_with_a_gap_or_a_promise_is_not_sent_and_says_so(
    database: Database, scene: Scene, me: StaffMember
) -> None:
    complaint = await a_case(scene)
    await held(database, complaint, Holder.STAFF, me)
    title = {"zh": "结果", "en": "Result"}
    result = Macro.model_validate({"name": "tell_result", "title": title, "reply": "result", "tag": "media"})
    assert await used(database, complaint, me, result) is Used.GAPS_LEFT
    async with database.transaction() as session:
        (await session.get_one(Complaint, complaint.id)).result = "我们赔您500元。"
    assert await used(database, complaint, me, result) is Used.NEEDS_LOOK
    assert await going_out(database, complaint) == []


async def test_who_may_not_is_refused_and_that_is_recorded(database: Database, scene: Scene, me: StaffMember) -> None:
    complaint = await a_case(scene)
    inspector = await scene.member("inspector", role=Role.INSPECTOR, unit_code="HB")
    stranger = await scene.member("stranger", role=Role.HANDLER, unit_code="HB-YC-XL-01")
    assert await used(database, complaint, inspector, "mark_media") is Used.NOT_YOURS
    assert await used(database, complaint, me, "share_out") is Used.NOT_YOURS
    assert await used(database, complaint, me, "raise_the_tier") is Used.NOT_YOURS, "an act has a form to fill"
    assert await used(database, complaint, stranger, "mark_media") is Used.NO_CASE
    trail = await audit_trail(database, complaint.number)
    assert [step for step in trail if step.endswith("access_refused")] == [
        "staff:inspector: access_refused",
        "staff:me: access_refused",
        "staff:me: access_refused",
    ]


async def test_nobody_takes_the_case_that_is_about_them_by_a_macro(
    database: Database, scene: Scene, me: StaffMember
) -> None:
    complaint = await a_case(scene, story="司门口的李经理冲我吼", cause=Cause.SERVICE_ATTITUDE)
    title = {"zh": "我来", "en": "Mine"}
    mine = Macro.model_validate({"name": "mine", "title": title, "tag": "media", "assign": "me"})
    assert await used(database, complaint, me, mine) is Used.AVOIDED
    assert await tags_of(database, complaint) == []


async def test_there_is_nothing_to_do_where_there_is_no_case(database: Database, scene: Scene, me: StaffMember) -> None:
    chat: uuid.UUID = await scene.customer_writes("你好")
    macro = macro_policy().find("mark_media")
    assert macro is not None
    async with database.transaction() as session:
        assert await use_macro(session, chat, macro, person=me, undo_for=UNDO_FOR, now=system_clock()) is Used.NO_CASE
