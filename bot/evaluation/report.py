"""The report on understanding: a page with pictures and the worst cases, and a JSON file with the same figures."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from bot.complaints.labels import Tier
from bot.evaluation.judged import Judged
from bot.evaluation.measures import (
    FACETS,
    MISSED_URGENT_COSTS,
    NONE,
    Count,
    Understood,
    counts,
    interval,
    pairs,
    signal_counts,
    summary,
)

BINS = 10
WORST_CASES = 60
TIERS = (*(str(tier) for tier in Tier), NONE)


@dataclass(frozen=True)
class Row:
    """One label's line in a table, shares with their 95 % intervals."""

    label: str
    texts: int
    precision: float
    precision_from: float
    precision_to: float
    recall: float
    recall_from: float
    recall_to: float
    f1: float


@dataclass(frozen=True)
class Bin:
    """The texts of one range of confidence: how sure the assistant was, and how often it was right."""

    confidence: float
    right: float
    texts: int


@dataclass(frozen=True)
class Case:
    """A text that was not understood."""

    identifier: str
    text: str
    cost: int
    wrong: list[str]


def row(label: str, count: Count) -> Row:
    """A label's line."""
    found, decided = count.right + count.wrong, count.right + count.missed
    precision_from, precision_to = interval(count.right, found)
    recall_from, recall_to = interval(count.right, decided)
    return Row(
        label, decided, count.precision, precision_from, precision_to, count.recall, recall_from, recall_to, count.f1
    )


def confusion(compared: Sequence[tuple[str, str]]) -> list[list[int]]:
    """How often each true tier (rows) was found as each tier, or as no complaint (columns)."""
    counted = Counter(compared)
    return [[counted[true, found] for found in TIERS] for true in TIERS[:-1]]


def calibration(facet: str, judged: Sequence[Judged], understood: Sequence[Understood]) -> list[Bin]:
    """Whether a confidence means what it says, for texts taken rightly for complaints."""
    sure: dict[int, list[tuple[float, bool]]] = {}
    for one, found in zip(judged, understood, strict=True):
        if one.is_complaint and found.kind == one.kind[0]:
            confidence = found.confidence[facet]
            is_right = getattr(found, facet) in getattr(one, facet)
            sure.setdefault(min(int(confidence * BINS), BINS - 1), []).append((confidence, is_right))
    return [
        Bin(sum(c for c, _ in texts) / len(texts), sum(right for _, right in texts) / len(texts), len(texts))
        for _, texts in sorted(sure.items())
    ]


def worst_cases(judged: Sequence[Judged], understood: Sequence[Understood]) -> list[Case]:
    """The texts with the costliest mistakes first."""
    cases = [_case(one, found) for one, found in zip(judged, understood, strict=True)]
    return sorted((case for case in cases if case.cost), key=lambda case: -case.cost)[:WORST_CASES]


def _case(one: Judged, found: Understood) -> Case:
    wrong = [
        f"{facet}: {true} → {label}"
        for facet in FACETS
        for true, label in pairs(facet, [one], [found])
        if true != label
    ]
    cost = len(wrong)
    if one.tier and one.tier[0] is Tier.URGENT and found.tier != Tier.URGENT:
        cost += MISSED_URGENT_COSTS
    missed, extra = one.signals - found.signals, found.signals - one.signals - one.signals_or
    wrong += [f"missed signal: {name}" for name in sorted(missed)] + [
        f"signal too many: {name}" for name in sorted(extra)
    ]
    return Case(one.id, one.text, cost + len(missed) + len(extra), wrong)


def report(judged: Sequence[Judged], understood: Sequence[Understood]) -> dict[str, Any]:
    """Everything the report says, ready for JSON."""
    tables = {
        facet: [asdict(row(label, count)) for label, count in counts(pairs(facet, judged, understood)).items()]
        for facet in FACETS
    }
    tables["signals"] = [asdict(row(name, count)) for name, count in signal_counts(judged, understood).items()]
    return {
        "summary": summary(judged, understood),
        "tables": tables,
        "tiers": list(TIERS),
        "tier_confusion": confusion(pairs("tier", judged, understood)),
        "calibration": {
            facet: [asdict(one) for one in calibration(facet, judged, understood)] for facet in ("product", "cause")
        },
        "worst_cases": [asdict(case) for case in worst_cases(judged, understood)],
    }


def write_report(content: dict[str, Any], folder: Path, title: str) -> Path:
    """Write `report.html` and `report.json` into a folder.

    Returns:
        The page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")
    templates = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=select_autoescape())
    page = folder / "report.html"
    page.write_text(templates.get_template("report.html").render(title=title, **content), "utf-8")
    return page
