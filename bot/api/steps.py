"""What other systems do with a complaint: comment, start, resolve, close. All else is for people."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.api.documents import Close, ComplaintShown, Resolve, Start
from bot.api.models import ComplaintComment
from bot.api.reading import complaint_for, locked_complaint_for
from bot.api.tokens import Caller
from bot.audit import record
from bot.complaints.family import require_no_open_children
from bot.complaints.follows import tell_followers
from bot.complaints.lifecycle import CaseStep
from bot.complaints.models import Complaint, NoticeKind
from bot.conversations.masking import mask
from bot.conversations.models import Holder
from bot.database import notify_changed
from bot.followups.results import tell_result


class StaleVersion(Exception):
    """The complaint has changed since it was read."""


class PersonIsTalking(Exception):
    """A member of staff is talking with the customer; the result is theirs to tell."""


class SensitiveResult(ValueError):
    """A result that the customer shall be told has a number in it that must not be sent.

    Attributes:
        kinds: which: `bank_card`, `identity_number`, …
    """

    def __init__(self, kinds: tuple[str, ...]) -> None:
        self.kinds = kinds
        super().__init__(", ".join(kinds))


async def comment(session: AsyncSession, caller: Caller, number: str, text: str, *, now: datetime) -> ComplaintComment:
    """Note something on a complaint, for staff and systems only. Sensitive numbers are taken out.

    Raises:
        NoSuchComplaint: there is none with this number.
        OutOfReach: it is not for this token.
    """
    complaint = await complaint_for(session, caller, number)
    note = ComplaintComment(
        complaint_id=complaint.id, author=caller.actor, text=mask(text.strip()).text, written_at=now
    )
    session.add(note)
    record(session, at=now, actor=caller.actor, action="comment", subject=complaint.number)
    tell_followers(session, complaint, NoticeKind.COMMENTED, by=caller.actor, now=now)
    await notify_changed(session, complaint.conversation_id)
    await session.flush()
    return note


async def take_step(
    session: AsyncSession, caller: Caller, number: str, step: Start | Resolve | Close, *, etag: str, now: datetime
) -> Complaint:
    """Take a complaint one step on, if it still is as the caller knows it.

    Args:
        etag: of the complaint as the caller read it.

    Raises:
        NoSuchComplaint: there is none with this number.
        OutOfReach: it is not for this token.
        StaleVersion: it has changed meanwhile.
        IllegalStep: its state does not allow the step.
        OpenChildren: it collects other complaints that are not settled.
        PersonIsTalking: it is being talked about just now.
        SensitiveResult: the customer must not be told this.
    """
    complaint, conversation = await locked_complaint_for(session, caller, number)
    if etag not in {ComplaintShown.of(complaint, is_personal=full).etag for full in (True, False)}:
        raise StaleVersion(complaint.number)
    if isinstance(step, Resolve):
        if conversation.holder is Holder.STAFF:
            raise PersonIsTalking(complaint.number)
        if kinds := mask(step.result).kinds:
            raise SensitiveResult(kinds)
        await tell_result(session, complaint, step.result, actor=caller.actor, now=now)
    else:
        if isinstance(step, Close):
            await require_no_open_children(session, complaint)
        complaint.take(CaseStep(step.step), now=now)
        record(session, at=now, actor=caller.actor, action=step.step, subject=complaint.number)
        kind = NoticeKind.CLOSED if isinstance(step, Close) else NoticeKind.STARTED
        tell_followers(session, complaint, kind, by=caller.actor, now=now)
    await notify_changed(session, complaint.conversation_id)
    await session.flush()
    await session.refresh(complaint)
    return complaint
