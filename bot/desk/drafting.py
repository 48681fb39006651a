"""The half-written answer of the open conversation: kept while its holder writes, shown live to everybody else."""

import asyncio
import uuid
from contextlib import suppress
from typing import Any

from nicegui.events import GenericEventArguments
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversations.drafts import WrittenElsewhere, keep_draft, let_go, take_up
from bot.desk.chosen import ChosenConversation
from bot.desk.conversation import NoSuchConversation, NotForThisPerson, Opened
from bot.desk.elements import Thread
from bot.desk.given import given_id, given_text, given_wish
from bot.desk.live import PageRefresher
from bot.desk.sending import as_shown, draft_for
from bot.desk.visit import NoLongerAllowed, Refused
from bot.desk.words import word

LONGEST_REPLY = 4000
"""Characters. Telegram carries 4096 in one message."""


class SharedDraft:
    """One page's part in the draft.

    Attributes:
        order: to be held by whatever writes or ends the draft, so that a text that was kept just before the answer
            went out cannot be kept after it.
    """

    def __init__(self, chosen: ChosenConversation) -> None:
        self._chosen = chosen
        self._visit = chosen.visit
        self._refresher = PageRefresher(self._visit.client, self._show_again)
        self.order = asyncio.Lock()

    def build(self, thread: Thread) -> None:
        """Keep what is written in this thread, and show in it what others write, until the page is closed."""
        self._thread = thread
        thread.on("draft", self._keep)
        thread.on("takeUpDraft", self._chosen.guarded(self._take_up))
        self._visit.client.on_delete(self._visit.desk.presences.subscribe_to_drafts(self._notice))

    async def let_go(self, session: AsyncSession, conversation_id: uuid.UUID) -> None:
        """The answer has been written."""
        await let_go(session, conversation_id, self._visit.person.id, now=self._visit.now)

    async def _keep(self, event: GenericEventArguments) -> None:
        """Keep a text for the conversation in which it was written: the person may have gone on to another."""
        wish = given_wish(event.args)
        of_text = self._chosen.meant(given_id(wish.get("id")))
        kept: dict[str, Any] = {}

        async def keep(session: AsyncSession, opened: Opened, _wish: Any) -> None:
            text = given_text(wish.get("text"))
            if len(text) > LONGEST_REPLY:
                raise Refused(word("too_long", self._visit.language, count=LONGEST_REPLY))
            draft = await keep_draft(
                session,
                opened.conversation.id,
                self._visit.person.id,
                text,
                based_on=given_id(wish.get("basedOn")),
                now=self._visit.now,
            )
            kept.update(as_shown(draft) if draft is not None else {"edition": None, "at": 0})

        async with self.order:
            try:
                is_kept = await of_text.carry_out(
                    keep, when_refused="held_by_someone_else", when_failed="draft_not_kept"
                )
            except WrittenElsewhere:
                await self._show_newer(of_text)
                return
        if is_kept:
            self._thread.draft_kept({"id": str(of_text.id), "edition": kept["edition"], "at": kept["at"]})
        else:
            self._thread.draft_not_kept()

    async def _show_newer(self, of_text: ChosenConversation) -> None:
        """Show the person what they have written, sent or emptied on another page."""
        draft = None

        async def read(session: AsyncSession, opened: Opened, _wish: Any) -> None:
            nonlocal draft
            draft = await draft_for(
                session, opened.conversation.id, self._visit.person, of_text.revealed_in(opened.conversation.id)
            )

        if await of_text.carry_out(read, is_locked=False, when_failed="draft_not_kept"):
            self._thread.draft_is_out_of_date({"id": str(of_text.id), "draft": draft})

    async def _take_up(self, session: AsyncSession, opened: Opened, _wish: Any) -> None:
        """Put what somebody else had begun into the person's composer."""
        person = self._visit.person
        draft = await take_up(session, opened.conversation.id, person.id, username=person.username, now=self._visit.now)
        self._thread.draft_taken_up(as_shown(draft))

    def _notice(self, conversation_id: uuid.UUID) -> None:
        if conversation_id == self._chosen.id:
            self._refresher.notice(str(conversation_id))

    async def _show_again(self, _noticed: frozenset[str]) -> None:
        with suppress(NoLongerAllowed, NoSuchConversation, NotForThisPerson, SQLAlchemyError):  # the thread says it
            async with self._visit.transaction() as session:
                opened = await self._chosen.opened(session)
                revealed = self._chosen.revealed_in(opened.conversation.id)
                draft = await draft_for(session, opened.conversation.id, self._visit.person, revealed)
            self._thread.show_draft({"id": str(opened.conversation.id), "draft": draft})
