"""A conversation at the desk in a real browser: internal notes, transfers, and answers that crossed a message."""

import re

import psycopg
from playwright.sync_api import Page, expect

from bot.conversations.models import Author, Holder
from bot.staff.models import Role
from tests.browser.test_desk import (  # noqa: F401 - fixtures
    WITHIN_A_SECOND,
    Bank,
    Enter,
    bank,
    enter,
    open_conversation,
    take_over,
)
from tests.integration.desk.served import wait_for

CARD = "6222021234567890128"


def write(page: Page, text: str) -> None:
    field = page.locator(".composer textarea")
    field.fill(text)
    field.press("Enter")


def test_an_answer_goes_to_whom_it_was_written_although_another_conversation_is_opened_at_once(
    enter: Enter,  # noqa: F811
    bank: Bank,  # noqa: F811
) -> None:
    first, second = bank.waiting(), bank.waiting()
    page = enter(bank.a_member(name="李经理"))
    for conversation_id in (second, first):
        open_conversation(page, bank, conversation_id)
        take_over(page)
    page.evaluate(
        """(second) => {
            const field = document.querySelector(".composer textarea");
            field.value = "您的卡已取出。";
            field.dispatchEvent(new Event("input"));
            field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
            document.querySelector(`.row[data-id="${second}"]`).click();
            field.value = "";
        }""",
        str(second),
    )
    expect(page.locator(f'.row.selected[data-id="{second}"]')).to_be_visible()
    page.locator(".composer textarea").fill("请稍等，我在查。")
    wait_for(lambda: bank.messages(first, Author.STAFF) != [])
    assert bank.messages(first, Author.STAFF) == ["您的卡已取出。"]
    assert bank.messages(second, Author.STAFF) == []
    expect(page.locator(".composer textarea")).to_have_value("请稍等，我在查。")
    open_conversation(page, bank, first)
    expect(page.locator(".composer textarea")).to_have_value("")


