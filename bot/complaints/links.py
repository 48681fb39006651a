"""Complaints that belong together: duplicates merged into one case, one story split into two, links between others."""

import uuid
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.complaints.assignment import seek_handler
from bot.complaints.casework import Draft, Statement, filed, free_number
from bot.complaints.deadline_watch import watch
from bot.complaints.deadlines import DeadlineName
from bot.complaints.family import pass_place_on, require_no_children
from bot.complaints.follows import follow_on, tell_followers
from bot.complaints.funnel import History, decide_tier, funnel_policy
from bot.complaints.lifecycle import CaseStep, State
from bot.complaints.models import CaseLink, Complaint, DeadlineRecord, Fact, LinkKind, NoticeKind
from bot.complaints.similar import read_addition, read_story
from bot.complaints.tiers import decided_by_person, enter_tier


class LinkRefused(ValueError):
    """Two complaints cannot be put together like this; the message says why."""


async def link(
    session: AsyncSession, complaint: Complaint, other: Complaint, kind: LinkKind, *, actor: str, now: datetime
) -> CaseLink:
    """Note that two complaints belong together. Linking them again changes nothing.

    Raises:
        LinkRefused: it is one and the same complaint.
    """
    if complaint.id == other.id:
        raise LinkRefused(f"{complaint.number} cannot be linked with itself")
    known = await session.scalar(
        select(CaseLink).where(
            CaseLink.complaint_id == complaint.id, CaseLink.other_id == other.id, CaseLink.kind == kind
        )
    )
    if known is not None:
        return known
    made = CaseLink(complaint_id=complaint.id, other_id=other.id, kind=kind, made_by=actor, made_at=now)
    session.add(made)
    record(session, at=now, actor=actor, action="link", subject=complaint.number, kind=kind, other=other.number)
    await session.flush()
    return made


async def links_of(session: AsyncSession, complaint: Complaint) -> list[CaseLink]:
    """The links of a complaint in either direction, oldest first."""
    either = or_(CaseLink.complaint_id == complaint.id, CaseLink.other_id == complaint.id)
    return list(await session.scalars(select(CaseLink).where(either).order_by(CaseLink.id)))


async def merge_duplicate(
    session: AsyncSession, duplicate: Complaint, into: Complaint, *, actor: str, now: datetime
) -> None:
    """One complaint told twice becomes one case.

    The case that stays gets what only the duplicate told, the higher tier, and the earlier dates. The duplicate's
    number goes on to answer, with how the other case stands. Who follows the duplicate, and its place under a parent,
    go over to the case that stays.

    Raises:
        HasChildren: the duplicate is a parent.
        LinkRefused: it is one and the same complaint.
        CaseIsSettled: the case that would stay is settled.
        IllegalStep: the duplicate is settled, or something was put to the customer about it.
    """
    into.require_unsettled()
    await require_no_children(session, duplicate)
    await link(session, duplicate, into, LinkKind.DUPLICATE_OF, actor=actor, now=now)
    duplicate.take(CaseStep.MERGE, now=now)
    _tell_on(duplicate, into)
    await read_addition(session, into, now=now)
    if duplicate.tier > into.tier:
        decision = decided_by_person(duplicate.tier, f"并入 {duplicate.number}")
        await enter_tier(session, into, decision, decided_by=actor, now=now)
    _keep_the_earlier_dates(duplicate, into, now=now)
    duplicate.meet_deadlines(now=now)
    await watch(session, into, now=now)
    record(session, at=now, actor=actor, action="merge", subject=duplicate.number, into=into.number)
    await pass_place_on(session, duplicate, into, actor=actor, now=now)
    tell_followers(session, duplicate, NoticeKind.MERGED, by=actor, now=now)
    follow_on(duplicate, into, now=now)


async def merged_into(session: AsyncSession, complaint: Complaint) -> Complaint:
    """The case in which a complaint goes on: itself, unless it was merged."""
    query = select(CaseLink.other_id).where(
        CaseLink.complaint_id == complaint.id, CaseLink.kind == LinkKind.DUPLICATE_OF
    )
    other_id: uuid.UUID | None = await session.scalar(query.order_by(CaseLink.id.desc()).limit(1))
    if other_id is None or complaint.state is not State.MERGED:
        return complaint
    return await merged_into(session, await session.get_one(Complaint, other_id))


async def split_complaint(
    session: AsyncSession, complaint: Complaint, story: str, statement: Statement, *, actor: str, now: datetime
) -> Complaint:
    """A second matter in one story becomes a complaint of its own, with its own number and tier.

    Its clocks run from when the customer told it, not from when somebody noticed that there are two.

    Args:
        story: the part of the story that is the second matter, in the customer's words.
        statement: what is understood of that part.

    Raises:
        LinkRefused: there is nothing to split off.
        CaseIsSettled: the first complaint is settled.
    """
    complaint.require_unsettled()
    if not story.strip():
        raise LinkRefused(f"Say which part of {complaint.number} is another matter")
    decision = decide_tier(statement.evidence(), History(), funnel_policy())
    draft = Draft(
        conversation_id=complaint.conversation_id,
        turn_id=None,
        language=complaint.language,
        story=story.strip(),
        statement=statement,
        outlet_code=complaint.outlet_code,
    )
    part = filed(draft, decision, await free_number(session), opened_at=complaint.opened_at, now=now)
    part.contact_phone = part.contact_phone or complaint.contact_phone
    session.add(part)
    await session.flush()
    await link(session, part, complaint, LinkKind.SPLIT_FROM, actor=actor, now=now)
    await watch(session, part, now=now)
    await seek_handler(session, part, now=now)
    await read_story(session, part)
    record(session, at=now, actor=actor, action="split", subject=part.number, source=complaint.number)
    return part


def _tell_on(duplicate: Complaint, into: Complaint) -> None:
    """What the customer told with the duplicate only is added to the case that stays."""
    told = {into.story, *(fact.text for fact in into.facts)}
    for fact in [Fact(text=duplicate.story, stated_at=duplicate.opened_at), *duplicate.facts]:
        if fact.text not in told:
            into.facts.append(_addition(fact))
    known = {signal["name"] for signal in into.signals}
    into.signals = into.signals + [signal for signal in duplicate.signals if signal["name"] not in known]


def _addition(fact: Fact) -> Fact:
    return Fact(
        name="addition",
        text=fact.text,
        amount_fen=fact.amount_fen,
        currency=fact.currency,
        day=fact.day,
        stated_at=fact.stated_at,
    )


def _keep_the_earlier_dates(duplicate: Complaint, into: Complaint, *, now: datetime) -> None:
    promised = {_what_is_owed(date): date for date in duplicate.running_deadlines if date.missed_at is None}
    for date in into.running_deadlines:
        earlier = promised.get(_what_is_owed(date))
        if earlier is not None and date.missed_at is None and earlier.due_at < date.due_at:
            date.move_to(earlier.due_at, earlier.rule, counts_office_hours=earlier.counts_office_hours, now=now)


def _what_is_owed(deadline: DeadlineRecord) -> str:
    """The name of a deadline; an extended decision is a decision."""
    return DeadlineName.DECISION if deadline.name == DeadlineName.EXTENDED_DECISION else deadline.name
