"""What a person writes in the open conversation: answers, corrections and notes, with canned replies and LEARN steps.

An answer is looked at twice before it goes out: for gaps in a canned reply, for numbers and promises of money, and for
what the customer wrote meanwhile.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from nicegui.events import GenericEventArguments
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.checklist import Tick, tick_step
from bot.complaints.follow_ups import FollowUp
from bot.complaints.learn import LearnStep
from bot.complaints.replies import gaps_in
from bot.conversations import replies, sent
from bot.conversations.handover import CustomerWroteMeanwhile, HeldBySomeoneElse
from bot.conversations.notes import add_note
from bot.database import notify_changed
from bot.desk import sending
from bot.desk.acts import CASE_ACTS
from bot.desk.chosen import ChosenConversation
from bot.desk.conversation import NotForThisPerson, Opened
from bot.desk.drafting import LONGEST_REPLY, SharedDraft
from bot.desk.elements import Cases, ReplyTools, Thread
from bot.desk.given import given_act, given_id, given_number, given_text, given_wish
from bot.desk.macros import macro_policy
from bot.desk.mentions import tell_of_note
from bot.desk.presence import PagePresence
from bot.desk.replying import (
    NeedsConfirming,
    Source,
    case_written_about,
    cautions_for,
    checklist_of,
    follow_ups_of,
    kinds_of,
    replies_at_hand,
    steps_of,
)
from bot.desk.sending import Answer
from bot.desk.visit import NoLongerAllowed, Refused, Visit
from bot.desk.words import word
from bot.staff.people import organisation


class GapsLeft(Exception):
    """A canned reply has gaps that were to be filled; the message names them."""


class Composer:
    """The place to write in, below one page's thread."""

    def __init__(self, chosen: ChosenConversation, presence: PagePresence) -> None:
        self._chosen = chosen
        self._visit = chosen.visit
        self._presence = presence
        self._draft = SharedDraft(chosen)

    def build(self, thread: Thread, cases: Cases) -> None:
        """Put the tools into the thread, and hear what is written there."""
        self._thread, self._cases = thread, cases
        act = self._chosen.guarded
        thread.on("reply", self._reply)
        thread.on("undo", act(self._undo))
        thread.on("sendNow", act(self._send_now))
        thread.on("change", self._rewriting(replies.change))
        thread.on("correct", self._rewriting(sent.correct))
        thread.on("sendAgain", act(self._send_again))
        thread.on("note", self._note)
        thread.on("typing", self._type)
        self._draft.build(thread)
        with thread.add_slot("writing"):
            self._tools = ReplyTools(self._visit.language)
        self._tools.on("replies", act(self._offer_replies, is_locked=False))
        self._tools.on("tick", act(self._tick, when_refused="case_is_over"))
        self._tools.on("openAct", act(self._open_act, is_locked=False))

    def show(self, opened: Opened) -> None:
        """Show which LEARN steps are done in the case that is written about."""
        self._tools.show_checklist(checklist_of(case_written_about(opened.complaints), self._visit.language))

    async def _reply(self, event: GenericEventArguments) -> None:
        of, given = given_act(event.args)
        wish, meant = given_wish(given), self._chosen.meant(of)
        text, conversation_id = given_text(wish.get("text")), str(meant.id)
        try:
            async with self._draft.order:
                is_sent = await meant.carry_out(self._send, wish, when_refused="held_by_someone_else")
        except CustomerWroteMeanwhile:
            self._chosen.show_again()
            self._thread.answer_held(conversation_id)
        except NeedsConfirming as caution:
            self._warn(text, caution.display_name(self._visit.language), conversation_id, may_confirm=True)
        except GapsLeft as gaps:
            self._warn(text, str(gaps), conversation_id, may_confirm=False)
        else:
            if is_sent:
                self._tools.warn(None)
                self._thread.answer_sent(conversation_id)
            else:
                self._thread.answer_not_sent(conversation_id)

    async def _send(self, session: AsyncSession, opened: Opened, wish: dict[str, Any]) -> None:
        """Send an answer, now or later.

        Raises:
            CustomerWroteMeanwhile, NeedsConfirming, GapsLeft: it is held back for another look.
        """
        text = self._fitting(wish.get("text"))
        _require_complete(text, self._visit)
        cautions = await cautions_for(session, text, opened.complaints)
        if cautions and wish.get("confirmed") is not True:
            raise NeedsConfirming(cautions)
        conversation_id = opened.conversation.id
        if cautions:
            self._visit.record(session, "send_despite_caution", str(conversation_id), kinds=kinds_of(cautions))
        await sending.send(
            session,
            conversation_id,
            self._visit.person,
            Answer.read(
                wish,
                text,
                ticks=await self._ticks(session, opened, wish.get("chosen")),
                follow_ups=self._follow_ups(opened, wish.get("macros")),
            ),
            undo_for=self._visit.desk.undo_for,
            now=self._visit.now,
        )
        await self._draft.let_go(session, conversation_id)
        await self._presence.pause(session)

    async def _undo(self, session: AsyncSession, opened: Opened, reply_id: Any) -> None:
        """Take back what has not gone out: its text is in the composer again, with the macros that it came from."""
        person = self._visit.person
        reply = await replies.take_back(
            session,
            opened.conversation.id,
            person.id,
            given_number(reply_id),
            username=person.username,
            now=self._visit.now,
        )
        names = [FollowUp.restored(one).macro for one in reply.follow_ups]
        macros = [macro for name in names if (macro := macro_policy().find(name))]
        steps = [{"name": macro.name, "steps": macro.steps(self._visit.language)} for macro in macros]
        self._thread.put_back(reply.text, steps, str(opened.conversation.id))

    async def _send_now(self, session: AsyncSession, opened: Opened, reply_id: Any) -> None:
        await replies.send_now(
            session, opened.conversation.id, self._visit.person.id, given_number(reply_id), now=self._visit.now
        )

    def _rewriting(self, rewrite: Callable[..., Awaitable[None]]) -> Callable[[GenericEventArguments], Awaitable[None]]:
        """What gives an answer another text, be it one that has gone out or one that has not."""

        async def act(session: AsyncSession, opened: Opened, wish: dict[str, Any]) -> None:
            person = self._visit.person
            await rewrite(
                session,
                opened.conversation.id,
                person.id,
                given_number(wish.get("id")),
                await self._rewritten(session, opened, wish.get("text")),
                username=person.username,
                now=self._visit.now,
            )

        async def handle(event: GenericEventArguments) -> None:
            of, wish = given_act(event.args)
            meant = self._chosen.meant(of)
            if await meant.carry_out(act, given_wish(wish), when_refused="held_by_someone_else"):
                self._thread.rewritten()

        return handle

    async def _send_again(self, session: AsyncSession, opened: Opened, message_id: Any) -> None:
        person = self._visit.person
        await sent.send_again(
            session,
            opened.conversation.id,
            person.id,
            given_number(message_id),
            username=person.username,
            now=self._visit.now,
        )

    async def _note(self, event: GenericEventArguments) -> None:
        of, text = given_act(event.args)
        meant = self._chosen.meant(of)
        if await meant.carry_out(self._add_note, text, is_locked=False):
            self._thread.note_added(str(meant.id))
        else:
            self._thread.answer_not_sent(str(meant.id))

    async def _add_note(self, session: AsyncSession, opened: Opened, text: Any) -> None:
        await note_down(session, opened, self._fitting(text), self._visit)

    async def _type(self) -> None:
        with suppress(NoLongerAllowed, SQLAlchemyError):  # the next act says it
            await self._presence.type()

    async def _offer_replies(self, session: AsyncSession, opened: Opened, asked_at: Any) -> None:
        complaint = case_written_about(opened.complaints)
        source = Source(
            opened.conversation,
            complaint,
            self._visit.person,
            self._chosen.revealed_in(opened.conversation.id),
            organisation(),
            self._visit.now,
        )
        case = await self._chosen.at_hand(session, opened, complaint) if complaint is not None else None
        acts = {act["name"] for act in CASE_ACTS.offered(case)} if case is not None else ()
        self._tools.offer(
            await replies_at_hand(session, source, self._visit.language, acts),
            asked_at=asked_at if isinstance(asked_at, int) else 0,
        )

    async def _open_act(self, _session: AsyncSession, opened: Opened, name: Any) -> None:
        """Open the act that goes with a macro's reply; whether it may be done is asked when it is."""
        complaint = case_written_about(opened.complaints)
        if complaint is not None and name in CASE_ACTS.names:
            self._cases.open_act(str(complaint.id), name)

    async def _tick(self, session: AsyncSession, opened: Opened, wish: Any) -> None:
        """Tick off a LEARN step that the person took in words of their own."""
        given = given_wish(wish)
        complaint = next((c for c in opened.complaints if c.id == given_id(given.get("complaint"))), None)
        step = given_text(given.get("step"))
        if complaint is None or step not in set(LearnStep):
            raise NotForThisPerson("tick")
        if not self._chosen.holds(opened.conversation):
            raise HeldBySomeoneElse(str(opened.conversation.id))
        tick_step(session, complaint, LearnStep(step), actor=self._visit.actor, now=self._visit.now)
        await notify_changed(session, opened.conversation.id)

    async def _ticks(self, session: AsyncSession, opened: Opened, chosen: Any) -> list[Tick]:
        """The LEARN steps that the chosen canned replies take once they are sent."""
        complaint = case_written_about(opened.complaints)
        if complaint is None or complaint.state.is_settled or not isinstance(chosen, list):
            return []
        steps = await steps_of(session, chosen, self._visit.person)
        return [Tick(complaint.id, step, f"reply {reply_id}", self._visit.actor) for reply_id, step in steps.items()]

    def _follow_ups(self, opened: Opened, chosen: Any) -> list[FollowUp]:
        """What the chosen macros do with the case once the answer has gone out."""
        complaint = case_written_about(opened.complaints)
        if complaint is None or not isinstance(chosen, list):
            return []
        return follow_ups_of(chosen, complaint, self._visit.person)

    def _fitting(self, given: Any) -> str:
        """A text that can be kept.

        Raises:
            Refused: it is empty or too long.
        """
        text = given_text(given)
        if not text:
            raise Refused(word("nothing_written", self._visit.language))
        if len(text) > LONGEST_REPLY:
            raise Refused(word("too_long", self._visit.language, count=LONGEST_REPLY))
        return text

    async def _rewritten(self, session: AsyncSession, opened: Opened, given: Any) -> str:
        """Another text for an answer; one that would have to be confirmed is for the composer, where that can be.

        Raises:
            Refused: it is none that can go out from here.
        """
        text = self._fitting(given)
        try:
            _require_complete(text, self._visit)
        except GapsLeft as gaps:
            raise Refused(str(gaps)) from gaps
        cautions = await cautions_for(session, text, opened.complaints)
        if cautions:
            raise Refused(NeedsConfirming(cautions).display_name(self._visit.language))
        return text

    def _warn(self, text: str, said: str, conversation_id: str, *, may_confirm: bool) -> None:
        self._tools.warn({"text": text, "said": said, "mayConfirm": may_confirm})
        self._thread.answer_not_sent(conversation_id)


async def note_down(session: AsyncSession, opened: Opened, text: str, visit: Visit) -> None:
    """Add a note that only staff sees, and tell whom it mentions."""
    conversation_id, person, now = opened.conversation.id, visit.person, visit.now
    await add_note(session, conversation_id, person.id, text, username=person.username, now=now)
    await tell_of_note(session, conversation_id, text, by=person, now=now)


def _require_complete(text: str, visit: Visit) -> None:
    gaps = gaps_in(text)
    if gaps:
        raise GapsLeft(word("gaps_left", visit.language, gaps="".join(gaps)))
