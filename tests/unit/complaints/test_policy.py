"""A slip in a policy file is reported with file, line and what to write instead."""

from pathlib import Path

import pytest

from bot.complaints.deadlines import DeadlinePolicy, load_deadline_policy
from bot.complaints.funnel import FunnelPolicy, load_funnel_policy
from bot.complaints.policy import POLICY_FOLDER, PolicyError, load_policy

FUNNEL = (POLICY_FOLDER / "funnel.yml").read_text(encoding="utf-8")
DEADLINES = (POLICY_FOLDER / "deadlines.yml").read_text(encoding="utf-8")
HOURS = "  workdays: [8:30-12:00, 14:00-17:30]"


def line_of(text: str, content: str) -> int:
    return text[: text.index(content)].count("\n") + 1


@pytest.mark.parametrize(
    ("right", "wrong", "problem", "mend"),
    [
        (
            "{all_signals: [violence]}",
            "{all_signals: [violense]}",
            "`violense` is not known",
            "did you mean `violence`?",
        ),
        ("{all_signals: [violence]}", "{all_signal: [violence]}", "is no known key", "correct its spelling"),
        ("id: violence", "id: self_harm", "already names the rule at position 1", "an id of its own"),
        ("  low_rating:\n", "  bad_rating:\n", "is no known key", "low_rating"),
        ("{all_signals: [violence]}", "{}", "would apply to every complaint", "name a signal"),
        ("{all_signals: [violence]}", "{all_signals: [asks_for_human]}", "never raises a tier", "take it out"),
        (
            "{probability_at_least: {urgent: 0.5}}",
            "{probability_at_least: {urgent: 50}}",
            "`50` does not fit",
            "less than",
        ),
        (
            "{probability_at_least: {urgent: 0.5}}",
            "{probability_at_least: {ordinary: 0.5}}",
            "always met",
            "name complex",
        ),
    ],
)
def test_a_slip_in_the_funnel_names_file_line_and_mend(
    tmp_path: Path, right: str, wrong: str, problem: str, mend: str
) -> None:
    file = tmp_path / "funnel.yml"
    file.write_text(FUNNEL.replace(right, wrong, 1), encoding="utf-8")

    with pytest.raises(PolicyError) as caught:
        load_funnel_policy(file)

    (fault,) = caught.value.faults
    assert problem in fault.problem
    assert mend in fault.mend
    assert str(fault).startswith(f"{file}:{line_of(FUNNEL, right)}: ")


@pytest.mark.parametrize(
    ("right", "wrong", "problem", "mend"),
    [
        ("Asia/Shanghai", "Asia/Shangai", "no time zone", "Asia/Shanghai"),
        (
            "plan: {days: 5, rule: own_target}",
            "plan: {days: 0, rule: own_target}",
            "`0` does not fit",
            "greater than 0",
        ),
        ("plan: {days: 5, rule: own_target}", "plan: {rule: own_target}", "either hours or days", "hours: 2"),
        (
            "plan: {days: 5, rule: own_target}",
            "plan: {days: 5, rule: none}",
            "`none` is not among the rules",
            "own_target",
        ),
        ("  ordinary:\n", "  normal:\n", "`normal` is not known", "ordinary"),
        (
            "automatic_closing: {days: 60, rule: own_target}",
            "automatic_closing: {days: 29, rule: own_target}",
            "the customer may object for 30 days",
            "as many days or more",
        ),
        (
            "automatic_closing: {days: 60, rule: own_target}",
            "automatic_closing: {days: 60, rule: none}",
            "`none` is not among the rules",
            "own_target",
        ),
        ("plan: {days: 5, rule: own_target}", "plan: {days: 5}", "has no `rule`", "add a line `rule: …`"),
        (
            "plan: {days: 5, rule: own_target}",
            "plan: {working_hours: 7.3, rule: own_target}",
            "`7.3` does not fit",
            "a multiple of 0.5",
        ),
        (
            "plan: {days: 5, rule: own_target}",
            "plan: {working_hours: .inf, rule: own_target}",
            "`inf` does not fit",
            "less than or equal to 1000",
        ),
        (
            "first_contact: {hours: 24, rule: own_target}",
            "first_contact: {days: 1, rule: own_target}",
            "is told to the customer in hours",
            "working_hours: 7",
        ),
        (
            "first_contact: {hours: 2, rule: own_target}",
            "first_contact: {working_hours: 2, rule: own_target}",
            "must not wait until the bank opens",
            "write `hours`",
        ),
        (
            "plan: {days: 1, rule: own_target}",
            "plan: {working_hours: 7, rule: own_target}",
            "must not wait until the bank opens",
            "write `hours`",
        ),
        (
            HOURS,
            "  workdays: [8:30-12:00, 11:30-17:30]",
            "`11:30-17:30` overlaps `8:30-12:00`",
            "or make one of the two",
        ),
        (HOURS, "  workdays: [14:00-17:30, 8:30-14:01]", "`14:00-17:30` overlaps `8:30-14:01`", "make one of the two"),
        (HOURS, "  workdays: [12:00-8:30]", "`12:00-8:30` ends before it begins", "the earlier time first"),
        (HOURS, "  workdays: [22:00-2:00]", "`22:00-2:00` ends before it begins", "`22:00-24:00` and `0:00-2:00`"),
        (HOURS, "  workdays: [8:30-8:30]", "ends before it begins", "the earlier time first"),
        (HOURS, "  workdays: [8:30-24:30]", "`8:30-24:30` goes on after midnight", "end it at 24:00"),
        (HOURS, "  workdays: [12:00]", "`720` is no time of day", "`8:30-12:00`"),
        (HOURS, "  workdays: [8:30-12:60]", "`8:30-12:60` is no time of day", "`8:30-12:00`"),
        (HOURS, "  workdays: [{from: 8}]", "is no time of day", "`8:30-12:00`"),
        (HOURS, "  workdays: 8:30-12:00", "is no list of hours", "`[8:30-12:00, 14:00-17:30]`"),
        ("  saturday: []", "  saturday:", "is no list of hours", "`[]` if it is closed"),
        ("  saturday: []", "  samstag: []", "is no known key", "correct its spelling"),
    ],
)
def test_a_slip_in_the_deadlines_names_file_line_and_mend(
    tmp_path: Path, right: str, wrong: str, problem: str, mend: str
) -> None:
    file = tmp_path / "deadlines.yml"
    file.write_text(DEADLINES.replace(right, wrong, 1), encoding="utf-8")

    with pytest.raises(PolicyError) as caught:
        load_deadline_policy(file)

    fault = caught.value.faults[0]
    assert problem in fault.problem
    assert mend in fault.mend
    assert fault.line == line_of(DEADLINES, right)


