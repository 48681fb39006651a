"""Asking, some time after the result, how satisfied the customer is."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.complaints.casework import record_learn
from bot.complaints.learn import LearnStep
from bot.complaints.models import Complaint
from bot.conversations.handover import locked
from bot.conversations.models import Holder
from bot.conversations.outbound import say
from bot.database import Database
from bot.jobs import Job, enqueue
from bot.wording import wording

QUESTION = "utter_question_rating"

ASK_AGAIN_AFTER = timedelta(hours=1)
"""While a person talks with the customer, the question waits this long."""


@dataclass(frozen=True)
class SatisfactionSurvey:
    """Asks for a rating."""

    database: Database
    clock: Clock

    async def ask(self, complaint_id: uuid.UUID, resolved_at: datetime) -> None:
        """Ask for a rating of 1 to 5, unless the case has moved on since the result was told.

        Args:
            resolved_at: when that result was told; a case reopened and resolved again is asked about by its own job.
        """
        now = self.clock()
        async with self.database.transaction() as session:
            complaint = await session.get_one(Complaint, complaint_id)
            conversation = await locked(session, complaint.conversation_id)
            await session.refresh(complaint)
            if _needs_no_question(complaint, resolved_at):
                return
            if conversation.holder is Holder.STAFF:
                await enqueue(
                    session,
                    Job.ASK_SATISFACTION,
                    at=now + ASK_AGAIN_AFTER,
                    complaint_id=str(complaint_id),
                    resolved_at=resolved_at.isoformat(),
                )
                return
            conversation.pending_question = {
                "form": "rating_form",
                "slots": {"pending_number": complaint.number, "requested_slot": "rating"},
            }
            saying = wording().say(QUESTION, conversation.language, number=complaint.number)
            await say(session, conversation, saying, now=now)
            record_learn(complaint, LearnStep.NOTIFY, QUESTION, by="bot", now=now)


def _needs_no_question(complaint: Complaint, resolved_at: datetime) -> bool:
    """Whether the case has moved on since this result, or its question was asked: a dead worker's job runs again."""
    if not complaint.state.is_settled or complaint.resolved_at != resolved_at:
        return True
    is_rated = complaint.rated_at is not None and complaint.rated_at >= resolved_at
    return is_rated or any(step.what == QUESTION and step.done_at >= resolved_at for step in complaint.learn_record)
