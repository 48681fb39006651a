"""Mask a text with every recogniser."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from bot.masking.recognisers import MOBILE_NUMBER, RECOGNISERS, Recogniser

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
    return _mask_until_quiet(text, RECOGNISERS)


def mask_form(text: str) -> str:
    """What staff, or another system, writes about a case in a form, as it may be stored: without mobile numbers either.

    In a conversation a telephone number is what the customer wants to be called on. The forms need none: the case has a
    place for it, which is masked for who need not see it. The bank's own numbers (95580, 027-…, 400-…) stay.
    """
    return _mask_until_quiet(text, (*RECOGNISERS, MOBILE_NUMBER)).text


def _mask_until_quiet(text: str, recognisers: Sequence[Recogniser]) -> Masked:
    found: set[str] = set()
    while (masked := _mask_once(text, recognisers, found)) != text:
        text = masked
    return Masked(text, tuple(kind for kind in dict.fromkeys(r.kind for r in recognisers) if kind in found))


def _mask_once(text: str, recognisers: Sequence[Recogniser], found: set[str]) -> str:
    for recogniser in recognisers:
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
