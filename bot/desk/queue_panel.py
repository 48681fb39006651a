"""The queue on one open page: what its person chose to see of it, kept live.

A notice is answered at once for the conversations that it names; order and counts of the whole follow less often, so
that a burst of changes with many open pages costs the database little.
"""

import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any

from nicegui.events import GenericEventArguments
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.labels import Language
from bot.desk.bulk import Given, colleagues, give
from bot.desk.bulk_macros import use_macro
from bot.desk.elements import QueueList
from bot.desk.given import given_number, given_text, given_wish
from bot.desk.live import EVERYTHING, PageRefresher, Refresher
from bot.desk.macros import Macro, macro_policy
from bot.desk.queue import (
    ROWS_ON_A_PAGE,
    Place,
    QueueFilter,
    QueuePage,
    QueueView,
    Viewer,
    conversation_of_case,
    in_order,
    read_entries,
    read_page,
    read_places,
)
from bot.desk.rows import row_of
from bot.desk.search import LONGEST_SEARCH, is_long_enough
from bot.desk.visit import NoLongerAllowed, Refused, Visit
from bot.desk.words import word
from bot.staff.candidates import CASE_ROLE_OF
from bot.staff.models import StaffMember
from bot.staff.people import organisation
from bot.staff.permissions import Act, may
from bot.staff.saved_views import LONGEST_NAME, MOST_VIEWS, CannotSaveView, remove_view, save_view, views_of

NOTICED_AGAIN_AFTER_SECONDS = 0.4
ALL_AGAIN_AFTER_SECONDS = 3.0
FOUND_SHOWN = 8
MOST_NOTICED = 50
"""Conversations read one by one; with more than these the whole page is read."""


class Giving(BaseModel):
    """The wish to give cases to a person."""

    ids: list[uuid.UUID] = Field(max_length=ROWS_ON_A_PAGE)
    to: uuid.UUID


class MacroWish(BaseModel):
    """The wish to use a macro in several cases."""

    ids: list[uuid.UUID] = Field(max_length=ROWS_ON_A_PAGE)
    macro: str = Field(max_length=40)
    confirmed: bool = False


