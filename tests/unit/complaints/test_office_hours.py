"""Office hours: when the bank is open, and when so many hours of it have gone by."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.complaints.deadlines import load_deadline_policy
from bot.complaints.office_hours import OfficeHours

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
IN_FORCE = load_deadline_policy().office_hours
WORKDAY = ["8:30-12:00", "14:00-17:30"]


def office_hours(**weekdays: list[str]) -> OfficeHours:
    return OfficeHours.model_validate(weekdays)


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


@pytest.mark.parametrize(
    ("start", "lasts", "end"),
    [
        (at(11, 23, 9), 2, at(11, 23, 11)),
        (at(11, 23, 11), 1, at(11, 23, 12)),  # ends with the window, not when the next one begins
        (at(11, 23, 11), 1.5, at(11, 23, 14, 30)),  # over lunch
        (at(11, 23, 12, 45), 1, at(11, 23, 15)),  # told during lunch
        (at(11, 23, 10), 7, at(11, 24, 10)),  # a day of work
        (at(11, 23, 22), 1, at(11, 24, 9, 30)),  # told at night
        (at(11, 27, 16, 30), 2, at(11, 30, 9, 30)),  # a Friday
        (at(11, 28, 3), 7, at(11, 30, 17, 30)),  # a Saturday
        (at(9, 30, 17), 1, at(10, 8, 9)),  # National Day
        (at(10, 9, 17), 1, at(10, 10, 9)),  # a Saturday worked in exchange
        (at(2, 13, 17), 7.5, at(2, 14, 17, 30)),  # the same, and then comes Spring Festival
        (at(2, 14, 17), 1, at(2, 24, 9)),
    ],
)
def test_working_hours_count_only_while_the_bank_is_open(start: datetime, lasts: float, end: datetime) -> None:
    assert IN_FORCE.after(start, hours(lasts)) == end


@pytest.mark.parametrize(
    ("day", "windows"),
    [
        (date(2026, 11, 23), "8:30-12:00 14:00-17:30"),
        (date(2026, 11, 27), "8:30-12:00"),
        (date(2026, 11, 28), "9:00-12:00"),
        (date(2026, 11, 29), ""),
        (date(2026, 10, 10), "8:30-12:00 14:00-17:30"),  # worked in exchange: a workday, no Saturday
        (date(2026, 10, 3), ""),  # a Saturday within National Day
        (date(2026, 2, 21), ""),  # a Saturday between the days off of Spring Festival
        (date(2026, 4, 4), ""),  # the weekend that leads to Tomb-Sweeping Day
        (date(2026, 10, 17), "9:00-12:00"),
    ],
)
def test_each_day_has_its_own_hours_and_a_holiday_none(day: date, windows: str) -> None:
    week = office_hours(workdays=WORKDAY, friday=["8:30-12:00"], saturday=["9:00-12:00"])
    assert " ".join(map(str, week.windows_on(day))) == windows


def test_a_saturday_with_hours_counts() -> None:
    week = office_hours(workdays=WORKDAY, saturday=["9:00-12:00"])
    assert week.after(at(11, 27, 16, 30), hours(2)) == at(11, 28, 10)
    assert week.longest_day == hours(7)


def test_a_bank_that_never_closes_counts_by_the_clock() -> None:
    always = office_hours(workdays=["0:00-24:00"], saturday=["0:00-24:00"], sunday=["0:00-24:00"])
    assert always.after(at(11, 27, 16, 30), hours(60)) == at(11, 30, 4, 30)


def test_windows_may_be_written_in_any_order_touch_and_have_a_long_dash() -> None:
    week = office_hours(workdays=["14:00–17:30", "12:00 - 14:00", "08:30-12:00"])
    assert " ".join(map(str, week.workdays)) == "8:30-12:00 12:00-14:00 14:00-17:30"
    assert week.after(at(11, 23, 8), hours(9)) == at(11, 23, 17, 30)


def test_an_hour_is_an_hour_on_the_night_on_which_clocks_change() -> None:
    nights = office_hours(workdays=[], sunday=["0:00-6:00"])
    midnight = datetime(2026, 3, 8, tzinfo=NEW_YORK)
    assert nights.after(midnight, hours(3)).isoformat() == "2026-03-08T04:00:00-04:00"
    assert nights.between(midnight, datetime(2026, 3, 8, 6, tzinfo=NEW_YORK)) == hours(5)


def test_nothing_lasts_no_time_at_all() -> None:
    with pytest.raises(ValueError, match="longer than nothing"):
        IN_FORCE.after(at(11, 23, 9), timedelta(0))


@st.composite
def days(draw: st.DrawFn) -> list[str]:
    """Windows of a day, with pauses of any length and none between them."""
    minutes = sorted(draw(st.lists(st.integers(0, 24 * 60), max_size=6, unique=True)))
    pairs = zip(minutes[::2], minutes[1::2], strict=False)
    return [f"{a // 60}:{a % 60:02}-{b // 60}:{b % 60:02}" for a, b in pairs]


@st.composite
def weeks(draw: st.DrawFn) -> OfficeHours:
    workdays, friday, saturday, sunday = (draw(days()) for _ in range(4))
    assume(workdays)
    return office_hours(workdays=workdays, friday=friday, saturday=saturday, sunday=sunday)


weeks_or_ours = st.one_of(st.just(IN_FORCE), weeks())
starts = st.datetimes(datetime(2020, 1, 1), datetime(2027, 1, 1)).map(lambda moment: moment.replace(tzinfo=SHANGHAI))
halves = st.integers(1, 80).map(lambda count: hours(count / 2))


def is_open(week: OfficeHours, moment: datetime) -> bool:
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    # The end of a day that closes at 24:00 is the midnight of the next.
    windows = [(midnight, window) for window in week.windows_on(moment.date())]
    windows += [(midnight - timedelta(days=1), window) for window in week.windows_on(moment.date() - timedelta(days=1))]
    return any(begins + window.opens < moment <= begins + window.closes for begins, window in windows)


@given(weeks_or_ours, starts, halves)
def test_working_hours_end_within_a_window_or_at_its_end(week: OfficeHours, start: datetime, lasts: timedelta) -> None:
    assert is_open(week, week.after(start, lasts))


@given(weeks_or_ours, starts, halves)
def test_working_hours_never_end_before_as_many_hours_by_the_clock(
    week: OfficeHours, start: datetime, lasts: timedelta
) -> None:
    assert week.after(start, lasts) >= start + lasts


@given(weeks_or_ours, starts, halves, halves)
def test_hours_taken_in_two_parts_end_when_they_end_together(
    week: OfficeHours, start: datetime, one: timedelta, other: timedelta
) -> None:
    assert week.after(week.after(start, one), other) == week.after(start, one + other)


@given(weeks_or_ours, starts, halves, halves)
def test_more_working_hours_end_later(week: OfficeHours, start: datetime, one: timedelta, more: timedelta) -> None:
    assert week.after(start, one) < week.after(start, one + more)


@given(weeks_or_ours, starts, st.timedeltas(timedelta(0), timedelta(days=20)), halves)
def test_who_begins_later_never_ends_earlier(
    week: OfficeHours, start: datetime, later: timedelta, lasts: timedelta
) -> None:
    assert week.after(start, lasts) <= week.after(start + later, lasts)


@given(weeks_or_ours, starts, halves)
def test_the_hours_between_a_start_and_its_end_are_those_that_were_given(
    week: OfficeHours, start: datetime, lasts: timedelta
) -> None:
    end = week.after(start, lasts)
    assert week.between(start, end) == lasts
    assert week.between(start.astimezone(UTC).astimezone(SHANGHAI), end + timedelta(microseconds=1)) >= lasts
