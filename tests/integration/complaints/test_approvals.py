"""Lower tiers and more time: asked for with a reason, agreed to by somebody else."""

from datetime import timedelta

import pytest

from bot.complaints.approvals import (
    AlreadyAsked,
    NotAwaited,
    NotLower,
    approvals_of,
    ask_for_extension,
    ask_to_lower_tier,
    extend,
    lower_tier,
    refuse,
)
from bot.complaints.assignment import MustAvoid, note_avoidance
from bot.complaints.authority import NeedsSomebodyElse, NotTheirDecision
from bot.complaints.casework import add_to_complaint, withdraw
from bot.complaints.deadlines import ExtensionRefused
from bot.complaints.labels import Signal, Tier
from bot.complaints.models import Approval, CaseIsSettled
from bot.complaints.tiers import NoReason
from bot.conversations.models import Conversation
from bot.database import Database
from bot.followups.extensions import grant_extension
from bot.wording import wording
from tests.builders import a_statement, jobs, texts
from tests.conftest import FakeClock
from tests.integration.complaints.case import Case, a_case
from tests.integration.complaints.people import People


@pytest.fixture
async def case(database: Database, conversation: Conversation, clock: FakeClock) -> Case:
    return await a_case(database, conversation, clock, Tier.COMPLEX)


@pytest.fixture
async def urgent(database: Database, conversation: Conversation, clock: FakeClock) -> Case:
    return await a_case(database, conversation, clock, Tier.URGENT)


async def test_a_lower_tier_waits_for_somebody_elses_agreement(case: Case, people: People, clock: FakeClock) -> None:
    approval = await case.does(ask_to_lower_tier, Tier.ORDINARY, "客户只是问手续", by=people.coordinator)
    assert (await case.now_is()).tier is Tier.COMPLEX
    with pytest.raises(NeedsSomebodyElse):
        await case.does(lower_tier, approval, by=people.coordinator)
    await case.does(lower_tier, approval, by=people.other_coordinator, note="同意")
    complaint = await case.now_is()
    assert (complaint.tier, complaint.unit_code) == (Tier.ORDINARY, "HB-WH-WC-03")
    decision = complaint.tier_decisions[-1]
    assert (decision.previous_tier, decision.decided_by) == (Tier.COMPLEX, "staff:coordinator2")
    assert decision.reasons[0]["zh"] == "客户只是问手续"
    (row,) = await case.rows(Approval)
    assert (row.is_approved, row.decided_by, row.decision_note) == (True, people.other_coordinator.id, "同意")
    assert await case.trail() == ["staff:coordinator: ask_lower_tier", "staff:coordinator2: approve_lower_tier"]


@pytest.mark.parametrize("somebody", ["handler", "supervisor", "next_door"])
async def test_a_lower_tier_is_not_agreed_below_the_tier(somebody: str, case: Case, people: People) -> None:
    approval = await case.does(ask_to_lower_tier, Tier.ORDINARY, "小事", by=people.handler)
    with pytest.raises(NotTheirDecision):
        await case.does(lower_tier, approval, by=getattr(people, somebody))
    assert (await case.now_is()).tier is Tier.COMPLEX


async def test_an_urgent_case_is_lowered_by_the_task_force_only(urgent: Case, people: People) -> None:
    approval = await urgent.does(ask_to_lower_tier, Tier.COMPLEX, "钱已冻结", by=people.coordinator)
    with pytest.raises(NotTheirDecision):
        await urgent.does(lower_tier, approval, by=people.other_coordinator)
    await urgent.does(lower_tier, approval, by=people.task_force)
    assert (await urgent.now_is()).tier is Tier.COMPLEX


async def test_a_lowered_tier_makes_no_promised_date_later(urgent: Case, people: People, clock: FakeClock) -> None:
    promised = await urgent.running()
    clock.advance(hours=1)
    approval = await urgent.does(ask_to_lower_tier, Tier.ORDINARY, "钱已冻结", by=people.coordinator)
    await urgent.does(lower_tier, approval, by=people.task_force)
    now = await urgent.running()
    assert set(now) == set(promised)
    assert all(now[name] <= due for name, due in promised.items())
    # The ordinary tier decides in fifteen days of receipt: the date lies ahead, so it counts.
    assert now["decision"] == promised["decision"] - timedelta(days=15)


async def test_what_was_known_does_not_raise_a_lowered_tier_again_but_new_facts_do(
    urgent: Case, people: People, clock: FakeClock
) -> None:
    approval = await urgent.does(ask_to_lower_tier, Tier.ORDINARY, "钱已冻结", by=people.coordinator)
    await urgent.does(lower_tier, approval, by=people.task_force)
    await urgent.does(add_to_complaint, "还有一件事", a_statement(Signal.MONEY_LEAVING_NOW))
    assert (await urgent.now_is()).tier is Tier.ORDINARY
    await urgent.does(add_to_complaint, "我不想活了", a_statement(Signal.SELF_HARM))
    assert (await urgent.now_is()).tier is Tier.URGENT


