"""A settled case is closed: a checklist asks what the bank learns from it."""

from collections.abc import Iterable
from datetime import timedelta

from bot.complaints.closing import (
    DAYS_TO_RECTIFY,
    Checklist,
    Rectification,
    add_checklist,
    close,
    lacks_checklist,
    may_be_closed,
)
from bot.complaints.deadlines import deadline_policy
from bot.complaints.labels import RootCause
from bot.complaints.lifecycle import CaseStep
from bot.desk.acts.offers import CASE_ACTS, CaseAtHand, Field, Offer, Unfilled, Values
from bot.desk.words import word
from bot.staff.organisation import organisation
from bot.staff.permissions import Act


def _close(case: CaseAtHand) -> Iterable[Offer]:
    is_theirs = case.may(Act.RESOLVE) and case.works_on_cases
    if is_theirs and case.can(CaseStep.CLOSE) and may_be_closed(case.complaint, now=case.now):
        yield Offer(place="end", fields=_checklist(case), tone="primary")


def _checklist(case: CaseAtHand) -> tuple[Field, ...]:
    causes = tuple((cause.value, cause.display_name(case.language)) for cause in RootCause)
    told = tuple((name, word(f"close_{name}", case.language)) for name in ("told", "unreachable"))
    mending = tuple((name, word(f"close_{name}", case.language)) for name in ("nothing_to_rectify", "to_rectify"))
    days = tuple((str(count), word("in_days", case.language, count=count)) for count in DAYS_TO_RECTIFY)
    return (
        Field("root_cause", "choice", options=causes),
        Field("told", "choice", options=told),
        Field("mending", "choice", options=mending),
        Field("rectification", is_required=False),
        Field("unit", "choice", is_required=False, options=_units(case)),
        Field("days", "choice", is_required=False, options=days),
        Field("note", "line", is_required=False),
    )


def _units(case: CaseAtHand) -> tuple[tuple[str, str], ...]:
    units = organisation().in_line(case.complaint.outlet_code)
    return tuple((unit.code, unit.display_name(case.language)) for unit in units)


@CASE_ACTS.act("close", _close)
async def _do_close(case: CaseAtHand, _target: str, values: Values) -> None:
    await close(case.session, case.complaint, _answers(case, values), actor=case.actor, now=case.now)


def _add_checklist(case: CaseAtHand) -> Iterable[Offer]:
    """For what closed by itself, or by another system before that was asked for the checklist."""
    is_theirs = case.may(Act.RESOLVE) and case.works_on_cases
    if is_theirs and lacks_checklist(case.complaint, case.closings):
        yield Offer(place="end", fields=_checklist(case), tone="primary")


@CASE_ACTS.act("add_checklist", _add_checklist)
async def _do_add_checklist(case: CaseAtHand, _target: str, values: Values) -> None:
    await add_checklist(case.session, case.complaint, _answers(case, values), actor=case.actor, now=case.now)


def _answers(case: CaseAtHand, values: Values) -> Checklist:
    return Checklist(
        root_cause=RootCause(values["root_cause"]),
        is_customer_told=values["told"] == "told",
        rectification=_rectification(case, values) if values["mending"] == "to_rectify" else None,
        note=values["note"],
    )


def _rectification(case: CaseAtHand, values: Values) -> Rectification:
    for name in ("rectification", "unit", "days"):
        if not values[name]:
            raise Unfilled(name)
    due_on = case.now.astimezone(deadline_policy().zone).date() + timedelta(days=int(values["days"]))
    return Rectification(values["rectification"], values["unit"], due_on)
