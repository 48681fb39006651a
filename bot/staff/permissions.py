"""Who may do what at the desk, and whose complaints a person sees."""

from collections.abc import Iterable
from typing import Protocol

from bot.complaints.labels import Label
from bot.staff.models import Role
from bot.staff.organisation import Organisation, UnitLevel, UnknownUnit


class Act(Label):
    """Something that not everybody may do."""

    SEE_CASES = "see_cases", "查看投诉和会话", "See complaints and conversations"
    ANSWER = "answer", "接待客户", "Answer customers"
    RESOLVE = "resolve", "办结投诉", "Resolve complaints"
    REVEAL = "reveal", "查看客户姓名和电话", "See customers' names and telephone numbers"
    ASSIGN = "assign", "分派投诉", "Assign complaints"
    REASSIGN = "reassign", "改派投诉", "Reassign complaints"
    APPROVE_PLAN = "approve_plan", "审批处理方案", "Approve plans"
    APPROVE_LOWER_TIER = "approve_lower_tier", "审批降级", "Approve a lower tier"
    APPROVE_EXTENSION = "approve_extension", "审批延期", "Approve extensions"
    LISTEN_IN = "listen_in", "旁听会话", "Listen in"
    SEE_UNASSIGNED = "see_unassigned", "查看未定网点的投诉", "See complaints without an outlet"
    SEE_FIGURES = "see_figures", "查看统计", "See figures"
    SEE_AUDIT = "see_audit", "查看审计日志", "See the audit log"
    ADD_STAFF = "add_staff", "管理人员", "Manage people"
    KEEP_REPLIES = "keep_replies", "管理快捷回复", "Keep canned replies"


FIRST_CONTACT = frozenset({Act.SEE_CASES, Act.ANSWER, Act.RESOLVE, Act.REVEAL})
"""What whoever settles complaints needs."""

LEADING = FIRST_CONTACT | {
    Act.ASSIGN,
    Act.REASSIGN,
    Act.APPROVE_PLAN,
    Act.APPROVE_LOWER_TIER,
    Act.APPROVE_EXTENSION,
    Act.LISTEN_IN,
    Act.SEE_FIGURES,
    Act.KEEP_REPLIES,
}
"""What whoever answers for others' work needs. Nobody approves what they asked for; the use cases see to that."""

ACTS_OF: dict[Role, frozenset[Act]] = {
    Role.HANDLER: FIRST_CONTACT,
    Role.SUPERVISOR: LEADING,
    Role.COORDINATOR: LEADING | {Act.SEE_UNASSIGNED},
    Role.TASK_FORCE: LEADING | {Act.SEE_UNASSIGNED},
    Role.OFFICE_SUPERVISOR: LEADING | {Act.SEE_UNASSIGNED},
    Role.ANALYST: frozenset({Act.SEE_FIGURES}),
    Role.INSPECTOR: frozenset({Act.SEE_CASES, Act.SEE_FIGURES}),
    # Whoever is first to sign in tries the desk out alone, so administrators answer too.
    Role.ADMINISTRATOR: FIRST_CONTACT | {Act.REASSIGN, Act.SEE_UNASSIGNED, Act.ADD_STAFF, Act.KEEP_REPLIES},
    Role.AUDITOR: frozenset({Act.SEE_CASES, Act.SEE_UNASSIGNED, Act.SEE_FIGURES, Act.SEE_AUDIT}),
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
    if not may(person, Act.SEE_CASES):
        return False
    try:
        units_above = {unit.code for unit in organisation.path(outlet_code)} if outlet_code else set()
    except UnknownUnit:
        units_above = set()
    if units_above:
        return person.unit_code in units_above
    return sorts_unplaced(person, organisation)


def sorts_unplaced(person: Placed, organisation: Organisation) -> bool:
    """Whether complaints about which nobody knows the outlet yet are the person's to look after."""
    return may(person, Act.SEE_UNASSIGNED) or _level_of(person, organisation) in LEVELS_THAT_SEE_UNASSIGNED


def may_see_conversation(person: Placed, outlet_codes: Iterable[str | None], organisation: Organisation) -> bool:
    """Whether the person may see a conversation in which complaints about these outlets were told.

    One complaint that the person may see is enough; a conversation without any is for everybody who sees complaints.
    """
    codes = list(outlet_codes)
    if not codes:
        return may(person, Act.SEE_CASES)
    return any(may_see(person, code, organisation) for code in codes)


def _level_of(person: Placed, organisation: Organisation) -> UnitLevel | None:
    try:
        return organisation.find(person.unit_code).level
    except UnknownUnit:
        return None
