"""Webhooks: events sent to other systems, signed, in their order, until each is taken.

A webhook knows how far it has come. Whoever sends notes each event that was taken before the next one goes out, so
that after a death in the middle at most one is sent twice, under the same id.
"""

import asyncio
import hashlib
import hmac
import json
import ssl
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.api.documents import EventShown
from bot.api.events import LEASE, next_event
from bot.api.kinds import EventKind
from bot.api.models import ApiEvent, Webhook
from bot.api.reach import codes_below
from bot.audit import record
from bot.clock import Clock
from bot.database import Database
from bot.logs import logger
from bot.settings import Settings
from bot.staff.organisation import organisation

SIGNATURE = "Tingsu-Signature"
EVENT_ID = "Tingsu-Event-Id"
ANSWER_WITHIN_SECONDS = 10.0
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)
FAILURES_UNTIL_OFF = 80
"""Waits of 5 s, 10 s, 20 s … up to an hour: three days."""
DEFAULT_PORTS = {"http": 80, "https": 443}
log = logger(__name__)


class HostNotAllowed(ValueError):
    """The address is on a host that the bank has not allowed for webhooks."""


class AlreadyThere(ValueError):
    """The address is sent this unit's events already."""


class NoSuchWebhook(LookupError):
    """There is no webhook with this id."""


@dataclass(frozen=True)
class Allowed:
    """The hosts that may be sent anything: `crm.bank.example` on its scheme's own port, or `10.1.2.3:8443`."""

    hosts: frozenset[str]

    @classmethod
    def by(cls, config: Settings) -> "Allowed":
        """The hosts that the settings name."""
        return cls(frozenset((config.webhook_hosts or "").lower().split()))

    def allows(self, url: str) -> bool:
        """Whether the address is http or https, without a user's name, on one of the hosts."""
        try:
            parts = urlsplit(url)
            host, port, default_port = parts.hostname, parts.port, DEFAULT_PORTS[parts.scheme]
        except (ValueError, KeyError):
            return False
        if host is None or "@" in parts.netloc or "\\" in url:
            return False
        return f"{host}:{port or default_port}" in self.hosts or (port in {None, default_port} and host in self.hosts)


async def add_webhook(
    session: AsyncSession,
    *,
    url: str,
    kinds: Collection[EventKind],
    unit_code: str,
    allowed: Allowed,
    created_by: str,
    now: datetime,
) -> Webhook:
    """Send a unit's events to an address, from now on.

    Raises:
        HostNotAllowed: the address is not on an allowed host.
        AlreadyThere: it is sent this unit's events already.
        UnknownUnit: there is no such unit.
    """
    if not allowed.allows(url):
        raise HostNotAllowed("The host is not in TINGSU_WEBHOOK_HOSTS.")
    unit = organisation().find(unit_code)
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{unit.code} {url}", 0))))
    if await session.scalar(select(Webhook.id).where(Webhook.url == url, Webhook.unit_code == unit.code)):
        raise AlreadyThere("This address is sent the unit's events already.")
    webhook = Webhook(
        id=uuid.uuid4(),
        url=url,
        kinds=sorted(set(kinds)),
        unit_code=unit.code,
        position=await session.scalar(select(func.coalesce(func.max(ApiEvent.id), 0))) or 0,
        is_active=True,
        failure_count=0,
        created_by=created_by,
        created_at=now,
    )
    session.add(webhook)
    record(session, at=now, actor=created_by, action="add_webhook", subject=_subject(webhook), unit=unit.code)
    await session.flush()
    return webhook


async def webhook_for(session: AsyncSession, webhook_id: uuid.UUID, unit_code: str) -> Webhook:
    """A webhook of a unit, or of one below it, locked for the rest of the transaction.

    Raises:
        NoSuchWebhook: there is none.
    """
    found: Webhook | None = await session.scalar(
        select(Webhook).where(Webhook.id == webhook_id, Webhook.unit_code.in_(codes_below(unit_code))).with_for_update()
    )
    if found is None:
        raise NoSuchWebhook(f"There is no webhook {webhook_id}.")
    return found


async def webhooks_of(session: AsyncSession, unit_code: str) -> Sequence[Webhook]:
    """The webhooks of a unit and of all below it, the oldest first."""
    query = select(Webhook).where(Webhook.unit_code.in_(codes_below(unit_code))).order_by(Webhook.created_at)
    return list(await session.scalars(query))


