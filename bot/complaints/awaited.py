"""What waits for a person's decision: lower tiers and more time asked for, plans to agree to."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.assignment import is_about
from bot.complaints.authority import agrees_plans_of, decides_for
from bot.complaints.figures import Scope
from bot.complaints.labels import Tier
from bot.complaints.lifecycle import SETTLED
from bot.complaints.models import Approval, ApprovalKind, Avoidance, Complaint, Plan
from bot.complaints.people import ANSWERED_FOR_BY, Person

LOOKED_AT_AT_MOST = 200


@dataclass(frozen=True)
class Awaited:
    """Something that a person may agree to or refuse.

    Attributes:
        kind: what is asked for; None for a plan.
    """

    kind: ApprovalKind | None
    number: str
    conversation_id: uuid.UUID
    tier: Tier
    outlet_code: str | None
    asked_by: uuid.UUID
    asked_at: datetime


async def awaited_from(session: AsyncSession, person: Person, *, kinds: Collection[ApprovalKind]) -> list[Awaited]:
    """What waits for the person, the longest wait first. Nothing that they asked for or must keep out of.

    Args:
        kinds: the requests that the person's role decides on.
    """
    found = [*await _requests(session, person, kinds), *await _plans(session, person)]
    return sorted(found, key=lambda awaited: awaited.asked_at)


async def _requests(session: AsyncSession, person: Person, kinds: Collection[ApprovalKind]) -> list[Awaited]:
    query = (
        select(Approval, Complaint)
        .join(Complaint, Complaint.id == Approval.complaint_id)
        .where(Approval.decided_at.is_(None), Approval.asked_by != person.id, Approval.kind.in_(kinds))
        .where(_answers_for(person), *_at_hand(person))
        .order_by(Approval.id)
        .limit(LOOKED_AT_AT_MOST)
    )
    return [
        _awaited(complaint, approval.kind, approval.asked_by, approval.asked_at)
        for approval, complaint in await session.execute(query)
        if decides_for(complaint, person, least=ANSWERED_FOR_BY[complaint.tier]) and not is_about(complaint, person)
    ]


async def _plans(session: AsyncSession, person: Person) -> list[Awaited]:
    query = (
        select(Plan, Complaint)
        .join(Complaint, Complaint.id == Plan.complaint_id)
        .where(Plan.approved_at.is_(None), Plan.returned_at.is_(None), Plan.proposed_by != person.id)
        .where(or_(_answers_for(person), Complaint.lead_id == person.id), *_at_hand(person))
        .order_by(Plan.id)
        .limit(LOOKED_AT_AT_MOST)
    )
    return [
        _awaited(complaint, None, plan.proposed_by, plan.proposed_at)
        for plan, complaint in await session.execute(query)
        if agrees_plans_of(complaint, person) and not is_about(complaint, person)
    ]


def _at_hand(person: Person) -> tuple[ColumnElement[bool], ...]:
    avoided = select(Avoidance.complaint_id).where(Avoidance.staff_id == person.id)
    return Complaint.state.not_in(SETTLED), Complaint.id.not_in(avoided)


def _answers_for(person: Person) -> ColumnElement[bool]:
    tiers = [tier for tier, least in ANSWERED_FOR_BY.items() if person.role.rank >= least.rank]
    scope = Scope(person.unit_code, includes_unplaced=person.answers_for(None))
    return and_(Complaint.tier.in_(tiers), scope.covers(Complaint.unit_code))


def _awaited(complaint: Complaint, kind: ApprovalKind | None, asked_by: uuid.UUID, asked_at: datetime) -> Awaited:
    return Awaited(
        kind,
        complaint.number,
        complaint.conversation_id,
        complaint.tier,
        complaint.outlet_code,
        asked_by,
        asked_at,
    )
