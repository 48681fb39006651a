"""A slip in a policy file is reported with file, line and what to write instead."""

from pathlib import Path

import pytest

from bot.complaints.deadlines import DeadlinePolicy, load_deadline_policy
from bot.complaints.funnel import FunnelPolicy, load_funnel_policy
from bot.complaints.policy import POLICY_FOLDER, PolicyError, load_policy

FUNNEL = (POLICY_FOLDER / "funnel.yml").read_text(encoding="utf-8")
DEADLINES = (POLICY_FOLDER / "deadlines.yml").read_text(encoding="utf-8")


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
