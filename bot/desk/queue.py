"""The queue: every conversation that a person must look after, kept in memory and in step with the database.

One read per change serves all open pages; each page then picks what its person may see.
"""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.labels import Cause, Product, Tier
from bot.complaints.lifecycle import State
from bot.complaints.models import Complaint, DeadlineRecord
from bot.conversations.models import Attachment, Author, Conversation, Holder, Message
from bot.database import Database
from bot.desk.live import EVERYTHING, Feed, Refresher
from bot.logs import logger
from bot.staff.models import StaffMember
from bot.staff.organisation import Organisation
from bot.staff.permissions import may_see

SNIPPET_LENGTH = 140
SETTLED = [state for state in State if state.is_settled]
READ_ALL_AGAIN_AFTER_SECONDS = 60
TIER_OF_REASON = {"urgent": Tier.URGENT, "crisis": Tier.URGENT, "complex": Tier.COMPLEX}
log = logger(__name__)


class QueueFilter(StrEnum):
    """Which part of the queue a page shows."""

    WAITING = "waiting"
    MINE = "mine"
    OPEN = "open"


class Viewer:
    """A person who looks at the queue. What they may see is worked out once per outlet, not once per row.

    Args:
        person: who looks.
        organisation: the units in force.
    """

    def __init__(self, person: StaffMember, organisation: Organisation) -> None:
        self.person = person
        self.organisation = organisation
        self._known: dict[str | None, bool] = {}

    def sees(self, outlet_code: str | None) -> bool:
        """Whether the person may see a complaint about this outlet."""
        if outlet_code not in self._known:
            self._known[outlet_code] = may_see(self.person, outlet_code, self.organisation)
        return self._known[outlet_code]


@dataclass(frozen=True)
class ComplaintInQueue:
    """As much of a complaint as the queue shows."""

    id: uuid.UUID
    number: str
    tier: Tier
    state: State
    product: Product | None
    cause: Cause | None
    outlet_code: str | None
    opened_at: datetime
    due_at: datetime | None


@dataclass(frozen=True)
class QueueEntry:
    """One conversation that needs a person, or has one."""

    conversation_id: uuid.UUID
    channel: str
    customer_name: str | None = field(repr=False)
    language: str
    holder: Holder
    held_by: uuid.UUID | None
    holder_name: str | None
    waiting_since: datetime | None
    reason: str | None
    last_message_at: datetime | None
    started_at: datetime
    last_author: Author | None
    last_text: str = field(repr=False)
    last_attachment: str | None = None
    """`photo`, `document` or `voice`."""
    complaints: tuple[ComplaintInQueue, ...] = ()
    """Newest first."""

    @property
    def is_waiting(self) -> bool:
        """Whether a person is called and nobody has come yet."""
        return self.holder is Holder.QUEUE

    def complaint_for(self, viewer: Viewer) -> ComplaintInQueue | None:
        """The complaint that the person is to work on: the newest unsettled one that they may see, else the newest."""
        seen = [c for c in self.complaints if viewer.sees(c.outlet_code)]
        return next((c for c in seen if not c.state.is_settled), seen[0] if seen else None)

    def tier_for(self, viewer: Viewer) -> Tier:
        """How pressing it is: the highest unsettled complaint's tier, or what the reason for calling a person says."""
        tiers = [c.tier for c in self.complaints if not c.state.is_settled and viewer.sees(c.outlet_code)]
        return max([*tiers, TIER_OF_REASON.get(self.reason or "", Tier.ORDINARY)])

    @property
    def since(self) -> datetime:
        """From when on the customer's time counts."""
        opened = next((c.opened_at for c in self.complaints if not c.state.is_settled), None)
        return self.waiting_since or opened or self.last_message_at or self.started_at


def entries_for(entries: Iterable[QueueEntry], viewer: Viewer) -> list[QueueEntry]:
    """The person's part of the queue, most pressing tier first, then whoever has waited longest."""
    seen = [
        entry
        for entry in entries
        if not entry.complaints or any(viewer.sees(complaint.outlet_code) for complaint in entry.complaints)
    ]
    return sorted(seen, key=lambda entry: (-entry.tier_for(viewer).rank, entry.since))


def is_chosen(entry: QueueEntry, person: StaffMember, chosen: QueueFilter) -> bool:
    """Whether the filter lets the entry through."""
    match chosen:
        case QueueFilter.WAITING:
            return entry.is_waiting
        case QueueFilter.MINE:
            return entry.holder is Holder.STAFF and entry.held_by == person.id
        case QueueFilter.OPEN:
            return True


