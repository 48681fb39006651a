"""Canned replies: a slip in the file is found, facts are filled in, and the house's sentences keep to its voice."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.complaints.policy import POLICY_FOLDER, PolicyError
from bot.complaints.replies import (
    CannedReply,
    CannotFill,
    Placeholder,
    check_places,
    filled,
    gaps_in,
    load_reply_policy,
    reply_policy,
)

REPLIES = (POLICY_FOLDER / "replies.yml").read_text(encoding="utf-8")
EMPTY_PHRASES = re.compile(
    r"尽快|高度重视|相关部门|温馨提示|亲[，爱]|带来.?不便|敬请谅解|耐心等待|[！!]"
    r"|as soon as possible|relevant department|inconvenience|kindly|valued|[\U0001F300-\U0001FAFF]",
    re.IGNORECASE,
)
"""What VOICE forbids, as words that can be found."""


@pytest.mark.parametrize(
    ("right", "wrong", "problem", "mend"),
    [
        ("最晚{due}给您答复。这段", "最晚{day}给您答复。这段", "{day} is no place that can be filled", "write one of"),
        (
            "最晚{due}给您答复。这段",
            "最晚{due!r}给您答复。这段",
            "is no place that can be filled",
            "take the braces out",
        ),
        ("最晚{due}给您答复。这段", "最晚{due给您答复。这段", "is no place that can be filled", "take the braces out"),
        ("name: ask_day", "name: ask_outlet", "several replies are called `ask_outlet`", "rename one"),
        ("step: listen", "step: lissen", "`lissen` is not known", "did you mean `listen`?"),
    ],
)
def test_a_slip_in_the_replies_is_found_with_its_line(
    tmp_path: Path, right: str, wrong: str, problem: str, mend: str
) -> None:
    file = tmp_path / "replies.yml"
    file.write_text(REPLIES.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        load_reply_policy(file)
    fault = caught.value.faults[0]
    assert problem in fault.problem and mend in fault.mend
    assert fault.line > 1


def test_a_step_without_a_reply_is_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "replies.yml"
    file.write_text(REPLIES.replace("step: notify", "step: react"), encoding="utf-8")
    with pytest.raises(PolicyError, match="no reply for notify"):
        load_reply_policy(file)


def test_what_is_known_is_filled_in_and_what_is_not_is_a_gap_in_the_replys_language() -> None:
    known = {Placeholder.NUMBER: "TS-2026-0001-5", Placeholder.AMOUNT: ""}
    assert filled("{number}涉及{amount}", known, "zh") == "TS-2026-0001-5涉及【金额】"
    assert filled("{number}: {amount}, {amount}", known, "en") == "TS-2026-0001-5: 【amount】, 【amount】"
    assert gaps_in("【amount】 and 【金额】 and 【amount】") == ("【amount】", "【金额】")


@pytest.mark.parametrize("text", ["【重要】请看", "金额", "[金额]", ""])
def test_other_brackets_are_no_gaps(text: str) -> None:
    assert gaps_in(text) == ()


@given(st.dictionaries(st.sampled_from(Placeholder), st.text(min_size=1)))
def test_a_fact_is_put_in_as_it_is_whatever_it_holds(known: dict[Placeholder, str]) -> None:
    text = filled("".join(f"{{{place}}}|" for place in Placeholder), known, "zh")
    assert text == "".join(f"{known.get(place) or place.gap('zh')}|" for place in Placeholder)


@given(st.text(alphabet="{}abc!:.[]0 "))
def test_braces_either_fill_or_are_refused(text: str) -> None:
    try:
        check_places(text)
    except CannotFill:
        return
    filled(text, {}, "zh")


@pytest.mark.parametrize("reply", reply_policy().replies, ids=lambda reply: reply.name)
def test_the_houses_sentences_keep_to_its_voice(reply: CannedReply) -> None:
    zh, en = reply.text.zh, reply.text.en
    assert not EMPTY_PHRASES.search(zh) and not EMPTY_PHRASES.search(en)
    assert not re.search(r"[a-z]", re.sub(r"\{\w+\}", "", zh)) and not re.search(r"[,;:?!]", zh)
    assert not re.search(r"[一-鿿]", en)
    assert len(re.findall(r"[。？]", zh)) <= 3 and len(re.findall(r"[.?](?:\s|$)", en)) <= 3
    assert all(len(sentence) <= 40 for sentence in re.split(r"[。？]", re.sub(r"\{\w+\}", "", zh)))
    assert set(re.findall(r"\{\w+\}", zh)) == set(re.findall(r"\{\w+\}", en))


def test_the_house_has_about_twenty_replies_and_several_for_each_step() -> None:
    steps = [reply.step for reply in reply_policy().replies]
    assert len(steps) >= 20
    assert min(steps.count(step) for step in set(steps)) >= 4
