"""The intent classifier: what the customer is doing with this message."""

from __future__ import annotations

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

from nlu.linear import LinearModel, Trainer
from nlu.rows import rows_of

MODEL_NAME = "intents"
RANKING_LENGTH = 10


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LinearIntentClassifier(IntentClassifier, GraphComponent):
    """Logistic regression over the featurizers' rows, with calibrated confidence."""

    @classmethod
    def required_components(cls) -> List[Type]:
        """Rows come from featurizers."""
        return [Featurizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The values of C to choose from, and the folds of the cross-validation."""
        return {"strengths": [10], "folds": 3}

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: Optional[LinearModel] = None,
    ) -> None:
        """Make a classifier.

        Args:
            config: The component's configuration.
            model_storage: Where the trained model is written.
            resource: This component's place in it.
            model: The trained model.
        """
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._model = model

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LinearIntentClassifier:
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
    ) -> LinearIntentClassifier:
        """Load a trained classifier."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, LinearModel.load(folder, MODEL_NAME))

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from every example that has an intent."""
        examples = [example for example in training_data.intent_examples if example.get(TEXT)]
        trainer = Trainer(rows_of(examples))
        self._model = trainer.train(
            [example.get(INTENT) for example in examples], self._config["strengths"], self._config["folds"]
        )
        with self._model_storage.write_to(self._resource) as folder:
            self._model.save(folder, MODEL_NAME)
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        """Set intent and ranking."""
        if not messages or not self._model:
            return messages
        for message, likely in zip(messages, self._model.probabilities(rows_of(messages)), strict=True):
            order = likely.argsort()[::-1][:RANKING_LENGTH]
            ranking = [{"name": self._model.labels[column], "confidence": float(likely[column])} for column in order]
            message.set(INTENT, dict(ranking[0]), add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        return messages
