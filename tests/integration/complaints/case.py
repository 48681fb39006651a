"""One complaint in the database, and use cases called on it, each in a transaction of its own."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from inspect import isawaitable
from typing import Any, TypeVar

from sqlalchemy import select

from bot.clock import Clock
from bot.complaints.labels import Signal, Tier
from bot.complaints.models import Complaint, DeadlineRecord, Plan
from bot.complaints.people import Person
from bot.complaints.plans import submit_plan
from bot.conversations.models import Conversation
from bot.database import Base, Database
from bot.followups.plans import put_plan
from tests.builders import a_complaint, audit_trail
from tests.integration.complaints.people import OUTLET

SIGNALS_OF = {
    Tier.ORDINARY: (),
    Tier.COMPLEX: (Signal.REGULATOR_THREAT,),
    Tier.URGENT: (Signal.MONEY_LEAVING_NOW,),
}
R = TypeVar("R")


@dataclass(frozen=True)
class Case:
    """A complaint of a tier."""

    database: Database
    clock: Clock
    id: uuid.UUID
    number: str

    async def does(self, use_case: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Call a use case on the complaint as it stands, at the present time; rows are read anew."""
        async with self.database.transaction() as session:
            complaint = await session.get_one(Complaint, self.id)
            read = [
                await session.get_one(type(argument), argument.id) if isinstance(argument, Base) else argument
                for argument in arguments
            ]
            done = use_case(session, complaint, *read, now=self.clock(), **named)
            return await done if isawaitable(done) else done

    async def plan(self, text: str = "今天下午把卡送到您手里。", *, by: Person) -> Plan:
        """A plan is written."""
        plan: Plan = await self.does(submit_plan, text, by=by)
        return plan

    async def plan_is_put(self, *, by: Person) -> Plan:
        """A plan that needs nobody else's agreement is put to the customer."""
        plan = await self.plan(by=by)
        await self.does(put_plan, plan, actor=by.actor)
        return plan

    async def now_is(self) -> Complaint:
        """The complaint as it stands."""
        async with self.database.transaction() as session:
            return await session.get_one(Complaint, self.id)

    async def running(self) -> dict[str, datetime]:
        """The dates that the bank must still keep."""
        return {deadline.name: deadline.due_at for deadline in (await self.now_is()).running_deadlines}

    async def rows(self, table: type[R]) -> list[R]:
        """The rows of a table that belong to the complaint, oldest first."""
        query = select(table).where(table.complaint_id == self.id).order_by(table.id)  # type: ignore[attr-defined]
        async with self.database.transaction() as session:
            return list(await session.scalars(query))

    async def deadline(self, name: str) -> DeadlineRecord:
        """The latest deadline of a name."""
        return [deadline for deadline in (await self.now_is()).deadlines if deadline.name == name][-1]

    async def trail(self) -> list[str]:
        """What was done in the case after it was opened, in order."""
        return (await audit_trail(self.database, self.number))[1:]


async def a_case(
    database: Database, conversation: Conversation, clock: Clock, tier: Tier = Tier.ORDINARY, **understood: Any
) -> Case:
    """A complaint about the outlet, just opened."""
    async with database.transaction() as session:
        complaint = await a_complaint(
            session, conversation, *SIGNALS_OF[tier], clock=clock, outlet_code=OUTLET, **understood
        )
        assert complaint.tier is tier
    return Case(database, clock, complaint.id, complaint.number)
