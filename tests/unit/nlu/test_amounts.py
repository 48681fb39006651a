"""Amounts: every way of writing a sum, and numbers that are no sums."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.facts.amounts import find_amounts, parse_number
from nlu.script import plain_form

HAN = "零一二三四五六七八九"


def amounts_of(text: str) -> list[tuple[int, str]]:
    return [(amount.hundredths, amount.currency) for amount in find_amounts(plain_form(text))]


def in_han(number: int) -> str:
    """A number from 1 to 99,999,999 in full Chinese."""
    if number >= 10_000:
        rest = number % 10_000
        return in_han(number // 10_000) + "万" + (("零" if rest < 1_000 else "") + in_han(rest) if rest else "")
    words, zero = "", False
    for value, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // value % 10
        if digit:
            words += ("零" if zero and words else "") + HAN[digit] + unit
        zero = not digit
    return words


@pytest.mark.parametrize(
    ("text", "hundredths", "currency"),
    [
        ("三万五", 3_500_000, "CNY"),
        ("3.5万", 3_500_000, "CNY"),
        ("3万5", 3_500_000, "CNY"),
        ("两千块", 200_000, "CNY"),
        ("五百多", 50_000, "CNY"),
        ("五百多块钱", 50_000, "CNY"),
        ("三百二", 32_000, "CNY"),
        ("五块五", 550, "CNY"),
        ("三块五毛", 350, "CNY"),
        ("一千零五十元", 105_000, "CNY"),
        ("12,000元", 1_200_000, "CNY"),
        ("扣了我18块", 1_800, "CNY"),
        ("一百二十万", 120_000_000, "CNY"),
        ("壹万元整", 1_000_000, "CNY"),
        ("兩萬塊", 2_000_000, "CNY"),
        ("一百多万", 100_000_000, "CNY"),
        ("$1,200", 120_000, "USD"),
        ("US$45.50", 4_550, "USD"),
        ("45 thousand USD", 4_500_000, "USD"),
        ("3,000 dollars", 300_000, "USD"),
        ("两千美元", 200_000, "USD"),
        ("£20", 2_000, "GBP"),
        ("¥410,000", 41_000_000, "CNY"),
        ("5w", 5_000_000, "CNY"),
    ],
)
def test_a_sum_is_understood_however_it_is_written(text: str, hundredths: int, currency: str) -> None:
    assert amounts_of(text) == [(hundredths, currency)]


@pytest.mark.parametrize(
    "text",
    [
        "三次",
        "第三百名",
        "三万粉",
        "五六十人",
        "2019年",
        "95588",
        "7月20日",
        "万一",
        "千万别",
        "几千块",
        "百分之三",
        "十万次",
        "30分钟",
    ],
)
def test_numbers_that_count_something_else_are_no_sums(text: str) -> None:
    assert amounts_of(text) == []


@given(st.integers(1, 99_999_999))
def test_every_chinese_number_is_read_as_it_is_spoken(number: int) -> None:
    assert parse_number(in_han(number)) == number


@given(st.integers(1, 99_999_999))
def test_every_sum_in_yuan_keeps_its_value(number: int) -> None:
    assert amounts_of(f"扣了{number}元") == amounts_of(f"扣了{number:,}元") == [(number * 100, "CNY")]


@given(st.text())
def test_no_text_breaks_the_parser_and_every_sum_lies_inside_it(text: str) -> None:
    plain = plain_form(text)
    for amount in find_amounts(plain):
        assert 0 <= amount.start < amount.end <= len(text)
        assert amount.hundredths > 0
