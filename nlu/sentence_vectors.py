"""Meaning features: a sentence encoder's vector of the message. The component may stand in the pipeline several times, with one encoder each.

Of a very long message it reads opening and ending, where a writer says what it is about and what they want: the encoder is by far the slowest part, and
every other feature reads the whole.

What the encoder is, is configuration (`nlu/encoder.py`). Vectors are centred and scaled by the training texts, since an encoder's raw vectors all
point much the same way, which would make all texts alike.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Optional

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.encoder import CachedEncoder, Encoder, load_encoder
from nlu.script import simplified

MODEL_FILE = "scale.npz"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class SentenceVectors(DenseFeaturizer, GraphComponent):
    """Turns a message into one dense row."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The encoder; the cache used while training, and a file of vectors that came with the code; and up to which length a message is read whole, or how much of its opening and ending.

        Lengths are bytes of UTF-8: a Chinese character has three, an English letter one, which is about what they cost an encoder.
        """
        return {
            **DenseFeaturizer.get_default_config(),
            "encoder": "nlu.encoder.MultilingualE5Small",
            "cache": "var/cache",
            "known": None,
            "read_whole": 1200,
            "opening": 600,
            "ending": 300,
        }

    def __init__(
        self,
        config: dict[str, Any],
        name: str,
        encoder: Encoder,
        model_storage: ModelStorage,
        resource: Resource,
        centre: Optional[np.ndarray] = None,
        spread: Optional[np.ndarray] = None,
    ) -> None:
        """Make a featurizer.

        Args:
            config: The component's configuration.
            name: Identifies the features in rasa's graph.
            encoder: The sentence encoder.
            model_storage: Where the trained model is written.
            resource: This component's place in it.
            centre: Mean of the training vectors, one number a dimension.
            spread: Their standard deviation.
        """
        super().__init__(name, config)
        self._encoder = encoder
        self._model_storage = model_storage
        self._resource = resource
        self._centre = np.zeros(encoder.dimension) if centre is None else centre
        self._spread = np.ones(encoder.dimension) if spread is None else spread

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceVectors:
        """Make an untrained featurizer."""
        return cls(config, execution_context.node_name, load_encoder(config["encoder"]), model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SentenceVectors:
        """Load a trained featurizer."""
        with model_storage.read_from(resource) as folder, np.load(folder / MODEL_FILE) as fitted:
            scale = {"centre": fitted["centre"], "spread": fitted["spread"]}
        encoder = load_encoder(config["encoder"])
        return cls(config, execution_context.node_name, encoder, model_storage, resource, **scale)

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """A wrong encoder shows itself when it is loaded."""

    def train(self, training_data: TrainingData) -> Resource:
        """Learn where the training vectors lie."""
        self._remember_vectors()
        vectors = self._encode([message for message in training_data.training_examples if message.get(TEXT)])
        self._centre, self._spread = vectors.mean(axis=0), vectors.std(axis=0) + 1e-6
        with self._model_storage.write_to(self._resource) as folder:
            np.savez(folder / MODEL_FILE, centre=self._centre, spread=self._spread)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the features to the examples."""
        self._remember_vectors()
        self.process([message for message in training_data.training_examples if message.get(TEXT)])
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        """Add the features to messages."""
        if messages:
            rows = (self._encode(messages) - self._centre) / self._spread
            for message, row in zip(messages, rows.astype(np.float32), strict=True):
                message.add_features(Features(row[np.newaxis], FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
        return messages

    def _remember_vectors(self) -> None:
        """Use the cache on disk from now on: for training texts only, never for what customers write."""
        known = self._config["known"]
        self._encoder = CachedEncoder(self._encoder, Path(self._config["cache"]), known and Path(known))

    def _encode(self, messages: List[Message]) -> np.ndarray:
        return self._encoder.encode([self._read(simplified(message.get(TEXT))) for message in messages])

    def _read(self, text: str) -> str:
        whole = text.encode()
        if len(whole) <= self._config["read_whole"]:
            return text
        opening, ending = whole[: self._config["opening"]], whole[-self._config["ending"] :]
        return f"{opening.decode(errors='ignore')}\n{ending.decode(errors='ignore')}"
