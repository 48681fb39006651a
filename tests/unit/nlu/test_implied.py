"""Implied signals: what is learned beyond the lists of words."""

import re
from typing import Any

import numpy as np
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.tokenizers.tokenizer import Token
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from nlu.implied import ImpliedSignals, best_threshold, typical_words
from nlu.signals import SIGNAL_NAMES, SIGNALS


def test_the_threshold_is_where_most_is_right() -> None:
    scores = np.array([0.05, 0.2, 0.3, 0.5, 0.6])
    assert 0.3 <= best_threshold(scores, np.array([False, False, False, True, True])) < 0.5


def test_a_word_is_typical_of_a_signal_when_it_stands_there_and_hardly_elsewhere() -> None:
    said = [{"又", "找", "我"}, {"又", "我"}, {"我", "卡"}, {"我", "钱"}, {"我", "机"}]
    typical = typical_words(said, np.array([True, True, False, False, False]))
    assert set(typical) == {"又"}


def a_message(text: str) -> Message:
    tokens = [Token(word.group(), word.start(), lemma=word.group()) for word in re.finditer(r"\w+", text)]
    return Message(data={TEXT: text, TOKENS_NAMES[TEXT]: tokens, SIGNALS: []})


def completed(text: str, words: dict[str, float]) -> list[Any]:
    message, name = a_message(text), "repeat_contact"
    scores = np.array([float(signal == name) for signal in SIGNAL_NAMES])
    ImpliedSignals(np.full(len(SIGNAL_NAMES), 0.5), {name: words}).complete(message, scores)
    return message.get(SIGNALS)


def test_an_implied_signal_names_the_clause_that_shows_it() -> None:
    found = completed("my card is lost, again I came for nothing, thanks", {"again": 2.0, "came": 1.5})
    assert found == [{"name": "repeat_contact", "words": [17, 42, "again I came for nothing,"]}]


def test_a_signal_that_no_word_shows_is_none() -> None:
    assert completed("yes, that is right", {"again": 2.0}) == []
