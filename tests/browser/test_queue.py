"""The queue in a real browser: filters, search, pages and keys."""

import re
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import expect

from bot.clock import system_clock
from bot.complaints.labels import Product, Tier
from bot.staff.models import Role
from bot.staff.people import organisation
from tests.browser.test_desk import Bank, Enter, bank, enter, row  # noqa: F401 - the desk's fixtures
from tests.integration.desk.crowd import a_crowd
from tests.postgres import empty_every_table


@pytest.fixture(autouse=True)
def nothing_in_the_queue(bank: Bank) -> Iterator[None]:  # noqa: F811
    empty_every_table(bank.database.url)
    yield


def a_case(bank: Bank, *, name: str = "陈女士", tier: Tier | None = None, **details: object) -> uuid.UUID:  # noqa: F811
    conversation_id: uuid.UUID = bank.waiting(name=name)
    bank.run(bank.scene.complaint(conversation_id, tier=tier, **details))  # type: ignore[arg-type]
    return conversation_id


def test_filters_tier_and_product_narrow_the_queue(enter: Enter, bank: Bank) -> None:  # noqa: F811
    urgent = a_case(bank, tier=Tier.URGENT)
    card = a_case(bank, product=Product.CREDIT_CARD)
    page = enter(bank.a_member())
    expect(page.locator(".row")).to_have_count(2)
    expect(page.locator('[data-filter="unassigned"] .count')).to_have_text("2")
    page.select_option("select[aria-label=级别]", "urgent")
    expect(page.locator(".row")).to_have_count(1)
    expect(row(page, urgent)).to_be_visible()
    page.select_option("select[aria-label=级别]", "")
    page.select_option("select[aria-label=业务]", "credit_card")
    expect(row(page, card)).to_be_visible()
    expect(row(page, urgent)).to_have_count(0)
    page.click('[data-filter="mine"]')
    expect(page.locator(".empty").first).to_contain_text("也没有分派给您的投诉")


def test_search_finds_while_one_types_and_escape_ends_it(enter: Enter, bank: Bank) -> None:  # noqa: F811
    wanted, other = a_case(bank, name="陈女士"), a_case(bank, name="周先生")
    page = enter(bank.a_member(), "/")
    page.click('[data-filter="open"]')
    page.keyboard.press("/")
    page.keyboard.type("陈女")
    expect(row(page, other)).to_have_count(0)
    expect(row(page, wanted)).to_be_visible()
    bank.writes_again(other, "还在等")  # what the search leaves out stays out when it changes
    bank.writes_again(wanted, "我还在等")
    expect(row(page, wanted)).to_contain_text("我还在等")
    expect(row(page, other)).to_have_count(0)
    page.keyboard.press("Escape")
    expect(row(page, other)).to_be_visible()
    expect(page.locator("input[type=search]")).not_to_be_focused()


def test_the_queue_is_turned_page_by_page(enter: Enter, bank: Bank) -> None:  # noqa: F811
    bank.run(a_crowd(bank.database, organisation(), count=120, now=system_clock(), messages=1))
    page = enter(bank.a_member(role=Role.COORDINATOR, unit_code="HB", language="en"))
    page.click('[data-filter="open"]')
    expect(page.locator(".pager")).to_contain_text("1–50 of 120")
    expect(page.locator(".row")).to_have_count(50)
    first = page.locator(".row").first.get_attribute("data-id")
    page.click("[aria-label='Next page']")
    expect(page.locator(".pager")).to_contain_text("51–100 of 120")
    page.click("[aria-label='Next page']")
    expect(page.locator(".row")).to_have_count(20)
    expect(page.locator("[aria-label='Next page']")).to_be_disabled()
    assert page.locator(f'.row[data-id="{first}"]').count() == 0


def test_the_keyboard_moves_opens_and_helps(enter: Enter, bank: Bank) -> None:  # noqa: F811
    first, second = a_case(bank), a_case(bank)
    page = enter(bank.a_member())
    expect(page.locator(".row")).to_have_count(2)
    page.keyboard.press("j")
    expect(row(page, first)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(row(page, second)).to_be_focused()
    page.keyboard.press("j")
    expect(row(page, second)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(str(first)))
    expect(page.locator(".thread-head")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator(".keys")).to_contain_text("打开会话")
    page.keyboard.press("Escape")
    expect(page.locator(".keys")).to_have_count(0)


def test_the_keys_stay_out_of_what_a_person_writes(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id = a_case(bank)
    page = enter(bank.a_member(), f"/conversations/{conversation_id}")
    page.click(".take-over")
    field = page.locator(".composer textarea")
    expect(field).to_be_focused()
    page.keyboard.type("j/k?x")
    expect(field).to_have_value("j/k?x")
    expect(page.locator(".keys")).to_have_count(0)


def test_a_view_is_saved_used_again_and_removed(enter: Enter, bank: Bank) -> None:  # noqa: F811
    urgent, other = a_case(bank, tier=Tier.URGENT), a_case(bank)
    person = bank.a_member()
    page = enter(person)
    page.select_option("select[aria-label=级别]", "urgent")
    page.click("text=保存筛选")
    page.keyboard.type("紧急的")
    page.keyboard.press("Enter")
    expect(page.locator(".view")).to_contain_text("紧急的")
    again = enter(person)
    expect(row(again, other)).to_be_visible()
    again.click(".view >> text=紧急的")
    expect(row(again, other)).to_have_count(0)
    expect(row(again, urgent)).to_be_visible()
    again.click("[aria-label='删除「紧急的」']")
    expect(again.locator(".view")).to_have_count(0)


def test_the_palette_goes_to_a_case_by_its_number_also_a_settled_one_and_to_a_filter(
    enter: Enter,  # noqa: F811
    bank: Bank,  # noqa: F811
) -> None:
    conversation_id = bank.run(bank.scene.customer_writes("卡被吞了", name="陈女士"))
    case = bank.run(bank.scene.complaint(conversation_id))
    with psycopg.connect(bank.database.url, autocommit=True) as connection:
        connection.execute("UPDATE complaints SET state = 'resolved' WHERE id = %s", [case.id])
    page = enter(bank.a_member())
    page.keyboard.press("Control+k")
    page.keyboard.type("全部未")
    page.keyboard.press("Enter")
    expect(page.locator('[data-filter="open"]')).to_have_class("chosen")
    page.keyboard.press("Control+k")
    page.keyboard.type(case.number.replace("-", "").lower())
    expect(page.locator(".palette li.at")).to_contain_text(case.number)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(str(conversation_id)))
    expect(page.locator(".palette")).to_have_count(0)


def test_several_cases_are_given_to_one_person_each_with_its_answer(enter: Enter, bank: Bank) -> None:  # noqa: F811
    first, second = a_case(bank), a_case(bank)
    without = bank.waiting()
    handler = bank.a_member(name="赵柜员", role=Role.HANDLER, unit_code="HB-WH-WC-03")
    page = enter(bank.a_member(role=Role.COORDINATOR, unit_code="HB-WH-WC"))
    expect(page.locator(".row")).to_have_count(3)
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    expect(page.locator(".bulk")).to_contain_text("已选 3 个")
    page.select_option(".bulk select", str(handler.id))
    for conversation_id in (first, second):
        expect(row(page, conversation_id).locator(".outcome")).to_have_text("已分派")
        expect(row(page, conversation_id)).to_contain_text("赵柜员")
    expect(row(page, without).locator(".outcome")).to_have_text("没有未结投诉")
    expect(page.locator(".bulk")).to_have_count(0)
