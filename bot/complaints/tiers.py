"""The tier of a case as it changes: raised by new facts or by people, sunk by what a tier could not settle.

A tier brings its dates and its unit. A date that the customer was told only ever becomes earlier.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.complaints.assignment import seek_handler
from bot.complaints.deadline_watch import watch
from bot.complaints.deadlines import Deadline, deadline_policy, deadlines_for
from bot.complaints.follows import tell_followers
from bot.complaints.funnel import Reason, TierDecision, funnel_policy
from bot.complaints.labels import Tier
from bot.complaints.models import Complaint, DeadlineRecord, NoticeKind, TierDecisionRecord
from bot.complaints.people import responsible_unit


class NotHigher(ValueError):
    """A tier is raised to a higher one; lowering it needs somebody's approval."""


class NoReason(ValueError):
    """Something that only people may do was asked for without saying why."""


async def raise_tier(
    session: AsyncSession, complaint: Complaint, tier: Tier, reason: str, *, actor: str, now: datetime
) -> None:
    """A member of staff raises the tier, at once.

    Args:
        reason: in words that an auditor understands.

    Raises:
        NotHigher: the case stands at this tier or a higher one.
        NoReason: no reason is given.
        CaseIsSettled: nothing is left to be done.
    """
    complaint.require_unsettled()
    if tier <= complaint.tier:
        raise NotHigher(f"{complaint.number} stands at «{complaint.tier}» and cannot be raised to «{tier}»")
    await enter_tier(session, complaint, decided_by_person(tier, reason), decided_by=actor, now=now)
    record(session, at=now, actor=actor, action="raise_tier", subject=complaint.number, tier=tier)


async def sink_tier(session: AsyncSession, complaint: Complaint, why: str, *, now: datetime) -> None:
    """What a tier could not settle sinks to the next; an urgent case stays where it is.

    Args:
        why: one of `funnel.SINKS`.
    """
    await enter_tier(session, complaint, sinking(complaint.tier, why), decided_by="funnel", now=now)
    record(session, at=now, actor="system", action="sink_tier", subject=complaint.number, why=why, tier=complaint.tier)


async def enter_tier(
    session: AsyncSession, complaint: Complaint, decision: TierDecision, *, decided_by: str, now: datetime
) -> None:
    """The case enters the tier decided on: its people, and its dates for what is still owed."""
    if decision.tier is not complaint.tier:
        tell_followers(session, complaint, NoticeKind.TIER_CHANGED, by=decided_by, now=now)
    note_tier(complaint, decision, decided_by=decided_by, now=now)
    owed = {deadline.name for deadline in complaint.running_deadlines}
    dates = deadlines_for(decision.tier, now, deadline_policy(), complaint.opened_at)
    promise(complaint, (date for date in dates if date.name in owed and date.due_at > now), now=now)
    await watch(session, complaint, now=now)
    await seek_handler(session, complaint, now=now)


def note_tier(complaint: Complaint, decision: TierDecision, *, decided_by: str, now: datetime) -> None:
    """Note where a case stands from now on, and why. People of another tier find a handler of their own."""
    complaint.tier_decisions.append(
        tier_record(decision, previous=complaint.tier, decided_by=decided_by, now=now),
    )
    if decision.tier is not complaint.tier:
        complaint.handler_id = complaint.lead_id = None
    complaint.tier = decision.tier
    complaint.unit_code = responsible_unit(complaint.outlet_code, decision.tier)


def promise(complaint: Complaint, dates: Iterable[Deadline], *, now: datetime) -> None:
    """Set dates that the bank must keep. One that is running becomes earlier, never later."""
    running = {deadline.name: deadline for deadline in complaint.running_deadlines if deadline.missed_at is None}
    for date in dates:
        known = running.get(date.name)
        if known is None:
            complaint.deadlines.append(deadline_record(date, now=now))
        elif date.due_at < known.due_at:
            known.move_to(date.due_at, date.rule.zh, counts_office_hours=date.counts_office_hours, now=now)


def sinking(tier: Tier, why: str) -> TierDecision:
    """The decision that a case sinks from a tier to the next."""
    next_tier = list(Tier)[min(tier.rank + 1, Tier.URGENT.rank)]
    sentence = funnel_policy().sinks[why]
    return _decision(next_tier, Reason(code=why, reference="DESIGN the funnel", zh=sentence.zh, en=sentence.en))


def decided_by_person(tier: Tier, reason: str) -> TierDecision:
    """The decision of a member of staff, in their own words.

    Raises:
        NoReason: there are none.
    """
    words = reason.strip()
    if not words:
        raise NoReason("A tier is changed for a reason; write it down")
    return _decision(tier, Reason(code="by_staff", reference="DESIGN the funnel", zh=words, en=words))


def tier_record(decision: TierDecision, *, previous: Tier | None, decided_by: str, now: datetime) -> TierDecisionRecord:
    """The decision as it is kept."""
    return TierDecisionRecord(
        tier=decision.tier,
        previous_tier=previous,
        decided_by=decided_by,
        reasons=[reason.model_dump(mode="json") for reason in decision.reasons],
        decided_at=now,
    )


def deadline_record(deadline: Deadline, *, now: datetime) -> DeadlineRecord:
    """The deadline as it is kept."""
    return DeadlineRecord(
        name=deadline.name.value,
        rule=deadline.rule.zh,
        set_at=now,
        due_at=deadline.due_at,
        counts_office_hours=deadline.counts_office_hours,
    )


def _decision(tier: Tier, reason: Reason) -> TierDecision:
    return TierDecision(tier=tier, evidence_tier=tier, reasons=(reason,))
