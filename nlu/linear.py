"""A calibrated logistic regression, trained in seconds on a few thousand texts with a hundred thousand features.

There are far more features than texts, so it is trained on the Cholesky factor of the texts' inner products, one column a text, which gives the same model
as training on the features themselves, and the weights are then carried back to the features. The strength of regularisation is chosen, and the probabilities
are calibrated by one temperature, on predictions for texts that the model had not seen (cross-validation). Everything is stored as plain arrays: no pickles.
"""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

import numpy as np
import scipy.linalg
import scipy.optimize
import scipy.sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold

RIDGE = 1e-4
TEMPERATURES = (0.2, 5.0)
ITERATIONS = 35
FULL_COLUMN = 0.5


@dataclass
class LinearModel:
    """A trained classifier.

    Attributes:
        labels: The classes, in the order of the columns.
        weights: One column a class, one row a feature.
        bias: One number a class.
        temperature: Divides the scores before they become probabilities.
        macro_f1: Mean F1 of the classes in cross-validation.
    """

    labels: list[str]
    weights: np.ndarray
    bias: np.ndarray
    temperature: float
    macro_f1: float

    def probabilities(self, rows: scipy.sparse.csr_matrix) -> np.ndarray:
        """How likely each class is.

        Args:
            rows: Features, one row a text.

        Returns:
            One row a text, one column a class, each row adding up to 1.
        """
        return _softmax((rows @ self.weights + self.bias) / self.temperature)

    def save(self, folder: Path, name: str) -> None:
        """Write the model as `<name>.npz` and `<name>.json`."""
        np.savez(folder / f"{name}.npz", weights=self.weights, bias=self.bias)
        about = {"labels": self.labels, "temperature": self.temperature, "macro_f1": self.macro_f1}
        (folder / f"{name}.json").write_text(json.dumps(about), "utf-8")

    @classmethod
    def load(cls, folder: Path, name: str) -> LinearModel:
        """Read what `save` wrote."""
        about = json.loads((folder / f"{name}.json").read_text("utf-8"))
        with np.load(folder / f"{name}.npz") as arrays:
            return cls(weights=arrays["weights"], bias=arrays["bias"], **about)


class Trainer:
    """Trains any number of classifiers on the same texts."""

    def __init__(self, rows: scipy.sparse.csr_matrix) -> None:
        """Prepare the texts.

        Args:
            rows: Features, one row a text.
        """
        self._rows = rows
        products = inner_products(rows)
        products[np.diag_indices_from(products)] += RIDGE
        self._factor = np.linalg.cholesky(products).astype(np.float32)

    def train(
        self, labels: Sequence[str], strengths: Sequence[float], folds: int = 5, is_balanced: bool = True
    ) -> LinearModel:
        """Train a classifier.

        Args:
            labels: The class of each text.
            strengths: Values of logistic regression's C to choose from.
            folds: In how many parts the texts are cut for cross-validation.
            is_balanced: Whether every class counts the same, or as often as it occurs.

        Returns:
            The classifier with the C of the best macro F1, calibrated.
        """
        truth = np.array(labels)
        classes, targets = np.unique(truth, return_inverse=True)
        best_score, best_strength, best_scores = -1.0, strengths[0], np.empty(0)
        for strength in strengths:
            scores = self._unseen_scores(targets, len(classes), strength, folds, is_balanced)
            score = f1_score(targets, scores.argmax(axis=1), average="macro")
            if score > best_score:
                best_score, best_strength, best_scores = score, strength, scores
        weights, bias = self._fit(np.arange(len(truth)), targets, len(classes), best_strength, is_balanced)
        return LinearModel(
            labels=classes.tolist(),
            weights=self._to_features(weights).astype(np.float32),
            bias=bias.astype(np.float32),
            temperature=_best_temperature(best_scores, targets),
            macro_f1=round(float(best_score), 4),
        )

    def _unseen_scores(
        self, targets: np.ndarray, class_count: int, strength: float, folds: int, is_balanced: bool
    ) -> np.ndarray:
        scores = np.full((len(targets), class_count), -30.0)
        for seen, unseen in StratifiedKFold(folds, shuffle=True, random_state=1).split(self._factor, targets):
            weights, bias = self._fit(seen, targets, class_count, strength, is_balanced)
            scores[unseen] = self._factor[unseen] @ weights + bias
        return scores

    def _fit(
        self, texts: np.ndarray, targets: np.ndarray, class_count: int, strength: float, is_balanced: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        weight = "balanced" if is_balanced else None
        model = LogisticRegression(C=strength, class_weight=weight, max_iter=ITERATIONS, tol=1e-3)
        with warnings.catch_warnings():
            # The last digits of the weights are not worth the time: what counts is measured on unseen texts.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(self._factor[texts], targets[texts])
        weights, bias = np.zeros((self._factor.shape[1], class_count)), np.full(class_count, -30.0)
        if len(model.classes_) == 2:
            weights[:, model.classes_] = np.stack([-model.coef_[0], model.coef_[0]], axis=1) / 2
            bias[model.classes_] = np.array([-model.intercept_[0], model.intercept_[0]]) / 2
        else:
            weights[:, model.classes_] = model.coef_.T
            bias[model.classes_] = model.intercept_
        return weights, bias

    def _to_features(self, weights: np.ndarray) -> np.ndarray:
        return self._rows.T @ scipy.linalg.solve_triangular(self._factor, weights, trans="T", lower=True)


def inner_products(rows: scipy.sparse.csr_matrix) -> np.ndarray:
    """The inner product of every text with every other."""
    # Sentence vectors fill their columns, n-grams hardly any: each is multiplied in the way that suits it.
    is_full = rows.getnnz(axis=0) > FULL_COLUMN * rows.shape[0]
    full = rows[:, is_full].toarray().astype(np.float64)
    sparse = rows[:, ~is_full].astype(np.float64)
    return full @ full.T + (sparse @ sparse.T).toarray()


def _best_temperature(scores: np.ndarray, targets: np.ndarray) -> float:
    def loss(logarithm: float) -> float:
        likely = _softmax(scores / np.exp(logarithm))[np.arange(len(targets)), targets]
        return float(-np.log(np.clip(likely, 1e-9, 1)).mean())

    found = scipy.optimize.minimize_scalar(loss, bounds=np.log(TEMPERATURES), method="bounded")
    return float(np.exp(found.x))


def _softmax(scores: np.ndarray) -> np.ndarray:
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)
