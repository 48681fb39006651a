"""Half-written answers in a real browser: they survive it, others see them live, and nobody writes over anybody."""

import uuid
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from bot.conversations.models import Author, ReplyDraft
from bot.staff.models import Role, StaffMember
from tests.browser.test_desk import (  # noqa: F401 - fixtures
    Bank,
    Enter,
    bank,
    enter,
    open_conversation,
    take_over,
)
from tests.integration.desk.served import wait_for

FIELD = ".composer textarea"


@pytest.fixture
def chat(bank: Bank) -> uuid.UUID:  # noqa: F811
    """A customer who waits for a person."""
    return bank.waiting()


@pytest.fixture
def li(bank: Bank) -> StaffMember:  # noqa: F811
    return bank.a_member(name="李经理")


@pytest.fixture
def page(enter: Enter, bank: Bank, chat: uuid.UUID, li: StaffMember) -> Page:  # noqa: F811
    """李经理's page, with the customer."""
    page = enter(li)
    open_conversation(page, bank, chat)
    take_over(page)
    return page


def draft(bank: Bank, chat: uuid.UUID) -> str | None:  # noqa: F811
    """What the server has of it."""

    async def read() -> str | None:
        async with bank.database.transaction() as session:
            found = await session.get(ReplyDraft, chat)
            return found.text if found else None

    return bank.run(read())


def is_kept(bank: Bank, chat: uuid.UUID, text: str | None) -> None:  # noqa: F811
    wait_for(lambda: draft(bank, chat) == text)


def shown(page: Page) -> Any:
    return page.locator(".message.is-draft")


def test_a_draft_survives_the_browser_and_is_gone_when_the_answer_is_sent(
    page: Page,
    enter: Enter,  # noqa: F811
    bank: Bank,  # noqa: F811
    chat: uuid.UUID,
    li: StaffMember,
) -> None:
    page.fill(FIELD, "您的卡")
    is_kept(bank, chat, "您的卡")
    page.locator(FIELD).press_sequentially("明天到")
    is_kept(bank, chat, "您的卡明天到")
    page.context.close()
    elsewhere = enter(li)
    open_conversation(elsewhere, bank, chat)
    expect(elsewhere.locator(FIELD)).to_have_value("您的卡明天到")
    elsewhere.locator(FIELD).press("Enter")
    expect(elsewhere.locator(FIELD)).to_have_value("")
    assert bank.messages(chat, Author.STAFF) == ["您的卡明天到"]
    assert draft(bank, chat) is None
    elsewhere.reload()
    expect(elsewhere.locator(FIELD)).to_have_value("")


def test_leaving_the_field_keeps_the_draft_at_once_and_an_emptied_one_goes(
    page: Page,
    bank: Bank,  # noqa: F811
    chat: uuid.UUID,
) -> None:
    page.fill(FIELD, "您好")
    page.locator(FIELD).blur()
    is_kept(bank, chat, "您好")
    page.fill(FIELD, "")
    is_kept(bank, chat, None)


def test_what_was_written_right_before_a_look_at_another_conversation_stays_with_its_own(
    page: Page,
    bank: Bank,  # noqa: F811
    chat: uuid.UUID,
) -> None:
    other = bank.waiting("另一件事")
    page.fill(FIELD, "这是给第一位客户的")
    page.click(f'.row[data-id="{other}"]')
    expect(page.locator(".message.customer")).to_contain_text("另一件事")
    is_kept(bank, chat, "这是给第一位客户的")
    take_over(page)
    expect(page.locator(FIELD)).to_have_value("")
    page.click('[data-filter="mine"]')
    page.click(f'.row[data-id="{chat}"]')
    expect(page.locator(FIELD)).to_have_value("这是给第一位客户的")
    assert draft(bank, other) is None


