"""After the case: the result is told, and a day later the customer is asked how it was."""

import uuid
from datetime import timedelta

import pytest

from bot.complaints.casework import rate, reject_result
from bot.complaints.lifecycle import IllegalStep, State
from bot.complaints.models import Complaint
from bot.conversations.handover import hand_back, take_over
from bot.conversations.models import Conversation, Holder
from bot.database import Database
from bot.followups import results
from bot.followups.results import tell_result
from bot.followups.satisfaction import ASK_AGAIN_AFTER, SatisfactionSurvey
from bot.settings import Settings
from bot.wording import wording
from tests.builders import a_complaint, a_conversation, a_member_of_staff, jobs, texts
from tests.conftest import FakeClock

TWO_DAYS = timedelta(days=2)


@pytest.fixture
def survey(database: Database, clock: FakeClock) -> SatisfactionSurvey:
    return SatisfactionSurvey(database, clock, TWO_DAYS)


@pytest.fixture
async def complaint(database: Database, conversation: Conversation, clock: FakeClock) -> Complaint:
    async with database.transaction() as session:
        return await a_complaint(session, conversation, clock=clock)


async def tell(database: Database, complaint: Complaint, clock: FakeClock, result: str = "卡已取回。") -> None:
    async with database.transaction() as session:
        found = await session.get_one(Complaint, complaint.id)
        await tell_result(session, found, result, actor="staff:li", now=clock())


async def now_is(database: Database, conversation: Conversation) -> Conversation:
    async with database.transaction() as session:
        return await session.get_one(Conversation, conversation.id)


def the_question(complaint: Complaint) -> str:
    return wording().say("utter_question_rating", "zh", number=complaint.number).text


async def staff_comes(database: Database, conversation: Conversation, clock: FakeClock) -> uuid.UUID:
    li = await a_member_of_staff(database, clock)
    async with database.transaction() as session:
        await take_over(session, conversation.id, li.id, username="li", shown_as="李经理", now=clock())
    return li.id


async def test_the_result_is_told_and_the_customer_asked_whether_it_is_accepted(
    database: Database, conversation: Conversation, complaint: Complaint, clock: FakeClock
) -> None:
    await staff_comes(database, conversation, clock)
    await tell(database, complaint, clock)
    said = wording().say("utter_result", "zh", number=complaint.number, result="卡已取回。")
    assert (await texts(database))[-1] == said.text
    after = await now_is(database, conversation)
    assert (after.holder, after.held_by) == (Holder.BOT, None)
    assert after.pending_question is not None
    assert after.pending_question["form"] == "result_form"
    assert after.pending_question["slots"]["pending_number"] == complaint.number
    async with database.transaction() as session:
        settled = await session.get_one(Complaint, complaint.id)
    assert settled.state is State.RESOLVED
    assert [(entry.step, entry.what, entry.by) for entry in settled.learn_record] == [
        ("notify", "utter_result", "staff:li")
    ]


async def test_a_result_that_cannot_be_told_changes_nothing(
    database: Database, complaint: Complaint, clock: FakeClock
) -> None:
    await tell(database, complaint, clock)
    with pytest.raises(IllegalStep):
        await tell(database, complaint, clock, "又一个结果")
    assert len(await texts(database)) == 1
    assert len(await jobs(database, "ask_satisfaction")) == 1


