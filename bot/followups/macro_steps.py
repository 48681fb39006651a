"""The steps of a macro: a tag on the case, and giving it to somebody; at once, or after a reply has gone out."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.clock import Clock
from bot.complaints.assignment import MustAvoid, assign
from bot.complaints.authority import decides_for
from bot.complaints.follow_ups import AssignTo, FollowUp
from bot.complaints.lifecycle import IllegalStep
from bot.complaints.models import CaseIsSettled, Complaint
from bot.complaints.people import CaseRole
from bot.complaints.tags import NoSuchTag, add_tag, tag_policy
from bot.conversations.handover import locked
from bot.database import Database, notify_changed
from bot.followups.assigning import one_at_a_time
from bot.staff.candidates import CASE_ROLE_OF, NotOnCases, best_handler, candidate, person_of
from bot.staff.models import StaffMember
from bot.staff.organisation import organisation
from bot.staff.permissions import Act, may, may_see


class NotTheirs(Exception):
    """The person may not do this with the case."""


class NobodyFits(Exception):
    """There is nobody to whom the case could be given."""


LEFT_OUT = (CaseIsSettled, IllegalStep, MustAvoid, NobodyFits, NoSuchTag, NotOnCases, NotTheirs)
"""What may stand in the way."""


def answers_for(member: StaffMember, complaint: Complaint) -> bool:
    """Whether the person leads where the case is."""
    try:
        return decides_for(complaint, person_of(member), least=CaseRole.SUPERVISOR)
    except NotOnCases:
        return False


def may_follow(member: StaffMember, complaint: Complaint, assign_to: AssignTo | None) -> bool:
    """Whether the person may tag this case, and give it like that.

    Anybody who works on cases may take one that they see; to give it to others takes a supervisor's role over its unit.
    """
    is_part = member.is_active and member.role in CASE_ROLE_OF and may(member, Act.RESOLVE)
    if not is_part or complaint.state.is_settled or not may_see(member, complaint.outlet_code, organisation()):
        return False
    return assign_to is not AssignTo.LOAD or answers_for(member, complaint)


async def follow(
    session: AsyncSession,
    complaint: Complaint,
    member: StaffMember,
    *,
    tag: str | None,
    assign_to: AssignTo | None,
    now: datetime,
) -> None:
    """Tag a case, which the caller has locked, and give it to somebody; what is so already stays as it is.

    Raises:
        NotTheirs: the person may not.
        CaseIsSettled, IllegalStep, MustAvoid, NobodyFits, NoSuchTag, NotOnCases: it cannot be done, and nothing is.
    """
    complaint.require_unsettled()
    if not may_follow(member, complaint, assign_to):
        raise NotTheirs(complaint.number)
    if tag is not None and tag_policy().find(tag) is None:
        raise NoSuchTag(tag)
    actor = f"staff:{member.username}"
    if assign_to is AssignTo.ME and complaint.handler_id != member.id:
        await assign(session, complaint, await candidate(session, member.id), actor=actor, now=now)
    elif assign_to is AssignTo.LOAD and complaint.handler_id is None:
        await _assign_by_load(session, complaint, member, now=now)
    if tag is not None:
        await add_tag(session, complaint, tag, actor=actor, now=now)
    await notify_changed(session, complaint.conversation_id)


async def _assign_by_load(session: AsyncSession, complaint: Complaint, member: StaffMember, *, now: datetime) -> None:
    await one_at_a_time(session)
    handler = await best_handler(session, complaint, now=now)
    if handler is None:
        raise NobodyFits(complaint.number)
    await assign(session, complaint, handler, actor=f"staff:{member.username}", now=now)


@dataclass(frozen=True)
class MacroFollower:
    """Does what belongs to a macro after its reply has gone out."""

    database: Database
    clock: Clock

    async def follow(self, follow_up: FollowUp) -> None:
        """Do it; a second time changes nothing. What cannot be done any more is left out, and recorded."""
        now = self.clock()
        try:
            async with self.database.transaction() as session:
                complaint, member = await _involved(session, follow_up)
                await follow(session, complaint, member, tag=follow_up.tag, assign_to=follow_up.assign, now=now)
        except LEFT_OUT as reason:
            await self._record_left_out(follow_up, type(reason).__name__, now)

    async def _record_left_out(self, follow_up: FollowUp, why: str, now: datetime) -> None:
        async with self.database.transaction() as session:
            complaint, member = await _involved(session, follow_up)
            record(
                session,
                at=now,
                actor=f"staff:{member.username}",
                action="leave_macro_out",
                subject=complaint.number,
                macro=follow_up.macro,
                why=why,
            )
            await notify_changed(session, complaint.conversation_id)


async def _involved(session: AsyncSession, follow_up: FollowUp) -> tuple[Complaint, StaffMember]:
    """The case, locked with its conversation, and whoever chose the macro."""
    complaint = await session.get_one(Complaint, follow_up.complaint_id)
    await locked(session, complaint.conversation_id)
    await session.refresh(complaint, with_for_update={"of": Complaint})
    return complaint, await session.get_one(StaffMember, follow_up.staff_id)
