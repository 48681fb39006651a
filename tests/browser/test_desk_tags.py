"""Tags in a real browser: put on in the case, seen in the queue, filtered by, and taken off."""

import uuid

from playwright.sync_api import expect

from tests.browser.test_desk import Bank, Enter, bank, enter, open_conversation, row  # noqa: F401 - the desk's fixtures


def a_case(bank: Bank) -> uuid.UUID:  # noqa: F811
    conversation_id = bank.waiting()
    bank.run(bank.scene.complaint(conversation_id))
    return conversation_id


def test_a_tag_is_put_on_a_case_and_the_queue_shows_and_filters_by_it(enter: Enter, bank: Bank) -> None:  # noqa: F811
    tagged, other = a_case(bank), a_case(bank)
    page = enter(bank.a_member())
    open_conversation(page, bank, tagged)
    page.locator(".case .more").first.click()
    page.click('[data-act="add_tag"]')
    form = page.locator('.act-form[data-act="add_tag"]')
    form.locator("select").select_option("media")
    form.get_by_role("button", name="加上").click()
    expect(page.locator(".case .tag")).to_have_text(["媒体关注"])
    expect(page.locator(".notice")).to_contain_text("标签已加上")
    expect(row(page, tagged).locator(".tag")).to_have_text(["媒体关注"])
    expect(row(page, other).locator(".tag")).to_have_count(0)

    page.goto(bank.desk.address)
    page.select_option("select[aria-label=标签]", "media")
    expect(row(page, tagged)).to_be_visible()
    expect(row(page, other)).to_have_count(0)
    page.select_option("select[aria-label=标签]", "")
    page.fill("input[type=search]", "媒体关注")
    expect(row(page, other)).to_have_count(0)
    expect(row(page, tagged)).to_be_visible()

    open_conversation(page, bank, tagged)
    page.locator(".case .more").first.click()
    page.click('[data-act="remove_tag"]')
    form = page.locator('.act-form[data-act="remove_tag"]')
    form.locator("select").select_option("media")
    form.get_by_role("button", name="去掉").click()
    expect(page.locator(".case .tag")).to_have_count(0)


def test_the_tags_have_english_names_too(enter: Enter, bank: Bank) -> None:  # noqa: F811
    page = enter(bank.a_member(language="en"))
    expect(page.locator("select[aria-label=Tag] option")).to_contain_text(["All tags", "Media interest"])
