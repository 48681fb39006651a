"""Writing well at the desk, in a real browser: canned replies, the LEARN checklist, and a word of caution."""

import re
import uuid
from datetime import date
from typing import Any

from playwright.sync_api import Page, expect
from sqlalchemy import select

from bot.audit import AuditRecord
from bot.complaints.casework import StatedFact
from bot.complaints.learn import LearnStep
from bot.complaints.models import LearnEntry
from bot.conversations.models import Author
from bot.staff.models import StaffMember
from tests.browser.test_desk import Bank, Enter, bank, enter, open_conversation, take_over
from tests.browser.test_desk_casework import fill_in

__all__ = ["bank", "enter"]

FACTS = (StatedFact("occurred", "上周三", day=date(2026, 3, 4)), StatedFact("wish", "把卡还我"))


def with_the_customer(enter: Enter, bank: Bank, **details: Any) -> tuple[Page, uuid.UUID, StaffMember]:
    """A person who holds the conversation about a swallowed card."""
    conversation_id = bank.waiting(name="陈女士")
    bank.run(bank.scene.complaint(conversation_id, facts=FACTS, **details))
    person = bank.a_member(name="李经理", unit_code="HB-WH-WC-03")
    page = enter(person)
    open_conversation(page, bank, conversation_id)
    take_over(page)
    return page, conversation_id, person


def acts_of(bank: Bank, person: StaffMember, action: str) -> list[dict[str, Any]]:
    async def read() -> list[dict[str, Any]]:
        async with bank.database.transaction() as session:
            found = await session.scalars(
                select(AuditRecord).where(AuditRecord.actor == f"staff:{person.username}", AuditRecord.action == action)
            )
            return [record.detail for record in found]

    return bank.run(read())


def learned(bank: Bank, person: StaffMember) -> list[tuple[LearnStep, str]]:
    """The LEARN steps that the person took, and how."""

    async def read() -> list[tuple[LearnStep, str]]:
        async with bank.database.transaction() as session:
            entries = select(LearnEntry).where(LearnEntry.by == f"staff:{person.username}").order_by(LearnEntry.id)
            return [(entry.step, entry.what) for entry in await session.scalars(entries)]

    return bank.run(read())


def field(page: Page) -> Any:
    return page.locator(".composer textarea")


def test_a_slash_finds_a_reply_fills_in_the_facts_and_its_step_is_ticked_once_it_is_sent(
    enter: Enter, bank: Bank
) -> None:
    page, conversation_id, person = with_the_customer(enter, bank)
    page.keyboard.press("/")
    expect(page.locator(".picker input")).to_be_focused()
    expect(page.locator(".picker-group").first).to_have_text("倾听 · 中文")
    expect(page.locator(".canned-reply").first).to_have_attribute("data-language", "zh")
    expect(page.locator(".canned-reply").last).to_have_attribute("data-language", "en")
    page.keyboard.type("由我")
    expect(page.locator(".canned-reply strong")).to_have_text(
        ["由我来办", "接下这件投诉我来办理", re.compile("^我来办，要回访"), "由我来办"]
    )
    page.keyboard.press("Enter")
    expect(page.locator(".picker")).to_have_count(0)
    expect(field(page)).to_be_focused()
    expect(field(page)).to_have_value(
        re.compile(r"您的投诉编号是TS-.*司门口支行 李经理.*最晚\d+月\d+日（周.）给您答复")
    )
    assert bank.messages(conversation_id, Author.STAFF) == []

    mark = page.locator(".checklist li[data-step=react]")
    expect(mark).not_to_have_class(re.compile("done"))
    page.keyboard.press("Enter")
    expect(page.locator(".message.staff")).to_have_count(1)
    expect(mark).to_have_class(re.compile("done"))
    assert learned(bank, person) == [(LearnStep.REACT, "reply house:case_is_mine")]
    assert acts_of(bank, person, "tick_step") == [{"step": "react", "what": "reply house:case_is_mine"}]


