"""From scores to probabilities that mean what they say.

A scale and one number a label turn scores into probabilities; they are chosen so that texts the model had not seen get the likeliest right answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Sequence

import numpy as np
import scipy.optimize

SMOOTHNESS = 1e-3


@dataclass
class Question:
    """One question with several possible answers, of which one is right.

    Attributes:
        labels: The answers, in the order of the scores' columns.
        scale: How much a score counts.
        biases: What is added, one number a label.
    """

    labels: list[str]
    scale: float
    biases: np.ndarray

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        """How likely each answer is: one row a text, each row adding up to 1."""
        return _softmax(scores * self.scale + self.biases)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"labels": self.labels, "scale": self.scale, "biases": self.biases.tolist()}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Question:
        """Read what `as_dict` gave."""
        return cls(stored["labels"], stored["scale"], np.array(stored["biases"]))


def targets_of(answers: Sequence[str | None], labels: Sequence[str]) -> np.ndarray:
    """1 for the right answer and 0 elsewhere; all 0 where the question makes no sense."""
    return np.array([[label == answer for label in labels] for answer in answers], dtype=np.float64)


def calibrate(unseen: np.ndarray, targets: np.ndarray, labels: Sequence[str], balance: float) -> Question:
    """Choose scale and biases.

    Args:
        unseen: Scores of texts that the model had not seen.
        targets: Their right answers, see `targets_of`. Texts without one don't count.
        labels: The answers.
        balance: 0 counts every text the same, 1 every label; in between, rare labels count somewhat more.
    """
    counts = targets.sum(axis=0)
    weights = targets @ (np.maximum(counts, 1) ** -balance)
    weights /= weights.sum()

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        scale, biases = parameters[0], parameters[1:]
        likely = _softmax(unseen * scale + biases)
        wrong = (likely - targets) * weights[:, None]
        surprise = -(weights * np.log((likely * targets).sum(axis=1) + 1e-12)).sum()
        slope = wrong.sum(axis=0) + 2 * SMOOTHNESS * biases / len(labels)
        return surprise + SMOOTHNESS * (biases**2).mean(), np.concatenate([[(wrong * unseen).sum()], slope])

    start = np.concatenate([[5.0], np.zeros(len(labels))])
    found = scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B").x
    return Question(list(labels), float(found[0]), found[1:])


def _softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    likely: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return likely