@pytest.mark.parametrize("hours", [24.0, 0.5])
async def test_the_survey_is_due_a_day_later_or_whenever_the_bank_says(
    hours: float, database: Database, complaint: Complaint, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    if hours != Settings.model_fields["follow_up_after_hours"].default:
        config = Settings(follow_up_after_hours=hours)
        monkeypatch.setattr(results, "settings", lambda: config)
    await tell(database, complaint, clock)
    (job,) = await jobs(database, "ask_satisfaction")
    assert job["scheduled_at"] == clock() + timedelta(hours=hours)
    assert job["args"] == {"complaint_id": str(complaint.id), "resolved_at": clock().isoformat()}


async def test_the_customer_is_asked_for_a_rating(
    database: Database, conversation: Conversation, complaint: Complaint, survey: SatisfactionSurvey, clock: FakeClock
) -> None:
    resolved_at = clock()
    await tell(database, complaint, clock)
    clock.advance(days=1)
    await survey.ask(complaint.id, resolved_at)
    assert (await texts(database))[-1] == the_question(complaint)
    after = await now_is(database, conversation)
    assert after.pending_question is not None
    assert after.pending_question["form"] == "rating_form"


async def test_the_customer_is_asked_once_though_the_job_runs_twice(
    database: Database, complaint: Complaint, survey: SatisfactionSurvey, clock: FakeClock
) -> None:
    resolved_at = clock()
    await tell(database, complaint, clock)
    clock.advance(days=1)
    await survey.ask(complaint.id, resolved_at)
    await survey.ask(complaint.id, resolved_at)
    assert (await texts(database)).count(the_question(complaint)) == 1


async def test_a_case_open_again_is_not_asked_about(
    database: Database, complaint: Complaint, survey: SatisfactionSurvey, clock: FakeClock
) -> None:
    resolved_at = clock()
    await tell(database, complaint, clock)
    async with database.transaction() as session:
        await reject_result(session, await session.get_one(Complaint, complaint.id), now=clock())
    clock.advance(days=1)
    await survey.ask(complaint.id, resolved_at)
    assert the_question(complaint) not in await texts(database)


async def test_a_case_resolved_again_is_asked_about_once_by_its_own_job(
    database: Database, complaint: Complaint, survey: SatisfactionSurvey, clock: FakeClock
) -> None:
    first = clock()
    await tell(database, complaint, clock)
    async with database.transaction() as session:
        await reject_result(session, await session.get_one(Complaint, complaint.id), now=clock())
    clock.advance(hours=20)
    second = clock()
    await tell(database, complaint, clock)
    clock.advance(hours=4)
    await survey.ask(complaint.id, first)
    assert the_question(complaint) not in await texts(database)
    clock.advance(hours=20)
    await survey.ask(complaint.id, second)
    assert (await texts(database)).count(the_question(complaint)) == 1


async def test_a_case_rated_badly_and_resolved_again_is_asked_about_again(
    database: Database, complaint: Complaint, survey: SatisfactionSurvey, clock: FakeClock
) -> None:
    first = clock()
    await tell(database, complaint, clock)
    clock.advance(days=1)
    await survey.ask(complaint.id, first)
    async with database.transaction() as session:
        assert await rate(session, await session.get_one(Complaint, complaint.id), 1, now=clock())
    clock.advance(days=1)
    second = clock()
    await tell(database, complaint, clock)
    clock.advance(days=1)
    await survey.ask(complaint.id, second)
    assert (await texts(database)).count(the_question(complaint)) == 2


async def test_a_customer_who_has_rated_already_is_not_asked(
    database: Database, complaint: Complaint, survey: SatisfactionSurvey, clock: FakeClock
) -> None:
    resolved_at = clock()
    await tell(database, complaint, clock)
    clock.advance(hours=1)
    async with database.transaction() as session:
        await rate(session, await session.get_one(Complaint, complaint.id), 5, now=clock())
    clock.advance(days=1)
    await survey.ask(complaint.id, resolved_at)
    assert the_question(complaint) not in await texts(database)


async def test_while_a_person_talks_with_the_customer_the_survey_waits(
    database: Database, conversation: Conversation, complaint: Complaint, survey: SatisfactionSurvey, clock: FakeClock
) -> None:
    resolved_at = clock()
    await tell(database, complaint, clock)
    clock.advance(days=1)
    staff_id = await staff_comes(database, conversation, clock)
    await survey.ask(complaint.id, resolved_at)
    assert the_question(complaint) not in await texts(database)
    again = (await jobs(database, "ask_satisfaction"))[-1]
    assert again["scheduled_at"] == clock() + ASK_AGAIN_AFTER

    async with database.transaction() as session:
        await hand_back(session, conversation.id, staff_id, username="li", shown_as="李经理", now=clock())
    clock.advance(hours=1)
    await survey.ask(complaint.id, resolved_at)
    assert (await texts(database))[-1] == the_question(complaint)


async def test_the_customer_is_asked_in_the_language_of_the_chat(
    database: Database, survey: SatisfactionSurvey, clock: FakeClock
) -> None:
    conversation = await a_conversation(database, clock, chat="english", language="en")
    async with database.transaction() as session:
        complaint = await a_complaint(session, conversation, clock=clock)
    resolved_at = clock()
    await tell(database, complaint, clock, "Your card is back.")
    clock.advance(days=1)
    await survey.ask(complaint.id, resolved_at)
    assert await texts(database, chat="english") == [
        wording().say("utter_result", "en", number=complaint.number, result="Your card is back.").text,
        wording().say("utter_question_rating", "en", number=complaint.number).text,
    ]
