"""Whose complaints a person sees."""

from dataclasses import dataclass

import pytest

from bot.staff.models import Role
from bot.staff.organisation import load_organisation
from bot.staff.permissions import ACTS_OF, Act, may, may_see, may_see_conversation

ORGANISATION = load_organisation()
XUDONG = "HB-WH-WC-01"


@dataclass
class Person:
    role: Role
    unit_code: str


@pytest.mark.parametrize(
    ("unit_code", "outlet_code", "sees"),
    [
        ("HB", XUDONG, True),
        ("HB-WH", XUDONG, True),
        ("HB-WH-WC", XUDONG, True),
        (XUDONG, XUDONG, True),
        ("HB-WH-WC-02", XUDONG, False),
        ("HB-WH-JA", XUDONG, False),
        ("HB-YC", XUDONG, False),
        ("HB-WH-WC-01", "HB-WH-WC", False),
        ("HB-W", XUDONG, False),
        ("HB", None, True),
        ("HB-YC", None, True),
        ("HB-WH-WC", None, False),
        (XUDONG, None, False),
        ("HB", "HB-CLOSED-99", True),
        (XUDONG, "HB-CLOSED-99", False),
    ],
)
@pytest.mark.parametrize("role", [Role.HANDLER, Role.SUPERVISOR])
def test_people_of_a_unit_see_its_own_outlets_and_cities_see_what_is_unassigned(
    role: Role, unit_code: str, outlet_code: str | None, sees: bool
) -> None:
    assert may_see(Person(role, unit_code), outlet_code, ORGANISATION) is sees


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.TASK_FORCE, Role.ADMINISTRATOR])
def test_coordinators_task_force_and_administrators_see_what_is_unassigned_wherever_they_work(role: Role) -> None:
    assert may_see(Person(role, XUDONG), None, ORGANISATION)
    assert not may_see(Person(role, "HB-YC"), XUDONG, ORGANISATION)


def test_a_conversation_without_a_complaint_is_for_everybody_at_the_desk() -> None:
    assert may_see_conversation(Person(Role.HANDLER, "HB-SN-01"), [], ORGANISATION)


def test_one_complaint_of_ones_own_is_enough_to_see_the_conversation() -> None:
    handler = Person(Role.HANDLER, XUDONG)
    assert may_see_conversation(handler, ["HB-YC-XL-01", XUDONG], ORGANISATION)
    assert not may_see_conversation(handler, ["HB-YC-XL-01", None], ORGANISATION)


MAY = {
    #                        handler  supervisor  coordinator  task force  office  analyst  inspector  admin.  auditor
    Act.SEE_CASES:          ("yes",   "yes",      "yes",       "yes",      "yes",  "no",    "yes",     "yes",  "yes"),
    Act.ANSWER:             ("yes",   "yes",      "yes",       "yes",      "yes",  "no",    "no",      "yes",  "no"),
    Act.RESOLVE:            ("yes",   "yes",      "yes",       "yes",      "yes",  "no",    "no",      "yes",  "no"),
    Act.REVEAL:             ("yes",   "yes",      "yes",       "yes",      "yes",  "no",    "no",      "yes",  "no"),
    Act.ASSIGN:             ("no",    "yes",      "yes",       "yes",      "yes",  "no",    "no",      "no",   "no"),
    Act.REASSIGN:           ("no",    "yes",      "yes",       "yes",      "yes",  "no",    "no",      "yes",  "no"),
    Act.APPROVE_PLAN:       ("no",    "yes",      "yes",       "yes",      "yes",  "no",    "no",      "no",   "no"),
    Act.APPROVE_LOWER_TIER: ("no",    "yes",      "yes",       "yes",      "yes",  "no",    "no",      "no",   "no"),
    Act.APPROVE_EXTENSION:  ("no",    "yes",      "yes",       "yes",      "yes",  "no",    "no",      "no",   "no"),
    Act.LISTEN_IN:          ("no",    "yes",      "yes",       "yes",      "yes",  "no",    "no",      "no",   "no"),
    Act.SEE_UNASSIGNED:     ("no",    "no",       "yes",       "yes",      "yes",  "no",    "no",      "yes",  "yes"),
    Act.SEE_FIGURES:        ("no",    "yes",      "yes",       "yes",      "yes",  "yes",   "yes",     "no",   "yes"),
    Act.SEE_AUDIT:          ("no",    "no",       "no",        "no",       "no",   "no",    "no",      "no",   "yes"),
    Act.ADD_STAFF:          ("no",    "no",       "no",        "no",       "no",   "no",    "no",      "yes",  "no"),
    Act.KEEP_REPLIES:       ("no",    "yes",      "yes",       "yes",      "yes",  "no",    "no",      "yes",  "no"),
}  # fmt: skip


def test_the_table_has_every_role_and_every_act() -> None:
    assert set(ACTS_OF) == set(Role)
    assert set(MAY) == set(Act)


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize(("place", "role"), list(enumerate(Role)))
def test_each_role_may_do_what_the_table_says(place: int, role: Role, act: Act) -> None:
    assert may(Person(role, "HB"), act) is (MAY[act][place] == "yes")


@pytest.mark.parametrize("outlet_codes", [[], [None], [XUDONG]])
def test_an_analyst_sees_no_conversation(outlet_codes: list[str | None]) -> None:
    assert not may_see_conversation(Person(Role.ANALYST, "HB"), outlet_codes, ORGANISATION)


@pytest.mark.parametrize("role", [Role.INSPECTOR, Role.AUDITOR])
def test_inspectors_and_auditors_see_their_subtree_and_change_nothing(role: Role) -> None:
    assert may_see(Person(role, "HB-WH"), XUDONG, ORGANISATION)
    assert not may_see(Person(role, "HB-YC"), XUDONG, ORGANISATION)
    assert ACTS_OF[role] <= {Act.SEE_CASES, Act.SEE_UNASSIGNED, Act.SEE_FIGURES, Act.SEE_AUDIT}
