"""Parent and child cases: one matter that touches many customers or several units, collected under one case.

A family has one level: a case has one parent at most, a parent has none, and a child has no children. Each child stays
a case of its own, with its customer, unit, handler and dates; nothing of a customer is copied between them.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.complaints.models import CaseLink, Complaint, LinkKind


class FamilyRefused(ValueError):
    """Two cases cannot be parent and child; the message says why."""


class HasParent(FamilyRefused):
    """The case has a parent already."""


class OneLevelOnly(FamilyRefused):
    """The parent would have a parent, or the child children; or it is one and the same case."""


class FamilyIsSettled(FamilyRefused):
    """Nothing is left to be done in one of the two."""


class OpenChildren(Exception):
    """A parent is closed after its children are settled."""


class HasChildren(Exception):
    """A parent is not merged into another case: its children would lose their way."""


async def join_parent(session: AsyncSession, child: Complaint, parent: Complaint, *, actor: str, now: datetime) -> None:
    """Put a case under a parent. That the person may see both is the caller's to ask.

    Raises:
        OneLevelOnly: the parent has a parent, the child has children, or both are one.
        HasParent: the child has a parent already.
        FamilyIsSettled: one of the two is settled.
    """
    await _one_at_a_time(session)
    for each in (child, parent):
        await session.refresh(each, ["state"])
        if each.state.is_settled:
            raise FamilyIsSettled(f"{each.number} is settled («{each.state}»)")
    await _check_places(session, child, parent)
    session.add(CaseLink(complaint_id=child.id, other_id=parent.id, kind=LinkKind.PARENT, made_by=actor, made_at=now))
    record(session, at=now, actor=actor, action="join_parent", subject=child.number, parent=parent.number)
    record(session, at=now, actor=actor, action="gain_child", subject=parent.number, child=child.number)
    await session.flush()


async def leave_parent(session: AsyncSession, child: Complaint, *, actor: str, now: datetime) -> None:
    """Take a case from under its parent, settled or not; without a parent, nothing changes."""
    await _one_at_a_time(session)
    parent = await parent_of(session, child)
    if parent is None:
        return
    await session.execute(delete(CaseLink).where(CaseLink.complaint_id == child.id, CaseLink.kind == LinkKind.PARENT))
    record(session, at=now, actor=actor, action="leave_parent", subject=child.number, parent=parent.number)
    record(session, at=now, actor=actor, action="lose_child", subject=parent.number, child=child.number)


async def parent_of(session: AsyncSession, complaint: Complaint) -> Complaint | None:
    """The case that collects this one."""
    found: Complaint | None = await session.scalar(
        select(Complaint)
        .join(CaseLink, CaseLink.other_id == Complaint.id)
        .where(CaseLink.complaint_id == complaint.id, CaseLink.kind == LinkKind.PARENT)
    )
    return found


async def children_of(session: AsyncSession, complaint: Complaint) -> Sequence[Complaint]:
    """The cases that this one collects, in the order in which they came."""
    query = (
        select(Complaint)
        .join(CaseLink, CaseLink.complaint_id == Complaint.id)
        .where(CaseLink.other_id == complaint.id, CaseLink.kind == LinkKind.PARENT)
        .order_by(CaseLink.id)
    )
    return list(await session.scalars(query))


async def require_no_open_children(session: AsyncSession, parent: Complaint) -> None:
    """Make sure that every child of a case is settled, until the transaction ends.

    Raises:
        OpenChildren: one is not.
    """
    await _one_at_a_time(session)
    numbers = [child.number for child in await children_of(session, parent) if not child.state.is_settled]
    if numbers:
        raise OpenChildren(f"{parent.number} has children that are not settled: {', '.join(numbers)}")


async def require_no_children(session: AsyncSession, complaint: Complaint) -> None:
    """Make sure that a case is no parent, until the transaction ends.

    Raises:
        HasChildren: it is one.
    """
    await _one_at_a_time(session)
    if await children_of(session, complaint):
        raise HasChildren(f"{complaint.number} has children; take them out before it is merged")


async def pass_place_on(
    session: AsyncSession, duplicate: Complaint, into: Complaint, *, actor: str, now: datetime
) -> None:
    """The case in which a duplicate goes on takes its place under the parent, if it is free to."""
    parent = await parent_of(session, duplicate)
    if parent is None or parent.state.is_settled:
        return
    try:
        await _check_places(session, into, parent)
    except FamilyRefused:
        return  # it has a place of its own
    await leave_parent(session, duplicate, actor=actor, now=now)
    await join_parent(session, into, parent, actor=actor, now=now)


async def _check_places(session: AsyncSession, child: Complaint, parent: Complaint) -> None:
    if child.id == parent.id:
        raise OneLevelOnly(f"{child.number} cannot be its own parent")
    if (known := await parent_of(session, child)) is not None:
        raise HasParent(f"{child.number} has a parent already: {known.number}")
    if await parent_of(session, parent) is not None or await children_of(session, child):
        raise OneLevelOnly(f"{child.number} cannot come under {parent.number}: families have one level")


async def _one_at_a_time(session: AsyncSession) -> None:
    """Two links made at the same moment could make grandchildren; a parent could be closed while it gets a child."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("case_family", 0))))
