"""The page on which administrators look after people: finding, adding, changing, closing; absences and shifts."""

import uuid
from datetime import datetime, time
from typing import Any

from nicegui.element import Element
from nicegui.events import GenericEventArguments
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.labels import Language
from bot.conversations.returning import release_all_of
from bot.desk.bulk import open_cases_of
from bot.desk.conversation import milliseconds
from bot.desk.figures import scope_of
from bot.desk.given import given_id, given_text, given_wish
from bot.desk.reassigning import reassign_all
from bot.desk.visit import Visit
from bot.desk.words import word
from bot.staff import administration
from bot.staff.administration import BANK_TIME, Shift
from bot.staff.models import Role, StaffMember
from bot.staff.organisation import Organisation, UnknownUnit
from bot.staff.people import organisation

PEOPLE_ON_A_PAGE = 25


class PersonGiven(BaseModel):
    """What the form says of a person."""

    username: str = Field(max_length=60)
    name: str = Field(default="", max_length=200)
    role: str = Field(default="", max_length=40)
    unit: str = Field(default="", max_length=40)


class AbsenceGiven(BaseModel):
    """What the form says of an absence; times as a browser's field gives them, by the bank's clock."""

    username: str = Field(max_length=60)
    from_at: datetime
    until_at: datetime
    note: str = ""


class ShiftGiven(BaseModel):
    """One line of the weekly hours."""

    weekday: int
    begins: time = Field(alias="from")
    ends: time = Field(alias="until")


class ShiftsGiven(BaseModel):
    """The weekly hours of a person."""

    username: str = Field(max_length=60)
    shifts: list[ShiftGiven] = Field(max_length=21)


class PeopleList(Element, component="components/people.js"):
    """The list of people and the chosen one's form. Emits what the administrator does, always with plain data."""

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._props["locale"] = "zh-CN" if language == "zh" else "en-GB"
        self._props["roles"] = [{"value": role.value, "name": role.display_name(language)} for role in Role]
        self._props["units"] = unit_tree(organisation(), language)
        self._props["found"] = {"people": [], "count": 0, "page": 0, "size": PEOPLE_ON_A_PAGE}
        self._props["person"] = None
        self._props["secret"] = None

    def show(self, **props: Any) -> None:
        """Show these."""
        self._props.update(props)
        self.update()


def unit_tree(units: Organisation, language: Language) -> list[dict[str, Any]]:
    """All units from the top down, each with how deep it stands."""
    in_order = sorted(units.units, key=lambda unit: unit.code.split("-"))
    return [
        {"code": unit.code, "name": unit.display_name(language), "depth": len(units.path(unit.code)) - 1}
        for unit in in_order
    ]


