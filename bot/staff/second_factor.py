"""The second factor: six digits of an authenticator app (TOTP, RFC 6238), or one of eight recovery codes.

A person sets it up once. From then on a password alone begins a sign-in that opens nothing until a code follows.
"""

import hmac
import secrets
from datetime import datetime

import pyotp
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.staff.models import SignIn, StaffMember
from bot.staff.passwords import READABLE
from bot.staff.sealed import Unreadable, keyed_hash, opened, sealed
from bot.staff.sign_in import end_all_sign_ins, hash_of, is_locked, new_sign_in, note_failure, note_success

ISSUER = "Tingsu"
STEP_SECONDS = 30
DRIFT_STEPS = 1
"""A telephone's clock may be this many steps off (RFC 6238, section 5.2)."""
RECOVERY_CODES_COUNT = 8
PURPOSE = "second factor"


class AlreadySetUp(Exception):
    """The person has a second factor; an administrator takes it away before another is set up."""


async def begin_second_factor(session: AsyncSession, person: StaffMember) -> str:
    """The key to put into the authenticator app; the same one until it is confirmed.

    Raises:
        AlreadySetUp: a key is confirmed already, and nobody sees it again.
    """
    if person.second_factor_at is not None:
        raise AlreadySetUp(person.username)
    if person.sealed_key is not None:
        try:
            return opened(person.sealed_key, purpose=PURPOSE)
        except Unreadable:
            pass  # the installation's secret has changed: begin anew
    key = pyotp.random_base32()
    person.sealed_key = sealed(key, purpose=PURPOSE)
    await session.flush()
    return key


def address_for_app(person: StaffMember, key: str) -> str:
    """What the QR code says: `otpauth://totp/…`."""
    return pyotp.TOTP(key, interval=STEP_SECONDS).provisioning_uri(name=person.username, issuer_name=ISSUER)


async def confirm_second_factor(
    session: AsyncSession, person: StaffMember, code: str, now: datetime
) -> list[str] | None:
    """The person proves that the app works.

    Returns:
        The recovery codes, to be shown once; None if the code is wrong. That counts as a failure: commit either way.

    Raises:
        AlreadySetUp: it is confirmed already.
    """
    await begin_second_factor(session, person)
    if is_locked(person, now) or not _takes_code(person, code, now):
        note_failure(session, person, now, why="wrong_code")
        return None
    person.second_factor_at = now
    codes = [_recovery_code() for _ in range(RECOVERY_CODES_COUNT)]
    person.recovery_hashes = [keyed_hash(_plain(code), purpose=PURPOSE) for code in codes]
    who = f"staff:{person.username}"
    record(session, at=now, actor=who, action="set_up_second_factor", subject=who)
    await session.flush()
    return codes


async def who_owes_code(session: AsyncSession, token: str | None, now: datetime) -> StaffMember | None:
    """The person whose browser has shown the right password and not yet a code."""
    if not token:
        return None
    found: StaffMember | None = await session.scalar(
        select(StaffMember)
        .join(SignIn, SignIn.staff_id == StaffMember.id)
        .where(SignIn.token_hash == hash_of(token), SignIn.expires_at > now, SignIn.owes_code, StaffMember.is_active)
        .with_for_update(of=StaffMember)
    )
    return found


async def finish_sign_in(session: AsyncSession, token: str | None, code: str, now: datetime) -> str | None:
    """Let in a person who gives a code after the password.

    Returns:
        The token of the finished sign-in, or None. Commit either way: failures are counted, with the passwords'.
    """
    person = await who_owes_code(session, token, now)
    if person is None or token is None or is_locked(person, now):
        return None
    way = "app" if _takes_code(person, code, now) else "recovery_code" if _takes_recovery_code(person, code) else None
    if way is None:
        note_failure(session, person, now, why="wrong_code")
        return None
    await session.execute(delete(SignIn).where(SignIn.token_hash == hash_of(token)))
    note_success(session, person, now, second_factor=way)
    return await new_sign_in(session, person, now)


async def reset_second_factor(session: AsyncSession, person: StaffMember, *, actor: str, now: datetime) -> None:
    """Take the second factor away, with every sign-in, when telephone and recovery codes are lost."""
    person.sealed_key = None
    person.second_factor_at = None
    person.last_step = None
    person.recovery_hashes = []
    await end_all_sign_ins(session, person)
    record(session, at=now, actor=actor, action="reset_second_factor", subject=f"staff:{person.username}")


def _takes_code(person: StaffMember, code: str, now: datetime) -> bool:
    """Whether this is a code of the present time that has not been used; it can't be used again."""
    digits = "".join(code.split())
    if person.sealed_key is None or not digits.isascii():
        return False
    try:
        app = pyotp.TOTP(opened(person.sealed_key, purpose=PURPOSE), interval=STEP_SECONDS)
    except Unreadable:
        return False
    present = int(now.timestamp()) // STEP_SECONDS
    for step in range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1):
        is_unused = person.last_step is None or step > person.last_step
        if is_unused and hmac.compare_digest(app.generate_otp(step), digits):
            person.last_step = step
            return True
    return False


def _takes_recovery_code(person: StaffMember, code: str) -> bool:
    hashed = keyed_hash(_plain(code), purpose=PURPOSE)
    if hashed not in person.recovery_hashes:
        return False
    person.recovery_hashes = [other for other in person.recovery_hashes if other != hashed]
    return True


def _recovery_code() -> str:
    return "-".join("".join(secrets.choice(READABLE) for _ in range(4)) for _ in range(3))


def _plain(code: str) -> str:
    return "".join(character for character in code.casefold() if character.isalnum())
