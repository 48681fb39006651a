"""A case at the desk in a real browser: what is like it, what may be the same matter, and how it is closed."""

import uuid
from datetime import timedelta

from playwright.sync_api import expect

from bot.api.steps import comment
from bot.api.tokens import Caller, Scope
from bot.complaints.casework import accept_result, resolve
from bot.complaints.lifecycle import State
from bot.complaints.models import Complaint, StoryVector
from bot.conversations.handover import locked
from bot.conversations.models import Holder
from bot.followups.closing import AutomaticClosing
from bot.followups.snooze_watch import SnoozeWatch
from bot.staff.models import Role, StaffMember
from tests.browser.test_desk import Bank, Enter, bank, enter, open_conversation, row  # noqa: F401 - fixtures
from tests.browser.test_desk_casework import a_case, act, complaint_of, fill_in

MARKUP = "<b id=planted>卡已归还</b>，手续费退了"


def settle(bank: Bank, complaint: Complaint, result: str = MARKUP) -> None:  # noqa: F811
    """The case is resolved, and its customer accepts the result."""

    async def do() -> None:
        async with bank.database.transaction() as session:
            found = await session.get_one(Complaint, complaint.id)
            resolve(session, found, result, actor="staff:somebody", now=bank.scene.clock())
            accept_result(session, found, now=bank.scene.clock())

    bank.run(do())


def read_alike(bank: Bank, *complaints: Complaint) -> None:  # noqa: F811
    """The stories are found to be the same."""

    async def do() -> None:
        async with bank.database.transaction() as session:
            for complaint in complaints:
                session.add(
                    StoryVector(
                        complaint_id=complaint.id,
                        vector=[1.0, *[0.0] * 383],
                        made_with="e5",
                        made_at=bank.scene.clock(),
                    )
                )

    bank.run(do())


def a_handler(bank: Bank) -> StaffMember:  # noqa: F811
    return bank.a_member(name="王柜员", role=Role.HANDLER, unit_code="HB-WH-WC-03")


def test_how_a_like_case_was_settled_is_folded_away_beside_the_case(enter: Enter, bank: Bank) -> None:  # noqa: F811
    _, settled = a_case(bank)
    settle(bank, settled)
    conversation_id, complaint = a_case(bank)
    read_alike(bank, settled, complaint)
    page = enter(a_handler(bank))
    open_conversation(page, bank, conversation_id)
    similar = page.locator(".similar")
    expect(similar.locator("summary")).to_contain_text("相似案件是怎么办的 (1)")
    expect(similar.locator(".story")).not_to_be_visible()
    similar.locator("summary").click()
    expect(similar.locator(".story")).to_have_text(MARKUP)
    expect(page.locator("#planted")).to_have_count(0)
    expect(similar.locator("a")).to_have_attribute("href", f"/conversations/{settled.conversation_id}")


