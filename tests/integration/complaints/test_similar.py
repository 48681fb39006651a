"""Like cases are found by their stories' vectors, and only those that the person may see."""

import json
import math
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import select, true

from bot.complaints.casework import add_to_complaint, resolve
from bot.complaints.labels import Product
from bot.complaints.links import link, merge_duplicate
from bot.complaints.models import Complaint, LinkKind, StoryVector
from bot.complaints.similar import Repeat, Similar, WhyRepeat, likely_repeats, similar_settled
from bot.conversations.models import Conversation
from bot.conversations.rasa_client import RasaClient, RasaUnavailable
from bot.conversations.stories import LONGEST_READ, StoryReader, Told
from bot.database import Database
from tests.builders import a_complaint, a_conversation, a_statement, jobs
from tests.conftest import FakeClock
from tests.integration.complaints.people import OUTLET

ELSEWHERE = "HB-WH-WC-04"


def at_angle(degrees: float) -> list[float]:
    """A vector at an angle to the first direction."""
    return [math.cos(math.radians(degrees)), math.sin(math.radians(degrees)), *[0.0] * 382]


async def told(
    database: Database,
    clock: FakeClock,
    degrees: float,
    *,
    chat: str | None = None,
    outlet_code: str = OUTLET,
    is_settled: bool = False,
    made_with: str = "e5",
) -> Complaint:
    """A complaint whose story lies at an angle."""
    conversation = await a_conversation(database, clock, chat=chat or uuid.uuid4().hex)
    async with database.transaction() as session:
        complaint = await a_complaint(
            session, conversation, clock=clock, outlet_code=outlet_code, product=Product.OTHER, facts=()
        )
        if is_settled:
            resolve(session, complaint, "卡已归还", actor="staff:li", now=clock())
        session.add(
            StoryVector(complaint_id=complaint.id, vector=at_angle(degrees), made_with=made_with, made_at=clock())
        )
    return complaint


async def similar(database: Database, complaint: Complaint, seen: object = None) -> list[Similar]:
    async with database.transaction() as session:
        condition = true() if seen is None else Complaint.outlet_code == seen
        return await similar_settled(session, complaint, seen=condition)


async def repeats(database: Database, complaint: Complaint, clock: FakeClock) -> list[Repeat]:
    async with database.transaction() as session:
        return await likely_repeats(session, complaint, seen=true(), now=clock())


async def test_settled_cases_are_found_the_most_alike_first(database: Database, clock: FakeClock) -> None:
    case = await told(database, clock, 0)
    near, nearer = [await told(database, clock, degrees, is_settled=True) for degrees in (60, 30)]
    await told(database, clock, 80, is_settled=True)
    await told(database, clock, 10)
    found = await similar(database, case)
    assert [one.complaint.id for one in found] == [nearer.id, near.id]
    assert [round(one.likeness, 2) for one in found] == [0.87, 0.5]
    assert found[0].days_to_settle == 1


async def test_what_a_person_may_not_see_is_not_shown_and_hides_nothing(database: Database, clock: FakeClock) -> None:
    case = await told(database, clock, 0)
    for _ in range(60):
        await told(database, clock, 5, is_settled=True)
    theirs = await told(database, clock, 40, outlet_code=ELSEWHERE, is_settled=True)
    assert [one.complaint.id for one in await similar(database, case, ELSEWHERE)] == [theirs.id]


async def test_vectors_of_another_encoder_are_not_compared(database: Database, clock: FakeClock) -> None:
    case = await told(database, clock, 0)
    await told(database, clock, 0, is_settled=True, made_with="another")
    assert await similar(database, case) == []


async def test_a_story_that_was_not_read_yet_is_like_nothing(
    database: Database, conversation: Conversation, clock: FakeClock
) -> None:
    await told(database, clock, 0, is_settled=True)
    async with database.transaction() as session:
        case = await a_complaint(session, conversation, clock=clock, outlet_code=OUTLET)
    assert await similar(database, case) == []
    assert await repeats(database, case, clock) == []


async def test_a_customers_other_complaints_and_like_stories_of_the_outlet_may_be_repeats(
    database: Database, clock: FakeClock
) -> None:
    case = await told(database, clock, 0, chat="chat-1")
    same_customer = await told(database, clock, 89, chat="chat-1", outlet_code=ELSEWHERE)
    like_story = await told(database, clock, 20)
    await told(database, clock, 20, outlet_code=ELSEWHERE)
    await told(database, clock, 70)
    assert [(one.complaint.id, one.why) for one in await repeats(database, case, clock)] == [
        (same_customer.id, WhyRepeat.SAME_CUSTOMER),
        (like_story.id, WhyRepeat.LIKE_STORY),
    ]


async def test_what_is_linked_or_settled_long_ago_is_not_proposed(database: Database, clock: FakeClock) -> None:
    old = await told(database, clock, 0, is_settled=True)
    clock.advance(days=90)
    linked, unsettled, case = [await told(database, clock, 0) for _ in range(3)]
    async with database.transaction() as session:
        await link(session, linked, case, LinkKind.SAME_MATTER, actor="staff:li", now=clock())
    found = {one.complaint.id for one in await repeats(database, case, clock)}
    assert found == {unsettled.id}
    assert old.id not in found


