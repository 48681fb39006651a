"""The funnel (漏斗): which tier settles a complaint, and why, in words a customer and an auditor understand.

A pure function of what the customer said, the classifier's evidence and the customer's history. The rules are data, in
data/policy/funnel.yml. A machine only raises a tier; lowering one is a staff member's decision, with a reason.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, field_validator, model_validator

from bot.complaints.labels import Cause, Emotion, Language, Product, Signal, Tier
from bot.complaints.policy import POLICY_FOLDER, PolicyModel, load_policy, policy_fault

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]

MINOR_UNITS = 100

SINKS = ("plan_rejected", "result_rejected", "low_rating", "deadline_missed")
"""What makes a case sink to the next tier without any new evidence from the customer's words."""


class Evidence(BaseModel):
    """What is known about one complaint from the customer's own words.

    Attributes:
        signals: facts stated by the customer.
        tier_probabilities: the classifier's calibrated probability of each tier; empty when there is no classifier.
        emotion: kept for the record. No rule reads it: the tone alone never makes a case urgent.
        product: what the complaint is about, if known.
        cause: what went wrong, if known.
        amount_fen: the largest amount stated, in hundredths of the currency (分, cents).
        currency: ISO 4217 code of the amount.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    signals: frozenset[Signal] = frozenset()
    tier_probabilities: Mapping[Tier, Probability] = {}
    emotion: Emotion | None = None
    product: Product | None = None
    cause: Cause | None = None
    amount_fen: NonNegativeInt | None = None
    currency: Currency = "CNY"

    def probability_of(self, tier: Tier) -> float:
        """The probability that the complaint belongs to this tier or a higher one."""
        return sum(probability for other, probability in self.tier_probabilities.items() if other >= tier)


class History(BaseModel):
    """The bank's own record of this customer's earlier complaints on the same matter.

    Attributes:
        earlier_count: complaints before this one.
        unsettled_count: how many of those are still unsettled.
        deadline_missed_on_complex: whether a promised date has passed on one that was complex or urgent.
        last_tier: the highest tier of the last of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    earlier_count: NonNegativeInt = 0
    unsettled_count: NonNegativeInt = 0
    deadline_missed_on_complex: bool = False
    last_tier: Tier | None = None

    @model_validator(mode="after")
    def _unsettled_are_earlier(self) -> Self:
        if self.unsettled_count > self.earlier_count:
            raise ValueError("unsettled_count counts some of the earlier complaints and cannot exceed earlier_count")
        return self


class HistoryCondition(PolicyModel):
    """What must be true of the customer's history; everything named must hold."""

    earlier_at_least: PositiveInt | None = None
    unsettled_at_least: PositiveInt | None = None
    deadline_missed_on_complex: Literal[True] | None = None
    last_tier_at_least: Tier | None = None

    def shown_by(self, history: History) -> list[str] | None:
        shown: list[str] = []
        if self.earlier_at_least is not None:
            if history.earlier_count < self.earlier_at_least:
                return None
            shown.append(f"earlier complaints: {history.earlier_count}")
        if self.unsettled_at_least is not None:
            if history.unsettled_count < self.unsettled_at_least:
                return None
            shown.append(f"unsettled: {history.unsettled_count}")
        if self.deadline_missed_on_complex:
            if not history.deadline_missed_on_complex:
                return None
            shown.append("deadline missed on a complex case")
        if self.last_tier_at_least is not None:
            if history.last_tier is None or history.last_tier < self.last_tier_at_least:
                return None
            shown.append(f"last tier: {history.last_tier}")
        return shown


