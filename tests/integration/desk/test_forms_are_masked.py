"""Whatever staff types into a form: no personal number of it is stored, and no word of it gets into the audit log."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.casework import accept_result, complaints_of
from bot.complaints.closing import close_unanswered
from bot.complaints.labels import Tier
from bot.complaints.models import Complaint
from bot.conversations.models import Message
from bot.database import Base, Database
from bot.desk.acts import CASE_ACTS, CaseAtHand, at_hand
from bot.staff.administration import add_absence
from bot.staff.models import Role, StaffMember
from bot.staff.saved_views import save_view
from tests.integration.desk.scene import Scene
from tests.personal_numbers import digits_of, identity_numbers, written_cards, written_mobiles

NOW = datetime.fromisoformat("2026-11-26T10:00:00+08:00")
OUTLET = "HB-WH-WC-03"
MARK = "记号"
"""Stands in every text that is typed."""
OF_THE_BANK = "027-87654321"
ACCEPTS = "the customer accepts the result"
CLOSES_BY_ITSELF = "the customer says nothing any more"
COURSES: tuple[tuple[Tier, tuple[str, ...]], ...] = (
    (
        Tier.ORDINARY,
        ("take", "start", "ask_department", "answer_task", "ask_department", "cancel_task", "submit_plan", "return_plan",
         "submit_plan", "approve_plan", "put_plan", "plan_rejected", "submit_plan", "approve_plan", "put_plan", "plan_accepted",
         "resolve", "ask_recheck", "decide_recheck"),
    ),
    (
        Tier.COMPLEX,
        ("take", "snooze", "wake", "ask_lower_tier", "refuse", "ask_extension", "approve", "assign", "raise_tier",
         "name_lead", "keep_out", "split", "withdraw"),
    ),
    (
        Tier.ORDINARY,
        ("follow", "unfollow", "join_parent", "leave_parent", "add_child", "tell_children", "remove_child",
         "add_tag", "remove_tag"),
    ),
    (Tier.ORDINARY, ("link_repeat", "merge_repeat")),
    (Tier.ORDINARY, ("merge",)),
    (Tier.ORDINARY, ("resolve", ACCEPTS, "close")),
    (Tier.ORDINARY, ("resolve", CLOSES_BY_ITSELF, "add_checklist")),
)  # fmt: skip
"""Every act, each course with a case of its own that the customer has told three times."""
A_FEW = settings(
    max_examples=3, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
"""Each example goes through the whole database; what a number may look like is tested where it is masked."""
CHOSEN = {"mending": "to_rectify"}
"""Which choice leads to more to be typed; elsewhere the first."""


@st.composite
def typed(draw: st.DrawFn) -> tuple[str, tuple[str, ...]]:
    """What is typed, and the numbers in it; no longer than the shortest field takes."""
    identity_number = draw(identity_numbers())
    (card, written_card), (mobile, written_mobile) = draw(written_cards()), draw(written_mobiles())
    numbers = (digits_of(identity_number)[:17], card, mobile)
    return f"{MARK}{identity_number}，{written_card}，{written_mobile}，{OF_THE_BANK}", numbers


async def everybody(scene: Scene) -> list[StaffMember]:
    """Those who have to do with a complaint of the outlet, from the outlet upwards."""
    parts = (
        (Role.HANDLER, OUTLET),
        (Role.SUPERVISOR, OUTLET),
        (Role.COORDINATOR, "HB-WH-WC"),
        (Role.COORDINATOR, "HB-WH"),
        (Role.TASK_FORCE, "HB-WH"),
        (Role.TASK_FORCE, "HB"),
    )
    return [await scene.member(f"u{uuid.uuid4().hex[:8]}", role=role, unit_code=unit) for role, unit in parts]


async def seen_by(session: AsyncSession, complaint_id: uuid.UUID, member: StaffMember) -> CaseAtHand:
    complaint = await session.get_one(Complaint, complaint_id)
    siblings = await complaints_of(session, complaint.conversation_id)
    return await at_hand(session, complaint, member, "zh", siblings=siblings, holds_conversation=True, now=NOW)


def filled(fields: Iterable[Mapping[str, Any]], words: str, other: str) -> dict[str, str]:
    """A form as it is filled in: words wherever there may be some, and the number of another case where one is asked."""
    return {
        field["name"]: other
        if field["name"] == "number"
        else words
        if field["kind"] != "choice"
        else CHOSEN.get(field["name"], field["options"][0]["value"])
        for field in fields
    }


async def do(session: AsyncSession, complaint_id: uuid.UUID, act: str, people: list[StaffMember], words: str) -> None:
    """Whoever is offered the act does it."""
    if act == ACCEPTS:
        return accept_result(session, await session.get_one(Complaint, complaint_id), now=NOW)
    if act == CLOSES_BY_ITSELF:
        return close_unanswered(session, await session.get_one(Complaint, complaint_id), now=NOW + timedelta(days=90))
    for member in people:
        case = await seen_by(session, complaint_id, member)
        for offer in CASE_ACTS.offered(case):
            if offer["name"] == act:
                await CASE_ACTS.do(case, act, offer["target"], filled(offer["fields"], words, case.siblings[0].number))
                return None
    raise AssertionError(f"«{act}» is offered to nobody at this place of its course")


async def everything_stored(database: Database) -> dict[str, list[str]]:
    """Every row of every table as PostgreSQL writes it, by table."""
    tables = [*Base.metadata.tables, "procrastinate_jobs"]
    async with database.transaction() as session:
        return {table: list(await session.scalars(text(f"SELECT t::text FROM {table} t"))) for table in tables}


async def assert_nothing_personal_is_stored(database: Database, numbers: tuple[str, ...]) -> None:
    stored = await everything_stored(database)
    for table, rows in stored.items():
        for number in numbers:
            assert not any(number in digits_of(row) for row in rows), f"{table} holds a number"
    for table in ("audit_records", "procrastinate_jobs"):
        assert not any(MARK in row for row in stored[table]), f"{table} holds words that were typed"


def test_every_act_has_its_place_in_a_course() -> None:
    assert {act for _, course in COURSES for act in course} - {ACCEPTS, CLOSES_BY_ITSELF} == set(CASE_ACTS.names)


@A_FEW
@given(typed())
async def test_no_personal_number_that_is_typed_into_a_form_of_a_case_is_stored(
    database: Database, what: tuple[str, tuple[str, ...]]
) -> None:
    words, numbers = what
    scene = Scene(database, lambda: NOW)
    people = await everybody(scene)
    for tier, course in COURSES:
        conversation_id = await scene.customer_writes("卡被吞了")
        case, *_ = [await scene.complaint(conversation_id, tier=tier, opened_at=NOW) for _ in range(3)]
        for act in course:
            async with database.transaction() as session:
                await do(session, case.id, act, people, words)
    await assert_nothing_personal_is_stored(database, numbers)
    async with database.transaction() as session:
        told = [message for message in await session.scalars(select(Message.text)) if MARK in message]
    assert told
    assert all(OF_THE_BANK in message for message in told)


@A_FEW
@given(typed())
async def test_no_personal_number_is_stored_with_absences_and_saved_views(
    database: Database, what: tuple[str, tuple[str, ...]]
) -> None:
    words, numbers = what
    member = await Scene(database, lambda: NOW).member(f"u{uuid.uuid4().hex[:8]}")
    async with database.transaction() as session:
        until = NOW + timedelta(days=1)
        await add_absence(session, member, from_at=NOW, until_at=until, note=words, administrator=member, now=NOW)
        await save_view(session, member, f"{MARK}{numbers[2]}", {"chosen": "open", "search": words}, now=NOW)
    await assert_nothing_personal_is_stored(database, numbers)
