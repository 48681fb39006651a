"""The linear model: learns, is calibrated, and survives the disk."""

from pathlib import Path

import numpy as np
import scipy.sparse

from nlu.linear import LinearModel, Trainer


def three_clouds(count: int = 60) -> tuple[scipy.sparse.csr_matrix, list[str]]:
    labels = ["a", "b", "c"] * count
    centres = {"a": [3, 0, 0], "b": [0, 3, 0], "c": [0, 0, 3]}
    noise = np.random.default_rng(7).normal(size=(len(labels), 3))
    return scipy.sparse.csr_matrix(np.array([centres[label] for label in labels]) + noise), labels


def test_classes_that_lie_apart_are_told_apart() -> None:
    rows, labels = three_clouds()
    model = Trainer(rows).train(labels, [1, 10], folds=3)
    assert model.macro_f1 > 0.9
    assert model.labels[model.probabilities(rows)[0].argmax()] == "a"


def test_probabilities_of_a_text_add_up_to_one() -> None:
    rows, labels = three_clouds()
    model = Trainer(rows).train(labels, [1], folds=3)
    assert np.allclose(model.probabilities(rows).sum(axis=1), 1, atol=1e-5)


def test_a_saved_model_answers_the_same(tmp_path: Path) -> None:
    rows, labels = three_clouds()
    model = Trainer(rows).train(labels, [1], folds=3)
    model.save(tmp_path, "clouds")
    assert np.array_equal(LinearModel.load(tmp_path, "clouds").probabilities(rows), model.probabilities(rows))
