"""Telling the customer what came of a re-check."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.closing import plan_closing
from bot.complaints.models import Complaint
from bot.complaints.people import Person
from bot.complaints.rechecks import decide_recheck
from bot.followups.asking import tell


async def tell_recheck(
    session: AsyncSession, complaint: Complaint, text: str, *, is_changed: bool, by: Person, now: datetime
) -> None:
    """Decide a re-check and tell the customer.

    Args:
        text: in words that the customer reads.
        is_changed: whether the result is another now, or is upheld.

    Raises:
        ValueError, NotTheirDecision, NeedsSomebodyElse, MustAvoid, IllegalStep: as for `rechecks.decide_recheck`.
    """
    recheck = await decide_recheck(session, complaint, text, is_changed=is_changed, by=by, now=now)
    await tell(session, complaint, "utter_recheck_decided", actor=by.actor, now=now, text=recheck.text)
    await plan_closing(session, complaint, now=now)
