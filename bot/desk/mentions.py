"""@mentions: whoever is named in a note finds that behind the bell."""

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.casework import complaints_of
from bot.complaints.models import NoticeKind
from bot.complaints.notices import notify
from bot.desk.conversation import MENTION
from bot.staff.models import StaffMember
from bot.staff.people import organisation
from bot.staff.permissions import may_see


async def tell_mentioned(
    session: AsyncSession, conversation_id: uuid.UUID, text: str, *, by: StaffMember, now: datetime
) -> None:
    """Tell the people whom a note names, as far as they may see one of the conversation's complaints."""
    usernames = {mention.removeprefix("@") for mention in MENTION.findall(text)} - {by.username}
    members = select(StaffMember).where(StaffMember.username.in_(usernames), StaffMember.is_active)
    complaints = await complaints_of(session, conversation_id)
    for member in await session.scalars(members):
        seen = [complaint for complaint in complaints if may_see(member, complaint.outlet_code, organisation())]
        if seen:
            notify(session, seen[0], NoticeKind.MENTIONED, now=now, staff_id=member.id)
