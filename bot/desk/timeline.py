"""What happened to a case, in the viewer's words: read from the audit log, which holds every step of it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import AuditRecord
from bot.complaints.labels import Language
from bot.desk.words import word_or

STEPS_SHOWN = 100


async def steps_of(session: AsyncSession, number: str) -> Sequence[AuditRecord]:
    """The recorded steps of the case with this number, newest first, of a long history the newest ones."""
    query = select(AuditRecord).where(AuditRecord.subject == number).order_by(AuditRecord.id.desc()).limit(STEPS_SHOWN)
    return list(await session.scalars(query))


def timeline_of(steps: Sequence[AuditRecord], language: Language) -> list[dict[str, Any]]:
    """The steps, ready for the case component."""
    return [
        {
            "at": int(step.at.timestamp() * 1000),
            "what": word_or(f"step_{step.action}", step.action.replace("_", " "), language),
            "by": word_or(f"by_{step.actor}", step.actor.removeprefix("staff:"), language),
        }
        for step in steps
    ]
