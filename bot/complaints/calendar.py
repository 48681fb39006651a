"""China's working days: public holidays off, and the weekends worked in exchange for them (调休)."""

from datetime import date, timedelta
from functools import cache

import holidays

ONE_DAY = timedelta(days=1)


@cache
def _china() -> holidays.HolidayBase:
    return holidays.country_holidays("CN")


def is_working_day(day: date) -> bool:
    """Whether banks in China work on this day."""
    return _china().is_working_day(day)


def is_in_holiday(day: date) -> bool:
    """Whether this day is off because of a public holiday.

    The State Council's notices count the weekends that a holiday touches as part of it («放假9天»); the calendar lists
    only the days by law and those given in exchange.
    """
    return not is_working_day(day) and (_reaches_holiday(day, -ONE_DAY) or _reaches_holiday(day, ONE_DAY))


def _reaches_holiday(day: date, step: timedelta) -> bool:
    """Whether a public holiday lies on this day, or is reached from it over days off only."""
    while not is_working_day(day):
        if day in _china():
            return True
        day += step
    return False


def working_day_after(start: date, count: int) -> date:
    """The last of so many working days; the day of `start` is not counted."""
    day = start
    for _ in range(count):
        day += timedelta(days=1)
        while not is_working_day(day):
            day += timedelta(days=1)
    return day