def test_what_one_customer_told_twice_is_linked(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id, first = a_case(bank)
    second = bank.run(bank.scene.complaint(conversation_id))
    page = enter(a_handler(bank))
    bank_of_second = f".case[data-number='{second.number}']"
    open_conversation(page, bank, conversation_id)
    expect(page.locator(f"{bank_of_second} .repeats")).to_contain_text(first.number)
    expect(page.locator(f"{bank_of_second} .repeats")).to_contain_text("同一客户")
    act(page, "link_repeat", bank_of_second).click()
    expect(page.locator(f"{bank_of_second} .links")).to_contain_text("同一事项")
    expect(page.locator(".repeats")).to_have_count(0)


def test_an_accepted_case_is_closed_by_its_checklist(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id, complaint = a_case(bank)
    settle(bank, complaint)
    page = enter(a_handler(bank))
    open_conversation(page, bank, conversation_id)
    fill_in(
        page,
        "close",
        根本原因="系统设备",
        是否告知客户="已告知客户",
        是否需要整改="需要整改",
        整改内容="更换读卡器",
        责任单位="司门口支行",
        期限="30 天内",
    )
    expect(page.locator(".case .state")).to_have_text("已归档")
    expect(page.locator(".closings")).to_contain_text("系统设备")
    expect(page.locator(".closings")).to_contain_text("更换读卡器")
    assert complaint_of(bank, complaint).state is State.CLOSED


def test_what_closed_by_itself_gets_its_checklist_later(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id, complaint = a_case(bank)
    settle(bank, complaint)
    page = enter(a_handler(bank))
    open_conversation(page, bank, conversation_id)
    months_pass(bank, complaint)
    bank.run(AutomaticClosing(bank.database, bank.scene.clock).close(complaint.id))
    expect(page.locator(".case .state")).to_have_text("已归档")
    expect(page.locator(".timeline li").first).to_contain_text("到期自动归档")
    fill_in(page, "add_checklist", 根本原因="系统设备", 是否告知客户="已告知客户", 是否需要整改="无需整改")
    expect(page.locator(".closings")).to_contain_text("系统设备")
    expect(act(page, "add_checklist")).to_have_count(0)


def months_pass(bank: Bank, complaint: Complaint) -> None:  # noqa: F811
    """The result was told two months ago, and the customer waits for nobody any more."""

    async def do() -> None:
        long_ago = bank.scene.clock() - timedelta(days=62)
        async with bank.database.transaction() as session:
            (await locked(session, complaint.conversation_id)).holder = Holder.BOT
            found = await session.get_one(Complaint, complaint.id)
            found.state_since = found.resolved_at = long_ago

    bank.run(do())


def test_a_comment_of_another_system_comes_to_the_open_page_and_behind_the_handlers_bell(
    enter: Enter,  # noqa: F811
    bank: Bank,  # noqa: F811
) -> None:
    handler = a_handler(bank)
    conversation_id, complaint = a_case(bank)
    page = enter(handler)
    open_conversation(page, bank, conversation_id)
    act(page, "take").click()
    expect(page.locator(".responsible")).to_contain_text("王柜员")
    unseen = page.locator(".bell-count")
    expect(unseen).to_have_count(0)
    crm = Caller(uuid.uuid4(), "crm", frozenset({Scope.COMMENT}), "HB")

    async def comments() -> None:
        async with bank.database.transaction() as session:
            await comment(session, crm, complaint.number, f"{MARKUP}，回电 027-87654321", now=bank.scene.clock())

    bank.run(comments())
    shown = page.locator(".comments")
    expect(shown.locator(".story")).to_have_text(f"{MARKUP}，回电 027-****4321")
    expect(shown.locator("strong")).to_have_text("crm（其他系统）")
    expect(page.locator("#planted")).to_have_count(0)
    expect(unseen).to_have_text("1")
    shown.locator(".reveal").click()
    expect(shown.locator(".story")).to_contain_text("027-87654321")
    page.click(".bell-button")
    expect(page.locator(".bell-notice").first).to_contain_text(f"其他系统有新留言 {complaint.number}")


def test_a_case_put_off_comes_back_to_the_open_queue_and_behind_the_bell_by_itself(
    enter: Enter,  # noqa: F811
    bank: Bank,  # noqa: F811
) -> None:
    handler = a_handler(bank)
    conversation_id, complaint = a_case(bank)
    page = enter(handler)
    open_conversation(page, bank, conversation_id)
    act(page, "take").click()
    expect(page.locator('[data-filter="mine"] .count')).to_have_text("1")
    fill_in(page, "snooze", 期限="1 天内")
    page.click('[data-filter="mine"]')
    expect(row(page, conversation_id)).to_have_count(0)

    async def its_moment_comes() -> None:
        moment = bank.scene.clock() + timedelta(days=1)
        await SnoozeWatch(bank.database, lambda: moment).look(handler.id, complaint.id)

    bank.run(its_moment_comes())
    expect(row(page, conversation_id)).to_be_visible()
    expect(page.locator('[data-filter="snoozed"] .count')).to_have_text("0")
    expect(page.locator(".timeline li").first).to_contain_text("暂缓到期")
    page.click(".bell-button")
    expect(page.locator(".bell-notice").first).to_contain_text("暂缓的案件到时间了")
