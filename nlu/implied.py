"""Implied signals: facts that raise a tier, also where no list of words has them («我上个月就来说过这事»).

The lexicon (`nlu/signals.py`) finds what is said outright. The complaint classifier scores each signal anew, the lexicon's findings among its features: that
adds what is implied and drops what only looks like a signal. Each signal's threshold is chosen on scores of texts that the classifier had not seen. What
threatens life, or money on its way out, is kept when either finds it.

The words that show an implied signal are the clause whose words are most typical of texts with that signal; without such words there is no signal.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Iterable, Optional, Sequence

import numpy as np
from rasa.nlu.constants import TOKENS_NAMES
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from nlu.signals import CLAUSE_END, SENTENCE_END, SIGNAL_NAMES, SIGNALS

KEPT = {"self_harm", "violence", "money_leaving_now"}
COMMON = 0.3
"""How far each threshold is drawn towards the common one: few texts carry a rare signal."""

THRESHOLDS = np.linspace(0.2, 0.7, 51)
TYPICAL = math.log(4)
CLAUSE = re.compile(f"{SENTENCE_END.pattern}|{CLAUSE_END.pattern}")


@dataclass
class ImpliedSignals:
    """Which scores make a signal, and which words show it.

    Attributes:
        thresholds: The least score of each signal.
        words: For each signal, how typical each word is of it.
    """

    thresholds: np.ndarray
    words: dict[str, dict[str, float]]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"thresholds": self.thresholds.tolist(), "words": self.words}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> ImpliedSignals:
        """Read what `as_dict` gave."""
        return cls(np.array(stored["thresholds"]), stored["words"])

    def complete(self, message: Message, scores: np.ndarray) -> None:
        """Set `signals` anew, in the order of their words.

        Args:
            message: One message, `signals` found outright in it.
            scores: One number a signal.
        """
        outright = {signal["name"]: signal["words"] for signal in message.get(SIGNALS, [])}
        likely = {name for name, is_so in zip(SIGNAL_NAMES, scores > self.thresholds, strict=True) if is_so}
        shown = {
            name: outright[name] if name in outright else self._shown_by(message, name)
            for name in likely | KEPT & outright.keys()
        }
        signals = [{"name": name, "words": words} for name, words in shown.items() if words]
        message.set(SIGNALS, sorted(signals, key=lambda signal: signal["words"][:2]), add_to_output=True)

    def _shown_by(self, message: Message, signal: str) -> Optional[list[Any]]:
        """The most typical clause of a message, as [start, end, text]; none when nothing in it is typical."""
        text, typical = message.get(TEXT), self.words.get(signal, {})
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


def best_thresholds(unseen: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The threshold of each signal.

    Args:
        unseen: The scores of texts that the classifier had not seen, one column a signal.
        truth: Whether they hold each signal.
    """
    best = np.array([best_threshold(scores, is_so) for scores, is_so in zip(unseen.T, truth.T, strict=True)])
    return best + COMMON * (np.median(best) - best)


def words_of_signals(messages: Sequence[Message], truth: np.ndarray) -> dict[str, dict[str, float]]:
    """For each signal how typical each word is of it.

    Args:
        messages: Texts, tokenized.
        truth: Whether they hold each signal.
    """
    said = [_words(message) for message in messages]
    return {name: typical_words(said, is_so) for name, is_so in zip(SIGNAL_NAMES, truth.T, strict=True)}


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
