"""Implied signals: what is learned beyond the lists of words."""

import re
from pathlib import Path

import numpy as np
import scipy.sparse
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.tokenizers.tokenizer import Token
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message

from nlu.implied import ImpliedSignals, best_threshold, fit, typical_words
from nlu.signals import SIGNAL_NAMES, SIGNALS


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


def a_message(text: str) -> Message:
    tokens = [Token(word.group(), word.start(), lemma=word.group()) for word in re.finditer(r"\w+", text)]
    row = Features(scipy.sparse.coo_matrix([[1.0]]), FEATURE_TYPE_SENTENCE, TEXT, "row")
    message = Message(data={TEXT: text, TOKENS_NAMES[TEXT]: tokens, SIGNALS: []})
    message.add_features(row)
    return message


def detector(tmp_path: Path, words: dict[str, float]) -> ImpliedSignals:
    storage, name = LocalModelStorage.create(tmp_path), "repeat_contact"
    weights = np.zeros((2, len(SIGNAL_NAMES)))
    weights[0, SIGNAL_NAMES.index(name)] = 1.0
    thresholds = np.full(len(SIGNAL_NAMES), 0.5)
    return ImpliedSignals({}, storage, Resource("implied"), weights, thresholds, {name: words})


def test_an_implied_signal_names_the_clause_that_shows_it(tmp_path: Path) -> None:
    message = a_message("my card is lost, again I came for nothing, thanks")
    detector(tmp_path, {"again": 2.0, "came": 1.5}).process([message])
    assert message.get(SIGNALS) == [{"name": "repeat_contact", "words": [17, 42, "again I came for nothing,"]}]


def test_a_signal_that_no_word_shows_is_none(tmp_path: Path) -> None:
    message = a_message("yes, that is right")
    detector(tmp_path, {"again": 2.0}).process([message])
    assert message.get(SIGNALS) == []
