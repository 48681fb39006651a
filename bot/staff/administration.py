"""Looking after people: finding and changing them, closing accounts, new passwords, absences and shifts.

An administrator looks after the people of their own unit and the units below. Each use case works in the caller's
transaction, locks the person, and writes one audit record.
"""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.masking import mask_form
from bot.staff import passwords
from bot.staff.faults import InvalidStaff, StaffFault
from bot.staff.models import Absence, Role, StaffMember
from bot.staff.people import add_staff, checked_name, checked_role, checked_unit
from bot.staff.second_factor import reset_second_factor
from bot.staff.sign_in import end_all_sign_ins

BANK_TIME = ZoneInfo("Asia/Shanghai")
LONGEST_NOTE = 200


@dataclass(frozen=True)
class Shift:
    """Hours on one day of each week.

    Args:
        weekday: 1 for Monday to 7 for Sunday.
        begins, ends: by the bank's clock; the end is later on the same day.
    """

    weekday: int
    begins: time
    ends: time


async def find_people(
    session: AsyncSession, search: str, administrator: StaffMember, *, limit: int, offset: int = 0
) -> tuple[list[StaffMember], int]:
    """The people of the administrator's subtree whose name, username or unit has these words, by username.

    Returns:
        One page of them, and how many there are.
    """
    wanted = _in_subtree(administrator.unit_code)
    for part in search.split()[:5]:
        looked_for = (StaffMember.username, StaffMember.name, StaffMember.unit_code)
        wanted = and_(wanted, or_(*(column.icontains(part, autoescape=True) for column in looked_for)))
    count = await session.scalar(select(func.count()).select_from(StaffMember).where(wanted)) or 0
    found = await session.scalars(
        select(StaffMember).where(wanted).order_by(StaffMember.username).limit(limit).offset(offset)
    )
    return list(found), count


