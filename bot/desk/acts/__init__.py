"""What a person can do with a case at the desk. Each module registers its acts; each act calls one use case."""

# Each registers its acts; a page shows them in this order.
from bot.desk.acts import handling, planning, matters, family, requests, ending, closing, snoozing, following, tagging  # noqa: F401, I001 - an order that means something
from bot.desk.acts.offers import (
    CASE_ACTS,
    CaseAtHand,
    NoSuchCase,
    NotOffered,
    TakeOverFirst,
    Unfilled,
    at_hand,
    seen_by,
)
from bot.desk.acts.refusals import REFUSALS, SAID_OF_REFUSALS

__all__ = [
    "CASE_ACTS",
    "REFUSALS",
    "SAID_OF_REFUSALS",
    "CaseAtHand",
    "NoSuchCase",
    "NotOffered",
    "TakeOverFirst",
    "Unfilled",
    "at_hand",
    "seen_by",
]
