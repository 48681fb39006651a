"""A case at the desk in a real browser: what is like it, what may be the same matter, and how it is closed."""

from playwright.sync_api import expect

from bot.complaints.casework import accept_result, resolve
from bot.complaints.lifecycle import State
from bot.complaints.models import Complaint, StoryVector
from bot.staff.models import Role, StaffMember
from tests.browser.test_desk import Bank, Enter, bank, enter, open_conversation  # noqa: F401 - fixtures
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
