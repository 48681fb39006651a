"""The conversation that a person chose on an open page, and what stands in the way of acts on it."""

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui.events import GenericEventArguments
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.models import Complaint
from bot.conversations.handover import HeldBySomeoneElse
from bot.conversations.models import Conversation, Holder
from bot.desk.acts import REFUSALS, SAID_OF_REFUSALS, CaseAtHand, NoSuchCase, NotOffered, Unfilled, at_hand
from bot.desk.conversation import NoSuchConversation, NotForThisPerson, Opened, open_for, shown_as
from bot.desk.given import given_act
from bot.desk.masked import Personal
from bot.desk.sending import SAID_OF_SENDING, SENDING_REFUSALS
from bot.desk.visit import Visit, record_refusal
from bot.desk.words import word, word_or
from bot.staff.people import organisation
from bot.staff.permissions import Act, may

Doing = Callable[[AsyncSession, Opened, Any], Awaitable[None]]
"""An act on the conversation, with what the browser sent."""


class ChosenConversation:
    """What a page's parts share of the conversation that is open beside the queue.

    Args:
        show_again: reads the conversation anew once somebody else was quicker.
    """

    def __init__(self, visit: Visit, conversation_id: uuid.UUID | None, show_again: Callable[[], None]) -> None:
        self.visit = visit
        self.id = conversation_id
        self.show_again = show_again
        self._revealed: dict[uuid.UUID, frozenset[Personal]] = {}

    def meant(self, conversation_id: uuid.UUID | None) -> "ChosenConversation":
        """The conversation that an act is about, whatever the person goes on to while it is done.

        Args:
            conversation_id: as the act says; None for whichever is open.
        """
        meant = ChosenConversation(self.visit, conversation_id or self.id, self.show_again)
        meant._revealed = self._revealed
        return meant

    def revealed_in(self, conversation_id: uuid.UUID) -> frozenset[Personal]:
        """What the person has asked to see unmasked of a conversation, on this page."""
        return self._revealed.get(conversation_id, frozenset())

    def reveal(self, conversation_id: uuid.UUID, field: Personal) -> None:
        """Show it unmasked until the page is closed."""
        self._revealed[conversation_id] = self.revealed_in(conversation_id) | {field}

    def shown_as(self, conversation: Conversation) -> str:
        """How the customer sees the person."""
        return shown_as(self.visit.person, conversation.language, organisation())

    async def opened(self, session: AsyncSession, *, is_locked: bool = False) -> Opened:
        """The conversation as it is now.

        Args:
            is_locked: lock it before it is read, so that two people cannot both find it free.

        Raises:
            NoSuchConversation: none is chosen, or there is none.
            NotForThisPerson: it belongs to another unit.
        """
        if self.id is None:
            raise NoSuchConversation
        if is_locked:
            await session.execute(select(Conversation.id).where(Conversation.id == self.id).with_for_update())
        return await open_for(session, self.id, self.visit.person, organisation())

    def holds(self, conversation: Conversation) -> bool:
        """Whether the person is with the customer."""
        return conversation.holder is Holder.STAFF and conversation.held_by == self.visit.person.id

    async def at_hand(self, session: AsyncSession, opened: Opened, complaint: Complaint) -> CaseAtHand:
        """One of its complaints as the person has it before them."""
        return await at_hand(
            session,
            complaint,
            self.visit.person,
            self.visit.language,
            siblings=opened.complaints,
            holds_conversation=self.holds(opened.conversation),
            now=self.visit.now,
        )

    async def carry_out(
        self,
        act: Doing,
        wish: Any = None,
        *,
        requires: Act | None = Act.ANSWER,
        when_refused: str = "cannot_be_done",
        when_failed: str = "not_sent",
        is_locked: bool = True,
    ) -> bool:
        """Do an act on the conversation in one transaction; what stands in its way is told and changes nothing.

        Args:
            requires: what the person's role must allow, beside seeing the conversation.
            when_refused: the word for a refusal that has none of its own.
            when_failed: the word for a database that is away.

        Returns:
            Whether it was done.
        """

        async def on_it(session: AsyncSession) -> None:
            opened = await self.opened(session, is_locked=is_locked)
            if requires is not None and not may(self.visit.person, requires):
                raise NotForThisPerson(requires)
            await act(session, opened, wish)

        visit = self.visit
        try:
            return await visit.carry_out(on_it, when_failed=when_failed)
        except NoSuchConversation:
            visit.go("/")
        except NotForThisPerson as refused:
            await self._record_refusal(str(refused))
            visit.go("/")
        except (HeldBySomeoneElse, *REFUSALS, *SENDING_REFUSALS) as refusal:
            said = SAID_OF_REFUSALS | SAID_OF_SENDING
            name = next((name for kind, name in said.items() if isinstance(refusal, kind)), when_refused)
            if isinstance(refusal, NotOffered | NoSuchCase):
                await self._record_refusal(str(refusal))
            visit.tell(word(name, visit.language))
            self.show_again()
        except Unfilled as unfilled:
            field = word_or(f"field_{unfilled.field}", "", visit.language)
            visit.tell(word("unfilled", visit.language, field=field))
        return False

    def guarded(
        self,
        act: Doing,
        *,
        requires: Act | None = Act.ANSWER,
        when_refused: str = "held_by_someone_else",
        is_locked: bool = True,
    ) -> Callable[[GenericEventArguments], Awaitable[None]]:
        """What a page's event calls: the act, carried out with what the browser sent."""

        async def handle(event: GenericEventArguments) -> None:
            of, wish = given_act(event.args)
            await self.meant(of).carry_out(act, wish, requires=requires, when_refused=when_refused, is_locked=is_locked)

        return handle

    async def _record_refusal(self, what: str) -> None:
        await record_refusal(self.visit.desk, self.visit.person, f"conversation:{self.id}", what=what)
