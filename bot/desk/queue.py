"""The queue: every conversation that a person must look after, picked, ordered and counted by the database.

A conversation is in the queue when a person is called or has it, or when it holds an unsettled case. What a viewer may
not see doesn't count: neither for being in the queue, nor for its place.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    Select,
    SQLColumnExpression,
    String,
    and_,
    case,
    exists,
    false,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.case_number import InvalidCaseNumber, parse
from bot.complaints.labels import Cause, Product, Tier
from bot.complaints.lifecycle import SETTLED, State
from bot.complaints.models import CaseTag, Complaint, DeadlineRecord, Follow, Snooze
from bot.complaints.tags import LONGEST_NAME
from bot.conversations.models import Attachment, Author, Conversation, Holder, Message
from bot.desk.search import LONGEST_SEARCH, case_matches, conversation_matches, is_long_enough
from bot.followups.snooze_watch import was_roused
from bot.staff.models import StaffMember
from bot.staff.organisation import Organisation
from bot.staff.permissions import may_see

ROWS_ON_A_PAGE = 50
SNIPPET_LENGTH = 140
DUE_SOON = timedelta(days=1)
LATEST = datetime.max.replace(tzinfo=UTC)
TIER_OF_REASON = {"urgent": Tier.URGENT, "crisis": Tier.URGENT, "complex": Tier.COMPLEX}


class QueueFilter(StrEnum):
    """Which part of the queue a page shows."""

    WAITING = "waiting"
    MINE = "mine"
    FOLLOWED = "followed"
    SNOOZED = "snoozed"
    UNIT = "unit"
    UNASSIGNED = "unassigned"
    BREACHING = "breaching"
    OPEN = "open"


class QueueOrder(StrEnum):
    """What comes first."""

    WAITING = "waiting"
    """The most pressing tier, then whoever has waited longest."""
    DEADLINE = "deadline"
    """Whatever is due first, of any tier."""


class QueueView(BaseModel):
    """What a person chose to see of the queue."""

    model_config = ConfigDict(frozen=True)

    chosen: QueueFilter = QueueFilter.WAITING
    tier: Tier | None = None
    product: Product | None = None
    order: QueueOrder = QueueOrder.WAITING
    search: str = Field(default="", max_length=LONGEST_SEARCH)
    unit: str | None = Field(default=None, max_length=20)
    """Only conversations with a case that this unit has to settle."""
    handler: str | None = Field(default=None, max_length=50)
    """Only conversations with a case that the person with this username has."""
    tag: str | None = Field(default=None, max_length=LONGEST_NAME)
    """Only conversations with a case that has this tag."""

    @classmethod
    def asked(cls, parameters: Mapping[str, str]) -> "QueueView":
        """The view in an address; the usual one if it cannot be read."""
        known = {name: value for name, value in parameters.items() if name in cls.model_fields and "\x00" not in value}
        try:
            return cls.model_validate(known)
        except ValidationError:
            return cls()


class Viewer:
    """A person who looks at the queue. What they may see is worked out once per unit, not once per row.

    Args:
        person: who looks.
        organisation: the units in force.
    """

    def __init__(self, person: StaffMember, organisation: Organisation) -> None:
        self.person = person
        self.organisation = organisation
        self._known = [unit.code for unit in organisation.units]
        self._seen = frozenset(code for code in self._known if may_see(person, code, organisation))
        self._sees_unknown = may_see(person, None, organisation)

    def sees(self, outlet_code: str | None) -> bool:
        """Whether the person may see a complaint about this outlet."""
        return outlet_code in self._seen or (self._sees_unknown and outlet_code not in self._known)

    def sees_where(self, outlet_code: SQLColumnExpression[str | None]) -> ColumnElement[bool]:
        """The same as a condition of the database."""
        sees_known = outlet_code.in_(sorted(self._seen)) if self._seen else false()
        if not self._sees_unknown:
            return sees_known
        if len(self._seen) == len(self._known):
            return true()
        return or_(sees_known, outlet_code.is_(None), outlet_code.not_in(self._known))


@dataclass(frozen=True)
class Place:
    """Where a conversation stands in a viewer's queue."""

    conversation_id: uuid.UUID
    tier: Tier
    since: datetime
    """From when on the customer's time counts."""
    due_at: datetime | None
    """The first date that is not kept yet."""


@dataclass(frozen=True)
class ComplaintInQueue:
    """As much of a complaint as the queue shows."""

    id: uuid.UUID
    number: str
    state: State
    product: Product | None
    cause: Cause | None
    outlet_code: str | None
    handler_name: str | None
    tags: Sequence[str] = ()
    """Names, in any order."""


