"""What the tuned transformer answers: to every question about a text, how likely each answer is, from its reading of the whole sentence.

Its answers stand beside those by likeness, which are blended with them (`nlu/likeness.py`): each sees what the other misses (docs/decisions/0010).
The file that it comes in is written by `nlu/tuning.py`. Texts that it learned from tell nothing about how well it reads; those that were kept back
from it (`nlu/kept_back.py`) do.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, Mapping, Optional, Sequence

import numpy as np
import tensorflow as tf
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.e5 import WIDTH, ModelFile, Tokenizer
from nlu.files import digest_of
from nlu.kept_back import is_kept_back
from nlu.script import simplified
from nlu.signals import SIGNALS
from nlu.transformer import Transformer, in_batches

READING = "reading"
"""Where a message carries the answers: for each question the likelihood by answer; `None` where the transformer learned from the text."""

MODEL_FILE = "tuned.npz"
GROUP = 16
STEPS = 15
"""To either side. Of a thousand answers, the rounding changes one or two."""
TENSOR = tf.TensorSpec
DOUBT = 2.0
"""A tuned transformer is surer than it is right, most of all of texts from elsewhere: halving its logits costs nothing here and saves signals there."""


@dataclass
class TunedModel:
    """What tuning has learned.

    Attributes:
        answers: For each question the possible answers, in the order of the columns.
        weights: The layers', by the names of `nlu/e5.py`.
        answering: For each question weights (WIDTH × answers) and biases.
        centre, spread: Where the transformer's vectors lay before it was tuned: answers learn faster from numbers about one.
    """

    answers: dict[str, list[str]]
    weights: dict[str, np.ndarray]
    answering: dict[str, tuple[np.ndarray, np.ndarray]]
    centre: np.ndarray
    spread: np.ndarray

    def save(self, path: Path, model: ModelFile) -> None:
        """Write how it differs from the model that it was made of, each number in a few steps.

        Args:
            path: The file; its folder is made if missing.
            model: What it was made of.
        """
        written: dict[str, np.ndarray] = {"centre": self.centre, "spread": self.spread}
        for name, before in model.weights().items():
            change = self.weights[name] - before
            step = np.maximum(np.abs(change).max(axis=0) / STEPS, np.finfo(np.float32).tiny)
            written |= {name: np.rint(change / step).astype(np.int8), f"{name}.step": step.astype(np.float32)}
        for question, (weights, biases) in self.answering.items():
            written |= {f"{question}.answers.w": weights.astype(np.float16), f"{question}.answers.b": biases}
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, answers=np.array(json.dumps(self.answers)), **written)

    @classmethod
    def load(cls, path: Path, model: ModelFile) -> TunedModel:
        """Read what `save` wrote."""
        with np.load(path) as stored:
            answers = json.loads(str(stored["answers"]))
            weights = {
                name: before + stored[name].astype(np.float32) * stored[f"{name}.step"]
                for name, before in model.weights().items()
            }
            answering = {
                question: (stored[f"{question}.answers.w"].astype(np.float32), stored[f"{question}.answers.b"])
                for question in answers
            }
            return cls(answers, weights, answering, stored["centre"], stored["spread"])


class Reader:
    """A tuned model, ready to read."""

    def __init__(self, path: Path, longest: int) -> None:
        """Load it.

        Args:
            path: A file of `TunedModel.save`.
            longest: Tokens of a text that are read.
        """
        file = ModelFile()
        tuned = TunedModel.load(path, file)
        self._answers, self._longest = tuned.answers, longest
        self._tokenizer, self._transformer = Tokenizer(file), Transformer(file)
        weights = {name: tf.constant(value) for name, value in tuned.weights.items()}
        answering = [tuned.answering[question] for question in tuned.answers]
        to_answers = tf.constant(np.hstack([of_one for of_one, _ in answering]) / tuned.spread[:, None])
        biases = tf.constant(np.hstack([of_one for _, of_one in answering])) - tf.linalg.matvec(
            to_answers, tf.constant(tuned.centre), transpose_a=True
        )

        @tf.function(input_signature=[TENSOR([None, None, WIDTH]), TENSOR([None, None])], autograph=False)
        def answer(embeddings: tf.Tensor, there: tf.Tensor) -> tf.Tensor:
            return tf.matmul(self._transformer.vectors(embeddings, there, weights), to_answers) + biases

        self._answer = answer

    def read(self, texts: Sequence[str]) -> list[dict[str, dict[str, float]]]:
        """The likelihood of each answer to each question, for each text."""
        tokens = [self._tokenizer.tokens(simplified(text), self._longest) for text in texts]
        found: list[dict[str, dict[str, float]]] = [{} for _ in texts]
        for batch in in_batches(tokens, GROUP):
            rows = self._answer(*self._transformer.inputs([tokens[number] for number in batch])).numpy()
            for number, row in zip(batch, rows, strict=True):
                found[number] = self._likely(row)
        return found

    def _likely(self, row: np.ndarray) -> dict[str, dict[str, float]]:
        borders = np.cumsum([len(answers) for answers in self._answers.values()])[:-1]
        by_question = zip(self._answers.items(), np.split(row, borders), strict=True)
        return {
            question: dict(zip(answers, _yes(logits) if question == SIGNALS else _one_of(logits), strict=True))
            for (question, answers), logits in by_question
        }


def _one_of(logits: np.ndarray) -> list[float]:
    powers = np.exp((logits - logits.max()) / DOUBT)
    likely: list[float] = (powers / powers.sum()).tolist()
    return likely


def _yes(logits: np.ndarray) -> list[float]:
    likely: list[float] = (1 / (1 + np.exp(-logits / DOUBT))).tolist()
    return likely


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class TunedTransformer(GraphComponent):
    """Adds `reading` to a message."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The file, and how many tokens of a long text are read: two thirds from its opening, one from its ending."""
        return {"file": "data/tuned/complaints.npz", "longest": 256}

    def __init__(self, config: dict[str, Any], file: Path, model_storage: ModelStorage, resource: Resource) -> None:
        """Make a component.

        Args:
            config: The component's configuration.
            file: What tuning has learned.
            model_storage: Where the trained model is written.
            resource: This component's place in it.
        """
        self._file = file
        self._reader = Reader(file, config["longest"])
        self._model_storage = model_storage
        self._resource = resource

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> Optional[str]:
        """The file is part of the component: rasa's training cache must see it change."""
        return digest_of(config.get("file"))

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TunedTransformer:
        """Take what comes with the code."""
        return cls(config, Path(config["file"]), model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> TunedTransformer:
        """Take what the model was trained with."""
        with model_storage.read_from(resource) as folder:
            return cls(config, folder / MODEL_FILE, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Keep the file with the model; it was learned long before (`make tune`)."""
        with self._model_storage.write_to(self._resource) as folder:
            shutil.copyfile(self._file, folder / MODEL_FILE)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Read the examples that were kept back, and mark the others."""
        examples = [example for example in training_data.intent_examples if example.get(TEXT)]
        self.process([example for example in examples if is_kept_back(example.get(TEXT))])
        for example in examples:
            example.data.setdefault(READING, None)
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        """Read messages."""
        for message, reading in zip(
            messages, self._reader.read([message.get(TEXT) for message in messages]), strict=True
        ):
            message.set(READING, reading)
        return messages


def reading_of(message: Message, question: str) -> Optional[Mapping[str, float]]:
    """The likelihood of each answer to a question; nothing where the transformer has read no such thing."""
    return (message.get(READING) or {}).get(question)
