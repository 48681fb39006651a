"""Figures of cases and of the dates that the bank owes, by unit and by person, counted by the database."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.deadlines import DeadlineName
from bot.complaints.labels import Label, Tier
from bot.complaints.lifecycle import SETTLED, State
from bot.complaints.models import Complaint, DeadlineRecord

DUE_SOON = timedelta(days=1)
NOT_COUNTED = (State.WITHDRAWN, State.MERGED)


class Promise(Label):
    """What the bank owes by a date, as the figures tell it apart."""

    FIRST_CONTACT = "first_contact", "首次联系", "First contact"
    PLAN = "plan", "提出方案", "Plan"
    DECISION = "decision", "处理决定", "Decision"
    RECHECK = "recheck", "核查决定", "Re-check"


DEADLINES_OF = {
    Promise.FIRST_CONTACT: (DeadlineName.FIRST_CONTACT,),
    Promise.PLAN: (DeadlineName.PLAN,),
    Promise.DECISION: (DeadlineName.DECISION, DeadlineName.EXTENDED_DECISION),
    Promise.RECHECK: (DeadlineName.RECHECK_DECISION,),
}


class Level(StrEnum):
    """For whom a figure is: all of the scope, one unit, or one person."""

    OVERALL = "overall"
    UNIT = "unit"
    PERSON = "person"


Group = tuple[Level, str | uuid.UUID | None]
"""A level, and the unit's code or the person's id; None for cases that no unit, or nobody, has."""

OVERALL: Group = (Level.OVERALL, None)


@dataclass(frozen=True)
class Scope:
    """A unit and all below it.

    Attributes:
        includes_unplaced: whether what no unit has yet belongs to it.
    """

    unit_code: str
    includes_unplaced: bool = False

    def covers(self, unit: SQLColumnExpression[str | None]) -> ColumnElement[bool]:
        """Whether a unit, as a column, is of this scope."""
        within = or_(unit == self.unit_code, unit.startswith(f"{self.unit_code}-", autoescape=True))
        return or_(within, unit.is_(None)) if self.includes_unplaced else within


@dataclass(frozen=True)
class Period:
    """A time, its end not included."""

    since: datetime
    until: datetime

    def has(self, moment: SQLColumnExpression[datetime] | SQLColumnExpression[datetime | None]) -> ColumnElement[bool]:
        """Whether a moment, as a column, is in it."""
        return and_(moment >= self.since, moment < self.until)


@dataclass(frozen=True)
class OpenCases:
    """Unsettled cases at present: how many of each tier, late for some date, and due within a day."""

    by_tier: dict[Tier, int] = field(default_factory=lambda: dict.fromkeys(Tier, 0))
    overdue: int = 0
    due_soon: int = 0


@dataclass(frozen=True)
class Kept:
    """How many of the dates that came were kept."""

    met: int = 0
    due: int = 0

    @property
    def share(self) -> float | None:
        """0 to 1; None while no date has come."""
        return self.met / self.due if self.due else None


async def open_cases(session: AsyncSession, scope: Scope, *, now: datetime) -> dict[Group, OpenCases]:
    """The unsettled cases of the scope's units and of whoever has them."""
    due_at = (
        select(func.min(DeadlineRecord.due_at))
        .where(DeadlineRecord.complaint_id == Complaint.id, DeadlineRecord.met_at.is_(None))
        .scalar_subquery()
    )
    case = (
        select(Complaint.unit_code, Complaint.handler_id, Complaint.tier, due_at.label("due_at"))
        .where(Complaint.state.not_in(SETTLED), scope.covers(Complaint.unit_code))
        .subquery()
    )
    query = by_group(
        case.c.unit_code,
        case.c.handler_id,
        *(func.count().filter(case.c.tier == tier) for tier in Tier),
        func.count().filter(case.c.due_at < now),
        func.count().filter(case.c.due_at >= now, case.c.due_at < now + DUE_SOON),
    )
    return {
        group_of(*row[:3]): OpenCases(dict(zip(Tier, row[3:-2], strict=True)), *row[-2:])
        for row in await session.execute(query)
    }


async def deadlines_kept(
    session: AsyncSession, scope: Scope, period: Period, *, now: datetime
) -> dict[Group, dict[Promise, Kept]]:
    """How many of the dates that came in a period were met, for each thing that the bank owes.

    A date counts in the period in which it comes, and not before it has come: it is met if what it asks for was done by
    then, and missed if not, whatever was done later. A date that was extended counts as it was agreed, once, at its new
    time. It counts for the unit and the person whose it was when it was met or missed, though the case may have gone
    to others since. Cases that were withdrawn or merged into another leave the figure.
    """
    date = (
        select(DeadlineRecord.unit_code, DeadlineRecord.handler_id, DeadlineRecord.name, _is_met().label("is_met"))
        .join(Complaint, Complaint.id == DeadlineRecord.complaint_id)
        .where(
            period.has(DeadlineRecord.due_at),
            DeadlineRecord.due_at <= now,
            scope.covers(DeadlineRecord.unit_code),
            Complaint.state.not_in(NOT_COUNTED),
        )
        .subquery()
    )
    counts = [
        func.count().filter(date.c.name.in_(names), *conditions)
        for names in DEADLINES_OF.values()
        for conditions in ([date.c.is_met], [])
    ]
    query = by_group(date.c.unit_code, date.c.handler_id, *counts)
    return {
        group_of(*row[:3]): {
            promise: Kept(met, due) for promise, met, due in zip(DEADLINES_OF, row[3::2], row[4::2], strict=True)
        }
        for row in await session.execute(query)
    }


def by_group(unit: ColumnElement[Any], person: ColumnElement[Any], *measures: ColumnElement[Any]) -> Select[Any]:
    """The measures for each unit, each person and all together; the first three columns go to `group_of`."""
    sets = func.grouping_sets(tuple_(unit), tuple_(person), tuple_())
    return select(func.grouping(unit, person), unit, person, *measures).group_by(sets)


def group_of(left_out: int, unit: str | None, person: uuid.UUID | None) -> Group:
    """Which group a line of `by_group` is about.

    Args:
        left_out: what PostgreSQL's GROUPING says: 1 where the person, 2 where the unit was left out, 3 for both.
    """
    return {1: (Level.UNIT, unit), 2: (Level.PERSON, person), 3: OVERALL}[left_out]


def _is_met() -> ColumnElement[bool]:
    return func.coalesce(DeadlineRecord.met_at <= DeadlineRecord.due_at, False)
