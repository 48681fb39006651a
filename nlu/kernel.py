"""Kernel ridge regression: every question about a text is answered by how like it is to the texts that were learned from.

Texts are alike by the n-grams and hints they share (the inner product of sparse features), and by how near their sentence vectors lie (a Gaussian for each
encoder). One matrix is inverted for all questions, and the same inverse tells what a model would have said of each text that had not seen it (leave-one-out,
in closed form): thresholds and probabilities are set by those answers. Beside logistic regression on the same features it is better on every
question measured (docs/decisions/0009), and is trained in seconds. Everything is stored as plain arrays: no pickles.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional, Sequence

import numpy as np
import scipy.linalg.lapack
import scipy.sparse
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.message import Message

NARROWNESS = 2.0
"""Two texts whose vectors are as far apart as usual are alike by exp(-2)."""

SAMPLE = 400
SLICE = 1000


@dataclass
class Views:
    """What the featurizers say about texts.

    Attributes:
        counted: Sparse features side by side, one row a text.
        vectors: For each encoder one row a text.
    """

    counted: scipy.sparse.csr_matrix
    vectors: list[np.ndarray]


def views_of(messages: Sequence[Message]) -> Views:
    """Collect the sentence features of messages that went through the same featurizers."""
    by_origin: dict[str, list[scipy.sparse.spmatrix | np.ndarray]] = {}
    for message in messages:
        for features in message.features:
            if features.attribute == TEXT and features.type == FEATURE_TYPE_SENTENCE:
                by_origin.setdefault(features.origin, []).append(features.features)
    rows = [rows for _, rows in sorted(by_origin.items())]
    return Views(
        scipy.sparse.hstack(
            [scipy.sparse.vstack(one) for one in rows if scipy.sparse.issparse(one[0])], "csr", np.float32
        ),
        [np.vstack(one).astype(np.float32) for one in rows if not scipy.sparse.issparse(one[0])],
    )


@dataclass
class KernelRidge:
    """A fitted regression.

    Attributes:
        weights: What each sparse feature says to each question; a last row for the constant.
        known: For each encoder the vectors of the texts learned from.
        widths: For each encoder the usual squared distance of two texts.
        duals: What each text learned from says to each question.
        own_shares: How much each text learned from decides about itself.
    """

    weights: np.ndarray
    known: list[np.ndarray]
    widths: list[float]
    duals: np.ndarray
    own_shares: np.ndarray
    _lengths: list[np.ndarray] = field(init=False)

    def __post_init__(self) -> None:
        """Measure the known vectors once."""
        self._lengths = [_squared_lengths(vectors) for vectors in self.known]

    def scores(self, views: Views) -> np.ndarray:
        """Answer all questions: one row a text, one column a question, about 1 for yes and 0 for no."""
        each = zip(views.vectors, self.known, self._lengths, self.widths, strict=True)
        answers: np.ndarray = views.counted @ self.weights[:-1] + self.weights[-1]
        answers += sum(_alike(*encoder) for encoder in each) @ self.duals
        return answers

    def unseen(self, targets: np.ndarray) -> np.ndarray:
        """What a regression that had not seen it would say of each text learned from.

        Args:
            targets: The right scores that this one was fitted to.
        """
        return targets - self.duals / self.own_shares[:, None]

    def save(self, path: Path) -> None:
        """Write everything into one `.npz`."""
        known = {f"known_{number}": vectors.astype(np.float16) for number, vectors in enumerate(self.known)}
        rest = {"weights": self.weights, "duals": self.duals, "own_shares": self.own_shares}
        np.savez(path, widths=np.array(self.widths), **rest, **known)

    @classmethod
    def load(cls, path: Path) -> KernelRidge:
        """Read what `save` wrote."""
        with np.load(path) as arrays:
            widths = arrays["widths"].tolist()
            known = [arrays[f"known_{number}"].astype(np.float32) for number in range(len(widths))]
            return cls(arrays["weights"], known, widths, arrays["duals"], arrays["own_shares"])


def fit(views: Views, targets: np.ndarray, penalty: float, widths: Optional[list[float]] = None) -> KernelRidge:
    """Fit all questions at once.

    Args:
        views: The texts to learn from.
        targets: The right scores, one row a text, one column a question.
        penalty: The ridge.
        widths: The usual squared distances of two texts, where they are known; else they are measured.
    """
    widths = widths or [_usual_distance(vectors) for vectors in views.vectors]
    products = (views.counted @ views.counted.T).toarray().astype(np.float32) + 1
    for vectors, width in zip(views.vectors, widths, strict=True):
        lengths = _squared_lengths(vectors)
        for start in range(0, len(vectors), SLICE):  # so that no second matrix of this size is needed
            products[start : start + SLICE] += _alike(vectors[start : start + SLICE], vectors, lengths, width)
    products[np.diag_indices_from(products)] += penalty
    root = _root_of_inverse(products)
    duals = root.T @ (root @ targets.astype(np.float32))
    weights = np.vstack([views.counted.T @ duals, duals.sum(axis=0)])
    return KernelRidge(weights, views.vectors, widths, duals, np.einsum("ij,ij->j", root, root))


def _alike(vectors: np.ndarray, known: np.ndarray, lengths: np.ndarray, width: float) -> np.ndarray:
    distances = _squared_lengths(vectors)[:, None] + lengths - 2 * vectors @ known.T
    alike: np.ndarray = np.exp(-NARROWNESS / width * np.maximum(distances, 0))
    return alike


def _squared_lengths(vectors: np.ndarray) -> np.ndarray:
    lengths: np.ndarray = (vectors**2).sum(axis=1)
    return lengths


def _usual_distance(vectors: np.ndarray) -> float:
    some = vectors[:: max(1, len(vectors) // SAMPLE)]
    lengths = _squared_lengths(some)
    return float(np.median(lengths[:, None] + lengths - 2 * some @ some.T)) or 1.0


def _root_of_inverse(matrix: np.ndarray) -> np.ndarray:
    """The triangular matrix R with R.T @ R = the inverse of a symmetric positive definite matrix, which is overwritten.

    In single precision: the ridge keeps it well away from the border of what can be inverted, and twice the precision takes three times as long.
    """
    factor, failed = scipy.linalg.lapack.spotrf(matrix.T, lower=1, clean=1, overwrite_a=1)
    root, failed_too = scipy.linalg.lapack.strtri(factor, lower=1, overwrite_c=1)
    if failed or failed_too:
        raise ValueError("the texts' inner products cannot be inverted; give a larger penalty")
    inverted: np.ndarray = root
    return inverted
