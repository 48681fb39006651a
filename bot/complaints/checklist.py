"""The LEARN checklist of a case, as staff works through it: what is missing, and ticking a step off."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.complaints.casework import record_learn
from bot.complaints.learn import LearnStep
from bot.complaints.models import Complaint

BY_HAND = "ticked by hand"


def tick_step(
    session: AsyncSession, complaint: Complaint, step: LearnStep, *, actor: str, now: datetime, what: str = BY_HAND
) -> None:
    """Note that a person took a LEARN step with the customer. A step may be taken more than once.

    Args:
        what: what was done, for the auditor: the canned reply that was sent, or that it was ticked by hand.

    Raises:
        CaseIsSettled: nothing is left to be done.
    """
    complaint.require_unsettled()
    record_learn(complaint, step, what, by=actor, now=now)
    record(session, at=now, actor=actor, action="tick_step", subject=complaint.number, step=step.value, what=what)
