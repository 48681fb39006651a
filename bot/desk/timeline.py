"""What happened to a case, in the viewer's words: read from the audit log, which holds every step of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import AuditRecord
from bot.complaints.labels import Language
from bot.desk.words import word_or
from bot.staff.models import StaffMember

STEPS_SHOWN = 100


async def names_of(session: AsyncSession, steps: Sequence[AuditRecord]) -> dict[str, str]:
    """The names of the people among the actors."""
    usernames = {step.actor.removeprefix("staff:") for step in steps if step.actor.startswith("staff:")}
    found = await session.scalars(select(StaffMember).where(StaffMember.username.in_(usernames)))
    return {f"staff:{member.username}": member.name for member in found}


async def steps_of(session: AsyncSession, number: str) -> Sequence[AuditRecord]:
    """The recorded steps of the case with this number, newest first, of a long history the newest ones."""
    query = select(AuditRecord).where(AuditRecord.subject == number).order_by(AuditRecord.id.desc()).limit(STEPS_SHOWN)
    return list(await session.scalars(query))


def timeline_of(steps: Sequence[AuditRecord], names: Mapping[str, str], language: Language) -> list[dict[str, Any]]:
    """The steps, ready for the case component."""
    return [
        {
            "at": int(step.at.timestamp() * 1000),
            "what": word_or(f"step_{step.action}", step.action.replace("_", " "), language),
            "by": names.get(step.actor) or word_or(f"by_{step.actor}", step.actor, language),
        }
        for step in steps
    ]
