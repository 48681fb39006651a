"""Sending at the desk in a real browser: undone, for later, corrected; marks, typing, and who else is there."""

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, text

from bot.channels.webchat.channel import WebChat
from bot.clock import system_clock
from bot.conversations.channel import Undeliverable
from bot.conversations.models import Author, Conversation, Message
from bot.conversations.outbound import Deliverer
from bot.conversations.presence import Doing, Sign, give_sign
from bot.conversations.reading import mark_read
from bot.conversations.replies import HeldReplies
from bot.conversations.sent import Corrector
from bot.staff.models import Role
from tests.browser import test_desk
from tests.browser.test_desk import (  # noqa: F401 - fixtures
    WITHIN_A_SECOND,
    Bank,
    Enter,
    enter,
    open_conversation,
    take_over,
)
from tests.builders import jobs
from tests.integration.desk.served import wait_for

UNDO_SECONDS = 20


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """A desk at which replies can be undone for longer than a test takes."""
    yield from test_desk.a_bank(tmp_path_factory.mktemp("desk"), TINGSU_UNDO_SECONDS=str(UNDO_SECONDS))


@pytest.fixture
def chat(bank: Bank) -> uuid.UUID:
    """A customer who waits for a person."""
    return bank.waiting()


@pytest.fixture
def page(enter: Enter, bank: Bank, chat: uuid.UUID) -> Page:  # noqa: F811
    """李经理's page, with the customer."""
    page = enter(bank.a_member(name="李经理"))
    open_conversation(page, bank, chat)
    take_over(page)
    return page


def write(page: Page, text: str) -> None:
    field = page.locator(".composer textarea")
    field.fill(text)
    field.press("Enter")


def held(page: Page) -> Any:
    return page.locator(".message.is-held")


def sent(bank: Bank, chat: uuid.UUID) -> list[str]:
    return bank.messages(chat, Author.STAFF)


def time_passes(bank: Bank, **duration: float) -> None:
    """A worker does what would be due by then."""

    async def work() -> None:
        sender = HeldReplies(bank.database, lambda: system_clock() + timedelta(**duration))
        for job in await jobs(bank.database, "send_held"):
            await sender.send_due(uuid.UUID(job["args"]["conversation_id"]), job["args"]["reply_id"])

    bank.run(work())


def test_a_reply_can_be_undone_until_it_goes_out(page: Page, bank: Bank, chat: uuid.UUID) -> None:
    write(page, "<i>写错</i>了")
    expect(held(page)).to_contain_text("<i>写错</i>了", timeout=WITHIN_A_SECOND)
    expect(held(page).locator(".delivery")).to_have_text(re.compile(r"\d+ 秒后发出"))
    held(page).get_by_role("button", name="撤回").click()
    expect(page.locator(".composer textarea")).to_have_value("<i>写错</i>了")
    expect(held(page)).to_have_count(0)
    page.press(".composer textarea", "Enter")
    expect(held(page)).to_have_count(1)
    page.keyboard.press("Alt+z")
    expect(page.locator(".composer textarea")).to_have_value("<i>写错</i>了")
    time_passes(bank, minutes=1)
    assert sent(bank, chat) == []


def test_a_reply_goes_out_by_itself_or_at_once_when_the_person_wants(page: Page, bank: Bank, chat: uuid.UUID) -> None:
    write(page, "马上查")
    expect(held(page)).to_have_count(1)
    time_passes(bank, seconds=UNDO_SECONDS)
    expect(held(page)).to_have_count(0, timeout=WITHIN_A_SECOND)
    expect(page.locator(".message.staff")).to_contain_text("马上查")
    write(page, "查到了")
    held(page).get_by_role("button", name="立即发送").click()
    expect(held(page)).to_have_count(0)
    assert sent(bank, chat) == ["马上查", "查到了"]


def test_a_reply_for_later_is_changed_and_waits_when_the_customer_writes(
    page: Page, bank: Bank, chat: uuid.UUID
) -> None:
    page.fill(".composer textarea", "明天可以来取卡")
    page.click(".later-toggle")
    page.get_by_role("button", name="明天 9:00").click()
    expect(held(page).locator(".delivery")).to_have_text(re.compile("定于 .*9:00 发出"))
    expect(page.locator(".later-form")).to_have_count(0)
    held(page).get_by_role("button", name="修改").click()
    held(page).locator("textarea").fill("明天九点后可以来取卡")
    held(page).get_by_role("button", name="保存").click()
    expect(held(page).locator(".bubble")).to_have_text("明天九点后可以来取卡")
    bank.writes_again(chat, "卡已经出来了")
    expect(held(page)).to_have_class(re.compile("is-crossed"), timeout=WITHIN_A_SECOND)
    expect(held(page).locator(".delivery")).to_contain_text("请确认")
    time_passes(bank, days=2)
    assert sent(bank, chat) == []
    held(page).get_by_role("button", name="立即发送").click()
    expect(held(page)).to_have_count(0)
    assert sent(bank, chat) == ["明天九点后可以来取卡"]


