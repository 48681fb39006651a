"""The complaint classifier: kind, product, cause, emotion and what the text alone says about the tier.

It learns from the metadata of the training examples (data/README.md): the kind follows from the intent, the rest is known for complaints only. Its tier
is evidence for the funnel's policy, never the decision.
"""

from __future__ import annotations

from typing import Any, List, Optional, Type

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.linear import LinearModel, Trainer
from nlu.rows import rows_of

KIND_OF_INTENT = {
    "complain": "complaint",
    "want_to_complain": "complaint",
    "enquire": "enquiry",
    "praise": "praise",
    "suggest": "suggestion",
}
OTHER_KIND = "other"
KIND = "kind"
TIER = "tier"
FACETS = ("product", "cause", "emotion", TIER)
COMPLAINT = "complaint"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ComplaintClassifier(GraphComponent):
    """One calibrated model for each question about a complaint."""

    @classmethod
    def required_components(cls) -> List[Type]:
        """Rows come from featurizers."""
        return [Featurizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The values of C to choose from, and the folds of the cross-validation."""
        return {"kind_strengths": [10], "strengths": [3, 10], "folds": 5}

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        models: Optional[dict[str, LinearModel]] = None,
    ) -> None:
        """Make a classifier.

        Args:
            config: The component's configuration.
            model_storage: Where the trained model is written.
            resource: This component's place in it.
            models: The trained models by what they answer.
        """
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._models = models or {}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ComplaintClassifier:
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
    ) -> ComplaintClassifier:
        """Load a trained classifier."""
        with model_storage.read_from(resource) as folder:
            return cls(
                config, model_storage, resource, {name: LinearModel.load(folder, name) for name in (KIND, *FACETS)}
            )

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the kind from all examples, the facets from those that carry them."""
        examples = [example for example in training_data.intent_examples if example.get(TEXT)]
        kinds = [KIND_OF_INTENT.get(example.get(INTENT), OTHER_KIND) for example in examples]
        rows = rows_of(examples)
        # Most of what is written here are complaints; a doubtful text is one, too.
        self._models[KIND] = Trainer(rows).train(
            kinds, self._config["kind_strengths"], self._config["folds"], is_balanced=False
        )
        labelled = [number for number, example in enumerate(examples) if TIER in labels_of(example)]
        trainer = Trainer(rows[np.array(labelled)])
        for facet in FACETS:
            answers = [labels_of(examples[number])[facet] for number in labelled]
            self._models[facet] = trainer.train(answers, self._config["strengths"], self._config["folds"])
        with self._model_storage.write_to(self._resource) as folder:
            for name, model in self._models.items():
                model.save(folder, name)
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        """Set `complaint`: the likeliest answers, their probabilities, and the tier's evidence."""
        if not messages or not self._models:
            return messages
        rows = rows_of(messages)
        answers = {name: (model.labels, model.probabilities(rows)) for name, model in self._models.items()}
        for number, message in enumerate(messages):
            likely = {
                name: dict(zip(labels, map(float, table[number]), strict=True))
                for name, (labels, table) in answers.items()
            }
            best = {name: max(table, key=lambda label: table[label]) for name, table in likely.items()}
            message.set(
                COMPLAINT,
                {
                    **{name: best[name] for name in best if name != TIER},
                    "tier_evidence": likely[TIER],
                    "confidence": {name: likely[name][best[name]] for name in best},
                },
                add_to_output=True,
            )
        return messages


def labels_of(example: Message) -> dict[str, Any]:
    """The labels written beside a training example; empty for most that are no complaints."""
    return (example.get("metadata") or {}).get("example") or {}
