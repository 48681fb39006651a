"""Telephone numbers, case numbers and ratings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterator

PHONE = re.compile(
    r"(?<![\d.])(?:(?:\+?86|0086)[-\s]?)?(?P<mobile>1[3-9]\d[-\s]?\d{4}[-\s]?\d{4})(?![\d])"
    r"|(?<![\d.])(?P<landline>0\d{2,3}[-\s]?\d{7,8})(?!\d)"
    r"|(?<![\d.])(?P<foreign>\+(?!86)\d{1,3}[-\s]?\(?\d{1,4}\)?(?:[-\s]?\d{2,4}){2,4})(?!\d)"
)
CASE_NUMBER = re.compile(r"(?<![a-z0-9])ts[-\s]*(?P<digits>\d(?:[-\s]?\d){3,15})(?![\d])")
# A rating is a rating only when little else is said; «给了他5分» inside a story is not.
RATING = re.compile(
    r"^\W*(?:我?(?:打|给|评|就|那就|只能|只|最多|勉强|绝对|必须|当然|满意度|评分|i'?d (?:say|give(?: it| you)?)|i (?:give|rate)(?: it| you)?|rating|score|give(?: it| you)?|it'?s an?|my rating is|just)[:：\s]*)*"
    r"(?P<value>[1-5]|[一二两三四五]|one|two|three|four|five)(?:\.0)?"
    r"\s*(?:分|颗?星|stars?|points?|/\s*5|out of (?:5|five))?(?:吧|了|啦|哈|好评|满分|的?好评)?(?=$|[\W_])"
)
RATING_ANYWHERE = re.compile(
    r"(?:打|给|评)(?:你们?|他们?|她|了)?(?P<value>[1-5一二两三四五])(?:分|颗?星)|(?P<value2>[1-5一二三四五])(?:分|颗?星)(?:好评|差评|吧|$)"
    r"|\b(?P<value3>[1-5]|one|two|three|four|five)\s+(?:stars?|out of (?:5|five))\b|\b(?P<value4>[1-5])\s*/\s*5\b"
)
LONGEST_RATING = 60
VALUES = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
NOT_A_RATING = re.compile(
    r"^\W*[1-5]\s*[、.)）.,，:]\s*\S|(?:天|块|元|万|千|百|点|号|次|个|年|月|days|times|yuan|dollars|hours|weeks|months|minutes)"
)


@dataclass(frozen=True)
class Number:
    """A number with a meaning.

    Attributes:
        start: Where it begins in the text.
        end: Where it ends.
        value: Digits only for telephones, "TS-" and digits for cases, 1 to 5 for ratings.
    """

    start: int
    end: int
    value: str


def find_phones(plain: str) -> Iterator[Number]:
    """Find mobile, landline and foreign numbers; the value keeps digits and a leading plus."""
    for match in PHONE.finditer(plain):
        digits = match["mobile"] or match["landline"] or match["foreign"]
        yield Number(match.start(), match.end(), re.sub(r"[^\d+]", "", digits))


def find_case_numbers(plain: str) -> Iterator[Number]:
    """Find case numbers however they are grouped; the value is TS- and the digits, in groups of four."""
    for match in CASE_NUMBER.finditer(plain):
        digits = re.sub(r"\D", "", match["digits"])
        yield Number(
            match.start(),
            match.end(),
            "TS-" + "-".join(digits[place : place + 4] for place in range(0, len(digits), 4)),
        )


def find_rating(plain: str) -> Iterator[Number]:
    """Find a rating from 1 to 5, at most one."""
    if len(plain) > LONGEST_RATING:
        return
    match = RATING.match(plain)
    if match and not NOT_A_RATING.search(plain[match.start("value") : match.end() + 2]):
        yield _rating(match, "value")
        return
    anywhere = RATING_ANYWHERE.search(plain)
    if anywhere:
        yield _rating(anywhere, next(name for name in ("value", "value2", "value3", "value4") if anywhere[name]))


def _rating(match: re.Match[str], group: str) -> Number:
    words = match[group]
    return Number(match.start(group), match.end(group), str(VALUES.get(words, words)))
