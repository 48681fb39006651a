"""Scripts of a text: which language it is in, and one plain form of it for matching.

The plain form is simplified, half-width and lower-case, and has exactly one character for each character of the original, so a span found in it
is a span of what the customer wrote.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Optional

from opencc import OpenCC

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
LATIN_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)*")
# Words that Chinese texts use too, addresses, and codes say nothing about the language.
NOT_A_LANGUAGE = re.compile(
    r"https?://\S+|[@#]\w+|\b(?:app|atm|etc|pos|vip|ok|sms|icu|kpi|ip|pin|id|qq|nfc|hr)\b|(?-i:\b[A-Z]{1,5}\b)|\b[a-z]?\d\w*",
    re.IGNORECASE | re.ASCII,
)
MASKED = re.compile(r"\b[Xx]{2,}\b|\*+")

# One Han character says about as much as half an English word.
WORDS_PER_HAN = 0.6
DOMINANT_SHARE = 0.75
# Below this many characters that exist only in the traditional script, one may be a name or a rare form.
TRADITIONAL_SHARE = 0.08

_to_simplified = OpenCC("t2s")
_to_traditional = OpenCC("s2t")


@lru_cache(maxsize=16)  # every component asks for the same few texts
def plain_form(text: str) -> str:
    """Fold script, width and case, one character for one character.

    Args:
        text: What the customer wrote.

    Returns:
        A string of the same length in simplified, half-width, lower-case characters.
    """
    return "".join(_plain_character(character) for character in simplified(text))


def simplified(text: str) -> str:
    """The text in simplified characters, of the same length."""
    if all(_simplified_character(character) == character for character in HAN.findall(text)):
        return text  # as most are: the whole conversion is slow
    converted = _to_simplified.convert(text)
    if len(converted) == len(text):
        return converted
    return "".join(_simplified_character(character) for character in text)


def language_of(text: str) -> Optional[str]:
    """The language a text is written in, judged by its scripts.

    Args:
        text: What the customer wrote.

    Returns:
        "zh", "zh-Hant", "en" or "mixed"; None when there are too few words to tell (digits, emoji, an abbreviation).
    """
    han = HAN.findall(text)
    words = LATIN_WORD.findall(NOT_A_LANGUAGE.sub(" ", MASKED.sub(" ", text)))
    if not han:
        words = words or [word for word in LATIN_WORD.findall(MASKED.sub(" ", text)) if len(word) > 1]
        return "en" if words else None
    han_share = WORDS_PER_HAN * len(han) / (WORDS_PER_HAN * len(han) + len(words))
    if han_share >= DOMINANT_SHARE or len(words) < 2:
        return "zh-Hant" if _is_traditional(han) else "zh"
    return "en" if han_share <= 1 - DOMINANT_SHARE else "mixed"


def _is_traditional(han: list[str]) -> bool:
    only_traditional = sum(_simplified_character(character) != character for character in han)
    only_simplified = sum(_traditional_character(character) != character for character in han)
    return only_traditional > only_simplified and only_traditional >= TRADITIONAL_SHARE * len(han)


@lru_cache(maxsize=20_000)
def _simplified_character(character: str) -> str:
    converted = _to_simplified.convert(character)
    return converted if len(converted) == 1 else character


@lru_cache(maxsize=20_000)
def _traditional_character(character: str) -> str:
    converted = _to_traditional.convert(character)
    return converted if len(converted) == 1 else character


@lru_cache(maxsize=20_000)
def _plain_character(character: str) -> str:
    folded = unicodedata.normalize("NFKC", character).lower()
    folded = {"’": "'", "‘": "'", "“": '"', "”": '"', "，": ",", "\t": " "}.get(folded, folded)
    return folded if len(folded) == 1 else character.lower() if len(character.lower()) == 1 else character
