"""Whatever is done with a case, in whatever order: nothing impossible comes of it.

Refused steps change nothing; a settled case owes nothing, an unsettled one always has a date for its answer; no date
becomes later but by an extension; no tier becomes lower but with an approval; nobody has a case they must avoid.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import fields
from datetime import datetime
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints import approvals, assignment, authority, casework, links, plans, rechecks, tiers
from bot.complaints.deadlines import DeadlineName, ExtensionRefused
from bot.complaints.labels import Signal, Tier
from bot.complaints.lifecycle import CaseStep, IllegalStep, legal_steps
from bot.complaints.models import Approval, Avoidance, CaseIsSettled, Complaint, Plan
from bot.complaints.people import Candidate
from bot.database import Database
from bot.followups.deadline_watch import DeadlineWatch
from tests.builders import a_complaint, a_conversation, a_statement
from tests.conftest import FakeClock
from tests.integration.complaints.people import OUTLET, People, everybody

REFUSALS = (
    IllegalStep,
    CaseIsSettled,
    ExtensionRefused,
    assignment.MustAvoid,
    assignment.NotOfTaskForce,
    authority.NeedsSomebodyElse,
    authority.NotTheirDecision,
    approvals.AlreadyAsked,
    approvals.NotAwaited,
    approvals.NotLower,
    plans.PlanNotReady,
    rechecks.RecheckRefused,
    tiers.NotHigher,
)
EVERYBODY = {field.name for field in fields(People)}
ANSWERS = {DeadlineName.DECISION, DeadlineName.EXTENDED_DECISION, DeadlineName.RECHECK_DECISION}
Act = Callable[[AsyncSession, Complaint, Candidate, datetime], Awaitable[Any]]


async def latest(session: AsyncSession, table: type[Any], complaint: Complaint) -> Any:
    query = select(table).where(table.complaint_id == complaint.id).order_by(table.id.desc()).limit(1)
    return await session.scalar(query)


async def with_the_latest_plan(
    session: AsyncSession, complaint: Complaint, act: Callable[[Plan], Awaitable[Any]]
) -> None:
    plan = await latest(session, Plan, complaint)
    if plan is not None:
        await act(plan)


async def with_the_latest_request(
    session: AsyncSession, complaint: Complaint, act: Callable[[Approval], Awaitable[Any]]
) -> None:
    approval = await latest(session, Approval, complaint)
    if approval is not None:
        await act(approval)


async def synchronously(done: object) -> None:
    """A use case that needs no database of its own has been called already."""


async def put_a_plan(session: AsyncSession, complaint: Complaint, who: Candidate, now: datetime) -> None:
    plan = await plans.submit_plan(session, complaint, "今天送卡", by=who, now=now)
    plans.propose_plan(session, complaint, plan, actor=who.actor, now=now)


async def a_duplicate_is_merged_into_it(
    session: AsyncSession, complaint: Complaint, who: Candidate, now: datetime
) -> None:
    part = await links.split_complaint(session, complaint, "另一件", a_statement(), actor=who.actor, now=now)
    await links.merge_duplicate(session, part, complaint, actor=who.actor, now=now)


ACTS: dict[str, Act] = {
    "assign": lambda s, c, who, now: assignment.assign(s, c, who, actor=who.actor, now=now),
    "name_lead": lambda s, c, who, now: assignment.name_lead(s, c, who, actor=who.actor, now=now),
    "note_avoidance": lambda s, c, who, now: assignment.note_avoidance(s, c, who.id, "亲属", actor="staff:x", now=now),
    "start": lambda s, c, who, now: synchronously(assignment.start(s, c, actor=who.actor, now=now)),
    "put": put_a_plan,
    "merge": a_duplicate_is_merged_into_it,
    "submit": lambda s, c, who, now: plans.submit_plan(s, c, "今天送卡", by=who, now=now),
    "approve": lambda s, c, who, now: with_the_latest_plan(
        s, c, lambda plan: plans.approve_plan(s, c, plan, by=who, now=now)
    ),
    "accept": lambda s, c, who, now: plans.accept_plan(s, c, "好", now=now),
    "reject": lambda s, c, who, now: plans.reject_plan(s, c, "不", now=now),
    "resolve": lambda s, c, who, now: synchronously(casework.resolve(s, c, "办好了", actor=who.actor, now=now)),
    "reject_result": lambda s, c, who, now: casework.reject_result(s, c, now=now),
    "withdraw": lambda s, c, who, now: synchronously(casework.withdraw(s, c, now=now)),
    "raise": lambda s, c, who, now: tiers.raise_tier(s, c, Tier.URGENT, "急", actor=who.actor, now=now),
    "add": lambda s, c, who, now: casework.add_to_complaint(
        s, c, "还有", a_statement(Signal.REGULATOR_THREAT), now=now
    ),
    "ask_lower": lambda s, c, who, now: approvals.ask_to_lower_tier(s, c, Tier.ORDINARY, "小事", by=who, now=now),
    "lower": lambda s, c, who, now: with_the_latest_request(
        s, c, lambda asked: approvals.lower_tier(s, c, asked, by=who, now=now)
    ),
    "ask_extension": lambda s, c, who, now: approvals.ask_for_extension(s, c, "要查", by=who, now=now),
    "extend": lambda s, c, who, now: with_the_latest_request(
        s, c, lambda asked: approvals.extend(s, c, asked, by=who, now=now)
    ),
    "refuse": lambda s, c, who, now: with_the_latest_request(
        s, c, lambda asked: approvals.refuse(s, c, asked, "不行", by=who, now=now)
    ),
    "ask_recheck": lambda s, c, who, now: rechecks.request_recheck(s, c, "不对", actor=who.actor, now=now),
    "decide_recheck": lambda s, c, who, now: rechecks.decide_recheck(s, c, "维持", is_changed=False, by=who, now=now),
}

ACT_OF = {
    CaseStep.ASSIGN: "assign",
    CaseStep.START: "start",
    CaseStep.PROPOSE_PLAN: "put",
    CaseStep.ACCEPT_PLAN: "accept",
    CaseStep.REJECT_PLAN: "reject",
    CaseStep.RESOLVE: "resolve",
    CaseStep.REOPEN: "reject_result",
    CaseStep.REQUEST_RECHECK: "ask_recheck",
    CaseStep.DECIDE_RECHECK: "decide_recheck",
}
BESIDE_THE_STEPS = ["ask_lower", "lower", "ask_extension", "extend", "refuse", "raise", "add", "name_lead", "merge"]


class Course(RuleBasedStateMachine):
    """One case, and everything that people, the customer and the clock may do with it."""

    database_url = ""

    @initialize(tier=st.sampled_from(Tier), seed=st.integers(0, 2**32))
    def open(self, tier: Tier, seed: int) -> None:
        # What is done is drawn here: drawn by hypothesis, it would be the simplest thing most of the time.
        self.random = Random(seed)
        self.runner = asyncio.Runner()
        self.database = Database(self.database_url)
        self.clock = FakeClock()
        self.approved_count = self.extended_count = 0
        self.runner.run(self._open(tier))

    async def _open(self, tier: Tier) -> None:
        self.people = await people_once(self.database, self.clock)
        conversation = await a_conversation(self.database, self.clock, chat=f"chat-{id(self)}")
        signals = {Tier.ORDINARY: (), Tier.COMPLEX: (Signal.GROUP,), Tier.URGENT: (Signal.MONEY_LEAVING_NOW,)}[tier]
        async with self.database.transaction() as session:
            complaint = await a_complaint(session, conversation, *signals, clock=self.clock, outlet_code=OUTLET)
            self.complaint_id = complaint.id
        self.before = await self._read()

    @rule()
    def the_case_takes_a_step(self) -> None:
        legal = [ACT_OF[step] for step in legal_steps(self.before.state) if step in ACT_OF]
        self._somebody_does(legal, ["task_force", "lead", "coordinator", "handler"])

    @rule()
    def people_ask_and_decide(self) -> None:
        self._somebody_does(BESIDE_THE_STEPS, ["task_force", "lead", "coordinator"])

    @rule()
    def anybody_tries_anything(self) -> None:
        self._somebody_does(sorted(ACTS), sorted(EVERYBODY))

    @rule()
    def time_passes(self) -> None:
        self.clock.advance(hours=self.random.choice([1, 1, 1, 13, 30, 24 * 5]))
        self.runner.run(DeadlineWatch(self.database, self.clock).look_at_all_due())

    def _somebody_does(self, names: list[str], people: list[str]) -> None:
        name, who = self.random.choice(names), self.random.choice(people)
        note(f"{who} tries to {name} a case that is {self.before.state}, {self.before.tier}")
        self.runner.run(self._act(ACTS[name], who))

    async def _act(self, act: Act, who: str) -> None:
        try:
            async with self.database.transaction() as session:
                complaint = await session.get_one(Complaint, self.complaint_id)
                await act(session, complaint, getattr(self.people, who), self.clock())
        except REFUSALS:
            after = await self._read()
            assert (after.state, after.tier, after.handler_id) == (
                self.before.state,
                self.before.tier,
                self.before.handler_id,
            )

    async def _read(self) -> Complaint:
        async with self.database.transaction() as session:
            return await session.get_one(Complaint, self.complaint_id)

    @invariant()
    def nothing_impossible_has_come_of_it(self) -> None:
        self.runner.run(self._check())

    async def _check(self) -> None:
        complaint = await self._read()
        async with self.database.transaction() as session:
            mine = Approval.complaint_id == self.complaint_id
            approved = list(await session.scalars(select(Approval).where(mine, Approval.is_approved)))
            avoid = set(
                await session.scalars(select(Avoidance.staff_id).where(Avoidance.complaint_id == self.complaint_id))
            )
        running = complaint.running_deadlines
        if complaint.state.is_settled:
            assert running == []
        else:
            assert ANSWERS & {deadline.name for deadline in running}, complaint.state
        assert complaint.handler_id not in avoid
        assert complaint.lead_id not in avoid
        assert complaint.lead_id is None or complaint.tier is Tier.URGENT
        lowered = [asked for asked in approved if asked.kind == "lower_tier"]
        extended = [asked for asked in approved if asked.kind == "extension"]
        assert complaint.tier >= self.before.tier or len(lowered) > self.approved_count
        if len(extended) == self.extended_count:
            assert no_date_is_later(self.before, complaint)
        chain = [decision.tier for decision in complaint.tier_decisions]
        assert [decision.previous_tier for decision in complaint.tier_decisions] == [None, *chain[:-1]]
        assert complaint.tier is chain[-1]
        self.approved_count, self.extended_count, self.before = len(lowered), len(extended), complaint

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.run(self.database.close())
            self.runner.close()


def no_date_is_later(before: Complaint, after: Complaint) -> bool:
    """Whether every date that was promised stands, or is earlier."""
    now = {deadline.id: deadline.due_at for deadline in after.deadlines}
    return all(now[deadline.id] <= deadline.due_at for deadline in before.deadlines)


_people: list[People] = []


async def people_once(database: Database, clock: FakeClock) -> People:
    """The same people in every course: they are added once."""
    if not _people:
        _people.append(await everybody(database, clock))
    return _people[0]


def test_whatever_is_done_with_a_case_nothing_impossible_comes_of_it(database_url: str) -> None:
    Course.database_url = database_url
    _people.clear()
    run_state_machine_as_test(
        Course,
        settings=settings(
            max_examples=12,
            stateful_step_count=40,
            deadline=None,
            phases=[Phase.generate],  # shrinking on a real database takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
