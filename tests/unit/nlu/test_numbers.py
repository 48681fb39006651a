"""Telephone numbers, case numbers and ratings."""

import pytest

from nlu.facts.numbers import find_case_numbers, find_phones, find_rating
from nlu.script import plain_form


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("我电话13812345678", "13812345678"),
        ("138 1234 5678", "13812345678"),
        ("138-1234-5678", "13812345678"),
        ("+86 13812345678", "13812345678"),
        ("027-87654321", "02787654321"),
        ("１３８１２３４５６７８", "13812345678"),
        ("+44 20 7946 0958", "+442079460958"),
    ],
)
def test_a_telephone_number_is_found_however_it_is_grouped(text: str, value: str) -> None:
    assert [number.value for number in find_phones(plain_form(text))] == [value]


@pytest.mark.parametrize("text", ["95588", "12378", "6222021234567890123", "金额13812元", "420106199001011234"])
def test_hotlines_cards_and_identity_numbers_are_no_telephone_of_the_customer(text: str) -> None:
    assert list(find_phones(plain_form(text))) == []


@pytest.mark.parametrize(
    "text",
    ["TS-4821-7390", "ts48217390", "TS 4821 7390", "我的单号是ＴＳ－４８２１－７３９０", "TS-48217390，怎么样了"],
)
def test_a_case_number_has_one_form_however_it_is_typed(text: str) -> None:
    assert [number.value for number in find_case_numbers(plain_form(text))] == ["TS-4821-7390"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", "5"),
        ("五分", "5"),
        ("给3分吧", "3"),
        ("我打两分", "2"),
        ("4星", "4"),
        ("5 stars", "5"),
        ("I give it 2", "2"),
        ("one star", "1"),
        ("4 out of 5", "4"),
        ("3分，处理得太慢", "3"),
    ],
)
def test_a_rating_is_found_with_or_without_words(text: str, value: str) -> None:
    assert [number.value for number in find_rating(plain_form(text))] == [value]


@pytest.mark.parametrize(
    "text", ["5天了还没到账", "等了5分钟", "3块钱", "6", "2次", "1、密码应该可以一样", "五一路支行"]
)
def test_other_small_numbers_are_no_rating(text: str) -> None:
    assert list(find_rating(plain_form(text))) == []