@dataclass(frozen=True)
class QueueEntry:
    """One conversation that needs a person, or has one."""

    place: Place
    channel: str
    customer_name: str | None = field(repr=False)
    holder: Holder
    held_by: uuid.UUID | None
    holder_name: str | None
    reason: str | None
    last_author: Author | None
    last_text: str = field(repr=False)
    last_attachment: str | None = None
    """`photo`, `document` or `voice`."""
    complaint: ComplaintInQueue | None = None
    """The one to work on: the newest unsettled one that the viewer may see, else the newest."""

    @property
    def id(self) -> uuid.UUID:
        """The conversation's id."""
        return self.place.conversation_id

    @property
    def is_waiting(self) -> bool:
        """Whether a person is called and nobody has come yet."""
        return self.holder is Holder.QUEUE


@dataclass(frozen=True)
class QueuePage:
    """One page of a viewer's queue.

    Attributes:
        places: in order, at most `ROWS_ON_A_PAGE`.
        counts: how many conversations each filter lets through, with the tier, product and search of the view.
    """

    places: list[Place]
    counts: dict[QueueFilter, int]


async def read_page(
    session: AsyncSession, viewer: Viewer, view: QueueView, *, now: datetime, page: int = 0
) -> QueuePage:
    """One page of the viewer's queue and the count of every filter, in one query.

    Args:
        page: counted from 0.
    """
    queue = _in_queue(viewer, view, now)
    counted = select(*(func.count().filter(queue.c[name]) for name in QueueFilter)).select_from(queue).subquery()
    chosen = _places(queue, view).limit(ROWS_ON_A_PAGE).offset(page * ROWS_ON_A_PAGE).subquery()
    # The counts are one line, which is there even when the page is empty.
    found = (await session.execute(select(counted, chosen).outerjoin_from(counted, chosen, true()))).all()
    split = len(QueueFilter)
    return QueuePage(
        places=[_place(*row[split:]) for row in found if row.conversation_id is not None],
        counts=dict(zip(QueueFilter, found[0][:split], strict=True)),
    )


async def read_places(
    session: AsyncSession, viewer: Viewer, view: QueueView, *, now: datetime, among: Collection[uuid.UUID]
) -> list[Place]:
    """Where these conversations stand in the viewer's queue, in order; those that the view leaves out are missing."""
    found = await session.execute(_places(_in_queue(viewer, view, now, among), view))
    return [_place(*row) for row in found]


async def conversation_of_case(session: AsyncSession, viewer: Viewer, text: str) -> tuple[uuid.UUID, str] | None:
    """The conversation of the case with this number, settled or not, and the number as it is written.

    Returns:
        None if the text is no case number, or there is no such case that the viewer may see.
    """
    try:
        number = parse(text)
    except InvalidCaseNumber:
        return None
    query = select(Complaint.conversation_id, Complaint.number).where(
        Complaint.number == number, viewer.sees_where(Complaint.outlet_code)
    )
    found = (await session.execute(query)).first()
    return None if found is None else (found.conversation_id, found.number)


def in_order(places: Iterable[Place], order: QueueOrder) -> list[Place]:
    """Places in the order in which the database gives them."""
    if order is QueueOrder.DEADLINE:
        return sorted(places, key=lambda place: (place.due_at is None, place.due_at or LATEST, *_by_waiting(place)))
    return sorted(places, key=_by_waiting)


def _by_waiting(place: Place) -> tuple[int, datetime, uuid.UUID]:
    return -place.tier.rank, place.since, place.conversation_id


def _places(queue: CTE, view: QueueView) -> Select[Any]:
    by_waiting = (queue.c.rank.desc(), queue.c.since, queue.c.conversation_id)
    order = (queue.c.due_at.asc().nulls_last(), *by_waiting) if view.order is QueueOrder.DEADLINE else by_waiting
    columns = (queue.c.conversation_id, queue.c.rank, queue.c.since, queue.c.due_at)
    return select(*columns).where(queue.c[view.chosen]).order_by(*order)


def _place(conversation_id: uuid.UUID, rank: int, since: datetime, due_at: datetime | None) -> Place:
    return Place(conversation_id, list(Tier)[rank], since, due_at)


