"""A survey without an answer is recalled once, and only to a customer who has nothing else on their mind."""

import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from bot.complaints.casework import rate, record_learn, reject_result
from bot.complaints.learn import LearnStep
from bot.complaints.models import Complaint
from bot.conversations.handover import call_staff, hand_back, locked, take_over
from bot.conversations.inbound import Inbox
from bot.conversations.models import Conversation
from bot.database import Database
from bot.followups.results import tell_result
from bot.followups.satisfaction import ASK_AGAIN_AFTER, DECLINED, SatisfactionSurvey
from bot.wording import wording
from tests.builders import a_complaint, a_conversation, a_member_of_staff, an_inbound, jobs, texts
from tests.conftest import FakeClock

TWO_DAYS = timedelta(days=2)
Happening = Callable[[Database, Complaint, FakeClock], Awaitable[None]]


@pytest.fixture
def survey(database: Database, clock: FakeClock) -> SatisfactionSurvey:
    return SatisfactionSurvey(database, clock, TWO_DAYS)


@pytest.fixture
async def complaint(
    database: Database, conversation: Conversation, survey: SatisfactionSurvey, clock: FakeClock
) -> Complaint:
    """A resolved complaint whose customer was asked a moment ago how it was."""
    async with database.transaction() as session:
        complaint = await a_complaint(session, conversation, clock=clock)
        await tell_result(session, complaint, "卡已取回。", actor="staff:li", now=clock())
    clock.advance(days=1)
    await survey.ask(complaint.id, resolved_at(complaint))
    return complaint


def resolved_at(complaint: Complaint) -> datetime:
    assert complaint.resolved_at is not None
    return complaint.resolved_at


async def reminders(database: Database, complaint: Complaint) -> int:
    return (await texts(database)).count(wording().say("utter_reminder_rating", "zh", number=complaint.number).text)


async def test_the_question_sets_the_time_of_its_reminder(
    database: Database, complaint: Complaint, clock: FakeClock
) -> None:
    (job,) = await jobs(database, "remind_of_survey")
    assert job["scheduled_at"] == clock() + TWO_DAYS
    assert job["args"] == {"complaint_id": str(complaint.id), "resolved_at": resolved_at(complaint).isoformat()}


async def test_a_survey_without_an_answer_is_recalled_once_and_the_answer_is_heard(
    database: Database, conversation: Conversation, complaint: Complaint, survey: SatisfactionSurvey, clock: FakeClock
) -> None:
    async with database.transaction() as session:
        (await locked(session, conversation.id)).pending_question = None  # a turn has come and gone meanwhile
    for _ in range(3):
        clock.advance(days=2)
        await survey.remind(complaint.id, resolved_at(complaint))
    assert await reminders(database, complaint) == 1
    assert len(await jobs(database, "remind_of_survey")) == 1, "there is no second reminder"
    async with database.transaction() as session:
        asked = (await session.get_one(Conversation, conversation.id)).pending_question
    assert asked == {
        "form": "rating_form",
        "slots": {"pending_number": complaint.number, "requested_slot": "rating"},
    }


async def rated(database: Database, complaint: Complaint, clock: FakeClock) -> None:
    async with database.transaction() as session:
        await rate(session, await session.get_one(Complaint, complaint.id), 4, now=clock())


async def reopened(database: Database, complaint: Complaint, clock: FakeClock) -> None:
    async with database.transaction() as session:
        await reject_result(session, await session.get_one(Complaint, complaint.id), now=clock())


async def resolved_anew(database: Database, complaint: Complaint, clock: FakeClock) -> None:
    await reopened(database, complaint, clock)
    clock.advance(hours=1)
    async with database.transaction() as session:
        found = await session.get_one(Complaint, complaint.id)
        await tell_result(session, found, "卡已送到。", actor="staff:li", now=clock())


async def declined(database: Database, complaint: Complaint, clock: FakeClock) -> None:
    async with database.transaction() as session:
        found = await session.get_one(Complaint, complaint.id)
        record_learn(found, LearnStep.NOTIFY, DECLINED, by="bot", now=clock())


async def complained_anew(database: Database, complaint: Complaint, clock: FakeClock) -> None:
    async with database.transaction() as session:
        conversation = await session.get_one(Conversation, complaint.conversation_id)
        await a_complaint(session, conversation, clock=clock)


async def asked_something_else(database: Database, complaint: Complaint, clock: FakeClock) -> None:
    async with database.transaction() as session:
        conversation = await locked(session, complaint.conversation_id)
        conversation.pending_question = {"form": "result_form", "slots": {"pending_number": "TS-0000-0000-0"}}


@pytest.mark.parametrize("happened", [rated, reopened, resolved_anew, declined, complained_anew, asked_something_else])
async def test_a_customer_whose_matter_has_moved_on_is_not_reminded(
    happened: Happening, database: Database, complaint: Complaint, survey: SatisfactionSurvey, clock: FakeClock
) -> None:
    clock.advance(hours=1)
    await happened(database, complaint, clock)
    clock.advance(days=2)
    await survey.remind(complaint.id, resolved_at(complaint))
    assert await reminders(database, complaint) == 0
    assert len(await jobs(database, "remind_of_survey")) == 1


async def test_while_somebody_talks_with_the_customer_the_reminder_waits(
    database: Database, conversation: Conversation, complaint: Complaint, survey: SatisfactionSurvey, clock: FakeClock
) -> None:
    li = await a_member_of_staff(database, clock)
    clock.advance(days=2)

    async def is_put_off() -> bool:
        await survey.remind(complaint.id, resolved_at(complaint))
        again = (await jobs(database, "remind_of_survey"))[-1]["scheduled_at"]
        return bool(again == clock() + ASK_AGAIN_AFTER and await reminders(database, complaint) == 0)

    async with database.transaction() as session:
        await call_staff(session, await locked(session, conversation.id), "asked_for_human", now=clock())
    assert await is_put_off(), "the customer waits for a person"
    async with database.transaction() as session:
        await take_over(session, conversation.id, li.id, username="li", shown_as="李经理", now=clock())
    clock.advance(hours=1)
    assert await is_put_off(), "a person talks with the customer"
    async with database.transaction() as session:
        await hand_back(session, conversation.id, li.id, username="li", shown_as="李经理", now=clock())
    await Inbox(database, clock, timedelta(seconds=1)).receive(an_inbound("网点几点开门"))
    clock.advance(minutes=30)
    assert await is_put_off(), "the customer has just written to the assistant"
    clock.advance(hours=1)
    await survey.remind(complaint.id, resolved_at(complaint))
    assert await reminders(database, complaint) == 1


async def test_without_the_question_there_is_no_reminder(
    database: Database, survey: SatisfactionSurvey, clock: FakeClock
) -> None:
    other = await a_conversation(database, clock, chat=uuid.uuid4().hex)
    async with database.transaction() as session:
        complaint = await a_complaint(session, other, clock=clock)
        await tell_result(session, complaint, "卡已取回。", actor="staff:li", now=clock())
    clock.advance(days=3)
    await survey.remind(complaint.id, resolved_at(complaint))
    assert await reminders(database, complaint) == 0
