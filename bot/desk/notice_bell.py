"""The bell in the top bar of every page: alarms for which the person was called, and their notices, kept live."""

import uuid
from contextlib import suppress
from typing import Any

from nicegui import Client
from nicegui.element import Element
from sqlalchemy.ext.asyncio import AsyncSession

from bot.alarms.models import Alarm
from bot.alarms.ringing import ringing_for
from bot.complaints.deadlines import DeadlineName
from bot.complaints.models import Complaint
from bot.complaints.notices import ListedNotice, Reader, notices_for, see, see_all, unseen_count
from bot.desk.conversation import milliseconds
from bot.desk.elements import Bell
from bot.desk.given import given_id, given_number, given_text, given_wish
from bot.desk.live import PageRefresher
from bot.desk.parts import Desk
from bot.desk.queue import Viewer
from bot.desk.visit import NoLongerAllowed, Visit
from bot.staff.models import StaffMember
from bot.staff.people import organisation
from bot.staff.permissions import Act, may, may_see, sorts_unplaced

NOTICES_LISTED = 50
NOTICED_AGAIN_AFTER_SECONDS = 1.0


async def put_bell(desk: Desk, client: Client, person: StaffMember, token: str, place: Element) -> None:
    """Put the bell into the top bar; who sees no cases has none."""
    if may(person, Act.SEE_CASES):
        await NoticeBell(Visit(desk, client, person, token, Act.SEE_CASES)).open(place)


class NoticeBell:
    """One person's bell on one open page."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._client = visit.client
        self._refresher = PageRefresher(self._client, self._show_again, rest=NOTICED_AGAIN_AFTER_SECONDS)

    async def open(self, place: Element) -> None:
        """Build the bell, and keep it live until the page is closed."""
        with place:
            self._bell = Bell(self._visit.language)
        self._bell.on("open", self._visit.guarded(self._open))
        self._bell.on("see", self._visit.guarded(self._see))
        self._bell.on("seeAll", self._visit.guarded(self._see_all))
        self._client.on_delete(self._visit.desk.feed.subscribe(self._refresher.notice))
        await self._show_again(frozenset())

    async def _show_again(self, _noticed: frozenset[str]) -> None:
        with suppress(NoLongerAllowed):  # they have been sent away
            async with self._visit.transaction() as session:
                await self._show(session)

    async def _show(self, session: AsyncSession) -> None:
        reader, now = self._reader, self._visit.now
        alarms = await ringing_for(session, reader.staff_id)
        notices = await notices_for(session, reader, now=now, limit=NOTICES_LISTED)
        unseen = await unseen_count(session, reader, now=now)
        self._bell.show(
            alarms=[self._alarm_row(alarm) for alarm in alarms],
            notices=[self._notice_row(notice) for notice in notices],
            unseen=unseen,
        )

    def _alarm_row(self, alarm: Alarm) -> dict[str, Any]:
        return {
            "id": str(alarm.id),
            "text": alarm.kind.display_name(self._visit.language),
            "since": milliseconds(alarm.waiting_since),
            "address": _address_of(alarm.conversation_id),
        }

    def _notice_row(self, notice: ListedNotice) -> dict[str, Any]:
        """A notice, with a link unless the person has moved where the case is not seen from."""
        is_visible = may_see(self._visit.person, notice.outlet_code, organisation())
        deadline = DeadlineName(notice.deadline) if notice.deadline else None
        return {
            "id": notice.id,
            "text": notice.kind.display_name(self._visit.language),
            "number": notice.number,
            "deadline": deadline.display_name(self._visit.language) if deadline else "",
            "dueAt": milliseconds(notice.due_at),
            "at": milliseconds(notice.at),
            "isSeen": notice.seen_at is not None,
            "address": _address_of(notice.conversation_id) if is_visible else "",
        }

    async def _open(self, session: AsyncSession, wish: Any) -> None:
        """Go to a conversation; the notice that leads there is seen by that."""
        chosen = given_wish(wish)
        await self._see(session, chosen.get("id"))
        prefix, _, conversation_id = given_text(chosen.get("address")).rpartition("/")
        if prefix == "/conversations" and given_id(conversation_id):
            self._visit.go(f"{prefix}/{given_id(conversation_id)}")

    async def _see(self, session: AsyncSession, notice_id: Any) -> None:
        if number := given_number(notice_id):
            await see(session, self._reader, number, now=self._visit.now)
            await self._show(session)

    async def _see_all(self, session: AsyncSession, newest_id: Any) -> None:
        if number := given_number(newest_id):
            await see_all(session, self._reader, up_to=number, now=self._visit.now)
            await self._show(session)

    @property
    def _reader(self) -> Reader:
        """The person as a reader of notices: a unit's are for those who settle its cases."""
        person = self._visit.person
        settles = may(person, Act.RESOLVE)
        return Reader(
            person.id,
            person.username,
            unit_code=person.unit_code if settles else None,
            sorts_unplaced=settles and sorts_unplaced(person, organisation()),
            sees=Viewer(person, organisation()).sees_where(Complaint.outlet_code),
        )


def _address_of(conversation_id: uuid.UUID) -> str:
    return f"/conversations/{conversation_id}"
