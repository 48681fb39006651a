"""What may stand in the way of an act although it was offered: mostly that somebody else was quicker."""

from bot.complaints.approvals import AlreadyAsked, NotAwaited, NotLower
from bot.complaints.assignment import MustAvoid, NotOfTaskForce
from bot.complaints.authority import NeedsSomebodyElse, NotTheirDecision
from bot.complaints.closing import HasItsChecklist, TooEarlyToClose
from bot.complaints.deadlines import ExtensionRefused
from bot.complaints.family import FamilyIsSettled, FamilyRefused, HasChildren, HasParent, OneLevelOnly, OpenChildren
from bot.complaints.lifecycle import IllegalStep
from bot.complaints.links import LinkRefused
from bot.complaints.models import CaseIsSettled
from bot.complaints.plans import PlanNotReady
from bot.complaints.rechecks import RecheckRefused
from bot.complaints.tasks import TaskIsOver, TaskRefused
from bot.complaints.tiers import NotHigher
from bot.desk.acts.offers import NoSuchCase, NotOffered, TakeOverFirst
from bot.staff.candidates import NotOnCases

REFUSALS = (
    AlreadyAsked, CaseIsSettled, ExtensionRefused, FamilyRefused, HasChildren, HasItsChecklist, IllegalStep,
    LinkRefused, MustAvoid, NeedsSomebodyElse, NoSuchCase, NotAwaited, NotHigher, NotLower, NotOffered,
    NotOfTaskForce, NotOnCases, NotTheirDecision, OpenChildren, PlanNotReady, RecheckRefused, TakeOverFirst,
    TaskIsOver, TaskRefused, TooEarlyToClose,
)  # fmt: skip

SAID_OF_REFUSALS = {
    MustAvoid: "must_avoid",
    TakeOverFirst: "take_over_first",
    AlreadyAsked: "already_asked",
    NoSuchCase: "no_such_case",
    HasParent: "has_parent",
    OneLevelOnly: "one_level_only",
    FamilyIsSettled: "family_is_settled",
    OpenChildren: "open_children",
    HasChildren: "has_children",
}
"""The word for refusals that have one of their own."""