class Administration:
    """The live page of one administrator."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._search, self._page = "", 0

    async def open(self) -> None:
        """Build the page and show the first people."""
        self._list = PeopleList(self._visit.language)
        for event, act in (
            ("look", self._look),
            ("choose", self._choose),
            ("add", self._add),
            ("change", self._change),
            ("close", self._close),
            ("reopen", self._reopen),
            ("resetPassword", self._reset_password),
            ("resetSecondFactor", self._reset_second_factor),
            ("addAbsence", self._add_absence),
            ("removeAbsence", self._remove_absence),
            ("setShifts", self._set_shifts),
        ):
            self._list.on(event, self._visit.guarded(act))
        self._list.on("reassignAll", self._reassign_all)
        async with self._visit.transaction() as session:
            await self._show_people(session)

    async def _look(self, session: AsyncSession, given: Any) -> None:
        wish = given_wish(given)
        self._search = given_text(wish.get("search"))[:100]
        page = wish.get("page", 0)
        self._page = page if isinstance(page, int) and 0 <= page <= 10_000 else 0
        await self._show_people(session)

    async def _choose(self, session: AsyncSession, given: Any) -> None:
        await self._show_person(session, await self._person(session, given))

    async def _add(self, session: AsyncSession, given: Any) -> None:
        form = PersonGiven.model_validate(given)
        password = await administration.add_person(
            session,
            username=form.username,
            name=form.name,
            role=form.role,
            unit_code=form.unit,
            administrator=self._visit.person,
            now=self._visit.now,
        )
        person = await self._person(session, {"username": form.username.strip().lower()})
        await self._show_people(session)
        await self._show_person(session, person, secret=password)

    async def _change(self, session: AsyncSession, given: Any) -> None:
        form = PersonGiven.model_validate(given)
        person = await self._person(session, given)
        await administration.change_person(
            session,
            person,
            name=form.name,
            role=form.role,
            unit_code=form.unit,
            administrator=self._visit.person,
            now=self._visit.now,
        )
        await self._done(session, person)

    async def _close(self, session: AsyncSession, given: Any) -> None:
        person = await self._person(session, given)
        await administration.close_account(session, person, administrator=self._visit.person, now=self._visit.now)
        await release_all_of(session, person.id, why="account_closed", now=self._visit.now)
        await self._done(session, person)

    async def _reopen(self, session: AsyncSession, given: Any) -> None:
        person = await self._person(session, given)
        await administration.reopen_account(session, person, administrator=self._visit.person, now=self._visit.now)
        await self._done(session, person)

    async def _reset_password(self, session: AsyncSession, given: Any) -> None:
        person = await self._person(session, given)
        actor = f"staff:{self._visit.person.username}"
        password = await administration.reset_password(session, person, actor=actor, now=self._visit.now)
        await release_all_of(session, person.id, why="sign_ins_ended", now=self._visit.now)
        await self._show_person(session, person, secret=password)

    async def _reset_second_factor(self, session: AsyncSession, given: Any) -> None:
        person = await self._person(session, given)
        now = self._visit.now
        await administration.remove_second_factor(session, person, administrator=self._visit.person, now=now)
        await release_all_of(session, person.id, why="sign_ins_ended", now=now)
        await self._done(session, person)

    async def _add_absence(self, session: AsyncSession, given: Any) -> None:
        form = AbsenceGiven.model_validate(given)
        person = await self._person(session, given)
        await administration.add_absence(
            session,
            person,
            from_at=form.from_at.replace(tzinfo=BANK_TIME),
            until_at=form.until_at.replace(tzinfo=BANK_TIME),
            note=given_text(form.note),
            administrator=self._visit.person,
            now=self._visit.now,
        )
        await self._done(session, person)

    async def _remove_absence(self, session: AsyncSession, given: Any) -> None:
        person = await self._person(session, given)
        absence_id = given_id(given_wish(given).get("id"))
        if absence_id is None:
            return
        await administration.remove_absence(
            session, person, absence_id, administrator=self._visit.person, now=self._visit.now
        )
        await self._done(session, person)

    async def _set_shifts(self, session: AsyncSession, given: Any) -> None:
        form = ShiftsGiven.model_validate(given)
        person = await self._person(session, given)
        shifts = [Shift(line.weekday, line.begins, line.ends) for line in form.shifts]
        administration.set_shifts(session, person, shifts, administrator=self._visit.person, now=self._visit.now)
        await self._done(session, person)

    async def _reassign_all(self, event: GenericEventArguments) -> None:
        """Give the person's open cases to others, and show that they are gone."""
        chosen: list[uuid.UUID] = []

        async def choose(session: AsyncSession) -> None:
            chosen.append((await self._person(session, event.args)).id)

        await self._visit.carry_out(choose)
        for staff_id in chosen:
            await reassign_all(self._visit, staff_id)
            await self._visit.carry_out(lambda session: self._choose(session, event.args))

    async def _person(self, session: AsyncSession, given: Any) -> StaffMember:
        asked = PersonGiven.model_validate(given)
        return await administration.looked_after(session, asked.username, self._visit.person)

    async def _done(self, session: AsyncSession, person: StaffMember) -> None:
        await session.flush()
        await self._show_people(session)
        await self._show_person(session, person)
        self._visit.tell(word("saved", self._visit.language))

    async def _show_people(self, session: AsyncSession) -> None:
        people, count = await administration.find_people(
            session,
            self._search,
            self._visit.person,
            limit=PEOPLE_ON_A_PAGE,
            offset=self._page * PEOPLE_ON_A_PAGE,
        )
        rows = [self._row(person) for person in people]
        self._list.show(found={"people": rows, "count": count, "page": self._page, "size": PEOPLE_ON_A_PAGE})

    async def _show_person(self, session: AsyncSession, person: StaffMember, *, secret: str | None = None) -> None:
        absences = await administration.absences_of(session, person, now=self._visit.now)
        details = {
            "isMyself": person.id == self._visit.person.id,
            "hasSecondFactor": person.second_factor_at is not None,
            "isLocked": person.locked_until is not None and person.locked_until > self._visit.now,
            "openCount": len(await open_cases_of(session, person.id, scope_of(self._visit.person, organisation()))),
            "shifts": person.shifts,
            "absences": [
                {
                    "id": str(absence.id),
                    "fromAt": milliseconds(absence.from_at),
                    "untilAt": milliseconds(absence.until_at),
                    "note": absence.note,
                }
                for absence in absences
            ],
        }
        self._list.show(person=self._row(person) | details, secret=secret)

    def _row(self, person: StaffMember) -> dict[str, Any]:
        try:
            unit_name = organisation().find(person.unit_code).display_name(self._visit.language)
        except UnknownUnit:
            unit_name = person.unit_code
        return {
            "username": person.username,
            "name": person.name,
            "role": person.role.value,
            "roleName": person.role.display_name(self._visit.language),
            "unit": person.unit_code,
            "unitName": unit_name,
            "isActive": person.is_active,
        }
