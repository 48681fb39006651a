"""Who may do what at the desk, and whose complaints a person sees."""

from collections.abc import Iterable
from typing import Protocol

from bot.complaints.labels import Label
from bot.staff.models import Role
from bot.staff.organisation import Organisation, UnitLevel, UnknownUnit


class Act(Label):
    """Something that not everybody may do."""

    ANSWER = "answer", "接待客户", "Answer customers"
    RESOLVE = "resolve", "办结投诉", "Resolve complaints"
    SEE_UNASSIGNED = "see_unassigned", "查看未定网点的投诉", "See complaints without an outlet"
    ADD_STAFF = "add_staff", "添加人员", "Add staff"


ACTS_OF: dict[Role, frozenset[Act]] = {
    Role.HANDLER: frozenset({Act.ANSWER, Act.RESOLVE}),
    Role.SUPERVISOR: frozenset({Act.ANSWER, Act.RESOLVE}),
    Role.COORDINATOR: frozenset({Act.ANSWER, Act.RESOLVE, Act.SEE_UNASSIGNED}),
    Role.TASK_FORCE: frozenset({Act.ANSWER, Act.RESOLVE, Act.SEE_UNASSIGNED}),
    Role.ADMINISTRATOR: frozenset({Act.ANSWER, Act.RESOLVE, Act.SEE_UNASSIGNED, Act.ADD_STAFF}),
}
"""What each role may do, wherever the person may look."""

LEVELS_THAT_SEE_UNASSIGNED = frozenset({UnitLevel.PROVINCE, UnitLevel.CITY})
"""Units that find out which outlet a complaint belongs to; all their people see those that have none yet."""


class Placed(Protocol):
    """A person with a role at a unit."""

    role: Role
    unit_code: str


def may(person: Placed, act: Act) -> bool:
    """Whether the person's role allows the act."""
    return act in ACTS_OF[person.role]


def may_see(person: Placed, outlet_code: str | None, organisation: Organisation) -> bool:
    """Whether the person may see a complaint about this outlet.

    Args:
        outlet_code: the outlet complained about; None, or a code that is no longer in use, while nobody knows which.
    """
    try:
        units_above = {unit.code for unit in organisation.path(outlet_code)} if outlet_code else set()
    except UnknownUnit:
        units_above = set()
    if units_above:
        return person.unit_code in units_above
    return may(person, Act.SEE_UNASSIGNED) or _level_of(person, organisation) in LEVELS_THAT_SEE_UNASSIGNED


def may_see_conversation(person: Placed, outlet_codes: Iterable[str | None], organisation: Organisation) -> bool:
    """Whether the person may see a conversation in which complaints about these outlets were told.

    One complaint that the person may see is enough; a conversation without any is for everybody at the desk.
    """
    codes = list(outlet_codes)
    return not codes or any(may_see(person, code, organisation) for code in codes)


def _level_of(person: Placed, organisation: Organisation) -> UnitLevel | None:
    try:
        return organisation.find(person.unit_code).level
    except UnknownUnit:
        return None
