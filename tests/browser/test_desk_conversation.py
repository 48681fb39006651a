"""The conversation at the desk in a real browser: nobody answers blind, nobody keeps a customer waiting unseen."""

from playwright.sync_api import expect

from bot.conversations.models import Author, Holder
from tests.browser.test_desk import Bank, Enter, bank, enter, open_conversation, take_over  # noqa: F401 - fixtures
from tests.integration.desk.served import wait_for


def test_an_answer_to_less_than_the_customer_wrote_is_held_once(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id = bank.waiting()
    page = enter(bank.a_member())
    open_conversation(page, bank, conversation_id)
    take_over(page)
    page.fill(".composer textarea", "明天上午给您取卡。")
    emit = "root => getElement(Number(root.id.slice(1))).$emit('reply', { text: '明天上午给您取卡。', seen: 0 })"
    page.locator(".thread").evaluate(emit)
    expect(page.locator(".notice")).to_contain_text("客户刚又发来消息")
    assert bank.messages(conversation_id, Author.STAFF) == []
    expect(page.locator(".composer textarea")).to_have_value("明天上午给您取卡。")
    page.keyboard.press("Enter")
    expect(page.locator(".message.staff")).to_contain_text("明天上午给您取卡。")
    assert bank.messages(conversation_id, Author.STAFF) == ["明天上午给您取卡。"]


def test_whoever_signs_out_gives_their_chats_back(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id = bank.waiting()
    page = enter(bank.a_member())
    open_conversation(page, bank, conversation_id)
    take_over(page)
    page.get_by_role("button", name="退出").click()
    wait_for(lambda: bank.conversation(conversation_id).holder is Holder.QUEUE)
