"""One open page of one person: the queue, the chosen conversation, its complaints, and what the person does with them.

Every act is one transaction that first asks again who this is and whether they may.
"""

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from nicegui import Client, ui
from nicegui.events import GenericEventArguments
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.complaints.casework import complaints_of, first_contact_made
from bot.complaints.checklist import Tick, tick_step
from bot.complaints.labels import Language
from bot.complaints.learn import LearnStep
from bot.complaints.models import Complaint
from bot.complaints.replies import gaps_in
from bot.conversations import handover, replies, sent
from bot.conversations.handover import CustomerWroteMeanwhile, HeldBySomeoneElse
from bot.conversations.models import Conversation, Holder
from bot.conversations.notes import add_note
from bot.conversations.transfer import Receiver, transfer_to_colleague, transfer_to_queue
from bot.database import notify_changed
from bot.desk import sending
from bot.desk.acts import CASE_ACTS, REFUSALS, SAID_OF_REFUSALS, CaseAtHand, NoSuchCase, NotOffered, Unfilled, at_hand
from bot.desk.casefile import casefile_of
from bot.desk.colleagues import colleagues_for
from bot.desk.conversation import (
    NoSuchConversation,
    NotForThisPerson,
    Opened,
    case_of,
    open_for,
    shown_as,
    thread_of,
)
from bot.desk.elements import Cases, ReplyTools, Thread
from bot.desk.gate import SignedOut, next_step
from bot.desk.live import EVERYTHING, Refresher
from bot.desk.masked import Personal
from bot.desk.mentions import tell_of_note
from bot.desk.parts import Desk
from bot.desk.presence import PagePresence
from bot.desk.queue import QueueView
from bot.desk.queue_panel import QueuePanel
from bot.desk.replying import (
    NeedsConfirming,
    Source,
    case_written_about,
    cautions_for,
    checklist_of,
    kinds_of,
    replies_at_hand,
    steps_of,
)
from bot.desk.sending import SAID_OF_SENDING, SENDING_REFUSALS, Answer
from bot.desk.words import language_of, word, word_or
from bot.logs import logger
from bot.staff.models import StaffMember
from bot.staff.people import organisation
from bot.staff.permissions import Act, may
from bot.staff.sign_in import who_is

LONGEST_REPLY = 4000
"""Characters. Telegram carries 4096 in one message."""
QUEUE = "queue"
"""Stands for the queue where a colleague's id could stand."""
ASK_WHO_AGAIN_AFTER_SECONDS = 15
CONVERSATION_AGAIN_WITHIN_SECONDS = 0.3
"""So that what a customer writes right after an answer is there within a second, on a busy machine too."""
QUEUE_AGAIN_AFTER_SECONDS = 60
"""For what moves in the queue only because time passes."""
log = logger(__name__)


