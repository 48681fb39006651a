"""The intent classifier: what the customer is doing with this message."""

from __future__ import annotations

import json
from typing import Any, List, Optional, Type

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.calibration import Question, calibrate, targets_of
from nlu.kernel import KernelRidge, fit, views_of

MODEL_FILE, LABELS_FILE = "intents.npz", "intents.json"
RANKING_LENGTH = 10


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class KernelIntentClassifier(IntentClassifier, GraphComponent):
    """Kernel ridge regression over the featurizers' views, with calibrated confidence."""

    @classmethod
    def required_components(cls) -> List[Type]:
        """Views come from featurizers."""
        return [Featurizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The ridge's penalty."""
        return {"penalty": 0.5}

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        ridge: Optional[KernelRidge] = None,
        intents: Optional[Question] = None,
    ) -> None:
        """Make a classifier.

        Args:
            config: The component's configuration.
            model_storage: Where the trained model is written.
            resource: This component's place in it.
            ridge: The fitted regression.
            intents: Its answers.
        """
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._ridge = ridge
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
        return cls(config, model_storage, resource)

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
            intents = Question.from_dict(json.loads((folder / LABELS_FILE).read_text("utf-8")))
            return cls(config, model_storage, resource, KernelRidge.load(folder / MODEL_FILE), intents)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from every example that has an intent."""
        examples = [example for example in training_data.intent_examples if example.get(TEXT)]
        intents = [example.get(INTENT) for example in examples]
        labels = sorted(set(intents))
        targets = targets_of(intents, labels)
        self._ridge, unseen = fit(views_of(examples), targets, self._config["penalty"])
        self._intents = calibrate(unseen, targets, labels, balance=0)
        with self._model_storage.write_to(self._resource) as folder:
            self._ridge.save(folder / MODEL_FILE)
            (folder / LABELS_FILE).write_text(json.dumps(self._intents.as_dict(), ensure_ascii=False), "utf-8")
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        """Set intent and ranking."""
        if not messages or self._ridge is None or self._intents is None:
            return messages
        likely_intents = self._intents.probabilities(self._ridge.scores(views_of(messages)))
        for message, likely in zip(messages, likely_intents, strict=True):
            order = likely.argsort()[::-1][:RANKING_LENGTH]
            ranking = [{"name": self._intents.labels[column], "confidence": float(likely[column])} for column in order]
            message.set(INTENT, dict(ranking[0]), add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        return messages
