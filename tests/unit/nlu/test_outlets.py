"""Outlets: the unit is named when it is sure, the customer's words are kept when it is not."""

import pytest

from nlu.facts.outlets import Directory
from nlu.script import plain_form

DIRECTORY = Directory(
    [
        {"code": "HB-WH-WC", "name_zh": "武昌支行", "name_en": "Wuchang Sub-branch", "aliases": ["武昌", "Wuchang"]},
        {
            "code": "HB-WH-JH-01",
            "name_zh": "汉口江汉路支行",
            "name_en": "Hankou Jianghan Road Outlet",
            "aliases": ["江汉路", "江汉路支行"],
        },
        {"code": "HB-YC-01", "name_zh": "解放路支行", "name_en": "Jiefang Road Outlet", "aliases": ["解放路"]},
        {
            "code": "HB-XY-01",
            "name_zh": "襄阳解放路支行",
            "name_en": "Xiangyang Jiefang Road Outlet",
            "aliases": ["解放路"],
        },
    ]
)


def outlets_of(text: str) -> list[tuple[str, str | None]]:
    plain = plain_form(text)
    return [(plain[outlet.start : outlet.end], outlet.code) for outlet in DIRECTORY.find(plain)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("我是在武昌支行办的", "HB-WH-WC"),
        ("武昌那边", "HB-WH-WC"),
        ("江漢路支行", "HB-WH-JH-01"),
        ("汉口江汉路支行排队两小时", "HB-WH-JH-01"),
        ("汉口江汗路支行", "HB-WH-JH-01"),
        ("at the Wuchang Sub-branch", "HB-WH-WC"),
    ],
)
def test_a_unit_is_known_by_its_name_its_nickname_and_a_slip_of_the_finger(text: str, code: str) -> None:
    assert [found for _, found in outlets_of(text)] == [code]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("我在幸福大街支行办的", "幸福大街支行"),
        ("幸福大街那个网点，昨天", "幸福大街那个网点"),
        ("是在幸福大街那边的支行", "幸福大街那边的支行"),
    ],
)
def test_an_unknown_outlet_keeps_the_customers_words(text: str, words: str) -> None:
    assert outlets_of(text) == [(words, None)]


@pytest.mark.parametrize(
    "text",
    [
        "你们支行的人",
        "哪个网点都行",
        "附近的网点",
        "我家门口那个网点",
        "上次那个网点",
        "客服说的那个网点",
        "他那个支行",
        "手机银行打不开",
        "this branch is bad",
    ],
)
def test_a_branch_without_a_name_is_no_outlet(text: str) -> None:
    assert outlets_of(text) == []


def test_without_the_organisation_file_words_are_still_found() -> None:
    plain = plain_form("我在幸福大街支行办的")
    assert [outlet.code for outlet in Directory.read("").find(plain)] == [None]
