"""What other systems do with a complaint: comment, start, resolve, close. All else is for people."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.api.documents import Close, ComplaintShown, Mending, Resolve, Start
from bot.api.models import ComplaintComment
from bot.api.reading import complaint_for, locked_complaint_for
from bot.api.tokens import Caller
from bot.audit import record
from bot.complaints.closing import LONGEST_TO_RECTIFY, Checklist, Rectification, close
from bot.complaints.deadlines import deadline_policy
from bot.complaints.follows import tell_followers
from bot.complaints.lifecycle import CaseStep
from bot.complaints.models import Complaint, NoticeKind
from bot.complaints.notices import notify_handler
from bot.conversations.models import Holder
from bot.database import notify_changed
from bot.followups.results import tell_result
from bot.masking import mask, mask_form
from bot.staff.organisation import organisation


class StaleVersion(Exception):
    """The complaint has changed since it was read."""


class PersonIsTalking(Exception):
    """A member of staff is talking with the customer; the result is theirs to tell."""


class RectificationRefused(ValueError):
    """What must be put right cannot be given to this unit, or until this day; the message says which."""


class SensitiveResult(ValueError):
    """A result that the customer shall be told has a number in it that must not be sent.

    Attributes:
        kinds: which: `bank_card`, `identity_number`, …
    """

    def __init__(self, kinds: tuple[str, ...]) -> None:
        self.kinds = kinds
        super().__init__(", ".join(kinds))


async def comment(session: AsyncSession, caller: Caller, number: str, text: str, *, now: datetime) -> ComplaintComment:
    """Note something on a complaint, for staff and systems only. Sensitive numbers are taken out; whoever has the case
    gets a notice.

    Raises:
        NoSuchComplaint: there is none with this number.
        OutOfReach: it is not for this token.
    """
    complaint = await complaint_for(session, caller, number)
    note = ComplaintComment(
        complaint_id=complaint.id, author=caller.actor, text=mask_form(text.strip()), written_at=now
    )
    session.add(note)
    record(session, at=now, actor=caller.actor, action="comment", subject=complaint.number)
    notify_handler(session, complaint, NoticeKind.COMMENTED, now=now)
    has_it = [complaint.handler_id] if complaint.handler_id else []
    tell_followers(session, complaint, NoticeKind.NOTED, by=caller.actor, now=now, besides=has_it)
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
        TooEarlyToClose: the customer has not accepted the result, and may still object.
        RectificationRefused: what must be put right cannot be given to this unit, or until this day.
    """
    complaint, conversation = await locked_complaint_for(session, caller, number)
    if etag not in {ComplaintShown.of(complaint, is_personal=full).etag for full in (True, False)}:
        raise StaleVersion(complaint.number)
    if isinstance(step, Resolve):
        if conversation.holder is Holder.STAFF:
            raise PersonIsTalking(complaint.number)
        if kinds := mask(step.result).kinds:
            raise SensitiveResult(kinds)
        await tell_result(session, complaint, mask_form(step.result), actor=caller.actor, now=now)
    elif isinstance(step, Close):
        await close(session, complaint, _checklist(step), actor=caller.actor, now=now)
        if step.rectification is not None:
            _check_rectification(complaint, step.rectification, now=now)
    else:
        complaint.take(CaseStep.START, now=now)
        record(session, at=now, actor=caller.actor, action=CaseStep.START, subject=complaint.number)
        tell_followers(session, complaint, NoticeKind.STARTED, by=caller.actor, now=now)
    await notify_changed(session, complaint.conversation_id)
    await session.flush()
    await session.refresh(complaint)
    return complaint


def _checklist(step: Close) -> Checklist:
    mend = step.rectification
    return Checklist(
        root_cause=step.root_cause,
        is_customer_told=step.is_customer_told,
        rectification=Rectification(mask_form(mend.what), mend.unit, mend.due_on) if mend else None,
        note=mask_form(step.note or ""),
    )


def _check_rectification(complaint: Complaint, mend: Mending, *, now: datetime) -> None:
    """As the desk's form offers it: a unit that answers for the outlet, and a day that lies ahead."""
    if mend.unit not in {unit.code for unit in organisation().in_line(complaint.outlet_code)}:
        raise RectificationRefused(f"{mend.unit} is neither the outlet complained about nor a unit above it.")
    today = now.astimezone(deadline_policy().zone).date()
    last_day = today + LONGEST_TO_RECTIFY
    if not today < mend.due_on <= last_day:
        raise RectificationRefused(f"due_on is a day after {today}, and {last_day} at the latest.")
