"""Likeness: scores every possible answer to every question about a text by how like the text is to those that were learned from.

One kernel ridge regression (`nlu/kernel.py`) for all of them: intent, kind, facets, signals. Where a tuned transformer has read the text
(`nlu/tuned.py`), what it thinks likely is blended in. The components after this one make answers of the scores (`nlu/intents.py`, `nlu/complaint.py`).
While they are trained, an example carries scores only if neither the regression nor the transformer had seen it.
"""

from __future__ import annotations

import json
from typing import Any, List, Optional, Sequence, Type

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.kernel import KernelRidge, fit, views_of
from nlu.labels import QUESTIONS, answer_of, signals_of
from nlu.signals import SIGNAL_NAMES, SIGNALS, Signals
from nlu.tuned import READING, reading_of

SCORES = "scores"
"""Where a message carries its scores: for each question, and for the signals, one number an answer, about 1 for yes and 0 for no; answers in
alphabetical order, signals in that of SIGNAL_NAMES."""

RIDGE_FILE, ANSWERS_FILE = "likeness.npz", "likeness.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class Likeness(GraphComponent):
    """Adds `scores` to a message."""

    @classmethod
    def required_components(cls) -> List[Type]:
        """Views come from featurizers; what is said outright is found before."""
        return [Featurizer, Signals]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The ridge's penalty; how much the transformer's reading counts."""
        return {"penalty": 0.5, "reading": 0.5}

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        ridge: Optional[KernelRidge] = None,
        answers: Optional[dict[str, list[str]]] = None,
    ) -> None:
        """Make a component.

        Args:
            config: The component's configuration.
            model_storage: Where the trained model is written.
            resource: This component's place in it.
            ridge: The fitted regression; its columns are the answers in their order.
            answers: For each question, and for the signals, the possible ones.
        """
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._ridge = ridge
        self._answers = answers or {}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Likeness:
        """Make an untrained component."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> Likeness:
        """Load a trained component."""
        with model_storage.read_from(resource) as folder:
            answers = json.loads((folder / ANSWERS_FILE).read_text("utf-8"))
            return cls(config, model_storage, resource, KernelRidge.load(folder / RIDGE_FILE), answers)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from every example that has an intent."""
        examples = _learned_from(training_data)
        for question in QUESTIONS:
            found = {answer_of(example, question) for example in examples}
            self._answers[question] = sorted(answer for answer in found if answer)
        self._answers[SIGNALS] = list(SIGNAL_NAMES)
        self._ridge = fit(views_of(examples), self._targets(examples), self._config["penalty"])
        with self._model_storage.write_to(self._resource) as folder:
            self._ridge.save(folder / RIDGE_FILE)
            (folder / ANSWERS_FILE).write_text(json.dumps(self._answers, ensure_ascii=False), "utf-8")
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Give each example that the transformer has not learned from the scores of a regression that had not seen it."""
        examples = _learned_from(training_data)
        if self._ridge is not None:
            scores = self._ridge.unseen(self._targets(examples))
            rows = [row for row, example in enumerate(examples) if example.get(READING, {}) is not None]
            self._set_scores([examples[row] for row in rows], scores[rows])
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        """Set the scores."""
        if messages and self._ridge is not None:
            self._set_scores(messages, self._ridge.scores(views_of(messages)))
        return messages

    def _set_scores(self, messages: Sequence[Message], scores: np.ndarray) -> None:
        borders = np.cumsum([len(answers) for answers in self._answers.values()])[:-1]
        for message, row in zip(messages, scores, strict=True):
            of_question = zip(self._answers, np.split(row, borders), strict=True)
            message.set(SCORES, {question: self._blended(message, question, alike) for question, alike in of_question})

    def _blended(self, message: Message, question: str, alike: np.ndarray) -> np.ndarray:
        reading, answers = reading_of(message, question), self._answers[question]
        if reading is None or reading.keys() != set(
            answers
        ):  # it was asked something else, or knows nothing of a new label
            return alike
        read = np.array([reading[answer] for answer in answers])
        blended: np.ndarray = alike + self._config["reading"] * (read - alike)
        return blended

    def _targets(self, examples: Sequence[Message]) -> np.ndarray:
        """1 for the right answers and 0 elsewhere; all 0 where a question makes no sense."""
        right = [
            {(question, answer_of(example, question)) for question in QUESTIONS}
            | {(SIGNALS, name) for name in signals_of(example)}
            for example in examples
        ]
        columns = [(question, answer) for question, answers in self._answers.items() for answer in answers]
        return np.array([[column in of_text for column in columns] for of_text in right], dtype=np.float64)


def _learned_from(training_data: TrainingData) -> list[Message]:
    return [example for example in training_data.intent_examples if example.get(TEXT)]