def test_a_tier_without_deadlines_is_reported(tmp_path: Path) -> None:
    start, end = DEADLINES.index("  complex:\n"), DEADLINES.index("  urgent:\n")
    file = tmp_path / "deadlines.yml"
    file.write_text(DEADLINES[:start] + DEADLINES[end:], encoding="utf-8")

    with pytest.raises(PolicyError, match="has no deadlines for complex.*add `complex:`"):
        load_deadline_policy(file)


@pytest.mark.parametrize(
    ("without", "problem", "mend"),
    [
        (HOURS, "has no `workdays`", "add a line `workdays: …`"),
        (HOURS + "\n  saturday: []\n  sunday: []\n", "has no hours in the whole week", "`workdays: [9:00-17:00]`"),
    ],
)
def test_a_bank_that_never_opens_is_reported(tmp_path: Path, without: str, problem: str, mend: str) -> None:
    never = "" if without == HOURS else "  workdays: []\n"
    file = tmp_path / "deadlines.yml"
    file.write_text(DEADLINES.replace(without, never, 1), encoding="utf-8")

    with pytest.raises(PolicyError) as caught:
        load_deadline_policy(file)

    (fault,) = caught.value.faults
    assert (problem in fault.problem, mend in fault.mend) == (True, True)
    assert fault.line == line_of(DEADLINES, "office_hours:\n")


def test_all_slips_of_a_file_are_reported_at_once(tmp_path: Path) -> None:
    file = tmp_path / "funnel.yml"
    file.write_text(FUNNEL.replace("[violence]", "[violense]").replace("[group]", "[groop]"), encoding="utf-8")

    with pytest.raises(PolicyError) as caught:
        load_funnel_policy(file)

    assert [fault.line for fault in caught.value.faults] == [line_of(FUNNEL, "[violence]"), line_of(FUNNEL, "[group]")]


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        (b"", 1, "is empty"),
        (b"timezone: Asia/Shanghai\n\trules: {}\n", 2, "is not YAML"),
        (b"timezone: a\ntimezone: b\n", 2, "is written twice, first at line 1"),
        (b"timezone: a\nrules: \xff\n", 2, "is not UTF-8"),
        (b"timezone: \x00\n", 1, "is not YAML"),
        (b"- a list\n", 1, "does not fit"),
    ],
)
def test_a_file_that_is_not_even_a_policy_says_so(tmp_path: Path, content: bytes, line: int, problem: str) -> None:
    file = tmp_path / "deadlines.yml"
    file.write_bytes(content)

    with pytest.raises(PolicyError) as caught:
        load_policy(file, DeadlinePolicy)

    assert caught.value.faults[0].line == line
    assert problem in caught.value.faults[0].problem


def test_a_missing_file_is_reported_like_any_other_fault(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="nowhere.yml:1: cannot be read.*To mend: put the file there"):
        load_policy(tmp_path / "nowhere.yml", FunnelPolicy)
