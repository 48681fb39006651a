"""What a reply is filled with, and which steps it takes."""

import uuid
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.complaints.casework import StatedFact, complaints_of
from bot.complaints.checklist import tick_step
from bot.complaints.labels import Language
from bot.complaints.learn import LearnStep
from bot.complaints.lifecycle import State
from bot.complaints.models import CaseIsSettled
from bot.complaints.plans import return_plan, submit_plan
from bot.complaints.replies import Placeholder
from bot.conversations.models import Conversation
from bot.database import Database
from bot.desk.masked import Personal
from bot.desk.replying import Source, case_written_about, cautions_for, checklist_of, replies_at_hand, steps_of
from bot.staff.candidates import person_of
from bot.staff.models import Role, StaffMember
from bot.staff.people import organisation
from bot.staff.unit_replies import add_reply
from tests.builders import audit_trail
from tests.conftest import FakeClock
from tests.integration.desk.scene import Scene

FACTS = (
    StatedFact("occurred", "昨天"),
    StatedFact("occurred", "上周三，打13812345678说过", day=date(2026, 3, 4)),
    StatedFact("amount", "三千块", amount_fen=300_000, currency="CNY"),
)


@pytest.fixture
def scene(database: Database, clock: FakeClock) -> Scene:
    return Scene(database, clock)


async def facts_of(
    database: Database,
    conversation_id: uuid.UUID,
    person: StaffMember,
    *,
    at: datetime,
    language: Language = "zh",
    revealed: Collection[Personal] = (),
) -> dict[Placeholder, str]:
    async with database.transaction() as session:
        conversation = await session.get_one(Conversation, conversation_id)
        complaint = case_written_about(await complaints_of(session, conversation_id))
        return Source(conversation, complaint, person, revealed, organisation(), at).facts(language)


async def test_the_facts_are_the_cases_in_the_replys_language(
    database: Database, scene: Scene, clock: FakeClock
) -> None:
    conversation_id = await scene.customer_writes("钱少了", name="陈女士")
    complaint = await scene.complaint(conversation_id, facts=FACTS)
    person = await scene.member("li", name="李经理")
    zh = await facts_of(database, conversation_id, person, at=clock())
    assert zh[Placeholder.NUMBER] == complaint.number
    assert zh[Placeholder.AMOUNT] == "3000元"
    assert zh[Placeholder.OCCURRED] == "3月4日（周三）"
    assert zh[Placeholder.CUSTOMER] == "陈女士"
    assert zh[Placeholder.STAFF] == "武昌支行 李经理"
    assert zh[Placeholder.RESULT] == ""
    en = await facts_of(database, conversation_id, person, at=clock(), language="en")
    assert (en[Placeholder.AMOUNT], en[Placeholder.OCCURRED]) == ("3,000 yuan", "Wednesday 4 March")
    assert en[Placeholder.OUTLET] == organisation().find("HB-WH-WC-03").display_name("en")


async def test_what_is_not_known_or_not_revealed_is_missing(database: Database, scene: Scene, clock: FakeClock) -> None:
    conversation_id = await scene.customer_writes("卡吞了", name="王小明")
    person = await scene.member("li")
    assert Placeholder.NUMBER not in await facts_of(database, conversation_id, person, at=clock())
    await scene.complaint(conversation_id, outlet_code=None, facts=(StatedFact("occurred", "打13812345678说过的那天"),))
    hidden = await facts_of(database, conversation_id, person, at=clock())
    assert hidden[Placeholder.CUSTOMER] == hidden[Placeholder.OUTLET] == hidden[Placeholder.AMOUNT] == ""
    assert hidden[Placeholder.OCCURRED] == "打138****5678说过的那天"
    shown = await facts_of(database, conversation_id, person, at=clock(), revealed=set(Personal))
    assert shown[Placeholder.CUSTOMER] == "王小明"
    assert shown[Placeholder.OCCURRED] == "打13812345678说过的那天"


async def test_the_date_of_the_answer_is_the_rules_and_never_one_that_is_gone(database: Database, scene: Scene) -> None:
    opened_at = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
    conversation_id = await scene.customer_writes("卡吞了")
    await scene.complaint(conversation_id, opened_at=opened_at)
    person = await scene.member("li")
    in_time = await facts_of(database, conversation_id, person, at=opened_at)
    assert in_time[Placeholder.DUE] == "3月17日（周二）"
    too_late = await facts_of(database, conversation_id, person, at=opened_at + timedelta(days=20))
    assert too_late[Placeholder.DUE] == ""


