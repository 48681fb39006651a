"""A case at the desk in a real browser: given, planned, agreed, put to the customer, and what only people may do."""

import uuid
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from bot.audit import AuditRecord
from bot.complaints.labels import Cause, Signal, Tier
from bot.complaints.lifecycle import State
from bot.complaints.models import Complaint
from bot.conversations.models import Holder
from bot.staff.models import Role
from tests.browser.test_desk import Bank, Enter, bank, enter, open_conversation, take_over  # noqa: F401 - fixtures
from tests.integration.desk.served import wait_for

PLAN = "卡已从机器里取出。明天起请带身份证到司门口支行领取，手续费不收。"


def act(page: Page, name: str, place: str = "") -> Any:
    """The button of an act, or its form once it is open."""
    return page.locator(f"{place} [data-act={name}]".strip())


def show_all_acts(page: Page) -> None:
    """What is seldom done is one click away."""
    while page.locator(".more").count():
        page.locator(".more").first.click()


def fill_in(page: Page, name: str, **values: str) -> None:
    """Open an act's form, fill it in, and send it."""
    show_all_acts(page)
    act(page, name).click()
    form = page.locator(f"form[data-act={name}]")
    for label, value in values.items():
        labelled = form.locator("label").filter(has=page.locator("span", has_text=label))
        field = labelled.locator("textarea, input, select")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(label=value)
        else:
            field.fill(value)
    form.locator("button[type=submit]").click()
    expect(form).to_have_count(0)


def complaint_of(bank: Bank, complaint: Complaint) -> Complaint:  # noqa: F811
    async def read() -> Complaint:
        async with bank.database.transaction() as session:
            return await session.get_one(Complaint, complaint.id)

    return bank.run(read())


def a_case(bank: Bank, **details: Any) -> tuple[uuid.UUID, Complaint]:  # noqa: F811
    conversation_id = bank.waiting()
    return conversation_id, bank.run(bank.scene.complaint(conversation_id, **details))


