"""When a deadline is looked at, and what is the matter then."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot.tables  # noqa: F401 - a deadline refers to tables of other rooms
from bot.complaints.deadline_watch import looks_at, matter_of, next_look
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
)
def test_whenever_it_is_looked_at_everything_is_told_once_in_order_and_the_end_is_never_forgotten(
    lasts: timedelta, looks: list[timedelta]
) -> None:
    deadline = DeadlineRecord(set_at=SET_AT, due_at=SET_AT + lasts)
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