async def test_the_customers_language_comes_first_by_step_and_the_units_own_before_the_houses(
    database: Database, scene: Scene, clock: FakeClock
) -> None:
    keeper = await scene.member("wu", role=Role.COORDINATOR, unit_code="HB-WH")
    person = await scene.member("li", role=Role.HANDLER, unit_code="HB-WH-WC-03")
    conversation_id = await scene.customer_writes("my card was swallowed by the machine at your branch")
    written: dict[str, Any] = {"step": "notify", "language": "en", "title": "Box", "text": "It is at {outlet}."}
    async with database.transaction() as session:
        own = await add_reply(session, unit_code="HB-WH", keeper=keeper, now=clock(), **written)
        conversation = await session.get_one(Conversation, conversation_id)
        conversation.language = "en"
        rows = await replies_at_hand(
            session, Source(conversation, None, person, (), organisation(), clock()), "zh", {"raise_tier"}
        )
        steps = await steps_of(session, [f"unit:{own.id}", "house:result", "unit:0", 3, "house:"], person)
        elsewhere = await steps_of(session, [f"unit:{own.id}"], await scene.member("xu", unit_code="HB-YC"))
    order = [(row["language"], bool(row["act"]), list(LearnStep).index(row["step"])) for row in rows]
    (macro,) = (row for row in rows if row["act"])
    assert (macro["act"], macro["id"], macro["language"]) == ("raise_tier", "house:raise_to_next_tier", "en")
    assert order == sorted(order)
    notify = [row for row in rows if row["step"] == "notify" and row["language"] == "en"]
    assert (notify[0]["title"], notify[0]["text"], notify[0]["isOwn"]) == ("Box", "It is at 【outlet】.", True)
    assert steps == {"house:result": LearnStep.NOTIFY, f"unit:{own.id}": LearnStep.NOTIFY}
    assert elsewhere == {}


async def test_a_step_is_ticked_with_a_record_until_the_case_is_settled(
    database: Database, scene: Scene, clock: FakeClock
) -> None:
    conversation_id = await scene.customer_writes("卡吞了")
    await scene.complaint(conversation_id)
    async with database.transaction() as session:
        (complaint,) = await complaints_of(session, conversation_id)
        tick_step(session, complaint, LearnStep.LISTEN, actor="staff:li", now=clock())
    async with database.transaction() as session:
        (complaint,) = await complaints_of(session, conversation_id)
        checklist = checklist_of(complaint, "zh")
        assert checklist is not None
        assert [bool(step["doneAt"]) for step in checklist["steps"]] == [True, False, False, False, False]
        assert checklist["steps"][0]["by"] == "li"
        complaint.state = State.WITHDRAWN
        assert checklist_of(complaint, "zh") is None
        with pytest.raises(CaseIsSettled):
            tick_step(session, complaint, LearnStep.NOTIFY, actor="staff:li", now=clock())
    assert "staff:li: tick_step" in await audit_trail(database, complaint.number)


async def test_only_an_agreed_plan_allows_its_amount(database: Database, scene: Scene, clock: FakeClock) -> None:
    conversation_id = await scene.customer_writes("手续费多扣了")
    await scene.complaint(conversation_id)
    handler = person_of(await scene.member("wang", role=Role.HANDLER, unit_code="HB-WH-WC-03"))
    supervisor = person_of(await scene.member("li", unit_code="HB-WH-WC-03"))
    async with database.transaction() as session:
        (complaint,) = await complaints_of(session, conversation_id)
        draft = await submit_plan(session, complaint, "退还200元手续费", by=handler, now=clock())
        assert await cautions_for(session, "我们会退还您200元", [complaint])
        await return_plan(session, complaint, draft, "没写日期", by=supervisor, now=clock())
        assert await cautions_for(session, "我们会退还您200元", [complaint])
        await submit_plan(session, complaint, "12月8日前退还200元手续费", by=supervisor, now=clock())
        assert not await cautions_for(session, "我们会退还您200元", [complaint])
        assert await cautions_for(session, "我们会退还您300元", [complaint])