def test_a_note_is_seen_by_staff_and_never_by_the_customer(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id = bank.waiting()
    called = bank.a_member(name="王主任")
    page, other = enter(bank.a_member(name="李经理")), enter(called)
    open_conversation(page, bank, conversation_id)
    take_over(page)
    open_conversation(other, bank, conversation_id)
    page.keyboard.press("Alt+n")
    expect(page.locator(".composer")).to_have_class(re.compile("is-note"))
    write(page, f"<b>@{called.username}</b> 请查卡 {CARD}，@nobody.here")
    for seen in (page, other):
        note = seen.locator(".message.note")
        expect(note).to_contain_text("李经理", timeout=WITHIN_A_SECOND * 3)
        expect(note.locator(".text")).to_contain_text(f"<b>@{called.username}</b> 请查卡")
        expect(note.locator("mark")).to_have_text([f"@{called.username}"])
        expect(note).not_to_contain_text(CARD)
    expect(page.locator(".composer textarea")).to_have_value("")
    assert bank.messages(conversation_id, Author.STAFF) == []


def test_whoever_does_not_hold_it_adds_a_note_too_and_stands_in_time_order(
    enter: Enter,  # noqa: F811
    bank: Bank,  # noqa: F811
) -> None:
    conversation_id = bank.waiting()
    holder, other = enter(bank.a_member(name="李经理")), enter(bank.a_member(name="王主任"))
    open_conversation(holder, bank, conversation_id)
    take_over(holder)
    open_conversation(other, bank, conversation_id)
    other.get_by_role("button", name="内部备注").click()
    write(other, "这位客户上周来过")
    expect(other.locator(".message.note")).to_contain_text("这位客户上周来过")
    bank.writes_again(conversation_id, "还在吗")
    expect(holder.locator(".message").last).to_contain_text("还在吗")
    expect(holder.locator(".message").nth(-2)).to_have_class(re.compile("note"))


def test_a_half_written_note_does_not_become_an_answer(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id = bank.waiting()
    page = enter(bank.a_member())
    open_conversation(page, bank, conversation_id)
    take_over(page)
    page.click(".note-toggle")
    page.fill(".composer textarea", "客户很凶，小心")
    page.click(".note-toggle")
    expect(page.locator(".composer textarea")).to_have_value("")
    page.reload()
    expect(page.locator(".composer textarea")).to_have_value("")
    page.click(".note-toggle")
    expect(page.locator(".composer textarea")).to_have_value("客户很凶，小心")


def test_who_only_reads_writes_no_note(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id = bank.waiting()
    page = enter(bank.a_member(role=Role.AUDITOR, unit_code="HB"))
    open_conversation(page, bank, conversation_id)
    page.keyboard.press("Alt+n")
    expect(page.locator(".note-toggle, .composer")).to_have_count(0)


def test_a_conversation_is_passed_to_a_colleague_with_a_note(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id = bank.waiting()
    receiver = bank.a_member(name="赵主任")
    page, other = enter(bank.a_member(name="李经理")), enter(receiver)
    open_conversation(page, bank, conversation_id)
    take_over(page)
    open_conversation(other, bank, conversation_id)
    page.click(".transfer")
    form = page.locator(".transfer-form")
    option = form.locator("option", has_text="赵主任").first
    expect(option).to_be_attached()
    form.locator("select").select_option(value=str(receiver.id))
    form.locator("textarea").fill("他要的是退费，不是道歉")
    form.get_by_role("button", name="转交", exact=True).click()
    expect(page.locator(".holder-line")).to_contain_text("赵主任 正在接待")
    expect(form).to_have_count(0)
    expect(other.locator(".composer textarea")).to_be_focused()
    expect(other.locator(".message.note")).to_contain_text("他要的是退费，不是道歉")
    expect(other.locator(".message.bot").last).to_contain_text("赵主任")
    assert bank.conversation(conversation_id).held_by == receiver.id


def test_a_conversation_goes_back_to_the_queue_only_with_a_note(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id = bank.waiting()
    page = enter(bank.a_member())
    open_conversation(page, bank, conversation_id)
    take_over(page)
    page.click(".transfer")
    form = page.locator(".transfer-form")
    form.locator("select").select_option(value="queue")
    form.get_by_role("button", name="转交", exact=True).click()
    assert bank.conversation(conversation_id).holder is Holder.STAFF
    form.locator("textarea").fill("要会英文的同事")
    form.get_by_role("button", name="转交", exact=True).click()
    expect(page.locator(".holder-line")).to_contain_text("客户在等人工接手")
    expect(page.locator(".message.note")).to_contain_text("要会英文的同事")
    assert bank.conversation(conversation_id).holder is Holder.QUEUE


def test_an_answer_that_crossed_a_message_is_held_until_it_is_sent_again(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id = bank.waiting()
    page = enter(bank.a_member())
    open_conversation(page, bank, conversation_id)
    take_over(page)
    with psycopg.connect(bank.database.url, autocommit=True) as connection:  # and the page does not hear of it
        connection.execute(
            "INSERT INTO messages (conversation_id, author, text, buttons, delivery, sent_at, masked)"
            " VALUES (%s, 'customer', '机器又把卡吐出来了', '[]', 'received', now(), '[]')",
            [conversation_id],
        )
    write(page, "请明天来取卡。")
    expect(page.locator(".held")).to_have_text("客户刚又发来消息，确认仍要发送？")
    expect(page.locator(".message.customer").last).to_contain_text("机器又把卡吐出来了")
    expect(page.locator(".composer textarea")).to_have_value("请明天来取卡。")
    assert bank.messages(conversation_id, Author.STAFF) == []
    page.press(".composer textarea", "Enter")
    expect(page.locator(".message.staff")).to_contain_text("请明天来取卡。")
    expect(page.locator(".held")).to_have_count(0)
    assert bank.messages(conversation_id, Author.STAFF) == ["请明天来取卡。"]
