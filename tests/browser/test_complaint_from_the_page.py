"""Complaints told on the page of a running Tingsu: registered, taken over at the desk, settled, and not accepted."""

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from bot.complaints.labels import Tier
from tests.stack import Json, Stack, wait_for
from tests.stack import stack as stack

CASE_NUMBER = re.compile(r"TS-[\d-]+\d")
HAN = re.compile("[一-鿿]")
QUESTIONS_AT_MOST = 10
WITHIN_A_SECOND = 1_500
"""Milliseconds: a second, and what a busy machine adds."""
ANSWERED_WITHIN = 60_000
"""Milliseconds."""


@dataclass(frozen=True)
class ChatPage:
    """A customer's phone with the page open."""

    page: Page

    @property
    def said(self) -> Locator:
        """The bank's bubbles."""
        return self.page.locator("#log .row:not(.customer) .bubble")

    def writes(self, text: str) -> None:
        """Write and send, and see that it was taken."""
        self.page.locator("#writing").fill(text)
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#log .row.customer:not(.waiting):not(.failed)", has_text=text)).to_have_count(1)

    def says(self, text: str) -> str:
        """Write, and read the answer."""
        before = self.said.count()
        self.writes(text)
        return self.hears(before)

    def touches_first_quick_reply(self) -> str:
        """Answer a question with a touch, and read what comes."""
        before = self.said.count()
        self.page.locator("#replies button").first.click()
        return self.hears(before)

    def hears(self, before: int) -> str:
        """What the bank says after this many bubbles."""
        expect(self.said.nth(before)).to_be_visible(timeout=ANSWERED_WITHIN)
        expect(self.page.locator("#typing")).to_be_hidden(timeout=ANSWERED_WITHIN)
        return "\n".join(self.said.all_inner_texts()[before:])

    def tells(self, story: str) -> str:
        """Tell a complaint, answer each question with a touch, and read on until there is a case number."""
        heard = self.says(story)
        for _ in range(QUESTIONS_AT_MOST):
            if CASE_NUMBER.search(heard):
                return heard
            heard = self.touches_first_quick_reply()
        pytest.fail(f"no case number after {QUESTIONS_AT_MOST} questions; last: {heard}")


OpenChat = Callable[..., ChatPage]


@pytest.fixture
def open_chat(chromium: Browser, stack: Stack) -> Iterator[OpenChat]:
    """Open the page on another phone."""
    contexts: list[BrowserContext] = []

    def open_chat(language: str = "zh") -> ChatPage:
        context = chromium.new_context(viewport={"width": 390, "height": 780}, has_touch=True, locale="zh-CN")
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{stack.gateway}/chat?language={language}")
        expect(page.locator("#log .row.bot")).to_have_count(1)
        return ChatPage(page)

    yield open_chat
    for context in contexts:
        context.close()


@pytest.fixture
def desk(chromium: Browser, stack: Stack) -> Iterator[Page]:
    """The desk, a member of the task force signed in, who has just chosen a password."""
    username, own = f"u{uuid.uuid4().hex[:10]}", f"a password of {uuid.uuid4().hex}"
    unit = ("--name", "李经理", "--role", "task_force", "--unit", "HB")
    once = stack.tingsu("staff", "add", username, *unit).stdout.split()[-1]
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
    page = context.new_page()
    page.goto(stack.desk)
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", once)
    page.click("button.primary")
    page.fill("input[name=current]", once)
    page.fill("input[name=new]", own)
    page.fill("input[name=again]", own)
    page.click("button.primary")
    expect(page.locator(".queue")).to_be_visible()
    yield page
    context.close()


def case_of(stack: Stack, heard: str) -> Json:
    found = CASE_NUMBER.search(heard)
    assert found is not None, f"no case number in: {heard}"
    return stack.complaint(found.group())


def steps_of(complaint: Json) -> list[str]:
    return [entry["step"] for entry in complaint["learn_record"]]


