"""China's working days: public holidays off, and the weekends worked in exchange for them (调休)."""

from datetime import date, timedelta
from functools import cache

import holidays


@cache
def _china() -> holidays.HolidayBase:
    return holidays.country_holidays("CN")


def is_working_day(day: date) -> bool:
    """Whether banks in China work on this day."""
    return _china().is_working_day(day)


def working_day_after(start: date, count: int) -> date:
    """The last of so many working days; the day of `start` is not counted."""
    day = start
    for _ in range(count):
        day += timedelta(days=1)
        while not is_working_day(day):
            day += timedelta(days=1)
    return day
