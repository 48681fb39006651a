"""To whom a conversation can be passed on: people who may see it and answer in it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.casework import complaints_of
from bot.complaints.labels import Language
from bot.conversations.models import Conversation
from bot.desk.conversation import shown_as
from bot.staff.models import Role, SignIn, StaffMember
from bot.staff.people import organisation
from bot.staff.permissions import ACTS_OF, Act, may_see_conversation

WHO_ANSWERS = frozenset(role for role in Role if Act.ANSWER in ACTS_OF[role])


@dataclass(frozen=True)
class Colleague:
    """A person who could take the conversation, and whether a browser of theirs is signed in."""

    member: StaffMember
    is_signed_in: bool

    def as_choice(self, language: Language) -> dict[str, Any]:
        """The colleague, ready for the thread component."""
        name = shown_as(self.member, language, organisation())
        return {"id": str(self.member.id), "name": name, "isSignedIn": self.is_signed_in}


async def colleagues_for(
    session: AsyncSession, conversation: Conversation, person: StaffMember, *, now: datetime
) -> list[Colleague]:
    """Everybody else who may see the conversation and answer in it, those who are signed in first."""
    units = organisation()
    outlets = [complaint.outlet_code for complaint in await complaints_of(session, conversation.id)]
    others = await session.scalars(
        select(StaffMember)
        .where(StaffMember.is_active, StaffMember.id != person.id, StaffMember.role.in_(WHO_ANSWERS))
        .order_by(StaffMember.unit_code, StaffMember.username)
    )
    signed_in = set(await session.scalars(select(SignIn.staff_id).where(SignIn.expires_at > now, ~SignIn.owes_code)))
    found = [
        Colleague(member, member.id in signed_in) for member in others if may_see_conversation(member, outlets, units)
    ]
    return sorted(found, key=lambda colleague: not colleague.is_signed_in)
