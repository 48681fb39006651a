"""A plan: agreed inside the bank before the customer sees it, and the customer's to accept or reject."""

import pytest
from sqlalchemy import select

from bot.audit import AuditRecord
from bot.complaints.assignment import MustAvoid, name_lead, note_avoidance
from bot.complaints.authority import NeedsSomebodyElse, NotTheirDecision
from bot.complaints.casework import resolve
from bot.complaints.labels import Tier
from bot.complaints.lifecycle import IllegalStep, State
from bot.complaints.models import CaseIsSettled, Plan
from bot.complaints.plans import (
    PlanIsEmpty,
    PlanNotReady,
    accept_plan,
    approve_plan,
    propose_plan,
    reject_plan,
    return_plan,
    submit_plan,
)
from bot.conversations.models import Conversation, Holder
from bot.database import Database
from bot.followups.plans import put_plan
from bot.wording import wording
from tests.builders import texts
from tests.conftest import FakeClock
from tests.integration.complaints.case import Case, a_case
from tests.integration.complaints.people import People


async def test_a_handlers_plan_waits_for_the_outlets_supervisor(case: Case, people: People) -> None:
    plan = await case.plan(by=people.handler)
    assert plan.approved_at is None
    with pytest.raises(PlanNotReady):
        await case.does(put_plan, plan, actor="staff:handler")
    await case.does(approve_plan, plan, by=people.supervisor)
    await case.does(put_plan, plan, actor="staff:handler")
    assert (await case.now_is()).state is State.PLAN_PROPOSED
    assert await case.trail() == [
        "staff:handler: submit_plan",
        "staff:supervisor: approve_plan",
        "staff:handler: propose_plan",
    ]


@pytest.mark.parametrize(
    ("tier", "own", "draft"),
    [
        (Tier.ORDINARY, "supervisor", "handler"),
        (Tier.ORDINARY, "coordinator", "next_door"),
        (Tier.COMPLEX, "coordinator", "supervisor"),
        (Tier.URGENT, "task_force", "coordinator"),
    ],
)
async def test_whoever_answers_for_the_tier_needs_no_second_person(
    tier: Tier, own: str, draft: str, database: Database, conversation: Conversation, people: People, clock: FakeClock
) -> None:
    case = await a_case(database, conversation, clock, tier)
    assert (await case.plan(by=getattr(people, draft))).approved_at is None
    plan = await case.plan(by=getattr(people, own))
    assert (plan.approved_by, plan.approved_at) == (getattr(people, own).id, clock())


async def test_an_urgent_cases_plan_is_its_leads_to_agree(
    database: Database, conversation: Conversation, people: People, clock: FakeClock
) -> None:
    case = await a_case(database, conversation, clock, Tier.URGENT)
    await case.does(name_lead, people.lead, actor="staff:task_force")
    plan = await case.plan(by=people.task_force)
    with pytest.raises(NotTheirDecision):
        await case.does(approve_plan, plan, by=people.coordinator)
    await case.does(approve_plan, plan, by=people.lead)
    assert (await case.rows(Plan))[0].approved_by == people.lead.id


@pytest.mark.parametrize("somebody", ["handler", "next_door"])
async def test_a_plan_is_not_agreed_by_who_does_not_answer_for_it(somebody: str, case: Case, people: People) -> None:
    plan = await case.plan(by=people.handler)
    with pytest.raises(NotTheirDecision, match="supervisor"):
        await case.does(approve_plan, plan, by=getattr(people, somebody))


async def test_nobody_agrees_to_their_own_plan_by_becoming_its_lead(
    database: Database, conversation: Conversation, people: People, clock: FakeClock
) -> None:
    case = await a_case(database, conversation, clock, Tier.URGENT)
    await case.does(name_lead, people.lead, actor="staff:task_force")
    plan = await case.plan(by=people.task_force)
    await case.does(name_lead, people.task_force, actor="staff:lead")
    with pytest.raises(NeedsSomebodyElse):
        await case.does(approve_plan, plan, by=people.task_force)


async def test_who_must_keep_out_of_a_case_neither_plans_nor_agrees(case: Case, people: People) -> None:
    plan = await case.plan(by=people.handler)
    await case.does(note_avoidance, people.supervisor.id, "客户的亲属", actor="staff:coordinator")
    with pytest.raises(MustAvoid):
        await case.does(approve_plan, plan, by=people.supervisor)
    with pytest.raises(MustAvoid):
        await case.plan(by=people.supervisor)


