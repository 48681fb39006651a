"""The customer's answer to a plan, and how a merged complaint stands, as the assistant hears and says it."""

import uuid
from typing import Any

import pytest
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import store
from actions.notify import HearResult, TellStatus, ValidateResultForm
from bot.complaints.labels import Tier
from bot.complaints.lifecycle import State
from bot.complaints.links import merge_duplicate
from bot.complaints.models import Complaint, Plan
from bot.complaints.plans import submit_plan
from bot.conversations.models import Conversation, Holder
from bot.database import Database
from bot.followups.plans import put_plan
from bot.followups.results import tell_result
from bot.staff.candidates import person_of
from tests.builders import a_complaint, a_conversation, a_member_of_staff
from tests.conftest import FakeClock


@pytest.fixture(autouse=True)
def action_server(database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "database", lambda: database)
    monkeypatch.setattr(store, "clock", clock)


@pytest.fixture
async def complaint(database: Database, conversation: Conversation, clock: FakeClock) -> Complaint:
    """A complaint whose plan lies before the customer."""
    li = await a_member_of_staff(database, clock)
    async with database.transaction() as session:
        complaint = await a_complaint(session, conversation, clock=clock, outlet_code="HB-WH-WC-03")
        plan = await submit_plan(session, complaint, "今天送到。", by=person_of(li), now=clock())
        await put_plan(session, complaint, plan, actor="staff:li", now=clock())
    return complaint


async def hears(conversation: Conversation, text: str, intent: str, *, number: str | None = None) -> list[str]:
    """What the assistant says to the customer's words: the names of its responses."""
    spoken = {"text": text, "intent": {"name": intent, "confidence": 0.9}, "entities": []}
    event = {"event": "user", "metadata": {"turn_id": str(uuid.uuid4())}, "parse_data": spoken}
    slots = {"pending_number": number, "language": "zh"}
    tracker = Tracker(str(conversation.id), slots, spoken, [event], False, None, {}, "action_listen")
    dispatcher = CollectingDispatcher()
    await action_of(intent, is_asked=number is not None).run(dispatcher, tracker, {})
    return [message["response"] for message in dispatcher.messages]


def action_of(intent: str, *, is_asked: bool) -> Action:
    """What the rules answer an intent with."""
    if intent == "ask_status":
        return TellStatus()
    return ValidateResultForm() if is_asked else HearResult()


async def read(database: Database, complaint: Complaint) -> tuple[Complaint, Any]:
    async with database.transaction() as session:
        found = await session.get_one(Complaint, complaint.id)
        return found, await session.get_one(Conversation, found.conversation_id)


@pytest.mark.parametrize("is_asked", [True, False])
async def test_a_plan_is_accepted(
    is_asked: bool, database: Database, conversation: Conversation, complaint: Complaint
) -> None:
    number = complaint.number if is_asked else None
    assert await hears(conversation, "接受", "accept_result", number=number) == ["utter_plan_accepted"]
    after, chat = await read(database, complaint)
    assert (after.state, after.tier, chat.holder) == (State.ACCEPTED, Tier.ORDINARY, Holder.BOT)


@pytest.mark.parametrize("is_asked", [True, False])
async def test_a_rejected_plan_calls_the_next_tier(
    is_asked: bool, database: Database, conversation: Conversation, complaint: Complaint
) -> None:
    number = complaint.number if is_asked else None
    assert await hears(conversation, "不接受", "reject_result", number=number) == ["utter_plan_rejected"]
    after, chat = await read(database, complaint)
    assert (after.state, after.tier) == (State.REJECTED, Tier.COMPLEX)
    assert (chat.holder, chat.handover_reason) == (Holder.QUEUE, "complex")
    async with database.transaction() as session:
        plan = (await session.get_one(Plan, 1)).answer_text
    assert plan == "不接受"


async def test_thanks_are_no_consent(database: Database, conversation: Conversation, complaint: Complaint) -> None:
    assert await hears(conversation, "谢谢", "thank", number=complaint.number) == []
    assert (await read(database, complaint))[0].state is State.PLAN_PROPOSED


@pytest.mark.parametrize(
    ("text", "intent", "response"),
    [("接受", "accept_result", "utter_plan_accepted"), ("不接受", "reject_result", "utter_plan_rejected")],
)
async def test_a_turn_cut_off_before_it_could_speak_says_it_once_more_and_changes_nothing(
    text: str, intent: str, response: str, database: Database, conversation: Conversation, complaint: Complaint
) -> None:
    await hears(conversation, text, intent, number=complaint.number)
    before, _ = await read(database, complaint)
    assert await hears(conversation, text, intent, number=complaint.number) == [response]
    after, _ = await read(database, complaint)
    assert (after.state, after.tier, len(after.tier_decisions)) == (
        before.state,
        before.tier,
        len(before.tier_decisions),
    )


async def test_without_a_plan_there_is_nothing_to_accept(
    database: Database, clock: FakeClock, complaint: Complaint
) -> None:
    other = await a_conversation(database, clock, chat="somebody else")
    assert await hears(other, "接受", "accept_result") == ["utter_no_result_yet"]
    assert await hears(other, "接受", "accept_result", number=complaint.number) == []
    assert (await read(database, complaint))[0].state is State.PLAN_PROPOSED


async def test_the_number_of_a_merged_complaint_tells_of_the_case_that_stays(
    database: Database, conversation: Conversation, complaint: Complaint, clock: FakeClock
) -> None:
    async with database.transaction() as session:
        duplicate = await a_complaint(session, conversation, clock=clock, outlet_code="HB-WH-WC-03")
        kept = await session.get_one(Complaint, complaint.id)
        await merge_duplicate(session, duplicate, kept, actor="staff:li", now=clock())
    said = ["utter_status_merged", "utter_status"]
    assert await hears(conversation, f"{duplicate.number} 怎么样了", "ask_status") == said
    assert await hears(conversation, "我的投诉怎么样了", "ask_status") == said
    other = await a_conversation(database, clock, chat="somebody else")
    assert await hears(other, f"{duplicate.number} 怎么样了", "ask_status") == ["utter_number_not_yours"]


@pytest.mark.parametrize("is_asked", [True, False])
async def test_thanks_and_goodbye_after_the_result_neither_reopen_the_case_nor_set_a_date(
    is_asked: bool, database: Database, conversation: Conversation, complaint: Complaint, clock: FakeClock
) -> None:
    await hears(conversation, "接受", "accept_result", number=complaint.number)
    async with database.transaction() as session:
        accepted = await session.get_one(Complaint, complaint.id)
        await tell_result(session, accepted, "卡已送到。", actor="staff:li", now=clock())
    told, _ = await read(database, complaint)
    dates = [(deadline.name, deadline.due_at, deadline.met_at) for deadline in told.deadlines]
    clock.advance(hours=1)
    number = complaint.number if is_asked else None
    assert await hears(conversation, "好的谢谢再见", "thank", number=number) == ["utter_result_accepted"]
    after, chat = await read(database, complaint)
    assert (after.state, after.result_accepted, after.reopened_count) == (State.RESOLVED, True, 0)
    assert [(deadline.name, deadline.due_at, deadline.met_at) for deadline in after.deadlines] == dates
    assert (chat.holder, chat.waiting_since) == (Holder.BOT, None)
