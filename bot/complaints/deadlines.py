"""By when each thing must happen, and by which rule.

Days are days in the bank's time zone: the day of receipt is not counted and the last day ends at midnight, as the
Civil Code counts (articles 201 and 203). They are calendar days unless the policy says working days. The Code would let
a last day that is a public holiday move to the next working day; here it does not move, so a customer never waits
longer than they were told. Working hours count only while the bank is open and end at an exact moment.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, PositiveInt, field_validator, model_validator

from bot.complaints.calendar import working_day_after
from bot.complaints.labels import Label, Language, Tier
from bot.complaints.office_hours import OfficeHours
from bot.complaints.policy import POLICY_FOLDER, PolicyModel, load_policy, policy_fault

WORKING_HOURS_AT_MOST = 1000
"""Half a year of them; what takes longer is counted in days."""
LAST_SECOND = time(23, 59, 59)
WEEKDAYS_ZH = "一二三四五六日"
WEEKDAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS_EN = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


class DeadlineName(Label):
    """What has to have happened by a deadline."""

    FIRST_CONTACT = "first_contact", "首次联系客户", "First contact with the customer"
    PLAN = "plan", "提出处理方案", "Plan put to the customer"
    DECISION = "decision", "作出处理决定并告知客户", "Decision made and told to the customer"
    EXTENDED_DECISION = "extended_decision", "延期后作出处理决定并告知客户", "Decision after an extension"
    RECHECK_REQUEST = "recheck_request", "客户申请核查", "Customer may ask for a re-check"
    RECHECK_DECISION = "recheck_decision", "作出核查决定并告知客户", "Re-check decided and told to the customer"


class RuleOrigin(StrEnum):
    """Whether a number binds the bank by law or by its own promise."""

    LAW = "law"
    OWN_TARGET = "own_target"


class DeadlineRule(PolicyModel):
    """The rule that a number comes from."""

    origin: RuleOrigin
    zh: str
    en: str

    def in_language(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


class Allowance(PolicyModel):
    """How long something may take, by a named rule: hours, working hours, calendar days or working days.

    Attributes:
        hours: by the clock, day and night.
        working_hours: office hours only; halves are allowed, since half a day of seven hours is 3.5.
    """

    hours: PositiveInt | None = None
    working_hours: Annotated[float, Field(gt=0, le=WORKING_HOURS_AT_MOST, multiple_of=0.5)] | None = None
    days: PositiveInt | None = None
    working_days: PositiveInt | None = None
    rule: str

    @model_validator(mode="after")
    def _is_hours_or_days(self) -> Self:
        if [self.hours, self.working_hours, self.days, self.working_days].count(None) != 3:
            mend = "write one of `hours: 2`, `working_hours: 7`, `days: 15` and `working_days: 5`"
            raise policy_fault("must be either hours or days", mend)
        return self

    @property
    def counts_office_hours(self) -> bool:
        """Whether time goes by only while the bank is open."""
        return self.working_hours is not None

    def ends_at(self, start: datetime, office_hours: OfficeHours) -> datetime:
        """The last moment: hours run from `start`, days end with the last second of the last day."""
        if self.hours is not None:
            return start + timedelta(hours=self.hours)
        if self.working_hours is not None:
            return office_hours.after(start, timedelta(hours=self.working_hours))
        if self.working_days is not None:
            last_day = working_day_after(start.date(), self.working_days)
        else:
            last_day = start.date() + timedelta(days=self.days or 0)
        return datetime.combine(last_day, LAST_SECOND, tzinfo=start.tzinfo)


class TierAllowances(PolicyModel):
    """What one tier promises."""

    first_contact: Allowance
    plan: Allowance
    decision: Allowance


class Extension(Allowance):
    """More time for a decision, with an approver and notice to the customer."""

    tiers: frozenset[Tier]


class Limit(PolicyModel):
    """A number that is no time, by a named rule."""

    at_most: PositiveInt
    rule: str


class AutomaticClosing(PolicyModel):
    """For how many days a result stands without a word of the customer until its case closes by itself."""

    days: PositiveInt
    rule: str


class DeadlinePolicy(PolicyModel):
    """The content of data/policy/deadlines.yml.

    Attributes:
        timezone: IANA name of the zone in which days begin and end.
        office_hours: when the bank is open.
        rules: by short name, what numbers are based on.
        tiers: each tier's allowances.
        extension: more time for a decision.
        recheck_request: how long the customer may ask for a re-check of a decision.
        recheck_decision: how long the re-check may take.
        automatic_closing: when a resolved case closes by itself; None if only people close cases.
        group_representatives: how many customers may speak for a group.
        withdrawal: the rule by which a customer may withdraw.
        representation: the rule by which a customer may send someone.
    """

    timezone: str
    office_hours: OfficeHours
    rules: dict[str, DeadlineRule]
    tiers: Annotated[dict[Tier, TierAllowances], Field(min_length=1)]
    extension: Extension
    recheck_request: Allowance
    recheck_decision: Allowance
    automatic_closing: AutomaticClosing | None = None
    group_representatives: Limit
    withdrawal: str
    representation: str

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise policy_fault(f"`{name}` is no time zone", "write an IANA name such as Asia/Shanghai") from error
        return name

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if missing := [tier for tier in Tier if tier not in self.tiers]:
            raise policy_fault(f"has no deadlines for {missing[0]}", f"add `{missing[0]}:` to it", ("tiers",))
        self._check_hours()
        for place, rule in self._rules_named():
            if rule not in self.rules:
                raise policy_fault(f"`{rule}` is not among the rules", f"write one of {', '.join(self.rules)}", place)
        return self

    def _check_hours(self) -> None:
        for tier, allowances in self.tiers.items():
            first_contact = allowances.first_contact
            if first_contact.hours is None and not first_contact.counts_office_hours:
                mend = "write `hours: 24` or `working_hours: 7`"
                place = ("tiers", tier, "first_contact")
                raise policy_fault("is told to the customer in hours", mend, place)
        for name in ("first_contact", "plan", "decision"):
            allowance: Allowance = getattr(self.tiers[Tier.URGENT], name)
            if allowance.counts_office_hours:
                mend = "write `hours`, which go on at night"
                raise policy_fault("must not wait until the bank opens", mend, ("tiers", Tier.URGENT, name))

    @model_validator(mode="after")
    def _closes_nothing_too_early(self) -> Self:
        if self.automatic_closing is None or self.recheck_request.days is None:
            return self
        if self.automatic_closing.days < self.recheck_request.days:
            problem = f"the customer may object for {self.recheck_request.days} days"
            raise policy_fault(problem, "write as many days or more", ("automatic_closing", "days"))
        return self

    def _rules_named(self) -> list[tuple[tuple[str, ...], str]]:
        named: list[tuple[tuple[str, ...], str]] = [
            (("extension", "rule"), self.extension.rule),
            (("recheck_request", "rule"), self.recheck_request.rule),
            (("recheck_decision", "rule"), self.recheck_decision.rule),
            (("group_representatives", "rule"), self.group_representatives.rule),
            (("withdrawal",), self.withdrawal),
            (("representation",), self.representation),
        ]
        if self.automatic_closing is not None:
            named.append((("automatic_closing", "rule"), self.automatic_closing.rule))
        for tier, allowances in self.tiers.items():
            named.append((("tiers", tier, "first_contact", "rule"), allowances.first_contact.rule))
            named.append((("tiers", tier, "plan", "rule"), allowances.plan.rule))
            named.append((("tiers", tier, "decision", "rule"), allowances.decision.rule))
        return named

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


@dataclass(frozen=True)
class Deadline:
    """By when something must have happened, and by which rule.

    Attributes:
        counts_office_hours: whether its time goes by only while the bank is open.
    """

    name: DeadlineName
    due_at: datetime
    rule: DeadlineRule
    counts_office_hours: bool = False

    def is_breached(self, now: datetime) -> bool:
        return now > self.due_at

    def remaining(self, now: datetime) -> timedelta:
        """The time left; negative once the deadline has passed."""
        return self.due_at - now


class ExtensionRefused(Exception):
    """A decision's deadline cannot be extended; the message says what is lacking."""


