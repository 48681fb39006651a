"""Oversight at the desk in a real browser: notices and alarms on every page, the supervisor's figures."""

import re
import uuid

from playwright.sync_api import expect

from bot.alarms.calls import a_call
from bot.alarms.models import Alarm, Occasion, Way
from bot.alarms.notices import Facts
from bot.clock import system_clock
from bot.complaints.models import Complaint, NoticeKind
from bot.complaints.notices import notify
from bot.database import notify_changed
from bot.staff.models import Role, StaffMember
from tests.browser.test_desk import Bank, Enter, bank, enter  # noqa: F401 - fixtures

OUTLET = "HB-WH-WC-03"


def a_case(bank: Bank) -> Complaint:  # noqa: F811
    return bank.run(bank.scene.complaint(bank.waiting()))


def tell(bank: Bank, complaint: Complaint, kind: NoticeKind, person: StaffMember | None = None) -> None:  # noqa: F811
    """A notice goes out to a person, or to the outlet."""

    async def write() -> None:
        async with bank.database.transaction() as session:
            found = await session.get_one(Complaint, complaint.id)
            to = {"staff_id": person.id} if person else {"unit_code": OUTLET}
            notify(session, found, kind, now=system_clock(), deadline=found.deadlines[0], **to)
            await notify_changed(session, found.conversation_id)

    bank.run(write())


def call(bank: Bank, conversation_id: uuid.UUID, person: StaffMember) -> uuid.UUID:  # noqa: F811
    """An alarm rings for the conversation, and calls this person at the desk."""

    async def write() -> uuid.UUID:
        now = system_clock()
        async with bank.database.transaction() as session:
            alarm = Alarm(
                id=uuid.uuid4(),
                conversation_id=conversation_id,
                kind=Occasion.CRISIS,
                waiting_since=now,
                raised_at=now,
                level=0,
            )
            session.add(alarm)
            await session.flush()
            facts = Facts(conversation_id=conversation_id, tier=None, outlet_code=None, waiting_since=now)
            session.add(a_call(alarm.kind, "x", facts, staff_id=person.id, way=Way.DESK, now=now, alarm=alarm))
            await notify_changed(session, conversation_id)
            return alarm.id

    return bank.run(write())


def test_notices_arrive_live_and_are_seen_one_by_one_or_all(enter: Enter, bank: Bank) -> None:  # noqa: F811
    member = bank.a_member(name="王柜员", role=Role.HANDLER, unit_code=OUTLET)
    other = bank.a_member(role=Role.HANDLER, unit_code=OUTLET, language="en")
    complaint = a_case(bank)
    page, colleague = enter(member), enter(other)
    expect(page.locator(".bell")).to_be_visible()
    expect(page.locator(".bell-count")).to_have_count(0)
    tell(bank, complaint, NoticeKind.HALF_TIME)
    tell(bank, complaint, NoticeKind.ONE_DAY_LEFT)
    tell(bank, complaint, NoticeKind.DEADLINE_MISSED, member)
    expect(page.locator(".bell-count")).to_have_text("3")
    expect(colleague.locator(".bell-count")).to_have_text("2")

    page.click(".bell-button")
    newest = page.locator(".bell-notice").first
    expect(newest).to_contain_text("期限已过")
    expect(newest).to_contain_text(complaint.number)
    page.locator(".bell-notice.unseen").last.get_by_role("button").click()
    expect(page.locator(".bell-count")).to_have_text("2")
    page.click(".see-all")
    expect(page.locator(".bell-count")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator(".bell-list")).to_have_count(0)
    expect(colleague.locator(".bell-count")).to_have_text("2")

    colleague.click(".bell-button")
    colleague.locator(".bell-notice a").first.click()
    expect(colleague).to_have_url(re.compile(str(complaint.conversation_id)))
    expect(colleague.locator(".bell-count")).to_have_text("1")


def test_who_is_called_finds_the_alarm_on_whatever_page_they_are(enter: Enter, bank: Bank) -> None:  # noqa: F811
    member = bank.a_member(role=Role.ADMINISTRATOR, unit_code="HB", language="en")
    conversation_id = bank.waiting("撑不下去了")
    page = enter(member, "/people")
    expect(page.locator(".bell")).to_be_visible()
    alarm_id = call(bank, conversation_id, member)
    expect(page.locator(".bell-call")).to_contain_text("A customer may be in danger")
    page.click(".bell-button")
    expect(page.locator(".bell-alarm")).to_have_count(1)
    page.locator(".bell-alarm").click()
    expect(page).to_have_url(re.compile(str(conversation_id)))

    async def silence() -> None:
        async with bank.database.transaction() as session:
            (await session.get_one(Alarm, alarm_id)).silenced_at = system_clock()
            await notify_changed(session, conversation_id)

    bank.run(silence())
    expect(page.locator(".bell-call a")).to_have_count(0)


def test_a_notice_of_a_case_elsewhere_leads_nowhere(enter: Enter, bank: Bank) -> None:  # noqa: F811
    member = bank.a_member(role=Role.HANDLER, unit_code="HB-YC-XL-01")
    tell(bank, a_case(bank), NoticeKind.HALF_TIME, member)
    page = enter(member)
    page.click(".bell-button")
    expect(page.locator(".bell-notice.unseen")).to_have_count(1)
    expect(page.locator(".bell-notice a")).to_have_count(0)
