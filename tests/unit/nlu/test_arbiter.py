"""The arbiter: who wins when the components disagree."""

from typing import Any

import pytest
from rasa.shared.nlu.training_data.message import Message

from nlu.arbiter import IntentArbiter

ARBITER = IntentArbiter(IntentArbiter.get_default_config())
STORY = "上个礼拜去柜台取钱等了两个小时没有人理我，最后还叫我明天再来"


def a_message(
    text: str = STORY,
    intent: str = "inform",
    confidence: float = 0.5,
    kind: str = "complaint",
    sure: float = 0.9,
    **more: Any,
) -> Message:
    ranking = [{"name": intent, "confidence": confidence}, {"name": "chitchat", "confidence": 1 - confidence}]
    return Message(
        {
            "text": text,
            "intent": ranking[0],
            "intent_ranking": ranking,
            "complaint": {"kind": kind, "confidence": {"kind": sure}},
            **more,
        }
    )


@pytest.mark.parametrize("signal", ["self_harm", "violence"])
def test_a_crisis_comes_before_everything(signal: str) -> None:
    (message,) = ARBITER.process([a_message(intent="complain", confidence=0.99, signals=[{"name": signal}])])
    assert message.get("intent") == {"name": "crisis", "confidence": 1.0}


@pytest.mark.parametrize(
    ("message", "intent"),
    [
        (a_message(), "complain"),
        (a_message(intent="inform", confidence=0.95), "inform"),
        (a_message(intent="withdraw"), "withdraw"),
        (a_message(kind="enquiry"), "inform"),
        (a_message(sure=0.5), "inform"),
        (a_message(text="不是"), "inform"),
    ],
)
def test_a_story_that_is_surely_a_complaint_overrules_a_weak_intent_only(message: Message, intent: str) -> None:
    (settled,) = ARBITER.process([message])
    assert settled.get("intent")["name"] == intent


@pytest.mark.parametrize(
    ("message", "intent"),
    [
        (a_message(intent="complain", confidence=0.6, kind="other"), "chitchat"),
        (a_message(intent="complain", confidence=0.9, kind="other"), "complain"),
        (a_message(intent="complain", confidence=0.6, kind="other", sure=0.6), "complain"),
        (a_message(intent="complain", confidence=0.6), "complain"),
    ],
)
def test_a_weak_complaint_that_is_surely_something_else_by_its_kind_is_none(message: Message, intent: str) -> None:
    (settled,) = ARBITER.process([message])
    assert settled.get("intent")["name"] == intent


def test_the_settled_intent_leads_the_ranking() -> None:
    (message,) = ARBITER.process([a_message()])
    ranking = message.get("intent_ranking")
    assert ranking[0] == message.get("intent")
    assert [entry["confidence"] for entry in ranking] == sorted(
        (entry["confidence"] for entry in ranking), reverse=True
    )
