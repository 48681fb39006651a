"""What a person who is called reads."""

import uuid
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from bot.alarms.models import Occasion
from bot.alarms.notices import Facts, notice_of
from bot.complaints.labels import Tier

CONVERSATION = uuid.UUID("6f1d6c1e-0000-4000-8000-000000000001")
DESK = "https://desk.bank.example/"
KNOWN = Facts(
    conversation_id=CONVERSATION,
    tier=Tier.URGENT,
    outlet_code="HB-WH-WC-03",
    waiting_since=datetime(2026, 11, 23, 2, 5, tzinfo=UTC),
)


def test_a_call_in_chinese() -> None:
    notice = notice_of(Occasion.URGENT, "TS-4821-7063-8", KNOWN, "zh", DESK)
    assert notice.title == "【听诉】紧急投诉正在等待接待 TS-4821-7063-8"
    assert notice.text.splitlines() == [
        "【听诉】紧急投诉正在等待接待",
        "编号：TS-4821-7063-8",
        "层级：紧急",
        "网点：司门口支行",
        "等待自：11月23日（周一） 10:05",
        f"请到工作台处理：https://desk.bank.example/conversations/{CONVERSATION}",
    ]


def test_a_call_in_english() -> None:
    notice = notice_of(Occasion.CRISIS, "TS-4821-7063-8", KNOWN, "en", DESK)
    assert notice.text.splitlines() == [
        "[Tingsu] A customer may be in danger: take over at once",
        "Number: TS-4821-7063-8",
        "Tier: Urgent",
        "Outlet: Simenkou Outlet",
        "Waiting since: Monday 23 November 10:05",
        f"Open it at the desk: https://desk.bank.example/conversations/{CONVERSATION}",
    ]


def test_what_is_unknown_is_left_out() -> None:
    facts = Facts(due_at=datetime(2026, 12, 8, 15, 59, 59, tzinfo=UTC), outlet_code="HB-GONE")
    assert notice_of(Occasion.DEADLINE_NEAR, "TS-1", facts, "en", DESK).text.splitlines() == [
        "[Tingsu] A deadline is near",
        "Number: TS-1",
        "Outlet: HB-GONE",
        "Due: Tuesday 8 December 23:59",
        "Open it at the desk: https://desk.bank.example/",
    ]


def test_nothing_else_may_be_told_outside_of_the_desk() -> None:
    with pytest.raises(ValidationError, match="customer_name"):
        Facts.model_validate({"customer_name": "王小雨"})
