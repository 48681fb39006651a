"""What a person can do with a case at the desk. Each module registers its acts; each act calls one use case."""

from bot.desk.acts import ending, handling, matters, planning, requests  # noqa: F401 - each registers its acts
from bot.desk.acts.offers import CASE_ACTS, CaseAtHand, NotOffered, TakeOverFirst, Unfilled, at_hand
from bot.desk.acts.refusals import REFUSALS, SAID_OF_REFUSALS

__all__ = [
    "CASE_ACTS",
    "REFUSALS",
    "SAID_OF_REFUSALS",
    "CaseAtHand",
    "NotOffered",
    "TakeOverFirst",
    "Unfilled",
    "at_hand",
]
