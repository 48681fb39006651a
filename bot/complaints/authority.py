"""Who may agree to what is done in a case: four eyes, and the role that answers for the tier."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.assignment import check_avoidance
from bot.complaints.labels import Tier
from bot.complaints.models import Complaint
from bot.complaints.people import ANSWERED_FOR_BY, CaseRole, Person


class NotTheirDecision(Exception):
    """The person's role or unit does not decide this."""

    def __init__(self, complaint: Complaint, person: Person, least: CaseRole) -> None:
        super().__init__(
            f"{person.username} cannot decide this for {complaint.number}; it takes a {least} of its unit or above"
        )


class NeedsSomebodyElse(Exception):
    """Who asks for something does not agree to it themselves."""

    def __init__(self, person: Person) -> None:
        super().__init__(f"{person.username} asked for this; somebody else must agree to it")


def decides_for(complaint: Complaint, person: Person, *, least: CaseRole) -> bool:
    """Whether the person's role and unit are high enough to decide something in a case."""
    return person.role.rank >= least.rank and person.answers_for(complaint.unit_code)


def agrees_plans_of(complaint: Complaint, person: Person) -> bool:
    """Whether a plan is the person's to agree to: the outlet's supervisor, the coordinator, the task force's lead."""
    if complaint.tier is Tier.URGENT and complaint.lead_id is not None:
        return person.id == complaint.lead_id
    return decides_for(complaint, person, least=ANSWERED_FOR_BY[complaint.tier])


async def check_agrees_plans_of(session: AsyncSession, complaint: Complaint, person: Person) -> None:
    """Make sure that a plan is the person's to agree to.

    Raises:
        NotTheirDecision: it is somebody else's.
        MustAvoid: the person must keep out of this case.
    """
    if not agrees_plans_of(complaint, person):
        raise NotTheirDecision(complaint, person, ANSWERED_FOR_BY[complaint.tier])
    await check_avoidance(session, complaint, person)


async def check_decides_for(session: AsyncSession, complaint: Complaint, person: Person, *, least: CaseRole) -> None:
    """Make sure that the person may decide something in a case.

    Raises:
        NotTheirDecision: it takes a higher role, or one of another unit.
        MustAvoid: the person must keep out of this case.
    """
    if not decides_for(complaint, person, least=least):
        raise NotTheirDecision(complaint, person, least)
    await check_avoidance(session, complaint, person)
