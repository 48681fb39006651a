"""Kernel ridge regression: learns, knows what it would say of texts it has not seen, and survives the disk."""

from pathlib import Path

import numpy as np
import scipy.sparse

from nlu.kernel import KernelRidge, Views, fit


def some_views(count: int, seed: int = 3) -> Views:
    random = np.random.default_rng(seed)
    vectors = [random.normal(size=(count, width)).astype(np.float32) for width in (4, 6)]
    return Views(scipy.sparse.random(count, 9, density=0.4, format="csr", random_state=seed), vectors)


def without(views: Views, left_out: int) -> Views:
    others = np.delete(np.arange(views.counted.shape[0]), left_out)
    return Views(views.counted[others], [vectors[others] for vectors in views.vectors])


def only(views: Views, number: int) -> Views:
    return Views(views.counted[[number]], [vectors[[number]] for vectors in views.vectors])


def test_texts_that_lie_apart_are_told_apart() -> None:
    is_so = np.arange(60) % 2 == 0
    vectors = np.random.default_rng(7).normal(size=(60, 3)) + np.where(is_so, 3, -3)[:, None]
    views = Views(scipy.sparse.csr_matrix((60, 1)), [vectors.astype(np.float32)])
    targets = is_so[:, None].astype(float)
    ridge = fit(views, targets, 0.5)
    assert ((ridge.unseen(targets)[:, 0] > 0.5) == is_so).all()
    assert ((ridge.scores(views)[:, 0] > 0.5) == is_so).all()


def test_the_scores_of_unseen_texts_are_those_of_a_regression_fitted_without_them() -> None:
    views, targets = some_views(14), (np.random.default_rng(5).random((14, 2)) > 0.5).astype(float)
    ridge = fit(views, targets, 0.3)
    unseen = ridge.unseen(targets)
    for left_out in range(14):
        others = fit(without(views, left_out), np.delete(targets, left_out, axis=0), 0.3, ridge.widths)
        np.testing.assert_allclose(others.scores(only(views, left_out)), unseen[[left_out]], atol=1e-5)


def test_more_texts_than_are_mirrored_at_once_are_inverted_as_well() -> None:
    views, targets = some_views(2300), np.arange(2300)[:, None] % 2.0
    ridge = fit(views, targets, 0.5)
    lacking = 0.5 * ridge.duals  # what the ridge leaves unexplained
    np.testing.assert_allclose(ridge.scores(views) + lacking, targets, atol=0.02)


def test_saved_and_loaded_it_says_the_same(tmp_path: Path) -> None:
    ridge = fit(some_views(20), np.eye(20)[:, :3], 0.5)
    ridge.save(tmp_path / "ridge.npz")
    loaded, views = KernelRidge.load(tmp_path / "ridge.npz"), some_views(5, seed=11)
    np.testing.assert_allclose(loaded.scores(views), ridge.scores(views), atol=2e-3)