async def test_what_is_refused_changes_nothing_and_may_be_asked_again(case: Case, people: People) -> None:
    approval = await case.does(ask_to_lower_tier, Tier.ORDINARY, "小事", by=people.handler)
    with pytest.raises(NoReason):
        await case.does(refuse, approval, "", by=people.coordinator)
    await case.does(refuse, approval, "要调记录", by=people.coordinator)
    with pytest.raises(NotAwaited):
        await case.does(lower_tier, approval, by=people.other_coordinator)
    assert (await case.now_is()).tier is Tier.COMPLEX
    await case.does(ask_to_lower_tier, Tier.ORDINARY, "记录调到了", by=people.handler)
    assert [asked.is_approved for asked in await case.does(lambda s, c, now: approvals_of(s, c))] == [False, None]


async def test_what_cannot_be_asked_for(case: Case, people: People) -> None:
    with pytest.raises(NotLower):
        await case.does(ask_to_lower_tier, Tier.COMPLEX, "小事", by=people.handler)
    with pytest.raises(NoReason):
        await case.does(ask_to_lower_tier, Tier.ORDINARY, " ", by=people.handler)
    await case.does(note_avoidance, people.supervisor.id, "客户的亲属", actor="staff:coordinator")
    with pytest.raises(MustAvoid):
        await case.does(ask_to_lower_tier, Tier.ORDINARY, "小事", by=people.supervisor)
    await case.does(ask_to_lower_tier, Tier.ORDINARY, "小事", by=people.handler)
    with pytest.raises(AlreadyAsked):
        await case.does(ask_to_lower_tier, Tier.ORDINARY, "小事", by=people.coordinator)


async def test_a_request_of_one_kind_or_case_is_no_other(
    case: Case, people: People, database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    approval = await case.does(ask_to_lower_tier, Tier.ORDINARY, "小事", by=people.handler)
    with pytest.raises(NotAwaited):
        await case.does(extend, approval, by=people.coordinator)
    other = await a_case(database, conversation, clock, Tier.COMPLEX)
    with pytest.raises(NotAwaited):
        await other.does(lower_tier, approval, by=people.coordinator)
    await case.does(withdraw)
    with pytest.raises(CaseIsSettled):
        await case.does(lower_tier, approval, by=people.coordinator)


async def test_an_extension_is_told_to_the_customer_as_it_is_granted(
    case: Case, people: People, database: Database, clock: FakeClock
) -> None:
    promised = (await case.running())["decision"]
    clock.advance(days=20)
    approval = await case.does(ask_for_extension, "要向外省调记录", by=people.coordinator)
    assert await texts(database) == []
    await case.does(grant_extension, approval, by=people.other_coordinator)
    running = await case.running()
    assert "decision" not in running
    assert running["extended_decision"] == promised + timedelta(days=30)
    said = wording().say("utter_extension", "zh", number=case.number, before="12月23日（周三）", due="1月22日（周五）")
    assert await texts(database) == [said.text]
    assert [job["args"]["deadline_id"] for job in await jobs(database, "watch_deadline")][-1] == (
        await case.deadline("extended_decision")
    ).id
    assert await case.trail() == ["staff:coordinator: ask_extension", "staff:coordinator2: approve_extension"]


async def test_a_decision_is_extended_once_only(case: Case, people: People) -> None:
    approval = await case.does(ask_for_extension, "要向外省调记录", by=people.coordinator)
    with pytest.raises(NeedsSomebodyElse):
        await case.does(grant_extension, approval, by=people.coordinator)
    await case.does(grant_extension, approval, by=people.other_coordinator)
    with pytest.raises(ExtensionRefused, match="once"):
        await case.does(ask_for_extension, "还要调", by=people.coordinator)


async def test_no_extension_for_an_ordinary_case_nor_after_the_date(
    case: Case, people: People, database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    approval = await case.does(ask_for_extension, "要向外省调记录", by=people.coordinator)
    clock.advance(days=31)
    with pytest.raises(ExtensionRefused, match="cannot be extended afterwards"):
        await case.does(grant_extension, approval, by=people.other_coordinator)
    clock.advance(days=200)
    ordinary = await a_case(database, conversation, clock)
    with pytest.raises(ExtensionRefused, match="raise its tier first"):
        await ordinary.does(ask_for_extension, "忙", by=people.supervisor)
    assert await texts(database) == []
