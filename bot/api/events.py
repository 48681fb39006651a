"""Events: what happened to complaints, made of the audit records that every use case writes in its transaction.

A record that commits late has a lower id than others that are there already, so events are not made by the last id
seen: whatever has no event yet and is not much older than the newest event gets one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.api.kinds import KIND_OF_ACTION, EventKind
from bot.api.models import ApiEvent, Webhook
from bot.api.reach import within_reach
from bot.audit import AuditRecord
from bot.clock import Clock
from bot.complaints.models import Complaint
from bot.database import Database
from bot.jobs import Job, enqueue

PUBLISHER_LOCK = 0x7165_4556
"""Key of the advisory lock of the one who publishes; any fixed number will do."""
LATEST_COMMIT_AFTER = timedelta(minutes=10)
"""A transaction that takes longer than this is broken: its record gets no event."""
AT_ONCE = 1000
LEASE = timedelta(seconds=60)
"""A sender that has not noted anything for this long is taken for dead. Longer than one request may take."""


@dataclass(frozen=True)
class Publisher:
    """Makes events, and sees to it that webhooks are sent them."""

    database: Database
    clock: Clock

    async def publish(self) -> None:
        """Make an event of each record that lacks one, then wake the webhooks that have something to get."""
        while await self._publish_some() == AT_ONCE:
            pass
        async with self.database.transaction() as session:
            await wake_webhooks(session, now=self.clock())

    async def _publish_some(self) -> int:
        async with self.database.transaction() as session:
            return await publish_events(session)


async def publish_events(session: AsyncSession) -> int:
    """Make events of the records that have none, the oldest first, at most `AT_ONCE`.

    Returns:
        How many; 0 also if another process is at it.
    """
    if not await session.scalar(select(func.pg_try_advisory_xact_lock(PUBLISHER_LOCK))):
        return 0
    newest_at = await session.scalar(select(func.max(ApiEvent.at)))
    query = (
        select(AuditRecord.id, AuditRecord.action, AuditRecord.at, Complaint)
        .join(Complaint, Complaint.number == AuditRecord.subject)
        .where(AuditRecord.action.in_(KIND_OF_ACTION), ~exists().where(ApiEvent.audit_id == AuditRecord.id))
        .order_by(AuditRecord.at, AuditRecord.id)
        .limit(AT_ONCE)
    )
    if newest_at is not None:
        query = query.where(AuditRecord.at > newest_at - LATEST_COMMIT_AFTER)
    made = [
        ApiEvent(
            audit_id=audit_id,
            kind=KIND_OF_ACTION[action],
            at=at,
            number=complaint.number,
            outlet_code=complaint.outlet_code,
            tier=complaint.tier,
            state=complaint.state,
        )
        for audit_id, action, at, complaint in await session.execute(query)
    ]
    session.add_all(made)
    await session.flush()
    return len(made)


async def wake_webhooks(session: AsyncSession, *, now: datetime) -> None:
    """Enqueue a job for each webhook that has events to get and nobody who sends them."""
    newest_id = select(func.max(ApiEvent.id)).scalar_subquery()
    is_free = or_(Webhook.next_try_at.is_(None), Webhook.next_try_at <= now)
    woken = await session.scalars(
        update(Webhook)
        .where(Webhook.is_active, Webhook.position < newest_id, is_free)
        .values(next_try_at=now + LEASE)
        .returning(Webhook.id)
    )
    for webhook_id in woken.all():
        await enqueue(session, Job.SEND_EVENTS, lock=f"webhook:{webhook_id}", webhook_id=str(webhook_id))


async def events_after(session: AsyncSession, after: int, unit_code: str, *, limit: int) -> Sequence[ApiEvent]:
    """The events behind this one that a unit may see, in their order."""
    query = (
        select(ApiEvent)
        .where(ApiEvent.id > after, within_reach(ApiEvent.outlet_code, unit_code))
        .order_by(ApiEvent.id)
        .limit(limit)
    )
    return list(await session.scalars(query))


async def next_event(session: AsyncSession, webhook: Webhook) -> ApiEvent | None:
    """The next event that the webhook wants; what it does not want is passed over."""
    newest_id = await session.scalar(select(func.coalesce(func.max(ApiEvent.id), 0)))
    found: ApiEvent | None = await session.scalar(
        select(ApiEvent)
        .where(ApiEvent.id > webhook.position, ApiEvent.kind.in_([EventKind(kind) for kind in webhook.kinds]))
        .where(within_reach(ApiEvent.outlet_code, webhook.unit_code))
        .order_by(ApiEvent.id)
        .limit(1)
    )
    if found is None and newest_id is not None:
        webhook.position = max(webhook.position, newest_id)
    return found
