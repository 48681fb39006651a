"""The queue's rows in the viewer's language, ready for the browser."""

from typing import Any

from bot.complaints.labels import Language, Tier
from bot.complaints.tags import tag_policy
from bot.conversations.models import Author, Holder
from bot.desk.conversation import customer_label, milliseconds
from bot.desk.masked import with_telephones_masked
from bot.desk.queue import ComplaintInQueue, QueueEntry, Viewer
from bot.desk.words import word, word_or
from bot.staff.models import StaffMember
from bot.staff.organisation import Organisation, UnknownUnit


def row_of(entry: QueueEntry, viewer: Viewer, language: Language) -> dict[str, Any]:
    """One row."""
    place, complaint = entry.place, entry.complaint
    # The tier's heading already says that a case is urgent or complex.
    is_news = entry.is_waiting and entry.reason not in set(Tier)
    reason = word_or(f"reason_{entry.reason}", "", language) if is_news else ""
    return {
        "id": str(entry.id),
        "tier": place.tier.value,
        "tierName": place.tier.display_name(language),
        "customer": customer_label(entry.customer_name, entry.id, language),
        "channel": word_or(f"channel_{entry.channel}", entry.channel, language),
        "number": complaint.number if complaint else "",
        "subject": _subject(complaint, language) or reason or word("no_complaint_yet", language),
        "reason": reason,
        "outlet": _outlet(complaint.outlet_code, language, viewer.organisation) if complaint else "",
        "handler": (complaint.handler_name or "") if complaint else "",
        "tags": _tags(complaint, language),
        "from": entry.last_author.value if entry.last_author else "",
        "snippet": _snippet(entry, language),
        "isCustomersTurn": entry.last_author is Author.CUSTOMER,
        "isWaiting": entry.is_waiting,
        "since": milliseconds(place.since),
        "dueAt": milliseconds(place.due_at),
        "holder": _holder(entry, viewer.person, language),
        "isMine": entry.holder is Holder.STAFF and entry.held_by == viewer.person.id,
    }


def _subject(complaint: ComplaintInQueue | None, language: Language) -> str:
    if complaint is None:
        return ""
    parts = (label.display_name(language) for label in (complaint.product, complaint.cause) if label is not None)
    return " · ".join(parts)


def _tags(complaint: ComplaintInQueue | None, language: Language) -> list[str]:
    policy = tag_policy()
    return [policy.display_name(name, language) for name in policy.in_order(complaint.tags)] if complaint else []


def _snippet(entry: QueueEntry, language: Language) -> str:
    text = with_telephones_masked(" ".join(entry.last_text.split()))
    if text or entry.last_attachment is None:
        return text
    return f"[{word_or(f'attachment_{entry.last_attachment}', entry.last_attachment, language)}]"


def _outlet(code: str | None, language: Language, organisation: Organisation) -> str:
    if code is None:
        return ""
    try:
        return organisation.find(code).display_name(language)
    except UnknownUnit:
        return code


def _holder(entry: QueueEntry, person: StaffMember, language: Language) -> str:
    if entry.is_waiting:
        return word("nobody_yet", language)
    if entry.holder is Holder.BOT:
        return word("bot", language)
    return word("you", language) if entry.held_by == person.id else entry.holder_name or ""
