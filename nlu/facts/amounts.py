"""Sums of money in Chinese and English, in any of the ways people write them: 3.5万, 三万五, 两千块, 五百多, 12,000元, $1,200, 45 thousand USD.

A number is money when a currency stands beside it, or when its shape leaves little else (三万五, 3万 without a counter such as 人 or 次 after it).
Values are integers in hundredths (分, cents), so that nothing is lost in floating point.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Iterator, Optional

HUNDREDTHS = 100
HAN_DIGITS = {
    "零": 0,
    "〇": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
HAN_UNITS = {"十": 10, "百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}
FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟俩", "一二三四五六七八九十百千两")
LATIN_UNITS = {
    "k": 1_000,
    "w": 10_000,
    "m": 1_000_000,
    "thousand": 1_000,
    "grand": 1_000,
    "million": 1_000_000,
    "lakh": 100_000,
    "hundred": 100,
    "mio": 1_000_000,
}
CURRENCIES = {
    "$": "USD", "us$": "USD", "usd": "USD", "dollar": "USD", "dollars": "USD", "bucks": "USD", "美元": "USD", "美金": "USD", "刀": "USD",
    "£": "GBP", "gbp": "GBP", "pound": "GBP", "pounds": "GBP", "英镑": "GBP",
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "欧元": "EUR",
    "hk$": "HKD", "hkd": "HKD", "港币": "HKD", "港元": "HKD", "日元": "JPY", "日币": "JPY", "jpy": "JPY", "rupees": "INR", "rupee": "INR",
    "¥": "CNY", "rmb": "CNY", "cny": "CNY", "yuan": "CNY", "元": "CNY", "块": "CNY", "块钱": "CNY", "元钱": "CNY", "人民币": "CNY", "圆": "CNY", "大洋": "CNY", "kuai": "CNY",
}  # fmt: skip
DEFAULT_CURRENCY = "CNY"
NEARLY = re.compile("[几多来]")

_HAN = "零〇一二两三四五六七八九十百千万亿"
_BEFORE = r"us\$|hk\$|[$£€¥]|usd|rmb|cny|gbp|eur|hkd|人民币"
_AFTER = r"美元|美金|欧元|英镑|港币|港元|日元|日币|人民币|块钱|元钱|元|块|圆|刀|usd|rmb|cny|gbp|eur|hkd|dollars?|bucks|yuan|pounds?|euros?|rupees?|kuai"
_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
MONEY = re.compile(
    rf"(?P<before>{_BEFORE})?\s*"
    rf"(?:(?P<digits>{_DIGITS})(?P<more>[多几来余]?)\s*(?:(?P<unit>[万亿千百]+)(?P<rest>[{_HAN}]|\d{{1,4}}(?![\d.,]))?|(?P<latin>k|w|thousand|grand|million|lakh|hundred)(?![a-z]))?"
    rf"|(?P<han>[{_HAN}壹贰叁肆伍陆柒捌玖拾佰仟俩几](?:[{_HAN}壹贰叁肆伍陆柒捌玖拾佰仟几]|[多来](?=[万亿]))*))"
    rf"(?P<some>[多几来余]?)\s*(?:个(?=美|欧|亿|w))?(?P<after>(?:{_AFTER})(?![a-z]))?(?P<tail>[{_HAN}](?![{_HAN}]))?(?P<jiao>[一二两三四五六七八九1-9]?[毛角])?"
)
# After a bare 万 or 三百二 these words say that it counts something else.
COUNTERS = re.compile(
    r"\s*(?:个|人|名|次|户|家|天|年|月|日|号|岁|分|点|层|楼|里|公里|米|张|笔|条|字|遍|趟|回|粉|播放|%|级|期|斤|吨|度|位|集|步|倍|转|评|赞|年化|粉丝|多人|多个|套|台|周|小时|股|份|栋|成|件|种|本|起|页|头|只|匹|亩|封|通|下|辆|路|平|多张|多次|多户|多天|多年|字|积分|点积分)"
)


@dataclass(frozen=True)
class Amount:
    """A sum of money in a text.

    Attributes:
        start: Where it begins in the text.
        end: Where it ends.
        hundredths: The sum in hundredths of the currency (分, cents).
        currency: ISO 4217 code.
    """

    start: int
    end: int
    hundredths: int
    currency: str


def find_amounts(plain: str) -> Iterator[Amount]:
    """Find the sums of money in a text.

    Args:
        plain: The text in its plain form (`nlu.script.plain_form`).

    Yields:
        Sums in the order of the text.
    """
    for match in MONEY.finditer(plain):
        amount = _amount_of(match, plain)
        if amount:
            yield amount


def parse_number(words: str) -> Optional[Decimal]:
    """The value of a Chinese number.

    Args:
        words: Such as 三万五, 一百二十, 两千零三, 五百.

    Returns:
        The value; None when the characters do not make a number.
    """
    words = words.translate(FORMAL)
    total, section, digit, last_unit = 0, 0, None, 1
    for position, character in enumerate(words):
        if character in HAN_DIGITS:
            if digit is not None and words[position - 1] not in "零〇":
                return None
            digit = HAN_DIGITS[character]
            if character in "零〇":
                last_unit, digit = 1, None
            continue
        unit = HAN_UNITS.get(character)
        if unit is None:
            return None
        if unit >= HAN_UNITS["万"]:
            section += digit or 0
            total = (total + section) * unit if total and unit > HAN_UNITS["万"] else total + (section or 1) * unit
            section = 0
        else:
            section += (1 if digit is None else digit) * unit
        digit, last_unit = None, unit
    # 三万五 is 35,000 and 三百二 is 320, but 三十五 is 35.
    if digit is not None:
        section += digit * (last_unit // 10 if last_unit >= HAN_UNITS["百"] else 1)
    return Decimal(total + section)


def _amount_of(match: re.Match[str], plain: str) -> Optional[Amount]:
    has_currency = bool(match["before"] or match["after"] or (match["jiao"] and match["after"]))
    value = _value_of(match)
    if value is None or value <= 0 or not (has_currency or _looks_like_money(match, plain)):
        return None
    value += _small_change(match)
    start, end = _span_of(match)
    currency = (
        CURRENCIES.get(match["before"] or "") or CURRENCIES.get(match["after"] or "") or _currency_nearby(plain, end)
    )
    return Amount(start, end, int(value * HUNDREDTHS), currency)


def _value_of(match: re.Match[str]) -> Optional[Decimal]:
    if match["han"]:
        if set(match["han"]) <= set("几") or match["han"][0] in "几亿":
            return None
        return parse_number(NEARLY.sub("", match["han"]))
    try:
        value = Decimal(match["digits"].replace(",", ""))
    except InvalidOperation:
        return None
    if match["latin"]:
        return value * LATIN_UNITS[match["latin"]]
    if not match["unit"]:
        return value
    scale = 1
    for unit in match["unit"]:
        scale *= HAN_UNITS[unit]
    value *= scale
    rest = match["rest"]
    if rest:
        # 3万5 is 35,000; 3万5000 is 35,000 too.
        number = Decimal(HAN_DIGITS[rest]) if rest in HAN_DIGITS else Decimal(rest) if rest.isdigit() else Decimal(0)
        value += number * (scale // 10 if len(rest) == 1 else 1)
    return value


def _small_change(match: re.Match[str]) -> Decimal:
    change = Decimal(0)
    if match["tail"] in HAN_DIGITS and match["after"] and match["after"].startswith("块"):
        change += Decimal(HAN_DIGITS[match["tail"]]) / 10
    if match["jiao"] and match["after"] and len(match["jiao"]) == 2:
        digit = match["jiao"][0]
        change += Decimal(HAN_DIGITS.get(digit, 0) or (int(digit) if digit.isdigit() else 0)) / 10
    return change


def _looks_like_money(match: re.Match[str], plain: str) -> bool:
    if COUNTERS.match(plain, match.end()) or match["tail"]:
        return False
    before = plain[max(0, match.start() - 1) : match.start()]
    if (before.isalnum() and before.isascii()) or before in {"第", "-", "/", ":"}:
        return False
    if match["han"]:
        han = NEARLY.sub("", match["han"]).translate(FORMAL)
        return (
            len(han) >= 2
            and any(unit in han for unit in "亿万千百")
            and han[0] in HAN_DIGITS
            and "几" not in match["han"]
        )
    unit = match["unit"] or ""
    if match["latin"] in {"k", "w", "thousand", "grand", "lakh", "million"}:
        return True
    return unit in {"万", "亿", "百万", "千万", "千"}


def _span_of(match: re.Match[str]) -> tuple[int, int]:
    start = (
        match.start("before") if match["before"] else match.start("digits") if match["digits"] else match.start("han")
    )
    end = max(match.end(name) for name in ("digits", "unit", "rest", "latin", "han", "some", "after") if match[name])
    if match["jiao"] and match["after"]:
        end = match.end("jiao")
    elif match["tail"] in HAN_DIGITS and (match["after"] or "").startswith("块"):
        end = match.end("tail")
    return start, end


def _currency_nearby(plain: str, end: int) -> str:
    following = re.match(rf"\s*(?:of\s+)?({_AFTER})(?![a-z])", plain[end : end + 12])
    return CURRENCIES[following[1]] if following else DEFAULT_CURRENCY