def test_a_fact_that_is_not_known_is_a_gap_that_must_be_filled(enter: Enter, bank: Bank) -> None:
    page, conversation_id, _ = with_the_customer(enter, bank)
    field(page).fill("、")
    page.keyboard.type("复述")
    page.keyboard.press("Enter")
    expect(field(page)).to_have_value(re.compile("时间是3月4日（周三），地点是.*，涉及【金额】。"))
    page.locator(".composer button.primary").click()
    expect(page.locator(".caution")).to_have_text("还有没填的内容：【金额】。请补上再发送。")
    expect(page.locator(".caution button")).to_have_count(0)
    assert bank.messages(conversation_id, Author.STAFF) == []

    text = field(page).input_value()
    field(page).fill(text.replace("【金额】", "两千元"))
    expect(page.locator(".caution")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator(".message.staff")).to_contain_text("涉及两千元")


def test_the_gap_of_a_reply_just_chosen_is_typed_over(enter: Enter, bank: Bank) -> None:
    page, _, _ = with_the_customer(enter, bank)
    page.keyboard.press("/")
    page.keyboard.type("钱对不上")
    page.keyboard.press("Enter")
    expect(field(page)).to_have_value(re.compile("^【金额】对不上数"))
    page.keyboard.type("两千元")
    expect(field(page)).to_have_value(re.compile("^两千元对不上数"))


def test_arrows_move_escape_leaves_and_a_second_reply_is_put_behind_the_first(enter: Enter, bank: Bank) -> None:
    page, _, _ = with_the_customer(enter, bank)
    page.keyboard.press("/")
    expect(page.locator(".canned-reply").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".canned-reply").nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.locator(".picker")).to_have_count(0)
    expect(field(page)).to_be_focused()
    expect(field(page)).to_have_value("")

    page.keyboard.type("您好。")
    page.click(".open-picker")
    page.keyboard.type("来回跑")
    page.locator(".canned-reply").first.click()
    expect(field(page)).to_have_value("您好。让您为这件事一趟趟地跑，对不起。")
    page.keyboard.type("/")
    expect(field(page)).to_have_value("您好。让您为这件事一趟趟地跑，对不起。/")
    expect(page.locator(".picker")).to_have_count(0)


def test_the_checklist_shows_what_is_missing_opens_the_picker_there_and_is_ticked_by_hand(
    enter: Enter, bank: Bank
) -> None:
    page, _, person = with_the_customer(enter, bank, steps=(LearnStep.LISTEN, LearnStep.EMPATHISE))
    marks = page.locator(".checklist li")
    expect(marks).to_have_text(["✓倾听", "✓共情", "A道歉", "R行动", "N回复"])
    expect(page.locator(".step-hint")).to_contain_text("还没道歉")
    page.locator(".checklist li[data-step=apologise] .mark").click()
    chosen = page.locator(".canned-reply[aria-selected=true]")
    expect(chosen).to_have_attribute("data-id", "house:sorry_for_trips")
    expect(chosen).to_be_in_viewport()
    page.keyboard.press("Escape")

    page.locator(".checklist li[data-step=apologise] .tick").click()
    expect(page.locator(".checklist li[data-step=apologise]")).to_have_class(re.compile("done"))
    expect(page.locator(".step-hint")).to_contain_text("还没交代")
    assert learned(bank, person) == [(LearnStep.APOLOGISE, "ticked by hand")]


def test_a_name_that_is_not_revealed_is_not_put_into_a_reply(enter: Enter, bank: Bank) -> None:
    conversation_id = bank.waiting(name="王小明")
    page = enter(bank.a_member(name="李经理"))
    open_conversation(page, bank, conversation_id)
    take_over(page)
    page.keyboard.press("/")
    page.keyboard.type("接手问候")
    expect(page.locator(".canned-reply").first).to_contain_text("【客户称呼】，您好")
    page.keyboard.press("Escape")
    page.locator(".thread .reveal").first.click()
    expect(page.locator(".thread-who h1")).to_have_text("王小明")
    page.click(".open-picker")
    page.keyboard.type("接手问候")
    expect(page.locator(".canned-reply").first).to_contain_text("王小明，您好")