class ReadingRasa:
    """Answers with vectors, or not at all; meanwhile something may happen, once."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.is_up = True
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if not self.is_up:
            raise httpx.ConnectError("away")
        texts = json.loads(request.content)["texts"]
        self.texts += texts
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return httpx.Response(200, json={"vectors": [at_angle(0) for _ in texts], "made_with": "e5"})


@pytest.fixture
def rasa() -> ReadingRasa:
    return ReadingRasa()


@pytest.fixture
def reader(database: Database, rasa: ReadingRasa, clock: FakeClock) -> StoryReader:
    client = RasaClient("http://rasa", "token", timeout=1, transport=httpx.MockTransport(rasa))
    return StoryReader(database, client, clock)


async def vectors(database: Database) -> list[StoryVector]:
    async with database.transaction() as session:
        return list(await session.scalars(select(StoryVector)))


async def test_an_opened_story_is_read_by_a_job_and_again_without_harm(
    database: Database, conversation: Conversation, reader: StoryReader, rasa: ReadingRasa, clock: FakeClock
) -> None:
    async with database.transaction() as session:
        case = await a_complaint(session, conversation, clock=clock)
    assert [job["args"]["complaint_id"] for job in await jobs(database, "embed_story")] == [str(case.id)]
    for _ in range(2):
        await reader.read([case.id])
    assert rasa.texts == [case.story]
    assert [(one.complaint_id, one.vector[:2], one.made_with) for one in await vectors(database)] == [
        (case.id, [1.0, 0.0], "e5")
    ]


async def test_while_rasa_is_away_nothing_is_stored_and_the_job_is_tried_again(
    database: Database, conversation: Conversation, reader: StoryReader, rasa: ReadingRasa, clock: FakeClock
) -> None:
    async with database.transaction() as session:
        case = await a_complaint(session, conversation, clock=clock)
    rasa.is_up = False
    with pytest.raises(RasaUnavailable):
        await reader.read([case.id])
    assert await vectors(database) == []
    rasa.is_up = True
    assert await reader.read_unread() == 1
    assert await reader.read_unread() == 0
    assert len(await vectors(database)) == 1


async def add(database: Database, complaint: Complaint, text: str, *, now: datetime) -> None:
    async with database.transaction() as session:
        found = await session.get_one(Complaint, complaint.id)
        await add_to_complaint(session, found, text, a_statement(facts=()), now=now)


async def test_what_a_customer_adds_in_a_row_is_read_once_with_the_story(
    database: Database, conversation: Conversation, reader: StoryReader, rasa: ReadingRasa, clock: FakeClock
) -> None:
    async with database.transaction() as session:
        case = await a_complaint(session, conversation, clock=clock)
    await reader.read([case.id])
    for words in ("机器在门口左边", "旁边还有两个人也被吞了"):
        await add(database, case, words, now=clock())
    told, *added = await jobs(database, "embed_story")
    assert [(job["args"], job["scheduled_at"]) for job in added] == [
        (told["args"], clock() + timedelta(seconds=30))
    ] * 2
    for _ in added:
        await reader.read([case.id])
    assert rasa.texts == [case.story, f"{case.story}\n机器在门口左边\n旁边还有两个人也被吞了"]
    assert [one.addition_count for one in await vectors(database)] == [2]


async def test_an_addition_whose_job_was_lost_is_read_all_the_same(
    database: Database, conversation: Conversation, reader: StoryReader, rasa: ReadingRasa, clock: FakeClock
) -> None:
    async with database.transaction() as session:
        case = await a_complaint(session, conversation, clock=clock)
    await reader.read([case.id])
    await add(database, case, "机器在门口左边", now=clock())
    assert [await reader.read_unread() for _ in range(2)] == [1, 0]
    assert rasa.texts[-1].endswith("\n机器在门口左边")


async def test_a_reading_that_comes_late_does_not_undo_a_fuller_one(
    database: Database, conversation: Conversation, reader: StoryReader, rasa: ReadingRasa, clock: FakeClock
) -> None:
    async with database.transaction() as session:
        case = await a_complaint(session, conversation, clock=clock)

    async def another_worker_reads_more() -> None:
        await add(database, case, "机器在门口左边", now=clock())
        await reader.read([case.id])

    rasa.meanwhile = another_worker_reads_more
    await reader.read([case.id])
    assert [one.addition_count for one in await vectors(database)] == [1]
    assert await reader.read_unread() == 0


async def test_what_only_a_merged_duplicate_told_is_read_with_the_case_that_stays(
    database: Database, conversation: Conversation, reader: StoryReader, rasa: ReadingRasa, clock: FakeClock
) -> None:
    async with database.transaction() as session:
        case, duplicate = [await a_complaint(session, conversation, clock=clock) for _ in range(2)]
        duplicate.story = "司门口的机器把钱也吞了"
        await merge_duplicate(session, duplicate, case, actor="staff:li", now=clock())
    assert [job["args"]["complaint_id"] for job in await jobs(database, "embed_story")][-1] == str(case.id)
    await reader.read([case.id])
    assert rasa.texts == [f"{case.story}\n{duplicate.story}"]


@pytest.mark.parametrize(("story", "added"), [(10, 10), (4000, 10), (4000, 9000), (10, 9000), (9000, 0)])
def test_however_much_is_told_a_reading_has_an_upper_limit(story: int, added: int) -> None:
    told = Told.of("卡" * story, ["钱" * (added // 2)] * 2 if added else [])
    assert len(told.text) <= LONGEST_READ
    assert (told.text.count("卡") >= min(story, 1999), told.text.count("钱") >= min(added, 1999)) == (True, True)