def test_a_handlers_plan_reaches_the_customer_once_the_supervisor_agrees(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id, complaint = a_case(bank)
    handler = bank.a_member(name="王柜员", role=Role.HANDLER, unit_code="HB-WH-WC-03")
    supervisor = bank.a_member(name="李经理", unit_code="HB-WH-WC-03")
    page, other = enter(handler), enter(supervisor)
    open_conversation(page, bank, conversation_id)
    take_over(page)
    act(page, "take").click()
    expect(page.locator(".responsible")).to_contain_text("王柜员")
    act(page, "start").click()
    expect(page.locator(".case .state")).to_have_text("处理中")
    fill_in(page, "submit_plan", 内容=PLAN)
    expect(page.locator(".matter")).to_contain_text("待审批")
    expect(act(page, "approve_plan")).to_have_count(0)
    expect(act(page, "put_plan")).to_have_count(0)

    open_conversation(other, bank, conversation_id)
    act(other, "approve_plan").click()
    expect(page.locator(".matter")).to_contain_text("已同意，待告知客户")
    act(page, "put_plan").click()
    expect(page.locator(".case .state")).to_have_text("方案待客户确认")
    expect(page.locator(".message.bot").last).to_contain_text(PLAN)
    expect(page.locator(".holder-line")).to_contain_text("智能助手正在接待")
    expect(page.locator(".timeline")).to_contain_text("方案告知客户")

    fill_in(page, "plan_accepted", 客户怎么说的="电话里说可以")
    expect(page.locator(".case .state")).to_have_text("客户接受方案")
    assert complaint_of(bank, complaint).state is State.ACCEPTED


def test_a_plan_that_the_customer_rejects_sinks_the_case_to_the_next_tier(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id, complaint = a_case(bank)
    page = enter(bank.a_member(unit_code="HB-WH-WC-03"))
    open_conversation(page, bank, conversation_id)
    take_over(page)
    fill_in(page, "submit_plan", 内容=PLAN)
    act(page, "put_plan").click()
    fill_in(page, "plan_rejected", 客户怎么说的="柜面说不同意，要赔误工费")
    expect(page.locator(".case .tier-chip").first).to_have_text("复杂")
    expect(page.locator(".matter")).to_contain_text("柜面说不同意，要赔误工费")
    assert complaint_of(bank, complaint).tier is Tier.COMPLEX


def test_a_plan_is_returned_with_what_is_wrong_with_it(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id, _ = a_case(bank)
    page = enter(bank.a_member(name="王柜员", role=Role.HANDLER, unit_code="HB-WH-WC-03"))
    open_conversation(page, bank, conversation_id)
    fill_in(page, "submit_plan", 内容="会处理的")
    other = enter(bank.a_member(unit_code="HB-WH-WC-03"))
    open_conversation(other, bank, conversation_id)
    fill_in(other, "return_plan", 理由="没写哪天办好")
    expect(page.locator(".matter")).to_contain_text("退回修改")
    expect(page.locator(".matter")).to_contain_text("没写哪天办好")


def test_a_tier_is_lowered_only_when_somebody_else_agrees(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id, complaint = a_case(
        bank, story="理财亏了三万，我要投诉到银监局", signals=((Signal.REGULATOR_THREAT, "投诉到银监局"),)
    )
    assert complaint.tier is Tier.COMPLEX
    asker = enter(bank.a_member(role=Role.COORDINATOR, unit_code="HB-WH-WC"))
    open_conversation(asker, bank, conversation_id)
    fill_in(asker, "ask_lower_tier", 级别="普通", 理由="客户已说不再找监管，网点可以办")
    expect(asker.locator(".matter")).to_contain_text("降低层级：普通")
    expect(act(asker, "approve")).to_have_count(0)
    expect(act(asker, "ask_lower_tier")).to_have_count(0)

    handler = enter(bank.a_member(role=Role.HANDLER, unit_code="HB-WH-WC-03"))
    open_conversation(handler, bank, conversation_id)
    expect(act(handler, "approve")).to_have_count(0)

    other = enter(bank.a_member(role=Role.COORDINATOR, unit_code="HB-WH-WC"))
    open_conversation(other, bank, conversation_id)
    fill_in(other, "approve", 说明="已核实")
    expect(asker.locator(".case .tier-chip").first).to_have_text("普通")
    assert complaint_of(bank, complaint).tier is Tier.ORDINARY


def test_a_department_is_asked_and_answers(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id, _ = a_case(bank)
    page = enter(bank.a_member(unit_code="HB-WH-WC-03"))
    open_conversation(page, bank, conversation_id)
    fill_in(page, "ask_department", 部门="个人金融部", 期限="2 天内", 需要查清="调取当天录像")
    expect(page.locator(".matter")).to_contain_text("等答复")
    fill_in(page, "answer_task", 答复="录像已调取，卡在机器里")
    expect(page.locator(".matter")).to_contain_text("录像已调取，卡在机器里")
    expect(page.locator(".matter")).to_contain_text("已答复")


def test_a_complaint_told_twice_is_merged_and_a_second_matter_split_off(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id, complaint = a_case(bank)
    again = bank.run(bank.scene.complaint(conversation_id, story="卡还是没吐出来"))
    page = enter(bank.a_member(unit_code="HB-WH-WC-03"))
    open_conversation(page, bank, conversation_id)
    show_all_acts(page)
    newest = f'.case[data-number="{again.number}"]'
    act(page, "merge", newest).click()
    page.locator(f"{newest} select").select_option(complaint.number)
    page.locator(f"{newest} form button[type=submit]").click()
    expect(page.locator(f"{newest} .state")).to_have_text("已并案")
    first = page.locator(f'.case[data-number="{complaint.number}"]')
    expect(first).to_contain_text("卡还是没吐出来")
    expect(first.locator(".links")).to_contain_text("并入本件")
    fill_in(page, "split", 另一件事="另外柜员态度很差", 业务="网点与客服服务", 原因="服务态度及服务质量")
    expect(page.locator(".case")).to_have_count(3)
    expect(page.locator(".cases")).to_contain_text("另外柜员态度很差")


def test_a_result_is_rechecked_by_somebody_else(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id, _ = a_case(bank)
    page = enter(bank.a_member(unit_code="HB-WH-WC-03"))
    open_conversation(page, bank, conversation_id)
    take_over(page)
    fill_in(page, "resolve", 处理结果="请到网点领卡。")
    fill_in(page, "ask_recheck", 理由="客户说误工费没有说法")
    expect(page.locator(".case .state").first).to_have_text("核查中")
    expect(act(page, "decide_recheck")).to_have_count(0)
    other = enter(bank.a_member(role=Role.COORDINATOR, unit_code="HB-WH"))
    open_conversation(other, bank, conversation_id)
    fill_in(other, "decide_recheck", 决定="维持原结果", 内容="录像和登记都核过了，原来的处理不变。")
    expect(page.locator(".matter")).to_contain_text("维持原结果")
    expect(page.locator(".message.bot").last).to_contain_text("原来的处理不变")


def test_a_complaint_about_a_person_is_not_given_to_them(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id, _ = a_case(bank, story="柜台的郑经理骂我", cause=Cause.SERVICE_ATTITUDE)
    page = enter(bank.a_member(name="郑经理", unit_code="HB-WH-WC-03"))
    open_conversation(page, bank, conversation_id)
    act(page, "take").click()
    expect(page.locator(".notice")).to_contain_text("回避")
    expect(page.locator(".responsible")).to_contain_text("未定")


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.INSPECTOR])
def test_who_only_reads_is_offered_nothing(enter: Enter, bank: Bank, role: Role) -> None:  # noqa: F811
    conversation_id, _ = a_case(bank)
    page = enter(bank.a_member(role=role, unit_code="HB"))
    open_conversation(page, bank, conversation_id)
    expect(page.locator(".timeline")).to_contain_text("登记投诉")
    expect(page.locator("[data-act]")).to_have_count(0)


@pytest.mark.parametrize(
    ("part", "event", "sent", "refused"),
    [
        (".thread", "takeOver", None, "answer"),
        (".thread", "reply", {"text": "你好", "seen": 10**9}, "answer"),
        (".thread", "reveal", "name", "reveal"),
        (".cases", "act", "resolve", "resolve"),
    ],
)
def test_what_a_page_does_not_offer_is_refused_and_recorded(
    enter: Enter,  # noqa: F811
    bank: Bank,  # noqa: F811
    part: str,
    event: str,
    sent: Any,
    refused: str,
) -> None:
    conversation_id, complaint = a_case(bank)
    inspector = bank.a_member(role=Role.INSPECTOR, unit_code="HB")
    page = enter(inspector)
    open_conversation(page, bank, conversation_id)
    wish: Any = sent
    if event == "act":
        wish = {"id": str(complaint.id), "act": sent, "target": "", "values": {"result": "x"}}
    emit = "(root, [event, sent]) => getElement(Number(root.id.slice(1))).$emit(event, sent)"

    async def refusals() -> list[tuple[str, str]]:
        async with bank.database.transaction() as session:
            query = select(AuditRecord).where(
                AuditRecord.action == "access_refused", AuditRecord.actor == f"staff:{inspector.username}"
            )
            return [(record.subject, record.detail["what"]) for record in await session.scalars(query)]

    page.locator(part).evaluate(emit, [event, wish])
    wait_for(lambda: bank.run(refusals()) == [(f"conversation:{conversation_id}", refused)])
    assert bank.conversation(conversation_id).holder is Holder.QUEUE
    assert complaint_of(bank, complaint).state is State.OPEN
