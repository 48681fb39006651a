"""What a person does with their words to the customer: send them now or later, undo them, change them."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.checklist import Tick, tick_all
from bot.complaints.follow_ups import FollowUp, follow_all
from bot.conversations import handover, replies
from bot.conversations.drafts import NoSuchDraft, draft_in
from bot.conversations.held import held_in
from bot.conversations.models import Conversation, ReplyDraft
from bot.conversations.replies import NoSuchTime, NotHeldAnyMore, is_crossed
from bot.conversations.sent import NotCorrectable, NothingToSendAgain
from bot.desk.masked import Personal, with_telephones_masked
from bot.staff.models import StaffMember

SENDING_REFUSALS = (NoSuchDraft, NotHeldAnyMore, NoSuchTime, NotCorrectable, NothingToSendAgain)

SAID_OF_SENDING = {
    NoSuchDraft: "no_such_draft",
    NotHeldAnyMore: "not_held_any_more",
    NoSuchTime: "no_such_time",
    NotCorrectable: "not_correctable",
    NothingToSendAgain: "nothing_to_send_again",
}
"""The word for each of them."""


@dataclass(frozen=True)
class Answer:
    """What the composer sent.

    Attributes:
        seen: the customer's last message on the page when it was sent.
        send_at: the chosen time; None for now.
        ticks: the LEARN steps that it takes.
        follow_ups: what is done with the case when it has gone out.
    """

    text: str
    seen: int
    send_at: datetime | None
    ticks: Sequence[Tick] = ()
    follow_ups: Sequence[FollowUp] = ()

    @classmethod
    def read(
        cls, wish: dict[str, Any], text: str, *, ticks: Sequence[Tick] = (), follow_ups: Sequence[FollowUp] = ()
    ) -> "Answer":
        """The answer as the browser sent it, with the text as it can be kept.

        Raises:
            NoSuchTime: a time was sent that is none.
        """
        seen, send_at = wish.get("seen"), wish.get("sendAt")
        return cls(
            text,
            seen if isinstance(seen, int) else 0,
            None if send_at is None else _moment(send_at),
            ticks,
            follow_ups,
        )


def _moment(milliseconds: Any) -> datetime:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise NoSuchTime from None


async def send(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    person: StaffMember,
    answer: Answer,
    *,
    undo_for: timedelta,
    now: datetime,
) -> None:
    """Answer the customer at the chosen time; without one, once the person can no longer undo it."""
    if answer.send_at is not None:
        await replies.reply_later(
            session,
            conversation_id,
            person.id,
            answer.text,
            send_at=answer.send_at,
            username=person.username,
            now=now,
            seen=answer.seen,
            ticks=answer.ticks,
            follow_ups=answer.follow_ups,
        )
    elif undo_for:
        await replies.reply_undoably(
            session,
            conversation_id,
            person.id,
            answer.text,
            undo_for=undo_for,
            now=now,
            seen=answer.seen,
            ticks=answer.ticks,
            follow_ups=answer.follow_ups,
        )
    else:
        await handover.reply(session, conversation_id, person.id, answer.text, now=now, seen=answer.seen)
        await tick_all(session, answer.ticks, now=now)
        await follow_all(session, answer.follow_ups)


async def held_for(
    session: AsyncSession,
    conversation: Conversation,
    person: StaffMember,
    *,
    last_of_customer: int,
    revealed: Collection[Personal],
) -> list[dict[str, Any]]:
    """What has not gone out, ready for the thread component; the person's own words as they wrote them."""
    return [
        {
            "id": reply.id,
            "text": reply.text
            if reply.staff_id == person.id or Personal.PHONE in revealed
            else with_telephones_masked(reply.text),
            "sendAt": int(reply.send_at.timestamp() * 1000),
            "isForLater": reply.is_for_later,
            "isCrossed": is_crossed(reply, last_of_customer),
            "isMine": reply.staff_id == person.id,
        }
        for reply in await held_in(session, conversation.id)
    ]


async def draft_for(
    session: AsyncSession, conversation_id: uuid.UUID, person: StaffMember, revealed: Collection[Personal]
) -> dict[str, Any] | None:
    """What is half written in the conversation, ready for the thread component; None if nothing is."""
    draft = await draft_in(session, conversation_id)
    if draft is None:
        return None
    writer = await session.get_one(StaffMember, draft.staff_id)
    is_readable = draft.staff_id == person.id or Personal.PHONE in revealed
    text = draft.text if is_readable else with_telephones_masked(draft.text)
    return as_shown(draft) | {"text": text, "writer": writer.name, "isMine": draft.staff_id == person.id}


def as_shown(draft: ReplyDraft) -> dict[str, Any]:
    """The draft as its writer's page knows it."""
    return {
        "edition": str(draft.edition),
        "text": draft.text,
        "at": int(draft.written_at.timestamp() * 1000),
    }