async def switch_on(session: AsyncSession, webhook: Webhook, *, actor: str, now: datetime) -> None:
    """Send again, beginning with what was not taken."""
    webhook.is_active = True
    webhook.failure_count = 0
    webhook.next_try_at = None
    record(session, at=now, actor=actor, action="switch_webhook_on", subject=_subject(webhook))


async def remove_webhook(session: AsyncSession, webhook: Webhook, *, actor: str, now: datetime) -> None:
    """Send nothing to it any more, and forget it."""
    await session.delete(webhook)
    record(session, at=now, actor=actor, action="remove_webhook", subject=_subject(webhook))


def secret_of(webhook_id: uuid.UUID, config: Settings) -> str:
    """What a webhook's signatures are made with. It is derived from the signing key, so nothing is stored."""
    return config.derived_secret(f"webhook:{webhook_id}")


def signature(secret: str, body: bytes, *, at: datetime) -> str:
    """`t=` the time in seconds, `v1=` the HMAC-SHA256 over that time, a dot and the body."""
    seconds = int(at.timestamp())
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


def wait_after(failure_count: int) -> timedelta:
    """How long to wait after so many failures in a row."""
    doublings = min(failure_count - 1, 20)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


@dataclass(frozen=True)
class Sender:
    """Sends events.

    Args:
        answer_within: seconds that an address has to answer.
    """

    database: Database
    clock: Clock
    config: Settings
    answer_within: float = ANSWER_WITHIN_SECONDS

    async def send_events(self, webhook_id: uuid.UUID) -> None:
        """Send a webhook everything that it has not got, until one fails."""
        while (offer := await self._offer(webhook_id)) is not None:
            webhook, event = offer
            document = EventShown.of(event).model_dump(mode="json")
            fault = await self.send(webhook, document, event_id=str(event.id))
            if not await self._note(webhook_id, event.id, fault):
                return

    async def send(self, webhook: Webhook, document: dict[str, Any], *, event_id: str) -> str | None:
        """Send one document.

        Returns:
            What went wrong, in a word, or None.
        """
        if not Allowed.by(self.config).allows(webhook.url):
            return "host_not_allowed"
        body = json.dumps(document, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            EVENT_ID: event_id,
            SIGNATURE: signature(secret_of(webhook.id, self.config), body, at=self.clock()),
        }
        try:
            async with asyncio.timeout(self.answer_within):
                status = await _status_of_post(webhook.url, body, headers)
        except TimeoutError:
            return "no_answer"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return type(error).__name__
        return None if 200 <= status < 300 else f"status_{status}"

    async def _offer(self, webhook_id: uuid.UUID) -> tuple[Webhook, ApiEvent] | None:
        async with self.database.transaction() as session:
            webhook = await session.get(Webhook, webhook_id, with_for_update=True)
            if webhook is None or not webhook.is_active:
                return None
            event = await next_event(session, webhook)
            webhook.next_try_at = None if event is None else self.clock() + LEASE
            return None if event is None else (webhook, event)

    async def _note(self, webhook_id: uuid.UUID, event_id: int, fault: str | None) -> bool:
        """Note whether the event was taken; only then goes the next one out."""
        now = self.clock()
        async with self.database.transaction() as session:
            webhook = await session.get(Webhook, webhook_id, with_for_update=True)
            if webhook is None or webhook.position >= event_id:
                return False
            webhook.last_failure = fault
            if fault is None:
                webhook.position = event_id
                webhook.failure_count = 0
                return True
            webhook.failure_count += 1
            webhook.next_try_at = now + wait_after(webhook.failure_count)
            log.warning("webhook_failed", webhook_id=str(webhook_id), reason=fault, failures=webhook.failure_count)
            if webhook.failure_count >= FAILURES_UNTIL_OFF:
                webhook.is_active = False
                record(
                    session,
                    at=now,
                    actor="system",
                    action="switch_webhook_off",
                    subject=_subject(webhook),
                    failures=webhook.failure_count,
                    why=fault,
                )
            return False


async def _status_of_post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """The status alone: nobody reads what else an address answers, and a redirect leads nowhere."""
    async with (
        httpx.AsyncClient(
            follow_redirects=False, trust_env=False, timeout=ANSWER_WITHIN_SECONDS, verify=_known_authorities()
        ) as client,
        client.stream("POST", url, content=body, headers=headers) as answer,
    ):
        return answer.status_code


@cache
def _known_authorities() -> ssl.SSLContext:
    """The system's certificate authorities, to which a bank adds its own (or names them in SSL_CERT_FILE)."""
    return ssl.create_default_context()


def _subject(webhook: Webhook) -> str:
    return f"webhook:{webhook.id}"
