"""What is written beside a training example (data/README.md), as answers to questions.

The kind follows from the intent; product, cause, emotion and tier are known for complaints only.
"""

from __future__ import annotations

from typing import Any, Optional

from rasa.shared.nlu.constants import INTENT
from rasa.shared.nlu.training_data.message import Message

from nlu.signals import SIGNALS

KIND, TIER = "kind", "tier"
FACETS = ("product", "cause", "emotion", TIER)
QUESTIONS = (INTENT, KIND, *FACETS)

COMPLAINT = "complaint"
OTHER_KIND = "other"
KIND_OF_INTENT = {
    "complain": COMPLAINT,
    "want_to_complain": COMPLAINT,
    "enquire": "enquiry",
    "praise": "praise",
    "suggest": "suggestion",
}

UNLABELLED = {"crisis", "ask_human", "want_to_complain", "add_facts", "correct", "reject_result", "withdraw", "insult"}
"""Intents whose examples may hold signals that nobody wrote beside them: what the lexicon finds counts. All others hold none, and teach that, too."""


def answer_of(example: Message, question: str) -> Optional[str]:
    """The right answer to one of QUESTIONS; none where it makes no sense."""
    answer: Optional[str]
    if question == INTENT:
        answer = example.get(INTENT)
    elif question == KIND:
        answer = KIND_OF_INTENT.get(example.get(INTENT), OTHER_KIND)
    else:
        answer = _written_beside(example).get(question)
    return answer


def signals_of(example: Message) -> set[str]:
    """The signals that an example holds."""
    if example.get(INTENT) in UNLABELLED:
        return {signal["name"] for signal in example.get(SIGNALS, [])}
    return set(_written_beside(example).get(SIGNALS, ()))


def _written_beside(example: Message) -> dict[str, Any]:
    return (example.get("metadata") or {}).get("example") or {}
