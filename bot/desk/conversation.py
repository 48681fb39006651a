"""One conversation as a page shows it: its messages, who holds it, and its complaints in the viewer's language."""

import re
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.casework import complaints_of
from bot.complaints.deadlines import DeadlineName, deadline_policy
from bot.complaints.labels import Language, Signal
from bot.complaints.learn import LearnStep
from bot.complaints.models import Complaint, DeadlineRecord, Fact, TierDecisionRecord
from bot.conversations.models import Author, Conversation, Delivery, Holder, Message, Note
from bot.conversations.sent import is_correctable
from bot.desk.masked import Personal, masked_name, masked_telephone, with_telephones_masked
from bot.desk.sending import draft_for, held_for
from bot.desk.timeline import name_of
from bot.desk.words import language_of, word, word_or
from bot.staff.models import StaffMember
from bot.staff.organisation import Organisation, UnknownUnit
from bot.staff.permissions import Act, may, may_see, may_see_conversation

MESSAGES_SHOWN = 300
SAFE_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Shown in the page; everything else is only downloaded."""

MENTION = re.compile(r"(@[a-z](?:[a-z0-9._-]*[a-z0-9])?)")
"""How a note calls a colleague: by username."""

FACT_ORDER = ("occurred", "outlet", "amount", "wish", "phone", "addition")


class NotForThisPerson(Exception):
    """The person may not see the conversation."""


class NoSuchConversation(LookupError):
    """There is no conversation with this id."""


@dataclass(frozen=True)
class Opened:
    """A conversation and what of its complaints the person may see."""

    conversation: Conversation
    complaints: list[Complaint]


async def open_for(
    session: AsyncSession, conversation_id: uuid.UUID, person: StaffMember, organisation: Organisation
) -> Opened:
    """The conversation, if the person may see it.

    Raises:
        NoSuchConversation: there is none.
        NotForThisPerson: there is, but it belongs to another unit.
    """
    conversation = await session.get(Conversation, conversation_id)
    if conversation is None:
        raise NoSuchConversation(str(conversation_id))
    complaints = await complaints_of(session, conversation_id)
    if not may_see_conversation(person, [complaint.outlet_code for complaint in complaints], organisation):
        raise NotForThisPerson(str(conversation_id))
    return Opened(conversation, [c for c in complaints if may_see(person, c.outlet_code, organisation)])


def shown_as(person: StaffMember, language: str, organisation: Organisation) -> str:
    """How the customer sees a person: «武昌支行 李经理»."""
    try:
        unit = organisation.find(person.unit_code).display_name(language_of(language))
    except UnknownUnit:
        return person.name
    return f"{unit} {person.name}"


def customer_label(
    name: str | None, conversation_id: uuid.UUID, language: Language, *, is_revealed: bool = False
) -> str:
    """The customer's name, masked until it is revealed, or a short name made of the conversation's id."""
    if not name:
        return f"{word('visitor', language)} {conversation_id.hex[:4].upper()}"
    return name if is_revealed else masked_name(name)


def milliseconds(moment: datetime | None) -> int | None:
    """A moment as browsers count."""
    return None if moment is None else int(moment.timestamp() * 1000)


async def thread_of(
    session: AsyncSession,
    opened: Opened,
    person: StaffMember,
    language: Language,
    revealed: Collection[Personal] = (),
    *,
    now: datetime,
) -> dict[str, Any]:
    """The messages and the holder, ready for the thread component.

    Args:
        revealed: what the person has asked to see; everything else personal is masked.
    """
    conversation = opened.conversation
    name = conversation.customer_name or ""
    is_name_masked = Personal.NAME not in revealed and masked_name(name) != name
    messages = list(
        await session.scalars(
            select(Message)
            .where(Message.conversation_id == conversation.id)
            .order_by(Message.id.desc())
            .limit(MESSAGES_SHOWN + 1)
        )
    )
    has_earlier = len(messages) > MESSAGES_SHOWN
    messages = messages[:MESSAGES_SHOWN]
    notes = await _notes_since(session, conversation.id, messages[-1].sent_at if has_earlier else None)
    written: list[Message | Note] = [*messages, *notes]
    is_phone_masked = any(shown_text(one.text, revealed) != one.text for one in written)
    writers = {one.staff_id for one in written} | {conversation.held_by}
    named = await session.scalars(select(StaffMember).where(StaffMember.id.in_(writers - {None})))
    names = {member.id: member.name for member in named}
    called = await _usernames_in(session, notes)
    entries = [
        (
            message.sent_at,
            _message(message, names, language, revealed)
            | {
                "delivery": _mark(message, conversation),
                "correctable": message.text if is_correctable(message, person.id, now) else None,
            },
        )
        for message in reversed(messages)
    ]
    entries += [(note.at, _note(note, names, called, revealed)) for note in notes]
    last_of_customer = max((message.id for message in messages if message.author is Author.CUSTOMER), default=0)
    is_mine = conversation.holder is Holder.STAFF and conversation.held_by == person.id
    return {
        "id": str(conversation.id),
        "customer": customer_label(name, conversation.id, language, is_revealed=Personal.NAME in revealed),
        "mayRevealName": is_name_masked and may(person, Act.REVEAL),
        "mayRevealPhone": is_phone_masked and may(person, Act.REVEAL),
        "channel": word_or(f"channel_{conversation.channel}", conversation.channel, language),
        "speaks": word_or(f"speaks_{conversation.language}", conversation.language, language),
        "holder": "mine" if is_mine else conversation.holder.value,
        "holderName": names.get(conversation.held_by, "") if conversation.held_by else "",
        "waitingSince": milliseconds(conversation.waiting_since),
        "reason": word_or(f"reason_{conversation.handover_reason}", "", language),
        "mayAnswer": may(person, Act.ANSWER),
        "hasEarlier": has_earlier,
        "lastOfCustomer": last_of_customer,
        "messages": [entry for _, entry in sorted(entries, key=lambda dated: dated[0])],
        "held": await held_for(session, conversation, person, last_of_customer=last_of_customer, revealed=revealed),
        "draft": await draft_for(session, conversation.id, person, revealed),
    }


async def _notes_since(session: AsyncSession, conversation_id: uuid.UUID, since: datetime | None) -> list[Note]:
    query = select(Note).where(Note.conversation_id == conversation_id).order_by(Note.id.desc()).limit(MESSAGES_SHOWN)
    if since is not None:
        query = query.where(Note.at >= since)
    return list(reversed((await session.scalars(query)).all()))


async def _usernames_in(session: AsyncSession, notes: Iterable[Note]) -> frozenset[str]:
    """The usernames that notes mention and that there are."""
    mentioned = {mention.removeprefix("@") for note in notes for mention in MENTION.findall(note.text)}
    if not mentioned:
        return frozenset()
    return frozenset(await session.scalars(select(StaffMember.username).where(StaffMember.username.in_(mentioned))))


def _note(
    note: Note, names: dict[uuid.UUID, str], called: Collection[str], revealed: Collection[Personal]
) -> dict[str, Any]:
    parts = [part for part in MENTION.split(shown_text(note.text, revealed)) if part]
    return {
        "id": f"note-{note.id}",
        "from": "note",
        "isUnsent": note.is_unsent_reply,
        "author": names.get(note.staff_id, ""),
        "parts": [{"text": part, "isMention": part[0] == "@" and part[1:] in called} for part in parts],
        "at": milliseconds(note.at),
    }


def _message(
    message: Message, names: dict[uuid.UUID, str], language: Language, revealed: Collection[Personal]
) -> dict[str, Any]:
    if message.author is Author.STAFF and message.staff_id is not None:
        author = names.get(message.staff_id, "")
    else:
        author = word_or(f"author_{message.author}", message.author, language)
    attachment = message.attachment
    return {
        "id": message.id,
        "from": message.author.value,
        "author": author,
        "text": shown_text(message.text, revealed),
        "at": milliseconds(message.sent_at),
        "masked": [word_or(f"masked_{kind}", kind, language) for kind in message.masked],
        "buttons": [str(button) for button in message.buttons],
        "earlierText": message.earlier_text and shown_text(message.earlier_text, revealed),
        "attachment": attachment
        and {
            "address": f"/attachments/{attachment.id}",
            "isImage": attachment.content_type in SAFE_IMAGES,
            "kind": word_or(f"attachment_{attachment.kind}", attachment.kind, language),
            "name": attachment.file_name,
            "size": attachment.size,
        },
    }


def _mark(message: Message, conversation: Conversation) -> str | None:
    """How far a message of the bank has come: as far as its channel tells, up to the customer's eyes."""
    if message.author is Author.CUSTOMER:
        return None
    if message.delivery is Delivery.DELIVERED and message.id <= (conversation.read_by_customer_up_to or 0):
        return "read"
    return message.delivery.value


