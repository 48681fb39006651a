"""The commands `tingsu api token …` and `tingsu api webhook …`."""

import asyncio
import sys
import uuid
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.settings import settings

api = typer.Typer(help="The API for the bank's other systems.", no_args_is_help=True)
token = typer.Typer(help="Tokens: who may call the API.", no_args_is_help=True)
webhook = typer.Typer(help="Webhooks: who is sent events.", no_args_is_help=True)
api.add_typer(token, name="token")
api.add_typer(webhook, name="webhook")
screen = Console()


def refuse(error: Exception | str) -> typer.Exit:
    """Say in one line what is wrong, and end with status 1."""
    print(f"tingsu: {error}", file=sys.stderr)
    return typer.Exit(1)


@token.command("add")
def add_token(
    name: Annotated[str, typer.Argument(help="which system, e.g. crm")],
    scope: Annotated[list[str], typer.Option(help="e.g. complaints:read; may be given several times")],
    unit: Annotated[str, typer.Option(help="code of the unit whose complaints it sees, e.g. HB-WH")],
    days: Annotated[int, typer.Option(help="how long it is good for")] = 90,
) -> None:
    """Make a token, and print it this once."""
    from bot.api.tokens import Scope
    from bot.commands.api_calls import new_token

    try:
        scopes = {Scope(one) for one in scope}
    except ValueError:
        raise refuse(f"a scope is one of {', '.join(Scope)}") from None
    try:
        made = asyncio.run(new_token(settings(), name, scopes, unit, days))
    except (ValueError, LookupError) as error:
        raise refuse(error) from None
    print(made)


@token.command("list")
def list_tokens() -> None:
    """Every token; never the token itself, which is kept nowhere."""
    from bot.commands.api_calls import list_tokens as ask

    table = Table("name", "scopes", "unit", "expires", "revoked", "last used")
    for one in asyncio.run(ask(settings())):
        times = (one.expires_at, one.revoked_at, one.last_used_at)
        shown = (f"{at:%Y-%m-%d %H:%M}" if at else "–" for at in times)
        table.add_row(one.name, " ".join(one.scopes), one.unit_code, *shown)
    screen.print(table)


@token.command("revoke")
def revoke_token(name: str) -> None:
    """Take a token out of force at once."""
    from bot.commands.api_calls import end_token

    try:
        asyncio.run(end_token(settings(), name))
    except LookupError as error:
        raise refuse(error) from None
    print(f"The token «{name}» opens nothing any more.")


@webhook.command("add")
def add_webhook(
    url: str,
    unit: Annotated[str, typer.Option(help="code of the unit whose events it gets, e.g. HB-WH")],
    kind: Annotated[list[str] | None, typer.Option(help="e.g. complaint.resolved; all without it")] = None,
) -> None:
    """Add a webhook, and print the secret of its signatures."""
    from bot.api.kinds import EventKind
    from bot.commands.api_calls import new_webhook

    try:
        kinds = {EventKind(one) for one in kind or ()}
    except ValueError:
        raise refuse(f"a kind is one of {', '.join(EventKind)}") from None
    try:
        webhook_id, secret = asyncio.run(new_webhook(settings(), url, kinds, unit))
    except (ValueError, LookupError) as error:
        raise refuse(error) from None
    print(f"{webhook_id} is sent events, signed with the secret  {secret}")


@webhook.command("list")
def list_webhooks() -> None:
    """Every webhook, and how it fares."""
    from bot.commands.api_calls import list_webhooks as ask

    table = Table("id", "address", "unit", "on", "failures in a row", "last failure")
    table.columns[0].no_wrap = True
    for one in asyncio.run(ask(settings())):
        is_on = "yes" if one.is_active else "no"
        table.add_row(str(one.id), one.url, one.unit_code, is_on, str(one.failure_count), one.last_failure or "–")
    screen.print(table)


@webhook.command("test")
def test_webhook(webhook_id: uuid.UUID) -> None:
    """Send a webhook a signed document of the kind `test`, and say what it answers."""
    from bot.commands.api_calls import test_webhook as send

    try:
        fault = asyncio.run(send(settings(), webhook_id))
    except LookupError as error:
        raise refuse(error) from None
    if fault is not None:
        raise refuse(f"the address did not take it: {fault}")
    print("The address took it.")


@webhook.command("on")
def switch_on(webhook_id: uuid.UUID) -> None:
    """Send to a webhook again that was switched off, beginning with what it missed."""
    from bot.commands.api_calls import switch_webhook_on

    try:
        asyncio.run(switch_webhook_on(settings(), webhook_id))
    except LookupError as error:
        raise refuse(error) from None
    print("It is sent events again.")


@webhook.command("remove")
def remove_webhook(webhook_id: uuid.UUID) -> None:
    """Send a webhook nothing any more."""
    from bot.commands.api_calls import end_webhook

    try:
        asyncio.run(end_webhook(settings(), webhook_id))
    except LookupError as error:
        raise refuse(error) from None
    print("It is sent nothing any more.")
