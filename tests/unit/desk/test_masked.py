"""What the desk shows of names and telephone numbers until a person asks for more."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.desk.masked import masked_name, masked_telephone, with_telephones_masked


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("王小明", "王**"),
        ("欧阳娜娜", "欧**"),
        ("王", "王**"),
        ("陈女士", "陈女士"),
        ("欧阳先生", "欧阳先生"),
        ("Ms Chen", "Ms Chen"),
        ("Ms Chen Li", "M**"),
        ("John Smith", "J**"),
        ("  李雷 ", "李**"),
        ("王小明先生", "王**"),
        ("", ""),
    ],
)
def test_a_name_shows_its_first_character_and_a_courtesy_title_stays(name: str, shown: str) -> None:
    assert masked_name(name) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("13812345678", "138****5678"),
        ("138 1234 5678", "138 **** 5678"),
        ("+86 138-1234-5678", "+86 1**-****-5678"),
        ("027-87654321", "027-****4321"),
        ("5678901", "*****01"),
        ("12", "12"),
    ],
)
def test_a_telephone_number_shows_both_ends(number: str, shown: str) -> None:
    assert masked_telephone(number) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("打我手机13812345678，别打座机027-87654321。", "打我手机138****5678，别打座机027-****4321。"),
        ("call +44 20 7946 0958 please", "call +44 2* **** 0958 please"),
        ("扣了我13800元，订单号202611231381234567890", "扣了我13800元，订单号202611231381234567890"),
        ("编号 TS-20261123-0007", "编号 TS-20261123-0007"),
        ("11月23日上午10:30，柜员3号", "11月23日上午10:30，柜员3号"),
    ],
)
def test_telephone_numbers_in_a_text_are_masked_and_nothing_else(text: str, shown: str) -> None:
    assert with_telephones_masked(text) == shown


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.text("等我电话，。 ", max_size=8))
def test_no_mobile_number_stays_whole_in_a_text(number: str, around: str) -> None:
    shown = with_telephones_masked(around + number + around)
    assert number not in shown
    assert re.sub(r"\D", "", shown) == number[:3] + number[-4:]


@given(st.text())
def test_masking_twice_is_masking_once(text: str) -> None:
    assert with_telephones_masked(with_telephones_masked(text)) == with_telephones_masked(text)