def test_a_promise_of_money_is_held_once_and_sent_when_confirmed(enter: Enter, bank: Bank) -> None:
    page, conversation_id, person = with_the_customer(enter, bank)
    field(page).fill("我们赔您500元")
    page.keyboard.press("Enter")
    caution = page.locator(".caution")
    expect(caution).to_contain_text("这句像是在承诺钱款：我们赔您500元。")
    page.click(".change-text")
    expect(caution).to_have_count(0)
    expect(field(page)).to_be_focused()
    page.keyboard.press("Enter")
    expect(caution).to_be_visible()
    page.keyboard.type("！")
    expect(caution).to_have_count(0)
    page.keyboard.press("Enter")
    expect(caution).to_contain_text("承诺钱款")
    assert bank.messages(conversation_id, Author.STAFF) == []

    page.click(".send-anyway")
    expect(page.locator(".message.staff")).to_contain_text("我们赔您500元！")
    expect(field(page)).to_have_value("")
    assert acts_of(bank, person, "send_despite_caution") == [{"kinds": "promise"}]
    field(page).fill("我们赔您500元！")
    expect(caution).to_have_count(0)
    page.keyboard.press("Enter")
    expect(caution).to_be_visible()
    expect(page.locator(".message.staff")).to_have_count(1)


def test_a_card_number_is_held_and_an_agreed_plans_amount_is_not(enter: Enter, bank: Bank) -> None:
    page, conversation_id, person = with_the_customer(enter, bank)
    fill_in(page, "submit_plan", 内容="退还手续费500元，12月8日前到账。")
    expect(page.locator(".matter")).to_contain_text("已同意")
    field(page).fill("我们会退还您500元")
    field(page).press("Enter")
    expect(page.locator(".message.staff")).to_have_count(1)

    field(page).fill("卡号6222021234567890128")
    field(page).press("Enter")
    expect(page.locator(".caution")).to_have_text(re.compile("这条回复里有银行卡号，对话里不应出现；发出时会遮住。"))
    assert len(bank.messages(conversation_id, Author.STAFF)) == 1
    assert acts_of(bank, person, "send_despite_caution") == []


def test_an_english_desk_warns_in_english(enter: Enter, bank: Bank) -> None:
    conversation_id = bank.waiting()
    page = enter(bank.a_member(language="en"))
    open_conversation(page, bank, conversation_id)
    take_over(page)
    field(page).fill("We'll refund you $50")
    field(page).press("Enter")
    expect(page.locator(".caution")).to_contain_text("This seems to promise money: We'll refund you $50.")
    expect(page.locator(".send-anyway")).to_have_text("Send anyway")


def test_what_the_page_did_not_offer_is_refused(enter: Enter, bank: Bank) -> None:
    page, conversation_id, person = with_the_customer(enter, bank)
    emit = "(root, [event, sent]) => getElement(Number(root.id.slice(1))).$emit(event, sent)"
    invented = ["house:none", "unit:999", "unit:x", "unit:" + "9" * 30, 7, None, "house:sorry_for_wait"]
    reply = {"text": "您好", "seen": 10**9, "chosen": invented, "confirmed": True}
    page.locator(".thread").evaluate(emit, ["reply", reply])
    expect(page.locator(".message.staff")).to_have_count(1)
    assert learned(bank, person) == [(LearnStep.APOLOGISE, "reply house:sorry_for_wait")]

    page.click(".hand-back")
    expect(page.locator(".composer")).to_have_count(0)
    held = {"text": "我们赔您500元", "seen": 10**9, "chosen": ["house:progress"], "confirmed": True}
    page.locator(".thread").evaluate(emit, ["reply", held])
    expect(page.locator(".notice")).to_contain_text("没有发送")
    assert bank.messages(conversation_id, Author.STAFF) == ["您好"]
    assert len(learned(bank, person)) == 1
    assert acts_of(bank, person, "send_despite_caution") == []


def test_a_macro_puts_its_reply_into_the_composer_and_opens_its_act(enter: Enter, bank: Bank) -> None:
    page, conversation_id, _ = with_the_customer(enter, bank)
    page.keyboard.press("/")
    page.keyboard.type("升级并告知")
    expect(page.locator(".canned-reply strong")).to_have_text(["升级并告知客户升级…"])
    page.keyboard.press("Enter")
    expect(field(page)).to_have_value(re.compile("^这件事要请上一级一起来办"))
    form = page.locator("form[data-act=raise_tier]")
    expect(form).to_be_visible()
    form.locator("select").select_option(label="复杂")
    form.locator("textarea").fill("客户要找监管")
    form.locator("button[type=submit]").click()
    expect(page.locator(".case .tier-chip").first).to_have_text("复杂")
    assert bank.messages(conversation_id, Author.STAFF) == []

    field(page).fill("")
    page.click(".open-picker")
    page.keyboard.type("接下这件")
    page.keyboard.press("Enter")
    expect(page.locator("[data-act=take]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".responsible")).to_contain_text("李经理")
