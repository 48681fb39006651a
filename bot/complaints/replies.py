"""Canned replies: sentences for a LEARN step, with places that are filled from the case at hand.

The house's own are in data/policy/replies.yml. A fact that is not known stays as a visible gap, 「【金额】」.
"""

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from bot.complaints.labels import Label, Language
from bot.complaints.learn import LearnStep
from bot.complaints.policy import POLICY_FOLDER, PolicyModel, load_policy, policy_fault

LONGEST_REPLY = 1000
"""Characters of a canned reply before it is filled."""


class Placeholder(Label):
    """What can be filled in."""

    CUSTOMER = "customer", "客户称呼", "customer"
    NUMBER = "number", "投诉编号", "complaint number"
    OUTLET = "outlet", "网点", "outlet"
    AMOUNT = "amount", "金额", "amount"
    OCCURRED = "occurred", "发生时间", "when it happened"
    DUE = "due", "答复期限", "date of the answer"
    RESULT = "result", "处理结果", "result"
    STAFF = "staff", "我的称呼", "my name"

    def gap(self, language: Language) -> str:
        """What stands in a reply while the fact is not known."""
        return f"【{self.display_name(language)}】"


class CannotFill(ValueError):
    """A text has braces that nothing can be filled into.

    Attributes:
        place: what stands between them; empty if a brace has no other half.
    """

    def __init__(self, place: str) -> None:
        self.place = place
        super().__init__(f"{{{place}}} is no place that can be filled")


GAP = re.compile("|".join(re.escape(place.gap(language)) for place in Placeholder for language in ("zh", "en")))


def check_places(text: str) -> None:
    """Make sure that everything in braces can be filled.

    Raises:
        CannotFill: something cannot.
    """
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise CannotFill("") from error
    for _, place, formatting, conversion in parts:
        if place is not None and (place not in set(Placeholder) or formatting or conversion):
            raise CannotFill(place)


def filled(text: str, facts: Mapping[Placeholder, str], language: Language) -> str:
    """The text with what is known of the case; what is not known is a gap.

    Args:
        language: of the text.

    Raises:
        CannotFill: the text has places that nothing can be filled into.
    """
    check_places(text)
    return text.format_map({place.value: facts.get(place) or place.gap(language) for place in Placeholder})


def gaps_in(text: str) -> tuple[str, ...]:
    """The gaps that are left, each once, in their order."""
    return tuple(dict.fromkeys(GAP.findall(text)))


def _fillable(text: str) -> str:
    try:
        check_places(text)
    except CannotFill as unknown:
        known = ", ".join(f"{{{place}}}" for place in Placeholder)
        raise policy_fault(str(unknown), f"write one of {known}, or take the braces out") from unknown
    return text


ReplyText = Annotated[str, Field(min_length=1, max_length=LONGEST_REPLY), AfterValidator(_fillable)]


class Title(PolicyModel):
    """What staff finds a reply by."""

    zh: str = Field(min_length=1, max_length=60)
    en: str = Field(min_length=1, max_length=60)


class Wordings(PolicyModel):
    """The reply in both languages."""

    zh: ReplyText
    en: ReplyText


class CannedReply(PolicyModel):
    """One of the house's replies."""

    name: str = Field(pattern=r"^[a-z][a-z_]{1,39}$")
    step: LearnStep
    title: Title
    text: Wordings


class ReplyPolicy(PolicyModel):
    """The house's replies."""

    replies: tuple[CannedReply, ...]

    @model_validator(mode="after")
    def _is_unambiguous(self) -> Self:
        counts = Counter(reply.name for reply in self.replies)
        for place, reply in enumerate(self.replies):
            if counts[reply.name] > 1:
                raise policy_fault(f"several replies are called `{reply.name}`", "rename one", ("replies", place))
        return self

    @model_validator(mode="after")
    def _serves_every_step(self) -> Self:
        served = {reply.step for reply in self.replies}
        if missing := [step.value for step in LearnStep if step not in served]:
            raise policy_fault(f"no reply for {', '.join(missing)}", "write one for each step", ("replies",))
        return self


def load_reply_policy(path: Path = POLICY_FOLDER / "replies.yml") -> ReplyPolicy:
    """Reads and validates the house's replies.

    Raises:
        PolicyError: the file cannot be used; every fault with its line and how to mend it.
    """
    return load_policy(path, ReplyPolicy)


@cache
def reply_policy() -> ReplyPolicy:
    """The house's replies in force, read once."""
    return load_reply_policy()
