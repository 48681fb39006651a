"""The arbiter: settles the intent where the components disagree. In this order:

1. A signal of self-harm or violence makes the intent `crisis`, whatever else is said.
2. Money that is leaving now makes it a complaint, and the intent `complain`: a cry for help is short, and short texts are
   the hardest to tell apart.
3. `crisis` without such a signal must be sure, or the next best intent counts: nobody who asks about a card is asked
   whether they are safe.
4. A weak `complain` that is surely no complaint by its kind isn't one either: gibberish is like many things.
5. A story that is surely a complaint makes it `complain`, when the intent is a weak one: a long message is seldom an answer or small talk.
6. Otherwise the intent classifier's choice stands.
"""

from __future__ import annotations

from typing import Any, List

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from nlu.script import HAN, LATIN_WORD

CRISIS_SIGNALS = {"self_harm", "violence"}
CRISIS, COMPLAIN = "crisis", "complain"
MONEY_LEAVING = "money_leaving_now"
# These say by themselves what is to be done, even in a long message.
STRONG_INTENTS = {CRISIS, COMPLAIN, "withdraw", "ask_human"}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class IntentArbiter(GraphComponent):
    """Replaces the intent by rule; needs intent, `complaint` and `signals` of the components before it."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """How sure of the kind, how weak the intent, and how long (in words; a Han character is half a word) a story must be."""
        return {"sure_of_crisis": 0.75, "sure_of_complaint": 0.8, "weak_intent": 0.7, "story_words": 12}

    def __init__(self, config: dict[str, Any]) -> None:
        """Make an arbiter with its limits."""
        self._config = config

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> IntentArbiter:
        """Make the component."""
        return cls(config)

    def process(self, messages: List[Message]) -> List[Message]:
        """Settle the intent."""
        for message in messages:
            signals = {signal["name"] for signal in message.get("signals", [])}
            if signals & CRISIS_SIGNALS:
                _settle(message, CRISIS, 1.0)
            elif MONEY_LEAVING in signals:
                _settle(message, COMPLAIN, 1.0)
                _make_complaint(message)
            elif self._is_doubtful_crisis(message) or self._is_doubtful_complaint(message):
                ranking = message.get(INTENT_RANKING_KEY)
                _settle(message, ranking[1]["name"], ranking[1]["confidence"])
            elif self._is_complaint_story(message):
                _settle(message, COMPLAIN, message.get("complaint")["confidence"]["kind"])
        return messages

    def _is_doubtful_crisis(self, message: Message) -> bool:
        intent, ranking = message.get(INTENT) or {}, message.get(INTENT_RANKING_KEY) or []
        return (
            intent.get("name") == CRISIS and intent["confidence"] < self._config["sure_of_crisis"] and len(ranking) > 1
        )

    def _is_doubtful_complaint(self, message: Message) -> bool:
        complaint, intent = message.get("complaint") or {}, message.get(INTENT) or {}
        return (
            intent.get("name") == COMPLAIN
            and intent["confidence"] < self._config["weak_intent"]
            and complaint.get("kind", "complaint") != "complaint"
            and complaint["confidence"]["kind"] >= self._config["sure_of_complaint"]
            and len(message.get(INTENT_RANKING_KEY) or []) > 1
        )

    def _is_complaint_story(self, message: Message) -> bool:
        complaint, intent = message.get("complaint") or {}, message.get(INTENT) or {}
        return (
            complaint.get("kind") == "complaint"
            and complaint["confidence"]["kind"] >= self._config["sure_of_complaint"]
            and intent.get("name") not in STRONG_INTENTS
            and intent.get("confidence", 0.0) < self._config["weak_intent"]
            and _word_count(message.get(TEXT)) >= self._config["story_words"]
        )


def _make_complaint(message: Message) -> None:
    complaint = message.get("complaint")
    if complaint and complaint["kind"] != "complaint":
        certain = {**complaint["confidence"], "kind": 1.0}
        message.set("complaint", {**complaint, "kind": "complaint", "confidence": certain}, add_to_output=True)


def _settle(message: Message, intent: str, confidence: float) -> None:
    others = [other for other in message.get(INTENT_RANKING_KEY) or [] if other["name"] != intent]
    # The rest of the ranking shares what is left, so that it stays a ranking and looks unambiguous.
    share = (1 - confidence) / max(sum(other["confidence"] for other in others), 1e-9)
    ranking = [{"name": intent, "confidence": confidence}]
    ranking += [{"name": other["name"], "confidence": other["confidence"] * min(share, 1.0)} for other in others]
    message.set(INTENT, dict(ranking[0]), add_to_output=True)
    message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)


def _word_count(text: str) -> float:
    return len(HAN.findall(text)) / 2 + len(LATIN_WORD.findall(text))
