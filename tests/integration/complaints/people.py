"""The people of a case in the tests: in the database, and as casework sees them."""

from dataclasses import dataclass

from bot.clock import Clock
from bot.complaints.people import Candidate
from bot.database import Database
from bot.staff.candidates import candidate
from bot.staff.models import Role
from tests.builders import a_member_of_staff

OUTLET = "HB-WH-WC-03"


@dataclass(frozen=True)
class People:
    """Everybody who has to do with a complaint about one outlet."""

    handler: Candidate
    supervisor: Candidate
    coordinator: Candidate
    other_coordinator: Candidate
    lead: Candidate
    task_force: Candidate
    next_door: Candidate
    """The supervisor of another outlet."""


async def everybody(database: Database, clock: Clock) -> People:
    """The people, added to the database."""

    async def add(username: str, role: Role, unit_code: str) -> Candidate:
        member = await a_member_of_staff(
            database, clock, username, name=f"{username}经理", role=role, unit_code=unit_code
        )
        async with database.transaction() as session:
            return await candidate(session, member.id)

    return People(
        handler=await add("handler", Role.HANDLER, OUTLET),
        supervisor=await add("supervisor", Role.SUPERVISOR, OUTLET),
        coordinator=await add("coordinator", Role.COORDINATOR, "HB-WH-WC"),
        other_coordinator=await add("coordinator2", Role.COORDINATOR, "HB-WH"),
        lead=await add("lead", Role.TASK_FORCE, "HB-WH"),
        task_force=await add("task_force", Role.TASK_FORCE, "HB"),
        next_door=await add("next_door", Role.SUPERVISOR, "HB-WH-WC-04"),
    )
