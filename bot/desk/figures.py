"""The figures of a unit and all below it, for each unit and each person: put together, and as CSV."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Float, Select, and_, cast, func, literal, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.figures import (
    NOT_COUNTED,
    Group,
    Kept,
    Level,
    OpenCases,
    Period,
    Promise,
    Scope,
    by_group,
    deadlines_kept,
    group_of,
    open_cases,
)
from bot.complaints.labels import Language, Tier
from bot.complaints.lifecycle import SETTLED
from bot.complaints.models import Complaint
from bot.conversations.models import Author, Conversation, Holder, Message
from bot.desk.csv_file import MARK, csv_line
from bot.desk.words import word
from bot.staff.administration import BANK_TIME
from bot.staff.models import StaffMember
from bot.staff.organisation import Organisation, UnknownUnit
from bot.staff.permissions import Placed, sorts_unplaced

PERIODS_IN_DAYS = (7, 30, 90)
USUAL_DAYS = 30
NOTHING_DUE: Mapping[Promise, Kept] = dict.fromkeys(Promise, Kept())


@dataclass(frozen=True)
class ChosenPeriod:
    """The days that a person looks at, by the bank's clock, both included.

    Args:
        days: one of `PERIODS_IN_DAYS` that end today; 0 for days of one's own.
    """

    first: date
    last: date
    days: int

    @classmethod
    def asked(cls, parameters: Mapping[str, str], *, now: datetime) -> "ChosenPeriod":
        """The period in an address; the usual one where there is none that can be read."""
        today = now.astimezone(BANK_TIME).date()
        first, last = _day(parameters.get("since", "")), _day(parameters.get("until", ""))
        if first is not None and first <= (last or today):
            return cls(first, last or today, 0)
        days = next((days for days in PERIODS_IN_DAYS if parameters.get("days") == str(days)), USUAL_DAYS)
        return cls(today - timedelta(days=days - 1), today, days)

    @property
    def period(self) -> Period:
        """The same as moments."""
        return Period(_start_of(self.first), _start_of(self.last + timedelta(days=1)))

    @property
    def query(self) -> str:
        """The period as a part of an address."""
        return f"days={self.days}" if self.days else f"since={self.first}&until={self.last}"


@dataclass(frozen=True)
class Figures:
    """What the page says of a group.

    Attributes:
        first_answer: the median time from a case's opening to the first word of a person.
        waiting: customers who wait for a person now.
        rating: the mean of 1 to 5.
    """

    open: OpenCases = field(default_factory=OpenCases)
    kept: Mapping[Promise, Kept] = field(default_factory=lambda: NOTHING_DUE)
    first_answer: timedelta | None = None
    waiting: int = 0
    rating: float | None = None
    ratings_count: int = 0

    @property
    def all_kept(self) -> Kept:
        """Every date, of whatever it asked for."""
        return Kept(sum(kept.met for kept in self.kept.values()), sum(kept.due for kept in self.kept.values()))


Sheet = dict[Group, Figures]


def scope_of(person: Placed, organisation: Organisation) -> Scope:
    """Whose figures a person sees: those of their own unit and all below."""
    return Scope(person.unit_code, includes_unplaced=sorts_unplaced(person, organisation))


async def read_sheet(session: AsyncSession, scope: Scope, period: Period, *, now: datetime) -> Sheet:
    """All figures of a scope. No text, name or number of a customer is read."""
    opened = await open_cases(session, scope, now=now)
    kept = await deadlines_kept(session, scope, period, now=now)
    first_answers = await _read(session, _first_answers(scope, period))
    waiting = await _read(session, _waiting(scope))
    ratings = await _read(session, _ratings(scope, period))
    return {
        group: Figures(
            opened.get(group, OpenCases()),
            kept.get(group, NOTHING_DUE),
            *first_answers.get(group, (None,)),
            *waiting.get(group, (0,)),
            *ratings.get(group, (None, 0)),
        )
        for group in {**opened, **kept, **first_answers, **waiting, **ratings}
    }


async def _read(session: AsyncSession, query: Select[Any]) -> dict[Group, tuple[Any, ...]]:
    return {group_of(*row[:3]): tuple(row[3:]) for row in await session.execute(query)}


def _first_answers(scope: Scope, period: Period) -> Select[Any]:
    """How long it took until a person spoke in the cases opened in the period, counted for whoever spoke."""
    first = (
        select(Message.staff_id, Message.sent_at)
        .where(
            Message.conversation_id == Complaint.conversation_id,
            Message.author == Author.STAFF,
            Message.sent_at >= Complaint.opened_at,
        )
        .order_by(Message.id)
        .limit(1)
        .lateral()
    )
    answered = (
        select(Complaint.unit_code, first.c.staff_id, (first.c.sent_at - Complaint.opened_at).label("took"))
        .join(first, true())
        .where(period.has(Complaint.opened_at), scope.covers(Complaint.unit_code), Complaint.state.not_in(NOT_COUNTED))
        .subquery()
    )
    median = func.percentile_cont(0.5).within_group(answered.c.took)
    return by_group(answered.c.unit_code, answered.c.staff_id, median)


def _waiting(scope: Scope) -> Select[Any]:
    """Customers in the queue, by the newest unsettled case of each; without a case they are nobody's yet."""
    newest = (
        select(Complaint.unit_code, Complaint.handler_id)
        .where(Complaint.conversation_id == Conversation.id, Complaint.state.not_in(SETTLED))
        .order_by(Complaint.opened_at.desc())
        .limit(1)
        .lateral()
    )
    waiting = (
        select(newest.c.unit_code, newest.c.handler_id)
        .select_from(Conversation)
        .outerjoin(newest, true())
        .where(Conversation.holder == Holder.QUEUE, scope.covers(newest.c.unit_code))
        .subquery()
    )
    return by_group(waiting.c.unit_code, waiting.c.handler_id, func.count())


