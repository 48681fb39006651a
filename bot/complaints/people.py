"""The people who work on a case, as casework knows them, and which unit answers for which tier.

A unit's code begins with the code of the unit above it (`HB-WH-WC-03` stands below `HB-WH-WC`), so the core can tell
who stands where without knowing the organisation.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from bot.complaints.labels import Label, Tier

LEVELS_OF_TIER = {Tier.ORDINARY: 4, Tier.COMPLEX: 3, Tier.URGENT: 2}
"""How many levels down from the province the unit stands that answers for a tier: outlet, sub-branch, city."""


class CaseRole(Label):
    """In which part a person works on cases, from the outlet up."""

    HANDLER = "handler", "经办人员", "Handler"
    SUPERVISOR = "supervisor", "网点主管", "Outlet supervisor"
    COORDINATOR = "coordinator", "分行协调员", "Coordinator"
    TASK_FORCE = "task_force", "专班成员", "Task force"

    @property
    def rank(self) -> int:
        """0 for a handler, 3 for the task force."""
        return list(CaseRole).index(self)


SETTLED_BY = {
    Tier.ORDINARY: frozenset({CaseRole.HANDLER, CaseRole.SUPERVISOR}),
    Tier.COMPLEX: frozenset({CaseRole.COORDINATOR}),
    Tier.URGENT: frozenset({CaseRole.TASK_FORCE}),
}
"""Whose work the cases of a tier are."""

ANSWERED_FOR_BY = {
    Tier.ORDINARY: CaseRole.SUPERVISOR,
    Tier.COMPLEX: CaseRole.COORDINATOR,
    Tier.URGENT: CaseRole.TASK_FORCE,
}
"""The least role that agrees to what is done at a tier."""


@dataclass(frozen=True)
class Person:
    """A member of staff at work on a case.

    Attributes:
        unit_path: codes of the units from the province down to the person's own.
        names: how a customer may call the person, «李经理».
    """

    id: uuid.UUID
    username: str
    role: CaseRole
    unit_path: tuple[str, ...]
    names: tuple[str, ...] = ()

    @property
    def actor(self) -> str:
        """The person's name in records."""
        return f"staff:{self.username}"

    @property
    def unit_code(self) -> str:
        """The person's own unit."""
        return self.unit_path[-1]

    def answers_for(self, unit_code: str | None) -> bool:
        """Whether the unit is the person's own or stands below it; without a unit, a case is the city's to sort."""
        if unit_code is None:
            return len(self.unit_path) <= LEVELS_OF_TIER[Tier.URGENT]
        return is_within(unit_code, self.unit_code)


@dataclass(frozen=True)
class Candidate(Person):
    """A person who might get a case.

    Attributes:
        open_count: unsettled cases that the person has.
        last_assigned_at: when the person last got one.
        is_absent: on leave, or off shift.
    """

    open_count: int = 0
    last_assigned_at: datetime | None = field(default=None)
    is_absent: bool = False


def responsible_unit(outlet_code: str | None, tier: Tier) -> str | None:
    """The unit that settles a complaint about this outlet at this tier; None while nobody knows the outlet."""
    if outlet_code is None:
        return None
    return "-".join(outlet_code.split("-")[: LEVELS_OF_TIER[tier]])


def unit_above(code: str) -> str | None:
    """The code of the next higher unit; None for the province."""
    return code.rpartition("-")[0] or None


def is_within(code: str, unit: str) -> bool:
    """Whether a unit is the other one, or stands below it."""
    return code == unit or code.startswith(f"{unit}-")
