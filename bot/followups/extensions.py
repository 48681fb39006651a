"""Giving a decision more time: approved, and told to the customer, in one transaction."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.approvals import extend
from bot.complaints.deadlines import DeadlineName, deadline_policy, say_date
from bot.complaints.labels import Language
from bot.complaints.models import Approval, Complaint
from bot.complaints.people import Person
from bot.conversations.models import Conversation
from bot.followups.asking import tell


async def grant_extension(
    session: AsyncSession, complaint: Complaint, approval: Approval, *, by: Person, now: datetime, note: str = ""
) -> None:
    """Agree to more time for the decision, and tell the customer the new date.

    Args:
        by: who agrees; not who asked.

    Raises:
        ExtensionRefused: the policy does not allow it any more.
        NotTheirDecision, NeedsSomebodyElse, MustAvoid, NotAwaited, CaseIsSettled: as for `approvals.extend`.
    """
    told = max((d.due_at for d in complaint.running_deadlines if d.name == DeadlineName.DECISION), default=now)
    extended = await extend(session, complaint, approval, by=by, now=now, note=note)
    conversation = await session.get_one(Conversation, complaint.conversation_id)
    language: Language = "en" if conversation.language == "en" else "zh"
    await tell(
        session,
        complaint,
        "utter_extension",
        actor=by.actor,
        now=now,
        before=_day(told, language),
        due=_day(extended.due_at, language),
    )


def _day(moment: datetime, language: Language) -> str:
    return say_date(moment.astimezone(deadline_policy().zone).date(), language)
