"""Implied signals: what is learned beyond the lists of words."""

import numpy as np
import scipy.sparse

from nlu.implied import best_threshold, fit, typical_words


def test_the_scores_of_unseen_texts_are_those_of_models_fitted_without_them() -> None:
    random = np.random.default_rng(3)
    rows = scipy.sparse.csr_matrix(random.normal(size=(12, 5)))
    truth = (random.random((12, 2)) > 0.5).astype(float)
    _, unseen = fit(rows, truth, 0.3)
    for left_out in range(12):
        others = np.delete(np.arange(12), left_out)
        weights, _ = fit(rows[others], truth[others], 0.3)
        score = rows[left_out] @ weights[:-1] + weights[-1]
        np.testing.assert_allclose(np.asarray(score).ravel(), unseen[left_out], atol=1e-8)


def test_the_threshold_is_where_most_is_right() -> None:
    scores = np.array([0.05, 0.2, 0.3, 0.5, 0.6])
    assert 0.3 <= best_threshold(scores, np.array([False, False, False, True, True])) < 0.5


def test_a_word_is_typical_of_a_signal_when_it_stands_there_and_hardly_elsewhere() -> None:
    said = [{"又", "找", "我"}, {"又", "我"}, {"我", "卡"}, {"我", "钱"}, {"我", "机"}]
    typical = typical_words(said, np.array([True, True, False, False, False]))
    assert set(typical) == {"又"}