def load_deadline_policy(path: Path = POLICY_FOLDER / "deadlines.yml") -> DeadlinePolicy:
    """Reads the deadlines in force.

    Raises:
        PolicyError: with file, line and mend of everything wrong.
    """
    return load_policy(path, DeadlinePolicy)


@cache
def deadline_policy() -> DeadlinePolicy:
    """The deadlines in force, read once."""
    return load_deadline_policy()


def deadlines_for(
    tier: Tier, now: datetime, policy: DeadlinePolicy, received_at: datetime | None = None
) -> tuple[Deadline, ...]:
    """What must happen by when, from the moment a complaint enters a tier.

    Args:
        tier: the tier entered.
        now: the moment of entering it; aware.
        policy: the deadlines in force.
        received_at: when the complaint was received, if it enters this tier later than that. The legal clock of the
            decision does not start again when a complaint is raised.

    Returns:
        First contact, plan and decision, in this order.
    """
    entered_at = _in_bank_time(now, policy)
    first_received_at = entered_at if received_at is None else _in_bank_time(received_at, policy)
    allowances = policy.tiers[tier]
    return (
        _deadline(DeadlineName.FIRST_CONTACT, allowances.first_contact, entered_at, policy),
        _deadline(DeadlineName.PLAN, allowances.plan, entered_at, policy),
        _deadline(DeadlineName.DECISION, allowances.decision, first_received_at, policy),
    )


