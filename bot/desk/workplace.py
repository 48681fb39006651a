"""One open page of one person: the queue, the chosen conversation and its complaints, and what is done with them."""

import uuid
from contextlib import suppress
from typing import Any

from nicegui import Client, ui
from nicegui.events import GenericEventArguments
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversations import handover
from bot.conversations.transfer import Receiver, transfer_to_colleague, transfer_to_queue
from bot.database import notify_changed
from bot.desk.acts import CASE_ACTS, NotOffered, Unfilled
from bot.desk.casefile import casefile_of
from bot.desk.chosen import ChosenConversation
from bot.desk.colleagues import colleagues_for
from bot.desk.composer import Composer, note_down
from bot.desk.conversation import NoSuchConversation, NotForThisPerson, Opened, case_of, shown_as, thread_of
from bot.desk.drafting import LONGEST_REPLY
from bot.desk.elements import Cases, Thread
from bot.desk.given import given_id, given_text, given_wish
from bot.desk.live import EVERYTHING, PageRefresher
from bot.desk.masked import Personal
from bot.desk.presence import PagePresence
from bot.desk.queue import QueueView
from bot.desk.queue_panel import QueuePanel
from bot.desk.taking_over import take_over
from bot.desk.visit import NoLongerAllowed, Refused, Visit
from bot.desk.words import word, word_or
from bot.staff.people import organisation
from bot.staff.permissions import Act

QUEUE = "queue"
"""Stands for the queue where a colleague's id could stand."""
ASK_WHO_AGAIN_AFTER_SECONDS = 15
CONVERSATION_AGAIN_WITHIN_SECONDS = 0.3
"""So that what a customer writes right after an answer is there within a second, on a busy machine too."""
QUEUE_AGAIN_AFTER_SECONDS = 60
"""For what moves in the queue only because time passes."""


