"""The desk's words."""

import re
import string

import pytest

from bot.desk.words import WORDS, browser_words, word

PLACES = string.Formatter()


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in PLACES.parse(text) if name}


@pytest.mark.parametrize("name", WORDS)
def test_both_languages_say_the_same_with_the_same_values(name: str) -> None:
    chinese, english = WORDS[name]
    assert chinese and english
    assert _places(chinese) == _places(english)


@pytest.mark.parametrize("name", sorted(WORDS.keys() - {"other_language"}))
def test_english_words_have_no_chinese_and_chinese_sentences_have_full_width_punctuation(name: str) -> None:
    chinese, english = WORDS[name]
    assert not re.search(r"[一-鿿]", english)
    assert not re.search(r"[一-鿿][,;:?!]", chinese)


def test_words_are_filled_in() -> None:
    assert word("rating", "zh", count=4) == "4 分（满分 5 分）"
    assert browser_words("en")["take_over"] == "Take over"
