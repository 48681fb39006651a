"""Telling the result of a complaint, and asking whether it is accepted."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.casework import record_learn, resolve
from bot.complaints.learn import LearnStep
from bot.complaints.models import Complaint
from bot.conversations.handover import locked
from bot.conversations.models import Holder
from bot.conversations.outbound import say
from bot.jobs import Job, enqueue
from bot.settings import settings
from bot.wording import wording


async def tell_result(session: AsyncSession, complaint: Complaint, result: str, *, actor: str, now: datetime) -> None:
    """Settle a complaint, tell the customer the result, and ask whether it is accepted; later, ask how it was.

    The answer is the bot's to hear, so the conversation goes back to it.

    Args:
        result: in words that the customer reads.
        actor: who settled it, `staff:<username>`.

    Raises:
        IllegalStep: the case's state does not allow it.
        ValueError: the result is empty.
    """
    resolve(session, complaint, result, actor=actor, now=now)
    conversation = await locked(session, complaint.conversation_id)
    conversation.holder = Holder.BOT
    conversation.held_by = None
    conversation.waiting_since = None
    conversation.handover_reason = None
    conversation.pending_question = {
        "form": "result_form",
        "slots": {"pending_number": complaint.number, "requested_slot": "result_accepted"},
    }
    saying = wording().say("utter_result", conversation.language, number=complaint.number, result=complaint.result)
    await say(session, conversation, saying, now=now)
    record_learn(complaint, LearnStep.NOTIFY, "utter_result", by=actor, now=now)
    await enqueue(
        session,
        Job.ASK_SATISFACTION,
        at=now + timedelta(hours=settings().follow_up_after_hours),
        complaint_id=str(complaint.id),
        resolved_at=now.isoformat(),
    )
