"""The intent classifier: what the customer is doing with this message, by its likeness to known ones."""

from __future__ import annotations

import json
from typing import Any, List, Optional, Type

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.calibration import Question, calibrate, targets_of
from nlu.likeness import SCORES, Likeness

ANSWERS_FILE = "intents.json"
RANKING_LENGTH = 10


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class KernelIntentClassifier(IntentClassifier, GraphComponent):
    """Makes intents and calibrated confidence of scores."""

    @classmethod
    def required_components(cls) -> List[Type]:
        """Where the scores come from."""
        return [Likeness]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """There is nothing to configure."""
        return {}

    def __init__(self, model_storage: ModelStorage, resource: Resource, intents: Optional[Question] = None) -> None:
        """Make a classifier.

        Args:
            model_storage: Where the trained model is written.
            resource: This component's place in it.
            intents: What it makes of the scores.
        """
        self._model_storage = model_storage
        self._resource = resource
        self._intents = intents

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> KernelIntentClassifier:
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
    ) -> KernelIntentClassifier:
        """Load a trained classifier."""
        with model_storage.read_from(resource) as folder:
            stored = json.loads((folder / ANSWERS_FILE).read_text("utf-8"))
            return cls(model_storage, resource, Question.from_dict(stored))

    def train(self, training_data: TrainingData) -> Resource:
        """Learn what the scores of unseen texts mean."""
        examples = [example for example in training_data.intent_examples if example.get(SCORES)]
        intents = [example.get(INTENT) for example in examples]
        unseen = np.stack([example.get(SCORES)[INTENT] for example in examples])
        labels = sorted({example.get(INTENT) for example in training_data.intent_examples if example.get(TEXT)})
        self._intents = calibrate(unseen, targets_of(intents, labels), labels)
        with self._model_storage.write_to(self._resource) as folder:
            stored = json.dumps(self._intents.as_dict(), ensure_ascii=False)
            (folder / ANSWERS_FILE).write_text(stored, "utf-8")
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        """Set intent and ranking."""
        if not messages or self._intents is None:
            return messages
        scores = np.stack([message.get(SCORES)[INTENT] for message in messages])
        for message, likely in zip(messages, self._intents.probabilities(scores), strict=True):
            order = likely.argsort()[::-1][:RANKING_LENGTH]
            ranking = [{"name": self._intents.labels[column], "confidence": float(likely[column])} for column in order]
            message.set(INTENT, dict(ranking[0]), add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        return messages
