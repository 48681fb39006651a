"""Giving all open cases of a person to others, when they are away or have too much to do."""

import uuid
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from bot.desk.bulk import Given, open_cases_of, pass_on
from bot.desk.figures import scope_of
from bot.desk.visit import Visit
from bot.desk.words import word
from bot.staff.people import organisation


async def reassign_all(visit: Visit, handler_id: uuid.UUID) -> None:
    """Pass on every open case of a person in the visitor's subtree, by load, and tell the visitor what came of it.

    Each case is passed on in a transaction of its own: what was done before something goes wrong stays done.
    """
    outcomes: list[Given] = []
    cases: list[uuid.UUID] = []

    async def find(session: AsyncSession) -> None:
        cases.extend(await open_cases_of(session, handler_id, scope_of(visit.person, organisation())))

    async def pass_one_on(complaint_id: uuid.UUID, session: AsyncSession) -> None:
        outcome = await pass_on(
            session, complaint_id, handler_id, person=visit.person, organisation=organisation(), now=visit.now
        )
        outcomes.append(outcome)

    if not await visit.carry_out(find):
        return
    for complaint_id in cases:
        if not await visit.carry_out(partial(pass_one_on, complaint_id)):
            return
    given = outcomes.count(Given.GIVEN)
    said = "reassigned" if given == len(outcomes) else "reassigned_some"
    visit.tell(word(said, visit.language, given=given, left=len(outcomes) - given))