class QueuePanel:
    """One person's live queue.

    Args:
        view: what of it is shown at first.
        selected: the conversation that is open beside it.
    """

    def __init__(self, visit: Visit, view: QueueView, selected: uuid.UUID | None) -> None:
        self._visit = visit
        self._client = visit.client
        self._view = view
        self._page = 0
        self._selected = selected
        self._shown = QueuePage([], {})
        self._rows: dict[uuid.UUID, dict[str, Any]] = {}
        self._reads = count(1)
        self._page_read = 0
        """The read of a whole page that is shown: one that began before it comes too late."""
        self._is_of = (view, 0)
        """The view and the page that are shown, which are not yet those that the person has gone on to."""
        self._since: list[tuple[int, frozenset[str]]] = []
        """What was noticed since then. No read waits for another, so a page may come that was read before."""
        self._noticed = Refresher(self._read_noticed, rest=NOTICED_AGAIN_AFTER_SECONDS)
        self._all = PageRefresher(self._client, self._read_all, rest=ALL_AGAIN_AFTER_SECONDS)

    def build(self, on_open: Callable[[GenericEventArguments], Any]) -> None:
        """Put the list on the page and follow what changes until the page is closed."""
        self._list = QueueList(self._visit.language, self._view.model_dump(mode="json"))
        self._list.on("open", on_open)
        self._list.on("look", self._look)
        self._list.on("turn", self._turn)
        self._list.on("saveView", self._visit.guarded(self._save_view))
        self._list.on("useView", self._use_view)
        self._list.on("removeView", self._visit.guarded(self._remove_view))
        self._list.on("lookFor", self._visit.guarded(self._look_for))
        self._list.on("chooseHandler", self._visit.guarded(self._choose_handler))
        self._list.on("give", self._give)
        self._list.on("useMacro", self._use_macro)
        self._client.on_delete(self._visit.desk.feed.subscribe(self._notice))

    async def start(self) -> None:
        """Show the queue, and the views that the person has saved."""
        await self.show()
        async with self._visit.transaction() as session:
            await self._show_views(session)

    async def show(self) -> None:
        """Read the page of the queue that the person is on, and show it."""
        read, view, page = next(self._reads), self._view, self._page
        async with self._visit.transaction() as session:
            viewer = Viewer(self._visit.person, organisation())
            shown = await read_page(session, viewer, view, now=self._visit.now, page=page)
            rows = await self._read_rows(session, viewer, shown.places)
        if (view, page) != (self._view, self._page) or read < self._page_read:
            return  # the person has gone on meanwhile, or a later read was quicker
        self._page_read, self._is_of = read, (view, page)
        self._shown, self._rows = shown, rows
        self._put()
        for conversation_id in frozenset().union(*(ids for later, ids in self._since if later > read)):
            self._noticed.notice(conversation_id)
        self._since.clear()

    def select(self, conversation_id: uuid.UUID | None) -> None:
        """Mark the conversation that is open beside the queue."""
        self._selected = conversation_id
        self._put()

    def read_all_again(self) -> None:
        """Time has passed: what waits longer or is due by now may stand elsewhere."""
        self._all.notice(EVERYTHING)

    def _notice(self, conversation_id: str) -> None:
        if conversation_id != EVERYTHING and self._client.has_socket_connection:
            self._noticed.notice(conversation_id)
        self._all.notice(conversation_id)

    async def _read_all(self, _noticed: frozenset[str]) -> None:
        with suppress(NoLongerAllowed):  # they have been sent away
            await self.show()

    async def _read_noticed(self, noticed: frozenset[str]) -> None:
        """Show the noticed conversations as they are now; on the first page, new ones too."""
        if len(noticed) > MOST_NOTICED:
            return
        read, view, page = next(self._reads), self._view, self._page
        ids = {uuid.UUID(conversation_id) for conversation_id in noticed}
        try:
            async with self._visit.transaction() as session:
                viewer = Viewer(self._visit.person, organisation())
                found = await read_places(session, viewer, view, now=self._visit.now, among=ids)
                shown = [place for place in found if page == 0 or place.conversation_id in self._rows]
                rows = await self._read_rows(session, viewer, shown)
        except NoLongerAllowed:
            return  # they have been sent away
        self._since.append((read, noticed))
        if (view, page) == (self._view, self._page) == self._is_of and read > self._page_read:
            kept = [place for place in self._shown.places if place.conversation_id not in ids]
            places = in_order([*kept, *shown], view.order)[:ROWS_ON_A_PAGE]
            self._rows |= rows
            self._shown = QueuePage(places, self._shown.counts)
            self._put()

    async def _read_rows(
        self, session: AsyncSession, viewer: Viewer, places: list[Place]
    ) -> dict[uuid.UUID, dict[str, Any]]:
        entries = await read_entries(session, viewer, places)
        return {entry.id: row_of(entry, viewer, self._visit.language) for entry in entries}

    async def _look(self, event: GenericEventArguments) -> None:
        """The person chose another view: `{"tier": …}` changes the tier and leaves the rest."""
        wish = given_wish(event.args)
        try:
            view = QueueView.model_validate(self._view.model_dump() | wish)
        except ValidationError:
            return
        await self._go_to(view, 0)

    async def _turn(self, event: GenericEventArguments) -> None:
        """The person turned to another page."""
        page, last = event.args, max(0, self._shown.counts.get(self._view.chosen, 0) - 1) // ROWS_ON_A_PAGE
        if isinstance(page, int) and 0 <= page <= last:
            await self._go_to(self._view, page)

    async def _save_view(self, session: AsyncSession, name: Any) -> None:
        """The person keeps the present view under a name."""
        view = self._view.model_dump(mode="json")
        try:
            await save_view(session, self._visit.person, given_text(name), view, now=self._visit.now)
        except CannotSaveView:
            said = word("cannot_save_view", self._visit.language, length=LONGEST_NAME, count=MOST_VIEWS)
            raise Refused(said) from None
        await self._show_views(session)

    async def _remove_view(self, session: AsyncSession, view_id: Any) -> None:
        await remove_view(session, self._visit.person, given_number(view_id), now=self._visit.now)
        await self._show_views(session)

    async def _use_view(self, event: GenericEventArguments) -> None:
        """The person goes to a view saved earlier; one of an older version that nothing can be made of is left."""
        views: dict[int, dict[str, Any]] = {}

        async def read(session: AsyncSession) -> None:
            views.update({saved.id: saved.view for saved in await views_of(session, self._visit.person)})

        await self._visit.carry_out(read)
        with suppress(ValidationError):
            await self._go_to(QueueView.model_validate(views.get(given_number(event.args))), 0)

    async def _show_views(self, session: AsyncSession) -> None:
        saved = await views_of(session, self._visit.person)
        self._list.show_views([{"id": view.id, "name": view.name} for view in saved])

    async def _look_for(self, session: AsyncSession, words: Any) -> None:
        """The palette looks for a case, of any filter: open ones as the search does, a settled one by its number."""
        text = given_text(words)[:LONGEST_SEARCH]
        self._list.show_found(await self._found(session, text) if is_long_enough(text) else [])

    async def _found(self, session: AsyncSession, text: str) -> list[dict[str, str]]:
        viewer = Viewer(self._visit.person, organisation())
        numbered = await conversation_of_case(session, viewer, text)
        if numbered is not None:
            return [{"id": str(numbered[0]), "name": numbered[1], "detail": ""}]
        view = QueueView(chosen=QueueFilter.OPEN, search=text)
        page = await read_page(session, viewer, view, now=self._visit.now)
        rows = await self._read_rows(session, viewer, page.places[:FOUND_SHOWN])
        return [
            {"id": row["id"], "name": row["customer"], "detail": f"{row['number']} {row['subject']}"}
            for row in rows.values()
        ]

    async def _choose_handler(self, session: AsyncSession, _wish: Any) -> None:
        """Show to whom the chosen cases may be given, and which macros there are for them."""
        found = await colleagues(session, self._visit.person, now=self._visit.now)
        self._list.show_colleagues([{"id": str(c.id), "name": c.names[0], "count": c.open_count} for c in found])
        self._list.show_macros(_macros_for(self._visit.person, self._visit.language))

    async def _give(self, event: GenericEventArguments) -> None:
        """Give the chosen cases to a person, each in a transaction of its own: `{"ids": […], "to": …}`."""
        try:
            wish = Giving.model_validate(event.args)
        except ValidationError:
            return
        outcomes: dict[str, dict[str, Any]] = {}
        for conversation_id in wish.ids:
            if not await self._visit.carry_out(partial(self._give_one, conversation_id, wish.to, outcomes)):
                break  # what was given before stays given, and is said
        self._list.given(outcomes)

    async def _give_one(
        self, conversation_id: uuid.UUID, to: uuid.UUID, outcomes: dict[str, dict[str, Any]], session: AsyncSession
    ) -> None:
        given = await give(
            session,
            conversation_id,
            to,
            person=self._visit.person,
            organisation=organisation(),
            now=self._visit.now,
        )
        text = given.display_name(self._visit.language)
        outcomes[str(conversation_id)] = {"isGiven": given is Given.GIVEN, "text": text}

    async def _use_macro(self, event: GenericEventArguments) -> None:
        """Use a macro in the chosen cases, each in a transaction of its own: `{"ids": […], "macro": …}`.

        Messages go out only with `"confirmed": true`: the person has been told to how many customers.
        """
        try:
            wish = MacroWish.model_validate(event.args)
        except ValidationError:
            return
        macro = macro_policy().find(wish.macro)
        if macro is None or (macro.reply is not None and not wish.confirmed):
            return
        outcomes: dict[str, dict[str, Any]] = {}
        for conversation_id in wish.ids:
            if not await self._visit.carry_out(partial(self._use_in_one, conversation_id, macro, outcomes)):
                break  # what was done before stays done, and is said
        self._list.given(outcomes)

    async def _use_in_one(
        self, conversation_id: uuid.UUID, macro: Macro, outcomes: dict[str, dict[str, Any]], session: AsyncSession
    ) -> None:
        visit = self._visit
        used = await use_macro(
            session, conversation_id, macro, person=visit.person, undo_for=visit.desk.undo_for, now=visit.now
        )
        outcomes[str(conversation_id)] = {"isGiven": used.is_done, "text": used.display_name(visit.language)}

    async def _go_to(self, view: QueueView, page: int) -> None:
        self._view, self._page = view, page
        await self._read_all(frozenset())

    def _put(self) -> None:
        rows = [self._rows[key] for place in self._shown.places if (key := place.conversation_id) in self._rows]
        self._list.show(
            rows=rows,
            counts={chosen.value: count for chosen, count in self._shown.counts.items()},
            view=self._view.model_dump(mode="json"),
            page=self._page,
            selected=str(self._selected or ""),
        )


def _macros_for(person: StaffMember, language: Language) -> list[dict[str, Any]]:
    """The macros that the person may use in several cases at once, ready for the bulk bar."""
    if person.role not in CASE_ROLE_OF or not may(person, Act.RESOLVE):
        return []
    return [
        {
            "name": macro.name,
            "title": getattr(macro.title, language),
            "steps": macro.steps(language),
            "hasReply": macro.reply is not None,
        }
        for macro in macro_policy().macros
        if macro.is_for_many and (macro.reply is None or may(person, Act.ANSWER))
    ]
