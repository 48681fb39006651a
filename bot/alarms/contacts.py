"""Where people can be reached: kept on request, and asked when somebody must be called."""

from collections.abc import Collection
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.alarms.line import Person
from bot.alarms.models import StaffContact, Way
from bot.audit import record
from bot.staff.administration import absent_ids, is_on_shift
from bot.staff.models import SignIn, StaffMember

LONGEST_EMAIL = 254
"""Characters: what fits into SMTP's path (RFC 5321, 4.5.3.1.3)."""


class InvalidContact(ValueError):
    """A contact cannot be kept; the message says why and what to do."""


async def set_contact(
    session: AsyncSession, username: str, *, email: str | None = None, telegram: str | None = None, now: datetime
) -> StaffContact:
    """Keep where a person can be reached.

    Args:
        email: the address; empty takes the known one away, None leaves it.
        telegram: the number of the person's chat with the bank's bot; empty and None as above.

    Raises:
        InvalidContact: there is no such person, or something given cannot be used.
    """
    username = username.strip().lower()
    person = await session.scalar(select(StaffMember).where(StaffMember.username == username))
    if person is None:
        raise InvalidContact(f"There is nobody called «{username}»; add the person first.")
    contact = await session.get(StaffContact, person.id) or StaffContact(staff_id=person.id)
    if email is not None:
        contact.email = _email(email)
    if telegram is not None:
        contact.telegram_chat_id = _chat_id(telegram)
    session.add(contact)
    record(
        session,
        at=now,
        actor="system",
        action="set_contact",
        subject=f"staff:{username}",
        has_email=contact.email is not None,
        has_telegram=contact.telegram_chat_id is not None,
    )
    await session.flush()
    return contact


def _email(text: str) -> str | None:
    address = text.strip()
    if not address:
        return None
    try:
        # Mail servers on the way need not know Unicode addresses (RFC 6531), so a call to one could get lost.
        is_usable = address.isascii() and bool(Address(addr_spec=address).domain)
    except (ValueError, IndexError, MessageError):
        is_usable = False
    if not is_usable or len(address) > LONGEST_EMAIL:
        raise InvalidContact(f"«{address}» is no e-mail address; write one such as li@bank.example.")
    return address


def _chat_id(text: str) -> int | None:
    number = text.strip()
    if not number:
        return None
    # Telegram's ids have at most 52 significant bits; a group's is negative.
    if not number.removeprefix("-").isdecimal() or not 0 < abs(int(number)) < 2**52:
        raise InvalidContact(f"«{number}» is no number of a Telegram chat; it looks like 700100200.")
    return int(number)


async def people_to_reach(session: AsyncSession, ways: Collection[Way], *, now: datetime) -> list[Person]:
    """Everybody at work for the bank, each with the ways by which they can be reached now.

    Args:
        ways: which ways there are at all.
    """
    is_signed_in = exists().where(
        SignIn.staff_id == StaffMember.id, SignIn.expires_at > now, SignIn.owes_code.is_(False)
    )
    away = await absent_ids(session, at=now)
    query = (
        select(StaffMember, StaffContact, is_signed_in)
        .outerjoin(StaffContact, StaffContact.staff_id == StaffMember.id)
        .where(StaffMember.is_active)
        .order_by(StaffMember.username)
    )
    return [
        Person(
            id=member.id,
            role=member.role,
            unit_code=member.unit_code,
            ways=frozenset(ways) & _ways_to(contact, is_at_desk=is_at_desk),
            is_on_duty=member.id not in away and is_on_shift(member, now),
        )
        for member, contact, is_at_desk in await session.execute(query)
    ]


def _ways_to(contact: StaffContact | None, *, is_at_desk: bool) -> frozenset[Way]:
    has = {
        Way.DESK: is_at_desk,
        Way.TELEGRAM: contact is not None and contact.telegram_chat_id is not None,
        Way.EMAIL: contact is not None and contact.email is not None,
    }
    return frozenset(way for way, is_there in has.items() if is_there)
