"""The organisation: one tree from the province to the outlets, with the names that people use."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.complaints.policy import DATA_FOLDER, PolicyError
from bot.staff.organisation import OrganisationUnit, UnitKind, UnitLevel, UnknownUnit, load_organisation

ORGANISATION = load_organisation()
FILE = (DATA_FOLDER / "organisation.yml").read_text(encoding="utf-8")

units = st.sampled_from(ORGANISATION.units)


def codes(found: Iterable[OrganisationUnit]) -> list[str]:
    return [unit.code for unit in found]


def test_the_province_has_its_seventeen_divisions_each_with_an_outlet() -> None:
    divisions = ORGANISATION.children(ORGANISATION.top.code)
    assert ORGANISATION.top.name_zh == "湖北省分行"
    assert len(divisions) == 17
    for division in divisions:
        below = ORGANISATION.subtree(division.code)
        assert any(unit.level is UnitLevel.OUTLET for unit in below), division.name_zh


def test_there_are_postal_agencies_beside_the_banks_own_outlets() -> None:
    kinds = {unit.kind for unit in ORGANISATION.units if unit.level is UnitLevel.OUTLET}
    assert kinds == {UnitKind.OWN, UnitKind.POSTAL}


def test_official_names_are_unique() -> None:
    for names in ([unit.name_zh for unit in ORGANISATION.units], [unit.name_en for unit in ORGANISATION.units]):
        assert len(set(names)) == len(names)


def test_the_path_of_an_outlet_leads_down_from_the_province() -> None:
    assert codes(ORGANISATION.path("HB-WH-WC-01")) == ["HB", "HB-WH", "HB-WH-WC", "HB-WH-WC-01"]


def test_an_outlet_knows_the_branch_and_city_that_answer_for_it() -> None:
    branch = ORGANISATION.above("HB-WH-WC-01", UnitLevel.BRANCH)
    assert branch is not None
    assert branch.display_name("zh") == "武昌支行"
    assert branch.display_name("en") == "Wuchang Sub-branch"
    assert ORGANISATION.above("HB-EZ-01", UnitLevel.BRANCH) is None


def test_a_unit_that_does_not_exist_is_named_in_the_error() -> None:
    for question in (ORGANISATION.find, ORGANISATION.path, ORGANISATION.subtree, ORGANISATION.children):
        with pytest.raises(UnknownUnit, match="HB-XX"):
            question("HB-XX")


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("徐东", ["HB-WH-WC-01"]),
        ("我在武汉徐东网点排了三个小时", ["HB-WH-WC-01"]),
        ("the XuDong  street outlet", ["HB-WH-WC-01"]),
        ("武昌支行", ["HB-WH-WC"]),
        ("武汉光谷", ["HB-WH-GG"]),
        ("光谷广场那家", ["HB-WH-GG-01"]),
        ("夷陵广场", ["HB-YC-XL-01"]),
        ("宜昌夷陵", ["HB-YC-YL"]),
        ("湖北武汉", ["HB-WH"]),
        ("汉口江汉路支行", ["HB-WH-JH-01"]),
        ("武昌和汉阳都去过", ["HB-WH-HY", "HB-WH-WC"]),
        ("神农架", ["HB-SN"]),
        ("家门口那个", []),
    ],
)
def test_a_customers_words_lead_to_the_unit_they_mean(words: str, meant: list[str]) -> None:
    assert codes(ORGANISATION.units_meant_by(words)) == meant


@given(units)
def test_a_units_own_name_means_that_unit(unit: OrganisationUnit) -> None:
    assert codes(ORGANISATION.units_meant_by(unit.name_zh)) == [unit.code]
    assert codes(ORGANISATION.units_meant_by(unit.name_en)) == [unit.code]


@given(units, units)
def test_a_unit_is_below_another_exactly_if_its_path_passes_through_it(
    one: OrganisationUnit, other: OrganisationUnit
) -> None:
    assert (one in ORGANISATION.subtree(other.code)) is (other in ORGANISATION.path(one.code))


def test_the_whole_tree_hangs_from_the_province() -> None:
    assert sorted(codes(ORGANISATION.subtree("HB"))) == sorted(codes(ORGANISATION.units))


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ("code: HB-WH-WC-02,", "code: HB-WH-WC-01,", "is the code of two units"),
        (
            "code: HB-WH-WC, level: branch, parent: HB-WH,",
            "code: HB-WH-WC, level: branch, parent: HB-XX,",
            "no unit `HB-XX`",
        ),
        (
            "code: HB-WH-WC, level: branch, parent: HB-WH,",
            "code: HB-WH-WC, level: city, parent: HB-WH,",
            "cannot stand below",
        ),
        ("code: HB-HS, level: city, parent: HB,", "code: HB-HS, level: city,", "has no parent"),
        ("code: HB-HS, level: city, parent: HB,", "code: HB-HS, level: province,", "stands at the top already"),
        ("code: HB-EZ-01,", "code: HB-EH-01,", "does not begin with its parent's code"),
        ("level: outlet, parent: HB-EZ,", "level: outlets, parent: HB-EZ,", "`outlets` is not known"),
    ],
)
def test_a_slip_in_the_organisation_names_its_line(tmp_path: Path, right: str, wrong: str, problem: str) -> None:
    file = tmp_path / "organisation.yml"
    file.write_text(FILE.replace(right, wrong, 1), encoding="utf-8")

    with pytest.raises(PolicyError) as caught:
        load_organisation(file)

    fault = caught.value.faults[0]
    assert problem in fault.problem
    assert fault.line == FILE[: FILE.index(right)].count("\n") + 1


def test_the_line_of_an_outlet_is_itself_and_all_above_it_and_of_an_unknown_one_everybody() -> None:
    assert codes(ORGANISATION.in_line("HB-WH-WC-03")) == ["HB-WH-WC-03", "HB-WH-WC", "HB-WH", "HB"]
    assert ORGANISATION.in_line(None) == ORGANISATION.in_line("HB-XX") == ORGANISATION.units
