"""What only people may do, and only with somebody else's agreement: lower a tier, extend a deadline."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.complaints.assignment import check_avoidance
from bot.complaints.authority import NeedsSomebodyElse, check_decides_for
from bot.complaints.deadline_watch import watch
from bot.complaints.deadlines import (
    Deadline,
    DeadlineName,
    ExtensionRefused,
    deadline_policy,
    extend_decision,
)
from bot.complaints.labels import Tier
from bot.complaints.models import Approval, ApprovalKind, Complaint, DeadlineRecord
from bot.complaints.people import ANSWERED_FOR_BY, Person
from bot.complaints.tiers import NoReason, decided_by_person, enter_tier


class NotLower(ValueError):
    """The tier asked for is not below the case's own."""


class NotAwaited(Exception):
    """The request was decided already, is of another kind or case, or the case has moved on since."""


class AlreadyAsked(Exception):
    """The same was asked for and is not decided yet."""


async def ask_to_lower_tier(
    session: AsyncSession, complaint: Complaint, tier: Tier, reason: str, *, by: Person, now: datetime
) -> Approval:
    """Ask that a case be settled at a lower tier.

    Raises:
        NotLower: the case stands at this tier or below.
        NoReason: no reason is given.
        AlreadyAsked: somebody asked before, and nobody has decided yet.
        MustAvoid: the person must keep out of this case.
        CaseIsSettled: nothing is left to be done.
    """
    if tier >= complaint.tier:
        raise NotLower(f"{complaint.number} stands at «{complaint.tier}»; «{tier}» is not lower")
    return await _ask(session, complaint, ApprovalKind.LOWER_TIER, reason, {"tier": tier.value}, by=by, now=now)


async def ask_for_extension(
    session: AsyncSession, complaint: Complaint, reason: str, *, by: Person, now: datetime
) -> Approval:
    """Ask for more time to decide. It is given once, before the time is over, and not to ordinary cases.

    Raises:
        ExtensionRefused: the policy does not allow it.
        NoReason, AlreadyAsked, MustAvoid, CaseIsSettled: as for `ask_to_lower_tier`.
    """
    _extended(complaint, _decision_of(complaint), by, now)
    return await _ask(session, complaint, ApprovalKind.EXTENSION, reason, {}, by=by, now=now)


async def lower_tier(
    session: AsyncSession, complaint: Complaint, approval: Approval, *, by: Person, now: datetime, note: str = ""
) -> None:
    """Agree that a case be settled at a lower tier, and lower it.

    The dates that the customer was told stay; one that the lower tier would set earlier, and that lies ahead, becomes
    earlier.

    Raises:
        NotTheirDecision: it takes a higher role, or one of another unit.
        NeedsSomebodyElse: the person asked for it.
        MustAvoid: the person must keep out of this case.
        NotAwaited: the request was decided before, or the case stands at that tier by now.
        CaseIsSettled: nothing is left to be done.
    """
    await _check_decision(session, complaint, approval, ApprovalKind.LOWER_TIER, by)
    tier = Tier(approval.payload["tier"])
    if tier >= complaint.tier:
        raise NotAwaited(f"{complaint.number} stands at «{complaint.tier}» by now")
    _decide(session, complaint, approval, is_approved=True, note=note, by=by, now=now)
    decision = decided_by_person(tier, approval.reason)
    await enter_tier(session, complaint, decision, decided_by=by.actor, now=now)


async def extend(
    session: AsyncSession, complaint: Complaint, approval: Approval, *, by: Person, now: datetime, note: str = ""
) -> Deadline:
    """Agree to more time for the decision. Telling the customer is the caller's part of the same transaction.

    Returns:
        The new deadline.

    Raises:
        ExtensionRefused: the policy does not allow it any more.
        NotTheirDecision, NeedsSomebodyElse, MustAvoid, NotAwaited, CaseIsSettled: as for `lower_tier`.
    """
    await _check_decision(session, complaint, approval, ApprovalKind.EXTENSION, by)
    decision = _decision_of(complaint)
    extended = _extended(complaint, decision, by, now)
    _decide(session, complaint, approval, is_approved=True, note=note, by=by, now=now)
    decision.name = extended.name.value
    decision.move_to(extended.due_at, extended.rule.zh, counts_office_hours=extended.counts_office_hours, now=now)
    await watch(session, complaint, now=now)
    return extended


