"""Case numbers: short, sayable on the telephone, not to be guessed, and proof against a slip of the tongue.

TS-4821-7063-8 is eight random digits in two groups and a check digit. The check digit is Damm's, from python-stdnum:
unlike Luhn's or ISO 7064 MOD 11,10 it catches every wrong digit and every swap of neighbours, and unlike ISO 7064
MOD 11-2 it never needs an X.
"""

import re
import secrets
import unicodedata
from collections.abc import Callable
from typing import NewType

from stdnum import damm

CaseNumber = NewType("CaseNumber", str)

PREFIX = "TS"
RANDOM_DIGITS_COUNT = 8
DIGITS_COUNT = RANDOM_DIGITS_COUNT + 1

# As people say and write digits, banking capitals (大写) and traditional characters included.
SPOKEN_DIGITS = (
    "零〇○洞",
    "一壹幺么弌",
    "二贰貳两兩",
    "三叁參",
    "四肆",
    "五伍",
    "六陆陸",
    "七柒拐",
    "八捌",
    "九玖",
)
_CHARACTER_TO_DIGIT = str.maketrans(
    {character: str(digit) for digit, spoken in enumerate(SPOKEN_DIGITS) for character in spoken}
)
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_WORD_TO_DIGIT = {word: str(digit) for digit, word in enumerate(_WORDS)} | {"oh": "0"}
_WORD = re.compile(rf"\b({'|'.join(_WORD_TO_DIGIT)})\b", re.IGNORECASE)

# Every dash of Unicode's dash punctuation that keyboards produce, and what people put between groups.
_SEPARATOR = r"[\s\-‐‑‒–—―−_.,、。·/杠横]"
_DIGITS = rf"\d(?:{_SEPARATOR}{{0,3}}\d){{{DIGITS_COUNT - 1}}}"
_PREFIXED = re.compile(rf"t{_SEPARATOR}?s{_SEPARATOR}{{0,3}}({_DIGITS})(?!\d)", re.IGNORECASE)
_BARE = re.compile(rf"(?<!\d)(?<!\d[\s\-.,])({_DIGITS})(?![\s\-.,]?\d)")
_WHOLE = re.compile(rf"(?:t{_SEPARATOR}*s)?[:#]?{_SEPARATOR}*(\d(?:{_SEPARATOR}*\d)*){_SEPARATOR}*", re.IGNORECASE)


class InvalidCaseNumber(ValueError):
    """A text is no case number; the message says what is wrong with it."""


def new_case_number(random_below: Callable[[int], int] = secrets.randbelow) -> CaseNumber:
    """Draws a case number. That it is not taken yet is for the caller to see to.

    Args:
        random_below: gives an integer from 0 up to, not including, its argument.
    """
    # No leading zero, which a spreadsheet would drop.
    least = 10 ** (RANDOM_DIGITS_COUNT - 1)
    digits = str(least + random_below(9 * least))
    return _in_groups(digits + damm.calc_check_digit(digits))


def parse(text: str) -> CaseNumber:
    """Reads a text that is a case number and nothing else.

    Spaces, dashes of any kind, full-width digits, Chinese numerals as read out («四八二幺»), English words, lower case
    and a missing prefix are all understood.

    Raises:
        InvalidCaseNumber: it has other characters, too few or too many digits, or a wrong check digit.
    """
    match = _WHOLE.fullmatch(_with_digits(text).strip())
    if match is None:
        raise InvalidCaseNumber(f"«{text}» is no case number; one looks like TS-4821-7063-8")
    digits = _only_digits(match[1])
    if len(digits) != DIGITS_COUNT:
        raise InvalidCaseNumber(f"«{text}» has {len(digits)} digits; a case number has {DIGITS_COUNT}")
    if not damm.is_valid(digits):
        raise InvalidCaseNumber(f"«{text}» has a digit wrong or two swapped; ask for it once more")
    return _in_groups(digits)


def find(text: str) -> CaseNumber | None:
    """The first valid case number that a customer's sentence contains, one with its prefix before one without."""
    readable = _with_digits(text)
    for pattern in (_PREFIXED, _BARE):
        for match in pattern.finditer(readable):
            digits = _only_digits(match[1])
            if damm.is_valid(digits):
                return _in_groups(digits)
    return None


def _with_digits(text: str) -> str:
    # NFKC makes full-width digits, letters and dashes plain ones.
    plain = unicodedata.normalize("NFKC", text).translate(_CHARACTER_TO_DIGIT)
    return _WORD.sub(lambda word: _WORD_TO_DIGIT[word[1].lower()], plain)


def _only_digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _in_groups(digits: str) -> CaseNumber:
    return CaseNumber(f"{PREFIX}-{digits[:4]}-{digits[4:8]}-{digits[8:]}")