def test_a_swallowed_card_ends_as_ordinary_with_a_case_number_and_a_whole_record(
    open_chat: OpenChat, stack: Stack
) -> None:
    customer = open_chat()
    story = "我的卡昨天下午在徐东大街支行的取款机里被吞了，机器没有反应"
    complaint = case_of(stack, customer.tells(story))
    assert complaint["tier"] == "ordinary"
    assert complaint["product"] in ("self_service", "debit_card")
    assert complaint["outlet_code"] == "HB-WH-WC-01"
    assert story in complaint["story"]
    assert steps_of(complaint) == ["listen", "empathise", "apologise", "react"]
    (decision,) = complaint["tier_decisions"]
    assert decision["tier"] == "ordinary"
    for reason in decision["reasons"]:
        assert HAN.search(reason["zh"])
        assert reason["en"]
        assert not HAN.search(reason["en"])
    assert [deadline["name"] for deadline in complaint["deadlines"]] == ["first_contact", "plan", "decision"]
    assert all(deadline["rule"] for deadline in complaint["deadlines"])


def test_an_english_complaint_is_answered_in_english(open_chat: OpenChat, stack: Stack) -> None:
    customer = open_chat("en")
    complaint = case_of(
        stack,
        customer.tells("The cash machine at Xudong swallowed my card yesterday and nobody would help me get it back"),
    )
    assert complaint["language"] == "en"
    for bubble in customer.said.all_inner_texts():
        assert not HAN.search(bubble), bubble


def test_money_that_is_leaving_goes_to_a_person_and_a_rejected_result_comes_back_one_tier_higher(
    open_chat: OpenChat, stack: Stack, desk: Page
) -> None:
    customer = open_chat()
    mark = uuid.uuid4().hex[:4]
    heard = customer.says("有人正在把我卡里的钱转走")
    first_bubble = heard.splitlines()[0]
    assert "冻结" in first_bubble
    assert "95580" in first_bubble
    complaint = case_of(stack, heard)
    assert complaint["tier"] == "urgent"
    assert {reason["code"] for reason in complaint["tier_decisions"][0]["reasons"]} >= {"money_leaving_now"}

    row = desk.locator(f'.row[data-id="{complaint["conversation_id"]}"]')
    expect(row).to_be_visible()
    row.click()
    desk.click(".take-over")
    expect(customer.said.last).to_contain_text("李经理", timeout=WITHIN_A_SECOND)
    said_by_bot = len(customer.page.locator("#log .row.bot").all())

    desk.fill(".composer textarea", f"我是李经理，卡已经冻结了。{mark}")
    desk.press(".composer textarea", "Enter")
    expect(customer.said.last).to_contain_text(f"卡已经冻结了。{mark}", timeout=WITHIN_A_SECOND)
    for text in ("谢谢，吓死我了", "那转走的钱能追回来吗"):
        customer.writes(text)
        expect(desk.locator(".message.customer").last).to_contain_text(text, timeout=WITHIN_A_SECOND)
    wait_for_turns_left_to_staff(stack, complaint["conversation_id"])
    assert len(customer.page.locator("#log .row.bot").all()) == said_by_bot, "the bot is silent while a person is there"

    desk.click(".hand-back")
    expect(desk.locator(".holder-line")).to_contain_text("智能助手正在接待")
    assert customer.says("你好")
    desk.click(".take-over")
    desk.click("[data-act=resolve]")
    desk.fill("[data-act=resolve] textarea", f"两笔转账都拦下来了，钱已经回到您账上。{mark}")
    desk.click("[data-act=resolve] button.primary")
    expect(customer.said.last).to_contain_text(f"钱已经回到您账上。{mark}", timeout=WITHIN_A_SECOND)
    expect(customer.page.locator("#replies button")).to_have_text(["接受", "不接受"])

    assert complaint["number"] in customer.says("不接受")
    reopened = stack.complaint(complaint["number"])
    assert (reopened["state"], reopened["reopened_count"], reopened["result_accepted"]) == ("reopened", 1, False)
    assert reopened["tier"] == max(Tier), "there is no tier above urgent"
    assert reopened["tier_decisions"][-1]["reasons"][0]["code"] == "result_rejected"
    assert {deadline["name"] for deadline in reopened["deadlines"] if deadline["met_at"] is None} >= {"decision"}
    expect(row).to_be_visible()


def wait_for_turns_left_to_staff(stack: Stack, conversation: str) -> None:
    wait_for(
        lambda: (
            not stack.has(
                "SELECT FROM messages WHERE conversation_id = %s AND author = 'customer' AND turn_id IS NULL",
                conversation,
            )
        ),
        60,
        "what was written to the person is taken",
    )
