"""The LEARN checklist of a case, as staff works through it: what is missing, and ticking a step off."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.complaints.casework import record_learn
from bot.complaints.learn import LearnStep
from bot.complaints.models import Complaint

BY_HAND = "ticked by hand"


@dataclass(frozen=True)
class Tick:
    """A step that is ticked off once a reply has gone out.

    Attributes:
        what: what was done, for the auditor.
        actor: who does it, `staff:<username>`.
    """

    complaint_id: uuid.UUID
    step: LearnStep
    what: str
    actor: str

    def stored(self) -> dict[str, str]:
        """As it waits in the database."""
        return {"complaint_id": str(self.complaint_id), "step": self.step, "what": self.what, "actor": self.actor}

    @classmethod
    def restored(cls, stored: dict[str, str]) -> "Tick":
        """What `stored` gave."""
        return cls(uuid.UUID(stored["complaint_id"]), LearnStep(stored["step"]), stored["what"], stored["actor"])


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


async def tick_all(session: AsyncSession, ticks: Iterable[Tick], *, now: datetime) -> None:
    """Tick off what a reply that has gone out took; a case that was settled meanwhile stays as it is."""
    for tick in ticks:
        complaint = await session.get_one(Complaint, tick.complaint_id)
        if not complaint.state.is_settled:
            tick_step(session, complaint, tick.step, actor=tick.actor, now=now, what=tick.what)
