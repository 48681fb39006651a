"""Oversight at the desk in a real browser: notices and alarms on every page, the supervisor's figures."""

import re
import uuid
from datetime import timedelta

from playwright.sync_api import expect

from bot.alarms.calls import a_call
from bot.alarms.models import Alarm, Occasion, Way
from bot.alarms.notices import Facts
from bot.clock import system_clock
from bot.complaints.assignment import assign
from bot.complaints.models import Complaint, NoticeKind
from bot.complaints.notices import notify
from bot.complaints.plans import submit_plan
from bot.database import notify_changed
from bot.staff.candidates import candidate, person_of
from bot.staff.models import Absence, Role, StaffMember
from tests.browser.test_desk import Bank, Enter, bank, enter

__all__ = ["bank", "enter"]
OUTLET = "HB-WH-WC-03"


def a_case(bank: Bank) -> Complaint:
    return bank.run(bank.scene.complaint(bank.waiting()))


def tell(bank: Bank, complaint: Complaint, kind: NoticeKind, person: StaffMember | None = None) -> None:
    """A notice goes out to a person, or to the outlet."""

    async def write() -> None:
        async with bank.database.transaction() as session:
            found = await session.get_one(Complaint, complaint.id)
            to = {"staff_id": person.id} if person else {"unit_code": OUTLET}
            notify(session, found, kind, now=system_clock(), deadline=found.deadlines[0], **to)
            await notify_changed(session, found.conversation_id)

    bank.run(write())


def call(bank: Bank, conversation_id: uuid.UUID, person: StaffMember) -> uuid.UUID:
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


def test_notices_arrive_live_and_are_seen_one_by_one_or_all(enter: Enter, bank: Bank) -> None:
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


def test_who_is_called_finds_the_alarm_on_whatever_page_they_are(enter: Enter, bank: Bank) -> None:
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


def test_a_notice_of_a_case_elsewhere_leads_nowhere(enter: Enter, bank: Bank) -> None:
    member = bank.a_member(role=Role.HANDLER, unit_code="HB-YC-XL-02")
    tell(bank, a_case(bank), NoticeKind.HALF_TIME, member)
    page = enter(member)
    page.click(".bell-button")
    expect(page.locator(".bell-notice.unseen")).to_have_count(1)
    expect(page.locator(".bell-notice a")).to_have_count(0)


async def _assign(bank: Bank, complaint: Complaint, member: StaffMember) -> None:
    async with bank.database.transaction() as session:
        found = await session.get_one(Complaint, complaint.id)
        await assign(session, found, await candidate(session, member.id), actor="staff:x", now=system_clock())


def handler_of(bank: Bank, complaint: Complaint) -> uuid.UUID | None:
    async def read() -> uuid.UUID | None:
        async with bank.database.transaction() as session:
            return (await session.get_one(Complaint, complaint.id)).handler_id

    return bank.run(read())


def test_a_supervisor_sees_the_load_goes_to_the_cases_and_gives_those_of_who_is_away_to_others(
    enter: Enter,
    bank: Bank,
) -> None:
    outlet = "HB-WH-JA-01"
    supervisor = bank.a_member(name="孙主任", unit_code=outlet)
    away = bank.a_member(name="赵柜员", role=Role.HANDLER, unit_code=outlet)
    complaint = bank.run(bank.scene.complaint(bank.waiting(), outlet_code=outlet))
    bank.run(_assign(bank, complaint, away))
    bank.run(_goes_away(bank, away))
    page = enter(supervisor, "/oversight")
    unit = page.locator(f"[data-table=units] tr[data-code={outlet}]")
    person = page.locator(f"[data-table=people] tr[data-code={away.username}]")
    expect(unit.locator("td").first).to_have_text("1")
    expect(person).to_contain_text("请假至")
    expect(page.locator(".places a[aria-current]")).to_have_text("督办")

    person.locator("td a").first.click()
    expect(page.locator(".row")).to_have_count(1)
    expect(page.locator(".view.narrowed")).to_contain_text(away.username)
    page.locator(".view.narrowed button").click()
    expect(page.locator(".view.narrowed")).to_have_count(0)

    page.goto(f"{bank.desk.address}/oversight?days=7")
    person.get_by_role("button", name="改派全部未结").click()
    assert handler_of(bank, complaint) == away.id
    person.get_by_role("button", name="确认改派 1 件").click()
    expect(page.locator(".notice")).to_have_text("已改派 1 件。")
    assert handler_of(bank, complaint) == supervisor.id
    expect(person.get_by_role("button")).to_have_count(0)


async def _goes_away(bank: Bank, member: StaffMember) -> None:
    now = system_clock()
    async with bank.database.transaction() as session:
        session.add(Absence(staff_id=member.id, from_at=now, until_at=now + timedelta(days=3)))


def test_what_waits_for_a_supervisor_leads_to_its_case(enter: Enter, bank: Bank) -> None:
    outlet = "HB-WH-JA-02"
    supervisor = bank.a_member(unit_code=outlet, language="en")
    handler = bank.a_member(name="<b>王</b>", role=Role.HANDLER, unit_code=outlet)
    complaint = bank.run(bank.scene.complaint(bank.waiting(), outlet_code=outlet))

    async def plan() -> None:
        async with bank.database.transaction() as session:
            found = await session.get_one(Complaint, complaint.id)
            await submit_plan(session, found, "今天送到。", by=person_of(handler), now=system_clock())

    bank.run(plan())
    page = enter(supervisor, "/oversight")
    expect(page.locator(".awaited a")).to_have_count(1)
    expect(page.locator(".awaited a")).to_contain_text("<b>王</b>")
    page.locator(".awaited a").click()
    expect(page.locator(".case .number")).to_contain_text(complaint.number)


def test_an_analyst_starts_with_the_figures_and_has_no_way_to_the_cases(enter: Enter, bank: Bank) -> None:
    a_case(bank)
    page = enter(bank.a_member(role=Role.ANALYST, unit_code="HB", language="en"))
    expect(page).to_have_url(re.compile("/oversight"))
    expect(page.locator("[data-table=units] .overall")).to_contain_text("All together")
    expect(page.locator(".figures td a")).to_have_count(0)
    expect(page.locator(".reassign")).to_have_count(0)
    expect(page.locator(".bell")).to_have_count(0)
    with page.expect_download() as download:
        page.click(".csv")
    assert download.value.suggested_filename == "figures.csv"


def test_an_administrator_gives_a_persons_cases_to_others_on_the_page_of_people(enter: Enter, bank: Bank) -> None:
    outlet = "HB-YC-XL-01"
    bank.a_member(name="孙主任", unit_code=outlet)
    leaving = bank.a_member(name="钱柜员", role=Role.HANDLER, unit_code=outlet)
    complaint = bank.run(bank.scene.complaint(bank.waiting(), outlet_code=outlet))
    bank.run(_assign(bank, complaint, leaving))
    page = enter(bank.a_member(role=Role.ADMINISTRATOR, unit_code="HB"), "/people")
    page.fill(".people-search input", leaving.username)
    expect(page.locator(".person-row")).to_have_count(1)
    page.locator(".person-row").click()
    page.locator(".person .reassign").click()
    expect(page.locator(".notice")).to_have_text("已改派 1 件。")
    expect(page.locator(".person .reassign")).to_have_count(0)
    assert handler_of(bank, complaint) != leaving.id
