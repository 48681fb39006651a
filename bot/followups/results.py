"""Telling the result of a complaint, and asking whether it is accepted."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.casework import resolve
from bot.complaints.closing import plan_closing
from bot.complaints.models import Complaint
from bot.followups.asking import ask_whether_accepted
from bot.jobs import Job, enqueue
from bot.settings import settings


async def tell_result(session: AsyncSession, complaint: Complaint, result: str, *, actor: str, now: datetime) -> None:
    """Settle a complaint, tell the customer the result, and ask whether it is accepted; later, ask how it was.

    The answer is the bot's to hear, so the conversation goes back to it. Should the customer never say a word, the case
    closes by itself one day.

    Args:
        result: in words that the customer reads.
        actor: who settled it, `staff:<username>`.

    Raises:
        IllegalStep: the case's state does not allow it.
        ValueError: the result is empty.
    """
    resolve(session, complaint, result, actor=actor, now=now)
    await ask_whether_accepted(session, complaint, "utter_result", actor=actor, now=now, result=complaint.result)
    await enqueue(
        session,
        Job.ASK_SATISFACTION,
        at=now + timedelta(hours=settings().follow_up_after_hours),
        complaint_id=str(complaint.id),
        resolved_at=now.isoformat(),
    )
    await plan_closing(session, complaint, now=now)
