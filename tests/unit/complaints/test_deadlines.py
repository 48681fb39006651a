"""Deadlines: by when, by which rule, and how a date is said."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.complaints.calendar import is_working_day, working_day_after
from bot.complaints.deadlines import (
    Allowance,
    Deadline,
    DeadlineName,
    ExtensionRefused,
    RuleOrigin,
    automatic_closing_at,
    closing_now_told_before,
    deadlines_for,
    extend_decision,
    load_deadline_policy,
    recheck_decision_deadline,
    recheck_request_deadline,
    say_date,
    say_moment,
)
from bot.complaints.labels import Language, Tier

POLICY = load_deadline_policy()
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 10, 30, tzinfo=SHANGHAI)

moments = st.datetimes(datetime(2020, 3, 1), datetime(2090, 1, 1), timezones=st.sampled_from([SHANGHAI, UTC]))


def due(tier: Tier, name: DeadlineName, now: datetime = NOW, received_at: datetime | None = None) -> datetime:
    return next(d.due_at for d in deadlines_for(tier, now, POLICY, received_at) if d.name is name)


def a_decision(tier: Tier = Tier.COMPLEX) -> Deadline:
    return next(d for d in deadlines_for(tier, NOW, POLICY) if d.name is DeadlineName.DECISION)


@pytest.mark.parametrize(
    ("tier", "name", "expected"),
    [
        (Tier.ORDINARY, DeadlineName.FIRST_CONTACT, datetime(2026, 11, 24, 10, 30, tzinfo=SHANGHAI)),
        (Tier.ORDINARY, DeadlineName.DECISION, datetime(2026, 12, 8, 23, 59, 59, tzinfo=SHANGHAI)),
        (Tier.COMPLEX, DeadlineName.DECISION, datetime(2026, 12, 23, 23, 59, 59, tzinfo=SHANGHAI)),
        (Tier.URGENT, DeadlineName.FIRST_CONTACT, datetime(2026, 11, 23, 12, 30, tzinfo=SHANGHAI)),
        (Tier.URGENT, DeadlineName.PLAN, datetime(2026, 11, 24, 23, 59, 59, tzinfo=SHANGHAI)),
        (Tier.URGENT, DeadlineName.DECISION, datetime(2026, 12, 23, 23, 59, 59, tzinfo=SHANGHAI)),
    ],
)
def test_each_tier_keeps_its_deadlines(tier: Tier, name: DeadlineName, expected: datetime) -> None:
    assert due(tier, name) == expected


def test_days_begin_in_the_banks_time_zone_wherever_the_server_stands() -> None:
    just_after_midnight_in_wuhan = datetime(2026, 11, 22, 16, 5, tzinfo=UTC)
    decision = due(Tier.ORDINARY, DeadlineName.DECISION, just_after_midnight_in_wuhan)
    assert decision == datetime(2026, 12, 8, 23, 59, 59, tzinfo=SHANGHAI)


def test_raising_a_complaint_does_not_start_the_legal_clock_again() -> None:
    raised_at = NOW + timedelta(days=10)
    assert due(Tier.URGENT, DeadlineName.DECISION, raised_at, NOW) == due(Tier.URGENT, DeadlineName.DECISION)
    assert due(Tier.URGENT, DeadlineName.FIRST_CONTACT, raised_at, NOW) == raised_at + timedelta(hours=2)


def test_every_decision_is_due_by_law_and_names_the_order() -> None:
    for tier in Tier:
        rule = a_decision(tier).rule
        assert rule.origin is RuleOrigin.LAW
        assert "银保监会令2020年第3号" in rule.in_language("zh")
        assert "Order No. 3 of 2020" in rule.in_language("en")


def test_the_numbers_of_the_order_are_kept() -> None:
    assert {tier: POLICY.tiers[tier].decision.days for tier in Tier} == {
        Tier.ORDINARY: 15,
        Tier.COMPLEX: 30,
        Tier.URGENT: 30,
    }
    assert POLICY.extension.days == 30
    assert POLICY.group_representatives.at_most == 5


def test_a_decision_gets_more_time_with_an_approver_and_notice_to_the_customer() -> None:
    extended = extend_decision(a_decision(), Tier.COMPLEX, NOW, POLICY, approver="省分行 020117", customer_is_told=True)
    assert extended.name is DeadlineName.EXTENDED_DECISION
    assert extended.due_at == datetime(2027, 1, 22, 23, 59, 59, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("tier", "now", "approver", "customer_is_told", "why"),
    [
        (Tier.COMPLEX, NOW, " ", True, "Nobody is named"),
        (Tier.COMPLEX, NOW, "省分行 020117", False, "tell them first"),
        (Tier.ORDINARY, NOW, "省分行 020117", True, "raise its tier first"),
        (Tier.COMPLEX, NOW + timedelta(days=31), "省分行 020117", True, "cannot be extended afterwards"),
    ],
)
def test_a_decision_gets_no_more_time_otherwise(
    tier: Tier, now: datetime, approver: str, customer_is_told: bool, why: str
) -> None:
    with pytest.raises(ExtensionRefused, match=why):
        extend_decision(a_decision(), tier, now, POLICY, approver, customer_is_told)


def test_a_decision_is_extended_once_only() -> None:
    extended = extend_decision(a_decision(), Tier.COMPLEX, NOW, POLICY, "省分行 020117", customer_is_told=True)
    with pytest.raises(ExtensionRefused, match="first deadline"):
        extend_decision(extended, Tier.COMPLEX, NOW, POLICY, "省分行 020117", customer_is_told=True)


def test_a_customer_has_thirty_days_to_ask_for_a_recheck_and_the_bank_thirty_to_decide_it() -> None:
    last_moment = datetime(2026, 12, 23, 23, 59, 59, tzinfo=SHANGHAI)
    assert recheck_request_deadline(NOW, POLICY).due_at == last_moment
    assert recheck_decision_deadline(NOW, POLICY).due_at == last_moment


def test_a_deadline_is_breached_only_after_its_last_second() -> None:
    deadline = a_decision()
    assert not deadline.is_breached(deadline.due_at)
    assert deadline.is_breached(deadline.due_at + timedelta(seconds=1))
    assert deadline.remaining(deadline.due_at - timedelta(hours=3)) == timedelta(hours=3)


@pytest.mark.parametrize(
    ("start", "count", "last"),
    [
        (date(2026, 11, 23), 1, date(2026, 11, 24)),
        (date(2026, 11, 27), 1, date(2026, 11, 30)),  # a Friday
        (date(2026, 9, 30), 1, date(2026, 10, 8)),  # National Day
        (date(2026, 9, 30), 3, date(2026, 10, 10)),  # a Saturday worked in exchange
        (date(2026, 2, 13), 2, date(2026, 2, 24)),  # Saturday the 14th is worked, then Spring Festival
    ],
)
def test_working_days_know_chinas_holidays_and_the_weekends_worked_in_exchange(
    start: date, count: int, last: date
) -> None:
    allowance = Allowance(working_days=count, rule="own_target")
    ends_at = allowance.ends_at(datetime.combine(start, time(10, 30), tzinfo=SHANGHAI), POLICY.office_hours)
    assert ends_at == datetime.combine(last, time(23, 59, 59), tzinfo=SHANGHAI)


@given(st.dates(date(2020, 1, 1), date(2026, 12, 31)), st.integers(1, 30))
def test_so_many_working_days_never_end_before_as_many_calendar_days(start: date, count: int) -> None:
    last = working_day_after(start, count)
    assert last >= start + timedelta(days=count)
    assert is_working_day(last)


def test_working_hours_end_at_a_moment_and_know_it() -> None:
    first_contact = Allowance(working_hours=3.5, rule="own_target")
    ordinary = POLICY.tiers[Tier.ORDINARY].model_copy(update={"first_contact": first_contact})
    policy = POLICY.model_copy(update={"tiers": POLICY.tiers | {Tier.ORDINARY: ordinary}})
    friday_afternoon = datetime(2026, 11, 27, 8, 30, tzinfo=UTC)
    contact, plan, _ = deadlines_for(Tier.ORDINARY, friday_afternoon, policy)
    assert (contact.due_at, contact.counts_office_hours) == (datetime(2026, 11, 30, 11, tzinfo=SHANGHAI), True)
    assert not plan.counts_office_hours


def test_the_policy_in_force_promises_nothing_in_working_hours() -> None:
    # Over a weekend or a holiday they would end later than what customers are promised today.
    assert not any(deadline.counts_office_hours for tier in Tier for deadline in deadlines_for(tier, NOW, POLICY))


@pytest.mark.parametrize(
    "wrong", [{}, {"hours": 1, "days": 1}, {"days": 1, "working_days": 1}, {"hours": 1, "working_hours": 1}]
)
def test_an_allowance_is_one_of_hours_working_hours_days_and_working_days(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match="either hours or days"):
        Allowance(rule="own_target", **wrong)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        deadlines_for(Tier.URGENT, NOW.replace(tzinfo=None), POLICY)


@given(st.sampled_from(Tier), moments)
def test_a_deadline_never_lies_before_the_complaint(tier: Tier, now: datetime) -> None:
    assert all(deadline.due_at > now for deadline in deadlines_for(tier, now, POLICY))


@given(moments)
def test_an_urgent_complaint_is_never_contacted_later_than_a_lesser_one(now: datetime) -> None:
    for name in (DeadlineName.FIRST_CONTACT, DeadlineName.PLAN):
        assert due(Tier.URGENT, name, now) <= due(Tier.COMPLEX, name, now)
        assert due(Tier.URGENT, name, now) <= due(Tier.ORDINARY, name, now)


@given(moments, moments)
def test_a_later_complaint_is_never_due_earlier(one: datetime, other: datetime) -> None:
    earlier, later = sorted([one, other])
    assert due(Tier.ORDINARY, DeadlineName.DECISION, earlier) <= due(Tier.ORDINARY, DeadlineName.DECISION, later)


@pytest.mark.parametrize(
    ("day", "language", "said"),
    [
        (date(2026, 12, 8), "zh", "12月8日（周二）"),
        (date(2026, 12, 8), "en", "Tuesday 8 December"),
        (date(2027, 2, 28), "zh", "2月28日（周日）"),
        (date(2027, 2, 28), "en", "Sunday 28 February"),
    ],
)
def test_a_date_is_said_with_its_weekday(day: date, language: Language, said: str) -> None:
    assert say_date(day, language) == said


@pytest.mark.parametrize(
    ("moment", "zh", "en"),
    [
        (datetime(2026, 11, 30, 15, 30), "11月30日（周一）15:30", "3:30 pm on Monday 30 November"),
        (datetime(2026, 11, 30, 15, 29, 1), "11月30日（周一）15:30", "3:30 pm on Monday 30 November"),
        (datetime(2026, 11, 30, 11, 59, 59), "11月30日（周一）12:00", "12:00 pm on Monday 30 November"),
        (datetime(2026, 12, 1, 9, 5), "12月1日（周二）09:05", "9:05 am on Tuesday 1 December"),
    ],
)
def test_a_moment_is_said_no_earlier_than_it_is_due(moment: datetime, zh: str, en: str) -> None:
    assert (say_moment(moment, "zh"), say_moment(moment, "en")) == (zh, en)


def test_a_case_that_nobody_speaks_of_closes_as_the_day_after_its_last_day_begins() -> None:
    assert automatic_closing_at(NOW, POLICY) == datetime(2027, 1, 23, tzinfo=SHANGHAI)
    by_hand = POLICY.model_copy(update={"automatic_closing": None})
    assert automatic_closing_at(NOW, by_hand) is closing_now_told_before(NOW, by_hand) is None


@given(moments, st.integers(0, 200 * 24))
def test_the_moment_of_closing_read_backwards_finds_the_same_cases(told_at: datetime, hours: int) -> None:
    now = told_at + timedelta(hours=hours)
    closes_at, told_before = automatic_closing_at(told_at, POLICY), closing_now_told_before(now, POLICY)
    assert closes_at is not None and told_before is not None
    assert (now >= closes_at) == (told_at < told_before)


@given(moments)
def test_no_case_closes_by_itself_before_the_customers_right_to_object_is_over(told_at: datetime) -> None:
    closes_at = automatic_closing_at(told_at, POLICY)
    assert closes_at is not None
    assert recheck_request_deadline(told_at, POLICY).is_breached(closes_at)
