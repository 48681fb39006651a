"""Putting a plan to the customer, and asking whether they agree to it."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.models import Complaint, Plan
from bot.complaints.plans import propose_plan
from bot.followups.asking import ask_whether_accepted


async def put_plan(session: AsyncSession, complaint: Complaint, plan: Plan, *, actor: str, now: datetime) -> None:
    """Put an agreed plan to the customer; the answer is the bot's to hear, so the conversation goes back to it.

    Args:
        actor: who puts it, `staff:<username>`.

    Raises:
        PlanNotReady: it is not agreed, or was put to the customer before.
        IllegalStep: the case's state does not allow it.
    """
    propose_plan(session, complaint, plan, actor=actor, now=now)
    await ask_whether_accepted(session, complaint, "utter_plan", actor=actor, now=now, plan=plan.text)
