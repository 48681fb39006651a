"""Surface features: character n-grams and words, weighted by how rare they are.

They catch what sentence vectors blur: product names, «不», an unusual word. Digits are all the same digit here; the amount itself is a fact, not a feature.
"""

from __future__ import annotations

import json
import re
from typing import Any, Iterator, List, Optional, Type

import numpy as np
import scipy.sparse
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.featurizers.sparse_featurizer.sparse_featurizer import SparseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.feature_extraction.text import TfidfVectorizer

from nlu.script import plain_form

DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
SPACES = re.compile(r"\s+")
MODEL_FILE = "ngrams.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class NgramFeaturizer(SparseFeaturizer, GraphComponent):
    """Turns a message into one sparse row of n-gram weights."""

    @classmethod
    def required_components(cls) -> List[Type]:
        """Words come from a tokenizer."""
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Lengths of the n-grams, and in how many texts one must occur."""
        return {**SparseFeaturizer.get_default_config(), "characters": 4, "words": 2, "min_texts": 2}

    def __init__(
        self,
        config: dict[str, Any],
        name: str,
        model_storage: ModelStorage,
        resource: Resource,
        fitted: Optional[dict[str, Any]] = None,
    ) -> None:
        """Make a featurizer.

        Args:
            config: The component's configuration.
            name: Identifies the features in rasa's graph.
            model_storage: Where the trained model is written.
            resource: This component's place in it.
            fitted: Vocabulary and weights of a trained featurizer.
        """
        super().__init__(name, config)
        self._model_storage = model_storage
        self._resource = resource
        options: dict[str, Any] = {"analyzer": self._ngrams, "sublinear_tf": True, "dtype": np.float32}
        if fitted:
            self._weights = TfidfVectorizer(vocabulary=fitted["vocabulary"], **options)
            self._weights.idf_ = np.array(fitted["rarity"], dtype=np.float32)
        else:
            self._weights = TfidfVectorizer(min_df=config["min_texts"], **options)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> NgramFeaturizer:
        """Make an untrained featurizer."""
        return cls(config, execution_context.node_name, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> NgramFeaturizer:
        """Load a trained featurizer."""
        with model_storage.read_from(resource) as folder:
            fitted = json.loads((folder / MODEL_FILE).read_text("utf-8"))
        return cls(config, execution_context.node_name, model_storage, resource, fitted)

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Every combination of lengths is valid."""

    def train(self, training_data: TrainingData) -> Resource:
        """Learn which n-grams there are and how rare each is."""
        self._weights.fit([message for message in training_data.training_examples if message.get(TEXT)])
        vocabulary = {ngram: int(column) for ngram, column in self._weights.vocabulary_.items()}
        fitted = {"vocabulary": vocabulary, "rarity": self._weights.idf_.tolist()}
        with self._model_storage.write_to(self._resource) as folder:
            (folder / MODEL_FILE).write_text(json.dumps(fitted, ensure_ascii=False), "utf-8")
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the features to the examples."""
        self.process([message for message in training_data.training_examples if message.get(TEXT)])
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        """Add the features to messages."""
        if messages:
            rows = scipy.sparse.csr_matrix(self._weights.transform(messages))
            for message, row in zip(messages, rows, strict=True):
                message.add_features(Features(row.tocoo(), FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
        return messages

    def _ngrams(self, message: Message) -> Iterator[str]:
        plain = " " + SPACES.sub(" ", DIGITS.sub("0", plain_form(message.get(TEXT)))) + " "
        for length in range(1, self._config["characters"] + 1):
            for start in range(len(plain) - length + 1):
                yield plain[start : start + length]
        words = [DIGITS.sub("0", token.lemma) for token in message.get(TOKENS_NAMES[TEXT])]
        for length in range(1, self._config["words"] + 1):
            for start in range(len(words) - length + 1):
                yield "w:" + " ".join(words[start : start + length])
