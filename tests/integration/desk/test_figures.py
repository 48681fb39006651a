"""The supervisor's figures: what counts as met, for whom, in whose subtree, and how fast they come."""

import csv
import io
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot.complaints.approvals import ask_for_extension, extend
from bot.complaints.assignment import assign
from bot.complaints.casework import first_contact_made, rate, resolve, withdraw
from bot.complaints.figures import OVERALL, Group, Kept, Level, Period, Promise
from bot.complaints.labels import Tier
from bot.complaints.models import Complaint, DeadlineRecord
from bot.conversations.handover import call_staff, locked, reply, take_over
from bot.conversations.models import Conversation
from bot.database import Database
from bot.desk.figures import ChosenPeriod, Figures, Sheet, as_csv, read_sheet, scope_of
from bot.followups.deadline_watch import DeadlineWatch
from bot.staff.models import Role, StaffMember
from bot.staff.people import organisation
from tests.builders import a_conversation
from tests.conftest import FakeClock
from tests.integration.complaints.case import Case, a_case
from tests.integration.complaints.people import OUTLET, People
from tests.integration.desk.crowd import a_crowd

UNIT: Group = (Level.UNIT, OUTLET)
BRANCH: Group = (Level.UNIT, "HB-WH-WC")
WITHIN_SECONDS = 1.0


@dataclass
class Viewer:
    """As much of a person as the scope of their figures takes."""

    role: Role = Role.OFFICE_SUPERVISOR
    unit_code: str = "HB"


async def sheet_of(database: Database, clock: FakeClock, viewer: Any = None, **asked: str) -> Sheet:
    scope = scope_of(viewer or Viewer(), organisation())
    period = ChosenPeriod.asked(asked, now=clock()).period
    async with database.transaction() as session:
        return await read_sheet(session, scope, period, now=clock())


async def kept(database: Database, clock: FakeClock, group: Group, promise: Promise) -> Kept:
    return (await sheet_of(database, clock)).get(group, Figures()).kept[promise]


async def test_open_cases_are_counted_by_tier_unit_and_person(
    database: Database, case: Case, people: People, clock: FakeClock
) -> None:
    await a_case(database, await a_conversation(database, clock, chat="2"), clock, Tier.COMPLEX)
    await case.does(assign, people.handler, actor="staff:supervisor")
    sheet = await sheet_of(database, clock)
    assert sheet[OVERALL].open.by_tier == {Tier.ORDINARY: 1, Tier.COMPLEX: 1, Tier.URGENT: 0}
    assert sheet[UNIT].open.by_tier[Tier.ORDINARY] == 1
    assert sheet[BRANCH].open.by_tier[Tier.COMPLEX] == 1
    assert sheet[Level.PERSON, people.handler.id].open.by_tier[Tier.ORDINARY] == 1
    assert sheet[Level.PERSON, None].open.by_tier[Tier.COMPLEX] == 1
    assert (sheet[UNIT].open.overdue, sheet[UNIT].open.due_soon) == (0, 0)
    clock.advance(hours=1)
    soon = (await sheet_of(database, clock))[UNIT]
    assert (soon.open.overdue, soon.open.due_soon) == (0, 1)
    clock.advance(days=2)
    late = (await sheet_of(database, clock))[UNIT]
    assert (late.open.overdue, late.open.due_soon) == (1, 0)


async def test_a_date_counts_when_it_comes_and_is_met_only_in_time(
    database: Database, case: Case, people: People, clock: FakeClock
) -> None:
    await case.does(assign, people.handler, actor="staff:supervisor")
    await case.does(first_contact_made, actor="staff:handler")
    person: Group = (Level.PERSON, people.handler.id)
    assert await kept(database, clock, person, Promise.FIRST_CONTACT) == Kept(0, 0), "met, but not due yet"
    clock.now = (await case.deadline("first_contact")).due_at
    assert await kept(database, clock, person, Promise.FIRST_CONTACT) == Kept(1, 1)
    clock.now = (await case.deadline("plan")).due_at + timedelta(seconds=2)
    assert await kept(database, clock, person, Promise.PLAN) == Kept(0, 1), "missed, though nobody has noticed yet"
    await case.does(resolve, "已办好。", actor="staff:handler")
    assert await kept(database, clock, person, Promise.PLAN) == Kept(0, 1), "done late is not met"
    clock.advance(days=40)
    assert await kept(database, clock, OVERALL, Promise.PLAN) == Kept(0, 0), "before the period"


