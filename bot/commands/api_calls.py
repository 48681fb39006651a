"""`tingsu api`: tokens for the bank's other systems, and webhooks, for people with access to this machine."""

import uuid
from collections.abc import Collection, Sequence

from bot.api.kinds import EventKind
from bot.api.models import ApiToken, Webhook
from bot.api.tokens import Scope, add_token, revoke_token, tokens
from bot.api.webhooks import (
    Allowed,
    Sender,
    add_webhook,
    remove_webhook,
    secret_of,
    switch_on,
    webhook_for,
    webhooks_of,
)
from bot.clock import system_clock
from bot.commands.asking import open_database
from bot.settings import Settings
from bot.staff.organisation import organisation

ACTOR = "system"


async def new_token(config: Settings, name: str, scopes: Collection[Scope], unit_code: str, days: int) -> str:
    """Make a token and return it.

    Raises:
        InvalidToken: something given cannot be used.
        UnknownUnit: there is no such unit.
    """
    async with open_database(config) as database, database.transaction() as session:
        return await add_token(
            session, name=name, scopes=scopes, unit_code=unit_code, days=days, created_by=ACTOR, now=system_clock()
        )


async def list_tokens(config: Settings) -> Sequence[ApiToken]:
    """Every token, the newest first."""
    async with open_database(config) as database, database.transaction() as session:
        return await tokens(session)


async def end_token(config: Settings, name: str) -> None:
    """Take a token out of force.

    Raises:
        NoSuchToken: there is none of this name in force.
    """
    async with open_database(config) as database, database.transaction() as session:
        await revoke_token(session, name, revoked_by=ACTOR, now=system_clock())


async def new_webhook(
    config: Settings, url: str, kinds: Collection[EventKind], unit_code: str
) -> tuple[uuid.UUID, str]:
    """Add a webhook.

    Returns:
        Its id, and the secret of its signatures.

    Raises:
        HostNotAllowed: the address is not on an allowed host.
        AlreadyThere: it is sent this unit's events already.
        UnknownUnit: there is no such unit.
    """
    async with open_database(config) as database, database.transaction() as session:
        webhook = await add_webhook(
            session,
            url=url,
            kinds=kinds or list(EventKind),
            unit_code=unit_code,
            allowed=Allowed.by(config),
            created_by=ACTOR,
            now=system_clock(),
        )
    return webhook.id, secret_of(webhook.id, config)


async def list_webhooks(config: Settings) -> Sequence[Webhook]:
    """Every webhook, the oldest first."""
    async with open_database(config) as database, database.transaction() as session:
        return await webhooks_of(session, organisation().top.code)


async def test_webhook(config: Settings, webhook_id: uuid.UUID) -> str | None:
    """Send a webhook a document of the kind `test`.

    Returns:
        What went wrong, in a word, or None.

    Raises:
        NoSuchWebhook: there is none with this id.
    """
    async with open_database(config) as database:
        async with database.transaction() as session:
            webhook = await webhook_for(session, webhook_id, organisation().top.code)
        document = {"id": 0, "kind": "test", "at": system_clock().isoformat()}
        return await Sender(database, system_clock, config).send(webhook, document, event_id="test")


async def switch_webhook_on(config: Settings, webhook_id: uuid.UUID) -> None:
    """Send to a webhook again.

    Raises:
        NoSuchWebhook: there is none with this id.
    """
    async with open_database(config) as database, database.transaction() as session:
        webhook = await webhook_for(session, webhook_id, organisation().top.code)
        await switch_on(session, webhook, actor=ACTOR, now=system_clock())


async def end_webhook(config: Settings, webhook_id: uuid.UUID) -> None:
    """Remove a webhook.

    Raises:
        NoSuchWebhook: there is none with this id.
    """
    async with open_database(config) as database, database.transaction() as session:
        webhook = await webhook_for(session, webhook_id, organisation().top.code)
        await remove_webhook(session, webhook, actor=ACTOR, now=system_clock())
