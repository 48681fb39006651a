"""The funnel: which tier settles a complaint, and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.complaints.funnel import Evidence, History, decide_tier, load_funnel_policy
from bot.complaints.labels import Cause, Emotion, Product, Signal, Tier

POLICY = load_funnel_policy()
NO_HISTORY = History()

SURELY_ORDINARY = {Tier.ORDINARY: 0.9, Tier.COMPLEX: 0.07, Tier.URGENT: 0.03}
RATHER_ORDINARY = {Tier.ORDINARY: 0.55, Tier.COMPLEX: 0.33, Tier.URGENT: 0.12}
RATHER_COMPLEX = {Tier.ORDINARY: 0.3, Tier.COMPLEX: 0.5, Tier.URGENT: 0.2}
MAYBE_URGENT = {Tier.ORDINARY: 0.2, Tier.COMPLEX: 0.38, Tier.URGENT: 0.42}
RATHER_URGENT = {Tier.ORDINARY: 0.15, Tier.COMPLEX: 0.3, Tier.URGENT: 0.55}


def some_evidence(*signals: Signal, **known: object) -> Evidence:
    return Evidence.model_validate({"signals": signals, "tier_probabilities": RATHER_ORDINARY} | known)


def tier_of(evidence: Evidence, history: History = NO_HISTORY, current: Tier | None = None) -> Tier:
    return decide_tier(evidence, history, POLICY, current).tier


@pytest.mark.parametrize(
    "signals",
    [
        {Signal.MEDICAL_NEED, Signal.ACCOUNT_FROZEN},
        {Signal.MONEY_LEAVING_NOW},
        {Signal.PRESS_EXPOSURE},
        {Signal.GROUP},
        {Signal.REGULATOR_INVOLVED, Signal.DEADLINE_MISSED},
        {Signal.REGULATOR_INVOLVED, Signal.REPEAT_CONTACT},
        {Signal.LEGAL_ACTION_INVOLVED, Signal.ANSWER_REJECTED},
        {Signal.VULNERABLE_PERSON, Signal.LARGE_AMOUNT},
    ],
    ids=lambda signals: "+".join(sorted(signals)),
)
def test_facts_that_cannot_wait_are_urgent_unless_the_classifier_is_sure_of_ordinary(signals: set[Signal]) -> None:
    for probabilities in ({}, RATHER_ORDINARY):
        assert tier_of(some_evidence(*signals, tier_probabilities=probabilities)) is Tier.URGENT
    assert tier_of(some_evidence(*signals, tier_probabilities=SURELY_ORDINARY)) is Tier.ORDINARY


@pytest.mark.parametrize("signal", [Signal.SELF_HARM, Signal.VIOLENCE])
def test_danger_to_life_is_urgent_whatever_the_classifier_says(signal: Signal) -> None:
    for probabilities in ({}, SURELY_ORDINARY):
        assert tier_of(some_evidence(signal, tier_probabilities=probabilities)) is Tier.URGENT


@pytest.mark.parametrize(
    "signal",
    [
        Signal.FRAUD_OR_THEFT,
        Signal.PRESS_THREAT,
        Signal.REGULATOR_INVOLVED,
        Signal.REGULATOR_THREAT,
        Signal.LEGAL_ACTION_INVOLVED,
        Signal.LEGAL_ACTION_THREAT,
        Signal.POLICE_INVOLVED,
        Signal.ANSWER_REJECTED,
        Signal.VULNERABLE_PERSON,
        Signal.MEDICAL_NEED,
        Signal.STAFF_MISCONDUCT,
        Signal.ACCOUNT_FROZEN,
        Signal.DATA_LEAK,
        Signal.REPEAT_CONTACT,
        Signal.DEADLINE_MISSED,
        Signal.LARGE_AMOUNT,
    ],
)
def test_a_fact_to_be_investigated_is_complex_unless_the_classifier_is_sure_of_ordinary(signal: Signal) -> None:
    for probabilities in ({}, RATHER_ORDINARY):
        assert tier_of(some_evidence(signal, tier_probabilities=probabilities)) is Tier.COMPLEX
    assert tier_of(some_evidence(signal, tier_probabilities=SURELY_ORDINARY)) is Tier.ORDINARY


def test_asking_for_a_person_never_raises_a_tier() -> None:
    assert tier_of(some_evidence(Signal.ASKS_FOR_HUMAN)) is Tier.ORDINARY


def test_every_fact_but_a_wish_can_raise_a_tier() -> None:
    named = {signal for rule in POLICY.rules for when in rule.when for signal in when.all_signals | when.any_signal}
    assert named | POLICY.never_raises == set(Signal)
    assert POLICY.never_raises == {Signal.ASKS_FOR_HUMAN}


@pytest.mark.parametrize(
    ("amount_fen", "currency", "expected"),
    [
        (49_999_99, "CNY", Tier.ORDINARY),
        (50_000_00, "CNY", Tier.COMPLEX),
        (4_999_99, "USD", Tier.ORDINARY),
        (5_000_00, "USD", Tier.COMPLEX),
        (90_000_00, "JPY", Tier.ORDINARY),
        (None, "CNY", Tier.ORDINARY),
    ],
)
def test_a_large_loss_is_complex(amount_fen: int | None, currency: str, expected: Tier) -> None:
    assert tier_of(some_evidence(amount_fen=amount_fen, currency=currency)) is expected


def test_a_large_sum_that_is_only_mentioned_stays_ordinary_but_one_missing_does_not() -> None:
    likely_ordinary = {Tier.ORDINARY: 0.7, Tier.COMPLEX: 0.25, Tier.URGENT: 0.05}
    mortgage_in_a_queue = some_evidence(amount_fen=800_000_00, tier_probabilities=likely_ordinary)
    missing = mortgage_in_a_queue.model_copy(update={"cause": Cause.FUNDS_SAFETY})
    assert tier_of(mortgage_in_a_queue) is Tier.ORDINARY
    assert tier_of(missing) is Tier.COMPLEX


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, Tier.COMPLEX),
        ({"amount_fen": 50_000_00}, Tier.URGENT),
        ({"amount_fen": 200_00}, Tier.COMPLEX),
        ({"signals": [Signal.VULNERABLE_PERSON, Signal.FRAUD_OR_THEFT], "product": Product.SAVINGS}, Tier.URGENT),
        ({"signals": [Signal.VULNERABLE_PERSON, Signal.FRAUD_OR_THEFT], "product": Product.PAYMENT}, Tier.COMPLEX),
        ({"tier_probabilities": MAYBE_URGENT}, Tier.URGENT),
    ],
)
def test_a_vulnerable_person_is_urgent_only_in_serious_harm(known: dict[str, object], expected: Tier) -> None:
    assert tier_of(some_evidence(Signal.VULNERABLE_PERSON, **known)) is expected


@pytest.mark.parametrize(
    ("signals", "probabilities", "expected"),
    [
        ([], RATHER_URGENT, Tier.URGENT),
        ([], MAYBE_URGENT, Tier.COMPLEX),
        ([], RATHER_COMPLEX, Tier.COMPLEX),
        ([], RATHER_ORDINARY, Tier.ORDINARY),
        ([Signal.REPEAT_CONTACT], MAYBE_URGENT, Tier.URGENT),
        ([Signal.FRAUD_OR_THEFT], MAYBE_URGENT, Tier.URGENT),
        ([Signal.POLICE_INVOLVED], MAYBE_URGENT, Tier.URGENT),
        ([Signal.STAFF_MISCONDUCT], MAYBE_URGENT, Tier.COMPLEX),
        ([Signal.REGULATOR_THREAT], MAYBE_URGENT, Tier.COMPLEX),
    ],
)
def test_the_classifier_needs_less_certainty_where_a_fact_speaks_for_it(
    signals: list[Signal], probabilities: dict[Tier, float], expected: Tier
) -> None:
    assert tier_of(some_evidence(*signals, tier_probabilities=probabilities)) is expected


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        (History(), Tier.ORDINARY),
        (History(earlier_count=1), Tier.COMPLEX),
        (History(earlier_count=1, unsettled_count=1, last_tier=Tier.ORDINARY), Tier.COMPLEX),
        (History(earlier_count=2), Tier.COMPLEX),
        (History(earlier_count=2, unsettled_count=1), Tier.URGENT),
        (History(earlier_count=1, deadline_missed_on_complex=True), Tier.URGENT),
        (History(earlier_count=1, unsettled_count=1, last_tier=Tier.URGENT), Tier.URGENT),
        (History(earlier_count=1, last_tier=Tier.URGENT), Tier.COMPLEX),
    ],
)
def test_a_complaint_that_comes_back_sinks_deeper(history: History, expected: Tier) -> None:
    assert tier_of(Evidence(tier_probabilities=SURELY_ORDINARY), history) is expected


def test_a_missed_date_is_urgent_on_a_complex_case_only() -> None:
    missed = some_evidence(Signal.DEADLINE_MISSED)
    complex_before = History(earlier_count=1, unsettled_count=1, last_tier=Tier.COMPLEX)
    ordinary_before = complex_before.model_copy(update={"last_tier": Tier.ORDINARY})
    assert tier_of(missed, complex_before) is Tier.URGENT
    assert tier_of(missed, ordinary_before) is Tier.COMPLEX


@pytest.mark.parametrize("emotion", Emotion)
def test_the_tone_alone_never_raises_a_tier(emotion: Emotion) -> None:
    assert tier_of(some_evidence(emotion=emotion)) is Tier.ORDINARY


def test_a_machine_does_not_lower_a_tier_and_says_so() -> None:
    decision = decide_tier(some_evidence(), NO_HISTORY, POLICY, current=Tier.URGENT)

    assert decision.tier is Tier.URGENT
    assert decision.evidence_tier is Tier.ORDINARY
    assert [reason.code for reason in decision.reasons] == ["kept"]


def test_every_reason_of_the_tier_is_given_with_the_facts_that_show_it() -> None:
    evidence = some_evidence(Signal.MONEY_LEAVING_NOW, Signal.SELF_HARM, Signal.ACCOUNT_FROZEN)

    reasons = decide_tier(evidence, NO_HISTORY, POLICY).reasons

    assert [(reason.code, reason.reference) for reason in reasons] == [
        ("self_harm", "LABELS urgent 1"),
        ("money_leaving_now", "LABELS urgent 2"),
    ]
    assert reasons[1].shown_by == ("signal: money_leaving_now",)


def test_a_decision_by_the_classifier_records_its_probability() -> None:
    (reason,) = decide_tier(some_evidence(tier_probabilities=RATHER_URGENT), NO_HISTORY, POLICY).reasons
    assert reason.shown_by == ("P(urgent or higher) = 0.55",)


def test_reasons_promise_nothing_and_use_no_word_of_the_trade() -> None:
    sentences = [POLICY.otherwise, POLICY.kept, *POLICY.sinks.values(), *(rule.reason for rule in POLICY.rules)]
    for sentence in sentences:
        assert not any(word in sentence.zh for word in ("尽快", "高度重视", "相关部门", "赔", "概率", "标签", "！"))
        assert not any(
            word in sentence.en.lower() for word in ("as soon as possible", "compensat", "relevant dep", "!")
        )
        assert sentence.zh.endswith("。")
        assert sentence.en.endswith(".")
        assert len(sentence.zh) <= 40


signals = st.frozensets(st.sampled_from(Signal))
amounts = st.none() | st.integers(0, 10**9)


@st.composite
def probabilities(draw: st.DrawFn) -> dict[Tier, float]:
    weights = [draw(st.integers(0, 100)) for _ in Tier]
    total = sum(weights)
    return {tier: weight / total for tier, weight in zip(Tier, weights, strict=True)} if total else {}


@st.composite
def histories(draw: st.DrawFn) -> History:
    earlier = draw(st.integers(0, 4))
    return History(
        earlier_count=earlier,
        unsettled_count=draw(st.integers(0, earlier)),
        deadline_missed_on_complex=draw(st.booleans()),
        last_tier=draw(st.none() | st.sampled_from(Tier)),
    )


evidences = st.builds(
    Evidence,
    signals=signals,
    tier_probabilities=probabilities(),
    emotion=st.none() | st.sampled_from(Emotion),
    product=st.none() | st.sampled_from(Product),
    cause=st.none() | st.sampled_from(Cause),
    amount_fen=amounts,
    currency=st.sampled_from(["CNY", "USD", "EUR"]),
)


@given(evidences, histories(), st.sampled_from(Signal))
def test_one_more_fact_never_lowers_the_tier(evidence: Evidence, history: History, signal: Signal) -> None:
    more = evidence.model_copy(update={"signals": evidence.signals | {signal}})
    assert tier_of(more, history) >= tier_of(evidence, history)


@given(evidences, histories(), st.integers(0, 10**9))
def test_a_larger_amount_never_lowers_the_tier(evidence: Evidence, history: History, more_fen: int) -> None:
    larger = evidence.model_copy(update={"amount_fen": (evidence.amount_fen or 0) + more_fen})
    assert tier_of(larger, history) >= tier_of(evidence, history)


@given(evidences, histories())
def test_a_history_never_lowers_the_tier(evidence: Evidence, history: History) -> None:
    assert tier_of(evidence, history) >= tier_of(evidence)


@given(evidences, histories(), st.none() | st.sampled_from(Tier))
def test_a_decision_is_never_below_the_present_tier_and_always_has_a_reason(
    evidence: Evidence, history: History, current: Tier | None
) -> None:
    decision = decide_tier(evidence, history, POLICY, current)
    assert decision.tier == max(decision.evidence_tier, current or Tier.ORDINARY)
    assert all(reason.zh and reason.en and reason.reference for reason in decision.reasons)


@given(evidences, histories())
def test_the_same_facts_always_give_the_same_decision(evidence: Evidence, history: History) -> None:
    first = decide_tier(evidence, history, POLICY)
    assert decide_tier(evidence, history, POLICY, first.tier) == first


def test_more_unsettled_complaints_than_complaints_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot exceed earlier_count"):
        History(earlier_count=1, unsettled_count=2)
