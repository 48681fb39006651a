"""The complaint classifier: kind, product, cause, emotion, what the text alone says about the tier, and signals that are only implied.

It learns from the metadata of the training examples (data/README.md): the kind follows from the intent, the rest is known for complaints only. Its tier
is evidence for the funnel's policy, never the decision.
"""

from __future__ import annotations

import json
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

from nlu.calibration import Question, calibrate, targets_of
from nlu.implied import ImpliedSignals
from nlu.kernel import KernelRidge, fit, views_of
from nlu.signals import SIGNAL_NAMES, SIGNALS, Signals

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
BALANCE = 0.5
"""Rare answers count somewhat more. Not so for the kind: most of what is written here are complaints, a doubtful text is one, too."""

UNLABELLED = {"crisis", "ask_human", "want_to_complain", "add_facts", "correct", "reject_result", "withdraw", "insult"}
"""Intents whose examples may hold signals that nobody wrote beside them: what the lexicon finds counts. All others hold none, and teach that, too."""

MODEL_FILE, ANSWERS_FILE = "complaint.npz", "complaint.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ComplaintClassifier(GraphComponent):
    """One kernel ridge regression for all questions about a complaint."""

    @classmethod
    def required_components(cls) -> List[Type]:
        """Views come from featurizers; what is said outright is found before."""
        return [Featurizer, Signals]

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
        questions: Optional[dict[str, Question]] = None,
        implied: Optional[ImpliedSignals] = None,
    ) -> None:
        """Make a classifier.

        Args:
            config: The component's configuration.
            model_storage: Where the trained model is written.
            resource: This component's place in it.
            ridge: The fitted regression; its columns are the labels of the questions in their order, then the signals.
            questions: Kind and facets.
            implied: The signals.
        """
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._ridge = ridge
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
            stored = json.loads((folder / ANSWERS_FILE).read_text("utf-8"))
            questions = {name: Question.from_dict(question) for name, question in stored["questions"].items()}
            implied = ImpliedSignals.from_dict(stored["implied"])
            return cls(config, model_storage, resource, KernelRidge.load(folder / MODEL_FILE), questions, implied)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the kind from all examples, the facets from those that carry them, the signals from both."""
        examples = [example for example in training_data.intent_examples if example.get(TEXT)]
        answers = {name: [_answer(name, example) for example in examples] for name in (KIND, *FACETS)}
        labels = {name: sorted({answer for answer in of_all if answer}) for name, of_all in answers.items()}
        targets = {name: targets_of(answers[name], labels[name]) for name in answers}
        held = np.array([[name in _signals_of(example) for name in SIGNAL_NAMES] for example in examples])
        self._ridge, unseen = fit(
            views_of(examples), np.hstack([*targets.values(), held]).astype(np.float64), self._config["penalty"]
        )
        *parts, of_signals = np.split(unseen, np.cumsum([len(labels[name]) for name in labels]), axis=1)
        for name, part in zip(labels, parts, strict=True):
            self._questions[name] = calibrate(part, targets[name], labels[name], 0 if name == KIND else BALANCE)
        known = np.array([example.get(INTENT) not in UNLABELLED for example in examples])
        with_labels = [example for example, is_known in zip(examples, known, strict=True) if is_known]
        self._implied = ImpliedSignals.learn(with_labels, of_signals[known], held[known])
        with self._model_storage.write_to(self._resource) as folder:
            self._ridge.save(folder / MODEL_FILE)
            questions = {name: question.as_dict() for name, question in self._questions.items()}
            stored = {"questions": questions, "implied": self._implied.as_dict()}
            (folder / ANSWERS_FILE).write_text(json.dumps(stored, ensure_ascii=False), "utf-8")
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        """Set `complaint`: the likeliest answers, their probabilities, and the tier's evidence; and complete `signals`."""
        if not messages or self._ridge is None or self._implied is None:
            return messages
        borders = np.cumsum([len(question.labels) for question in self._questions.values()])
        *parts, of_signals = np.split(self._ridge.scores(views_of(messages)), borders, axis=1)
        tables = {
            name: question.probabilities(part)
            for (name, question), part in zip(self._questions.items(), parts, strict=True)
        }
        for number, message in enumerate(messages):
            likely = {
                name: dict(zip(self._questions[name].labels, map(float, table[number]), strict=True))
                for name, table in tables.items()
            }
            message.set(COMPLAINT, _as_output(likely), add_to_output=True)
            self._implied.complete(message, of_signals[number])
        return messages


def _as_output(likely: dict[str, dict[str, float]]) -> dict[str, Any]:
    best = {name: max(table, key=lambda label: table[label]) for name, table in likely.items()}
    return {
        **{name: best[name] for name in best if name != TIER},
        "tier_evidence": likely[TIER],
        "confidence": {name: likely[name][best[name]] for name in best},
    }


def _answer(question: str, example: Message) -> Optional[str]:
    if question == KIND:
        return KIND_OF_INTENT.get(example.get(INTENT), OTHER_KIND)
    answer: Optional[str] = labels_of(example).get(question)
    return answer


def _signals_of(example: Message) -> set[str]:
    if example.get(INTENT) in UNLABELLED:
        return {signal["name"] for signal in example.get(SIGNALS, [])}
    return set(labels_of(example).get(SIGNALS, ()))


def labels_of(example: Message) -> dict[str, Any]:
    """The labels written beside a training example; empty for most that are no complaints."""
    return (example.get("metadata") or {}).get("example") or {}