def _in_queue(viewer: Viewer, view: QueueView, now: datetime, among: Collection[uuid.UUID] | None = None) -> CTE:
    """Every conversation in the viewer's queue that the view's tier, product and search let through.

    Columns: where it stands, and one for each `QueueFilter` that says whether the filter lets it through.
    """
    cases = _unsettled_cases(viewer, view, now, among)
    rank_of_reason = case(
        {reason: tier.rank for reason, tier in TIER_OF_REASON.items()}, value=Conversation.handover_reason, else_=0
    )
    rank = func.greatest(cases.c.rank, rank_of_reason)
    has_case = cases.c.conversation_id.is_not(None)
    is_held = Conversation.holder == Holder.STAFF
    chosen: dict[QueueFilter, ColumnElement[bool]] = {
        QueueFilter.WAITING: Conversation.holder == Holder.QUEUE,
        QueueFilter.MINE: or_(and_(is_held, Conversation.held_by == viewer.person.id), cases.c.is_mine),
        QueueFilter.FOLLOWED: cases.c.is_followed,
        QueueFilter.SNOOZED: cases.c.is_snoozed,
        QueueFilter.UNIT: cases.c.is_of_unit,
        QueueFilter.UNASSIGNED: cases.c.is_unassigned,
        QueueFilter.BREACHING: cases.c.due_at < now + DUE_SOON,
        QueueFilter.OPEN: true(),
    }
    query = (
        select(
            Conversation.id.label("conversation_id"),
            rank.label("rank"),
            func.coalesce(
                Conversation.waiting_since, cases.c.opened_at, Conversation.last_message_at, Conversation.started_at
            ).label("since"),
            cases.c.due_at,
            *(func.coalesce(condition, false()).label(name) for name, condition in chosen.items()),
        )
        .outerjoin(cases, cases.c.conversation_id == Conversation.id)
        .where(or_(has_case, and_(Conversation.holder != Holder.BOT, _is_seen(viewer))))
    )
    if among is not None:
        query = query.where(Conversation.id.in_(among))
    if view.tier is not None:
        query = query.where(rank == view.tier.rank)
    if view.product is not None:
        query = query.where(cases.c.is_of_product)
    if view.unit is not None or view.handler is not None or view.tag is not None:
        query = query.where(cases.c.is_of_group)
    if is_long_enough(view.search):
        query = query.where(or_(conversation_matches(view.search), cases.c.is_found))
    return query.cte("in_queue")


def _unsettled_cases(viewer: Viewer, view: QueueView, now: datetime, among: Collection[uuid.UUID] | None) -> CTE:
    """The viewer's unsettled cases, one line for each conversation."""
    due_at = (
        select(func.min(DeadlineRecord.due_at))
        .where(DeadlineRecord.complaint_id == Complaint.id, DeadlineRecord.met_at.is_(None))
        .scalar_subquery()
    )
    person = viewer.person
    is_mine = or_(Complaint.handler_id == person.id, Complaint.lead_id == person.id)
    is_asleep = is_snoozed(person.id, now)
    is_followed = Complaint.id.in_(select(Follow.complaint_id).where(Follow.staff_id == person.id))
    found = case_matches(view.search, viewer.organisation) if is_long_enough(view.search) else false()
    query = (
        select(
            Complaint.conversation_id,
            func.max(case({tier: tier.rank for tier in Tier}, value=Complaint.tier)).label("rank"),
            func.max(Complaint.opened_at).label("opened_at"),
            func.min(due_at).label("due_at"),
            func.bool_or(and_(is_mine, ~is_asleep)).label("is_mine"),
            func.bool_or(and_(is_mine, is_asleep)).label("is_snoozed"),
            func.bool_or(is_followed).label("is_followed"),
            func.bool_or(Complaint.unit_code == person.unit_code).label("is_of_unit"),
            func.bool_or(Complaint.handler_id.is_(None)).label("is_unassigned"),
            func.bool_or(Complaint.product == view.product).label("is_of_product"),
            func.bool_or(found).label("is_found"),
            func.bool_or(_is_of_group(view)).label("is_of_group"),
        )
        .where(Complaint.state.not_in(SETTLED), viewer.sees_where(Complaint.outlet_code))
        .group_by(Complaint.conversation_id)
    )
    if among is not None:
        query = query.where(Complaint.conversation_id.in_(among))
    return query.cte("unsettled_cases")


def is_snoozed(staff_id: uuid.UUID, now: datetime) -> ColumnElement[bool]:
    """Whether the person has put a case off: until the date, the customer's next word, or a notice about it."""
    return exists().where(
        Snooze.staff_id == staff_id, Snooze.complaint_id == Complaint.id, Snooze.until_at > now, ~was_roused()
    )