class Condition(PolicyModel):
    """When a rule applies; everything named must hold.

    Attributes:
        all_signals: every one of these was stated.
        any_signal: at least one of these was stated.
        amount_at_least: in whole yuan, dollars …, by currency. A currency not named never meets it.
        probability_at_least: by tier, the least probability of that tier or a higher one.
        unless_ordinary_at_least: for soft facts; the rule is silent when the classifier is this sure of ordinary.
        products: the product is one of these.
        causes: the cause is one of these.
        history: the customer's history.
    """

    all_signals: frozenset[Signal] = frozenset()
    any_signal: frozenset[Signal] = frozenset()
    amount_at_least: dict[Currency, PositiveInt] = Field(default_factory=dict)
    probability_at_least: dict[Tier, Annotated[float, Field(gt=0.0, le=1.0)]] = Field(default_factory=dict)
    unless_ordinary_at_least: Annotated[float, Field(gt=0.0, le=1.0)] | None = None
    products: frozenset[Product] = frozenset()
    causes: frozenset[Cause] = frozenset()
    history: HistoryCondition | None = None

    def shown_by(self, evidence: Evidence, history: History) -> tuple[str, ...] | None:
        """The facts that meet this condition, for the audit record.

        Returns:
            One short note for each fact, or None when the condition is not met.
        """
        if not self._speaks(evidence):
            return None
        from_history = self.history.shown_by(history) if self.history else []
        if from_history is None:
            return None
        stated = sorted((self.all_signals | self.any_signal) & evidence.signals)
        shown = [f"signal: {signal}" for signal in stated]
        if self.amount_at_least and evidence.amount_fen is not None:
            shown.append(f"amount: {evidence.currency} {evidence.amount_fen / MINOR_UNITS:.2f}")
        shown += [f"P({tier} or higher) = {evidence.probability_of(tier):.2f}" for tier in self.probability_at_least]
        if self.products:
            shown.append(f"product: {evidence.product}")
        if self.causes:
            shown.append(f"cause: {evidence.cause}")
        return (*shown, *from_history)

    def _speaks(self, evidence: Evidence) -> bool:
        return (
            self.all_signals <= evidence.signals
            and (not self.any_signal or bool(self.any_signal & evidence.signals))
            and (not self.amount_at_least or self._amount_is_met(evidence))
            and all(evidence.probability_of(tier) >= least for tier, least in self.probability_at_least.items())
            and (not self.products or evidence.product in self.products)
            and (not self.causes or evidence.cause in self.causes)
            and not self._is_outvoted(evidence)
        )

    def _amount_is_met(self, evidence: Evidence) -> bool:
        least = self.amount_at_least.get(evidence.currency)
        return evidence.amount_fen is not None and least is not None and evidence.amount_fen >= least * MINOR_UNITS

    def _is_outvoted(self, evidence: Evidence) -> bool:
        surety = evidence.tier_probabilities.get(Tier.ORDINARY, 0.0)
        return self.unless_ordinary_at_least is not None and surety >= self.unless_ordinary_at_least

    @property
    def raises_by_itself(self) -> bool:
        """Whether the condition names at least one fact that can be true or false of a complaint."""
        return bool(
            self.all_signals
            or self.any_signal
            or self.amount_at_least
            or self.probability_at_least
            or self.products
            or self.causes
            or (self.history and self.history.model_fields_set)
        )


class Sentence(PolicyModel):
    """One thing said in both languages."""

    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


