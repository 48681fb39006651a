"""What happened to a case, in the viewer's words: read from the audit log, which holds every step of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import AuditRecord
from bot.complaints.labels import Language
from bot.desk.words import word, word_or
from bot.staff.models import StaffMember

STEPS_SHOWN = 100
NO_STEPS = ("see_complaint", "access_refused")
"""Recorded of a case, but nothing that was done with it: another system that reads it often would fill its timeline."""
OF_SYSTEM = "api:"
"""How the actor begins that is another system of the bank; its token's name follows."""


def name_of(actor: str, names: Mapping[str, str], language: Language) -> str:
    """Who an actor is, to the viewer.

    Args:
        names: of people, by actor; whoever is not among them is called by their username.
    """
    if actor.startswith(OF_SYSTEM):
        return word("by_another_system", language, system=actor.removeprefix(OF_SYSTEM))
    return names.get(actor) or word_or(f"by_{actor}", actor.removeprefix("staff:"), language)


async def names_of(session: AsyncSession, steps: Sequence[AuditRecord]) -> dict[str, str]:
    """The names of the people among the actors."""
    usernames = {step.actor.removeprefix("staff:") for step in steps if step.actor.startswith("staff:")}
    found = await session.scalars(select(StaffMember).where(StaffMember.username.in_(usernames)))
    return {f"staff:{member.username}": member.name for member in found}


async def steps_of(session: AsyncSession, number: str) -> Sequence[AuditRecord]:
    """The recorded steps of the case with this number, newest first, of a long history the newest ones."""
    query = select(AuditRecord).where(AuditRecord.subject == number, AuditRecord.action.not_in(NO_STEPS))
    return list(await session.scalars(query.order_by(AuditRecord.id.desc()).limit(STEPS_SHOWN)))


def timeline_of(steps: Sequence[AuditRecord], names: Mapping[str, str], language: Language) -> list[dict[str, Any]]:
    """The steps, ready for the case component."""
    return [
        {
            "at": int(step.at.timestamp() * 1000),
            "what": _what_was_done(step, language),
            "by": name_of(step.actor, names, language),
        }
        for step in steps
    ]


def _what_was_done(step: AuditRecord, language: Language) -> str:
    why = step.detail.get("why")
    name = f"step_{step.action}"
    return word_or(f"{name}_{why}", word_or(name, step.action.replace("_", " "), language), language)
