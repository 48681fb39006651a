"""Probabilities that mean what they say."""

import numpy as np

from nlu.calibration import Question, calibrate, targets_of

LABELS = ["a", "b", "c"]


def noisy_scores(count: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    right = random.choice(3, size=count, p=[0.4, 0.35, 0.25])
    scores = np.eye(3)[right] + random.normal(scale=0.5, size=(count, 3))
    return scores, np.eye(3)[right]


def test_probabilities_add_up_to_one() -> None:
    scores, targets = noisy_scores()
    assert np.allclose(calibrate(scores, targets, LABELS).probabilities(scores).sum(axis=1), 1)


def test_of_the_answers_given_with_a_probability_as_many_are_right() -> None:
    scores, targets = noisy_scores()
    likely = calibrate(scores[:1500], targets[:1500], LABELS).probabilities(scores[1500:])
    best, is_right = likely.max(axis=1), targets[1500:][np.arange(1500), likely.argmax(axis=1)]
    for low, high in ((0.5, 0.7), (0.7, 0.9), (0.9, 1.0)):
        there = (best >= low) & (best < high)
        assert abs(is_right[there].mean() - best[there].mean()) < 0.06


def test_texts_without_an_answer_do_not_count() -> None:
    scores, targets = noisy_scores()
    with_others = np.vstack([scores, np.random.default_rng(2).normal(size=(500, 3))])
    blank = np.vstack([targets, targets_of([None] * 500, LABELS)])
    alone, among = calibrate(scores, targets, LABELS), calibrate(with_others, blank, LABELS)
    assert np.allclose(alone.probabilities(scores), among.probabilities(scores), atol=1e-3)


def test_a_question_survives_the_disk() -> None:
    scores, targets = noisy_scores(100)
    question = calibrate(scores, targets, LABELS)
    assert np.allclose(Question.from_dict(question.as_dict()).probabilities(scores), question.probabilities(scores))
