"""Complaints as a token may read them."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from bot.api.documents import ComplaintFilter
from bot.api.kinds import KIND_OF_ACTION
from bot.api.models import ComplaintComment
from bot.api.reach import within_reach
from bot.api.tokens import Caller
from bot.audit import AuditRecord, record
from bot.complaints import case_number
from bot.complaints.casework import find_by_number
from bot.complaints.models import Complaint
from bot.conversations.handover import locked
from bot.conversations.models import Conversation

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NoSuchComplaint(LookupError):
    """There is no complaint with this number."""


class OutOfReach(LookupError):
    """The complaint belongs to a unit that the token does not reach."""


async def complaints_for(
    session: AsyncSession, caller: Caller, wanted: ComplaintFilter, *, now: datetime
) -> tuple[Sequence[Complaint], str | None]:
    """A page of complaints, and the cursor of the next one, if there is one."""
    query = _chosen(select(Complaint).where(within_reach(Complaint.outlet_code, caller.unit_code)), wanted)
    if wanted.cursor is not None:
        query = query.where(tuple_(Complaint.opened_at, Complaint.id) > tuple_(*_position(wanted.cursor)))
    query = query.order_by(Complaint.opened_at, Complaint.id).limit(wanted.limit + 1)
    found = list(await session.scalars(query))
    page = found[: wanted.limit]
    record(session, at=now, actor=caller.actor, action="see_complaints", subject=caller.actor, count=len(page))
    return page, _cursor(page[-1]) if len(found) > wanted.limit else None


async def complaint_for(session: AsyncSession, caller: Caller, number: str) -> Complaint:
    """The complaint with this number.

    Raises:
        NoSuchComplaint: there is none.
        OutOfReach: it is not for this token.
    """
    try:
        complaint = await find_by_number(session, case_number.parse(number))
    except case_number.InvalidCaseNumber:
        complaint = None
    if complaint is None:
        raise NoSuchComplaint(number)
    is_reached = select(Complaint.id).where(
        Complaint.id == complaint.id, within_reach(Complaint.outlet_code, caller.unit_code)
    )
    if await session.scalar(is_reached) is None:
        raise OutOfReach(complaint.number)
    return complaint


async def locked_complaint_for(session: AsyncSession, caller: Caller, number: str) -> tuple[Complaint, Conversation]:
    """The complaint and its conversation, locked for the rest of the transaction.

    The conversation comes first, as at the desk: two who lock in the same order do not wait for each other for ever.

    Raises:
        NoSuchComplaint: there is none.
        OutOfReach: it is not for this token.
    """
    complaint = await complaint_for(session, caller, number)
    conversation = await locked(session, complaint.conversation_id)
    # As an UPDATE locks it: whoever links another complaint with this one does not wait.
    await session.refresh(complaint, with_for_update={"key_share": True})
    return complaint, conversation


async def comments_of(session: AsyncSession, complaint: Complaint, *, limit: int) -> Sequence[ComplaintComment]:
    """The latest comments of other systems on a complaint, the newest first."""
    query = select(ComplaintComment).where(ComplaintComment.complaint_id == complaint.id)
    return list(await session.scalars(query.order_by(ComplaintComment.id.desc()).limit(limit)))


def _chosen(query: Select[Complaint], wanted: ComplaintFilter) -> Select[Complaint]:
    if wanted.state is not None:
        query = query.where(Complaint.state == wanted.state)
    if wanted.tier is not None:
        query = query.where(Complaint.tier == wanted.tier)
    if wanted.product is not None:
        query = query.where(Complaint.product == wanted.product)
    if wanted.unit is not None:
        query = query.where(within_reach(Complaint.outlet_code, wanted.unit))
    if wanted.opened_since is not None:
        query = query.where(Complaint.opened_at >= wanted.opened_since)
    if wanted.changed_since is not None:
        changed = select(AuditRecord.subject).where(
            AuditRecord.at >= wanted.changed_since, AuditRecord.action.in_(KIND_OF_ACTION)
        )
        query = query.where(Complaint.number.in_(changed))
    return query


def _cursor(complaint: Complaint) -> str:
    return f"{(complaint.opened_at - EPOCH) // timedelta(microseconds=1)}-{complaint.id.hex}"


def _position(cursor: str) -> tuple[datetime, uuid.UUID]:
    microseconds, complaint_id = cursor.split("-")
    return EPOCH + timedelta(microseconds=int(microseconds)), uuid.UUID(hex=complaint_id)
