"""What is half written survives the browser; only the holder writes, and nobody's words are written over."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.complaints.lifecycle import State
from bot.complaints.models import Complaint
from bot.conversations.drafts import (
    LIVES_FOR,
    DraftSweeper,
    NoSuchDraft,
    WrittenElsewhere,
    draft_in,
    keep_draft,
    let_go,
    take_up,
)
from bot.conversations.handover import HeldBySomeoneElse, hand_back, take_over
from bot.conversations.models import Conversation, Note, ReplyDraft
from bot.database import Database
from bot.staff.models import StaffMember
from tests.builders import a_complaint, a_conversation, a_member_of_staff, audit_trail
from tests.conftest import FakeClock


class Desk:
    """A conversation and whoever is with it, in one transaction for each act."""

    def __init__(self, database: Database, clock: FakeClock, conversation: Conversation) -> None:
        self.database, self.clock, self.id = database, clock, conversation.id

    async def passes_to(self, person: StaffMember, before: StaffMember | None = None) -> None:
        async with self.database.transaction() as session:
            if before is not None:
                await hand_back(
                    session, self.id, before.id, username=before.username, shown_as=before.name, now=self.clock()
                )
            await take_over(
                session, self.id, person.id, username=person.username, shown_as=person.name, now=self.clock()
            )

    async def writes(self, person: StaffMember, text: str, based_on: uuid.UUID | None = None) -> uuid.UUID | None:
        async with self.database.transaction() as session:
            draft = await keep_draft(session, self.id, person.id, text, based_on=based_on, now=self.clock())
            return draft.edition if draft else None

    async def takes_up(self, person: StaffMember) -> ReplyDraft:
        async with self.database.transaction() as session:
            return await take_up(session, self.id, person.id, username=person.username, now=self.clock())

    async def answers(self, person: StaffMember) -> None:
        async with self.database.transaction() as session:
            await let_go(session, self.id, person.id, now=self.clock())

    async def draft(self) -> tuple[uuid.UUID, str] | None:
        """Who wrote what."""
        async with self.database.transaction() as session:
            draft = await draft_in(session, self.id)
            return (draft.staff_id, draft.text) if draft else None

    async def notes(self) -> list[str]:
        async with self.database.transaction() as session:
            return list(await session.scalars(select(Note.text).where(Note.is_unsent_reply).order_by(Note.id)))


@pytest.fixture
async def li(database: Database, clock: FakeClock) -> StaffMember:
    return await a_member_of_staff(database, clock, "li")


@pytest.fixture
async def wang(database: Database, clock: FakeClock) -> StaffMember:
    return await a_member_of_staff(database, clock, "wang", name="王主任")


@pytest.fixture
async def desk(database: Database, clock: FakeClock, li: StaffMember) -> Desk:
    """One that 李经理 holds."""
    desk = Desk(database, clock, await a_conversation(database, clock))
    await desk.passes_to(li)
    return desk


async def test_a_draft_is_kept_masked_as_it_grows_and_goes_when_it_is_emptied_or_sent(
    desk: Desk, li: StaffMember
) -> None:
    first = await desk.writes(li, "您的卡 6222 0212 3456 7890 128")
    assert await desk.draft() == (li.id, "您的卡 [卡号 尾号0128]")
    second = await desk.writes(li, "您的卡到了", first)
    assert await desk.draft() == (li.id, "您的卡到了")
    assert await desk.writes(li, "", second) is None
    assert await desk.draft() is None
    await desk.writes(li, "明天")
    await desk.answers(li)
    assert await desk.draft() is None
    assert await audit_trail(desk.database, str(desk.id)) == ["staff:li: take_over"]


async def test_who_does_not_hold_the_conversation_keeps_no_draft_in_it(desk: Desk, wang: StaffMember) -> None:
    with pytest.raises(HeldBySomeoneElse):
        await desk.writes(wang, "我来")
    with pytest.raises(HeldBySomeoneElse):
        await desk.takes_up(wang)


async def test_a_page_that_is_behind_does_not_write_over_what_the_person_wrote_on_another(
    desk: Desk, li: StaffMember
) -> None:
    first = await desk.writes(li, "一")
    await desk.writes(li, "一二", first)
    with pytest.raises(WrittenElsewhere):
        await desk.writes(li, "一三", first)
    with pytest.raises(WrittenElsewhere):
        await desk.writes(li, "三")
    assert await desk.writes(li, "一二", first), "the page has only not heard that it was kept"
    await desk.answers(li)
    with pytest.raises(WrittenElsewhere):
        await desk.writes(li, "一二四", first)


async def test_whoever_takes_over_goes_on_with_the_draft_and_that_is_recorded(
    desk: Desk, li: StaffMember, wang: StaffMember
) -> None:
    await desk.writes(li, "您的卡明天到")
    await desk.passes_to(wang, before=li)
    assert await desk.draft() == (li.id, "您的卡明天到")
    taken = await desk.takes_up(wang)
    assert await desk.draft() == (wang.id, "您的卡明天到")
    await desk.writes(wang, "您的卡明天到，凭身份证取", taken.edition)
    assert await desk.draft() == (wang.id, "您的卡明天到，凭身份证取")
    assert "staff:wang: take_up_draft" in await audit_trail(desk.database, str(desk.id))
    with pytest.raises(NoSuchDraft):
        await desk.takes_up(wang)


async def test_a_draft_that_the_next_person_writes_past_becomes_a_note(
    desk: Desk, li: StaffMember, wang: StaffMember
) -> None:
    await desk.writes(li, "您的卡明天到")
    await desk.passes_to(wang, before=li)
    await desk.writes(wang, "")
    assert await desk.draft() == (li.id, "您的卡明天到")
    await desk.writes(wang, "我是王主任")
    assert await desk.draft() == (wang.id, "我是王主任")
    await desk.passes_to(li, before=wang)
    await desk.answers(li)
    assert await desk.draft() is None
    assert await desk.notes() == ["您的卡明天到", "我是王主任"]


async def test_drafts_are_swept_when_they_are_old_or_everything_is_settled_and_nobody_is_there(
    desk: Desk, li: StaffMember, database: Database, clock: FakeClock
) -> None:
    sweeper = DraftSweeper(database, clock)
    await desk.writes(li, "再见")
    async with database.transaction() as session:
        conversation = await session.get_one(Conversation, desk.id)
        complaint = (await a_complaint(session, conversation, clock=clock)).id
    await sweeper.sweep()
    assert await desk.draft(), "the case is open"
    async with database.transaction() as session:
        (await session.get_one(Complaint, complaint)).state = State.CLOSED
    await sweeper.sweep()
    assert await desk.draft(), "a person is with the customer"
    async with database.transaction() as session:
        await hand_back(session, desk.id, li.id, username="li", shown_as="李经理", now=clock())
    await sweeper.sweep()
    assert await desk.draft() is None

    await desk.passes_to(li)
    await desk.writes(li, "还有一句")
    clock.now += LIVES_FOR + timedelta(seconds=1)
    await sweeper.sweep()
    assert await desk.draft() is None