async def looked_after(session: AsyncSession, username: str, administrator: StaffMember) -> StaffMember:
    """The person with this username, locked until the transaction ends.

    Raises:
        InvalidStaff: there is none in the administrator's subtree.
    """
    person = await session.scalar(
        select(StaffMember)
        .where(StaffMember.username == username, _in_subtree(administrator.unit_code))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if person is None:
        raise InvalidStaff(StaffFault.OTHER_UNIT)
    return person


async def add_person(
    session: AsyncSession,
    *,
    username: str,
    name: str,
    role: str,
    unit_code: str,
    administrator: StaffMember,
    now: datetime,
) -> str:
    """Add a person to the administrator's subtree.

    Returns:
        The one-time password, to be shown once.

    Raises:
        InvalidStaff: something given cannot be used.
    """
    _check_in_subtree(checked_unit(unit_code).code, administrator)
    return await add_staff(
        session, username=username, name=name, role=role, unit_code=unit_code, now=now, actor=_actor(administrator)
    )


async def change_person(
    session: AsyncSession,
    person: StaffMember,
    *,
    name: str,
    role: str,
    unit_code: str,
    administrator: StaffMember,
    now: datetime,
) -> None:
    """Give the person another name, role or unit. A new role counts from their next act on.

    Raises:
        InvalidStaff: something given cannot be used, or it is the administrator's own role or unit.
    """
    new_name, new_role, new_unit = checked_name(name), checked_role(role), checked_unit(unit_code).code
    is_moved = (new_role, new_unit) != (person.role, person.unit_code)
    if is_moved and person.id == administrator.id:
        raise InvalidStaff(StaffFault.ONESELF)
    _check_in_subtree(new_unit, administrator)
    if new_role is not Role.ADMINISTRATOR:
        await _keep_an_administrator(session, person)
    person.name, person.role, person.unit_code = new_name, new_role, new_unit
    _record(session, "change_staff", person, administrator, now, role=new_role.value, unit=new_unit)


async def close_account(
    session: AsyncSession, person: StaffMember, *, administrator: StaffMember, now: datetime
) -> None:
    """End every sign-in of the person and let them in no more. What they did stays under their name.

    Raises:
        InvalidStaff: it is the administrator's own account, or the last administrator's.
    """
    if person.id == administrator.id:
        raise InvalidStaff(StaffFault.ONESELF)
    await _keep_an_administrator(session, person)
    person.is_active = False
    await end_all_sign_ins(session, person)
    _record(session, "close_account", person, administrator, now)


async def reopen_account(
    session: AsyncSession, person: StaffMember, *, administrator: StaffMember, now: datetime
) -> None:
    """Let a person in again whose account was closed."""
    person.is_active = True
    _record(session, "reopen_account", person, administrator, now)


async def reset_password(session: AsyncSession, person: StaffMember, *, actor: str, now: datetime) -> str:
    """Replace a forgotten password; every sign-in ends, and a lock with it.

    Returns:
        The one-time password, to be shown once.
    """
    password = passwords.one_time_password()
    person.password_hash = await asyncio.to_thread(passwords.hasher().hash, password)
    person.must_change_password = True
    person.failed_count = 0
    person.locked_until = None
    await end_all_sign_ins(session, person)
    record(session, at=now, actor=actor, action="reset_password", subject=f"staff:{person.username}")
    return password


async def remove_second_factor(
    session: AsyncSession, person: StaffMember, *, administrator: StaffMember, now: datetime
) -> None:
    """Let a person set up a second factor anew whose telephone is gone."""
    await reset_second_factor(session, person, actor=_actor(administrator), now=now)


async def add_absence(
    session: AsyncSession,
    person: StaffMember,
    *,
    from_at: datetime,
    until_at: datetime,
    note: str,
    administrator: StaffMember,
    now: datetime,
) -> None:
    """Note a time in which the person is away.

    Raises:
        InvalidStaff: it ends before it begins, or the note is too long.
    """
    note = mask_form(note)
    if until_at <= from_at:
        raise InvalidStaff(StaffFault.TIMES)
    if len(note) > LONGEST_NOTE:
        raise InvalidStaff(StaffFault.NOTE)
    session.add(Absence(id=uuid.uuid4(), staff_id=person.id, from_at=from_at, until_at=until_at, note=note))
    _record(session, "add_absence", person, administrator, now, since=from_at.isoformat(), until=until_at.isoformat())


async def remove_absence(
    session: AsyncSession, person: StaffMember, absence_id: uuid.UUID, *, administrator: StaffMember, now: datetime
) -> None:
    """Take an absence back; nothing happens if it is gone already."""
    absence = await session.get(Absence, absence_id)
    if absence is None or absence.staff_id != person.id:
        return
    await session.delete(absence)
    _record(session, "remove_absence", person, administrator, now)


async def absences_of(session: AsyncSession, person: StaffMember, *, now: datetime) -> list[Absence]:
    """The person's present and coming absences, the next one first."""
    return list(
        await session.scalars(
            select(Absence).where(Absence.staff_id == person.id, Absence.until_at > now).order_by(Absence.from_at)
        )
    )


async def absent_ids(session: AsyncSession, *, at: datetime) -> set[uuid.UUID]:
    """The ids of everybody who is away at this moment."""
    return set(await session.scalars(select(Absence.staff_id).where(Absence.from_at <= at, Absence.until_at > at)))


def set_shifts(
    session: AsyncSession, person: StaffMember, shifts: Sequence[Shift], *, administrator: StaffMember, now: datetime
) -> None:
    """Set the person's weekly hours; none means that they are always there.

    Raises:
        InvalidStaff: a shift ends before it begins.
    """
    if any(shift.ends <= shift.begins or shift.weekday not in range(1, 8) for shift in shifts):
        raise InvalidStaff(StaffFault.TIMES)
    in_order = sorted(shifts, key=lambda shift: (shift.weekday, shift.begins))
    person.shifts = [
        {"weekday": shift.weekday, "from": f"{shift.begins:%H:%M}", "until": f"{shift.ends:%H:%M}"}
        for shift in in_order
    ]
    _record(session, "set_shifts", person, administrator, now)


def is_on_shift(person: StaffMember, at: datetime) -> bool:
    """Whether the person's weekly hours cover this moment."""
    if not person.shifts:
        return True
    local = at.astimezone(BANK_TIME)
    clock = f"{local:%H:%M}"
    return any(
        shift["weekday"] == local.isoweekday() and shift["from"] <= clock < shift["until"] for shift in person.shifts
    )


def _in_subtree(code: str) -> ColumnElement[bool]:
    """A unit's code begins with its parent's, so that a prefix is the subtree."""
    return or_(StaffMember.unit_code == code, StaffMember.unit_code.startswith(f"{code}-", autoescape=True))


def _check_in_subtree(code: str, administrator: StaffMember) -> None:
    if code != administrator.unit_code and not code.startswith(f"{administrator.unit_code}-"):
        raise InvalidStaff(StaffFault.OTHER_UNIT)


async def _keep_an_administrator(session: AsyncSession, person: StaffMember) -> None:
    """Refuse what would leave nobody to look after people. The others are locked, so that two cannot go at once."""
    if person.role is not Role.ADMINISTRATOR or not person.is_active:
        return
    others = await session.scalars(
        select(StaffMember.id)
        .where(StaffMember.role == Role.ADMINISTRATOR, StaffMember.is_active, StaffMember.id != person.id)
        .order_by(StaffMember.id)
        .with_for_update()
    )
    if others.first() is None:
        raise InvalidStaff(StaffFault.LAST_ADMINISTRATOR)


def _actor(administrator: StaffMember) -> str:
    return f"staff:{administrator.username}"


def _record(
    session: AsyncSession, action: str, person: StaffMember, administrator: StaffMember, now: datetime, **detail: str
) -> None:
    record(session, at=now, actor=_actor(administrator), action=action, subject=f"staff:{person.username}", **detail)
