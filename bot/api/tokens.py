"""Tokens of the bank's other systems: given once, kept as hashes, limited to scopes, a unit and a time."""

import re
import secrets
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.api.models import ApiToken
from bot.audit import record
from bot.staff.organisation import organisation
from bot.staff.sign_in import hash_of

NAME = re.compile(r"[a-z][a-z0-9._-]{1,39}")
PREFIX = "tingsu_"
"""Tools that look for lost secrets know a token by it."""
LONGEST_DAYS = 366
NOTE_USE_EVERY = timedelta(minutes=1)


class Scope(StrEnum):
    """Something that a token may do."""

    READ = "complaints:read"
    COMMENT = "complaints:comment"
    WRITE = "complaints:write"
    PERSONAL = "complaints:personal"
    MANAGE_EVENTS = "events:manage"


class InvalidToken(ValueError):
    """A token cannot be made; the message says why and what to do."""


class NoSuchToken(LookupError):
    """There is no token of this name that is still in force."""


@dataclass(frozen=True)
class Caller:
    """The system that asks."""

    token_id: uuid.UUID
    name: str
    scopes: frozenset[Scope]
    unit_code: str

    @property
    def actor(self) -> str:
        """What the audit log calls it."""
        return f"api:{self.name}"


async def add_token(
    session: AsyncSession,
    *,
    name: str,
    scopes: Iterable[Scope],
    unit_code: str,
    days: int,
    created_by: str,
    now: datetime,
) -> str:
    """Make a token.

    Args:
        name: which system: a small letter, then letters, digits, dots, dashes, underscores.
        unit_code: it sees this unit's complaints and those of all below.
        days: how long it is good for.

    Returns:
        The token. It is kept nowhere; show it once.

    Raises:
        InvalidToken: something given cannot be used.
        UnknownUnit: there is no such unit.
    """
    chosen = sorted(set(scopes))
    if not NAME.fullmatch(name):
        raise InvalidToken("A name is a small letter, then up to 39 letters, digits, dots, dashes or underscores.")
    if not chosen:
        raise InvalidToken(f"A token needs a scope: {', '.join(Scope)}.")
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidToken(f"A token is good for 1 to {LONGEST_DAYS} days.")
    if await session.scalar(select(func.count()).where(ApiToken.name == name)):
        raise InvalidToken(f"There is or was a token «{name}»; choose another name.")
    unit = organisation().find(unit_code)
    token = PREFIX + secrets.token_urlsafe(32)
    session.add(
        ApiToken(
            name=name,
            token_hash=hash_of(token),
            scopes=chosen,
            unit_code=unit.code,
            created_by=created_by,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
    )
    record(session, at=now, actor=created_by, action="add_token", subject=f"api:{name}", scopes=chosen, unit=unit.code)
    await session.flush()
    return token


async def revoke_token(session: AsyncSession, name: str, *, revoked_by: str, now: datetime) -> None:
    """Take a token out of force, at once.

    Raises:
        NoSuchToken: there is none of this name in force.
    """
    token = await session.scalar(
        select(ApiToken).where(ApiToken.name == name, ApiToken.revoked_at.is_(None)).with_for_update()
    )
    if token is None:
        raise NoSuchToken(f"There is no token «{name}» in force.")
    token.revoked_at = now
    record(session, at=now, actor=revoked_by, action="revoke_token", subject=f"api:{name}")


async def tokens(session: AsyncSession) -> Sequence[ApiToken]:
    """Every token, the newest first."""
    return list(await session.scalars(select(ApiToken).order_by(ApiToken.created_at.desc())))


async def caller_of(session: AsyncSession, token: str, *, now: datetime) -> Caller | None:
    """Who holds this token; nobody when it is unknown, expired or revoked."""
    found = await session.scalar(
        select(ApiToken).where(
            ApiToken.token_hash == hash_of(token), ApiToken.revoked_at.is_(None), ApiToken.expires_at > now
        )
    )
    if found is None:
        return None
    if found.last_used_at is None or found.last_used_at + NOTE_USE_EVERY <= now:
        found.last_used_at = now
    return Caller(found.id, found.name, frozenset(Scope(scope) for scope in found.scopes), found.unit_code)
