"""Asking, some time after the result, how satisfied the customer is; once more if no answer came, then never again."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.complaints.casework import complaints_of, record_learn
from bot.complaints.learn import LearnStep
from bot.complaints.models import Complaint
from bot.conversations.handover import locked
from bot.conversations.models import Conversation, Holder
from bot.conversations.outbound import say
from bot.database import Database
from bot.jobs import Job, enqueue
from bot.wording import wording

QUESTION = "utter_question_rating"
REMINDER = "utter_reminder_rating"
DECLINED = "rating declined"
"""How the LEARN record notes that the customer would rather not rate."""

ASK_AGAIN_AFTER = timedelta(hours=1)
"""While somebody talks with the customer, the question waits this long."""


@dataclass(frozen=True)
class SatisfactionSurvey:
    """Asks for a rating.

    Args:
        remind_after: how long the question may stay without an answer until the one reminder.
    """

    database: Database
    clock: Clock
    remind_after: timedelta

    async def ask(self, complaint_id: uuid.UUID, resolved_at: datetime) -> None:
        """Ask for a rating of 1 to 5, unless the case has moved on since the result was told.

        Args:
            resolved_at: when that result was told; a case reopened and resolved again is asked about by its own job.
        """
        now = self.clock()
        async with self.database.transaction() as session:
            complaint, conversation = await _read(session, complaint_id)
            if _has_moved_on(complaint, resolved_at) or _was_said(complaint, QUESTION, since=resolved_at):
                return
            if conversation.holder is Holder.STAFF:
                await _enqueue(session, Job.ASK_SATISFACTION, complaint, resolved_at, at=now + ASK_AGAIN_AFTER)
                return
            await _ask(session, complaint, conversation, QUESTION, now=now)
            await _enqueue(session, Job.REMIND_OF_SURVEY, complaint, resolved_at, at=now + self.remind_after)

    async def remind(self, complaint_id: uuid.UUID, resolved_at: datetime) -> None:
        """Ask once more, unless the customer has answered, declined, or has another matter at hand by now.

        Args:
            resolved_at: when the result was told that the question was about.
        """
        now = self.clock()
        async with self.database.transaction() as session:
            complaint, conversation = await _read(session, complaint_id)
            if _has_moved_on(complaint, resolved_at) or not _was_said(complaint, QUESTION, since=resolved_at):
                return
            if _was_said(complaint, REMINDER, since=resolved_at) or _was_said(complaint, DECLINED, since=resolved_at):
                return
            if await _has_another_matter(session, complaint, conversation):
                return
            if conversation.holder is not Holder.BOT or _is_writing(conversation, now=now):
                await _enqueue(session, Job.REMIND_OF_SURVEY, complaint, resolved_at, at=now + ASK_AGAIN_AFTER)
                return
            await _ask(session, complaint, conversation, REMINDER, now=now)


async def _read(session: AsyncSession, complaint_id: uuid.UUID) -> tuple[Complaint, Conversation]:
    """The complaint as it stands once its conversation is locked."""
    complaint = await session.get_one(Complaint, complaint_id)
    conversation = await locked(session, complaint.conversation_id)
    await session.refresh(complaint)
    return complaint, conversation


async def _ask(
    session: AsyncSession, complaint: Complaint, conversation: Conversation, response: str, *, now: datetime
) -> None:
    """Say it, and have the answer heard as a rating."""
    conversation.pending_question = {
        "form": "rating_form",
        "slots": {"pending_number": complaint.number, "requested_slot": "rating"},
    }
    saying = wording().say(response, conversation.language, number=complaint.number)
    await say(session, conversation, saying, now=now)
    record_learn(complaint, LearnStep.NOTIFY, response, by="bot", now=now)


async def _enqueue(
    session: AsyncSession, job: Job, complaint: Complaint, resolved_at: datetime, *, at: datetime
) -> None:
    await enqueue(session, job, at=at, complaint_id=str(complaint.id), resolved_at=resolved_at.isoformat())


def _has_moved_on(complaint: Complaint, resolved_at: datetime) -> bool:
    """Whether the case is open again, was resolved anew, or this result has its rating."""
    if not complaint.state.is_settled or complaint.resolved_at != resolved_at:
        return True
    return complaint.rated_at is not None and complaint.rated_at >= resolved_at


def _was_said(complaint: Complaint, what: str, *, since: datetime) -> bool:
    """Whether the LEARN record has this since then: a dead worker's job runs again."""
    return any(step.what == what and step.done_at >= since for step in complaint.learn_record)


def _is_writing(conversation: Conversation, *, now: datetime) -> bool:
    return conversation.last_message_at is not None and conversation.last_message_at > now - ASK_AGAIN_AFTER


async def _has_another_matter(session: AsyncSession, complaint: Complaint, conversation: Conversation) -> bool:
    """Whether the customer has a newer or another open complaint, or an answer to give about one."""
    others = [other for other in await complaints_of(session, conversation.id) if other.id != complaint.id]
    if any(not other.state.is_settled or other.opened_at > complaint.opened_at for other in others):
        return True
    asked = conversation.pending_question
    return asked is not None and asked.get("slots", {}).get("pending_number") != complaint.number
