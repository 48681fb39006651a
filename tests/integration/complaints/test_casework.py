"""A case from the first word to the last: each step is one use case, and each leaves an audit record."""

import asyncio
import uuid
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select

from bot.complaints import case_number
from bot.complaints.casework import (
    StatedFact,
    accept_result,
    add_to_complaint,
    comment_on_rating,
    find_by_number,
    first_contact_made,
    open_complaint,
    rate,
    reject_result,
    resolve,
    unsettled_complaint_of,
    withdraw,
)
from bot.complaints.labels import Cause, Product, Signal, Tier
from bot.complaints.lifecycle import IllegalStep, State
from bot.complaints.models import Complaint
from bot.conversations.models import Conversation
from bot.database import Database
from tests.builders import a_complaint, a_conversation, a_draft, a_statement, audit_trail
from tests.conftest import FakeClock


async def opened(database: Database, conversation: Conversation, clock: FakeClock, *signals: Signal) -> uuid.UUID:
    """A complaint in the database; its id."""
    async with database.transaction() as session:
        return (await a_complaint(session, conversation, *signals, clock=clock)).id


async def read(database: Database, complaint_id: uuid.UUID) -> Complaint:
    async with database.transaction() as session:
        return await session.get_one(Complaint, complaint_id)


def running(complaint: Complaint) -> dict[str, datetime]:
    """The dates that the bank must still keep."""
    return {deadline.name: deadline.due_at for deadline in complaint.deadlines if deadline.met_at is None}


# ---- opening


