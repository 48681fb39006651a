"""A settled case is closed with a checklist: why it came about, what must be put right, whether the customer knows."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.complaints.deadlines import deadline_policy, recheck_request_deadline
from bot.complaints.family import require_no_open_children
from bot.complaints.follows import tell_followers
from bot.complaints.labels import RootCause
from bot.complaints.lifecycle import CaseStep
from bot.complaints.models import Closing, Complaint, NoticeKind


class TooEarlyToClose(Exception):
    """The customer has not accepted the result, and may still object to it."""


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
    complaint.take(CaseStep.CLOSE, now=now)
    if not may_be_closed(complaint, now=now):
        raise TooEarlyToClose(
            f"{complaint.number}: wait for the customer's answer, or until the time to object is over"
        )
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
        action="close",
        subject=complaint.number,
        root_cause=answers.root_cause,
        is_customer_told=answers.is_customer_told,
        rectify_unit=closing.rectify_unit,
    )
    tell_followers(session, complaint, NoticeKind.CLOSED, by=actor, now=now)
    return closing


async def closings_of(session: AsyncSession, complaint_id: uuid.UUID) -> Sequence[Closing]:
    """Every time the case was closed, oldest first: one that is reopened is closed again."""
    return list(await session.scalars(select(Closing).where(Closing.complaint_id == complaint_id).order_by(Closing.id)))
