"""The page on which whoever leads a unit keeps its canned replies, beside the house's."""

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui.element import Element
from nicegui.events import GenericEventArguments
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.labels import Language
from bot.complaints.learn import LearnStep
from bot.complaints.replies import Placeholder, filled, reply_policy
from bot.desk.administration import unit_tree
from bot.desk.given import LARGEST_ID
from bot.desk.visit import PageAct, Visit
from bot.desk.words import word
from bot.staff import unit_replies
from bot.staff.models import StaffMember
from bot.staff.people import organisation
from bot.staff.unit_replies import UnitReply


class ReplyGiven(BaseModel):
    """What the form says of a reply."""

    unit: str = Field(max_length=40)
    step: str = Field(max_length=40)
    language: str = Field(max_length=5)
    title: str = Field(max_length=200)
    text: str = Field(max_length=5000)

    def words(self) -> dict[str, str]:
        """All but the unit, without the characters that PostgreSQL cannot keep."""
        given = self.model_dump(exclude={"unit"})
        return {name: value.replace("\x00", "") for name, value in given.items()}


class ReplyMeant(BaseModel):
    """Which reply is meant."""

    id: int = Field(ge=1, le=LARGEST_ID)


class ReplyList(Element, component="components/replies.js"):
    """A unit's replies, the chosen one's form, and the house's to read. Emits `add`, `change` and `archive`."""

    def __init__(self, language: Language, keeper: StaffMember) -> None:
        super().__init__()
        self._props["units"] = [
            unit for unit in unit_tree(organisation(), language) if _is_below(unit["code"], keeper.unit_code)
        ]
        self._props["steps"] = [{"value": step.value, "name": step.display_name(language)} for step in LearnStep]
        self._props["places"] = [{"value": p.value, "name": p.display_name(language)} for p in Placeholder]
        self._props["house"] = _house(language)
        self._props["replies"] = []
        self._props["done"] = 0

    def show(self, replies: list[dict[str, Any]]) -> None:
        """Show these; a form that is open has done its work."""
        self._props["replies"] = replies
        self._props["done"] += 1
        self.update()


class ReplyKeeping:
    """The live page of one keeper."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    async def open(self) -> None:
        """Build the page and show the replies of the keeper's units."""
        self._list = ReplyList(self._visit.language, self._visit.person)
        self._list.on("add", self._keeping(self._add))
        self._list.on("change", self._keeping(self._change))
        self._list.on("archive", self._keeping(self._archive))
        async with self._visit.transaction() as session:
            await self._show(session)

    def _keeping(self, act: PageAct) -> Callable[[GenericEventArguments], Awaitable[None]]:
        """What an event calls: the act, and the replies as they are after it."""

        async def keep(session: AsyncSession, given: Any) -> None:
            await act(session, given)
            await session.flush()
            await self._show(session)

        async def handle(event: GenericEventArguments) -> None:
            if await self._visit.carry_out(lambda session: keep(session, event.args)):
                self._visit.tell(word("saved", self._visit.language))

        return handle

    async def _add(self, session: AsyncSession, given: Any) -> None:
        form = ReplyGiven.model_validate(given)
        keeper, now = self._visit.person, self._visit.now
        await unit_replies.add_reply(session, unit_code=form.unit, keeper=keeper, now=now, **form.words())

    async def _change(self, session: AsyncSession, given: Any) -> None:
        form, reply = ReplyGiven.model_validate(given), await self._reply(session, given)
        unit_replies.change_reply(session, reply, keeper=self._visit.person, now=self._visit.now, **form.words())

    async def _archive(self, session: AsyncSession, given: Any) -> None:
        reply = await self._reply(session, given)
        unit_replies.archive_reply(session, reply, keeper=self._visit.person, now=self._visit.now)

    async def _reply(self, session: AsyncSession, given: Any) -> UnitReply:
        return await unit_replies.kept_reply(session, ReplyMeant.model_validate(given).id, self._visit.person)

    async def _show(self, session: AsyncSession) -> None:
        kept = await unit_replies.replies_kept_by(session, self._visit.person)
        self._list.show([_row(reply, self._visit.language) for reply in kept])


def _row(reply: UnitReply, language: Language) -> dict[str, Any]:
    unit = next((unit for unit in organisation().units if unit.code == reply.unit_code), None)
    return {
        "id": reply.id,
        "unit": reply.unit_code,
        "unitName": unit.display_name(language) if unit else reply.unit_code,
        "step": reply.step.value,
        "stepName": reply.step.display_name(language),
        "language": reply.language,
        "title": reply.title,
        "text": reply.text,
    }


def _house(language: Language) -> list[dict[str, str]]:
    """The house's replies in the viewer's language: they are changed in the policy file, not here."""
    return [
        {
            "name": reply.name,
            "stepName": reply.step.display_name(language),
            "title": getattr(reply.title, language),
            "text": filled(getattr(reply.text, language), {}, language),
        }
        for reply in reply_policy().replies
    ]


def _is_below(code: str, top: str) -> bool:
    return code == top or code.startswith(f"{top}-")
