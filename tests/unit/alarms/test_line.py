"""Who is called for a customer that must not wait, and in which order."""

import uuid

import pytest

from bot.alarms.line import Line, Person, line_of
from bot.alarms.models import Way
from bot.staff.models import Role
from bot.staff.organisation import organisation

OUTLET = "HB-WH-WC-03"
BRANCH = "HB-WH-WC"
CITY = "HB-WH"
PROVINCE = "HB"
BY_MAIL = frozenset({Way.EMAIL})

NAMES: dict[uuid.UUID, str] = {}


def a_person(
    name: str, role: Role, unit_code: str, ways: frozenset[Way] = BY_MAIL, *, is_on_duty: bool = True
) -> Person:
    person = Person(uuid.uuid4(), role, unit_code, ways, is_on_duty)
    NAMES[person.id] = name
    return person


def names(line: Line) -> list[list[str]]:
    return [[NAMES[person.id] for person in step] for step in line]


HANDLER = a_person("handler", Role.HANDLER, OUTLET)
SUPERVISOR = a_person("supervisor", Role.SUPERVISOR, OUTLET)
NEIGHBOUR = a_person("neighbour", Role.SUPERVISOR, "HB-WH-WC-01")
COORDINATOR = a_person("coordinator", Role.COORDINATOR, BRANCH)
CITY_FORCE = a_person("city's task force", Role.TASK_FORCE, CITY)
CITY_DESK = a_person("city", Role.COORDINATOR, CITY)
OTHER_CITY = a_person("other city's task force", Role.TASK_FORCE, "HB-HS")
PROVINCE_FORCE = a_person("province's task force", Role.TASK_FORCE, PROVINCE)
ADMINISTRATOR = a_person("administrator", Role.ADMINISTRATOR, PROVINCE)
UNREACHABLE = a_person("unreachable", Role.HANDLER, OUTLET, frozenset())
OFF_DUTY = a_person("off duty", Role.HANDLER, OUTLET, is_on_duty=False)
OFF_DUTY_AT_THE_BRANCH = a_person("off duty at the branch", Role.COORDINATOR, BRANCH, is_on_duty=False)
AT_THE_DESK = a_person("at the desk", Role.HANDLER, OUTLET, frozenset({Way.DESK}))
CITY_AT_THE_DESK = a_person("city at the desk", Role.COORDINATOR, CITY, frozenset({Way.DESK}))
OF_A_CLOSED_UNIT = a_person("of a closed unit", Role.SUPERVISOR, "HB-XX")
EVERYBODY = [
    ADMINISTRATOR,
    CITY_DESK,
    CITY_FORCE,
    COORDINATOR,
    HANDLER,
    NEIGHBOUR,
    OF_A_CLOSED_UNIT,
    OFF_DUTY,
    OTHER_CITY,
    PROVINCE_FORCE,
    SUPERVISOR,
    UNREACHABLE,
]


@pytest.mark.parametrize(
    ("people", "outlet_code", "line"),
    [
        pytest.param(
            EVERYBODY,
            OUTLET,
            [
                ["city's task force", "handler", "supervisor"],
                ["coordinator"],
                ["city"],
                ["province's task force"],
                ["administrator"],
                ["off duty"],
            ],
            id="from the outlet and the city's task force up to the province, then whoever looks after the system",
        ),
        pytest.param(
            [COORDINATOR, PROVINCE_FORCE], OUTLET, [["coordinator"], ["province's task force"]], id="no empty step"
        ),
        pytest.param(
            [HANDLER, COORDINATOR, CITY_DESK], BRANCH, [["coordinator"], ["city"]], id="a branch complained about"
        ),
        pytest.param(
            EVERYBODY,
            None,
            [["city's task force", "other city's task force"], ["city"], ["province's task force"], ["administrator"]],
            id="nobody knows the outlet yet",
        ),
        pytest.param(
            [HANDLER, CITY_DESK], "HB-WH-WC-99", [["city"]], id="an outlet that is gone is one that nobody knows"
        ),
        pytest.param([UNREACHABLE, OF_A_CLOSED_UNIT], OUTLET, [], id="nobody can be reached"),
        pytest.param(
            [OFF_DUTY, OFF_DUTY_AT_THE_BRANCH, PROVINCE_FORCE],
            OUTLET,
            [["province's task force"], ["off duty"], ["off duty at the branch"]],
            id="whoever is off duty is left in peace until nobody on duty has come",
        ),
        pytest.param([OFF_DUTY, UNREACHABLE], OUTLET, [["off duty"]], id="nobody is on duty"),
        pytest.param(
            [AT_THE_DESK, COORDINATOR, CITY_DESK],
            OUTLET,
            [["at the desk", "coordinator"], ["city"]],
            id="a step that only a page shows is called with the next: nobody may be looking at it",
        ),
        pytest.param(
            [COORDINATOR, CITY_AT_THE_DESK],
            OUTLET,
            [["coordinator", "city at the desk"]],
            id="the last step, if only a page shows it, is called with the one before",
        ),
        pytest.param(
            [AT_THE_DESK, CITY_AT_THE_DESK],
            OUTLET,
            [["at the desk", "city at the desk"]],
            id="where there are only pages, all of them show it at once",
        ),
        pytest.param([], OUTLET, [], id="nobody at all"),
    ],
)
def test_the_nearest_are_called_first(people: list[Person], outlet_code: str | None, line: list[list[str]]) -> None:
    assert names(line_of(people, outlet_code, organisation())) == line
