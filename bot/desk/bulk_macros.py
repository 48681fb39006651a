"""A macro for several cases at once: each case by itself, and each with an answer of its own.

Where a macro has a reply, everything of it happens or nothing: what it does with the case follows the reply.
"""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.assignment import MustAvoid
from bot.complaints.checklist import Tick
from bot.complaints.follow_ups import FollowUp
from bot.complaints.labels import Label
from bot.complaints.models import Complaint
from bot.complaints.replies import filled, gaps_in
from bot.conversations.handover import last_of_customer
from bot.conversations.models import Conversation, Holder
from bot.desk.bulk import newest_case, record_refusal
from bot.desk.conversation import Opened, open_for
from bot.desk.macros import Macro
from bot.desk.replying import HOUSE, Source, cautions_for
from bot.desk.sending import Answer, send
from bot.desk.taking_over import take_over
from bot.desk.words import language_of
from bot.followups.macro_steps import LEFT_OUT, NobodyFits, NotTheirs, follow, may_follow
from bot.staff.models import StaffMember
from bot.staff.people import organisation
from bot.staff.permissions import Act, may


class Used(Label):
    """What came of a macro in one conversation."""

    DONE = "done", "已办", "Done"
    ANSWERED = "answered", "已回复，其余随后办", "Answered; the rest follows"
    NO_CASE = "no_case", "没有未结投诉", "No open case"
    NOT_YOURS = "not_yours", "您无权办理", "Not yours to do"
    AVOIDED = "avoided", "须回避", "Must keep out"
    NOBODY_FITS = "nobody_fits", "没有合适的人", "Nobody fits"
    ILLEGAL = "illegal", "当前状态不能办", "Not in this state"
    HELD_BY_ANOTHER = "held_by_another", "同事正在接待，没有发", "A colleague is with them; not sent"
    BOT_ANSWERS = "bot_answers", "没有人接待，没有发", "Nobody is with them; not sent"
    GAPS_LEFT = "gaps_left", "回复有没填的内容，没有发", "The reply has gaps; not sent"
    NEEDS_LOOK = "needs_look", "回复要您看过再发，没有发", "The reply needs a look; not sent"

    @property
    def is_done(self) -> bool:
        """Whether what the person wanted is done, or on its way."""
        return self in {Used.DONE, Used.ANSWERED}


async def use_macro(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    macro: Macro,
    *,
    person: StaffMember,
    undo_for: timedelta,
    now: datetime,
) -> Used:
    """Use a macro in the newest unsettled case of a conversation.

    A reply goes to whom the person is with, and to whom waits for a person: they are taken over by it.

    Args:
        undo_for: how long a reply can be undone.
    """
    await session.execute(select(Conversation.id).where(Conversation.id == conversation_id).with_for_update())
    complaint = await newest_case(session, conversation_id, person, organisation())
    if complaint is None:
        return Used.NO_CASE
    is_theirs = may_follow(person, complaint, macro.assign) and (macro.reply is None or may(person, Act.ANSWER))
    if not macro.is_for_many or not is_theirs:
        record_refusal(session, complaint, person, f"macro {macro.name}", now=now)
        return Used.NOT_YOURS
    if macro.reply is not None:
        opened = await open_for(session, conversation_id, person, organisation())
        return await _answer(session, opened, complaint, macro, person, undo_for=undo_for, now=now)
    try:
        await follow(session, complaint, person, tag=macro.tag, assign_to=macro.assign, now=now)
    except LEFT_OUT as reason:
        return _why(reason)
    return Used.DONE


async def _answer(
    session: AsyncSession,
    opened: Opened,
    complaint: Complaint,
    macro: Macro,
    person: StaffMember,
    *,
    undo_for: timedelta,
    now: datetime,
) -> Used:
    conversation = opened.conversation
    hindrance = _hindrance(conversation, person)
    if hindrance is not None:
        return hindrance
    text = _text(macro, Source(conversation, complaint, person, (), organisation(), now))
    if gaps_in(text):
        return Used.GAPS_LEFT
    if await cautions_for(session, text, opened.complaints):
        return Used.NEEDS_LOOK
    if conversation.holder is Holder.QUEUE:
        await take_over(session, conversation, person, now=now)
    answer = Answer(
        text,
        seen=await last_of_customer(session, conversation.id),
        send_at=None,
        ticks=_ticks(macro, complaint, person),
        follow_ups=[FollowUp(macro.name, complaint.id, person.id, macro.tag, macro.assign)],
    )
    await send(session, conversation.id, person, answer, undo_for=undo_for, now=now)
    return Used.ANSWERED


def _hindrance(conversation: Conversation, person: StaffMember) -> Used | None:
    """Why no reply of this person can go out here."""
    if conversation.holder is Holder.BOT:
        return Used.BOT_ANSWERS
    if conversation.holder is Holder.STAFF and conversation.held_by != person.id:
        return Used.HELD_BY_ANOTHER
    return None


def _text(macro: Macro, source: Source) -> str:
    """The macro's reply in the customer's language, with what is known of the case."""
    language = language_of(source.conversation.language)
    reply = macro.canned_reply
    return filled(getattr(reply.text, language), source.facts(language), language) if reply else ""


def _ticks(macro: Macro, complaint: Complaint, person: StaffMember) -> list[Tick]:
    reply = macro.canned_reply
    return [Tick(complaint.id, reply.step, f"reply {HOUSE}{reply.name}", f"staff:{person.username}")] if reply else []


def _why(reason: Exception) -> Used:
    """What stood in the way, in a few words."""
    words = {MustAvoid: Used.AVOIDED, NobodyFits: Used.NOBODY_FITS, NotTheirs: Used.NOT_YOURS}
    return next((used for kind, used in words.items() if isinstance(reason, kind)), Used.ILLEGAL)
