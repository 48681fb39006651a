"""Days that a customer names: «7月3号», «昨天», «上周五», «三天前», "last Friday", "March 3rd". The words are kept; the day is worked out where it can be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Iterator, Optional

from nlu.facts.amounts import parse_number

_N = r"\d{1,2}|[一二两三四五六七八九十]{1,3}"
_MONTHS = "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
_WEEKDAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_COUNT = r"\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|couple of|few"
_PART_OF_DAY = (
    r"(?:一?大清早|一大早|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|半夜|凌晨)"
    r"|\s+(?:morning|afternoon|evening|night)\b"
)
_HOUR = (
    r"(?:\d{1,2}|[一二两三四五六七八九十]{1,2})点(?:半|钟|多|\d{1,2}分?|[一二三四五]?十[一二三四五六七八九]?分?)?(?:左右)?"
    r"|\d{1,2}:\d\d(?:左右)?"
    r"|\s+(?:at|around|about)\s+\d{1,2}(?:[:.]\d\d)?(?:\s?[ap]\.?m\b)?"
)
DAY = re.compile(
    rf"(?:(?P<iso>(?P<iso_y>(?:19|20)\d\d)[-/.年](?P<iso_m>\d{{1,2}})[-/.月](?P<iso_d>\d{{1,2}})[日号]?)"
    rf"|(?P<md>(?P<md_y>(?:19|20)?\d\d年|去年|今年|前年)?(?P<md_m>{_N})月(?:份)?(?P<md_d>{_N})(?:[日号]|(?!\d)))"
    rf"|(?P<month>(?P<m_y>(?:19|20)?\d\d年|去年|今年|前年)?(?P<m_m>{_N})月份?(?![\d内前后]))"
    rf"|(?P<near>大前天|前天|昨天|昨日|昨晚|昨夜|今天|今日|今早|今晚|当天|刚才|刚刚)"
    rf"|(?P<week>(?P<w_w>上上|上|这|本)?个?(?:周|星期|礼拜)(?P<w_d>[一二三四五六日天])(?!个))"
    rf"|(?P<last_month>上个?月(?P<lm_d>{_N})[日号])"
    rf"|(?P<ago>(?P<a_n>{_N}|半)个?多?(?P<a_u>天|周|星期|礼拜|月|年)(?:之|以)?前)"
    rf"|(?P<vague>上上?个?(?:月|周|星期|礼拜)|前几天|前两天|前阵子|去年|前年|年初|上半年|去年底|这两天|这几天|月初|月底)"
    rf"|(?P<dom>(?P<dom_d>\d{{1,2}})号(?!线|楼|柜|窗|院|机))"
    rf"|\b(?P<en_md>(?:(?P<en_m>{_MONTHS})\.?\s+(?P<en_d>\d{{1,2}})(?:st|nd|rd|th)?|(?P<en_d2>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<en_m2>{_MONTHS}))(?:,?\s+(?P<en_y>20\d\d))?)\b"
    rf"|\b(?P<en_near>the day before yesterday|yesterday|today|this morning|last night|tonight)\b"
    rf"|\b(?P<en_week>(?:last|on|this)\s+(?P<en_wd>{_WEEKDAYS}))\b"
    rf"|\b(?P<en_ago>(?P<en_an>{_COUNT})\s+(?P<en_au>day|week|month|year)s?\s+ago)\b"
    rf"|\b(?P<en_vague>last\s+(?:week|month|year|spring|summer|autumn|fall|winter|{_MONTHS})|this\s+(?:week|month|year|spring|summer|autumn|winter)"
    rf"|(?:in|since|early|mid|late)[\s-]+(?:{_MONTHS})(?:\s+20\d\d)?|the other day)\b)"
    rf"(?:{_PART_OF_DAY})?(?:{_HOUR})?"
)
DAYS_BACK = {
    "大前天": 3, "前天": 2, "昨天": 1, "昨日": 1, "昨晚": 1, "昨夜": 1, "今天": 0, "今日": 0, "今早": 0, "今晚": 0, "刚才": 0, "刚刚": 0,
    "the day before yesterday": 2, "yesterday": 1, "last night": 1, "today": 0, "this morning": 0, "tonight": 0,
}  # fmt: skip
WEEKDAY = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6}
WEEKS_BACK = {"上上": 2, "上": 1, "这": 0, "本": 0}
DAYS_OF_UNIT = {"天": 1, "周": 7, "星期": 7, "礼拜": 7, "day": 1, "week": 7}
ENGLISH_COUNT = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "couple of": 2,
}


@dataclass(frozen=True)
class NamedDay:
    """A day that a text names.

    Attributes:
        start: Where it begins in the text.
        end: Where it ends.
        day: The calendar day; None when the words leave it open («上个月»).
    """

    start: int
    end: int
    day: Optional[date]


def find_days(plain: str, today: date) -> Iterator[NamedDay]:
    """Find the days a text names.

    Args:
        plain: The text in its plain form.
        today: The day the message was written.

    Yields:
        Days in the order of the text. A day and month without a year is the latest one that is not in the future.
    """
    for match in DAY.finditer(plain):
        yield NamedDay(match.start(), match.end(), _day_of(match, today))


def _day_of(match: re.Match[str], today: date) -> Optional[date]:
    try:
        return _resolve(match, today)
    except ValueError:
        return None


def _resolve(match: re.Match[str], today: date) -> Optional[date]:
    if match["iso"]:
        return date(int(match["iso_y"]), int(match["iso_m"]), int(match["iso_d"]))
    if match["md"]:
        return _latest(_year(match["md_y"], today), _int(match["md_m"]), _int(match["md_d"]), today)
    if match["near"] or match["en_near"]:
        back = DAYS_BACK.get(match["near"] or match["en_near"])
        return None if back is None else today - timedelta(days=back)
    if match["week"]:
        return _weekday(WEEKDAY[match["w_d"]], WEEKS_BACK.get(match["w_w"] or ""), today)
    if match["last_month"]:
        last_of_previous = today.replace(day=1) - timedelta(days=1)
        return last_of_previous.replace(day=_int(match["lm_d"]))
    if match["ago"]:
        unit = DAYS_OF_UNIT.get(match["a_u"])
        return today - timedelta(days=unit * _int(match["a_n"])) if unit and match["a_n"] != "半" else None
    if match["dom"]:
        day = today.replace(day=int(match["dom_d"])) if int(match["dom_d"]) <= today.day else None
        return day or (today.replace(day=1) - timedelta(days=1)).replace(day=int(match["dom_d"]))
    if match["en_md"]:
        month = _MONTHS_BY_NAME[(match["en_m"] or match["en_m2"])[:3]]
        return _latest(
            int(match["en_y"]) if match["en_y"] else None, month, int(match["en_d"] or match["en_d2"]), today
        )
    if match["en_week"]:
        return _weekday(_WEEKDAYS.split("|").index(match["en_wd"]), None, today)
    if match["en_ago"]:
        count = ENGLISH_COUNT.get(match["en_an"]) or (int(match["en_an"]) if match["en_an"].isdigit() else None)
        unit = DAYS_OF_UNIT.get(match["en_au"])
        return today - timedelta(days=unit * count) if unit and count else None
    return None


_MONTHS_BY_NAME = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}


def _year(words: Optional[str], today: date) -> Optional[int]:
    if not words:
        return None
    if words in {"去年", "今年", "前年"}:
        return today.year - {"今年": 0, "去年": 1, "前年": 2}[words]
    year = int(words.rstrip("年"))
    return year if year > 100 else 2000 + year


def _latest(year: Optional[int], month: int, day: int, today: date) -> date:
    if year is not None:
        return date(year, month, day)
    this_year = date(today.year, month, day)
    return this_year if this_year <= today else date(today.year - 1, month, day)


def _weekday(weekday: int, weeks_back: Optional[int], today: date) -> date:
    """The weekday so many weeks ago; without a week, the latest one that is not in the future."""
    if weeks_back is None:
        return today - timedelta(days=(today.weekday() - weekday) % 7)
    monday = today - timedelta(days=today.weekday())
    return monday - timedelta(weeks=weeks_back) + timedelta(days=weekday)


def _int(words: str) -> int:
    return int(words) if words.isdigit() else int(parse_number(words) or 0)
