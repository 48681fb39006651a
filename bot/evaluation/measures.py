"""Counts of right and wrong: precision, recall and F1 of each label, with intervals, and what a wrong tier costs."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.complaints.labels import Kind, Signal, Tier
from bot.evaluation.judged import Judged

FACETS = ("kind", "product", "cause", "emotion", "tier")
NONE = "none"
"""What a text counts as that was taken for no complaint, in a question about complaints."""

MISSED_URGENT_COSTS = 10
Z_95 = 1.96


@dataclass(frozen=True)
class Understood:
    """What was understood of a text; `None` where the question does not arise."""

    kind: str
    product: str | None
    cause: str | None
    emotion: str | None
    tier: str | None
    signals: frozenset[str]
    confidence: Mapping[str, float]


@dataclass(frozen=True)
class Count:
    """How often a label was found rightly, found wrongly, and missed."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 0.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (2 * self.right + self.wrong + self.missed) if self.right else 0.0


def interval(right: int, total: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    if not total:
        return 0.0, 1.0
    share, spread = right / total, Z_95**2 / total
    middle = (share + spread / 2) / (1 + spread)
    half = Z_95 / (1 + spread) * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    return max(0.0, middle - half), min(1.0, middle + half)


def pairs(facet: str, judged: Sequence[Judged], understood: Sequence[Understood]) -> list[tuple[str, str]]:
    """The true and the found label of every text that readers decided the facet for.

    A found label that readers accept is the true one. A complaint that was taken for something else counts as wrong in
    product, cause, emotion and tier.
    """
    compared = []
    for one, found in zip(judged, understood, strict=True):
        accepted = getattr(one, facet)
        if not accepted or (facet != "kind" and not one.is_complaint):
            continue
        label = getattr(found, facet)
        if facet != "kind" and found.kind != Kind.COMPLAINT:
            label = NONE
        compared.append((label if label in accepted else str(accepted[0]), str(label)))
    return compared


def counts(compared: Sequence[tuple[str, str]]) -> dict[str, Count]:
    """The counts of every label that readers decided or that was found."""
    right = Counter(true for true, found in compared if true == found)
    wrong = Counter(found for true, found in compared if true != found)
    missed = Counter(true for true, found in compared if true != found)
    labels = sorted({true for true, _ in compared} | set(wrong) - {NONE})
    return {label: Count(right[label], wrong[label], missed[label]) for label in labels}


def macro_f1(by_label: Mapping[str, Count]) -> float:
    """The mean F1 of the labels that readers decided at least once."""
    decided = [count.f1 for count in by_label.values() if count.right + count.missed]
    return sum(decided) / len(decided) if decided else 0.0


def accuracy(compared: Sequence[tuple[str, str]]) -> float:
    """The share of right ones."""
    return sum(true == found for true, found in compared) / len(compared) if compared else 0.0


def signal_counts(judged: Sequence[Judged], understood: Sequence[Understood]) -> dict[str, Count]:
    """The counts of each signal; one that only some readers saw is neither right nor wrong, nor missed."""
    found_rightly: Counter[str] = Counter()
    found_wrongly: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for one, found in zip(judged, understood, strict=True):
        found_rightly.update(found.signals & one.signals)
        found_wrongly.update(found.signals - one.signals - one.signals_or)
        missed.update(one.signals - found.signals)
    return {name: Count(found_rightly[name], found_wrongly[name], missed[name]) for name in Signal}


def together(by_label: Mapping[str, Count]) -> Count:
    """All labels' counts as one (micro average)."""
    columns = list(by_label.values())
    return Count(sum(c.right for c in columns), sum(c.wrong for c in columns), sum(c.missed for c in columns))


def tier_cost(compared: Sequence[tuple[str, str]]) -> float:
    """The mean cost of a wrong tier, a missed urgent case costing ten others."""

    def cost(true: str, found: str) -> int:
        if true == found:
            return 0
        return MISSED_URGENT_COSTS if true == Tier.URGENT else 1

    return sum(cost(*pair) for pair in compared) / len(compared) if compared else 0.0


def summary(judged: Sequence[Judged], understood: Sequence[Understood]) -> dict[str, float]:
    """The figures by which understanding is judged."""
    compared = {facet: pairs(facet, judged, understood) for facet in FACETS}
    urgent = counts(compared["tier"]).get(Tier.URGENT, Count(0, 0, 0))
    signals = together(signal_counts(judged, understood))
    figures = {f"{facet}_accuracy": accuracy(compared[facet]) for facet in FACETS}
    figures |= {f"{facet}_macro_f1": macro_f1(counts(compared[facet])) for facet in FACETS}
    figures |= {
        "urgent_precision": urgent.precision,
        "urgent_recall": urgent.recall,
        "tier_cost": tier_cost(compared["tier"]),
        "signals_precision": signals.precision,
        "signals_recall": signals.recall,
        "signals_f1": signals.f1,
    }
    return {name: round(figure, 4) for name, figure in figures.items()} | {"texts": len(judged)}
