"""One page's presence: tells the others what its person looks at and types, and shows who else is there."""

import time
import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversations.models import Conversation, Holder
from bot.conversations.presence import Doing, Present, Sign, give_sign
from bot.desk.elements import Thread
from bot.desk.live import PageRefresher
from bot.desk.visit import Visit
from bot.desk.words import word
from bot.jobs import Job, enqueue
from bot.staff.models import StaffMember
from bot.staff.permissions import Act, may

SHOW_TYPING_AGAIN_AFTER_SECONDS = 4.0
"""Telegram shows «typing…» for five seconds each time it is asked to."""


class PagePresence:
    """Where one page is."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._desk = visit.desk
        self._client = visit.client
        self._page_id = uuid.uuid4()
        self._at: uuid.UUID | None = None
        self._may_show_typing_at = 0.0
        self._last_of_customer = 0
        self._refresher = PageRefresher(self._client, self._show)

    def build(self, thread: Thread) -> None:
        """Show on this thread who is there, until the page is closed."""
        self._thread = thread
        self._client.on_connect(self._come_back)
        self._client.on_disconnect(self._leave)
        self._client.on_delete(self._desk.presences.subscribe(self._notice))

    async def arrive(self, session: AsyncSession, conversation_id: uuid.UUID) -> None:
        """The page shows this conversation from now on."""
        if self._at not in {None, conversation_id}:
            await self._tell(session, Doing.GONE)
        self._at = conversation_id
        self._last_of_customer = 0
        await self._tell(session, Doing.READING)
        self._refresher.notice(str(conversation_id))

    async def remain(self, session: AsyncSession) -> None:
        """The page still shows what it showed; to be said every 15 seconds."""
        if self._client.has_socket_connection:
            await self._tell(session, Doing.READING)

    async def type(self) -> None:
        """The person is writing to the customer; nothing happens unless they hold the conversation."""
        async with self._visit.transaction() as session:
            conversation = await session.get(Conversation, self._at) if self._at else None
            if conversation is None or not self._holds(conversation) or not may(self._visit.person, Act.ANSWER):
                return
            await self._tell(session, Doing.TYPING)
            await self._show_customer(session, conversation)

    async def pause(self, session: AsyncSession) -> None:
        """What the person was writing is sent."""
        await self._tell(session, Doing.PAUSING)

    def saw(self, last_of_customer: int) -> None:
        """The page shows the customer's messages up to this one."""
        if self._at is not None and last_of_customer > self._last_of_customer:
            self._desk.presences.customer_wrote(self._at)
            self._refresher.notice(str(self._at))
        self._last_of_customer = last_of_customer

    async def _show_customer(self, session: AsyncSession, conversation: Conversation) -> None:
        """Let the customer's channel show it, seldom enough for Telegram."""
        now = time.monotonic()
        if now < self._may_show_typing_at:
            return
        self._may_show_typing_at = now + SHOW_TYPING_AGAIN_AFTER_SECONDS
        await enqueue(
            session,
            Job.SHOW_TYPING,
            conversation_id=str(conversation.id),
            typed_at=self._visit.now.isoformat(),
        )

    async def _come_back(self) -> None:
        if self._at is None:
            return
        async with self._desk.database.transaction() as session:
            await self._tell(session, Doing.READING)
        self._refresher.notice(str(self._at))

    async def _leave(self) -> None:
        if self._at is None or self._client.has_socket_connection:
            return
        async with self._desk.database.transaction() as session:
            await self._tell(session, Doing.GONE)

    async def _tell(self, session: AsyncSession, doing: Doing) -> None:
        if self._at is not None:
            sign = Sign(conversation_id=self._at, doing=doing, page_id=self._page_id, staff_id=self._visit.person.id)
            await give_sign(session, sign)

    def _notice(self, conversation_id: uuid.UUID) -> None:
        if conversation_id == self._at:
            self._refresher.notice(str(conversation_id))

    async def _show(self, _noticed: frozenset[str]) -> None:
        at = self._at
        if at is None:
            return
        myself = self._visit.person.id
        others = {one.staff_id: one for one in self._desk.presences.staff_in(at) if one.staff_id != myself}
        async with self._desk.database.transaction() as session:
            conversation = await session.get(Conversation, at)
            if conversation is None:
                return  # swept meanwhile
            members = await session.scalars(
                select(StaffMember).where(StaffMember.id.in_(others)).order_by(StaffMember.username)
            )
            lines = [self._line(member, others[member.id], conversation) for member in members]
        self._thread.show_presence(
            {"id": str(at), "others": lines, "customerTypes": self._desk.presences.customer_types(at)}
        )

    def _line(self, member: StaffMember, present: Present, conversation: Conversation) -> dict[str, Any]:
        is_held_by_another = conversation.holder is Holder.STAFF and conversation.held_by != member.id
        if present.is_typing:
            name = "is_replying"
        elif is_held_by_another and may(member, Act.LISTEN_IN):
            name = "listens_in"
        else:
            name = "is_reading"
        return {"text": word(name, self._visit.language, person=member.name), "isTyping": present.is_typing}

    def _holds(self, conversation: Conversation) -> bool:
        return conversation.holder is Holder.STAFF and conversation.held_by == self._visit.person.id