async def read_entries(session: AsyncSession, ids: Collection[uuid.UUID] | None = None) -> list[QueueEntry]:
    """Read the queue: conversations that called a person, are held by one, or have an unsettled complaint.

    Args:
        ids: only of these conversations; of all by default.
    """
    has_unsettled = exists().where(Complaint.conversation_id == Conversation.id, Complaint.state.not_in(SETTLED))
    query = (
        select(Conversation, StaffMember.name)
        .outerjoin(StaffMember, StaffMember.id == Conversation.held_by)
        .where(or_(Conversation.holder != Holder.BOT, has_unsettled))
    )
    if ids is not None:
        query = query.where(Conversation.id.in_(ids))
    found = [(conversation, name) for conversation, name in await session.execute(query)]
    chosen = [conversation.id for conversation, _ in found]
    complaints = await _complaints_in(session, chosen)
    last = await _last_messages_in(session, chosen)
    return [
        QueueEntry(
            conversation_id=conversation.id,
            channel=conversation.channel,
            customer_name=conversation.customer_name,
            language=conversation.language,
            holder=conversation.holder,
            held_by=conversation.held_by,
            holder_name=holder_name,
            waiting_since=conversation.waiting_since,
            reason=conversation.handover_reason,
            last_message_at=conversation.last_message_at,
            started_at=conversation.started_at,
            last_author=last[conversation.id].author,
            last_text=last[conversation.id].text,
            last_attachment=last[conversation.id].attachment,
            complaints=tuple(complaints[conversation.id]),
        )
        for conversation, holder_name in found
    ]


async def _complaints_in(
    session: AsyncSession, ids: Sequence[uuid.UUID]
) -> defaultdict[uuid.UUID, list[ComplaintInQueue]]:
    due_at = (
        select(func.min(DeadlineRecord.due_at))
        .where(DeadlineRecord.complaint_id == Complaint.id, DeadlineRecord.met_at.is_(None))
        .scalar_subquery()
    )
    query = (
        select(
            Complaint.conversation_id,
            Complaint.id,
            Complaint.number,
            Complaint.tier,
            Complaint.state,
            Complaint.product,
            Complaint.cause,
            Complaint.outlet_code,
            Complaint.opened_at,
            due_at,
        )
        .where(Complaint.conversation_id.in_(ids))
        .order_by(Complaint.opened_at.desc())
    )
    by_conversation: defaultdict[uuid.UUID, list[ComplaintInQueue]] = defaultdict(list)
    for conversation_id, *columns in await session.execute(query):
        by_conversation[conversation_id].append(ComplaintInQueue(*columns))
    return by_conversation


@dataclass(frozen=True)
class LastMessage:
    """The newest message of a conversation, shortened."""

    author: Author | None = None
    text: str = field(default="", repr=False)
    attachment: str | None = None


async def _last_messages_in(session: AsyncSession, ids: Sequence[uuid.UUID]) -> defaultdict[uuid.UUID, LastMessage]:
    query = (
        select(Message.conversation_id, Message.author, func.left(Message.text, SNIPPET_LENGTH), Attachment.kind)
        .outerjoin(Attachment, Attachment.message_id == Message.id)
        .where(Message.conversation_id.in_(ids))
        .distinct(Message.conversation_id)
        .order_by(Message.conversation_id, Message.id.desc())
    )
    last: defaultdict[uuid.UUID, LastMessage] = defaultdict(LastMessage)
    for conversation_id, *columns in await session.execute(query):
        last[conversation_id] = LastMessage(*columns)
    return last


class Board:
    """The whole queue in memory, read again where a notice says that something changed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._entries: dict[uuid.UUID, QueueEntry] = {}
        self._viewers: list[Callable[[], None]] = []
        self._refresher = Refresher(self._read)

    @property
    def entries(self) -> Collection[QueueEntry]:
        """What is in the queue now."""
        return self._entries.values()

    def watch(self, viewer: Callable[[], None]) -> Callable[[], None]:
        """Call the viewer after every change.

        Returns:
            What ends it.
        """
        self._viewers.append(viewer)

        def leave() -> None:
            if viewer in self._viewers:
                self._viewers.remove(viewer)

        return leave

    async def run(self, feed: Feed) -> None:
        """Follow the feed until cancelled; now and then read everything, for changes that nobody announced."""
        unsubscribe = feed.subscribe(self._refresher.notice)
        try:
            while True:
                self._refresher.notice(EVERYTHING)
                await asyncio.sleep(READ_ALL_AGAIN_AFTER_SECONDS)
        finally:
            unsubscribe()

    async def _read(self, noticed: frozenset[str]) -> None:
        ids = None if EVERYTHING in noticed else {uuid.UUID(conversation_id) for conversation_id in noticed}
        async with self._database.transaction() as session:
            entries = {entry.conversation_id: entry for entry in await read_entries(session, ids)}
        if ids is None:
            self._entries = entries
        else:
            kept = {key: entry for key, entry in self._entries.items() if key not in ids}
            self._entries = kept | entries
        for viewer in list(self._viewers):
            try:
                viewer()
            except Exception:
                log.exception("viewer_failed")
