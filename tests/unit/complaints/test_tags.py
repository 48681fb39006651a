"""Tags: a slip in the file is found, and they are found by their names in either language."""

from pathlib import Path

import pytest

from bot.complaints.policy import POLICY_FOLDER, PolicyError
from bot.complaints.tags import load_tag_policy

TAGS = (POLICY_FOLDER / "tags.yml").read_text(encoding="utf-8")
POLICY = load_tag_policy()


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ("name: media,", "name: Media,", "`Media` does not fit"),
        ("name: regulator,", "name: media,", "`media` already is the tag at position 1"),
        ("zh: 上门", "zh: 回访", "`回访` already is the tag at position 3"),
        ("{name: visit, zh: 上门, en: Visit the customer}", "{name: visit, zh: 上门}", "has no `en`"),
        ("zh: 上门", "zh: 请一定记得上门拜访这位客户", "does not fit"),
        ("zh: 上门", "colour: red, zh: 上门", "is no known key"),
    ],
)
def test_a_slip_in_the_tags_is_found_with_its_line(tmp_path: Path, right: str, wrong: str, problem: str) -> None:
    file = tmp_path / "tags.yml"
    file.write_text(TAGS.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        load_tag_policy(file)
    (fault,) = caught.value.faults
    assert problem in str(fault)
    assert fault.line == TAGS[: TAGS.index(right)].count("\n") + 1


def test_a_tag_is_found_by_a_part_of_its_name_in_either_language() -> None:
    assert POLICY.named("回访") == ["call_back"]
    assert POLICY.named("CALL") == ["call_back"]
    assert POLICY.named("没有这个标签") == []


def test_tags_stand_in_the_policys_order_and_one_that_was_taken_out_stays_readable() -> None:
    assert POLICY.in_order(["visit", "abolished", "media"]) == ["media", "visit", "abolished"]
    assert POLICY.display_name("abolished", "zh") == "abolished"
    assert POLICY.display_name("visit", "zh") == "上门"
