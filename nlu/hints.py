"""Hints for the classifiers: which topics' words a message uses (`data/nlu/lexicon/topics.yml`), and which signals were found in it.

A few thousand examples cannot show every word for a cash machine; the lists can. They decide nothing: the classifiers learn what each is worth.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, Iterator, List, Optional, Type

import numpy as np
import scipy.sparse
import yaml
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.sparse_featurizer.sparse_featurizer import SparseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.files import digest_of
from nlu.script import plain_form
from nlu.signals import SIGNAL_NAMES, SIGNALS, Signals

LEXICON_FILE = "topics.yml"


class Topics:
    """The lists of topics.yml, ready to be counted."""

    def __init__(self, source: str) -> None:
        """Read the lists.

        Args:
            source: The text of topics.yml: lists of phrases by facet and label.
        """
        lists = [phrases for labels in yaml.safe_load(source).values() for phrases in labels.values()]
        self.count = len(lists)
        self._lists_of: dict[str, list[int]] = {}
        for number, phrases in enumerate(lists):
            for phrase in phrases:
                self._lists_of.setdefault(plain_form(str(phrase)), []).append(number)
        self._starting: dict[str, list[str]] = {}
        for phrase in sorted(self._lists_of, key=len, reverse=True):
            self._starting.setdefault(phrase[0], []).append(phrase)

    def weights(self, plain: str) -> np.ndarray:
        """How strongly a text speaks of each topic.

        Args:
            plain: The text in its plain form.

        Returns:
            One number a list, of length 1 together at most.
        """
        counts = np.zeros(self.count)
        for phrase in self._phrases(plain):
            counts[self._lists_of[phrase]] += 1
        logarithms = np.log1p(counts)
        return logarithms / max(1.0, float(np.linalg.norm(logarithms)))

    def _phrases(self, plain: str) -> Iterator[str]:
        """At each place the longest phrase that stands there; an English one only as whole words."""
        ends_word = [not (before.isalnum() and after.isalnum()) for before, after in pairwise(f" {plain} ")]
        for start, character in enumerate(plain):
            for phrase in self._starting.get(character, ()):
                end = start + len(phrase)
                if plain.startswith(phrase, start) and (not phrase.isascii() or (ends_word[start] and ends_word[end])):
                    yield phrase
                    break


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class Hints(SparseFeaturizer, GraphComponent):
    """Adds one sparse row: topics, then signals."""

    @classmethod
    def required_components(cls) -> List[Type]:
        """Signals are found before."""
        return [Signals]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Where the lists are; the weights of topics and signals beside the other features."""
        return {
            **SparseFeaturizer.get_default_config(),
            "lexicon": "data/nlu/lexicon/topics.yml",
            "topics": 1.0,
            "signals": 0.5,
        }

    def __init__(
        self, config: dict[str, Any], name: str, source: str, model_storage: ModelStorage, resource: Resource
    ) -> None:
        """Make a featurizer.

        Args:
            config: The component's configuration.
            name: Identifies the features in rasa's graph.
            source: The text of topics.yml.
            model_storage: Where the trained model is written.
            resource: This component's place in it.
        """
        super().__init__(name, config)
        self._source = source
        self._topics = Topics(source)
        self._model_storage = model_storage
        self._resource = resource

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> Optional[str]:
        """What the file says is part of the component: rasa's training cache must see it change."""
        return digest_of(config.get("lexicon"))

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Hints:
        """Read the lists from their file."""
        return cls(
            config, execution_context.node_name, Path(config["lexicon"]).read_text("utf-8"), model_storage, resource
        )

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> Hints:
        """Load the lists the model was trained with."""
        with model_storage.read_from(resource) as folder:
            return cls(
                config, execution_context.node_name, (folder / LEXICON_FILE).read_text("utf-8"), model_storage, resource
            )

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Any weights are valid."""

    def train(self, training_data: TrainingData) -> Resource:
        """Keep the lists with the model."""
        with self._model_storage.write_to(self._resource) as folder:
            (folder / LEXICON_FILE).write_text(self._source, "utf-8")
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the features to the examples."""
        self.process([message for message in training_data.training_examples if message.get(TEXT)])
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        """Add the features to messages."""
        for message in messages:
            topics = self._topics.weights(plain_form(message.get(TEXT))) * self._config["topics"]
            found = {signal["name"] for signal in message.get(SIGNALS, [])}
            signals = np.array([name in found for name in SIGNAL_NAMES]) * self._config["signals"]
            row = scipy.sparse.coo_matrix(np.concatenate([topics, signals]).astype(np.float32))
            message.add_features(Features(row, FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
        return messages
