"""Who gets a case, and who must not."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot.tables  # noqa: F401 - a complaint refers to tables of other rooms
from bot.complaints.assignment import choose_handler, is_about
from bot.complaints.labels import Cause, Signal, Tier
from bot.complaints.models import Complaint, Fact
from bot.complaints.people import Candidate, CaseRole, is_within, responsible_unit, unit_above

OUTLET = "HB-WH-WC-03"
NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


def path_of(code: str) -> tuple[str, ...]:
    parts = code.split("-")
    return tuple("-".join(parts[: count + 1]) for count in range(len(parts)))


def a_person(username: str, role: CaseRole = CaseRole.HANDLER, unit: str = OUTLET, **other: Any) -> Candidate:
    return Candidate(id=uuid.uuid4(), username=username, role=role, unit_path=path_of(unit), **other)


def a_case(
    tier: Tier = Tier.ORDINARY, *, outlet: str | None = OUTLET, story: str = "卡被吞了", **other: Any
) -> Complaint:
    known: dict[str, Any] = {"facts": [], "signals": [], "cause": Cause.SYSTEMS_AND_EQUIPMENT}
    return Complaint(
        tier=tier, outlet_code=outlet, unit_code=responsible_unit(outlet, tier), story=story, **(known | other)
    )


def chosen(complaint: Complaint, *people: Candidate) -> str | None:
    handler = choose_handler(people, complaint)
    return handler.username if handler else None


@pytest.mark.parametrize(
    ("outlet", "tier", "unit"),
    [
        (OUTLET, Tier.ORDINARY, OUTLET),
        (OUTLET, Tier.COMPLEX, "HB-WH-WC"),
        (OUTLET, Tier.URGENT, "HB-WH"),
        ("HB-WH", Tier.ORDINARY, "HB-WH"),
        (None, Tier.URGENT, None),
    ],
)
def test_each_tier_has_its_unit(outlet: str | None, tier: Tier, unit: str | None) -> None:
    assert responsible_unit(outlet, tier) == unit


def test_units_are_told_apart_by_their_codes() -> None:
    assert unit_above(OUTLET) == "HB-WH-WC"
    assert unit_above("HB") is None
    assert is_within(OUTLET, "HB-WH")
    assert not is_within("HB-WHX", "HB-WH")


@pytest.mark.parametrize("tier", Tier)
def test_each_tier_goes_to_its_own_role(tier: Tier) -> None:
    people = (
        a_person("handler"),
        a_person("coordinator", CaseRole.COORDINATOR, "HB-WH-WC"),
        a_person("task_force", CaseRole.TASK_FORCE, "HB-WH"),
    )
    expected = {Tier.ORDINARY: "handler", Tier.COMPLEX: "coordinator", Tier.URGENT: "task_force"}
    assert chosen(a_case(tier), *people) == expected[tier]


def test_the_nearest_unit_comes_before_the_lighter_load() -> None:
    near, far = a_person("near", open_count=9), a_person("far", CaseRole.SUPERVISOR, "HB-WH-WC")
    assert chosen(a_case(), far, near) == "near"


def test_another_outlets_people_are_never_chosen() -> None:
    assert chosen(a_case(), a_person("next_door", unit="HB-WH-WC-04"), a_person("below", unit=f"{OUTLET}-1")) is None


def test_the_least_load_comes_before_the_longest_wait() -> None:
    busy = a_person("busy", open_count=2)
    rested = a_person("rested", open_count=1, last_assigned_at=NOW - timedelta(days=3))
    fresh = a_person("fresh", open_count=1, last_assigned_at=NOW)
    assert chosen(a_case(), busy, fresh, rested) == "rested"
    assert chosen(a_case(), fresh, rested, a_person("never", open_count=1)) == "never"


def test_who_is_absent_gets_nothing() -> None:
    assert chosen(a_case(), a_person("away", is_absent=True), a_person("here", open_count=5)) == "here"


def test_where_nobody_of_the_role_is_left_the_next_higher_role_gets_it() -> None:
    away = a_person("away", is_absent=True)
    coordinator = a_person("coordinator", CaseRole.COORDINATOR, "HB-WH-WC")
    task_force = a_person("task_force", CaseRole.TASK_FORCE, "HB-WH")
    assert chosen(a_case(), away, task_force, coordinator) == "coordinator"
    assert chosen(a_case(Tier.URGENT), coordinator) is None


def test_a_case_of_no_known_outlet_goes_to_the_city_or_the_province() -> None:
    complaint = a_case(outlet=None)
    assert chosen(complaint, a_person("outlet"), a_person("city", CaseRole.COORDINATOR, "HB-WH")) == "city"


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("李经理骂我", "李经理"),
        ("那个姓李的骂我", "李经理"),
        ("柜台的李柜员骂我", "李经理"),
        ("老李让我走", "李经理"),
        ("欧阳主任骂我", "欧阳经理"),
        ("Ms Li was rude", "Ms Li"),
        ("ms li was rude", "Ms Li"),
    ],
)
def test_a_complaint_about_a_person_is_seen_by_their_name(words: str, name: str) -> None:
    person = a_person("li", names=(name,))
    assert is_about(a_case(story=words, cause=Cause.SERVICE_ATTITUDE), person)
    assert is_about(a_case(story=words, signals=[{"name": Signal.STAFF_MISCONDUCT.value, "words": []}]), person)
    assert is_about(a_case(facts=[Fact(name="addition", text=words)], cause=Cause.SERVICE_ATTITUDE), person)
    assert choose_handler([person], a_case(story=words, cause=Cause.SERVICE_ATTITUDE)) is None


@pytest.mark.parametrize(
    ("words", "cause", "unit"),
    [
        ("李经理骂我", Cause.PRICING, OUTLET),  # named, but not for how they behaved
        ("王经理骂我", Cause.SERVICE_ATTITUDE, OUTLET),
        ("行李丢了，没人管", Cause.SERVICE_ATTITUDE, OUTLET),
        ("Ms Lin was rude", Cause.SERVICE_ATTITUDE, OUTLET),
        ("李经理骂我", Cause.SERVICE_ATTITUDE, "HB-WH"),  # another Li, in the city's office
    ],
)
def test_a_complaint_about_something_else_keeps_nobody_out(words: str, cause: Cause, unit: str) -> None:
    for name in ("李经理", "Ms Li"):
        assert not is_about(a_case(story=words, cause=cause), a_person("li", unit=unit, names=(name,)))


people = st.builds(
    a_person,
    st.text("abc", min_size=1, max_size=4),
    st.sampled_from(CaseRole),
    st.sampled_from(["HB", "HB-WH", "HB-WH-WC", OUTLET, "HB-WH-WC-04", "HB-HS"]),
    open_count=st.integers(0, 5),
    is_absent=st.booleans(),
    names=st.sampled_from([("李经理",), ("王经理",)]),
)


@given(st.lists(people, max_size=8), st.sampled_from(Tier), st.booleans())
def test_whoever_is_chosen_may_have_the_case_and_nobody_as_near_has_less_to_do(
    candidates: list[Candidate], tier: Tier, is_about_li: bool
) -> None:
    complaint = a_case(tier, story="李经理骂我", cause=Cause.SERVICE_ATTITUDE if is_about_li else Cause.PRICING)
    handler = choose_handler(candidates, complaint)
    if handler is None:
        return
    assert not handler.is_absent
    assert handler.answers_for(complaint.unit_code)
    assert not is_about(complaint, handler)
    alike = [
        c for c in candidates if (c.role, c.unit_path, c.names) == (handler.role, handler.unit_path, handler.names)
    ]
    assert handler.open_count == min(c.open_count for c in alike if not c.is_absent)
