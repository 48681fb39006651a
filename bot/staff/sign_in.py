"""Signing in and out. A browser holds a token for 12 hours; the store holds its hash."""

import asyncio
import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.settings import settings
from bot.staff import passwords
from bot.staff.models import SignIn, StaffMember

LASTS_FOR = timedelta(hours=12)
CODE_WITHIN = timedelta(minutes=10)
"""A password is worth nothing when the code does not follow in this time."""
FAILURES_BEFORE_LOCK = 5
FIRST_LOCK_FOR = timedelta(minutes=15)
LONGEST_LOCK_FOR = timedelta(hours=24)


async def sign_in(session: AsyncSession, username: str, password: str, now: datetime) -> str | None:
    """Check who this is by the password. Whoever has a second factor owes its code after that.

    An unknown name, a wrong password, a locked and a closed account take the same work and get the same answer, so that
    nobody learns from it who works here.

    Returns:
        The token for the browser's cookie, or None. Commit either way: failures are counted.
    """
    username = username.strip().lower()
    person = await session.scalar(select(StaffMember).where(StaffMember.username == username).with_for_update())
    password_hash = person.password_hash if person is not None else passwords.nobodys_hash()
    is_right = await asyncio.to_thread(passwords.fits, password_hash, password)
    if person is None:
        # The name stays out of the record: people type their password into the wrong field.
        record(session, at=now, actor="system", action="sign_in_refused", subject="staff", why="unknown")
        return None
    if not person.is_active or person.is_known_to_provider or is_locked(person, now):
        why = "locked" if is_locked(person, now) else "single_sign_on"
        why = why if person.is_active else "not_active"
        record(session, at=now, actor="system", action="sign_in_refused", subject=f"staff:{username}", why=why)
        return None
    if not is_right:
        note_failure(session, person, now)
        return None
    if passwords.hasher().check_needs_rehash(password_hash):
        person.password_hash = await asyncio.to_thread(passwords.hasher().hash, password)
    if is_asked_for_code(person):
        return await new_sign_in(session, person, now, owes_code=True)
    note_success(session, person, now)
    return await new_sign_in(session, person, now)


def is_asked_for_code(person: StaffMember) -> bool:
    """Whether a password alone does not let this person in."""
    return settings().second_factor != "off" and person.second_factor_at is not None


def must_set_up_second_factor(person: StaffMember) -> bool:
    """Whether the person may do nothing else before a second factor is set up."""
    is_required = (settings().second_factor or "required") == "required"
    return is_required and person.second_factor_at is None and not person.is_known_to_provider


async def who_is(session: AsyncSession, token: str | None, now: datetime) -> StaffMember | None:
    """The person whose browser holds this token; None once it expired or was signed out, or the account is closed."""
    if not token:
        return None
    found: StaffMember | None = await session.scalar(
        select(StaffMember)
        .join(SignIn, SignIn.staff_id == StaffMember.id)
        .where(SignIn.token_hash == hash_of(token), SignIn.expires_at > now, ~SignIn.owes_code, StaffMember.is_active)
    )
    return found


async def sign_out(session: AsyncSession, token: str | None, now: datetime) -> None:
    """End this browser's sign-in; nothing happens if there is none."""
    person = await who_is(session, token, now)
    if person is None or token is None:
        return
    await session.execute(delete(SignIn).where(SignIn.token_hash == hash_of(token)))
    record(session, at=now, actor=f"staff:{person.username}", action="sign_out", subject=f"staff:{person.username}")


async def is_signed_in(session: AsyncSession, person: StaffMember, now: datetime) -> bool:
    """Whether any browser still holds a sign-in of the person's."""
    found = select(SignIn.token_hash).where(SignIn.staff_id == person.id, SignIn.expires_at > now)
    return await session.scalar(found.limit(1)) is not None


def is_locked(person: StaffMember, now: datetime) -> bool:
    """Whether the account is closed for a while after too many wrong passwords."""
    return person.locked_until is not None and person.locked_until > now


def note_success(session: AsyncSession, person: StaffMember, now: datetime, **detail: str) -> None:
    """Record that the person is in, and forget the failures: not before, or guessing codes would cost nothing."""
    person.failed_count = 0
    person.locked_until = None
    who = f"staff:{person.username}"
    record(session, at=now, actor=who, action="sign_in", subject=who, **detail)


def note_failure(session: AsyncSession, person: StaffMember, now: datetime, why: str = "wrong_password") -> None:
    """Count a wrong password or code; from the fifth in a row on the account is locked, each time for twice as long."""
    person.failed_count += 1
    beyond = person.failed_count - FAILURES_BEFORE_LOCK
    if beyond >= 0:
        person.locked_until = now + min(FIRST_LOCK_FOR * 2 ** min(beyond, 10), LONGEST_LOCK_FOR)
    record(
        session,
        at=now,
        actor="system",
        action="sign_in_refused",
        subject=f"staff:{person.username}",
        why=why,
        failures=person.failed_count,
    )


async def new_sign_in(session: AsyncSession, person: StaffMember, now: datetime, *, owes_code: bool = False) -> str:
    """Begin a sign-in for a person who has proved who they are, and clear away their expired ones.

    Args:
        owes_code: the second factor's code is still to come.

    Returns:
        The token; only its hash is kept.
    """
    await session.execute(delete(SignIn).where(SignIn.staff_id == person.id, SignIn.expires_at <= now))
    token = secrets.token_urlsafe(32)
    expires_at = now + (CODE_WITHIN if owes_code else LASTS_FOR)
    session.add(
        SignIn(
            token_hash=hash_of(token), staff_id=person.id, created_at=now, expires_at=expires_at, owes_code=owes_code
        )
    )
    await session.flush()
    return token


async def end_all_sign_ins(session: AsyncSession, person: StaffMember) -> None:
    """Sign the person out of every browser."""
    await session.execute(delete(SignIn).where(SignIn.staff_id == person.id))


def hash_of(token: str) -> str:
    """What the store keeps of a token. The token is random and long, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()
