"""Complaints that are alike: how such cases were settled, and what may be the same matter told again.

Likeness is the cosine of two stories' vectors, each made of the story and what was added to it. People decide what
follows from it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.complaints.labels import Label
from bot.complaints.lifecycle import SETTLED, State
from bot.complaints.models import CaseLink, Complaint, StoryVector
from bot.jobs import Job, enqueue

LIKE_FROM = 0.42
"""Of 30 complaints written twice in other words, Chinese and English, 73 % are as like as this; of the 7,140 pairs that
120 training texts of all products make, 3 % are, and 9 % of those about the same product."""
ALMOST_THE_SAME_FROM = 0.50
"""60 % of what was written twice, and 0.2 % of the other pairs, 1.4 % of those about the same product."""
REPEATED_WITHIN = timedelta(days=90)
NO_LESSON = frozenset({State.WITHDRAWN, State.MERGED})
"""Settled, but without a result that others could learn from."""

READ_TOGETHER = timedelta(seconds=30)
"""What a customer adds message by message within this time is read at once."""

_OWN = aliased(StoryVector)


class WhyRepeat(Label):
    """Why two complaints may be one."""

    SAME_CUSTOMER = "same_customer", "同一客户", "Same customer"
    LIKE_STORY = "like_story", "同一网点、说法相近", "Same outlet, much the same story"


@dataclass(frozen=True)
class Similar:
    """A settled case that is like the one at hand."""

    complaint: Complaint
    likeness: float
    """Cosine, 0 to 1."""

    @property
    def days_to_settle(self) -> int:
        """Days from the complaint to its result, begun ones too."""
        resolved_at = self.complaint.resolved_at or self.complaint.state_since
        return max((resolved_at - self.complaint.opened_at).days + 1, 1)


@dataclass(frozen=True)
class Repeat:
    """A complaint that may be the same matter as the one at hand."""

    complaint: Complaint
    why: WhyRepeat


async def read_story(session: AsyncSession, complaint: Complaint) -> None:
    """Have the story's vector made as soon as this transaction commits."""
    await session.flush()
    await enqueue(session, Job.EMBED_STORY, complaint_id=str(complaint.id))


async def read_addition(session: AsyncSession, complaint: Complaint, *, now: datetime) -> None:
    """Have the story's vector renewed, with what was added to the story since."""
    await enqueue(session, Job.EMBED_STORY, at=now + READ_TOGETHER, complaint_id=str(complaint.id))


async def similar_settled(
    session: AsyncSession, complaint: Complaint, *, seen: ColumnElement[bool], limit: int = 5
) -> list[Similar]:
    """Settled cases like this one, the most alike first.

    Args:
        seen: which complaints the person may see.
    """
    likeness = _likeness(complaint)
    query = (
        _with_vector(complaint)
        .add_columns(likeness.label("likeness"))
        .where(Complaint.state.in_(SETTLED - NO_LESSON), Complaint.result.is_not(None), seen)
        .where(likeness >= LIKE_FROM)
        .order_by(_distance(complaint))
        .limit(limit)
    )
    await _search_on_until_enough(session)
    return [Similar(found, alike) for found, alike in await session.execute(query)]


async def likely_repeats(
    session: AsyncSession, complaint: Complaint, *, seen: ColumnElement[bool], now: datetime, limit: int = 5
) -> list[Repeat]:
    """Complaints, unsettled or of the last 90 days, that may be the same matter and are not linked with it yet.

    Args:
        seen: which complaints the person may see.
    """
    is_same = _is_same_customer(complaint)
    is_like = and_(Complaint.outlet_code == complaint.outlet_code, _likeness(complaint) >= ALMOST_THE_SAME_FROM)
    query = (
        select(Complaint, is_same)
        .outerjoin(StoryVector, StoryVector.complaint_id == Complaint.id)
        .where(Complaint.id != complaint.id, Complaint.state.not_in(NO_LESSON), seen, ~_is_linked(complaint))
        .where(or_(Complaint.state.not_in(SETTLED), Complaint.opened_at > now - REPEATED_WITHIN))
        .where(or_(is_same, is_like))
        .order_by(case((is_same, 0), else_=1), Complaint.opened_at.desc())
        .limit(limit)
    )
    return [
        Repeat(found, WhyRepeat.SAME_CUSTOMER if same else WhyRepeat.LIKE_STORY)
        for found, same in await session.execute(query)
    ]


def _distance(complaint: Complaint) -> ColumnElement[float]:
    own = select(_OWN.vector).where(_OWN.complaint_id == complaint.id).scalar_subquery()
    distance: ColumnElement[float] = StoryVector.vector.cosine_distance(own)
    return distance


def _likeness(complaint: Complaint) -> ColumnElement[float]:
    """Cosine with the complaint's own story; NULL if one of the two cannot be compared."""
    made_with = select(_OWN.made_with).where(_OWN.complaint_id == complaint.id).scalar_subquery()
    likeness: ColumnElement[float] = case((StoryVector.made_with == made_with, literal(1.0) - _distance(complaint)))
    return likeness


def _with_vector(complaint: Complaint) -> Select[Complaint]:
    return (
        select(Complaint)
        .join(StoryVector, StoryVector.complaint_id == Complaint.id)
        .where(Complaint.id != complaint.id)
    )


def _is_same_customer(complaint: Complaint) -> ColumnElement[bool]:
    same_chat = Complaint.conversation_id == complaint.conversation_id
    if complaint.contact_phone is None:
        return same_chat
    return func.coalesce(or_(same_chat, Complaint.contact_phone == complaint.contact_phone), False)


def _is_linked(complaint: Complaint) -> ColumnElement[bool]:
    return exists().where(
        or_(
            and_(CaseLink.complaint_id == complaint.id, CaseLink.other_id == Complaint.id),
            and_(CaseLink.other_id == complaint.id, CaseLink.complaint_id == Complaint.id),
        )
    )


async def _search_on_until_enough(session: AsyncSession) -> None:
    """The index gives the nearest stories of all; it goes on while those the person may see are too few."""
    await session.execute(text("SET LOCAL hnsw.iterative_scan = strict_order"))