async def test_a_plan_is_returned_with_a_reason_and_written_anew(case: Case, people: People) -> None:
    plan = await case.plan(by=people.handler)
    with pytest.raises(PlanIsEmpty):
        await case.does(return_plan, plan, " ", by=people.supervisor)
    await case.does(return_plan, plan, "写上几点", by=people.supervisor)
    for late in (approve_plan, return_plan):
        with pytest.raises(PlanNotReady):
            await case.does(late, plan, *(["再想想"] if late is return_plan else []), by=people.supervisor)
    await case.does(approve_plan, await case.plan("下午三点前送到。", by=people.handler), by=people.supervisor)
    assert [(plan.return_reason, plan.approved_by) for plan in await case.rows(Plan)] == [
        ("写上几点", None),
        (None, people.supervisor.id),
    ]


async def test_a_new_plan_takes_the_place_of_one_that_was_not_put_to_the_customer(case: Case, people: People) -> None:
    first = await case.plan(by=people.supervisor)
    second = await case.plan("明天送到。", by=people.supervisor)
    with pytest.raises(PlanNotReady):
        await case.does(put_plan, first, actor="staff:supervisor")
    await case.does(put_plan, second, actor="staff:supervisor")
    with pytest.raises(PlanNotReady):
        await case.does(put_plan, second, actor="staff:supervisor")


async def test_the_customer_reads_the_plan_and_the_assistant_hears_the_answer(
    case: Case, people: People, conversation: Conversation, database: Database
) -> None:
    await case.plan_is_put(by=people.supervisor)
    said = wording().say("utter_plan", "zh", number=case.number, plan="今天下午把卡送到您手里。")
    assert await texts(database) == [said.text]
    async with database.transaction() as session:
        after = await session.get_one(Conversation, conversation.id)
    assert after.holder is Holder.BOT
    assert after.pending_question == {
        "form": "result_form",
        "slots": {"pending_number": case.number, "requested_slot": "result_accepted"},
    }
    assert set(await case.running()) == {"decision"}
    assert [(step.what, step.by) for step in (await case.now_is()).learn_record] == [("utter_plan", "staff:supervisor")]


async def test_an_accepted_plan_is_carried_out_and_resolved(case: Case, people: People, clock: FakeClock) -> None:
    await case.plan_is_put(by=people.supervisor)
    await case.does(accept_plan, "可以")
    (plan,) = await case.rows(Plan)
    assert (plan.is_accepted, plan.answered_at, plan.answer_text) == (True, clock(), "可以")
    assert (await case.now_is()).state is State.ACCEPTED
    await case.does(resolve, "卡已送到。", actor="staff:handler")
    assert await case.running() == {}


async def test_a_rejected_plan_sinks_to_the_next_tier(case: Case, people: People, clock: FakeClock) -> None:
    await case.plan_is_put(by=people.supervisor)
    promised = await case.running()
    clock.advance(hours=5)
    await case.does(reject_plan, "不行，我今天就要用")
    complaint = await case.now_is()
    assert (complaint.state, complaint.tier, complaint.unit_code) == (State.REJECTED, Tier.COMPLEX, "HB-WH-WC")
    assert complaint.tier_decisions[-1].reasons[0]["code"] == "plan_rejected"
    assert (await case.running())["decision"] <= promised["decision"]
    assert (await case.trail())[-2:] == ["customer: reject_plan", "system: sink_tier"]
    await case.plan_is_put(by=people.coordinator)
    await case.does(reject_plan, "不")
    await case.plan_is_put(by=people.lead)
    await case.does(reject_plan, "不")
    assert (await case.now_is()).tier is Tier.URGENT


async def test_what_was_not_asked_is_not_answered(case: Case, people: People) -> None:
    for answer in (accept_plan, reject_plan):
        with pytest.raises(IllegalStep):
            await case.does(answer, "好")
    await case.plan_is_put(by=people.supervisor)
    await case.does(accept_plan, "好")
    with pytest.raises(IllegalStep):
        await case.does(reject_plan, "不好")


async def test_an_empty_plan_and_a_plan_for_a_settled_case_are_refused(case: Case, people: People) -> None:
    with pytest.raises(PlanIsEmpty):
        await case.does(submit_plan, " \n", by=people.handler)
    plan = await case.plan(by=people.supervisor)
    await case.does(resolve, "卡已取回。", actor="staff:handler")
    with pytest.raises(IllegalStep):
        await case.does(propose_plan, plan, actor="staff:li")
    with pytest.raises(CaseIsSettled):
        await case.plan(by=people.supervisor)


async def test_the_record_of_an_own_plan_says_which_plan(case: Case, people: People, database: Database) -> None:
    plan = await case.plan(by=people.supervisor)
    async with database.transaction() as session:
        found = await session.scalars(select(AuditRecord).where(AuditRecord.actor == people.supervisor.actor))
        assert {record.action: record.detail for record in found} == {
            "submit_plan": {"plan": plan.id},
            "approve_plan": {"plan": plan.id},
        }
