"""People of the desk: adding them, and their passwords. Each use case works in the caller's transaction."""

import asyncio
import re
import uuid
from datetime import datetime
from functools import cache

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.staff import passwords
from bot.staff.faults import InvalidStaff, StaffFault
from bot.staff.models import Role, StaffMember
from bot.staff.organisation import Organisation, OrganisationUnit, UnknownUnit, load_organisation
from bot.staff.passwords import PasswordFault
from bot.staff.sign_in import end_all_sign_ins, new_sign_in, note_failure

USERNAME = re.compile(r"[a-z][a-z0-9._-]{1,49}")
LONGEST_NAME = 50
FIRST_ADMINISTRATOR = "admin"

FIRST_ADMINISTRATOR_LOCK = 0x7165_4144
"""Key of the advisory lock under which the first administrator is made; any fixed number will do."""


@cache
def organisation() -> Organisation:
    """The organisation in force, read once."""
    return load_organisation()


async def add_staff(
    session: AsyncSession,
    *,
    username: str,
    name: str,
    role: Role | str,
    unit_code: str,
    now: datetime,
    actor: str = "system",
) -> str:
    """Add a person, who chooses a password of their own at the first sign-in.

    Args:
        username: what the person signs in with; capitals are made small.
        name: as customers see it: surname and title, «李经理».
        role: one of `Role`.
        unit_code: where the person works, from `data/organisation.yml`.

    Returns:
        The one-time password. It is kept nowhere; show it once.

    Raises:
        InvalidStaff: something given cannot be used.
    """
    username = username.strip().lower()
    if not USERNAME.fullmatch(username):
        raise InvalidStaff(StaffFault.USERNAME)
    name, role, unit = checked_name(name), checked_role(role), checked_unit(unit_code)
    if await session.scalar(select(func.count()).where(StaffMember.username == username)):
        raise InvalidStaff(StaffFault.TAKEN, username=username)
    password = passwords.one_time_password()
    session.add(
        StaffMember(
            id=uuid.uuid4(),
            username=username,
            name=name,
            role=role,
            unit_code=unit.code,
            password_hash=await asyncio.to_thread(passwords.hasher().hash, password),
            must_change_password=True,
            failed_count=0,
            language="zh",
            is_active=True,
            created_at=now,
        )
    )
    record(session, at=now, actor=actor, action="add_staff", subject=f"staff:{username}", role=role, unit=unit.code)
    await session.flush()
    return password


def checked_name(name: str) -> str:
    """The name as it is stored.

    Raises:
        InvalidStaff: it is empty, too long, or cannot be shown.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidStaff(StaffFault.NAME)
    return name


def checked_role(role: Role | str) -> Role:
    """The role.

    Raises:
        InvalidStaff: there is no such role.
    """
    if role not in set(Role):
        raise InvalidStaff(StaffFault.ROLE, role=str(role), roles=", ".join(Role))
    return Role(role)


def checked_unit(code: str) -> OrganisationUnit:
    """The unit with this code, however it is capitalised.

    Raises:
        InvalidStaff: there is none.
    """
    try:
        return organisation().find(code.strip().upper())
    except UnknownUnit as error:
        raise InvalidStaff(StaffFault.UNIT, code=code) from error


async def ensure_first_administrator(session: AsyncSession, now: datetime) -> tuple[str, str] | None:
    """Make an administrator if there is nobody at all, so that somebody can sign in and add the others.

    Returns:
        Username and one-time password, or None if there is somebody already.
    """
    await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": FIRST_ADMINISTRATOR_LOCK})
    if await session.scalar(select(func.count()).select_from(StaffMember)):
        return None
    password = await add_staff(
        session,
        username=FIRST_ADMINISTRATOR,
        name="值班经理",
        role=Role.ADMINISTRATOR,
        unit_code=organisation().top.code,
        now=now,
    )
    return FIRST_ADMINISTRATOR, password


async def change_password(
    session: AsyncSession, person: StaffMember, *, current: str, new: str, now: datetime
) -> str | PasswordFault:
    """The person chooses a new password; every sign-in of theirs ends, and a new one begins.

    Returns:
        The token of the new sign-in, or what is wrong. A wrong current password counts as a failed sign-in, so commit
        either way.
    """
    if not await asyncio.to_thread(passwords.fits, person.password_hash, current):
        note_failure(session, person, now)
        return PasswordFault.WRONG_CURRENT
    fault = passwords.fault_of(new, username=person.username, current=current)
    if fault is not None:
        return fault
    person.password_hash = await asyncio.to_thread(passwords.hasher().hash, new)
    person.must_change_password = False
    await end_all_sign_ins(session, person)
    who = f"staff:{person.username}"
    record(session, at=now, actor=who, action="change_password", subject=who)
    return await new_sign_in(session, person, now)


async def choose_language(session: AsyncSession, person: StaffMember, language: str) -> None:
    """The person reads the desk in this language from now on.

    Raises:
        ValueError: the desk does not speak it.
    """
    if language not in {"zh", "en"}:
        raise ValueError(f"The desk speaks zh and en, not «{language}»")
    person.language = language
    await session.flush()
