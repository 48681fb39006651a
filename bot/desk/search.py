"""What a search in the queue finds: a case number, a customer's name, the end of a phone number, an outlet, a tag,
words.

PostgreSQL cannot cut Chinese text into words, so words are looked for as they are written. The search is bounded by
the open cases, never by the whole history.
"""

import re
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from bot.complaints.case_number import InvalidCaseNumber, parse
from bot.complaints.models import CaseTag, Complaint
from bot.complaints.tags import tag_policy
from bot.conversations.models import Conversation, Message
from bot.staff.organisation import Organisation

SHORTEST_SEARCH = 2
LONGEST_SEARCH = 60
"""Characters."""
PHONE_ENDING = re.compile(r"\d{4}")
PART_OF_NUMBER = re.compile(r"(?:ts)?[\s-]*(\d[\d\s-]*)", re.IGNORECASE)


def is_long_enough(text: str) -> bool:
    """Whether there is something to look for."""
    return len(text.strip()) >= SHORTEST_SEARCH


def conversation_matches(text: str) -> ColumnElement[bool]:
    """Whether a conversation is found by its customer's name or by words of its messages."""
    words = text.strip()
    # An aggregate, because PostgreSQL would read every message there is for EXISTS, settled cases' too.
    said = select(func.bool_or(_has(Message.text, words))).where(Message.conversation_id == Conversation.id)
    return or_(_has(Conversation.customer_name, words), said.scalar_subquery())


def case_matches(text: str, organisation: Organisation) -> ColumnElement[bool]:
    """Whether a complaint is found by its number, phone ending, outlet, tag or story."""
    words = text.strip()
    conditions = [_has(Complaint.story, words)]
    digits = _digits_of_number(words)
    if digits:
        conditions.append(func.replace(Complaint.number, "-", "").contains(digits))
    if PHONE_ENDING.fullmatch(words):
        conditions.append(func.right(Complaint.contact_phone, len(words)) == words)
    tags = tag_policy().named(words)
    if tags:
        conditions.append(Complaint.id.in_(select(CaseTag.complaint_id).where(CaseTag.tag.in_(tags))))
    outlets = _outlets_named(words, organisation)
    if outlets:
        conditions.append(Complaint.outlet_code.in_(sorted(outlets)))
    return or_(*conditions)


def _has(column: InstrumentedAttribute[Any], words: str) -> ColumnElement[bool]:
    """Whether a text has these words, whatever their capitals; Chinese has none, which is quicker to look for."""
    if words.lower() == words.upper():
        return column.contains(words, autoescape=True)
    return column.icontains(words, autoescape=True)


def _digits_of_number(words: str) -> str:
    """The digits of a case number or of a part of one, with or without TS and dashes, also as read out."""
    try:
        return re.sub(r"\D", "", parse(words))
    except InvalidCaseNumber:
        part = PART_OF_NUMBER.fullmatch(words)
        return re.sub(r"\D", "", part[1]) if part else ""


def _outlets_named(words: str, organisation: Organisation) -> set[str]:
    """Codes of the units whose name has these words, and of all below them."""
    wanted = words.casefold()
    named = (
        unit
        for unit in organisation.units
        if any(wanted in name.casefold() for name in (unit.name_zh, unit.name_en, *unit.aliases))
    )
    return {below.code for unit in named for below in organisation.subtree(unit.code)}
