"""Canned replies of a unit's own, beside the house's. Each use case works in the caller's transaction."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, String, Text, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from bot.audit import record
from bot.complaints.labels import Label
from bot.complaints.learn import LearnStep
from bot.complaints.replies import LONGEST_REPLY, CannotFill, Placeholder, check_places
from bot.database import Base
from bot.masking import mask
from bot.staff.faults import Explained
from bot.staff.models import StaffMember
from bot.staff.organisation import UnknownUnit
from bot.staff.people import organisation

LONGEST_TITLE = 60
LANGUAGES = frozenset({"zh", "en"})


class UnitReply(Base):
    """A reply that the people of a unit, and of the units below, find beside the house's."""

    __tablename__ = "canned_replies"
    __table_args__ = (Index("ix_canned_replies_in_use", "unit_code", postgresql_where=text("archived_at IS NULL")),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    unit_code: Mapped[str] = mapped_column(String(20))
    step: Mapped[LearnStep]
    language: Mapped[str] = mapped_column(String(5))
    title: Mapped[str] = mapped_column(String(LONGEST_TITLE))
    text: Mapped[str] = mapped_column(Text)
    """With places in braces, as `Placeholder` names them."""
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class ReplyFault(Label):
    """Why a unit's reply cannot be kept."""

    TITLE = "title", "标题须为 1 至 60 个字。", "A title has 1 to 60 characters."
    TEXT = "text", "回复须为 1 至 1000 个字。", "A reply has 1 to 1000 characters."
    STEP = "step", "请选择 LEARN 步骤。", "Choose a LEARN step."
    LANGUAGE = "language", "请选择中文或英文。", "Choose Chinese or English."
    PLACE = (
        "place",
        "花括号里的「{place}」填不了，可以写：{places}。",
        "Nothing fills in «{place}»; between braces write one of {places}.",
    )
    OTHER_UNIT = (
        "other_unit",
        "只能管理本机构及下级机构的回复。",
        "You keep the replies of your own unit and those below only.",
    )


class InvalidReply(Explained):
    """A unit's reply cannot be kept."""


async def replies_for(session: AsyncSession, unit_code: str) -> Sequence[UnitReply]:
    """The replies in use that a unit's people find: its own and those of the units above, the nearest unit's first."""
    try:
        codes = [unit.code for unit in organisation().path(unit_code)]
    except UnknownUnit:
        return []
    found = await session.scalars(
        select(UnitReply).where(UnitReply.unit_code.in_(codes), UnitReply.archived_at.is_(None)).order_by(UnitReply.id)
    )
    return sorted(found, key=lambda reply: -len(reply.unit_code))


async def replies_with(session: AsyncSession, ids: Iterable[int], unit_code: str) -> Sequence[UnitReply]:
    """Those of the unit's replies that have these ids; others are left out."""
    wanted = set(ids)
    return [reply for reply in await replies_for(session, unit_code) if reply.id in wanted] if wanted else []


async def replies_kept_by(session: AsyncSession, keeper: StaffMember) -> Sequence[UnitReply]:
    """The replies in use of the keeper's unit and the units below."""
    code = keeper.unit_code
    in_subtree = or_(UnitReply.unit_code == code, UnitReply.unit_code.startswith(f"{code}-", autoescape=True))
    found = await session.scalars(
        select(UnitReply).where(in_subtree, UnitReply.archived_at.is_(None)).order_by(UnitReply.unit_code, UnitReply.id)
    )
    return found.all()


async def kept_reply(session: AsyncSession, reply_id: int, keeper: StaffMember) -> UnitReply:
    """The reply with this id, locked until the transaction ends.

    Raises:
        InvalidReply: there is none in use in the keeper's subtree.
    """
    reply = await session.get(UnitReply, reply_id, with_for_update=True, populate_existing=True)
    if reply is None or reply.archived_at is not None:
        raise InvalidReply(ReplyFault.OTHER_UNIT)
    _check_in_subtree(reply.unit_code, keeper)
    return reply


async def add_reply(
    session: AsyncSession,
    *,
    unit_code: str,
    step: str,
    language: str,
    title: str,
    text: str,
    keeper: StaffMember,
    now: datetime,
) -> UnitReply:
    """Give a unit a reply of its own.

    Raises:
        InvalidReply: something given cannot be used, or the unit is not below the keeper's.
    """
    _check_in_subtree(unit_code, keeper)
    reply = UnitReply(unit_code=unit_code, created_by=keeper.id, created_at=now)
    _write(reply, step=step, language=language, title=title, text=text)
    session.add(reply)
    await session.flush()
    _record(session, "add_reply", reply, keeper, now)
    return reply


def change_reply(
    session: AsyncSession,
    reply: UnitReply,
    *,
    step: str,
    language: str,
    title: str,
    text: str,
    keeper: StaffMember,
    now: datetime,
) -> None:
    """Write a reply anew. Its unit stays.

    Raises:
        InvalidReply: something given cannot be used.
    """
    _write(reply, step=step, language=language, title=title, text=text)
    _record(session, "change_reply", reply, keeper, now)


def archive_reply(session: AsyncSession, reply: UnitReply, *, keeper: StaffMember, now: datetime) -> None:
    """Take a reply out of use. It is kept, so that records of its use can be read."""
    reply.archived_at = now
    _record(session, "archive_reply", reply, keeper, now)


def _write(reply: UnitReply, *, step: str, language: str, title: str, text: str) -> None:
    # Every customer may be sent it: a telephone number in it is the bank's.
    title, text = mask(" ".join(title.split())).text, mask(text.strip()).text
    if step not in set(LearnStep):
        raise InvalidReply(ReplyFault.STEP)
    if language not in LANGUAGES:
        raise InvalidReply(ReplyFault.LANGUAGE)
    if not 0 < len(title) <= LONGEST_TITLE:
        raise InvalidReply(ReplyFault.TITLE)
    if not 0 < len(text) <= LONGEST_REPLY:
        raise InvalidReply(ReplyFault.TEXT)
    try:
        check_places(text)
    except CannotFill as unknown:
        places = " ".join(f"{{{place}}}" for place in Placeholder)
        raise InvalidReply(ReplyFault.PLACE, place=unknown.place or "{", places=places) from unknown
    reply.step, reply.language, reply.title, reply.text = LearnStep(step), language, title, text


def _check_in_subtree(code: str, keeper: StaffMember) -> None:
    is_below = code == keeper.unit_code or code.startswith(f"{keeper.unit_code}-")
    if not is_below or not any(unit.code == code for unit in organisation().units):
        raise InvalidReply(ReplyFault.OTHER_UNIT)


def _record(session: AsyncSession, action: str, reply: UnitReply, keeper: StaffMember, now: datetime) -> None:
    record(
        session,
        at=now,
        actor=f"staff:{keeper.username}",
        action=action,
        subject=f"reply:{reply.id}",
        unit=reply.unit_code,
        step=reply.step.value,
    )
