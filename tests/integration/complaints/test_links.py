"""Complaints that belong together: merged, split, linked."""

import pytest

from bot.complaints.casework import StatedFact, withdraw
from bot.complaints.labels import Product, Signal, Tier
from bot.complaints.lifecycle import IllegalStep, State
from bot.complaints.links import LinkRefused, link, links_of, merge_duplicate, merged_into, split_complaint
from bot.complaints.models import CaseIsSettled, CaseLink, Complaint, LinkKind
from bot.conversations.models import Conversation
from bot.database import Database
from tests.builders import a_statement, jobs
from tests.conftest import FakeClock
from tests.integration.complaints.case import Case, a_case
from tests.integration.complaints.people import People


@pytest.fixture
async def later(database: Database, conversation: Conversation, case: Case, clock: FakeClock) -> Case:
    """The same customer's complex complaint two days later."""
    clock.advance(days=2)
    facts = (StatedFact("wish", "今天送卡"), StatedFact("amount", "两千", amount_fen=200_000, currency="CNY"))
    return await a_case(database, conversation, clock, Tier.COMPLEX, facts=facts, product=Product.PAYMENT)


async def test_a_duplicate_goes_on_in_the_other_case(case: Case, later: Case, clock: FakeClock) -> None:
    before = await case.running()
    await later.does(merge_duplicate, await case.now_is(), actor="staff:li")
    duplicate, kept = await later.now_is(), await case.now_is()
    assert (duplicate.state, kept.state) == (State.MERGED, State.OPEN)
    assert await later.running() == {}
    assert [(fact.name, fact.text) for fact in kept.facts] == [
        ("outlet", "司门口"),
        ("addition", "今天送卡"),
        ("addition", "两千"),
    ]
    assert kept.tier is Tier.COMPLEX
    assert [signal["name"] for signal in kept.signals] == [Signal.REGULATOR_THREAT]
    after = await case.running()
    assert all(after[name] <= due for name, due in before.items())
    assert await later.trail() == ["staff:li: link", "staff:li: merge"]


async def test_the_case_that_stays_keeps_the_earlier_dates_of_both(case: Case, later: Case, database: Database) -> None:
    # Merged the other way round: the complaint told first was promised its answer first.
    promised = await case.running()
    await case.does(merge_duplicate, await later.now_is(), actor="staff:li")
    kept = await later.running()
    assert kept["decision"] == promised["decision"]
    deadline = await later.deadline("decision")
    assert [job["scheduled_at"] for job in await jobs(database, "watch_deadline")][-1] == deadline.next_look_at


async def test_the_duplicates_number_tells_of_the_case_that_stays(case: Case, later: Case, database: Database) -> None:
    await later.does(merge_duplicate, await case.now_is(), actor="staff:li")
    async with database.transaction() as session:
        duplicate = await session.get_one(Complaint, later.id)
        assert (await merged_into(session, duplicate)).number == case.number
        kept = await session.get_one(Complaint, case.id)
        assert await merged_into(session, kept) is kept


async def test_what_is_settled_is_not_merged_nor_merged_into(case: Case, later: Case) -> None:
    with pytest.raises(LinkRefused, match="itself"):
        await case.does(merge_duplicate, await case.now_is(), actor="staff:li")
    await later.does(withdraw)
    with pytest.raises(CaseIsSettled):
        await case.does(merge_duplicate, await later.now_is(), actor="staff:li")
    with pytest.raises(IllegalStep):
        await later.does(merge_duplicate, await case.now_is(), actor="staff:li")
    assert await case.rows(CaseLink) == []


async def test_what_lies_before_the_customer_is_not_merged(case: Case, later: Case, people: People) -> None:
    await case.plan_is_put(by=people.supervisor)
    with pytest.raises(IllegalStep):
        await case.does(merge_duplicate, await later.now_is(), actor="staff:li")


async def test_a_second_matter_becomes_a_complaint_of_its_own(case: Case, database: Database, clock: FakeClock) -> None:
    clock.advance(days=3)
    part: Complaint = await case.does(
        split_complaint,
        "还有人正在转走我的钱",
        a_statement(Signal.MONEY_LEAVING_NOW, product=Product.DEBIT_CARD),
        actor="staff:li",
    )
    first = await case.now_is()
    assert part.number != first.number
    assert (part.tier, part.state, part.unit_code) == (Tier.URGENT, State.OPEN, "HB-WH")
    assert (part.conversation_id, part.opened_at, part.story) == (
        first.conversation_id,
        first.opened_at,
        "还有人正在转走我的钱",
    )
    due = {deadline.name: deadline.due_at for deadline in part.deadlines}
    assert (due["decision"] - first.opened_at).days == 30
    assert due["first_contact"] > clock()
    assert first.tier is Tier.ORDINARY
    async with database.transaction() as session:
        (made,) = await links_of(session, first)
        assert (made.complaint_id, made.other_id, made.kind) == (part.id, first.id, LinkKind.SPLIT_FROM)
    with pytest.raises(LinkRefused, match="another matter"):
        await case.does(split_complaint, " ", a_statement(), actor="staff:li")


async def test_complaints_are_linked_once_and_seen_from_both_sides(case: Case, later: Case, database: Database) -> None:
    for _ in range(2):
        await case.does(link, await later.now_is(), LinkKind.SAME_MATTER, actor="staff:li")
    async with database.transaction() as session:
        for each in (case, later):
            found = await links_of(session, await session.get_one(Complaint, each.id))
            assert [(made.complaint_id, made.other_id) for made in found] == [(case.id, later.id)]
    assert await case.trail() == ["staff:li: link"]
