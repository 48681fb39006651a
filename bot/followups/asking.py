"""Telling the customer something that wants an answer: the assistant hears it, so the conversation goes back to it."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.casework import record_learn
from bot.complaints.learn import LearnStep
from bot.complaints.models import Complaint
from bot.conversations.handover import locked
from bot.conversations.held import release_all
from bot.conversations.models import Conversation, Holder
from bot.conversations.outbound import say
from bot.wording import wording


async def tell(
    session: AsyncSession, complaint: Complaint, response: str, *, actor: str, now: datetime, **values: object
) -> Conversation:
    """Tell the customer something about their complaint, and note it in the LEARN record.

    Args:
        response: the wording, `utter_…`; the case number is filled in.

    Returns:
        The conversation, locked.
    """
    conversation = await locked(session, complaint.conversation_id)
    saying = wording().say(response, conversation.language, number=complaint.number, **values)
    await say(session, conversation, saying, now=now)
    record_learn(complaint, LearnStep.NOTIFY, response, by=actor, now=now)
    return conversation


async def ask_whether_accepted(
    session: AsyncSession, complaint: Complaint, response: str, *, actor: str, now: datetime, **values: object
) -> None:
    """Tell the customer a plan or a result, and ask whether they accept it."""
    conversation = await tell(session, complaint, response, actor=actor, now=now, **values)
    conversation.holder = Holder.BOT
    conversation.held_by = None
    await release_all(session, conversation, now=now)
    conversation.waiting_since = None
    conversation.handover_reason = None
    conversation.pending_question = {
        "form": "result_form",
        "slots": {"pending_number": complaint.number, "requested_slot": "result_accepted"},
    }
