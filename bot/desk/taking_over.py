"""A person takes a customer over at the desk: the customer hears who comes, and the case has its first contact."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.casework import complaints_of, first_contact_made
from bot.conversations import handover
from bot.conversations.models import Conversation
from bot.desk.conversation import shown_as
from bot.staff.models import StaffMember
from bot.staff.people import organisation


async def take_over(session: AsyncSession, conversation: Conversation, person: StaffMember, *, now: datetime) -> None:
    """The person is with the customer from now on.

    Raises:
        HeldBySomeoneElse: another person already is.
    """
    await handover.take_over(
        session,
        conversation.id,
        person.id,
        username=person.username,
        shown_as=shown_as(person, conversation.language, organisation()),
        now=now,
    )
    for complaint in await complaints_of(session, conversation.id):
        if not complaint.state.is_settled:
            first_contact_made(session, complaint, actor=f"staff:{person.username}", now=now)