async def test_a_missed_date_stays_with_whoever_missed_it_when_the_case_sinks(
    database: Database, case: Case, people: People, clock: FakeClock
) -> None:
    await case.does(assign, people.handler, actor="staff:supervisor")
    missed = await case.deadline("first_contact")
    clock.now = missed.due_at + timedelta(seconds=1)
    await DeadlineWatch(database, clock).look(missed.id)
    await case.does(assign, people.coordinator, actor="staff:lead")
    assert (await case.now_is()).unit_code == "HB-WH-WC"
    sheet = await sheet_of(database, clock)
    assert sheet[UNIT].kept[Promise.FIRST_CONTACT] == Kept(0, 1)
    assert sheet[Level.PERSON, people.handler.id].kept[Promise.FIRST_CONTACT] == Kept(0, 1)
    assert sheet[BRANCH].kept[Promise.FIRST_CONTACT] == Kept(0, 0)
    await case.does(first_contact_made, actor="staff:coordinator")
    clock.now = max(d.due_at for d in (await case.now_is()).deadlines if d.name == "first_contact")
    assert (await sheet_of(database, clock))[Level.PERSON, people.coordinator.id].kept[Promise.FIRST_CONTACT] == Kept(
        1, 1
    )


async def test_an_extension_counts_as_agreed_and_only_once(
    database: Database, conversation: Conversation, people: People, clock: FakeClock
) -> None:
    case = await a_case(database, conversation, clock, Tier.COMPLEX)
    first_due_at = (await case.deadline("decision")).due_at
    approval = await case.does(ask_for_extension, "等监管答复", by=people.coordinator)
    await case.does(extend, approval, by=people.other_coordinator)
    clock.now = first_due_at + timedelta(days=1)
    assert await kept(database, clock, OVERALL, Promise.DECISION) == Kept(0, 0)
    await case.does(resolve, "已办好。", actor="staff:coordinator")
    clock.now = (await case.deadline("extended_decision")).due_at
    assert await kept(database, clock, OVERALL, Promise.DECISION) == Kept(1, 1)


async def test_withdrawn_cases_leave_the_figure(database: Database, case: Case, clock: FakeClock) -> None:
    clock.advance(days=3)
    assert (await kept(database, clock, UNIT, Promise.FIRST_CONTACT)).due == 1
    await case.does(withdraw)
    assert await kept(database, clock, UNIT, Promise.FIRST_CONTACT) == Kept(0, 0)


async def test_the_first_human_answer_waiting_and_ratings(
    database: Database, conversation: Conversation, case: Case, people: People, clock: FakeClock
) -> None:
    async with database.transaction() as session:
        await call_staff(session, await locked(session, conversation.id), "asked_for_human", now=clock())
    assert (await sheet_of(database, clock))[UNIT].waiting == 1
    clock.advance(minutes=4)
    handler = people.handler
    async with database.transaction() as session:
        await take_over(session, conversation.id, handler.id, username="handler", shown_as="李经理", now=clock())
        await reply(session, conversation.id, handler.id, "您好，我来办。", now=clock())
    clock.advance(minutes=6)
    async with database.transaction() as session:
        await reply(session, conversation.id, handler.id, "办好了。", now=clock())
    await case.does(assign, handler, actor="staff:supervisor")
    await case.does(resolve, "卡已取回。", actor="staff:handler")
    await case.does(rate, 2)  # reopens it one tier higher, with somebody else
    sheet = await sheet_of(database, clock)
    person = sheet[Level.PERSON, handler.id]
    assert (person.first_answer, sheet[OVERALL].first_answer) == (timedelta(minutes=4), timedelta(minutes=4))
    assert sheet[OVERALL].waiting == 0
    assert (person.rating, person.ratings_count, sheet[UNIT].ratings_count) == (2.0, 1, 1)
    assert sheet.get(BRANCH, Figures()).ratings_count == 0