def shown_text(text: str, revealed: Collection[Personal]) -> str:
    """What somebody wrote, with telephone numbers masked until they are revealed."""
    return text if Personal.PHONE in revealed else with_telephones_masked(text)


def case_of(
    complaint: Complaint,
    person: StaffMember,
    language: Language,
    organisation: Organisation,
    revealed: Collection[Personal] = (),
) -> dict[str, Any]:
    """One complaint, ready for the case component.

    Args:
        revealed: what the person has asked to see; everything else personal is masked.
    """
    product = complaint.product.display_name(language) if complaint.product else ""
    cause = complaint.cause.display_name(language) if complaint.cause else ""
    has_phone = any(fact.name == "phone" for fact in complaint.facts)
    return {
        "id": str(complaint.id),
        "number": complaint.number,
        "state": complaint.state.display_name(language),
        "isSettled": complaint.state.is_settled,
        "tier": complaint.tier.value,
        "tierName": complaint.tier.display_name(language),
        "subject": " · ".join(part for part in (product, cause) if part),
        "emotion": complaint.emotion.display_name(language) if complaint.emotion else "",
        "outlet": _outlet(complaint.outlet_code, language, organisation),
        "openedAt": milliseconds(complaint.opened_at),
        "reopenedCount": complaint.reopened_count,
        "story": shown_text(complaint.story, revealed),
        "facts": _facts(complaint.facts, language, revealed),
        "mayRevealPhone": has_phone and Personal.PHONE not in revealed and may(person, Act.REVEAL),
        "signals": _signals(complaint.signals, language),
        "decisions": [_decision(decision, language) for decision in reversed(complaint.tier_decisions)],
        "deadlines": [_deadline(deadline, language) for deadline in complaint.deadlines],
        "steps": learn_steps(complaint, language),
        "result": complaint.result,
        "answer": _answer_to_result(complaint, language),
        "rating": complaint.rating,
        "ratingText": word("rating", language, count=complaint.rating) if complaint.rating else "",
        "ratingComment": shown_text(complaint.rating_comment or "", revealed),
    }