def test_a_time_that_is_over_is_refused_and_the_text_stays(page: Page) -> None:
    page.fill(".composer textarea", "好的")
    page.click(".later-toggle")
    page.fill(".later-form input", "2020-01-01T09:00")
    page.locator(".later-form button[type=submit]").click()
    expect(page.locator(".notice")).to_contain_text("三十天以内")
    expect(page.locator(".composer textarea")).to_have_value("好的")


def test_an_answer_that_the_database_could_not_keep_stays_in_the_composer_and_is_sent_at_the_second_attempt(
    page: Page, bank: Bank, chat: uuid.UUID
) -> None:
    async def rename(before: str, after: str) -> None:
        async with bank.database.transaction() as session:
            await session.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))

    page.fill(".composer textarea", "我来看一下您的卡。")
    bank.run(rename("held_replies", "held_replies_away"))
    try:
        page.locator(".composer button.primary").click()
        expect(page.locator(".notice")).to_contain_text("没有发送成功")
        expect(page.locator(".composer textarea")).to_have_value("我来看一下您的卡。")
        expect(page.locator(".composer button.primary")).to_be_enabled(timeout=WITHIN_A_SECOND)
    finally:
        bank.run(rename("held_replies_away", "held_replies"))
    page.locator(".composer button.primary").click()
    expect(page.locator(".message.is-held .text")).to_have_text("我来看一下您的卡。")


def test_whose_sign_in_has_ended_is_shown_the_door_at_the_next_word(page: Page, bank: Bank, chat: uuid.UUID) -> None:
    async def end_all() -> None:
        async with bank.database.transaction() as session:
            await session.execute(text("DELETE FROM sign_ins"))

    page.fill(".composer textarea", "我来看一下您的卡。")
    bank.run(end_all())
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" in url)
    assert bank.messages(chat, Author.STAFF) == []


def test_a_colleague_sees_what_is_about_to_go_out_and_cannot_touch_it(
    page: Page,
    enter: Enter,  # noqa: F811
    bank: Bank,
    chat: uuid.UUID,
) -> None:
    other = enter(bank.a_member(name="王主任"))
    open_conversation(other, bank, chat)
    write(page, "马上查")
    expect(held(other)).to_contain_text("马上查")
    expect(held(other).locator("button")).to_have_count(0)


def test_an_answer_goes_out_when_the_chat_is_handed_back_and_what_was_for_later_is_a_note(
    page: Page, bank: Bank, chat: uuid.UUID
) -> None:
    page.fill(".composer textarea", "明天来取卡")
    page.click(".later-toggle")
    page.locator(".later-form button").first.click()
    expect(held(page)).to_have_count(1)
    write(page, "马上查")
    expect(held(page)).to_have_count(2)
    page.click(".hand-back")
    note = page.locator(".message.note")
    expect(note).to_contain_text("未发出")
    expect(note).to_contain_text("明天来取卡")
    wait_for(lambda: sent(bank, chat) == ["马上查"])


def deliver_all(bank: Bank, chat: uuid.UUID, channel: WebChat) -> None:
    """A worker delivers and corrects what there is."""

    async def work() -> None:
        async with bank.database.transaction() as session:
            ids = list(await session.scalars(select(Message.id).where(Message.conversation_id == chat)))
        for message_id in ids:
            await Deliverer(bank.database, {"webchat": channel}, system_clock).deliver(message_id)
            await Corrector(bank.database, {"webchat": channel}, system_clock).carry(message_id)

    bank.run(work())


class Gone(WebChat):
    """A customer who cannot be reached."""

    async def deliver(self, conversation: Conversation, message: Message) -> None:
        raise Undeliverable("gone")


def has_arrived(page: Page, bank: Bank, chat: uuid.UUID, text: str) -> Any:
    """A message of the person, which has arrived."""
    write(page, text)
    held(page).get_by_role("button", name="立即发送").click()
    message = page.locator(".message.staff:not(.is-held)").last
    expect(message).to_contain_text(text[:4])
    deliver_all(bank, chat, WebChat())
    expect(message.locator(".delivery")).to_have_text("已送达")
    return message


def test_what_was_sent_is_corrected_and_the_first_text_stays_for_staff(
    page: Page,
    enter: Enter,  # noqa: F811
    bank: Bank,
    chat: uuid.UUID,
) -> None:
    other = enter(bank.a_member(name="王主任"))
    open_conversation(other, bank, chat)
    message = has_arrived(page, bank, chat, "请周三来，电话13900001234")
    message.hover()
    message.get_by_role("button", name="更正").click()
    editor = message.locator("textarea")
    expect(editor).to_have_value("请周三来，电话13900001234")
    editor.fill("请周四来，电话13900001234")
    message.get_by_role("button", name="保存").click()
    for seen in (message, other.locator(".message.staff")):
        expect(seen.locator(".bubble")).to_contain_text("请周四来")
        expect(seen.locator(".aside")).to_contain_text(re.compile("已更正，原文：\\s*请周三来"))
        expect(seen).not_to_contain_text("13900001234")
    expect(other.locator(".correct")).to_have_count(0)
    assert sent(bank, chat) == ["请周四来，电话13900001234"]


