"""A unit's canned replies in a real browser: kept on their page, found in the composer, text only ever as text."""

from typing import Any

from playwright.sync_api import expect
from sqlalchemy import select

from bot.audit import AuditRecord
from bot.staff.models import Role, StaffMember
from bot.staff.unit_replies import UnitReply
from tests.browser.test_desk import Bank, Enter, bank, enter, open_conversation, take_over

__all__ = ["bank", "enter"]


def test_a_supervisor_keeps_a_reply_which_the_units_handlers_find_in_the_composer(enter: Enter, bank: Bank) -> None:
    page = enter(bank.a_member(unit_code="HB-WH-WC-03"), "/replies")
    expect(page.locator(".house-replies article").first).to_contain_text("接手问候")
    page.keyboard.press("n")
    expect(page.locator(".person input[name=title]")).to_be_focused()
    page.keyboard.type("<b>取卡</b>")
    page.select_option(".person select[name=step]", "react")
    page.fill(".person textarea", "带身份证来")
    page.locator(".places-to-fill").get_by_role("button", name="网点").click()
    page.keyboard.type("取卡")
    page.click(".person button[type=submit]")
    expect(page.locator(".reply-row strong")).to_have_text("<b>取卡</b>")
    expect(page.locator(".reply-row small")).to_have_text("带身份证来{outlet}取卡")

    conversation_id = bank.waiting()
    bank.run(bank.scene.complaint(conversation_id))
    handler = enter(bank.a_member(role=Role.HANDLER, unit_code="HB-WH-WC-03"))
    open_conversation(handler, bank, conversation_id)
    take_over(handler)
    handler.keyboard.press("/")
    handler.keyboard.type("取卡")
    expect(handler.locator(".canned-reply")).to_have_count(1)
    expect(handler.locator(".canned-reply strong")).to_have_text("<b>取卡</b>本机构")
    handler.keyboard.press("Enter")
    expect(handler.locator(".composer textarea")).to_have_value("带身份证来司门口支行取卡")

    page.locator(".reply-row").click()
    page.fill(".person textarea", "带{documents}来")
    page.click(".person button[type=submit]")
    expect(page.locator(".notice")).to_contain_text("花括号里的「documents」填不了")
    page.click(".archive")
    expect(page.locator(".reply-row")).to_have_count(0)
    handler.keyboard.press("Control+A")
    handler.keyboard.press("Delete")
    handler.keyboard.press("/")
    expect(handler.locator(".canned-reply").first).to_be_visible()
    expect(handler.locator(".canned-reply").filter(has_text="取卡")).to_have_count(0)


def test_a_supervisor_of_another_unit_cannot_touch_a_reply(enter: Enter, bank: Bank) -> None:
    ours = bank.a_member(unit_code="HB-WH-WC")

    async def keep() -> int:
        async with bank.database.transaction() as session:
            reply = UnitReply(
                unit_code="HB-WH-WC",
                step="react",
                language="zh",
                title="取卡",
                text="来取",
                created_by=ours.id,
                created_at=bank.scene.clock(),
            )
            session.add(reply)
            await session.flush()
            return reply.id

    async def stored(reply_id: int) -> tuple[UnitReply, list[AuditRecord]]:
        async with bank.database.transaction() as session:
            records = select(AuditRecord).where(AuditRecord.subject == f"reply:{reply_id}")
            return await session.get_one(UnitReply, reply_id), list(await session.scalars(records))

    async def refusals(person: StaffMember) -> list[AuditRecord]:
        async with bank.database.transaction() as session:
            query = select(AuditRecord).where(
                AuditRecord.actor == f"staff:{person.username}", AuditRecord.action == "access_refused"
            )
            return list(await session.scalars(query))

    reply_id = bank.run(keep())
    stranger = bank.a_member(unit_code="HB-YC")
    page = enter(stranger, "/replies")
    expect(page.locator(".reply-row")).to_have_count(0)
    emit = "(root, [event, sent]) => getElement(Number(root.id.slice(1))).$emit(event, sent)"
    wishes: list[tuple[str, Any]] = [
        ("archive", {"id": reply_id}),
        ("change", {"id": reply_id, "unit": "HB-YC", "step": "react", "language": "zh", "title": "x", "text": "y"}),
        ("add", {"unit": "HB-WH-WC", "step": "react", "language": "zh", "title": "x", "text": "y"}),
    ]
    for wish in wishes:
        page.locator(".replies").evaluate(emit, wish)
        expect(page.locator(".notice")).to_have_text("只能管理本机构及下级机构的回复。")
        page.locator(".notice").evaluate("notice => notice.remove()")
    page.locator(".replies").evaluate(emit, ["archive", {"id": "x"}])
    expect(page.locator(".notice")).to_have_text("请把表单填写完整。")
    reply, records = bank.run(stored(reply_id))
    assert (reply.text, reply.archived_at, records) == ("来取", None, [])
    assert len(bank.run(refusals(stranger))) == 3
