"""A settled case is closed with a checklist: why it came about, what must be put right, whether the customer knows.

One about which nobody says anything any more closes by itself; the checklist may be added then.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.audit import record
from bot.complaints.deadlines import automatic_closing_at, deadline_policy, recheck_request_deadline
from bot.complaints.family import require_no_open_children
from bot.complaints.follows import tell_followers
from bot.complaints.labels import RootCause
from bot.complaints.lifecycle import SETTLED, CaseStep, State
from bot.complaints.models import CaseLink, CaseTask, Closing, Complaint, LinkKind, NoticeKind
from bot.jobs import Job, enqueue

DAYS_TO_RECTIFY = (7, 15, 30, 60, 90)
"""What a person can choose."""
LONGEST_TO_RECTIFY = timedelta(days=max(DAYS_TO_RECTIFY))
"""No door gives more time."""


class TooEarlyToClose(Exception):
    """The customer has not accepted the result, and may still object to it.

    Attributes:
        until_at: the last moment at which they may; None if no result was told.
    """

    def __init__(self, number: str, until_at: datetime | None) -> None:
        self.until_at = until_at
        super().__init__(f"{number}: wait for the customer's answer, or until the time to object is over")


class HasItsChecklist(Exception):
    """There is no checklist to add: the case is not closed, or was closed with one."""


@dataclass(frozen=True)
class Rectification:
    """What must be put right (整改), so that it does not come about again."""

    what: str = field(repr=False)
    unit_code: str
    due_on: date


@dataclass(frozen=True)
class Checklist:
    """What is asked when a case is closed.

    Attributes:
        is_customer_told: whether the customer knows the result; False if nobody could reach them.
    """

    root_cause: RootCause
    is_customer_told: bool
    rectification: Rectification | None = None
    note: str = field(default="", repr=False)


def may_be_closed(complaint: Complaint, *, now: datetime) -> bool:
    """Whether the customer has accepted the result, or the time to object has passed."""
    if complaint.result_accepted or complaint.resolved_at is None:
        return complaint.result_accepted is True
    return recheck_request_deadline(complaint.resolved_at, deadline_policy()).is_breached(now)


async def close(
    session: AsyncSession, complaint: Complaint, answers: Checklist, *, actor: str, now: datetime
) -> Closing:
    """Put a settled case away, with what was learnt from it.

    Raises:
        IllegalStep: the case is not resolved.
        TooEarlyToClose: the customer has not accepted the result, and may still object.
        OpenChildren: a case that this one collects is not settled.
    """
    await require_no_open_children(session, complaint)
    _put_away(complaint, now=now)
    tell_followers(session, complaint, NoticeKind.CLOSED, by=actor, now=now)
    return _learnt(session, complaint, answers, "close", actor=actor, now=now)


def close_unanswered(session: AsyncSession, complaint: Complaint, *, now: datetime) -> None:
    """Put a settled case away that nobody has closed and about which the customer says nothing any more.

    What is to be learnt from it people add later.

    Raises:
        IllegalStep: the case is not resolved.
        TooEarlyToClose: the customer has not accepted the result, and may still object.
    """
    _put_away(complaint, now=now)
    tell_followers(session, complaint, NoticeKind.CLOSED, by="system", now=now)
    record(session, at=now, actor="system", action="close", subject=complaint.number, why="unanswered")


def lacks_checklist(complaint: Complaint, closings: Sequence[Closing]) -> bool:
    """Whether a case was put away without saying what was learnt.

    Args:
        closings: every one of the case.
    """
    return complaint.state is State.CLOSED and all(closing.closed_at < complaint.state_since for closing in closings)


async def add_checklist(
    session: AsyncSession, complaint: Complaint, answers: Checklist, *, actor: str, now: datetime
) -> Closing:
    """Say what was learnt from a case that was put away without it.

    Raises:
        HasItsChecklist: the case is not closed, or was closed with a checklist.
    """
    if not lacks_checklist(complaint, await closings_of(session, complaint.id)):
        raise HasItsChecklist(complaint.number)
    return _learnt(session, complaint, answers, "add_checklist", actor=actor, now=now)


async def plan_closing(session: AsyncSession, complaint: Complaint, *, now: datetime) -> None:
    """Enqueue the moment at which the case closes by itself, if nothing comes between.

    Args:
        now: when the customer was told the result, or what came of its re-check.
    """
    closes_at = automatic_closing_at(now, deadline_policy())
    if closes_at is not None:
        await enqueue(session, Job.CLOSE_CASE, at=closes_at, complaint_id=str(complaint.id))


def is_left_unanswered(told_before: datetime) -> ColumnElement[bool]:
    """The condition under which a case closes by itself.

    Its result, or what came of its re-check, was told before this moment, and there has been neither an objection nor a
    rating since; no department owes it an answer, and no case below it is open.
    """
    open_task = exists().where(
        CaseTask.complaint_id == Complaint.id, CaseTask.answered_at.is_(None), CaseTask.cancelled_at.is_(None)
    )
    child = aliased(Complaint)
    open_child = exists().where(
        CaseLink.other_id == Complaint.id,
        CaseLink.kind == LinkKind.PARENT,
        child.id == CaseLink.complaint_id,
        child.state.not_in(SETTLED),
    )
    return and_(
        Complaint.state == State.RESOLVED,
        Complaint.state_since < told_before,
        Complaint.result_accepted.is_not(False),
        or_(Complaint.rated_at.is_(None), Complaint.rated_at < Complaint.state_since),
        ~open_task,
        ~open_child,
    )


async def closings_of(session: AsyncSession, complaint_id: uuid.UUID) -> Sequence[Closing]:
    """Every time the case was closed, oldest first: one that is reopened is closed again."""
    return list(await session.scalars(select(Closing).where(Closing.complaint_id == complaint_id).order_by(Closing.id)))


def _put_away(complaint: Complaint, *, now: datetime) -> None:
    complaint.take(CaseStep.CLOSE, now=now)
    if not may_be_closed(complaint, now=now):
        told_at = complaint.resolved_at
        until_at = recheck_request_deadline(told_at, deadline_policy()).due_at if told_at else None
        raise TooEarlyToClose(complaint.number, until_at)


def _learnt(
    session: AsyncSession, complaint: Complaint, answers: Checklist, action: str, *, actor: str, now: datetime
) -> Closing:
    mend = answers.rectification
    closing = Closing(
        complaint_id=complaint.id,
        root_cause=answers.root_cause,
        note=answers.note.strip(),
        rectification=mend.what.strip() if mend else None,
        rectify_unit=mend.unit_code if mend else None,
        rectify_by=mend.due_on if mend else None,
        is_customer_told=answers.is_customer_told,
        closed_by=actor,
        closed_at=now,
    )
    session.add(closing)
    record(
        session,
        at=now,
        actor=actor,
        action=action,
        subject=complaint.number,
        root_cause=answers.root_cause,
        is_customer_told=answers.is_customer_told,
        rectify_unit=closing.rectify_unit,
    )
    return closing
