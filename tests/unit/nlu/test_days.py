"""Days: the words customers use for them, seen from Monday 23 November 2026."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.facts.days import find_days
from nlu.script import plain_form

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "words", "day"),
    [
        ("7月3号被扣的", "7月3号", date(2026, 7, 3)),
        ("十二月五日的事", "十二月五日", date(2025, 12, 5)),
        ("2026年3月1日", "2026年3月1日", date(2026, 3, 1)),
        ("2026-03-01", "2026-03-01", date(2026, 3, 1)),
        ("去年5月6号", "去年5月6号", date(2025, 5, 6)),
        ("昨天去的", "昨天", date(2026, 11, 22)),
        ("前天下午", "前天下午", date(2026, 11, 21)),
        ("今天早上取钱", "今天早上", date(2026, 11, 23)),
        ("昨天上午十点半左右在柜台", "昨天上午十点半左右", date(2026, 11, 22)),
        ("上周五15:20", "上周五15:20", date(2026, 11, 20)),
        ("7月3号晚上8点多", "7月3号晚上8点多", date(2026, 7, 3)),
        ("昨天扣了三点五个百分点", "昨天", date(2026, 11, 22)),
        ("yesterday morning at 9:30", "yesterday morning at 9:30", date(2026, 11, 22)),
        ("on March 3rd around 4pm", "march 3rd around 4pm", date(2026, 3, 3)),
        ("大前天", "大前天", date(2026, 11, 20)),
        ("上周五", "上周五", date(2026, 11, 20)),
        ("上个星期三", "上个星期三", date(2026, 11, 18)),
        ("禮拜三", "禮拜三", date(2026, 11, 18)),
        ("三天前", "三天前", date(2026, 11, 20)),
        ("两个星期前", "两个星期前", date(2026, 11, 9)),
        ("上个月15号", "上个月15号", date(2026, 10, 15)),
        ("上个月", "上个月", None),
        ("半年前", "半年前", None),
        ("it was yesterday", "yesterday", date(2026, 11, 22)),
        ("last Friday I went", "last friday", date(2026, 11, 20)),
        ("on March 3rd", "march 3rd", date(2026, 3, 3)),
        ("3 March 2025", "3 march 2025", date(2025, 3, 3)),
        ("two weeks ago", "two weeks ago", date(2026, 11, 9)),
        ("last month", "last month", None),
        ("I told you last March already", "last march", None),
        ("since early August 2026", "early august 2026", None),
        ("the other day", "the other day", None),
        ("2月30号", "2月30号", None),
    ],
)
def test_a_day_keeps_its_words_and_is_worked_out_where_it_can_be(text: str, words: str, day: date | None) -> None:
    plain = plain_form(text)
    (found,) = find_days(plain, TODAY)
    assert (plain[found.start : found.end], found.day) == (plain_form(words), day)


@pytest.mark.parametrize(
    "text", ["打了三次", "3个月的利息", "一共1200元", "may I ask", "this may be wrong", "at the latest", "12345"]
)
def test_other_numbers_are_no_days(text: str) -> None:
    assert [found for found in find_days(plain_form(text), TODAY) if found.day] == []


@given(st.text(), st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_no_text_and_no_date_break_the_parser(text: str, today: date) -> None:
    for found in find_days(plain_form(text), today):
        assert 0 <= found.start < found.end <= len(text)