def _outlet(code: str | None, language: Language, organisation: Organisation) -> str:
    if code is None:
        return word("outlet_unknown", language)
    try:
        return organisation.find(code).display_name(language)
    except UnknownUnit:
        return code


def _facts(facts: Iterable[Fact], language: Language, revealed: Collection[Personal]) -> list[dict[str, Any]]:
    """The facts by name: the last one counts, what was said earlier is its history; additions stand each by itself."""
    by_name: defaultdict[str, list[str]] = defaultdict(list)
    for fact in facts:
        by_name[fact.name].append(_fact_text(fact, revealed))
    shown: list[dict[str, Any]] = []
    for name in sorted(by_name, key=lambda name: FACT_ORDER.index(name) if name in FACT_ORDER else len(FACT_ORDER)):
        label = word_or(f"fact_{name}", name, language)
        if name == "addition":
            shown += [{"name": name, "label": label, "text": text, "earlier": []} for text in by_name[name]]
            continue
        *earlier, last = by_name[name]
        different = dict.fromkeys(text for text in earlier if text != last)
        shown.append(
            {
                "name": name,
                "label": label,
                "text": last,
                "earlier": [word("earlier_fact", language, text=text) for text in different],
            }
        )
    return shown


def _fact_text(fact: Fact, revealed: Collection[Personal]) -> str:
    if fact.name == "phone" and Personal.PHONE not in revealed:
        return masked_telephone(fact.text)
    return shown_text(fact.text, revealed)


def _signals(signals: Iterable[dict[str, Any]], language: Language) -> list[dict[str, str]]:
    """Each signal with the customer's words that show it."""
    shown: dict[str, list[str]] = defaultdict(list)
    for signal in signals:
        words = str(signal["words"][2]) if len(signal.get("words", [])) > 2 else ""
        if words and words not in shown[signal["name"]]:
            shown[signal["name"]].append(words)
    return [
        {
            "name": Signal(name).display_name(language) if name in set(Signal) else name,
            "words": "，".join(words) if language == "zh" else ", ".join(words),
        }
        for name, words in shown.items()
    ]


def _decision(decision: TierDecisionRecord, language: Language) -> dict[str, Any]:
    return {
        "tier": decision.tier.value,
        "tierName": decision.tier.display_name(language),
        "previousName": decision.previous_tier.display_name(language) if decision.previous_tier else "",
        "by": word_or(f"decided_{decision.decided_by}", decision.decided_by.removeprefix("staff:"), language),
        "at": milliseconds(decision.decided_at),
        "reasons": [str(reason.get(language) or reason.get("zh") or "") for reason in decision.reasons],
    }


def _deadline(deadline: DeadlineRecord, language: Language) -> dict[str, Any]:
    name = DeadlineName(deadline.name).display_name(language) if deadline.name in set(DeadlineName) else deadline.name
    return {
        "name": name,
        "rule": _rule(deadline.rule, language),
        "dueAt": milliseconds(deadline.due_at),
        "metAt": milliseconds(deadline.met_at),
    }


def _rule(stored: str, language: Language) -> str:
    """The rule in the viewer's language; the one stored is Chinese, and stays if it is no longer in force."""
    rule = next((rule for rule in deadline_policy().rules.values() if rule.zh == stored), None)
    return rule.in_language(language) if rule is not None else stored


def learn_steps(complaint: Complaint, language: Language) -> list[dict[str, Any]]:
    """The five LEARN steps in order, each with when it was last done and by whom."""
    done = {entry.step: entry for entry in complaint.learn_record}
    return [
        {
            "step": step.value,
            "name": step.display_name(language),
            "letter": step.value[0].upper(),
            "doneAt": milliseconds(done[step].done_at) if step in done else None,
            "by": _done_by(done[step].by, language) if step in done else "",
        }
        for step in LearnStep
    ]


def _done_by(actor: str, language: Language) -> str:
    return word_or(f"done_by_{actor}", name_of(actor, {}, language), language)


def _answer_to_result(complaint: Complaint, language: Language) -> str:
    if complaint.result is None:
        return ""
    if complaint.result_accepted is None:
        return word("result_not_answered", language)
    return word("result_accepted" if complaint.result_accepted else "result_rejected", language)