async def test_a_complaint_is_opened_with_number_tier_reasons_deadlines_and_facts(
    database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    facts = (StatedFact("phone", "13800138000"), StatedFact("amount", "两千", amount_fen=200_000, currency="CNY"))
    async with database.transaction() as session:
        complaint_id = (await a_complaint(session, conversation, clock=clock, facts=facts)).id
    complaint = await read(database, complaint_id)
    assert case_number.parse(complaint.number) == complaint.number
    assert (complaint.state, complaint.tier) == (State.OPEN, Tier.ORDINARY)
    assert complaint.contact_phone == "13800138000"
    assert [(fact.name, fact.text, fact.amount_fen) for fact in complaint.facts] == [
        ("phone", "13800138000", None),
        ("amount", "两千", 200_000),
    ]
    (decision,) = complaint.tier_decisions
    assert (decision.tier, decision.previous_tier, decision.decided_by) == (Tier.ORDINARY, None, "funnel")
    assert all(reason["zh"] and reason["en"] and reason["code"] for reason in decision.reasons)
    assert [deadline.name for deadline in complaint.deadlines] == ["first_contact", "plan", "decision"]
    assert all(deadline.rule for deadline in complaint.deadlines)
    assert "2020年第3号" in complaint.deadlines[-1].rule
    # Received on 23 November in Wuhan: the fifteenth day ends with 8 December.
    assert running(complaint)["decision"].isoformat() == "2026-12-08T15:59:59+00:00"
    assert await audit_trail(database, complaint.number) == ["customer: open_complaint"]


@pytest.mark.parametrize(
    ("signals", "tier"),
    [
        ((), Tier.ORDINARY),
        ((Signal.REGULATOR_THREAT,), Tier.COMPLEX),
        ((Signal.MONEY_LEAVING_NOW,), Tier.URGENT),
    ],
)
async def test_the_funnel_decides_where_a_complaint_is_settled(
    signals: tuple[Signal, ...], tier: Tier, database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    complaint = await read(database, await opened(database, conversation, clock, *signals))
    assert complaint.tier is tier
    assert [signal["name"] for signal in complaint.signals] == list(signals)
    if signals:
        assert {reason["code"] for reason in complaint.tier_decisions[0].reasons} != {"otherwise"}


async def test_a_turn_taken_again_opens_no_second_complaint(
    database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    draft = a_draft(conversation, turn_id="turn-1")
    numbers: list[str] = []
    for _ in range(2):
        async with database.transaction() as session:
            numbers.append((await open_complaint(session, draft, now=clock())).number)
        clock.advance(minutes=1)
    assert numbers[0] == numbers[1]
    assert await audit_trail(database, numbers[0]) == ["customer: open_complaint"]


async def test_a_turn_taken_twice_at_once_opens_one_complaint(
    database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    async def open_it() -> str:
        async with database.transaction() as session:
            return (await open_complaint(session, a_draft(conversation, turn_id="turn-1"), now=clock())).number

    numbers = await asyncio.gather(*(open_it() for _ in range(8)))
    assert len(set(numbers)) == 1
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Complaint)) == 1


async def test_a_case_number_that_is_taken_is_drawn_again(
    database: Database, conversation: Conversation, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter([1, 1, 2])
    monkeypatch.setattr(
        "bot.complaints.casework.new_case_number", lambda: case_number.new_case_number(lambda _below: next(drawn))
    )
    first = await read(database, await opened(database, conversation, clock))
    second = await read(database, await opened(database, conversation, clock))
    assert first.number != second.number


# ---- the same matter again


async def test_the_second_complaint_on_a_matter_is_complex_and_the_third_urgent(
    database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    tiers: list[Tier] = []
    for _ in range(3):
        tiers.append((await read(database, await opened(database, conversation, clock))).tier)
        clock.advance(days=10)
    assert tiers == [Tier.ORDINARY, Tier.COMPLEX, Tier.URGENT]


async def test_another_matter_or_one_long_past_or_withdrawn_does_not_count(
    database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    await opened(database, conversation, clock)
    async with database.transaction() as session:
        other = await a_complaint(
            session, conversation, clock=clock, product=Product.CREDIT_CARD, cause=Cause.SERVICE_ATTITUDE
        )
        withdraw(session, other, now=clock())
        again = await a_complaint(
            session, conversation, clock=clock, product=Product.CREDIT_CARD, cause=Cause.SERVICE_ATTITUDE
        )
        assert again.tier is Tier.ORDINARY
    clock.advance(days=181)
    assert (await read(database, await opened(database, conversation, clock))).tier is Tier.ORDINARY


async def test_a_customer_is_known_by_telephone_in_another_chat(
    database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    phone = (StatedFact("phone", "13800138000"),)
    elsewhere = await a_conversation(database, clock, chat="chat-2")
    async with database.transaction() as session:
        await a_complaint(session, conversation, clock=clock, facts=phone)
        again = await a_complaint(session, elsewhere, clock=clock, facts=phone)
        stranger = await a_complaint(session, await a_conversation(database, clock, chat="chat-3"), clock=clock)
    assert again.tier is Tier.COMPLEX
    assert stranger.tier is Tier.ORDINARY


# ---- additions


async def test_an_addition_is_kept_and_may_raise_the_tier_but_never_lower_it(
    database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    complaint_id = await opened(database, conversation, clock)
    tiers: list[Tier] = []
    for signals in ((), (Signal.REGULATOR_THREAT,), (), (Signal.MONEY_LEAVING_NOW,), ()):
        clock.advance(hours=1)
        async with database.transaction() as session:
            complaint = await session.get_one(Complaint, complaint_id)
            decision = await add_to_complaint(
                session, complaint, "补充一句", a_statement(*signals, facts=()), now=clock()
            )
            assert decision.tier is complaint.tier
            tiers.append(complaint.tier)
    assert tiers == [Tier.ORDINARY, Tier.COMPLEX, Tier.COMPLEX, Tier.URGENT, Tier.URGENT]
    complaint = await read(database, complaint_id)
    assert [fact.text for fact in complaint.facts if fact.name == "addition"] == ["补充一句"] * 5
    assert [(d.previous_tier, d.tier) for d in complaint.tier_decisions] == [
        (None, Tier.ORDINARY),
        (Tier.ORDINARY, Tier.COMPLEX),
        (Tier.COMPLEX, Tier.URGENT),
    ]
    assert (
        await audit_trail(database, complaint.number)
        == ["customer: open_complaint"] + ["customer: add_to_complaint"] * 5
    )


async def test_raising_the_tier_makes_no_date_later_and_the_first_contact_sooner(
    database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    complaint_id = await opened(database, conversation, clock)
    promised = [running(await read(database, complaint_id))]
    for signal in (Signal.REGULATOR_THREAT, Signal.MONEY_LEAVING_NOW):
        clock.advance(hours=3)
        async with database.transaction() as session:
            complaint = await session.get_one(Complaint, complaint_id)
            await add_to_complaint(session, complaint, "", a_statement(signal, facts=()), now=clock())
        promised.append(running(await read(database, complaint_id)))
    for earlier, later in pairwise(promised):
        assert later.keys() == earlier.keys()
        assert all(later[name] <= earlier[name] for name in earlier)
    assert promised[-1]["first_contact"] == clock() + timedelta(hours=2)


async def test_a_corrected_fact_is_added_anew_and_the_new_telephone_counts(
    database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    complaint_id = await opened(database, conversation, clock)
    for phone in ("13800138000", "13900139000"):
        async with database.transaction() as session:
            complaint = await session.get_one(Complaint, complaint_id)
            statement = a_statement(facts=(StatedFact("phone", phone),))
            await add_to_complaint(session, complaint, "", statement, now=clock())
    complaint = await read(database, complaint_id)
    assert [fact.text for fact in complaint.facts if fact.name == "phone"] == ["13800138000", "13900139000"]
    assert complaint.contact_phone == "13900139000"


# ---- withdrawing and resolving


async def test_a_withdrawn_complaint_owes_nothing_more(
    database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    complaint_id = await opened(database, conversation, clock)
    async with database.transaction() as session:
        withdraw(session, await session.get_one(Complaint, complaint_id), now=clock())
        assert await unsettled_complaint_of(session, conversation.id) is None
    complaint = await read(database, complaint_id)
    assert complaint.state is State.WITHDRAWN
    assert running(complaint) == {}
    assert await audit_trail(database, complaint.number) == ["customer: open_complaint", "customer: withdraw"]
    async with database.transaction() as session:
        with pytest.raises(IllegalStep):
            withdraw(session, await session.get_one(Complaint, complaint_id), now=clock())


@pytest.mark.parametrize("state", State)
async def test_a_case_is_resolved_from_every_state_but_those_where_it_cannot_be(
    state: State, database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    complaint_id = await opened(database, conversation, clock)
    async with database.transaction() as session:
        complaint = await session.get_one(Complaint, complaint_id)
        complaint.state = state
        # A plan that lies before the customer is answered by the customer first; a re-check has an end of its own.
        if state.is_settled or state in (State.PLAN_PROPOSED, State.RECHECK):
            with pytest.raises(IllegalStep):
                resolve(session, complaint, "卡已取回", actor="staff:li", now=clock())
            assert complaint.state is state
            return
        resolve(session, complaint, " 卡已取回 ", actor="staff:li", now=clock())
    complaint = await read(database, complaint_id)
    assert (complaint.state, complaint.result, complaint.resolved_at) == (State.RESOLVED, "卡已取回", clock())
    assert running(complaint) == {}
    assert await audit_trail(database, complaint.number) == ["customer: open_complaint", "staff:li: resolve"]


async def test_a_case_is_not_resolved_without_a_result(
    database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    complaint_id = await opened(database, conversation, clock)
    async with database.transaction() as session:
        complaint = await session.get_one(Complaint, complaint_id)
        with pytest.raises(ValueError, match="write one"):
            resolve(session, complaint, " \n", actor="staff:li", now=clock())
        assert complaint.state is State.OPEN


async def test_the_first_contact_is_noted_once(
    database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    complaint_id = await opened(database, conversation, clock)
    for _ in range(2):
        clock.advance(minutes=5)
        async with database.transaction() as session:
            first_contact_made(session, await session.get_one(Complaint, complaint_id), actor="staff:li", now=clock())
    complaint = await read(database, complaint_id)
    met = {deadline.name: deadline.met_at for deadline in complaint.deadlines}
    assert met == {"first_contact": clock() - timedelta(minutes=5), "plan": None, "decision": None}
    assert await audit_trail(database, complaint.number) == ["customer: open_complaint", "staff:li: first_contact"]


# ---- after the result


async def resolved(database: Database, conversation: Conversation, clock: FakeClock, *signals: Signal) -> uuid.UUID:
    """A resolved complaint; its id."""
    complaint_id = await opened(database, conversation, clock, *signals)
    clock.advance(days=3)
    async with database.transaction() as session:
        resolve(session, await session.get_one(Complaint, complaint_id), "卡已取回", actor="staff:li", now=clock())
    clock.advance(days=1)
    return complaint_id


async def test_a_result_that_is_accepted_stands(
    database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    complaint_id = await resolved(database, conversation, clock)
    async with database.transaction() as session:
        accept_result(session, await session.get_one(Complaint, complaint_id), now=clock())
    complaint = await read(database, complaint_id)
    assert (complaint.state, complaint.result_accepted) == (State.RESOLVED, True)


@pytest.mark.parametrize(
    ("signals", "higher"),
    [
        ((), Tier.COMPLEX),
        ((Signal.REGULATOR_THREAT,), Tier.URGENT),
        ((Signal.MONEY_LEAVING_NOW,), Tier.URGENT),
    ],
)
async def test_a_result_that_is_rejected_reopens_the_case_one_tier_higher_with_new_dates(
    signals: tuple[Signal, ...], higher: Tier, database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    complaint_id = await resolved(database, conversation, clock, *signals)
    async with database.transaction() as session:
        await reject_result(session, await session.get_one(Complaint, complaint_id), now=clock())
    complaint = await read(database, complaint_id)
    assert (complaint.state, complaint.tier, complaint.reopened_count) == (State.REOPENED, higher, 1)
    assert complaint.result_accepted is False
    assert set(running(complaint)) == {"first_contact", "plan", "decision"}
    assert all(due > clock() for due in running(complaint).values())
    assert complaint.tier_decisions[-1].reasons[0]["code"] == "result_rejected"
    assert (await audit_trail(database, complaint.number))[-2:] == ["customer: reject_result", "system: reopen"]


@pytest.mark.parametrize(("rating", "reopens"), [(1, True), (2, True), (3, False), (4, False), (5, False)])
async def test_a_bad_rating_reopens_the_case_one_tier_higher(
    rating: int, reopens: bool, database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    complaint_id = await resolved(database, conversation, clock)
    async with database.transaction() as session:
        complaint = await session.get_one(Complaint, complaint_id)
        assert await rate(session, complaint, rating, now=clock()) is reopens
        comment_on_rating(session, complaint, "等太久", now=clock())
    complaint = await read(database, complaint_id)
    assert (complaint.rating, complaint.rated_at, complaint.rating_comment) == (rating, clock(), "等太久")
    assert (complaint.state, complaint.tier) == (
        (State.REOPENED, Tier.COMPLEX) if reopens else (State.RESOLVED, Tier.ORDINARY)
    )
    assert await audit_trail(database, complaint.number) == [
        "customer: open_complaint",
        "staff:li: resolve",
        "customer: rate",
        *(["system: reopen"] if reopens else []),
        "customer: comment_on_rating",
    ]


@pytest.mark.parametrize("rating", [0, 6, -1])
async def test_a_rating_is_one_to_five(
    rating: int, database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    complaint_id = await resolved(database, conversation, clock)
    async with database.transaction() as session:
        with pytest.raises(ValueError, match="1 to 5"):
            await rate(session, await session.get_one(Complaint, complaint_id), rating, now=clock())


async def test_a_bad_rating_of_a_case_that_is_open_again_does_not_raise_it_twice(
    database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    complaint_id = await resolved(database, conversation, clock)
    async with database.transaction() as session:
        complaint = await session.get_one(Complaint, complaint_id)
        await reject_result(session, complaint, now=clock())
        assert await rate(session, complaint, 1, now=clock()) is False
        assert (complaint.tier, complaint.reopened_count) == (Tier.COMPLEX, 1)


async def test_a_complaint_is_found_by_its_number(
    database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    complaint = await read(database, await opened(database, conversation, clock))
    async with database.transaction() as session:
        found = await find_by_number(session, complaint.number)
        assert found is not None
        assert found.id == complaint.id
        assert await find_by_number(session, "TS-0000-0000-0") is None
