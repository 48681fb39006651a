"""The bank's office hours: when somebody is there, and how long something takes if only that time counts.

Every moment handed in is in the bank's time zone, and so is every moment that comes back.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Any, Self

from pydantic import field_validator, model_validator

from bot.complaints.calendar import is_in_holiday, is_working_day
from bot.complaints.policy import PolicyModel, policy_fault

WEEKEND = 5
"""The first day of the weekend, as `date.weekday` counts."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NOTATION = re.compile(r"(\d{1,2}):([0-5]\d)\s*[-–]\s*(\d{1,2}):([0-5]\d)")
END_OF_DAY = timedelta(hours=24)
NOTHING = timedelta(0)


class Window(PolicyModel):
    """A part of a day in which the bank is open, written `8:30-12:00`.

    Attributes:
        opens: counted from midnight.
        closes: counted from midnight, 24:00 at the latest.
    """

    opens: timedelta
    closes: timedelta

    @model_validator(mode="before")
    @classmethod
    def _read(cls, written: Any) -> Any:
        # YAML reads a lone 12:00 as the number 720, hence anything may come here.
        match = NOTATION.fullmatch(written) if isinstance(written, str) else None
        if match is None:
            raise policy_fault(f"`{written}` is no time of day", "write from and until, such as `8:30-12:00`")
        opening_hour, opening_minute, closing_hour, closing_minute = map(int, match.groups())
        return {
            "opens": timedelta(hours=opening_hour, minutes=opening_minute),
            "closes": timedelta(hours=closing_hour, minutes=closing_minute),
        }

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.closes <= self.opens:
            mend = "write the earlier time first; hours past midnight are two windows, `22:00-24:00` and `0:00-2:00`"
            raise policy_fault(f"`{self}` ends before it begins", mend)
        if self.closes > END_OF_DAY:
            raise policy_fault(f"`{self}` goes on after midnight", "end it at 24:00, and begin the next day at 0:00")
        return self

    def __str__(self) -> str:
        return f"{_clock(self.opens)}-{_clock(self.closes)}"

    def on(self, day: date, zone: tzinfo | None) -> tuple[datetime, datetime]:
        """When it opens and closes on a day, in UTC: the difference of two local times is wrong when clocks change."""
        begins = datetime.combine(day, time(), tzinfo=zone)
        return (begins + self.opens).astimezone(UTC), (begins + self.closes).astimezone(UTC)


Windows = tuple[Window, ...]


class OfficeHours(PolicyModel):
    """The section `office_hours` of data/policy/deadlines.yml.

    Attributes:
        workdays: Monday to Friday, and the weekends worked in exchange for a holiday.
        monday: this day's own windows, if they differ; so for the others up to Friday.
        saturday: empty if the bank is closed, as on Sunday. Holidays, and the weekends that belong to them, have none.
    """

    workdays: Windows
    monday: Windows | None = None
    tuesday: Windows | None = None
    wednesday: Windows | None = None
    thursday: Windows | None = None
    friday: Windows | None = None
    saturday: Windows = ()
    sunday: Windows = ()

    @field_validator("*", mode="before")
    @classmethod
    def _is_list(cls, written: Any) -> Any:
        if not isinstance(written, list):
            raise policy_fault("is no list of hours", "write `[8:30-12:00, 14:00-17:30]`, or `[]` if it is closed")
        return written

    @field_validator("*")
    @classmethod
    def _do_not_overlap(cls, windows: Windows) -> Windows:
        in_order = sorted(enumerate(windows), key=lambda placed: placed[1].opens)
        for (_, earlier), (place, later) in pairwise(in_order):
            if later.opens < earlier.closes:
                mend = "let one end where the other begins, or make one of the two"
                raise policy_fault(f"`{later}` overlaps `{earlier}`", mend, (place,))
        return tuple(window for _, window in in_order)

    @model_validator(mode="after")
    def _is_open_at_all(self) -> Self:
        # Without an hour in an ordinary week no deadline would ever end.
        if not any(self._of_weekday(weekday) for weekday in range(len(WEEKDAYS))):
            raise policy_fault("has no hours in the whole week", "write some, such as `workdays: [9:00-17:00]`")
        return self

    @property
    def longest_day(self) -> timedelta:
        """How long the bank is open on the day of the week on which it is open longest: what a day of work is."""
        return max(
            sum((window.closes - window.opens for window in self._of_weekday(weekday)), NOTHING)
            for weekday in range(len(WEEKDAYS))
        )

    def windows_on(self, day: date) -> Windows:
        """When the bank is open on this day, in order."""
        if is_in_holiday(day):
            return ()
        if day.weekday() >= WEEKEND and is_working_day(day):
            return self.workdays
        return self._of_weekday(day.weekday())

    def after(self, start: datetime, lasts: timedelta) -> datetime:
        """The moment at which so much office time has gone by: within a window, or at its end.

        Args:
            start: when it begins, in or out of office hours.
            lasts: office time, more than nothing.
        """
        if lasts <= NOTHING:
            raise ValueError(f"Nothing lasts {lasts}; pass a time longer than nothing")
        left = lasts
        for opens, closes in self._from(start):
            if left <= closes - opens:
                return (opens + left).astimezone(start.tzinfo)
            left -= closes - opens
        raise AssertionError("the week has office hours, so they go on without end")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much office time lies between two moments."""
        total = NOTHING
        for opens, closes in self._from(start):
            if opens >= end:
                break
            total += min(closes, end) - opens
        return total

    def _from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The stretches of office time from `start` on, in UTC, without end."""
        day = start.date()
        while True:
            for window in self.windows_on(day):
                opens, closes = window.on(day, start.tzinfo)
                if closes > max(opens, start):
                    yield max(opens, start).astimezone(UTC), closes
            day += timedelta(days=1)

    def _of_weekday(self, weekday: int) -> Windows:
        windows: Windows | None = getattr(self, WEEKDAYS[weekday])
        return self.workdays if windows is None else windows


def _clock(since_midnight: timedelta) -> str:
    hours, minutes = divmod(since_midnight // timedelta(minutes=1), 60)
    return f"{hours}:{minutes:02}"
