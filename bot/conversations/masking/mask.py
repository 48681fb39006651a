"""Mask a text with every recogniser."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from bot.conversations.masking.recognisers import RECOGNISERS, Recogniser

CHINESE_DIGITS = dict(zip("零〇一幺二三四五六七八九", "001123456789", strict=True))


@dataclass(frozen=True)
class Masked:
    """A text that may be stored.

    Attributes:
        text: the text with placeholders.
        kinds: the kinds of numbers taken out, each once, in the order of the recognisers.
    """

    text: str
    kinds: tuple[str, ...]


def mask(text: str) -> Masked:
    """Take bank cards, identity numbers, CVVs, one-time codes, PINs and passwords out of a text.

    Masking a masked text changes nothing: what one placeholder uncovers is looked at again until all is quiet.
    """
    found: set[str] = set()
    while (masked := _mask_once(text, found)) != text:
        text = masked
    return Masked(text, tuple(kind for kind in dict.fromkeys(r.kind for r in RECOGNISERS) if kind in found))


def _mask_once(text: str, found: set[str]) -> str:
    for recogniser in RECOGNISERS:
        masked = _mask_one(text, recogniser)
        if masked != text:
            found.add(recogniser.kind)
            text = masked
    return text


def _mask_one(text: str, recogniser: Recogniser) -> str:
    narrow = "".join(map(_narrow, text))
    parts: list[str] = []
    end = 0
    for start, stop in recogniser.find(narrow):
        parts += [text[end:start], recogniser.placeholder(narrow[start:stop])]
        end = stop
    return "".join([*parts, text[end:]]) if parts else text


@cache
def _narrow(character: str) -> str:
    """One character as the recognisers read it, digits of any script plain; one for one, so that positions stay."""
    if character in CHINESE_DIGITS:
        return CHINESE_DIGITS[character]
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    plain = unicodedata.normalize("NFKC", character)
    return plain if len(plain) == 1 else character


def without_digits(text: str) -> str:
    """The text with every longer run of digits blanked: for a piece of a number that its neighbours make whole."""
    return re.sub(r"\d(?:[\s\-]?\d){2,}", lambda run: "•" * len(run[0]), text)