class Workplace:
    """The live page of one person.

    Args:
        selected: the conversation that is open, if any.
        view: what of the queue is shown at first.
    """

    def __init__(self, visit: Visit, selected: uuid.UUID | None, view: QueueView) -> None:
        self._visit = visit
        self._client: Client = visit.client
        self._refresher = PageRefresher(
            visit.client, self._show_conversation_again, longest_rest=CONVERSATION_AGAIN_WITHIN_SECONDS
        )
        self._chosen = ChosenConversation(visit, selected, lambda: self._refresher.notice(EVERYTHING))
        self._queue = QueuePanel(visit, view, selected)
        self._presence = PagePresence(visit)
        self._composer = Composer(self._chosen, self._presence)

    async def open(self) -> None:
        """Build the page, and keep it live until it is closed.

        Raises:
            NoLongerAllowed: the person has been sent away.
            NoSuchConversation: there is no such conversation; nothing is built.
            NotForThisPerson: it belongs to another unit; nothing is built.
        """
        if self._chosen.id is not None:
            async with self._visit.transaction() as session:
                await self._chosen.opened(session)
        self._build()
        await self._queue.start()
        if self._chosen.id is not None:
            await self._show_conversation()
        # Last, because NiceGUI sends the page off as soon as a timer waits for it to be open.
        ui.timer(ASK_WHO_AGAIN_AFTER_SECONDS, self._ask_who_again)
        ui.timer(QUEUE_AGAIN_AFTER_SECONDS, self._queue.read_all_again, immediate=False)

    def _build(self) -> None:
        act = self._chosen.guarded
        with ui.element("div").classes("workplace").classes("has-conversation" if self._chosen.id else "") as frame:
            self._frame = frame
            self._queue.build(self._open)
            self._thread = Thread(self._visit.language)
            self._thread.on("takeOver", act(self._take_over))
            self._thread.on("handBack", act(self._hand_back))
            self._thread.on("colleagues", act(self._offer_colleagues, is_locked=False))
            self._thread.on("transfer", act(self._transfer, when_refused="cannot_be_done"))
            self._presence.build(self._thread)
            self._cases = Cases(self._visit.language)
            self._cases.on("act", self._do)
            for part in (self._thread, self._cases):
                part.on("reveal", act(self._reveal, requires=Act.REVEAL, is_locked=False))
            self._composer.build(self._thread, self._cases)
        self._client.on_delete(self._visit.desk.feed.subscribe(self._notice))

    async def _show_conversation(self) -> None:
        """Show the selected conversation and note that the person saw it."""
        async with self._visit.transaction() as session:
            opened = await self._chosen.opened(session)
            self._visit.record(session, "see_conversation", str(opened.conversation.id))
            await self._show(session, opened)
            await self._presence.arrive(session, opened.conversation.id)

    def _notice(self, conversation_id: str) -> None:
        if self._chosen.id is not None and conversation_id in {EVERYTHING, str(self._chosen.id)}:
            self._refresher.notice(conversation_id)

    async def _show_conversation_again(self, _noticed: frozenset[str]) -> None:
        try:
            async with self._visit.transaction() as session:
                await self._show(session, await self._chosen.opened(session))
        except NoLongerAllowed:
            return  # they have been sent away
        except (NoSuchConversation, NotForThisPerson):
            self._visit.go("/")

    async def _show(self, session: AsyncSession, opened: Opened) -> None:
        visit, revealed = self._visit, self._chosen.revealed_in(opened.conversation.id)
        thread = await thread_of(session, opened, visit.person, visit.language, revealed, now=visit.now)
        if opened.conversation.id != self._chosen.id:
            return  # the person has gone on to another conversation meanwhile
        self._thread.show(thread)
        self._composer.show(opened)
        self._presence.saw(thread["lastOfCustomer"])
        self._cases.show(
            [
                case_of(c, visit.person, visit.language, organisation(), revealed)
                | await casefile_of(await self._chosen.at_hand(session, opened, c), revealed)
                for c in opened.complaints
            ]
        )

    async def _open(self, event: GenericEventArguments) -> None:
        conversation_id = given_id(event.args)
        if conversation_id is None:
            return
        self._chosen.id = conversation_id
        try:
            await self._show_conversation()
        except NoLongerAllowed:
            pass  # they have been sent away
        except (NoSuchConversation, NotForThisPerson):
            self._visit.go(f"/conversations/{conversation_id}")
        else:
            self._frame.classes("has-conversation")
            self._client.run_javascript(f"tingsuDesk.at('/conversations/{conversation_id}')")
            self._queue.select(conversation_id)

    async def _take_over(self, session: AsyncSession, opened: Opened, _wish: Any) -> None:
        await take_over(session, opened.conversation, self._visit.person, now=self._visit.now)

    async def _hand_back(self, session: AsyncSession, opened: Opened, _wish: Any) -> None:
        conversation, person = opened.conversation, self._visit.person
        await handover.hand_back(
            session,
            conversation.id,
            person.id,
            username=person.username,
            shown_as=self._chosen.shown_as(conversation),
            now=self._visit.now,
        )

    async def _offer_colleagues(self, session: AsyncSession, opened: Opened, _wish: Any) -> None:
        found = await colleagues_for(session, opened.conversation, self._visit.person, now=self._visit.now)
        self._thread.offer([colleague.as_choice(self._visit.language) for colleague in found])

    async def _transfer(self, session: AsyncSession, opened: Opened, wish: Any) -> None:
        """Pass the conversation on, to a colleague or, with a note, back to the queue."""
        given = given_wish(wish)
        to, note = given.get("to"), given_text(given.get("note"))
        if len(note) > LONGEST_REPLY:
            raise Refused(word("too_long", self._visit.language, count=LONGEST_REPLY))
        if to == QUEUE:
            await self._transfer_to_queue(session, opened, note)
        else:
            await self._transfer_to_colleague(session, opened, given_id(to), note)
        self._visit.tell(word("transferred", self._visit.language))

    async def _transfer_to_queue(self, session: AsyncSession, opened: Opened, note: str) -> None:
        if not note:
            raise Unfilled("note")
        person = self._visit.person
        await transfer_to_queue(
            session, opened.conversation.id, person.id, note, username=person.username, now=self._visit.now
        )

    async def _transfer_to_colleague(
        self, session: AsyncSession, opened: Opened, to: uuid.UUID | None, note: str
    ) -> None:
        conversation, person, now = opened.conversation, self._visit.person, self._visit.now
        offered = await colleagues_for(session, conversation, person, now=now)
        member = next((colleague.member for colleague in offered if colleague.member.id == to), None)
        if member is None:
            raise NotOffered(str(to))
        receiver = Receiver(member.id, member.username, shown_as(member, conversation.language, organisation()))
        await transfer_to_colleague(session, conversation.id, person.id, receiver, username=person.username, now=now)
        if note:
            await note_down(session, opened, note, self._visit)

    async def _reveal(self, session: AsyncSession, opened: Opened, field: Any) -> None:
        """Show a name or the telephone numbers on this page, until it is closed."""
        if given_text(field) not in set(Personal):
            return
        self._visit.record(session, "reveal", f"conversation:{opened.conversation.id}", field=field)
        self._chosen.reveal(opened.conversation.id, Personal(field))
        await self._show(session, opened)

    async def _do(self, event: GenericEventArguments) -> None:
        """Do what the person chose to do with a case."""
        wish = given_wish(event.args)
        if await self._chosen.meant(None).carry_out(self._do_with_case, wish, requires=None):
            self._cases.act_done()
            language = self._visit.language
            self._visit.tell(word_or(f"act_{given_text(wish.get('act'))}_done", word("done", language), language))

    async def _do_with_case(self, session: AsyncSession, opened: Opened, wish: dict[str, Any]) -> None:
        name, target = given_text(wish.get("act")), given_text(wish.get("target"))
        complaint = next((c for c in opened.complaints if c.id == given_id(wish.get("id"))), None)
        if complaint is None:
            raise NotForThisPerson("act")
        case = await self._chosen.at_hand(session, opened, complaint)
        await CASE_ACTS.do(case, name, target, given_wish(wish.get("values")))
        for conversation_id in {complaint.conversation_id, *(other.conversation_id for other in case.family)}:
            await notify_changed(session, conversation_id)

    async def _ask_who_again(self) -> None:
        with suppress(NoLongerAllowed, SQLAlchemyError):  # they have been sent away, or the next act says it
            async with self._visit.transaction() as session:
                await self._presence.remain(session)
