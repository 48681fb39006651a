"""How far a unit sees: its own complaints and those of all units below it."""

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import InstrumentedAttribute

from bot.staff.organisation import organisation
from bot.staff.permissions import LEVELS_THAT_SEE_UNASSIGNED

OutletColumn = InstrumentedAttribute[str | None]


def codes_below(unit_code: str) -> frozenset[str]:
    """The codes of a unit and of all below it; none for a unit that is no longer in the organisation."""
    units = organisation()
    if unit_code not in {unit.code for unit in units.units}:
        return frozenset()
    return frozenset(unit.code for unit in units.subtree(unit_code))


def within_reach(outlet: OutletColumn, unit_code: str) -> ColumnElement[bool]:
    """The condition under which a unit sees what concerns an outlet.

    What concerns no outlet, or one whose code is no longer in use, is seen by province and cities, as at the desk.
    """
    codes = codes_below(unit_code)
    is_below = outlet.in_(codes)
    if not codes or organisation().find(unit_code).level not in LEVELS_THAT_SEE_UNASSIGNED:
        return is_below
    return or_(is_below, outlet.is_(None), outlet.not_in([unit.code for unit in organisation().units]))