def test_a_correction_that_promises_money_is_refused_and_stays_in_its_editor(
    page: Page, bank: Bank, chat: uuid.UUID
) -> None:
    message = has_arrived(page, bank, chat, "请周三来")
    message.hover()
    message.get_by_role("button", name="更正").click()
    message.locator("textarea").fill("请周三来，我们赔您800元")
    message.get_by_role("button", name="保存").click()
    expect(page.locator(".notice")).to_contain_text("800元")
    expect(message.locator("textarea")).to_have_value("请周三来，我们赔您800元")
    message.locator("textarea").fill("请周四来")
    message.get_by_role("button", name="保存").click()
    expect(message.locator(".bubble")).to_contain_text("请周四来")
    assert sent(bank, chat) == ["请周四来"]


def test_a_message_is_marked_when_the_customer_has_read_it(page: Page, bank: Bank, chat: uuid.UUID) -> None:
    message = has_arrived(page, bank, chat, "请周三来")

    async def read() -> None:
        async with bank.database.transaction() as session:
            await mark_read(session, chat, 2**62)

    bank.run(read())
    expect(message.locator(".delivery")).to_have_text("已读", timeout=WITHIN_A_SECOND)


def test_what_could_not_arrive_is_sent_again(page: Page, bank: Bank, chat: uuid.UUID) -> None:
    write(page, "您还在吗")
    held(page).get_by_role("button", name="立即发送").click()
    message = page.locator(".message.staff:not(.is-held)").last
    expect(message.locator(".delivery")).to_have_text("发送中")
    deliver_all(bank, chat, Gone())
    message.get_by_role("button", name="重新发送").click()
    expect(message.locator(".delivery")).to_have_text("发送中")
    deliver_all(bank, chat, WebChat())
    expect(message.locator(".delivery")).to_have_text("已送达")


def test_whoever_has_it_open_and_is_typing_is_shown_to_the_others(
    page: Page,
    enter: Enter,  # noqa: F811
    bank: Bank,
    chat: uuid.UUID,
) -> None:
    handler = enter(bank.a_member(name="王柜员", role=Role.HANDLER, unit_code="HB-WH-WC-03"))
    open_conversation(handler, bank, chat)
    supervisor = enter(bank.a_member(name="赵主任", unit_code="HB"))
    open_conversation(supervisor, bank, chat)
    expect(page.locator(".presence")).to_contain_text("王柜员 正在查看")
    expect(page.locator(".presence")).to_contain_text("赵主任 旁听")
    expect(page.locator(".presence")).not_to_contain_text("李经理")
    expect(supervisor.locator(".composer")).to_have_count(0)
    expect(supervisor.locator(".note-toggle")).to_be_visible()
    expect(handler.locator(".presence")).to_contain_text("李经理 正在查看")

    page.locator(".composer textarea").press_sequentially("马上")
    expect(handler.locator(".presence .is-typing")).to_have_text("李经理 正在回复")
    page.press(".composer textarea", "Enter")
    expect(handler.locator(".presence .is-typing")).to_have_count(0)
    page.keyboard.press("Alt+n")
    page.locator(".composer textarea").press_sequentially("只给同事看")
    page.wait_for_timeout(500)
    expect(handler.locator(".presence .is-typing")).to_have_count(0)

    supervisor.close()
    expect(page.locator(".presence")).not_to_contain_text("赵主任")
    handler.goto(bank.desk.address)
    expect(page.locator(".presence")).to_have_count(0)


def test_it_is_shown_that_the_customer_is_typing(page: Page, bank: Bank, chat: uuid.UUID) -> None:
    async def types() -> None:
        async with bank.database.transaction() as session:
            await give_sign(session, Sign(conversation_id=chat, doing=Doing.CUSTOMER_TYPING))

    bank.run(types())
    expect(page.locator(".customer-types")).to_have_text("客户正在输入…", timeout=WITHIN_A_SECOND)
    bank.writes_again(chat, "还在吗")
    expect(page.locator(".customer-types")).to_have_count(0, timeout=WITHIN_A_SECOND)
    bank.run(types())
    expect(page.locator(".customer-types")).to_be_visible()
    expect(page.locator(".customer-types")).to_have_count(0, timeout=8000)


def test_the_customers_channel_is_asked_seldom_to_show_that_somebody_is_typing(page: Page, bank: Bank) -> None:
    before = len(bank.run(jobs(bank.database, "show_typing")))
    field = page.locator(".composer textarea")
    for _ in range(8):
        field.press_sequentially("好")
        page.wait_for_timeout(500)
    wait_for(lambda: len(bank.run(jobs(bank.database, "show_typing"))) > before)
    assert len(bank.run(jobs(bank.database, "show_typing"))) <= before + 2
