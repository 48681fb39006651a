"""Macros: a slip in the file is found."""

from pathlib import Path

import pytest

from bot.complaints.policy import POLICY_FOLDER, PolicyError
from bot.desk.macros import load_macro_policy

MACROS = (POLICY_FOLDER / "macros.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ("reply: case_is_mine", "reply: case_is_yours", "there is no reply `case_is_yours`"),
        ("act: raise_tier", "act: lower_tier", "there is no act `lower_tier`"),
        ("act: take\n", "akt: take\n", "is no known key"),
        ("tag: call_back", "tag: call_us", "there is no tag `call_us`"),
        ("assign: load", "assign: chance", "`chance` is not known"),
        ("    act: raise_tier\n", "", "it does nothing besides its reply"),
        ("    reply: progress\n    act: submit_plan", "    act: submit_plan", "an act goes with a reply only"),
        ("name: share_out", "name: mark_media", "several macros are called `mark_media`"),
    ],
)
def test_a_macro_names_a_reply_and_an_act_that_there_are(tmp_path: Path, right: str, wrong: str, problem: str) -> None:
    file = tmp_path / "macros.yml"
    file.write_text(MACROS.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(PolicyError, match=problem):
        load_macro_policy(file)


def test_the_houses_macros_are_read() -> None:
    assert load_macro_policy().macros
