"""Following a case, and parent and child cases, in a real browser."""

from playwright.sync_api import Page, expect

from bot.complaints.models import Complaint
from bot.staff.models import Role, StaffMember
from tests.browser.test_desk import Bank, Enter, bank, enter, open_conversation, row  # noqa: F401 - fixtures
from tests.browser.test_desk_case_extras import a_handler, settle
from tests.browser.test_desk_casework import a_case, act, fill_in, show_all_acts


def a_coordinator(bank: Bank, **details: str) -> StaffMember:  # noqa: F811
    return bank.a_member(**({"name": "孙主任", "role": Role.COORDINATOR, "unit_code": "HB-WH-WC"} | details))


def has_case(bank: Bank, complaint: Complaint, handler: StaffMember) -> None:  # noqa: F811
    async def do() -> None:
        async with bank.database.transaction() as session:
            (await session.get_one(Complaint, complaint.id)).handler_id = handler.id

    bank.run(do())


def open_bell(page: Page) -> None:
    page.click(".bell-button")
    expect(page.locator(".bell-list")).to_be_visible()


def child(page: Page, complaint: Complaint) -> str:
    return f".children .relative[data-number='{complaint.number}']"


def test_whoever_follows_a_case_hears_what_a_colleague_does_with_it(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id, complaint = a_case(bank)
    page, colleague = enter(a_coordinator(bank)), enter(a_handler(bank))
    open_conversation(page, bank, conversation_id)
    expect(page.locator(".followers")).to_contain_text("还没有人")
    act(page, "follow").click()
    expect(page.locator(".followers")).to_contain_text("孙主任")
    expect(page.locator(".timeline")).to_contain_text("关注")
    expect(act(page, "follow")).to_have_count(0)

    open_conversation(colleague, bank, conversation_id)
    expect(colleague.locator(".followers")).to_contain_text("孙主任")
    act(colleague, "take").click()
    act(colleague, "start").click()
    expect(page.locator(".bell-count")).to_have_text("2")
    open_bell(page)
    expect(page.locator(".bell-notice").first).to_contain_text("关注的案件：开始处理")
    expect(page.locator(".bell-notice").first).to_contain_text(complaint.number)
    expect(page.locator(".bell-notice").last).to_contain_text("关注的案件：经办人有变")

    page.click('[data-filter="followed"]')
    expect(row(page, conversation_id)).to_be_visible()
    act(page, "unfollow").click()
    expect(page.locator(".followers")).to_contain_text("还没有人")
    expect(page.locator(".queue .empty")).to_contain_text("您关注的投诉都已办结，或还没有关注。")


def test_whoever_may_no_longer_see_a_case_hears_no_more_of_it(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id, _ = a_case(bank)
    coordinator = a_coordinator(bank, language="en")
    page, colleague = enter(coordinator), enter(a_handler(bank))
    open_conversation(page, bank, conversation_id)
    act(page, "follow").click()
    expect(page.locator(".followers")).to_contain_text("Followed by 孙主任")

    async def move() -> None:
        async with bank.database.transaction() as session:
            (await session.merge(coordinator)).unit_code = "HB-YC"

    bank.run(move())
    open_conversation(colleague, bank, conversation_id)
    act(colleague, "take").click()
    expect(colleague.locator(".responsible")).to_contain_text("王柜员")
    page.goto(bank.desk.address)
    expect(page.locator(".bell")).to_be_visible()
    open_bell(page)
    expect(page.locator(".bell-list")).to_contain_text("No notices.")


def test_a_parent_shows_its_children_and_each_child_its_parent(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id, parent = a_case(bank)
    near_id, near = a_case(bank)
    _, far = a_case(bank, outlet_code="HB-YC-XL-01")
    page, province = enter(a_coordinator(bank)), enter(bank.a_member(role=Role.TASK_FORCE, unit_code="HB"))
    open_conversation(page, bank, conversation_id)
    fill_in(page, "add_child", 下级案件编号=near.number)
    expect(page.locator(".children h3")).to_have_text("下级案件（1 件未结，共 1 件）")
    expect(page.locator(child(page, near))).to_contain_text("已登记")
    expect(page.locator(child(page, near))).to_contain_text("司门口支行")
    expect(page.locator(child(page, near))).to_contain_text("还剩")

    show_all_acts(page)
    act(page, "add_child").click()
    form = page.locator("form[data-act=add_child]")
    form.locator("input").fill(far.number)
    form.locator("button[type=submit]").click()
    expect(page.locator(".notice")).to_have_text("没有这个编号的投诉，或您不能查看它。")
    open_conversation(province, bank, conversation_id)
    fill_in(province, "add_child", 下级案件编号=far.number)
    expect(page.locator(child(page, far))).to_be_visible()
    expect(page.locator(f"{child(page, far)} a")).to_have_count(0)

    page.locator(f"{child(page, near)} a").click()
    page.wait_for_url(lambda url: str(near_id) in url)
    expect(page.locator(".parent .relative")).to_contain_text(parent.number)
    expect(act(page, "add_child")).to_have_count(0)
    act(page, "leave_parent").click()
    expect(page.locator(".parent")).to_have_count(0)
    expect(province.locator(".children .relative")).to_have_count(1)


def test_a_word_to_all_children_reaches_their_handlers(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id, _ = a_case(bank)
    child_id, told = a_case(bank)
    handler = a_handler(bank)
    has_case(bank, told, handler)
    page, colleague = enter(a_coordinator(bank)), enter(handler)
    open_conversation(page, bank, conversation_id)
    fill_in(page, "add_child", 下级案件编号=told.number)
    fill_in(page, "tell_children", 通知内容="系统今晚修复，<b id=planted>明天</b>请回访客户。")
    expect(page.locator(".notice")).to_have_text("已通知全部下级。")
    expect(colleague.locator(".bell-count")).to_have_text("1")
    open_bell(colleague)
    expect(colleague.locator(".bell-notice")).to_contain_text("上级案件有通知")
    colleague.locator(".bell-notice a").click()
    colleague.wait_for_url(lambda url: str(child_id) in url)
    expect(colleague.locator(".message.note")).to_contain_text("系统今晚修复，<b id=planted>明天</b>请回访客户。")
    expect(colleague.locator("#planted")).to_have_count(0)


def test_a_parent_is_not_closed_over_an_open_child_and_the_word_says_why(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id, parent = a_case(bank)
    _, open_child = a_case(bank)
    page = enter(a_handler(bank))
    open_conversation(page, bank, conversation_id)
    fill_in(page, "add_child", 下级案件编号=open_child.number)
    settle(bank, parent)
    page.reload()
    show_all_acts(page)
    act(page, "close").click()
    form = page.locator("form[data-act=close]")
    for label, value in (("根本原因", "系统设备"), ("是否告知客户", "已告知客户"), ("是否需要整改", "无需整改")):
        form.locator("label").filter(has_text=label).locator("select").select_option(label=value)
    form.locator("button[type=submit]").click()
    expect(page.locator(".notice")).to_have_text("还有下级案件没有办结，都办结后才能归档。")
    settle(bank, open_child)
    page.reload()
    expect(page.locator(".children h3")).to_have_text("下级案件（0 件未结，共 1 件）")
    expect(act(page, "tell_children")).to_have_count(0)
    fill_in(page, "close", 根本原因="系统设备", 是否告知客户="已告知客户", 是否需要整改="无需整改")
    expect(page.locator(".case .state")).to_have_text("已归档")


def test_whoever_only_reads_sees_followers_and_family_but_is_offered_nothing(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id, _ = a_case(bank)
    _, told = a_case(bank)
    page, reader = enter(a_coordinator(bank)), enter(bank.a_member(role=Role.AUDITOR, unit_code="HB"))
    open_conversation(page, bank, conversation_id)
    act(page, "follow").click()
    expect(page.locator(".followers")).to_contain_text("孙主任")
    fill_in(page, "add_child", 下级案件编号=told.number)
    open_conversation(reader, bank, conversation_id)
    expect(reader.locator(".followers")).to_contain_text("孙主任")
    expect(reader.locator(child(reader, told))).to_be_visible()
    expect(reader.locator(".case [data-act]")).to_have_count(0)
