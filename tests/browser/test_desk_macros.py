"""Macros in a real browser: what follows a reply in the composer, and several cases at once in the queue."""

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from bot.clock import system_clock
from bot.complaints.follow_ups import FollowUp
from bot.conversations.models import Author, Holder
from bot.conversations.replies import HeldReplies
from bot.followups.macro_steps import MacroFollower
from bot.staff.models import Role, StaffMember
from tests.browser import test_desk
from tests.browser.test_desk import (  # noqa: F401 - fixtures
    Bank,
    Enter,
    enter,
    open_conversation,
    row,
    take_over,
)
from tests.builders import jobs
from tests.integration.desk.served import wait_for

FIELD = ".composer textarea"
OUTLET = "HB-WH-WC-03"


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """A desk at which replies can be undone for longer than a test takes."""
    yield from test_desk.a_bank(tmp_path_factory.mktemp("desk"), TINGSU_UNDO_SECONDS="20")


@pytest.fixture
def li(bank: Bank) -> StaffMember:
    return bank.a_member(name="李经理", role=Role.HANDLER, unit_code=OUTLET)


def a_case(bank: Bank, *, is_waiting: bool = True) -> uuid.UUID:
    conversation_id = bank.waiting() if is_waiting else bank.run(bank.scene.customer_writes("卡被吞了"))
    bank.run(bank.scene.complaint(conversation_id, outlet_code=OUTLET))
    return conversation_id


def time_passes(bank: Bank) -> None:
    """A worker sends what can no longer be undone, and does what follows."""
    later = system_clock() + timedelta(minutes=1)

    async def work() -> None:
        for job in await jobs(bank.database, "send_held"):
            conversation_id = uuid.UUID(job["args"]["conversation_id"])
            await HeldReplies(bank.database, lambda: later).send_due(conversation_id, job["args"]["reply_id"])
        for job in await jobs(bank.database, "follow_up"):
            await MacroFollower(bank.database, lambda: later).follow(FollowUp.restored(job["args"]))

    bank.run(work())


def pick(page: Page, words: str) -> None:
    page.click(".open-picker")
    page.keyboard.type(words)
    expect(page.locator(".canned-reply")).to_have_count(1)
    page.keyboard.press("Enter")


def test_a_macros_tag_and_assignment_are_done_once_its_reply_is_out_and_an_undone_one_keeps_them(
    enter: Enter,  # noqa: F811
    bank: Bank,
    li: StaffMember,
) -> None:
    chat = a_case(bank)
    page = enter(li)
    open_conversation(page, bank, chat)
    take_over(page)
    pick(page, "我来办，要回访")
    expect(page.locator(".afterwards")).to_contain_text("发出后：加标签「回访」 · 由我办理")
    page.locator(FIELD).press("Enter")
    expect(page.locator(".message.is-held")).to_have_count(1)
    page.locator(".message.is-held").get_by_role("button", name="撤回").click()
    expect(page.locator(".message.is-held")).to_have_count(0)
    expect(page.locator(".afterwards")).to_contain_text("加标签「回访」")
    time_passes(bank)
    expect(page.locator(".case .tag")).to_have_count(0)
    page.locator(FIELD).press("Enter")
    expect(page.locator(".message.is-held")).to_have_count(1)
    expect(page.locator(".afterwards")).to_have_count(0)
    time_passes(bank)
    expect(page.locator(".case .tag")).to_have_text(["回访"])
    expect(page.locator(".responsible")).to_contain_text("李经理")


def test_what_follows_a_reply_can_be_left_out_before_it_is_sent(enter: Enter, bank: Bank, li: StaffMember) -> None:  # noqa: F811
    chat = a_case(bank)
    page = enter(li)
    open_conversation(page, bank, chat)
    take_over(page)
    pick(page, "我来办，要回访")
    page.get_by_label("不做这一步").click()
    page.locator(FIELD).press("Enter")
    expect(page.locator(".message.is-held")).to_have_count(1)
    time_passes(bank)
    expect(page.locator(".message.staff")).to_contain_text("现在由我")
    expect(page.locator(".case .tag")).to_have_count(0)


def test_a_macro_tags_several_cases_at_once(enter: Enter, bank: Bank, li: StaffMember) -> None:  # noqa: F811
    chats = [a_case(bank), a_case(bank)]
    page = enter(li)
    for chat in chats:
        row(page, chat).focus()
        page.keyboard.press("x")
    page.select_option("select[aria-label='用宏…']", label="标记媒体关注")
    for chat in chats:
        expect(row(page, chat).locator(".outcome")).to_have_text("已办")
        expect(row(page, chat).locator(".tag")).to_have_text(["媒体关注"])
    expect(page.locator(".bulk")).to_have_count(0)


def test_messages_to_several_customers_are_said_yes_to_and_each_row_says_what_came_of_it(
    enter: Enter,  # noqa: F811
    bank: Bank,
    li: StaffMember,
) -> None:
    waits, own, elsewhere, with_bot = a_case(bank), a_case(bank), a_case(bank), a_case(bank, is_waiting=False)
    other = enter(bank.a_member(name="王主任"))
    open_conversation(other, bank, elsewhere)
    take_over(other)
    page = enter(li)
    open_conversation(page, bank, own)
    take_over(page)
    page.goto(bank.desk.address)
    page.click('[data-filter="open"]')
    chats = (waits, own, elsewhere, with_bot)
    for chat in chats:
        row(page, chat).focus()
        page.keyboard.press("x")
    page.select_option("select[aria-label='用宏…']", label="群体事项：告知进展")
    confirm = page.locator(".bulk-confirm")
    expect(confirm).to_contain_text("以您的名义发给 2 位客户")
    expect(confirm).to_contain_text("其中 1 位正在等人")
    expect(confirm).to_contain_text("另有 2 位您没有接待，不发")
    assert all(bank.messages(chat, Author.STAFF) == [] for chat in chats)
    confirm.get_by_role("button", name="取消").click()
    expect(confirm).to_have_count(0)
    page.select_option("select[aria-label='用宏…']", label="群体事项：告知进展")
    confirm.get_by_role("button", name="发送").click()
    for chat in (waits, own):
        expect(row(page, chat).locator(".outcome")).to_have_text("已回复，其余随后办")
    expect(row(page, elsewhere).locator(".outcome")).to_have_text("同事正在接待，没有发")
    expect(row(page, with_bot).locator(".outcome")).to_have_text("没有人接待，没有发")
    assert bank.conversation(waits).holder is Holder.STAFF
    time_passes(bank)
    wait_for(lambda: all(len(bank.messages(chat, Author.STAFF)) == 1 for chat in (waits, own)))
    assert bank.messages(elsewhere, Author.STAFF) == bank.messages(with_bot, Author.STAFF) == []
    for chat in (waits, own):
        expect(row(page, chat).locator(".tag")).to_have_text(["群体事项"])
    expect(row(page, elsewhere).locator(".tag")).to_have_count(0)
