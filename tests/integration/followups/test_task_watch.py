"""A department that does not answer in time: whoever asked and whoever leads there is told, once."""

from datetime import timedelta

import pytest

from bot.complaints.casework import withdraw
from bot.complaints.labels import Tier
from bot.complaints.models import CaseTask, Notice, NoticeKind
from bot.complaints.tasks import answer_task, ask_department, cancel_task
from bot.conversations.models import Conversation
from bot.database import Database
from bot.followups.task_watch import TaskWatch
from bot.staff.organisation import load_organisation
from tests.builders import jobs
from tests.conftest import FakeClock
from tests.integration.complaints.case import Case, a_case
from tests.integration.complaints.people import OUTLET, People


@pytest.fixture
async def case(database: Database, conversation: Conversation, clock: FakeClock) -> Case:
    return await a_case(database, conversation, clock, Tier.COMPLEX)


@pytest.fixture
def watch(database: Database, clock: FakeClock) -> TaskWatch:
    return TaskWatch(database, clock)


async def asked(case: Case, people: People, department: str = OUTLET) -> CaseTask:
    task: CaseTask = await case.does(
        ask_department, department, "调取监控录像", due_at=case.clock() + timedelta(days=2), by=people.coordinator
    )
    return task


async def told(case: Case) -> set[object]:
    notices = await case.rows(Notice)
    assert all(notice.kind is NoticeKind.TASK_OVERDUE and notice.unit_code is None for notice in notices)
    assert len(notices) == len({notice.staff_id for notice in notices})
    return {notice.staff_id for notice in notices}


@pytest.mark.parametrize("department", [OUTLET, load_organisation().find(OUTLET).name_zh])
async def test_who_asked_and_who_leads_there_are_told_once(
    department: str, case: Case, people: People, watch: TaskWatch, database: Database, clock: FakeClock
) -> None:
    task = await asked(case, people, department)
    (job,) = await jobs(database, "watch_task")
    assert (job["scheduled_at"], job["args"]) == (task.due_at, {"task_id": task.id})
    clock.advance(days=1)
    await watch.look(task.id)
    assert await told(case) == set(), "not due yet"
    clock.now = task.due_at
    for _ in range(2):
        await watch.look(task.id)
    assert await told(case) == {people.coordinator.id, people.supervisor.id}
    assert (await case.trail()).count("system: miss_task") == 1
    await case.does(answer_task, task, "录像已调取", by=people.supervisor)


async def test_a_department_outside_the_tree_has_nobody_to_tell_but_who_asked(
    case: Case, people: People, watch: TaskWatch, clock: FakeClock
) -> None:
    tasks = [await asked(case, people, "安全保卫部"), await asked(case, people, "HB-WH-WC-04")]
    clock.advance(days=2)
    await watch.look(tasks[0].id)
    assert await told(case) == {people.coordinator.id}
    await watch.look(tasks[1].id)
    assert {notice.staff_id for notice in await case.rows(Notice)} == {people.coordinator.id}, "they may not see it"


@pytest.mark.parametrize("ended", ["answered", "cancelled", "settled"])
async def test_what_is_over_is_not_overdue(
    ended: str, case: Case, people: People, watch: TaskWatch, clock: FakeClock
) -> None:
    task = await asked(case, people)
    if ended == "answered":
        await case.does(answer_task, task, "录像已调取", by=people.supervisor)
    elif ended == "cancelled":
        await case.does(cancel_task, task, by=people.coordinator)
    else:
        await case.does(withdraw)
    clock.advance(days=3)
    await watch.look(task.id)
    await watch.look_at_all_due()
    assert await told(case) == set()


async def test_a_task_whose_job_was_lost_is_found(
    case: Case, people: People, watch: TaskWatch, clock: FakeClock
) -> None:
    await asked(case, people)
    clock.advance(days=2)
    await watch.look_at_all_due()
    assert await told(case) == set(), "its job has a minute"
    clock.advance(minutes=1)
    for _ in range(2):
        await watch.look_at_all_due()
    assert await told(case) == {people.coordinator.id, people.supervisor.id}
