"""The report on understanding says what was measured, and shows texts as texts."""

import json
from pathlib import Path

from bot.complaints.labels import Signal
from bot.evaluation.judged import Judged
from bot.evaluation.measures import Understood
from bot.evaluation.report import report, write_report

URGENT = Judged.model_validate(
    {
        "id": "u",
        "text": "<script>alert(1)</script> 有人正在转走我的钱",
        "kind": ["complaint"],
        "product": ["payment"],
        "cause": ["funds_safety"],
        "emotion": ["anxious"],
        "tier": ["urgent"],
        "signals": ["money_leaving_now"],
    }
)
FEE = URGENT.model_copy(update={"id": "f", "tier": ("ordinary",), "signals": frozenset(), "text": "转账收费"})


def understood(tier: str | None, *signals: Signal, kind: str = "complaint", sure: float = 0.8) -> Understood:
    confidence = {"product": sure, "cause": sure}
    return Understood(kind, "payment", "funds_safety", "anxious", tier, frozenset(signals), confidence)


def test_a_missed_urgent_case_is_the_worst_and_says_what_was_missed() -> None:
    content = report([FEE, URGENT], [understood("complex"), understood("ordinary")])
    first, second = content["worst_cases"]
    assert (first["identifier"], second["identifier"]) == ("u", "f")
    assert "tier: urgent → ordinary" in first["wrong"]
    assert "missed signal: money_leaving_now" in first["wrong"]


def test_what_was_understood_is_no_case() -> None:
    assert report([URGENT], [understood("urgent", Signal.MONEY_LEAVING_NOW)])["worst_cases"] == []


def test_the_confusion_counts_complaints_that_were_taken_for_none() -> None:
    content = report([URGENT, FEE], [understood(None, kind="enquiry"), understood("ordinary")])
    table = dict(zip(content["tiers"], content["tier_confusion"], strict=False))
    assert table["urgent"][content["tiers"].index("none")] == 1
    assert table["ordinary"][content["tiers"].index("ordinary")] == 1


def test_confidence_is_set_against_how_often_it_was_right() -> None:
    wrong = Understood("complaint", "savings", "pricing", "calm", "urgent", frozenset(), {"product": 0.8, "cause": 0.8})
    (sure,) = report([URGENT, URGENT], [understood("urgent"), wrong])["calibration"]["product"]
    assert (sure["confidence"], sure["right"], sure["texts"]) == (0.8, 0.5, 2)


def test_the_page_shows_texts_as_text_and_the_file_has_the_same_figures(tmp_path: Path) -> None:
    content = report([URGENT], [understood("ordinary")])
    page = write_report(content, tmp_path, "hold-out").read_text("utf-8")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert json.loads((tmp_path / "report.json").read_text("utf-8")) == content
