"""The line of people who are called for a customer that must not wait: the nearest first. Pure."""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from bot.alarms.models import Way
from bot.staff.models import Role
from bot.staff.organisation import Organisation, UnitLevel, UnknownUnit
from bot.staff.permissions import LEVELS_THAT_SEE_UNASSIGNED, Act, may, may_see


@dataclass
class Person:
    """Somebody who may be called.

    Attributes:
        ways: by which they can be reached now.
        is_on_duty: whether they are neither absent nor off shift.
    """

    id: uuid.UUID
    role: Role
    unit_code: str
    ways: frozenset[Way]
    is_on_duty: bool = True


Line = tuple[tuple[Person, ...], ...]
"""Who is called together, step by step."""


def line_of(people: Iterable[Person], outlet_code: str | None, organisation: Organisation) -> Line:
    """Who is called, and in which order, for a customer of this outlet.

    The outlet's people come first, and with them the city's task force, which settles what is urgent; then the branch,
    the city, the province, and those who look after the system. If none of them comes, people off duty are called in
    the same order. While nobody knows the outlet, only cities and province are called.

    A step where nobody can be reached is left out. One that only pages of the desk would show is called together with
    the next: a sign-in lasts for hours, and nobody may be looking.

    Args:
        people: everybody at work for the bank.
        outlet_code: the outlet complained about; None, or a code that is no longer in use, while nobody knows which.

    Returns:
        The steps, none of them empty; nothing if nobody who may answer can be reached.
    """
    steps: dict[tuple[bool, bool, int], list[Person]] = defaultdict(list)
    for person in _who_may_come(people, outlet_code, organisation):
        steps[_rank(person, organisation)].append(person)
    return _heard_outside(tuple(steps[rank]) for rank in sorted(steps))


def _who_may_come(people: Iterable[Person], outlet_code: str | None, organisation: Organisation) -> list[Person]:
    able = [
        person
        for person in people
        if person.ways and may(person, Act.ANSWER) and may_see(person, outlet_code, organisation)
    ]
    if _is_known(outlet_code, organisation):
        return able
    return [person for person in able if _level_of(person, organisation) in LEVELS_THAT_SEE_UNASSIGNED]


def _rank(person: Person, organisation: Organisation) -> tuple[bool, bool, int]:
    """Where a person stands in the line: on duty before off duty, administrators after the others, then the nearest."""
    level = organisation.find(person.unit_code).level
    is_citys_task_force = person.role is Role.TASK_FORCE and level is UnitLevel.CITY
    steps_up = 0 if is_citys_task_force else UnitLevel.OUTLET.depth - level.depth
    return not person.is_on_duty, person.role is Role.ADMINISTRATOR, steps_up


def _heard_outside(steps: Iterable[tuple[Person, ...]]) -> Line:
    joined: list[tuple[Person, ...]] = []
    only_at_desk: tuple[Person, ...] = ()
    for step in steps:
        if any(person.ways - {Way.DESK} for person in step):
            joined.append(only_at_desk + step)
            only_at_desk = ()
        else:
            only_at_desk += step
    if only_at_desk:
        joined[-1:] = [sum(joined[-1:], ()) + only_at_desk]
    return tuple(joined)


def _level_of(person: Person, organisation: Organisation) -> UnitLevel | None:
    return organisation.find(person.unit_code).level if _is_known(person.unit_code, organisation) else None


def _is_known(code: str | None, organisation: Organisation) -> bool:
    try:
        return code is not None and bool(organisation.find(code))
    except UnknownUnit:
        return False
