"""When a deadline is looked at, and what is the matter then."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot.tables  # noqa: F401 - a deadline refers to tables of other rooms
from bot.complaints.deadline_watch import looks_at, matter_of, next_look
from bot.complaints.deadlines import deadline_policy
from bot.complaints.models import DeadlineRecord, NoticeKind

SET_AT = datetime(2026, 11, 23, 2, tzinfo=UTC)


def a_deadline(**lasts: float) -> DeadlineRecord:
    deadline = DeadlineRecord(set_at=SET_AT, due_at=SET_AT + timedelta(**lasts))
    deadline.next_look_at = next_look(deadline, now=SET_AT)
    return deadline


@pytest.mark.parametrize(
    ("hours", "looks"),
    [
        (24 * 15, [(24 * 7.5, NoticeKind.HALF_TIME), (24 * 14, NoticeKind.ONE_DAY_LEFT)]),
        (24 * 1.5, [(12, NoticeKind.ONE_DAY_LEFT), (18, NoticeKind.HALF_TIME)]),
        (24, [(12, NoticeKind.HALF_TIME)]),
        (2, [(1, NoticeKind.HALF_TIME)]),
    ],
)
def test_a_deadline_is_warned_of_at_half_time_and_a_day_before_if_there_is_a_day(
    hours: float, looks: list[tuple[float, NoticeKind]]
) -> None:
    end = (SET_AT + timedelta(hours=hours, seconds=1), NoticeKind.DEADLINE_MISSED)
    expected = [(SET_AT + timedelta(hours=after), kind) for after, kind in looks]
    assert list(looks_at(a_deadline(hours=hours)).items()) == [*expected, end]


@pytest.mark.parametrize(
    ("set_at", "working_hours", "half_time", "working_day_left"),
    [
        # Friday 16:30: an hour of it passes before the weekend, the rest on Monday.
        ((27, 16, 30), 7, (30, 11), None),
        ((27, 16, 30), 3, (30, 9), None),
        # Due on Monday 16:30: the last day of work begins on Friday at the same time, not on Sunday.
        ((26, 16, 30), 14, (27, 16, 30), (27, 16, 30)),
        ((25, 16, 30), 21, (27, 11), (27, 16, 30)),
        # Due on Monday 11:30, ten hours of work after Friday 8:30.
        ((27, 8, 30), 10, (27, 15, 30), (27, 11, 30)),
    ],
)
def test_of_working_hours_half_are_worked_when_it_is_half_time(
    set_at: tuple[int, ...], working_hours: float, half_time: tuple[int, ...], working_day_left: tuple[int, ...] | None
) -> None:
    policy = deadline_policy()
    begins = datetime(2026, 11, *set_at, tzinfo=policy.zone)
    due_at = policy.office_hours.after(begins, timedelta(hours=working_hours))
    deadline = DeadlineRecord(set_at=begins.astimezone(UTC), due_at=due_at.astimezone(UTC), counts_office_hours=True)
    expected = {datetime(2026, 11, *half_time, tzinfo=policy.zone): NoticeKind.HALF_TIME}
    if working_day_left is not None:
        expected[datetime(2026, 11, *working_day_left, tzinfo=policy.zone)] = NoticeKind.WORKING_DAY_LEFT
    expected[due_at + timedelta(seconds=1)] = NoticeKind.DEADLINE_MISSED
    assert list(looks_at(deadline).items()) == sorted(expected.items())


def test_a_date_outside_of_the_hours_that_the_bank_has_now_is_still_missed_when_it_passes() -> None:
    saturday = datetime(2026, 11, 28, 2, tzinfo=UTC)
    deadline = DeadlineRecord(set_at=saturday, due_at=saturday + timedelta(hours=3), counts_office_hours=True)
    assert list(looks_at(deadline).values()) == [NoticeKind.DEADLINE_MISSED]


def test_a_deadline_is_missed_only_after_its_last_second() -> None:
    deadline = a_deadline(hours=2)
    deadline.next_look_at = deadline.due_at
    assert matter_of(deadline, now=deadline.due_at) is NoticeKind.HALF_TIME
    assert matter_of(deadline, now=deadline.due_at + timedelta(seconds=1)) is NoticeKind.DEADLINE_MISSED


def test_what_is_met_missed_or_not_yet_due_is_left_alone() -> None:
    later = SET_AT + timedelta(days=9)
    assert matter_of(a_deadline(days=30), now=later) is None
    met, missed = a_deadline(days=2), a_deadline(days=2)
    met.met_at = missed.missed_at = SET_AT
    assert matter_of(met, now=later) is None
    assert matter_of(missed, now=later) is None


@given(
    st.timedeltas(timedelta(minutes=1), timedelta(days=90)),
    st.lists(st.timedeltas(timedelta(0), timedelta(days=100)), max_size=20),
    st.booleans(),
)
def test_whenever_it_is_looked_at_everything_is_told_once_in_order_and_the_end_is_never_forgotten(
    lasts: timedelta, looks: list[timedelta], counts_office_hours: bool
) -> None:
    deadline = DeadlineRecord(set_at=SET_AT, due_at=SET_AT + lasts, counts_office_hours=counts_office_hours)
    deadline.next_look_at = next_look(deadline, now=SET_AT)
    told: list[NoticeKind] = []
    for now in [SET_AT + after for after in sorted(looks)] + [SET_AT + timedelta(days=101)]:
        matter = matter_of(deadline, now=now)
        if matter is None:
            continue
        told.append(matter)
        if matter is NoticeKind.DEADLINE_MISSED:
            deadline.missed_at = now
        else:
            deadline.next_look_at = next_look(deadline, now=now)
    assert told[-1] is NoticeKind.DEADLINE_MISSED
    assert len(told) == len(set(told))
