"""Re-checks (核查): the customer's right to have a result looked at again, one unit higher and by somebody else."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.complaints.assignment import note_avoidance
from bot.complaints.authority import NeedsSomebodyElse, check_decides_for
from bot.complaints.deadline_watch import watch
from bot.complaints.deadlines import deadline_policy, recheck_decision_deadline, recheck_request_deadline
from bot.complaints.follows import tell_followers
from bot.complaints.lifecycle import CaseStep
from bot.complaints.models import Complaint, NoticeKind, Recheck
from bot.complaints.people import ANSWERED_FOR_BY, Person, unit_above
from bot.complaints.tiers import promise


class RecheckRefused(Exception):
    """The customer cannot ask for a re-check; the message says why."""


async def request_recheck(
    session: AsyncSession, complaint: Complaint, reason: str, *, actor: str, now: datetime
) -> Recheck:
    """The customer asks that the result be looked at again. The next higher unit does, and nobody who settled it.

    Args:
        reason: what the customer objects to, in their words.
        actor: who notes it for them, `staff:<username>`, or `customer`.

    Raises:
        RecheckRefused: the time to ask is over, or this result was re-checked before.
        IllegalStep: no result was told.
    """
    decided_at = complaint.resolved_at
    complaint.take(CaseStep.REQUEST_RECHECK, now=now)
    await _check_right(session, complaint, decided_at, now)
    recheck = Recheck(complaint_id=complaint.id, reason=reason.strip(), requested_by=actor, requested_at=now)
    session.add(recheck)
    if complaint.handler_id is not None:
        await note_avoidance(session, complaint, complaint.handler_id, "recheck", actor="system", now=now)
    if complaint.unit_code is not None:
        complaint.unit_code = unit_above(complaint.unit_code) or complaint.unit_code
    promise(complaint, [recheck_decision_deadline(now, deadline_policy())], now=now)
    await watch(session, complaint, now=now)
    record(session, at=now, actor=actor, action="request_recheck", subject=complaint.number)
    tell_followers(session, complaint, NoticeKind.RECHECK_ASKED, by=actor, now=now)
    return recheck


async def decide_recheck(
    session: AsyncSession, complaint: Complaint, text: str, *, is_changed: bool, by: Person, now: datetime
) -> Recheck:
    """Decide the re-check. Telling the customer is the caller's part of the same transaction.

    Args:
        text: the decision, in words that the customer reads; it takes the place of a result that is changed.
        is_changed: whether the result is another now, or is upheld.

    Raises:
        ValueError: it says nothing.
        NotTheirDecision: the person does not answer for the tier, or for the unit that re-checks.
        NeedsSomebodyElse: the person settled the complaint.
        MustAvoid: the person must keep out of this case.
        IllegalStep: no re-check was asked for.
    """
    if not text.strip():
        raise ValueError("A re-check is decided in words that the customer is told; write them.")
    await check_decides_for(session, complaint, by, least=ANSWERED_FOR_BY[complaint.tier])
    if by.actor == complaint.resolved_by:
        raise NeedsSomebodyElse(by)
    complaint.take(CaseStep.DECIDE_RECHECK, now=now)
    recheck = (await rechecks_of(session, complaint))[-1]
    recheck.text, recheck.is_changed = text.strip(), is_changed
    recheck.decided_by, recheck.decided_at = by.id, now
    if is_changed:
        complaint.result = recheck.text
        complaint.resolved_by = by.actor
        complaint.result_accepted = None
    complaint.meet_deadlines(now=now)
    record(session, at=now, actor=by.actor, action="decide_recheck", subject=complaint.number, is_changed=is_changed)
    tell_followers(session, complaint, NoticeKind.RECHECK_DECIDED, by=by.actor, now=now)
    return recheck


async def rechecks_of(session: AsyncSession, complaint: Complaint) -> list[Recheck]:
    """The re-checks of a complaint, oldest first."""
    return list(await session.scalars(select(Recheck).where(Recheck.complaint_id == complaint.id).order_by(Recheck.id)))


async def _check_right(session: AsyncSession, complaint: Complaint, decided_at: datetime | None, now: datetime) -> None:
    if decided_at is None:
        raise RecheckRefused(f"No result of {complaint.number} was told yet")
    until = recheck_request_deadline(decided_at, deadline_policy())
    if until.is_breached(now):
        raise RecheckRefused(f"The result of {complaint.number} could be objected to until {until.due_at.date()}")
    earlier = [recheck for recheck in await rechecks_of(session, complaint) if recheck.decided_at is not None]
    if any(recheck.requested_at >= decided_at for recheck in earlier):
        raise RecheckRefused(f"The result of {complaint.number} was re-checked already")