def extend_decision(
    decision: Deadline, tier: Tier, now: datetime, policy: DeadlinePolicy, approver: str, customer_is_told: bool
) -> Deadline:
    """Gives a decision more time, once.

    Args:
        decision: the deadline to extend.
        tier: the case's tier.
        now: when the extension is granted; aware.
        policy: the deadlines in force.
        approver: who approved it, by name or staff number.
        customer_is_told: whether the customer has notice of it.

    Returns:
        The new deadline, counted from the old one.

    Raises:
        ExtensionRefused: a condition of the extension is not met.
    """
    if decision.name is not DeadlineName.DECISION:
        raise ExtensionRefused(f"Only a decision's first deadline can be extended, not «{decision.name}».")
    if tier not in policy.extension.tiers:
        raise ExtensionRefused(f"A case of tier «{tier}» cannot be extended; raise its tier first.")
    if decision.is_breached(now):
        raise ExtensionRefused(f"The deadline passed on {decision.due_at.date()}; it cannot be extended afterwards.")
    if not approver.strip():
        raise ExtensionRefused("Nobody is named as the approver; name one.")
    if not customer_is_told:
        raise ExtensionRefused("The customer has no notice of the extension; tell them first.")
    return _deadline(DeadlineName.EXTENDED_DECISION, policy.extension, _in_bank_time(decision.due_at, policy), policy)


def recheck_request_deadline(decided_at: datetime, policy: DeadlinePolicy) -> Deadline:
    """Until when the customer may ask for a re-check of a decision told at `decided_at`."""
    start = _in_bank_time(decided_at, policy)
    return _deadline(DeadlineName.RECHECK_REQUEST, policy.recheck_request, start, policy)


def recheck_decision_deadline(requested_at: datetime, policy: DeadlinePolicy) -> Deadline:
    """Until when a re-check asked for at `requested_at` must be decided."""
    start = _in_bank_time(requested_at, policy)
    return _deadline(DeadlineName.RECHECK_DECISION, policy.recheck_decision, start, policy)


def automatic_closing_at(told_at: datetime, policy: DeadlinePolicy) -> datetime | None:
    """When a case whose result was told at `told_at` closes by itself: as a day begins; None if only people close."""
    if policy.automatic_closing is None:
        return None
    day = _in_bank_time(told_at, policy).date() + timedelta(days=policy.automatic_closing.days + 1)
    return datetime.combine(day, time.min, tzinfo=policy.zone)


def closing_now_told_before(now: datetime, policy: DeadlinePolicy) -> datetime | None:
    """Cases whose result was told before this moment have closed by now: `automatic_closing_at` read backwards."""
    if policy.automatic_closing is None:
        return None
    day = _in_bank_time(now, policy).date() - timedelta(days=policy.automatic_closing.days)
    return datetime.combine(day, time.min, tzinfo=policy.zone)


def say_date(day: date, language: Language) -> str:
    """«12月8日（周二）» or "Tuesday 8 December".

    Args:
        day: the date; for a moment, pass its date in the bank's time zone.
        language: the reader's.
    """
    if language == "zh":
        return f"{day.month}月{day.day}日（周{WEEKDAYS_ZH[day.weekday()]}）"
    return f"{WEEKDAYS_EN[day.weekday()]} {day.day} {MONTHS_EN[day.month - 1]}"


def say_moment(moment: datetime, language: Language) -> str:
    """«11月30日（周一）15:30» or "3:30 pm on Monday 30 November", rounded up to the minute: never before it is due.

    Args:
        moment: in the bank's time zone.
        language: the reader's.
    """
    minute = moment.replace(second=0, microsecond=0)
    if minute < moment:
        minute += timedelta(minutes=1)
    day = say_date(minute.date(), language)
    if language == "zh":
        return f"{day}{minute:%H:%M}"
    return f"{minute.hour % 12 or 12}:{minute:%M} {'am' if minute.hour < 12 else 'pm'} on {day}"


def _deadline(name: DeadlineName, allowance: Allowance, start: datetime, policy: DeadlinePolicy) -> Deadline:
    return Deadline(
        name=name,
        due_at=allowance.ends_at(start, policy.office_hours),
        rule=policy.rules[allowance.rule],
        counts_office_hours=allowance.counts_office_hours,
    )


def _in_bank_time(moment: datetime, policy: DeadlinePolicy) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"{moment!r} has no time zone; pass an aware datetime")
    return moment.astimezone(policy.zone)
