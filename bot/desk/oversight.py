"""The supervisor's page: load, dates and satisfaction by unit and person, what waits for a decision, who is away."""

import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from nicegui import ui
from nicegui.events import GenericEventArguments
from sqlalchemy import func, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.awaited import Awaited, awaited_from
from bot.complaints.figures import OVERALL, Group, Kept, Level
from bot.complaints.labels import Tier
from bot.complaints.models import ApprovalKind
from bot.desk.conversation import milliseconds
from bot.desk.elements import OversightTables
from bot.desk.figures import PERIODS_IN_DAYS, ChosenPeriod, Figures, Sheet, name_of, read_sheet, scope_of
from bot.desk.queue import QueueFilter, QueueOrder
from bot.desk.reassigning import reassign_all
from bot.desk.visit import NoLongerAllowed, Visit
from bot.desk.words import word
from bot.logs import logger
from bot.staff.administration import is_on_shift
from bot.staff.candidates import CASE_ROLE_OF, NotOnCases, person_of
from bot.staff.models import Absence, StaffMember
from bot.staff.people import organisation
from bot.staff.permissions import Act, may

AGAIN_AFTER_SECONDS = 30
APPROVED_BY = {
    ApprovalKind.LOWER_TIER: Act.APPROVE_LOWER_TIER,
    ApprovalKind.EXTENSION: Act.APPROVE_EXTENSION,
}
log = logger(__name__)


class Oversight:
    """The live page of one person."""

    def __init__(self, visit: Visit, chosen: ChosenPeriod) -> None:
        self._visit = visit
        self._chosen = chosen
        self._people: dict[uuid.UUID, StaffMember] = {}

    async def open(self) -> None:
        """Build the page, and read it anew as time passes."""
        self._tables = OversightTables(
            self._visit.language,
            days=PERIODS_IN_DAYS,
            chosen={"days": self._chosen.days, "since": str(self._chosen.first), "until": str(self._chosen.last)},
            csv_address=f"/oversight.csv?{self._chosen.query}",
        )
        self._tables.on("reassign", self._reassign)
        await self._show()
        ui.timer(AGAIN_AFTER_SECONDS, self._show_again, immediate=False)

    async def _show_again(self) -> None:
        if self._visit.client.has_socket_connection:
            try:
                await self._show()
            except (NoLongerAllowed, SQLAlchemyError) as error:
                log.info("oversight_not_refreshed", reason=type(error).__name__)

    async def _show(self) -> None:
        async with self._visit.transaction() as session:
            person, now = self._visit.person, self._visit.now
            sheet = await read_sheet(session, scope_of(person, organisation()), self._chosen.period, now=now)
            away = await _away_until(session, person.unit_code, now=now)
            awaited = await _awaited_from(session, person)
            ids = {key for level, key in sheet if level is Level.PERSON and isinstance(key, uuid.UUID)}
            self._people = await people_by_id(session, {*ids, *away, *(one.asked_by for one in awaited)})
        for staff_id in away:
            sheet.setdefault((Level.PERSON, staff_id), Figures())
        self._tables.show(
            overall=self._row(OVERALL, sheet.get(OVERALL, Figures())),
            units=[row | {"depth": self._depth(row["code"])} for row in self._rows(sheet, Level.UNIT)],
            people=[row | self._presence(row["id"], away, now=now) for row in self._rows(sheet, Level.PERSON)],
            awaited=[self._awaited_row(one) for one in awaited],
        )

    def _rows(self, sheet: Sheet, level: Level) -> list[dict[str, Any]]:
        """The rows of a level: what nobody has first, then units as they stand in the tree, people by unit and name."""
        groups = sorted((group for group in sheet if group[0] is level), key=self._place)
        return [self._row(group, sheet[group]) for group in groups]

    def _place(self, group: Group) -> tuple[str, str]:
        key = group[1]
        if isinstance(key, uuid.UUID):
            member = self._people.get(key)
            return (member.unit_code, member.username) if member else ("", str(key))
        return (key or "", "")

    def _depth(self, code: str) -> int:
        """How many levels below the person's own unit a unit stands."""
        return max(0, code.count("-") - self._visit.person.unit_code.count("-"))

    def _row(self, group: Group, figures: Figures) -> dict[str, Any]:
        code, name = name_of(group, self._people, organisation(), self._visit.language)
        leads = _links(group, code) if may(self._visit.person, Act.SEE_CASES) else {}
        return {
            "id": str(group[1] or ""),
            "code": code,
            "name": name,
            "open": {tier.value: count for tier, count in figures.open.by_tier.items()},
            "overdue": figures.open.overdue,
            "dueSoon": figures.open.due_soon,
            "waiting": figures.waiting,
            "kept": {promise.value: _kept(kept) for promise, kept in figures.kept.items()}
            | {"all": _kept(figures.all_kept)},
            "firstAnswer": _milliseconds_of(figures.first_answer),
            "rating": None if figures.rating is None else round(figures.rating, 1),
            "ratingsCount": figures.ratings_count,
            "leads": leads,
        }

    def _presence(self, row_id: str, away: Mapping[uuid.UUID, datetime], *, now: datetime) -> dict[str, Any]:
        member = self._people.get(uuid.UUID(row_id)) if row_id else None
        if member is None:
            return {"unit": "", "awayUntil": None, "isOffShift": False, "mayReassign": False}
        return {
            "unit": name_of((Level.UNIT, member.unit_code), {}, organisation(), self._visit.language)[1],
            "awayUntil": milliseconds(away.get(member.id)),
            "isOffShift": not is_on_shift(member, now),
            "mayReassign": may(self._visit.person, Act.REASSIGN) and self._visit.person.role in CASE_ROLE_OF,
        }

    def _awaited_row(self, awaited: Awaited) -> dict[str, Any]:
        language = self._visit.language
        asked_by = self._people.get(awaited.asked_by)
        return {
            "what": awaited.kind.display_name(language) if awaited.kind else word("awaits_plan", language),
            "number": awaited.number,
            "tier": awaited.tier.value,
            "tierName": awaited.tier.display_name(language),
            "by": asked_by.name if asked_by else "",
            "at": milliseconds(awaited.asked_at),
            "address": f"/conversations/{awaited.conversation_id}",
        }

    async def _reassign(self, event: GenericEventArguments) -> None:
        """Give all open cases of a person to others."""
        with suppress(ValueError):
            await reassign_all(self._visit, uuid.UUID(str(event.args)))
            await self._show_again()


