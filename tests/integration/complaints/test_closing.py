"""A settled case is closed once the customer has accepted the result, or can object no longer."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from bot.audit import AuditRecord
from bot.complaints.assignment import assign
from bot.complaints.casework import accept_result, reject_result, resolve
from bot.complaints.closing import (
    Checklist,
    HasItsChecklist,
    Rectification,
    TooEarlyToClose,
    add_checklist,
    close,
    close_unanswered,
    may_be_closed,
)
from bot.complaints.deadlines import deadline_policy, recheck_request_deadline
from bot.complaints.labels import RootCause
from bot.complaints.lifecycle import IllegalStep, State
from bot.complaints.models import Closing
from bot.conversations.models import Conversation
from bot.database import Database
from tests.conftest import FakeClock
from tests.integration.complaints.case import Case, a_case
from tests.integration.complaints.people import OUTLET, People

NOTHING_TO_MEND = Checklist(RootCause.MISUNDERSTANDING, is_customer_told=True)
MENDING = Checklist(
    RootCause.SYSTEM,
    is_customer_told=False,
    rectification=Rectification("更换读卡器 ", OUTLET, date(2026, 12, 23)),
    note="设备老化",
)


@pytest.fixture
async def case(database: Database, conversation: Conversation, people: People, clock: FakeClock) -> Case:
    made = await a_case(database, conversation, clock)
    await made.does(assign, people.handler, actor="staff:supervisor")
    return made


async def is_resolved(case: Case) -> None:
    await case.does(resolve, "卡已归还", actor="staff:handler")


async def test_an_accepted_result_is_closed_with_what_was_learnt(
    case: Case, database: Database, clock: FakeClock
) -> None:
    await is_resolved(case)
    await case.does(accept_result)
    await case.does(close, MENDING, actor="staff:handler")
    assert (await case.now_is()).state is State.CLOSED
    (closing,) = await case.rows(Closing)
    assert (closing.root_cause, closing.is_customer_told, closing.note) == (RootCause.SYSTEM, False, "设备老化")
    assert (closing.rectification, closing.rectify_unit, closing.rectify_by) == (
        "更换读卡器",
        OUTLET,
        date(2026, 12, 23),
    )
    assert (closing.closed_by, closing.closed_at) == ("staff:handler", clock())
    assert (await case.trail())[-1] == "staff:handler: close"


async def test_the_audit_log_holds_no_words_of_the_checklist(case: Case, database: Database) -> None:
    await is_resolved(case)
    await case.does(accept_result)
    await case.does(close, MENDING, actor="staff:handler")
    async with database.transaction() as session:
        closed = await session.scalar(select(AuditRecord.detail).where(AuditRecord.action == "close"))
    assert closed == {"root_cause": "system", "is_customer_told": False, "rectify_unit": OUTLET}


async def test_while_the_customer_may_still_object_nothing_is_closed(case: Case, clock: FakeClock) -> None:
    await is_resolved(case)
    with pytest.raises(TooEarlyToClose):
        await case.does(close, NOTHING_TO_MEND, actor="staff:handler")
    assert (await case.now_is()).state is State.RESOLVED
    clock.now = recheck_request_deadline(clock(), deadline_policy()).due_at + timedelta(seconds=1)
    await case.does(close, NOTHING_TO_MEND, actor="staff:handler")
    assert (await case.now_is()).state is State.CLOSED


async def test_only_what_is_resolved_is_closed(case: Case, clock: FakeClock) -> None:
    with pytest.raises(IllegalStep):
        await case.does(close, NOTHING_TO_MEND, actor="staff:handler")
    await is_resolved(case)
    await case.does(reject_result)
    assert not may_be_closed(await case.now_is(), now=clock())
    with pytest.raises(IllegalStep):
        await case.does(close, NOTHING_TO_MEND, actor="staff:handler")


async def test_what_was_put_away_without_its_checklist_gets_it_once_and_later(case: Case, clock: FakeClock) -> None:
    await is_resolved(case)
    with pytest.raises(HasItsChecklist):
        await case.does(add_checklist, MENDING, actor="staff:handler")
    clock.advance(days=61)
    await case.does(close_unanswered)
    closed_at = clock()
    clock.advance(days=1)
    await case.does(add_checklist, MENDING, actor="staff:handler")
    after = await case.now_is()
    assert (after.state, after.state_since) == (State.CLOSED, closed_at)
    assert (await case.trail())[-2:] == ["system: close", "staff:handler: add_checklist"]
    for _ in range(2):
        with pytest.raises(HasItsChecklist):
            await case.does(add_checklist, MENDING, actor="staff:handler")
    assert len(await case.rows(Closing)) == 1


async def test_a_case_closed_anew_needs_its_checklist_anew(case: Case, clock: FakeClock) -> None:
    await is_resolved(case)
    await case.does(accept_result)
    await case.does(close, NOTHING_TO_MEND, actor="staff:handler")
    clock.advance(days=1)
    await case.does(reject_result)
    await case.does(resolve, "卡已寄出", actor="staff:handler")
    clock.advance(days=61)
    await case.does(close_unanswered)
    await case.does(add_checklist, MENDING, actor="staff:handler")
    assert len(await case.rows(Closing)) == 2


async def test_no_job_closes_a_case_to_whose_result_the_customer_may_still_object(case: Case, clock: FakeClock) -> None:
    await is_resolved(case)
    clock.advance(days=29)
    with pytest.raises(TooEarlyToClose):
        await case.does(close_unanswered)
    assert (await case.now_is()).state is State.RESOLVED
