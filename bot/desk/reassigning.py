"""Giving all open cases of a person to others, when they are away or have too much to do."""

import uuid

from sqlalchemy.exc import SQLAlchemyError

from bot.desk.bulk import Given, open_cases_of, pass_on
from bot.desk.figures import scope_of
from bot.desk.visit import NoLongerAllowed, Visit
from bot.desk.words import word
from bot.logs import logger
from bot.staff.people import organisation

log = logger(__name__)


async def reassign_all(visit: Visit, handler_id: uuid.UUID) -> None:
    """Pass on every open case of a person in the visitor's subtree, by load, and tell the visitor what came of it.

    Each case is passed on in a transaction of its own: what was done before something goes wrong stays done.
    """
    outcomes: list[Given] = []
    try:
        async with visit.transaction() as session:
            cases = await open_cases_of(session, handler_id, scope_of(visit.person, organisation()))
        for complaint_id in cases:
            async with visit.transaction() as session:
                person, now = visit.person, visit.desk.clock()
                outcomes.append(
                    await pass_on(
                        session, complaint_id, handler_id, person=person, organisation=organisation(), now=now
                    )
                )
    except NoLongerAllowed:
        return  # the visit has sent them away
    except SQLAlchemyError as error:
        log.warning("act_failed", reason=type(error).__name__)
        visit.tell(word("not_saved", visit.language))
        return
    given = outcomes.count(Given.GIVEN)
    said = "reassigned" if given == len(outcomes) else "reassigned_some"
    visit.tell(word(said, visit.language, given=given, left=len(outcomes) - given))
