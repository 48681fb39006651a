"""From scores to probabilities that mean what they say.

One scale a question turns scores into probabilities, chosen so that texts the model had not seen get the likeliest right answers. No number a
label beside it: that would follow the mix of labels in our corpus, which is not that of the customers (docs/decisions/0009).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Sequence

import numpy as np
import scipy.optimize

SCALES = (0.1, 100.0)


@dataclass
class Question:
    """One question with several possible answers, of which one is right.

    Attributes:
        labels: The answers, in the order of the scores' columns.
        scale: How much a score counts.
    """

    labels: list[str]
    scale: float

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        """How likely each answer is: one row a text, each row adding up to 1."""
        return _softmax(scores * self.scale)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"labels": self.labels, "scale": self.scale}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Question:
        """Read what `as_dict` gave."""
        return cls(**stored)


def targets_of(answers: Sequence[str | None], labels: Sequence[str]) -> np.ndarray:
    """1 for the right answer and 0 elsewhere; all 0 where the question makes no sense."""
    return np.array([[label == answer for label in labels] for answer in answers], dtype=np.float64)


def calibrate(unseen: np.ndarray, targets: np.ndarray, labels: Sequence[str]) -> Question:
    """Choose the scale.

    Args:
        unseen: Scores of texts that the model had not seen.
        targets: Their right answers, see `targets_of`. Texts without one don't count.
        labels: The answers.
    """
    answered = targets.any(axis=1)
    scores, right = unseen[answered], targets[answered].argmax(axis=1)

    def surprise(scale: float) -> float:
        likely = _softmax(scores * scale)
        return float(-np.log(likely[np.arange(len(right)), right] + 1e-12).mean())

    found = scipy.optimize.minimize_scalar(surprise, bounds=SCALES, method="bounded")
    return Question(list(labels), float(found.x))


def _softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    likely: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return likely
