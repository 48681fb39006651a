"""Every sentence the bank says: in both languages alike, said somewhere, and as VOICE.md wants it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

import bot.tables  # noqa: F401 - a complaint refers to tables of other rooms
from actions.empathise import BY_CAUSE, BY_PRODUCT, BY_SIGNAL
from actions.react import ENQUIRY_BY_PRODUCT, outlet_name, time_to_contact, way_of_contact
from bot.complaints.deadlines import Allowance
from bot.complaints.labels import Language, Tier
from bot.complaints.models import Complaint
from bot.settings import ROOT
from bot.wording import Saying, Wording, wording

DOMAIN: dict[str, Any] = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
RESPONSES: dict[str, list[dict[str, Any]]] = DOMAIN["responses"]

LABELS = re.compile(r"utter_(?:fact|way|within|who|the)_")
"""Parts of sentences, which others put together."""

NEVER_IN_CHINESE = "尽快|高度重视|相关部门|不便|敬请|谅解|亲(?![人属友自])|温馨提示|耐心等待|非常理解您的心情|深表歉意|您的心情我们|根据规定|请您放心"
NEVER_IN_ENGLISH = (
    r"kindly|inconvenience|as soon as possible|relevant department|important to us|we apologi[sz]e|valued|"
    r"dear customer|bear in mind|please be advised|escalat|regarding your"
)
NEVER_GUILT_OR_MONEY = (
    r"我们的错|我行的错|我们的责任|我们失误|赔偿|赔给|补偿|退给您|保证|一定会|开除|处罚"
    r"|our fault|our mistake|our error|we were wrong|liab|compensat|refund|guarantee|we promise|punish"
)


def variants(language: str) -> Iterator[tuple[str, str]]:
    """Every wording of a language, with its name."""
    for name, several in RESPONSES.items():
        for variant in several:
            if ("condition" in variant) == (language == "en"):
                yield name, variant["text"].strip()


def without_values(text: str) -> str:
    return re.sub(r"\{\w+\}", "", text)


def offences(language: str, pattern: str) -> list[str]:
    """Where wordings of a language have what they must not have."""
    return [
        f"{name}: «{found[0]}» in «{text}»"
        for name, text in variants(language)
        if (found := re.search(pattern, without_values(text), re.IGNORECASE))
    ]


def names_in_code() -> tuple[set[str], set[str]]:
    """The responses that code and rules name, and the beginnings of those that they put together."""
    sources = [path for folder in ("bot", "actions") for path in (ROOT / folder).rglob("*.py")]
    sources += [*(ROOT / "data").glob("rules/*.yml"), *(ROOT / "data").glob("stories/*.yml")]
    names: set[str] = set()
    beginnings: set[str] = set()
    for source in sources:
        for name, end in re.findall(r"(?<!\.)\b(utter_[a-z0-9_]+)(\{?)", source.read_text(encoding="utf-8")):
            (beginnings if end else names).add(name)
    return names, beginnings


def values_of(several: list[dict[str, Any]]) -> set[str]:
    """The values that wordings have a place for; not every variant needs all of them."""
    return {value for variant in several for value in re.findall(r"\{(\w+)\}", variant["text"])}


@pytest.mark.parametrize("name", RESPONSES)
def test_a_response_is_the_same_in_both_languages(name: str) -> None:
    chinese = [variant for variant in RESPONSES[name] if "condition" not in variant]
    english = [variant for variant in RESPONSES[name] if "condition" in variant]
    assert chinese, f"{name} has no Chinese wording"
    assert english, f"{name} has no English wording"
    assert all(v["condition"] == [{"type": "slot", "name": "language", "value": "en"}] for v in english), (
        f"{name} has a condition that nobody reads"
    )
    assert values_of(chinese) == values_of(english), f"{name}: other values"
    assert len({len(v.get("buttons", ())) for v in RESPONSES[name]}) == 1, f"{name}: other quick replies"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_response_can_be_said(language: str) -> None:
    for name, several in RESPONSES.items():
        saying = wording().say(name, language, **dict.fromkeys(values_of(several), "…"))
        assert saying.text
        assert "{" not in saying.text, name


def test_another_language_is_answered_in_chinese() -> None:
    assert wording().say("utter_corrected", "fr") == wording().say("utter_corrected", "zh")


def test_what_the_customer_or_staff_wrote_is_never_read_as_a_placeholder() -> None:
    said = wording().say("utter_result", "zh", number="TS-4821-7063-8", result="{退款} %s {0}")
    assert "{退款} %s {0}" in said.text


def test_a_missing_value_is_an_error_and_not_a_hole_in_a_sentence() -> None:
    with pytest.raises(KeyError):
        wording().say("utter_result", "zh", number="TS-4821-7063-8")
    with pytest.raises(KeyError):
        wording().say("utter_no_such_thing", "zh")


def test_a_domain_with_quick_replies_offers_their_titles(tmp_path: Path) -> None:
    path = tmp_path / "domain.yml"
    path.write_text(
        "responses:\n  utter_x:\n    - text: 好吗？\n      buttons: [{title: 好, payload: 是的}]\n", encoding="utf-8"
    )
    assert Wording(path).say("utter_x", "zh") == Saying("好吗？", ("好",))


def test_chinese_is_written_with_full_width_punctuation() -> None:
    assert offences("zh", r"[,;:?!()\"']|(?<=[\u4e00-\u9fff])\.|(?<![A-Za-z0-9])\.") == []


def test_chinese_has_no_foreign_words_but_names() -> None:
    assert offences("zh", r"(?<![A-Za-z])(?!(?:App|MB|PDF|Word|Excel)(?![A-Za-z]))[A-Za-z]+") == []


def test_english_has_nothing_chinese_in_it() -> None:
    assert offences("en", r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]") == []


def test_nobody_is_shouted_at_and_nothing_is_decorated() -> None:
    shouting = r"[!！]|[\U0001F000-\U0001FAFF\u2600-\u27BF]|(?-i:[A-Z]{5,})|\.\.\.|……"
    assert offences("zh", shouting) == []
    assert offences("en", shouting) == []


def test_nothing_is_said_in_the_office_voice() -> None:
    assert offences("zh", NEVER_IN_CHINESE) == []
    assert offences("en", NEVER_IN_ENGLISH) == []


def test_no_guilt_is_admitted_and_no_money_or_outcome_promised() -> None:
    assert offences("zh", NEVER_GUILT_OR_MONEY) == []
    assert offences("en", NEVER_GUILT_OR_MONEY) == []


def test_no_apology_has_an_if_or_a_but() -> None:
    for language, doubt in (("zh", "如果|如给|若|但|不过|可能"), ("en", r"\bif\b|\bbut\b|\bany\b|\bmay\b")):
        found = [offence for offence in offences(language, doubt) if offence.startswith("utter_apologise_")]
        assert found == []


def test_every_apology_says_sorry() -> None:
    for name, text in [*variants("zh"), *variants("en")]:
        if name.startswith("utter_apologise_"):
            assert "对不起" in text or "sorry" in text, name


def test_the_customer_is_spoken_to_with_respect() -> None:
    assert offences("zh", "你(?!们)|您应该|您本该|您自己没") == []
    assert offences("en", r"you should have|you failed|you must") == []


@pytest.mark.parametrize(("language", "most"), [("zh", 3), ("en", 4)])
def test_a_bubble_is_short(language: str, most: int) -> None:
    """At most three lines; a line has at most three sentences in Chinese, four of the shorter ones in English."""
    for name, text in variants(language):
        lines = text.split("\n")
        assert len(lines) <= 3, name
        for line in lines:
            sentences = [part for part in re.split(r"[。？]|(?<=\w)[.?](?=\s|$)", without_values(line)) if part.strip()]
            assert len(sentences) <= most, f"{name}: {line}"


def test_a_chinese_clause_is_read_in_one_breath() -> None:
    for name, text in variants("zh"):
        for clause in re.split(r"[，。？；：、\n]", without_values(text)):
            assert len(clause) <= 24, f"{name}: «{clause}» has {len(clause)} characters"


def test_sentences_end_as_sentences_do() -> None:
    for language, ends in (("zh", ("。", "？", "：", "}", "”")), ("en", (".", "?", ":", "}", '"'))):
        for name, text in variants(language):
            if not LABELS.match(name) and not name.startswith("utter_question_"):
                assert all(line.endswith(ends) for line in text.split("\n")), f"{name}: «{text}»"


def test_danger_is_answered_with_the_help_lines_and_without_a_word_of_cases() -> None:
    for name, text in [*variants("zh"), *variants("en")]:
        if name.startswith("utter_crisis_"):
            assert all(line in text for line in ("12356", "120", "110")), name
            assert not re.search(r"编号|登记|投诉|case|complaint|number", text), name
            assert re.search(r"安全|safe", text.split("\n")[0]), f"{name}: the first line is about the person"


def test_money_leaving_is_answered_with_what_to_do_this_minute() -> None:
    for name, text in [*variants("zh"), *variants("en")]:
        if name == "utter_first_step_money_leaving":
            assert re.search(r"冻结|Freeze", text.split("\n")[0])
            assert "95580" in text.split("\n")[0]


def test_the_greeting_says_that_it_is_a_machine_and_how_to_reach_a_person() -> None:
    chinese, english = (wording().say("utter_greet", language).text for language in ("zh", "en"))
    assert "机器" in chinese
    assert "人工" in chinese
    assert "machine" in english
    assert "human" in english


def test_whatever_is_said_in_code_has_a_wording() -> None:
    names, beginnings = names_in_code()
    assert sorted(name for name in names if name not in RESPONSES and not name.endswith("_")) == []
    assert sorted(b for b in beginnings if not any(name.startswith(b) for name in RESPONSES)) == []


def test_every_wording_is_said_somewhere() -> None:
    names, beginnings = names_in_code()
    assert sorted(name for name in RESPONSES if name not in names and not name.startswith(tuple(beginnings))) == []


def test_every_trouble_has_its_empathy_and_its_apology() -> None:
    troubles = {trouble for _, trouble in BY_SIGNAL} | set(BY_CAUSE.values()) | set(BY_PRODUCT.values())
    empathised = {name.removeprefix("utter_empathise_") for name in RESPONSES if name.startswith("utter_empathise_")}
    apologised = {name.removeprefix("utter_apologise_") for name in RESPONSES if name.startswith("utter_apologise_")}
    assert troubles <= empathised
    assert empathised - apologised == {"calm", "desperate"}, "feelings, which are no troubles of their own"
    assert apologised <= empathised


def test_every_tier_and_topic_has_its_wording() -> None:
    for tier in Tier:
        assert {f"utter_react_{tier}", f"utter_who_{tier}"} <= set(RESPONSES)
    assert {f"utter_enquiry_{topic}" for topic in {*ENQUIRY_BY_PRODUCT.values(), "general"}} == {
        name for name in RESPONSES if name.startswith("utter_enquiry_")
    }


@pytest.mark.parametrize(
    ("allowed", "zh", "en"),
    [
        ({"hours": 24}, "网点的主管会在24小时内打您留的电话，", "will contact you within 24 hours, by phone, and"),
        ({"hours": 1}, "网点的主管会在1小时内打您留的电话，", "will contact you within an hour, by phone, and"),
        (
            {"working_hours": 7},
            "网点的主管会在7个工作小时内，最迟11月30日（周一）16:30，打您留的电话，",
            "will contact you within 7 working hours (no later than 4:30 pm on Monday 30 November), by phone, and",
        ),
    ],
)
def test_the_time_to_the_first_contact_is_said_so_that_the_customer_can_tell_when_it_ends(
    allowed: dict[str, int], zh: str, en: str
) -> None:
    opened_at = datetime(2026, 11, 27, 8, 30, tzinfo=UTC)  # Friday, an hour before the bank closes
    complaint = Complaint(contact_phone="13800138000")
    languages: tuple[tuple[Language, str], ...] = (("zh", zh), ("en", en))
    for language, sentence in languages:
        said = wording().say(
            "utter_react_ordinary",
            language,
            number="TS-4821-7",
            outlet=outlet_name(complaint, language),
            due="",
            within=time_to_contact(Allowance(rule="own_target", **allowed), opened_at, language),
            way=way_of_contact(complaint, language),
        )
        assert sentence in said.text