async def refuse(
    session: AsyncSession, complaint: Complaint, approval: Approval, note: str, *, by: Person, now: datetime
) -> None:
    """Say no to what was asked for; nothing changes.

    Raises:
        NoReason: it is not said why.
        NotTheirDecision, NeedsSomebodyElse, MustAvoid, NotAwaited, CaseIsSettled: as for `lower_tier`.
    """
    await _check_decision(session, complaint, approval, approval.kind, by)
    _decide(session, complaint, approval, is_approved=False, note=_reason(note), by=by, now=now)


async def approvals_of(session: AsyncSession, complaint: Complaint) -> list[Approval]:
    """What was asked for in a case, oldest first."""
    query = select(Approval).where(Approval.complaint_id == complaint.id).order_by(Approval.id)
    return list(await session.scalars(query))


async def _ask(
    session: AsyncSession,
    complaint: Complaint,
    kind: ApprovalKind,
    reason: str,
    payload: dict[str, str],
    *,
    by: Person,
    now: datetime,
) -> Approval:
    complaint.require_unsettled()
    await check_avoidance(session, complaint, by)
    words = _reason(reason)
    if any(asked.kind is kind and asked.decided_at is None for asked in await approvals_of(session, complaint)):
        raise AlreadyAsked(f"«{kind}» was asked for {complaint.number}; it waits for a decision")
    approval = Approval(
        complaint_id=complaint.id, kind=kind, payload=payload, reason=words, asked_by=by.id, asked_at=now
    )
    session.add(approval)
    record(session, at=now, actor=by.actor, action=f"ask_{kind}", subject=complaint.number, **payload)
    await session.flush()
    return approval


async def _check_decision(
    session: AsyncSession, complaint: Complaint, approval: Approval, kind: ApprovalKind, by: Person
) -> None:
    complaint.require_unsettled()
    if approval.complaint_id != complaint.id or approval.kind is not kind or approval.decided_at is not None:
        raise NotAwaited(f"Request {approval.id} of {complaint.number} does not wait for a decision")
    await check_decides_for(session, complaint, by, least=ANSWERED_FOR_BY[complaint.tier])
    if approval.asked_by == by.id:
        raise NeedsSomebodyElse(by)


def _decide(
    session: AsyncSession,
    complaint: Complaint,
    approval: Approval,
    *,
    is_approved: bool,
    note: str,
    by: Person,
    now: datetime,
) -> None:
    approval.is_approved, approval.decision_note = is_approved, note or None
    approval.decided_by, approval.decided_at = by.id, now
    action = f"{'approve' if is_approved else 'refuse'}_{approval.kind}"
    record(session, at=now, actor=by.actor, action=action, subject=complaint.number, **approval.payload)


def _decision_of(complaint: Complaint) -> DeadlineRecord:
    running = [deadline for deadline in complaint.running_deadlines if deadline.name == DeadlineName.DECISION]
    if not running:
        raise ExtensionRefused(f"{complaint.number} has no running decision; one is extended once only")
    return running[-1]


def _extended(complaint: Complaint, decision: DeadlineRecord, approver: Person, now: datetime) -> Deadline:
    policy = deadline_policy()
    rule = next(
        (rule for rule in policy.rules.values() if rule.zh == decision.rule), policy.rules[policy.extension.rule]
    )
    present = Deadline(DeadlineName.DECISION, decision.due_at, rule)
    return extend_decision(present, complaint.tier, now, policy, approver=approver.username, customer_is_told=True)


def _reason(text: str) -> str:
    if not text.strip():
        raise NoReason("What only people may do is done for a reason; write it down")
    return text.strip()