class Rule(PolicyModel):
    """One rule of the funnel.

    Attributes:
        id: how audit records name the rule; never reused for another meaning.
        tier: what the rule raises a complaint to.
        reference: the paragraph of LABELS that the rule carries out.
        when: conditions, any one of which is enough.
        reason: what the customer and the auditor are told.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    tier: Literal[Tier.COMPLEX, Tier.URGENT]
    reference: str
    when: Annotated[tuple[Condition, ...], Field(min_length=1)]
    reason: Sentence

    @field_validator("when", mode="before")
    @classmethod
    def _one_condition_needs_no_list(cls, when: Any) -> Any:
        return [when] if isinstance(when, dict) else when


class FunnelPolicy(PolicyModel):
    """The content of data/policy/funnel.yml.

    Attributes:
        never_raises: signals that no rule may name.
        otherwise: the reason given when no rule applies.
        kept: the reason given when the case already stands at a higher tier than the evidence supports.
        sinks: the reason given for each of SINKS.
        rules: in the order in which their reasons are said.
    """

    never_raises: frozenset[Signal]
    otherwise: Sentence
    kept: Sentence
    sinks: dict[str, Sentence]
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _every_sink_has_a_reason(self) -> Self:
        for name in self.sinks:
            if name not in SINKS:
                raise policy_fault("is no known key", f"write one of {', '.join(SINKS)}", ("sinks", name))
        for sink in SINKS:
            if sink not in self.sinks:
                raise policy_fault(f"has no reason for {sink}", f"add `{sink}:` with zh and en to it", ("sinks",))
        return self

    @model_validator(mode="after")
    def _rules_make_sense(self) -> Self:
        ids: dict[str, int] = {}
        for position, rule in enumerate(self.rules):
            if rule.id in ids:
                problem = f"`{rule.id}` already names the rule at position {ids[rule.id] + 1}"
                raise policy_fault(problem, "give this rule an id of its own", ("rules", position, "id"))
            ids[rule.id] = position
            for number, condition in enumerate(rule.when):
                self._check_condition(condition, ("rules", position, "when", number))
        return self

    def _check_condition(self, condition: Condition, at: tuple[str | int, ...]) -> None:
        if not condition.raises_by_itself:
            raise policy_fault(
                "this condition would apply to every complaint", "name a signal, amount, probability or history", at
            )
        if silent := sorted((condition.all_signals | condition.any_signal) & self.never_raises):
            problem = f"`{silent[0]}` never raises a tier"
            raise policy_fault(problem, "take it out of this rule, or out of never_raises", at)
        if Tier.ORDINARY in condition.probability_at_least:
            problem = "every complaint is ordinary or higher, so this is always met"
            raise policy_fault(problem, "name complex or urgent", (*at, "probability_at_least"))


class Reason(BaseModel):
    """Why a complaint stands at a tier.

    Attributes:
        code: the rule's id, or `otherwise` or `kept`.
        reference: the paragraph of LABELS that the rule carries out.
        zh: for a Chinese reader, one sentence.
        en: for an English reader, one sentence.
        shown_by: the facts the rule was met by, for the audit record only.
    """

    model_config = ConfigDict(frozen=True)

    code: str
    reference: str
    zh: str
    en: str
    shown_by: tuple[str, ...] = ()

    def in_language(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


class TierDecision(BaseModel):
    """What the funnel decided.

    Attributes:
        tier: where the complaint stands from now on.
        evidence_tier: what the evidence alone supports; lower than `tier` when the case already stood higher.
        reasons: at least one.
    """

    model_config = ConfigDict(frozen=True)

    tier: Tier
    evidence_tier: Tier
    reasons: Annotated[tuple[Reason, ...], Field(min_length=1)]


def load_funnel_policy(path: Path = POLICY_FOLDER / "funnel.yml") -> FunnelPolicy:
    """Reads the funnel's rules.

    Raises:
        PolicyError: with file, line and mend of everything wrong.
    """
    return load_policy(path, FunnelPolicy)


@cache
def funnel_policy() -> FunnelPolicy:
    """The funnel's rules in force, read once."""
    return load_funnel_policy()


def decide_tier(
    evidence: Evidence, history: History, policy: FunnelPolicy, current: Tier | None = None
) -> TierDecision:
    """Decides where in the funnel a complaint is settled.

    Args:
        evidence: what the customer said and what the classifier made of it.
        history: the customer's earlier complaints on the same matter.
        policy: the rules in force.
        current: where the case stands already; the decision is never lower.

    Returns:
        The tier of the highest rule that applies, with the reasons of every rule of that tier that applies.
    """
    met = [(rule, shown) for rule in policy.rules if (shown := _shown_by(rule, evidence, history)) is not None]
    evidence_tier = max((rule.tier for rule, _ in met), default=Tier.ORDINARY)
    if current is not None and current > evidence_tier:
        shown_by = (f"current tier: {current}", f"evidence supports: {evidence_tier}")
        kept = _reason("kept", "DESIGN the funnel", policy.kept, shown_by)
        return TierDecision(tier=current, evidence_tier=evidence_tier, reasons=(kept,))
    reasons = tuple(
        _reason(rule.id, rule.reference, rule.reason, shown) for rule, shown in met if rule.tier == evidence_tier
    )
    otherwise = _reason("otherwise", "LABELS ordinary", policy.otherwise)
    return TierDecision(tier=evidence_tier, evidence_tier=evidence_tier, reasons=reasons or (otherwise,))


def _shown_by(rule: Rule, evidence: Evidence, history: History) -> tuple[str, ...] | None:
    met = (condition.shown_by(evidence, history) for condition in rule.when)
    return next((shown for shown in met if shown is not None), None)


def _reason(code: str, reference: str, sentence: Sentence, shown_by: tuple[str, ...] = ()) -> Reason:
    return Reason(code=code, reference=reference, zh=sentence.zh, en=sentence.en, shown_by=shown_by)