def _ratings(scope: Scope, period: Period) -> Select[Any]:
    """Ratings count for whoever settled the case and their unit: a bad one reopens it with somebody else."""
    rated = (
        select(StaffMember.unit_code, StaffMember.id, Complaint.rating)
        .join(Complaint, Complaint.resolved_by == literal("staff:") + StaffMember.username)
        .where(and_(period.has(Complaint.rated_at), Complaint.rating.is_not(None), scope.covers(StaffMember.unit_code)))
        .subquery()
    )
    mean = cast(func.avg(rated.c.rating), Float)
    return by_group(rated.c.unit_code, rated.c.id, mean, func.count())


COLUMNS = (
    "level",
    "code",
    "name",
    "open_ordinary",
    "open_complex",
    "open_urgent",
    "overdue",
    "due_soon",
    *(f"{promise}_{part}" for promise in Promise for part in ("met", "due", "share")),
    "all_met",
    "all_due",
    "all_share",
    "first_answer_minutes",
    "waiting",
    "rating",
    "ratings_count",
)


def as_csv(
    sheet: Sheet, people: Mapping[uuid.UUID, StaffMember], organisation: Organisation, language: Language
) -> Iterator[bytes]:
    """The figures as CSV: all together, then units, then people. The mark at the beginning lets Excel read Chinese."""
    yield MARK + csv_line(COLUMNS)
    for group in sorted(sheet, key=lambda group: (list(Level).index(group[0]), str(group[1] or ""))):
        code, name = name_of(group, people, organisation, language)
        yield csv_line((group[0].value, code, name, *_cells(sheet[group])))


def name_of(
    group: Group, people: Mapping[uuid.UUID, StaffMember], organisation: Organisation, language: Language
) -> tuple[str, str]:
    """The unit's code or the person's username, and how the group is called."""
    level, key = group
    if level is Level.OVERALL:
        return "", word("figures_overall", language)
    if key is None:
        return "", word("no_unit_yet" if level is Level.UNIT else "nobody_yet_assigned", language)
    if isinstance(key, uuid.UUID):
        member = people.get(key)
        return (member.username, member.name) if member else ("", "?")
    try:
        return key, organisation.find(key).display_name(language)
    except UnknownUnit:
        return key, key


def _cells(figures: Figures) -> Iterator[str]:
    yield from (str(figures.open.by_tier[tier]) for tier in Tier)
    yield str(figures.open.overdue)
    yield str(figures.open.due_soon)
    for kept in (*figures.kept.values(), figures.all_kept):
        yield str(kept.met)
        yield str(kept.due)
        yield _rounded(kept.share, 3)
    yield _rounded(figures.first_answer / timedelta(minutes=1) if figures.first_answer is not None else None, 1)
    yield str(figures.waiting)
    yield _rounded(figures.rating, 2)
    yield str(figures.ratings_count)


def _rounded(value: float | None, places: int) -> str:
    return "" if value is None else f"{value:.{places}f}"


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year < 3000 else None


def _start_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=BANK_TIME)