async def people_by_id(session: AsyncSession, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, StaffMember]:
    """These people, also those whose account is closed."""
    found = await session.scalars(select(StaffMember).where(StaffMember.id.in_(set(ids))))
    return {member.id: member for member in found}


async def _away_until(session: AsyncSession, unit_code: str, *, now: datetime) -> dict[uuid.UUID, datetime]:
    """Who of a unit and those below is away, and until when."""
    query = (
        select(Absence.staff_id, func.max(Absence.until_at))
        .join(StaffMember, StaffMember.id == Absence.staff_id)
        .where(Absence.from_at <= now, Absence.until_at > now, StaffMember.is_active)
        .where(or_(StaffMember.unit_code == unit_code, StaffMember.unit_code.startswith(f"{unit_code}-")))
        .group_by(Absence.staff_id)
    )
    return dict((await session.execute(query)).tuples().all())


async def _awaited_from(session: AsyncSession, member: StaffMember) -> list[Awaited]:
    """What waits for this person's decision; nothing for who has nothing to do with cases."""
    try:
        person = person_of(member)
    except NotOnCases:
        return []
    kinds = [kind for kind, act in APPROVED_BY.items() if may(member, act)]
    return await awaited_from(session, person, kinds=kinds)


def _links(group: Group, code: str) -> dict[str, str]:
    """Where the figures of a group lead in the queue; empty for those of no unit, which the queue cannot tell apart."""
    level, key = group
    if level is Level.UNIT and key is None:
        return {}
    narrowed = {"unit": code} if level is Level.UNIT else {"handler": code} if key else {}
    everything = QueueFilter.UNASSIGNED if level is Level.PERSON and key is None else QueueFilter.OPEN
    by_date = {"chosen": QueueFilter.BREACHING.value, "order": QueueOrder.DEADLINE.value}
    asked: dict[str, dict[str, str]] = {
        tier.value: {"chosen": everything.value, "tier": tier.value} for tier in Tier
    } | {"dates": by_date, "waiting": {"chosen": QueueFilter.WAITING.value}}
    return {name: f"/?{urlencode(narrowed | view)}" for name, view in asked.items()}


def _kept(kept: Kept) -> dict[str, Any]:
    return {"met": kept.met, "due": kept.due, "percent": None if kept.share is None else int(kept.share * 100)}


def _milliseconds_of(duration: timedelta | None) -> int | None:
    return None if duration is None else int(duration / timedelta(milliseconds=1))
