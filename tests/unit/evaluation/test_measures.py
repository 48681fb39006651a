"""Counting right and wrong."""

import pytest

from bot.complaints.labels import Signal, Tier
from bot.evaluation.judged import Judged
from bot.evaluation.measures import (
    Count,
    Understood,
    accuracy,
    counts,
    interval,
    macro_f1,
    pairs,
    signal_counts,
    summary,
    tier_cost,
)


def a_judged(**labels: object) -> Judged:
    complaint = {"kind": ["complaint"], "product": ["payment"], "cause": ["pricing"], "tier": ["ordinary"]}
    return Judged.model_validate({"id": "1", "text": "转账收费", "emotion": ["calm"], **complaint, **labels})


def an_understood(**labels: object) -> Understood:
    complaint = {"kind": "complaint", "product": "payment", "cause": "pricing", "emotion": "calm", "tier": "ordinary"}
    return Understood(**{**complaint, "signals": frozenset(), "confidence": {}, **labels})  # type: ignore[arg-type]


def test_any_accepted_value_is_right_and_the_decided_one_is_missed_otherwise() -> None:
    judged = [a_judged(product=["payment", "savings"])] * 3
    found = [an_understood(product=product) for product in ("savings", "payment", "debit_card")]
    assert pairs("product", judged, found) == [
        ("savings", "savings"),
        ("payment", "payment"),
        ("payment", "debit_card"),
    ]


def test_a_complaint_taken_for_an_enquiry_is_wrong_in_every_question_about_it() -> None:
    judged, found = [a_judged()], [an_understood(kind="enquiry", product=None, cause=None, tier=None)]
    assert all(accuracy(pairs(facet, judged, found)) == 0 for facet in ("kind", "product", "cause", "emotion", "tier"))


def test_an_enquiry_taken_for_a_complaint_is_wrong_in_its_kind_alone() -> None:
    judged, found = [a_judged(kind=["enquiry"], product=[], cause=[], tier=[])], [an_understood()]
    assert accuracy(pairs("kind", judged, found)) == 0
    assert pairs("product", judged, found) == []


def test_a_label_that_nobody_decided_does_not_count_in_the_mean() -> None:
    by_label = counts([("payment", "payment"), ("payment", "savings")])
    assert by_label == {"payment": Count(1, 0, 1), "savings": Count(0, 1, 0)}
    assert macro_f1(by_label) == pytest.approx(2 / 3)


def test_a_signal_that_only_some_readers_saw_is_neither_right_nor_wrong() -> None:
    judged = [a_judged(signals=["group"], signals_or=["data_leak"])]
    found = [an_understood(signals=frozenset({Signal.DATA_LEAK, Signal.VIOLENCE}))]
    counted = signal_counts(judged, found)
    assert counted[Signal.GROUP] == Count(0, 0, 1)
    assert counted[Signal.DATA_LEAK] == Count(0, 0, 0)
    assert counted[Signal.VIOLENCE] == Count(0, 1, 0)


def test_missing_an_urgent_case_costs_ten_times_a_false_alarm() -> None:
    assert tier_cost([(Tier.URGENT, Tier.ORDINARY)]) == 10 * tier_cost([(Tier.ORDINARY, Tier.URGENT)])


def test_an_interval_holds_the_share_and_is_wide_for_few_texts() -> None:
    low, high = interval(9, 10)
    assert low < 0.9 < high
    assert high - low > interval(900, 1000)[1] - interval(900, 1000)[0]
    assert interval(0, 0) == (0.0, 1.0)


def test_understanding_everything_is_perfect() -> None:
    figures = summary([a_judged(signals=["group"])], [an_understood(signals=frozenset({"group"}))])
    assert {figures[name] for name in figures if name.endswith(("accuracy", "f1"))} == {1.0}
    assert figures["tier_cost"] == 0
