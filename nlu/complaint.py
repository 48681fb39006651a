"""The complaint classifier: kind, product, cause, emotion, what the text alone says about the tier, and signals that are only implied.

It makes answers of scores (`nlu/likeness.py`). Its tier is evidence for the funnel's policy, never the decision.
"""

from __future__ import annotations

import json
from typing import Any, List, Optional, Sequence, Type

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.calibration import Question, calibrate, targets_of
from nlu.implied import ImpliedSignals, best_thresholds, words_of_signals
from nlu.labels import COMPLAINT, FACETS, KIND, TIER, UNLABELLED, answer_of, signals_of
from nlu.likeness import SCORES, Likeness
from nlu.signals import SIGNAL_NAMES, SIGNALS, Signals

ANSWERS_FILE = "complaint.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ComplaintClassifier(GraphComponent):
    """Makes labels, their probabilities, and signals of scores."""

    @classmethod
    def required_components(cls) -> List[Type]:
        """Where the scores come from; what is said outright is found before."""
        return [Likeness, Signals]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """There is nothing to configure."""
        return {}

    def __init__(
        self,
        model_storage: ModelStorage,
        resource: Resource,
        questions: Optional[dict[str, Question]] = None,
        implied: Optional[ImpliedSignals] = None,
    ) -> None:
        """Make a classifier.

        Args:
            model_storage: Where the trained model is written.
            resource: This component's place in it.
            questions: Kind and facets.
            implied: The signals.
        """
        self._model_storage = model_storage
        self._resource = resource
        self._questions = questions or {}
        self._implied = implied

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ComplaintClassifier:
        """Make an untrained classifier."""
        return cls(model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> ComplaintClassifier:
        """Load a trained classifier."""
        with model_storage.read_from(resource) as folder:
            stored = json.loads((folder / ANSWERS_FILE).read_text("utf-8"))
            questions = {name: Question.from_dict(question) for name, question in stored["questions"].items()}
            implied = ImpliedSignals.from_dict(stored["implied"])
            return cls(model_storage, resource, questions, implied)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn what the scores of unseen texts mean: the kind from all examples, the facets from those that carry them, the signals from both."""
        examples = [example for example in training_data.intent_examples if example.get(SCORES)]
        for name in (KIND, *FACETS):
            answers = [answer_of(example, name) for example in examples]
            every = (answer_of(example, name) for example in training_data.intent_examples if example.get(TEXT))
            labels = sorted({answer for answer in every if answer})
            self._questions[name] = calibrate(_scores(examples, name), targets_of(answers, labels), labels)
        known = [example for example in training_data.intent_examples if example.get(INTENT) not in UNLABELLED]
        scored = [example for example in known if example.get(SCORES)]
        thresholds = best_thresholds(_scores(scored, SIGNALS), _held(scored))
        self._implied = ImpliedSignals(thresholds, words_of_signals(known, _held(known)))
        with self._model_storage.write_to(self._resource) as folder:
            questions = {name: question.as_dict() for name, question in self._questions.items()}
            stored = {"questions": questions, "implied": self._implied.as_dict()}
            (folder / ANSWERS_FILE).write_text(json.dumps(stored, ensure_ascii=False), "utf-8")
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        """Set `complaint`: the likeliest answers, their probabilities, and the tier's evidence; and complete `signals`."""
        if not messages or self._implied is None:
            return messages
        tables = {name: question.probabilities(_scores(messages, name)) for name, question in self._questions.items()}
        for number, message in enumerate(messages):
            likely = {
                name: dict(zip(self._questions[name].labels, map(float, table[number]), strict=True))
                for name, table in tables.items()
            }
            message.set(COMPLAINT, _as_output(likely), add_to_output=True)
            self._implied.complete(message, message.get(SCORES)[SIGNALS])
        return messages


def _as_output(likely: dict[str, dict[str, float]]) -> dict[str, Any]:
    best = {name: max(table, key=lambda label: table[label]) for name, table in likely.items()}
    return {
        **{name: best[name] for name in best if name != TIER},
        "tier_evidence": likely[TIER],
        "confidence": {name: likely[name][best[name]] for name in best},
    }


def _scores(messages: Sequence[Message], question: str) -> np.ndarray:
    return np.stack([message.get(SCORES)[question] for message in messages])


def _held(examples: Sequence[Message]) -> np.ndarray:
    """Which signals are written beside examples: one row each, one column a signal."""
    return np.array([[name in signals_of(example) for name in SIGNAL_NAMES] for example in examples])