class Workplace:
    """The live page of one person.

    Args:
        person: as they were when the page was opened; read again before every act.
        selected: the conversation that is open, if any.
        view: what of the queue is shown at first.
    """

    def __init__(
        self,
        desk: Desk,
        client: Client,
        person: StaffMember,
        token: str,
        selected: uuid.UUID | None,
        view: QueueView,
    ) -> None:
        self._desk = desk
        self._client = client
        self._person = person
        self._token = token
        self._language: Language = language_of(person.language)
        self._selected = selected
        self._revealed: dict[uuid.UUID, frozenset[Personal]] = {}
        self._queue = QueuePanel(
            desk,
            client,
            self._language,
            transaction=self._transaction,
            person=lambda: self._person,
            view=view,
            selected=selected,
        )
        self._presence = PagePresence(
            desk, client, self._language, transaction=self._transaction, person=lambda: self._person
        )
        self._refresher = Refresher(self._show_conversation_again, longest_rest=CONVERSATION_AGAIN_WITHIN_SECONDS)

    async def open(self) -> None:
        """Build the page, and keep it live until it is closed.

        Raises:
            SignedOut: the browser's sign-in has ended.
            NoSuchConversation: there is no such conversation; nothing is built.
            NotForThisPerson: it belongs to another unit; nothing is built.
        """
        if self._selected is not None:
            async with self._transaction() as session:
                await self._opened(session)
        self._build()
        await self._queue.start()
        if self._selected is not None:
            await self._show_conversation()
        # Last, because NiceGUI sends the page off as soon as a timer waits for it to be open.
        ui.timer(ASK_WHO_AGAIN_AFTER_SECONDS, self._ask_who_again)
        ui.timer(QUEUE_AGAIN_AFTER_SECONDS, self._queue.read_all_again, immediate=False)

    def _build(self) -> None:
        with ui.element("div").classes("workplace").classes("has-conversation" if self._selected else "") as frame:
            self._frame = frame
            self._queue.build(self._open)
            self._thread = Thread(self._language)
            self._thread.on("takeOver", self._take_over)
            self._thread.on("handBack", self._hand_back)
            self._thread.on("reply", self._reply)
            self._thread.on("undo", self._undo)
            self._thread.on("sendNow", self._send_now)
            self._thread.on("change", self._change)
            self._thread.on("typing", self._type)
            self._thread.on("correct", self._correct)
            self._thread.on("sendAgain", self._send_again)
            self._thread.on("note", self._note)
            self._thread.on("colleagues", self._offer_colleagues)
            self._thread.on("transfer", self._transfer)
            self._thread.on("reveal", self._reveal)
            with self._thread.add_slot("writing"):
                self._tools = ReplyTools(self._language)
            self._tools.on("replies", self._offer_replies)
            self._tools.on("tick", self._tick)
            self._tools.on("openAct", self._open_act)
            self._presence.build(self._thread)
            self._cases = Cases(self._language)
            self._cases.on("act", self._do)
            self._cases.on("reveal", self._reveal)
        self._client.on_delete(self._desk.feed.subscribe(self._notice))

    async def _show_conversation(self) -> None:
        """Show the selected conversation and note that the person saw it."""
        async with self._transaction() as session:
            opened = await self._opened(session)
            self._record(session, "see_conversation", str(opened.conversation.id))
            await self._show(session, opened)
            await self._presence.arrive(session, opened.conversation.id)

    def _notice(self, conversation_id: str) -> None:
        if self._selected is not None and conversation_id in {EVERYTHING, str(self._selected)}:
            self._refresher.notice(conversation_id)

    async def _show_conversation_again(self, _noticed: frozenset[str]) -> None:
        try:
            async with self._transaction() as session:
                await self._show(session, await self._opened(session))
        except SignedOut:
            self._go("/sign-in")
        except (NoSuchConversation, NotForThisPerson):
            self._go("/")

    async def _show(self, session: AsyncSession, opened: Opened) -> None:
        units = organisation()
        revealed = self._revealed.get(opened.conversation.id, frozenset())
        thread = await thread_of(session, opened, self._person, self._language, revealed, now=self._desk.clock())
        if opened.conversation.id != self._selected:
            return  # the person has gone on to another conversation meanwhile
        self._thread.show(thread)
        self._tools.show_checklist(checklist_of(case_written_about(opened.complaints), self._language))
        self._presence.saw(thread["lastOfCustomer"])
        self._cases.show(
            [
                case_of(c, self._person, self._language, units, revealed)
                | await casefile_of(await self._at_hand(session, opened, c))
                for c in opened.complaints
            ]
        )

    async def _open(self, event: GenericEventArguments) -> None:
        self._selected = _uuid(event.args)
        if self._selected is None:
            return
        try:
            await self._show_conversation()
        except SignedOut:
            self._go("/sign-in")
        except (NoSuchConversation, NotForThisPerson):
            self._go(f"/conversations/{self._selected}")
        else:
            self._frame.classes("has-conversation")
            self._client.run_javascript(f"tingsuDesk.at('/conversations/{self._selected}')")
            self._queue.select(self._selected)

    async def _take_over(self) -> None:
        async with self._act("held_by_someone_else") as session:
            conversation = (await self._locked(session)).conversation
            now = self._desk.clock()
            self._require(Act.ANSWER)
            await handover.take_over(
                session,
                conversation.id,
                self._person.id,
                username=self._person.username,
                shown_as=shown_as(self._person, conversation.language, organisation()),
                now=now,
            )
            for complaint in await complaints_of(session, conversation.id):
                if not complaint.state.is_settled:
                    first_contact_made(session, complaint, actor=self._actor, now=now)

    async def _hand_back(self) -> None:
        async with self._act("held_by_someone_else") as session:
            conversation = (await self._locked(session)).conversation
            self._require(Act.ANSWER)
            await handover.hand_back(
                session,
                conversation.id,
                self._person.id,
                username=self._person.username,
                shown_as=shown_as(self._person, conversation.language, organisation()),
                now=self._desk.clock(),
            )

    async def _reply(self, event: GenericEventArguments) -> None:
        wish = event.args if isinstance(event.args, dict) else {}
        text = _text(wish.get("text"))
        if not self._fits(text) or not self._is_complete(text):
            return
        is_sent = False
        try:
            async with self._act("held_by_someone_else") as session:
                opened = await self._locked(session)
                self._require(Act.ANSWER)
                await self._look_twice(session, opened, text, is_confirmed=wish.get("confirmed") is True)
                await sending.send(
                    session,
                    opened.conversation.id,
                    self._person,
                    Answer.read(wish, text, ticks=await self._ticks(session, opened, wish.get("chosen"))),
                    undo_for=self._desk.undo_for,
                    now=self._desk.clock(),
                )
                await self._presence.pause(session)
                is_sent = True
        except CustomerWroteMeanwhile:
            await self._show_conversation_again(frozenset())
            self._thread.answer_held()
            return
        except NeedsConfirming as caution:
            self._warn(text, caution.display_name(self._language), may_confirm=True)
            return
        if is_sent:
            self._tools.warn(None)
            self._thread.answer_sent()
        else:
            self._thread.answer_not_sent()

    async def _type(self) -> None:
        with suppress(SignedOut, SQLAlchemyError):  # the next act says it
            await self._presence.type()

    async def _undo(self, event: GenericEventArguments) -> None:
        """Take back what has not gone out: its text is in the composer again."""
        async with self._act("held_by_someone_else") as session:
            conversation = (await self._locked(session)).conversation
            self._require(Act.ANSWER)
            text = await replies.take_back(
                session,
                conversation.id,
                self._person.id,
                _number(event.args),
                username=self._person.username,
                now=self._desk.clock(),
            )
            self._thread.put_back(text)

    async def _send_now(self, event: GenericEventArguments) -> None:
        async with self._act("held_by_someone_else") as session:
            conversation = (await self._locked(session)).conversation
            self._require(Act.ANSWER)
            await replies.send_now(
                session, conversation.id, self._person.id, _number(event.args), now=self._desk.clock()
            )

    async def _change(self, event: GenericEventArguments) -> None:
        wish = event.args if isinstance(event.args, dict) else {}
        text = _text(wish.get("text"))
        if not self._fits(text) or not self._is_complete(text):
            return
        async with self._act("held_by_someone_else") as session:
            opened = await self._locked(session)
            conversation = opened.conversation
            self._require(Act.ANSWER)
            if await self._is_dubious(session, opened, text):
                return
            await replies.change(
                session,
                conversation.id,
                self._person.id,
                _number(wish.get("id")),
                text,
                username=self._person.username,
                now=self._desk.clock(),
            )

    async def _correct(self, event: GenericEventArguments) -> None:
        """Give a message that has gone out another text."""
        wish = event.args if isinstance(event.args, dict) else {}
        text = _text(wish.get("text"))
        if not self._fits(text) or not self._is_complete(text):
            return
        async with self._act() as session:
            opened = await self._opened(session)
            conversation = opened.conversation
            self._require(Act.ANSWER)
            if await self._is_dubious(session, opened, text):
                return
            await sent.correct(
                session,
                conversation.id,
                self._person.id,
                _number(wish.get("id")),
                text,
                username=self._person.username,
                now=self._desk.clock(),
            )

    async def _send_again(self, event: GenericEventArguments) -> None:
        async with self._act("held_by_someone_else") as session:
            conversation = (await self._locked(session)).conversation
            self._require(Act.ANSWER)
            await sent.send_again(
                session,
                conversation.id,
                self._person.id,
                _number(event.args),
                username=self._person.username,
                now=self._desk.clock(),
            )

    async def _note(self, event: GenericEventArguments) -> None:
        text = _text(event.args)
        if not self._fits(text):
            return
        is_added = False
        async with self._act() as session:
            conversation = (await self._opened(session)).conversation
            self._require(Act.ANSWER)
            await self._add_note(session, conversation, text)
            is_added = True
        if is_added:
            self._thread.note_added()
        else:
            self._thread.answer_not_sent()

    def _fits(self, text: str) -> bool:
        """Whether a text from the composer can be kept; what is too long is said."""
        if len(text) > LONGEST_REPLY:
            self._tell(word("too_long", self._language, count=LONGEST_REPLY))
            self._thread.answer_not_sent()
        return 0 < len(text) <= LONGEST_REPLY

    def _is_complete(self, text: str) -> bool:
        """Whether a reply has no gap left that was to be filled; if it has, the composer says so."""
        gaps = gaps_in(text)
        if gaps:
            self._warn(text, word("gaps_left", self._language, gaps="".join(gaps)), may_confirm=False)
        return not gaps

    async def _look_twice(self, session: AsyncSession, opened: Opened, text: str, *, is_confirmed: bool) -> None:
        """Hold a reply with a sensitive number or a promise of money until the person has confirmed it."""
        cautions = await cautions_for(session, text, opened.complaints)
        if not cautions:
            return
        if not is_confirmed:
            raise NeedsConfirming(cautions)
        self._record(session, "send_despite_caution", str(opened.conversation.id), kinds=kinds_of(cautions))

    async def _is_dubious(self, session: AsyncSession, opened: Opened, text: str) -> bool:
        """Whether a changed text would have to be confirmed; it is told, and is for the composer, where that can be."""
        cautions = await cautions_for(session, text, opened.complaints)
        if cautions:
            self._tell(NeedsConfirming(cautions).display_name(self._language))
        return bool(cautions)

    def _warn(self, text: str, said: str, *, may_confirm: bool) -> None:
        self._tools.warn({"text": text, "said": said, "mayConfirm": may_confirm})
        self._thread.answer_not_sent()

    async def _ticks(self, session: AsyncSession, opened: Opened, chosen: Any) -> list[Tick]:
        """The LEARN steps that the chosen canned replies take once they are sent."""
        complaint = case_written_about(opened.complaints)
        if complaint is None or complaint.state.is_settled or not isinstance(chosen, list):
            return []
        steps = await steps_of(session, chosen, self._person)
        return [Tick(complaint.id, step, f"reply {reply_id}", self._actor) for reply_id, step in steps.items()]

    async def _offer_replies(self, event: GenericEventArguments) -> None:
        asked_at = event.args if isinstance(event.args, int) else 0
        async with self._act() as session:
            opened = await self._opened(session)
            self._require(Act.ANSWER)
            complaint = case_written_about(opened.complaints)
            source = Source(
                opened.conversation,
                complaint,
                self._person,
                self._revealed.get(opened.conversation.id, frozenset()),
                organisation(),
                self._desk.clock(),
            )
            case = await self._at_hand(session, opened, complaint) if complaint is not None else None
            acts = {act["name"] for act in CASE_ACTS.offered(case)} if case is not None else ()
            self._tools.offer(await replies_at_hand(session, source, self._language, acts), asked_at=asked_at)

    async def _open_act(self, event: GenericEventArguments) -> None:
        """Open the act that goes with a macro's reply; whether it may be done is asked when it is."""
        async with self._act() as session:
            complaint = case_written_about((await self._opened(session)).complaints)
            if complaint is not None and event.args in CASE_ACTS.names:
                self._cases.open_act(str(complaint.id), event.args)

    async def _tick(self, event: GenericEventArguments) -> None:
        """Tick off a LEARN step that the person took in words of their own."""
        wish = event.args if isinstance(event.args, dict) else {}
        async with self._act("case_is_over") as session:
            opened = await self._locked(session)
            self._require(Act.ANSWER)
            complaint = next((c for c in opened.complaints if c.id == _uuid(wish.get("complaint"))), None)
            if complaint is None or wish.get("step") not in set(LearnStep):
                raise NotForThisPerson("tick")
            if not self._holds(opened.conversation):
                raise HeldBySomeoneElse(str(opened.conversation.id))
            tick_step(session, complaint, LearnStep(wish["step"]), actor=self._actor, now=self._desk.clock())
            await notify_changed(session, opened.conversation.id)

    async def _offer_colleagues(self) -> None:
        async with self._act() as session:
            conversation = (await self._opened(session)).conversation
            self._require(Act.ANSWER)
            found = await colleagues_for(session, conversation, self._person, now=self._desk.clock())
            self._thread.offer([colleague.as_choice(self._language) for colleague in found])

    async def _transfer(self, event: GenericEventArguments) -> None:
        """Pass the conversation on, to a colleague or, with a note, back to the queue."""
        wish = event.args if isinstance(event.args, dict) else {}
        to, note = wish.get("to"), _text(wish.get("note"))
        if len(note) > LONGEST_REPLY:
            self._tell(word("too_long", self._language, count=LONGEST_REPLY))
            return
        async with self._act("cannot_be_done") as session:
            conversation = (await self._locked(session)).conversation
            self._require(Act.ANSWER)
            if to == QUEUE:
                await self._transfer_to_queue(session, conversation, note)
            else:
                await self._transfer_to_colleague(session, conversation, _uuid(to), note)
            self._tell(word("transferred", self._language))

    async def _transfer_to_queue(self, session: AsyncSession, conversation: Conversation, note: str) -> None:
        if not note:
            raise Unfilled("note")
        await transfer_to_queue(
            session,
            conversation.id,
            self._person.id,
            note,
            username=self._person.username,
            now=self._desk.clock(),
        )

    async def _transfer_to_colleague(
        self, session: AsyncSession, conversation: Conversation, to: uuid.UUID | None, note: str
    ) -> None:
        offered = await colleagues_for(session, conversation, self._person, now=self._desk.clock())
        member = next((colleague.member for colleague in offered if colleague.member.id == to), None)
        if member is None:
            raise NotOffered(str(to))
        receiver = Receiver(member.id, member.username, shown_as(member, conversation.language, organisation()))
        await transfer_to_colleague(
            session,
            conversation.id,
            self._person.id,
            receiver,
            username=self._person.username,
            now=self._desk.clock(),
        )
        if note:
            await self._add_note(session, conversation, note)

    async def _add_note(self, session: AsyncSession, conversation: Conversation, text: str) -> None:
        person, now = self._person, self._desk.clock()
        await add_note(session, conversation.id, person.id, text, username=person.username, now=now)
        await tell_of_note(session, conversation.id, text, by=person, now=now)

    async def _reveal(self, event: GenericEventArguments) -> None:
        """Show a name or the telephone numbers on this page, until it is closed."""
        if event.args not in set(Personal):
            return
        field = Personal(event.args)
        async with self._act() as session:
            opened = await self._opened(session)
            self._require(Act.REVEAL)
            conversation_id = opened.conversation.id
            self._record(session, "reveal", f"conversation:{conversation_id}", field=field)
            self._revealed[conversation_id] = self._revealed.get(conversation_id, frozenset()) | {field}
            await self._show(session, opened)

    async def _do(self, event: GenericEventArguments) -> None:
        """Do what the person chose to do with a case."""
        wish = event.args if isinstance(event.args, dict) else {}
        name, target, values = _text(wish.get("act")), _text(wish.get("target")), wish.get("values")
        is_done = False
        async with self._act("cannot_be_done") as session:
            opened = await self._locked(session)
            complaint = next((c for c in opened.complaints if c.id == _uuid(wish.get("id"))), None)
            if complaint is None:
                raise NotForThisPerson(name)
            case = await self._at_hand(session, opened, complaint)
            await CASE_ACTS.do(case, name, target, values if isinstance(values, dict) else {})
            for conversation_id in {complaint.conversation_id, *(other.conversation_id for other in case.family)}:
                await notify_changed(session, conversation_id)
            is_done = True
        if is_done:
            self._cases.act_done()
            self._tell(word_or(f"act_{name}_done", word("done", self._language), self._language))

    async def _at_hand(self, session: AsyncSession, opened: Opened, complaint: Complaint) -> CaseAtHand:
        return await at_hand(
            session,
            complaint,
            self._person,
            self._language,
            siblings=opened.complaints,
            holds_conversation=self._holds(opened.conversation),
            now=self._desk.clock(),
        )

    @asynccontextmanager
    async def _act(self, when_refused: str = "not_sent") -> AsyncIterator[AsyncSession]:
        """A transaction for an act of the person; what stands in its way is told in words."""
        try:
            async with self._transaction() as session:
                yield session
        except SignedOut:
            self._go("/sign-in")
        except NoSuchConversation:
            self._go("/")
        except NotForThisPerson as refused:
            await self._record_refusal(str(refused))
            self._go("/")
        except (HeldBySomeoneElse, *REFUSALS, *SENDING_REFUSALS) as refusal:
            said = SAID_OF_REFUSALS | SAID_OF_SENDING
            name = next((name for kind, name in said.items() if isinstance(refusal, kind)), when_refused)
            if isinstance(refusal, NotOffered | NoSuchCase):
                await self._record_refusal(str(refusal))
            self._tell(word(name, self._language))
            self._refresher.notice(EVERYTHING)
        except Unfilled as unfilled:
            self._tell(word("unfilled", self._language, field=word_or(f"field_{unfilled.field}", "", self._language)))
        except SQLAlchemyError as error:
            log.warning("act_failed", reason=type(error).__name__)
            self._tell(word("not_sent", self._language))

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncSession]:
        async with self._desk.database.transaction() as session:
            person = await who_is(session, self._token, self._desk.clock())
            if person is None or next_step(person) is not None:
                raise SignedOut
            session.expunge(person)  # a rolled back act must not take the person with it
            self._person = person
            yield session

    async def _opened(self, session: AsyncSession) -> Opened:
        if self._selected is None:
            raise NoSuchConversation
        return await open_for(session, self._selected, self._person, organisation())

    async def _locked(self, session: AsyncSession) -> Opened:
        """The open conversation, locked before it is read, so that two people cannot both find it free."""
        if self._selected is None:
            raise NoSuchConversation
        await session.execute(select(Conversation.id).where(Conversation.id == self._selected).with_for_update())
        return await self._opened(session)

    async def _record_refusal(self, what: str) -> None:
        async with self._desk.database.transaction() as session:
            self._record(session, "access_refused", f"conversation:{self._selected}", what=what)

    async def _ask_who_again(self) -> None:
        async with self._act() as session:
            await self._presence.remain(session)

    def _require(self, act: Act) -> None:
        if not may(self._person, act):
            raise NotForThisPerson(act)

    def _holds(self, conversation: Conversation) -> bool:
        return conversation.holder is Holder.STAFF and conversation.held_by == self._person.id

    @property
    def _actor(self) -> str:
        return f"staff:{self._person.username}"

    def _record(self, session: AsyncSession, action: str, subject: str, **detail: str) -> None:
        record(session, at=self._desk.clock(), actor=self._actor, action=action, subject=subject, **detail)

    def _tell(self, text: str) -> None:
        self._client.run_javascript(f"tingsuDesk.tell({json.dumps(text)})")

    def _go(self, address: str) -> None:
        self._client.open(address)


def _text(value: Any) -> str:
    """What a browser sent as text, without the characters that PostgreSQL cannot keep."""
    return value.replace("\x00", "").strip() if isinstance(value, str) else ""


def _number(value: Any) -> int:
    """An id that a browser sent; 0, which nothing has, if it is none."""
    return value if isinstance(value, int) and 0 < value < 2**63 else 0


def _uuid(value: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(value)
    except (ValueError, TypeError, AttributeError):
        return None
