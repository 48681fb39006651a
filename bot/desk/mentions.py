"""Who hears of a note: whoever is named in it by @username, and whoever follows the case beside which it stands."""

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.casework import complaints_of
from bot.complaints.follows import tell_followers
from bot.complaints.models import NoticeKind
from bot.complaints.notices import notify
from bot.desk.conversation import MENTION
from bot.staff.models import StaffMember
from bot.staff.people import organisation
from bot.staff.permissions import may_see


async def tell_of_note(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    text: str,
    *,
    by: StaffMember,
    now: datetime,
    besides: Collection[uuid.UUID] = (),
) -> None:
    """Tell the people whom a note names, as far as they may see one of the conversation's complaints, and followers.

    Each is told once, and whoever wrote it not at all.

    Args:
        besides: who hears of it in another way.
    """
    usernames = {mention.removeprefix("@") for mention in MENTION.findall(text)} - {by.username}
    members = select(StaffMember).where(StaffMember.username.in_(usernames), StaffMember.is_active)
    complaints = await complaints_of(session, conversation_id)
    told = set(besides)
    for member in await session.scalars(members):
        seen = [complaint for complaint in complaints if may_see(member, complaint.outlet_code, organisation())]
        if seen and member.id not in told:
            notify(session, seen[0], NoticeKind.MENTIONED, now=now, staff_id=member.id)
            told.add(member.id)
    for complaint in complaints:
        tell_followers(session, complaint, NoticeKind.NOTED, by=f"staff:{by.username}", now=now, besides=told)
        told |= {follow.staff_id for follow in complaint.follows}
