"""Tasks for departments: what one is asked to find out or do for a case, by when, and what it answers."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.complaints.assignment import check_avoidance
from bot.complaints.models import CaseTask, Complaint
from bot.complaints.people import Person
from bot.jobs import Job, enqueue


class TaskRefused(ValueError):
    """A task says nothing, is due in the past, or is of another case."""


class TaskIsOver(Exception):
    """The task was answered or cancelled before."""


async def ask_department(
    session: AsyncSession,
    complaint: Complaint,
    department: str,
    text: str,
    *,
    due_at: datetime,
    by: Person,
    now: datetime,
) -> CaseTask:
    """Ask a department to find out or do something for a case, at any tier.

    Args:
        department: its name, or a unit's code.
        text: what is asked.

    Raises:
        TaskRefused: it names no department, says nothing, or is due in the past.
        MustAvoid: the person must keep out of this case.
        CaseIsSettled: nothing is left to be done.
    """
    complaint.require_unsettled()
    if not department.strip() or not text.strip():
        raise TaskRefused("Say which department is asked, and what")
    if due_at <= now:
        raise TaskRefused(f"A task cannot be due in the past, at {due_at}")
    await check_avoidance(session, complaint, by)
    task = CaseTask(
        complaint_id=complaint.id,
        department=department.strip(),
        text=text.strip(),
        asked_by=by.id,
        asked_at=now,
        due_at=due_at,
    )
    session.add(task)
    await session.flush()
    record(
        session,
        at=now,
        actor=by.actor,
        action="ask_department",
        subject=complaint.number,
        task=task.id,
        tier=complaint.tier,
    )
    await enqueue(session, Job.WATCH_TASK, at=due_at, task_id=task.id)
    return task


async def answer_task(
    session: AsyncSession, complaint: Complaint, task: CaseTask, answer: str, *, by: Person, now: datetime
) -> None:
    """The department answers; also when the case was settled meanwhile, so that its record is whole.

    Raises:
        TaskRefused: the answer says nothing, or the task is of another case.
        TaskIsOver: it was answered or cancelled before.
        MustAvoid: the person must keep out of this case.
    """
    _check_open(complaint, task)
    if not answer.strip():
        raise TaskRefused("Write what was found out or done")
    await check_avoidance(session, complaint, by)
    task.answer, task.answered_by, task.answered_at = answer.strip(), by.id, now
    record(session, at=now, actor=by.actor, action="answer_task", subject=complaint.number, task=task.id)


def cancel_task(session: AsyncSession, complaint: Complaint, task: CaseTask, *, by: Person, now: datetime) -> None:
    """The task is not needed any more.

    Raises:
        TaskRefused: the task is of another case.
        TaskIsOver: it was answered or cancelled before.
    """
    _check_open(complaint, task)
    task.cancelled_at = now
    record(session, at=now, actor=by.actor, action="cancel_task", subject=complaint.number, task=task.id)


def miss_task(session: AsyncSession, complaint: Complaint, task: CaseTask, *, now: datetime) -> bool:
    """Note that a task's date has passed without an answer.

    Returns:
        False if there is nothing to note: it was answered, cancelled or noted before, is not due, or nothing is left to
        be done in its case.
    """
    is_over = task.answered_at is not None or task.cancelled_at is not None or complaint.state.is_settled
    if is_over or task.overdue_at is not None or task.due_at > now:
        return False
    task.overdue_at = now
    record(session, at=now, actor="system", action="miss_task", subject=complaint.number, task=task.id)
    return True


async def tasks_of(session: AsyncSession, complaint: Complaint) -> list[CaseTask]:
    """The tasks of a case, oldest first."""
    query = select(CaseTask).where(CaseTask.complaint_id == complaint.id).order_by(CaseTask.id)
    return list(await session.scalars(query))


def _check_open(complaint: Complaint, task: CaseTask) -> None:
    if task.complaint_id != complaint.id:
        raise TaskRefused(f"Task {task.id} is not one of {complaint.number}")
    if task.answered_at is not None or task.cancelled_at is not None:
        raise TaskIsOver(f"Task {task.id} of {complaint.number} was answered or cancelled before")
