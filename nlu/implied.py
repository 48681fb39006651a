"""Implied signals: facts that raise a tier, also where no list of words has them («我上个月就来说过这事»).

The lexicon (`nlu/signals.py`) finds what is said outright. Here a ridge regression over all feature rows, the lexicon's findings among them, decides
about each signal anew: it adds what is implied and drops what only looks like a signal. Its one fit gives every text's score as if the model had not
seen that text (leave-one-out, in closed form), and on those scores each signal's threshold is chosen. What threatens life, or money on its way out, is
kept when either finds it.

The words that show an implied signal are the clause whose words are most typical of texts with that signal; without such words there is no signal.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from itertools import pairwise
from typing import Any, Iterable, List, Optional, Sequence, Type

import numpy as np
import scipy.linalg
import scipy.sparse
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.complaint import labels_of
from nlu.linear import inner_products
from nlu.rows import rows_of
from nlu.signals import CLAUSE_END, SENTENCE_END, SIGNAL_NAMES, SIGNALS, Signals

KEPT = {"self_harm", "violence", "money_leaving_now"}
UNLABELLED = {"crisis", "ask_human", "want_to_complain", "add_facts", "correct", "reject_result", "withdraw", "insult"}
"""Intents whose examples may hold signals that nobody wrote beside them. All others hold none, and teach that, too."""

THRESHOLDS = np.linspace(0.2, 0.7, 51)
WEIGHTS_FILE, WORDS_FILE = "implied.npz", "implied.json"
TYPICAL = math.log(4)
CLAUSE = re.compile(f"{SENTENCE_END.pattern}|{CLAUSE_END.pattern}")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ImpliedSignals(GraphComponent):
    """Completes and corrects `signals`."""

    @classmethod
    def required_components(cls) -> List[Type]:
        """Rows come from featurizers; what is said outright is found before."""
        return [Featurizer, Signals]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The ridge's penalty, and how far each threshold is drawn towards the common one (few texts carry a rare signal)."""
        return {"penalty": 0.3, "common": 0.3}

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        weights: Optional[np.ndarray] = None,
        thresholds: Optional[np.ndarray] = None,
        words: Optional[dict[str, dict[str, float]]] = None,
    ) -> None:
        """Make the component.

        Args:
            config: The component's configuration.
            model_storage: Where the trained model is written.
            resource: This component's place in it.
            weights: One row a feature and one for the constant, one column a signal.
            thresholds: The least score of each signal.
            words: For each signal, how typical each word is of it.
        """
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._weights = weights
        self._thresholds = thresholds
        self._words = words or {}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ImpliedSignals:
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
    ) -> ImpliedSignals:
        """Load a trained component."""
        with model_storage.read_from(resource) as folder:
            with np.load(folder / WEIGHTS_FILE) as fitted:
                weights, thresholds = fitted["weights"], fitted["thresholds"]
            words = json.loads((folder / WORDS_FILE).read_text("utf-8"))
        return cls(config, model_storage, resource, weights, thresholds, words)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from all examples of which it is known which signals they hold."""
        examples = [
            message
            for message in training_data.intent_examples
            if message.get(TEXT) and message.get(INTENT) not in UNLABELLED
        ]
        held = [set(labels_of(message).get(SIGNALS, ())) for message in examples]
        truth = np.array([[name in signals for name in SIGNAL_NAMES] for signals in held])
        self._weights, unseen = fit(rows_of(examples), truth.astype(float), self._config["penalty"])
        best = np.array([best_threshold(scores, is_so) for scores, is_so in zip(unseen.T, truth.T, strict=True)])
        self._thresholds = best + self._config["common"] * (np.median(best) - best)
        said = [_words(message) for message in examples]
        self._words = {name: typical_words(said, is_so) for name, is_so in zip(SIGNAL_NAMES, truth.T, strict=True)}
        with self._model_storage.write_to(self._resource) as folder:
            np.savez(folder / WEIGHTS_FILE, weights=self._weights.astype(np.float32), thresholds=self._thresholds)
            (folder / WORDS_FILE).write_text(json.dumps(self._words, ensure_ascii=False), "utf-8")
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        """Set `signals` anew, in the order of their words."""
        if not messages or self._weights is None:
            return messages
        scores = rows_of(messages) @ self._weights[:-1] + self._weights[-1]
        for message, likely in zip(messages, scores > self._thresholds, strict=True):
            outright = {signal["name"]: signal for signal in message.get(SIGNALS, [])}
            names = {name for name, is_so in zip(SIGNAL_NAMES, likely, strict=True) if is_so} | KEPT & outright.keys()
            shown = {
                name: outright[name]["words"] if name in outright else self._shown_by(message, name) for name in names
            }
            signals = [{"name": name, "words": words} for name, words in shown.items() if words]
            message.set(SIGNALS, sorted(signals, key=lambda signal: signal["words"][:2]), add_to_output=True)
        return messages

    def _shown_by(self, message: Message, signal: str) -> Optional[list[Any]]:
        """The most typical clause of a message, as [start, end, text]; none when nothing in it is typical."""
        text, typical = message.get(TEXT), self._words.get(signal, {})
        borders = [0, *(match.end() for match in CLAUSE.finditer(text)), len(text)]
        clauses = [(start, end) for start, end in pairwise(borders) if text[start:end].strip()]

        def weight(clause: tuple[int, int]) -> float:
            inside = {token.lemma for token in message.get(TOKENS_NAMES[TEXT]) if clause[0] <= token.start < clause[1]}
            return sum(typical.get(word, 0.0) for word in inside)

        start, end = max(clauses, key=weight, default=(0, 0))
        if not weight((start, end)):
            return None
        words = text[start:end].strip()
        start = text.index(words, start)
        return [start, start + len(words), words]


def fit(rows: scipy.sparse.csr_matrix, truth: np.ndarray, penalty: float) -> tuple[np.ndarray, np.ndarray]:
    """Fit a ridge regression with a constant.

    Args:
        rows: Features, one row a text.
        truth: 0 or 1, one row a text, one column a question.
        penalty: The ridge.

    Returns:
        The weights (the constant's last), and the score of each text by a model that has not seen it.
    """
    products = inner_products(rows) + 1.0
    products[np.diag_indices_from(products)] += penalty
    inverse = scipy.linalg.inv(products)
    duals = inverse @ truth
    weights = np.vstack([rows.T @ duals, duals.sum(axis=0)])
    return weights, truth - duals / np.diag(inverse)[:, None]


def best_threshold(scores: np.ndarray, truth: np.ndarray) -> float:
    """The threshold with the best F1."""

    def f1(threshold: float) -> float:
        found = scores > threshold
        return float(2 * (found & truth).sum() / max(found.sum() + truth.sum(), 1))

    return float(max(THRESHOLDS, key=f1))


def typical_words(said: Sequence[set[str]], is_so: np.ndarray) -> dict[str, float]:
    """How typical words are of texts with a signal: the logarithm of how many times more often they stand there."""
    there = Counter(word for words, yes in zip(said, is_so, strict=True) if yes for word in words)
    elsewhere = Counter(word for words, yes in zip(said, is_so, strict=True) if not yes for word in words)
    share_there, share_elsewhere = 1 / (is_so.sum() + 1), 1 / ((~is_so).sum() + 1)
    odds = {
        word: math.log((count + 0.5) * share_there / ((elsewhere[word] + 0.5) * share_elsewhere))
        for word, count in there.items()
        if count > 1
    }
    return {word: round(value, 2) for word, value in odds.items() if value > TYPICAL}


def _words(message: Message) -> set[str]:
    tokens: Iterable[Any] = message.get(TOKENS_NAMES[TEXT])
    return {token.lemma for token in tokens}