def test_who_listens_in_sees_the_draft_live_and_takes_it_up_after_taking_over(
    page: Page,
    enter: Enter,  # noqa: F811
    bank: Bank,  # noqa: F811
    chat: uuid.UUID,
) -> None:
    supervisor = enter(bank.a_member(name="王主任", role=Role.SUPERVISOR))
    open_conversation(supervisor, bank, chat)
    page.fill(FIELD, "<b>您的卡</b>明天到")
    expect(shown(supervisor)).to_contain_text("李经理 的草稿")
    expect(shown(supervisor).locator(".text")).to_have_text("<b>您的卡</b>明天到")
    expect(shown(supervisor).locator("button")).to_have_count(0)
    expect(shown(page)).to_have_count(0)
    page.click(".hand-back")
    take_over(supervisor)
    supervisor.get_by_role("button", name="接着写").click()
    expect(supervisor.locator(FIELD)).to_have_value("<b>您的卡</b>明天到")
    expect(shown(supervisor)).to_have_count(0)
    expect(shown(page)).to_contain_text("王主任 的草稿")
    supervisor.locator(FIELD).press("Enter")
    expect(shown(page)).to_have_count(0)
    assert bank.messages(chat, Author.STAFF) == ["<b>您的卡</b>明天到"]


def test_who_writes_an_answer_of_their_own_leaves_the_earlier_draft_as_a_note(
    page: Page,
    enter: Enter,  # noqa: F811
    bank: Bank,  # noqa: F811
    chat: uuid.UUID,
) -> None:
    page.fill(FIELD, "您的卡明天到")
    is_kept(bank, chat, "您的卡明天到")
    page.click(".hand-back")
    other = enter(bank.a_member(name="王主任"))
    open_conversation(other, bank, chat)
    take_over(other)
    expect(shown(other)).to_contain_text("李经理 的草稿")
    other.fill(FIELD, "我来看一下")
    expect(other.locator(".message.note")).to_contain_text("您的卡明天到")
    expect(other.locator(".message.note")).to_contain_text("未发出")
    expect(shown(other)).to_have_count(0)
    expect(other.locator(FIELD)).to_have_value("我来看一下")


def test_two_windows_of_one_person_follow_each_other_and_never_write_over_what_the_other_has(
    page: Page,
    bank: Bank,  # noqa: F811
    chat: uuid.UUID,
) -> None:
    window = page.context.new_page()
    open_conversation(window, bank, chat)
    page.fill(FIELD, "第一句")
    expect(window.locator(FIELD)).to_have_value("第一句")

    page.fill(FIELD, "第一句，第二句")
    window.fill(FIELD, "第一句，另一句")
    wait_for(lambda: sum(one.locator(".newer-draft").count() for one in (page, window)) == 1)
    behind, ahead = (page, window) if page.locator(".newer-draft").count() else (window, page)
    expect(behind.locator(".newer-draft")).to_contain_text("您在另一个窗口改过这份草稿")
    expect(behind.locator(".newer-draft q")).to_have_text(ahead.locator(FIELD).input_value())
    behind.get_by_role("button", name="用这里的").click()
    expect(ahead.locator(FIELD)).to_have_value(behind.locator(FIELD).input_value())
    expect(behind.locator(".newer-draft")).to_have_count(0)


def test_a_draft_that_cannot_be_kept_stays_in_the_composer_and_is_kept_with_the_next_word(
    page: Page,
    bank: Bank,  # noqa: F811
    chat: uuid.UUID,
) -> None:
    async def rename(before: str, after: str) -> None:
        async with bank.database.transaction() as session:
            await session.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))

    bank.run(rename("reply_drafts", "reply_drafts_away"))
    try:
        page.fill(FIELD, "您的卡")
        expect(page.locator(".notice")).to_contain_text("草稿没有存上")
    finally:
        bank.run(rename("reply_drafts_away", "reply_drafts"))
    page.locator(FIELD).press_sequentially("到了")
    is_kept(bank, chat, "您的卡到了")
    expect(page.locator(FIELD)).to_have_value("您的卡到了")
