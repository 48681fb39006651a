"""A customer who would rather not rate is noted as such, so that nobody reminds them."""

import uuid

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import store
from actions.notify import ValidateRatingForm
from bot.complaints.models import Complaint
from bot.database import Database
from bot.followups.results import tell_result
from bot.followups.satisfaction import DECLINED
from tests.builders import a_complaint, a_conversation
from tests.conftest import FakeClock


async def test_who_skips_the_rating_has_declined(
    database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "database", lambda: database)
    monkeypatch.setattr(store, "clock", clock)
    conversation = await a_conversation(database, clock)
    async with database.transaction() as session:
        complaint = await a_complaint(session, conversation, clock=clock)
        await tell_result(session, complaint, "卡已取回。", actor="staff:li", now=clock())
    spoken = {"text": "跳过", "intent": {"name": "skip", "confidence": 0.9}, "entities": []}
    event = {"event": "user", "metadata": {"turn_id": str(uuid.uuid4())}, "parse_data": spoken}
    slots = {"pending_number": complaint.number, "requested_slot": "rating", "language": "zh"}
    tracker = Tracker(str(conversation.id), slots, spoken, [event], False, None, {}, "action_listen")
    dispatcher = CollectingDispatcher()
    await ValidateRatingForm().run(dispatcher, tracker, {})
    assert [message["response"] for message in dispatcher.messages] == ["utter_anything_else"]
    async with database.transaction() as session:
        after = await session.get_one(Complaint, complaint.id)
    assert after.learn_record[-1].what == DECLINED
    assert after.rating is None