@pytest.mark.parametrize(
    ("viewer", "is_counted"),
    [
        (Viewer(Role.SUPERVISOR, OUTLET), True),
        (Viewer(Role.COORDINATOR, "HB-WH-WC"), True),
        (Viewer(Role.ANALYST, "HB"), True),
        (Viewer(Role.SUPERVISOR, "HB-WH-WC-04"), False),
        (Viewer(Role.OFFICE_SUPERVISOR, "HB-YC"), False),
        (Viewer(Role.SUPERVISOR, "HB-W"), False),
    ],
)
async def test_everybody_gets_the_figures_of_their_subtree_only(
    viewer: Viewer, is_counted: bool, database: Database, case: Case, clock: FakeClock
) -> None:
    sheet = await sheet_of(database, clock, viewer)
    assert sum(sheet[OVERALL].open.by_tier.values()) == is_counted
    assert (UNIT in sheet) is is_counted


async def test_cases_without_an_outlet_are_the_citys(database: Database, case: Case, clock: FakeClock) -> None:
    async with database.transaction() as session:
        await session.execute(update(Complaint).values(unit_code=None, outlet_code=None))
        await session.execute(update(DeadlineRecord).values(unit_code=None))
    assert (Level.UNIT, None) in await sheet_of(database, clock, Viewer(Role.ANALYST, "HB-WH"))
    assert (Level.UNIT, None) not in await sheet_of(database, clock, Viewer(Role.SUPERVISOR, "HB-WH-WC"))


@pytest.mark.parametrize(
    ("asked", "first", "last", "query"),
    [
        ({}, "2026-10-25", "2026-11-23", "days=30"),
        ({"days": "7"}, "2026-11-17", "2026-11-23", "days=7"),
        ({"days": "8"}, "2026-10-25", "2026-11-23", "days=30"),
        (
            {"since": "2026-11-01", "until": "2026-11-02"},
            "2026-11-01",
            "2026-11-02",
            "since=2026-11-01&until=2026-11-02",
        ),
        ({"since": "2026-11-05", "until": "2026-11-02"}, "2026-10-25", "2026-11-23", "days=30"),
        ({"since": "9999-01-01"}, "2026-10-25", "2026-11-23", "days=30"),
    ],
)
def test_periods(asked: dict[str, str], first: str, last: str, query: str, clock: FakeClock) -> None:
    chosen = ChosenPeriod.asked(asked, now=clock())
    assert (str(chosen.first), str(chosen.last), chosen.query) == (first, last, query)
    assert chosen.period.until - chosen.period.since == timedelta(days=(chosen.last - chosen.first).days + 1)


async def test_the_csv_has_the_same_figures_and_no_formulas(
    database: Database, case: Case, people: People, clock: FakeClock
) -> None:
    await case.does(assign, people.handler, actor="staff:supervisor")
    async with database.transaction() as session:
        handler = await session.get_one(StaffMember, people.handler.id)
        handler.name = "=HYPERLINK(1)"
    sheet = await sheet_of(database, clock)
    content = b"".join(as_csv(sheet, {handler.id: handler}, organisation(), "zh"))
    assert content.startswith(b"\xef\xbb\xbf")
    lines = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [(line["level"], line["code"], line["name"]) for line in lines] == [
        ("overall", "", "合计"),
        ("unit", OUTLET, organisation().find(OUTLET).name_zh),
        ("person", "handler", "'=HYPERLINK(1)"),
    ]
    assert {line["open_ordinary"] for line in lines} == {"1"}
    assert {line["decision_share"] for line in lines} == {""}


async def test_ten_thousand_cases_take_less_than_a_second(database: Database, clock: FakeClock) -> None:
    await a_crowd(database, organisation(), count=10_000, now=clock())
    period = Period(clock() - timedelta(days=90), clock() + timedelta(days=1))
    scope = scope_of(Viewer(), organisation())
    took = []
    for _ in range(3):
        began_at = time.perf_counter()
        async with database.transaction() as session:
            sheet = await read_sheet(session, scope, period, now=clock())
        took.append(time.perf_counter() - began_at)
    assert sum(sheet[OVERALL].open.by_tier.values()) == 10_000
    assert sheet[OVERALL].kept[Promise.FIRST_CONTACT].due > 5_000
    assert min(took) < WITHIN_SECONDS
