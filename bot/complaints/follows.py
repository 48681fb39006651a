"""Who follows a case: they hear what happens to it, whoever has it, but never of what they did themselves."""

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.complaints.models import Complaint, Follow, NoticeKind
from bot.complaints.notices import notify


def follow(session: AsyncSession, complaint: Complaint, staff_id: uuid.UUID, *, actor: str, now: datetime) -> None:
    """The person follows the case, settled or not. Following it again changes nothing.

    Args:
        actor: the same person, `staff:<username>`.
    """
    if is_followed_by(complaint, staff_id):
        return
    complaint.follows.append(Follow(staff_id=staff_id, actor=actor, followed_at=now))
    record(session, at=now, actor=actor, action="follow", subject=complaint.number)


def unfollow(session: AsyncSession, complaint: Complaint, staff_id: uuid.UUID, *, actor: str, now: datetime) -> None:
    """The person does not follow the case any longer; what they were told stays behind their bell."""
    if not is_followed_by(complaint, staff_id):
        return
    complaint.follows = [follow for follow in complaint.follows if follow.staff_id != staff_id]
    record(session, at=now, actor=actor, action="unfollow", subject=complaint.number)


def is_followed_by(complaint: Complaint, staff_id: uuid.UUID) -> bool:
    """Whether the person follows the case."""
    return any(follow.staff_id == staff_id for follow in complaint.follows)


def tell_followers(
    session: AsyncSession,
    complaint: Complaint,
    kind: NoticeKind,
    *,
    by: str,
    now: datetime,
    besides: Collection[uuid.UUID] = (),
) -> None:
    """Tell who follows the case what happened to it. Whether they may still see it is asked when they read.

    Args:
        kind: one of `FOR_FOLLOWERS`.
        by: who did it, as the audit log names them; they know.
        besides: who hears of it in another way.
    """
    for follow in complaint.follows:
        if follow.actor != by and follow.staff_id not in besides:
            notify(session, complaint, kind, now=now, staff_id=follow.staff_id)


def follow_on(duplicate: Complaint, into: Complaint, *, now: datetime) -> None:
    """Who follows a duplicate follows the case in which it goes on."""
    into.follows += [
        Follow(staff_id=follow.staff_id, actor=follow.actor, followed_at=now)
        for follow in duplicate.follows
        if not is_followed_by(into, follow.staff_id)
    ]
