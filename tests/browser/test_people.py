"""People and audit log in a real browser: an administrator looks after people with the keyboard."""

import re

from playwright.sync_api import expect

from bot.staff.models import Role
from tests.browser.test_desk import Bank, Enter, bank, enter

__all__ = ["bank", "enter"]


def test_an_administrator_adds_finds_changes_and_closes_a_person(enter: Enter, bank: Bank) -> None:
    page = enter(bank.a_member(name="管理员", role=Role.ADMINISTRATOR, unit_code="HB-SN"), "/people")
    expect(page.locator(".people-search input")).to_be_focused()
    expect(page.locator(".person-row")).to_have_count(1)
    page.locator(".person-row").focus()
    page.keyboard.press("n")
    expect(page.locator(".person input[name=username]")).to_be_focused()
    page.keyboard.type("sun.li")
    page.keyboard.press("Tab")
    page.keyboard.type("<b>孙经理</b>")
    page.select_option(".person select[name=role]", "coordinator")
    page.select_option(".person select[name=unit]", "HB-SN")
    page.click(".person button[type=submit]")
    expect(page.locator(".secret code")).to_have_text(re.compile(r"(\w{4}-){3}\w{4}"))
    password = page.locator(".secret code").inner_text()

    person = enter("sun.li", password=password)
    expect(person).to_have_url(re.compile("/password"))

    page.fill(".people-search input", "孙")
    expect(page.locator(".person-row")).to_have_count(1)
    expect(page.locator(".person-row strong")).to_have_text("<b>孙经理</b>")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="加一班").click()
    page.click(".save-shifts")
    expect(page.locator(".notice")).to_have_text("已保存。")
    page.get_by_role("button", name="重置密码").click()
    expect(page.locator(".secret code")).not_to_have_text(password)
    page.get_by_role("button", name="停用").click()
    expect(page.locator(".person-row em")).to_have_text("已停用")
    person.reload()
    expect(person).to_have_url(re.compile("/sign-in"))


def test_an_administrator_whose_role_is_taken_is_sent_away_at_the_next_act(enter: Enter, bank: Bank) -> None:
    member = bank.a_member(role=Role.ADMINISTRATOR, unit_code="HB")
    page = enter(member, "/people")
    expect(page.locator(".people")).to_be_visible()

    async def take_role() -> None:
        async with bank.database.transaction() as session:
            stored = await session.merge(member)
            stored.role = Role.HANDLER

    bank.run(take_role())
    page.fill(".people-search input", "x")
    expect(page.locator(".queue")).to_be_visible()
    page.goto(f"{bank.desk.address}/people")
    expect(page.locator(".card-title")).to_have_text("您的岗位不能打开这个页面")


def test_an_auditor_filters_the_log(enter: Enter, bank: Bank) -> None:
    member = bank.a_member(role=Role.AUDITOR, unit_code="HB", language="en")
    page = enter(member, "/audit")
    page.fill("input[name=actor]", f"staff:{member.username}")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr td").nth(2)).to_have_text("sign_in")
