"""What a macro does with a case besides its words: a tag, and who gets the case; done once the reply has gone out."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from bot.jobs import Job, enqueue


class AssignTo(StrEnum):
    """Who gets the case."""

    ME = "me"
    """Whoever chose the macro."""
    LOAD = "load"
    """Whoever fits best by unit, role, presence and load; a case that somebody has stays with them."""


@dataclass(frozen=True)
class FollowUp:
    """What is to be done with a case when a reply has gone out.

    Attributes:
        macro: the macro's name, by which an undone reply has it again.
        staff_id: who chose it.
        tag: a tag's name; None for none.
    """

    macro: str
    complaint_id: uuid.UUID
    staff_id: uuid.UUID
    tag: str | None = None
    assign: AssignTo | None = None

    def stored(self) -> dict[str, str]:
        """As it waits in the database."""
        return {
            "macro": self.macro,
            "complaint_id": str(self.complaint_id),
            "staff_id": str(self.staff_id),
            "tag": self.tag or "",
            "assign": self.assign or "",
        }

    @classmethod
    def restored(cls, stored: dict[str, str]) -> "FollowUp":
        """What `stored` gave."""
        return cls(
            macro=stored["macro"],
            complaint_id=uuid.UUID(stored["complaint_id"]),
            staff_id=uuid.UUID(stored["staff_id"]),
            tag=stored["tag"] or None,
            assign=AssignTo(stored["assign"]) if stored["assign"] else None,
        )


async def follow_all(session: AsyncSession, follow_ups: Iterable[FollowUp]) -> None:
    """Have these done as soon as this transaction, in which the reply goes out, commits."""
    for follow_up in follow_ups:
        await enqueue(
            session,
            Job.FOLLOW_UP,
            macro=follow_up.macro,
            complaint_id=str(follow_up.complaint_id),
            staff_id=str(follow_up.staff_id),
            tag=follow_up.tag or "",
            assign=follow_up.assign or "",
        )
