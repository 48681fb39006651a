"""Case numbers survive the telephone, the keyboard and the tongue."""

import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.complaints.case_number import CaseNumber, InvalidCaseNumber, find, new_case_number, parse


def numbered(body: int) -> CaseNumber:
    return new_case_number(lambda _: body - 10_000_000)


NUMBER = numbered(48_217_063)

case_numbers = st.integers(10_000_000, 99_999_999).map(numbered)


def digits_of(number: str) -> str:
    return "".join(character for character in number if character.isdigit())


def test_a_case_number_looks_like_this() -> None:
    assert NUMBER == "TS-4821-7063-8"


@pytest.mark.parametrize(
    "said",
    [
        "TS-4821-7063-8",
        "ts-4821-7063-8",
        "TS482170638",
        "482170638",
        "  ts 4821 7063 8 ",
        "4821 7063 8。",
        "ＴＳ－４８２１－７０６３－８",
        "TS—4821—7063—8",
        "T S 4 8 2 1 7 0 6 3 8",
        "四八二幺，七零六三，八",
        "四八二一七〇六三八",
        "TS 肆捌贰壹 柒零陆叁 捌",
        "TS四八两幺-拐洞六三-八",
        "四杠八二幺 7063 8",
        "four eight two one, seven oh six three, eight",
        "TS：4821-7063-8",
    ],
)
def test_a_case_number_is_understood_however_it_is_said(said: str) -> None:
    assert parse(said) == NUMBER


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("", "is no case number"),
        ("TS-", "is no case number"),
        ("我的编号", "is no case number"),
        ("TS-4821-7063", "has 8 digits"),
        ("TS-4821-7063-86", "has 10 digits"),
        ("TS-4821-7063-7", "digit wrong"),
        ("TS-4821-7036-8", "two swapped"),
        ("XY-4821-7063-8", "is no case number"),
    ],
)
def test_what_is_no_case_number_is_refused_with_the_reason(said: str, why: str) -> None:
    with pytest.raises(InvalidCaseNumber, match=why):
        parse(said)


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("我的投诉TS-4821-7063-8怎么样了", NUMBER),
        ("编号是四八二幺七零六三八，帮我查查", NUMBER),
        ("any news on ts 4821 7063 8?", NUMBER),
        ("第1次问，ts482170638", NUMBER),
        ("我电话13871234567，等了三天", None),
        ("卡号6222 0212 3456 7890 123", None),
        ("我等了一二三四五天", None),
        ("TS-4821-7063-7呢", None),
        ("", None),
    ],
)
def test_a_case_number_is_found_in_a_sentence(sentence: str, found: str | None) -> None:
    assert find(sentence) == found


@given(case_numbers)
def test_a_case_number_reads_back_as_itself(number: CaseNumber) -> None:
    assert parse(number) == number
    assert parse(digits_of(number)) == number
    assert find(f"请查{number}，谢谢") == number


@given(case_numbers)
def test_a_case_number_read_out_in_chinese_reads_back_as_itself(number: CaseNumber) -> None:
    assert parse("".join("零幺二三四五六七八九"[int(digit)] for digit in digits_of(number))) == number


@given(case_numbers, st.integers(0, 8), st.integers(0, 9))
def test_one_wrong_digit_is_always_caught(number: CaseNumber, position: int, digit: int) -> None:
    digits = digits_of(number)
    assume(int(digits[position]) != digit)
    with pytest.raises(InvalidCaseNumber):
        parse(digits[:position] + str(digit) + digits[position + 1 :])


@given(case_numbers, st.integers(0, 7))
def test_two_swapped_neighbours_are_always_caught(number: CaseNumber, position: int) -> None:
    digits = digits_of(number)
    first, second = digits[position], digits[position + 1]
    assume(first != second)
    with pytest.raises(InvalidCaseNumber):
        parse(digits[:position] + second + first + digits[position + 2 :])


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    find(text)
    try:
        number = parse(text)
    except InvalidCaseNumber:
        return
    assert parse(number) == number


def test_a_given_source_of_randomness_gives_the_same_numbers_again() -> None:
    assert new_case_number(random.Random(7).randrange) == new_case_number(random.Random(7).randrange)


def test_numbers_are_drawn_from_all_that_do_not_begin_with_zero() -> None:
    asked: list[int] = []

    def the_last(below: int) -> int:
        asked.append(below)
        return below - 1

    assert new_case_number(the_last).startswith("TS-9999-9999-")
    assert new_case_number(lambda _: 0).startswith("TS-1000-0000-")
    assert asked == [90_000_000]
    assert len({new_case_number() for _ in range(200)}) == 200
