"""Departments are asked, and answer."""

from datetime import timedelta

import pytest

from bot.complaints.assignment import MustAvoid, note_avoidance
from bot.complaints.casework import withdraw
from bot.complaints.labels import Tier
from bot.complaints.models import CaseIsSettled, CaseTask
from bot.complaints.tasks import TaskIsOver, TaskRefused, answer_task, ask_department, cancel_task, tasks_of
from bot.conversations.models import Conversation
from bot.database import Database
from tests.conftest import FakeClock
from tests.integration.complaints.case import Case, a_case
from tests.integration.complaints.people import People


@pytest.fixture
async def case(database: Database, conversation: Conversation, clock: FakeClock) -> Case:
    return await a_case(database, conversation, clock, Tier.COMPLEX)


async def asked(case: Case, people: People, text: str = "调取监控录像") -> CaseTask:
    task: CaseTask = await case.does(
        ask_department, "安全保卫部", text, due_at=case.clock() + timedelta(days=2), by=people.coordinator
    )
    return task


async def test_a_department_is_asked_and_answers(case: Case, people: People, clock: FakeClock) -> None:
    task = await asked(case, people)
    assert (task.department, task.due_at) == ("安全保卫部", clock() + timedelta(days=2))
    clock.advance(days=1)
    with pytest.raises(TaskRefused):
        await case.does(answer_task, task, " ", by=people.supervisor)
    await case.does(answer_task, task, "录像已调取", by=people.supervisor)
    (answered,) = await case.rows(CaseTask)
    assert (answered.answer, answered.answered_by, answered.answered_at) == (
        "录像已调取",
        people.supervisor.id,
        clock(),
    )
    with pytest.raises(TaskIsOver):
        await case.does(answer_task, task, "又一次", by=people.supervisor)
    assert await case.trail() == ["staff:coordinator: ask_department", "staff:supervisor: answer_task"]


async def test_what_is_not_needed_any_more_is_cancelled(case: Case, people: People) -> None:
    task = await asked(case, people)
    await case.does(cancel_task, task, by=people.coordinator)
    with pytest.raises(TaskIsOver):
        await case.does(answer_task, task, "录像已调取", by=people.supervisor)
    with pytest.raises(TaskIsOver):
        await case.does(cancel_task, task, by=people.coordinator)
    async with case.database.transaction() as session:
        assert [found.id for found in await tasks_of(session, await case.now_is())] == [task.id]


async def test_an_answer_that_comes_after_the_case_was_settled_is_kept(case: Case, people: People) -> None:
    task = await asked(case, people)
    await case.does(withdraw)
    await case.does(answer_task, task, "录像已调取", by=people.supervisor)
    assert (await case.rows(CaseTask))[0].answer == "录像已调取"
    with pytest.raises(CaseIsSettled):
        await asked(case, people)


async def test_what_cannot_be_asked(
    case: Case, people: People, database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    with pytest.raises(TaskRefused):
        await asked(case, people, " ")
    with pytest.raises(TaskRefused, match="past"):
        await case.does(ask_department, "安全保卫部", "调取录像", due_at=clock(), by=people.coordinator)
    task = await asked(case, people)
    other = await a_case(database, conversation, clock, Tier.COMPLEX)
    with pytest.raises(TaskRefused, match="not one of"):
        await other.does(answer_task, task, "录像已调取", by=people.supervisor)
    await case.does(note_avoidance, people.coordinator.id, "客户的亲属", actor="staff:lead")
    with pytest.raises(MustAvoid):
        await asked(case, people)