def _is_of_group(view: QueueView) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = []
    if view.unit is not None:
        conditions.append(Complaint.unit_code == view.unit)
    if view.handler is not None:
        handler = select(StaffMember.id).where(StaffMember.username == view.handler).scalar_subquery()
        conditions.append(Complaint.handler_id == handler)
    if view.tag is not None:
        conditions.append(Complaint.id.in_(select(CaseTag.complaint_id).where(CaseTag.tag == view.tag)))
    return and_(true(), *conditions)


def _is_seen(viewer: Viewer) -> ColumnElement[bool]:
    """Whether the viewer may see a conversation: as `may_see_conversation` says."""
    of_conversation = Complaint.conversation_id == Conversation.id
    return or_(
        ~exists().where(of_conversation), exists().where(of_conversation, viewer.sees_where(Complaint.outlet_code))
    )


async def read_entries(session: AsyncSession, viewer: Viewer, chosen: Sequence[Place]) -> list[QueueEntry]:
    """What the queue shows of these conversations, in the same order."""
    ids = [place.conversation_id for place in chosen]
    query = (
        select(Conversation, StaffMember.name)
        .outerjoin(StaffMember, StaffMember.id == Conversation.held_by)
        .where(Conversation.id.in_(ids))
    )
    found = {conversation.id: (conversation, name) for conversation, name in await session.execute(query)}
    complaints = await _complaints_in(session, viewer, ids)
    last = await _last_messages_in(session, ids)
    return [
        _entry(place, *found[place.conversation_id], complaints[place.conversation_id], last[place.conversation_id])
        for place in chosen
        if place.conversation_id in found
    ]


def _entry(
    place: Place,
    conversation: Conversation,
    holder_name: str | None,
    complaints: Sequence[ComplaintInQueue],
    last: "LastMessage",
) -> QueueEntry:
    return QueueEntry(
        place=place,
        channel=conversation.channel,
        customer_name=conversation.customer_name,
        holder=conversation.holder,
        held_by=conversation.held_by,
        holder_name=holder_name,
        reason=conversation.handover_reason,
        last_author=last.author,
        last_text=last.text,
        last_attachment=last.attachment,
        complaint=next((c for c in complaints if not c.state.is_settled), complaints[0] if complaints else None),
    )


async def _complaints_in(
    session: AsyncSession, viewer: Viewer, ids: Sequence[uuid.UUID]
) -> defaultdict[uuid.UUID, list[ComplaintInQueue]]:
    """The complaints that the viewer may see, newest first."""
    tags = select(CaseTag.tag).where(CaseTag.complaint_id == Complaint.id).scalar_subquery()
    query = (
        select(
            Complaint.conversation_id,
            Complaint.id,
            Complaint.number,
            Complaint.state,
            Complaint.product,
            Complaint.cause,
            Complaint.outlet_code,
            StaffMember.name,
            func.array(tags, type_=ARRAY(String)),
        )
        .outerjoin(StaffMember, StaffMember.id == Complaint.handler_id)
        .where(Complaint.conversation_id.in_(ids), viewer.sees_where(Complaint.outlet_code))
        .order_by(Complaint.opened_at.desc())
    )
    by_conversation: defaultdict[uuid.UUID, list[ComplaintInQueue]] = defaultdict(list)
    for row in await session.execute(query):
        by_conversation[row[0]].append(ComplaintInQueue(*row[1:]))
    return by_conversation


@dataclass(frozen=True)
class LastMessage:
    """The newest message of a conversation, shortened."""

    author: Author | None = None
    text: str = field(default="", repr=False)
    attachment: str | None = None


async def _last_messages_in(session: AsyncSession, ids: Sequence[uuid.UUID]) -> defaultdict[uuid.UUID, LastMessage]:
    last_id = (
        select(func.max(Message.id)).where(Message.conversation_id == Conversation.id).correlate(Conversation)
    ).scalar_subquery()
    query = (
        select(Conversation.id, Message.author, func.left(Message.text, SNIPPET_LENGTH), Attachment.kind)
        .join(Message, Message.id == last_id)
        .outerjoin(Attachment, Attachment.message_id == Message.id)
        .where(Conversation.id.in_(ids))
    )
    last: defaultdict[uuid.UUID, LastMessage] = defaultdict(LastMessage)
    for conversation_id, *columns in await session.execute(query):
        last[conversation_id] = LastMessage(*columns)
    return last
