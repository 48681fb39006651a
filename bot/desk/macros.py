"""Macros: a canned reply and what goes with it, from data/policy/macros.yml."""

from functools import cache
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from bot.complaints.follow_ups import AssignTo
from bot.complaints.labels import Language
from bot.complaints.policy import POLICY_FOLDER, PolicyModel, load_policy, policy_fault
from bot.complaints.replies import CannedReply, Title, reply_policy
from bot.complaints.tags import tag_policy
from bot.desk.acts import CASE_ACTS
from bot.desk.words import word


class Macro(PolicyModel):
    """One macro."""

    name: str = Field(pattern=r"^[a-z][a-z_]{1,39}$")
    title: Title
    reply: str | None = None
    """Name of one of the house's replies."""
    act: str | None = None
    """Name of an act on a case, whose form opens when the macro is chosen."""
    tag: str | None = None
    """Name of a tag."""
    assign: AssignTo | None = None

    @model_validator(mode="after")
    def _names_what_there_is(self) -> Self:
        known = {
            "reply": [reply.name for reply in reply_policy().replies],
            "act": CASE_ACTS.names,
            "tag": list(tag_policy().names),
        }
        for kind, names in known.items():
            value = getattr(self, kind)
            if value is not None and value not in names:
                raise policy_fault(f"there is no {kind} `{value}`", f"write one of {', '.join(names)}", (kind,))
        return self

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.act is None and not self.follows:
            mend = "name an `act`, a `tag` or to whom to `assign` the case"
            raise policy_fault("it does nothing besides its reply", mend, ("name",))
        if self.act is not None and self.reply is None:
            raise policy_fault("an act goes with a reply only", "name a `reply`, or take the `act` out", ("act",))
        return self

    @property
    def follows(self) -> bool:
        """Whether something is done with the case by itself."""
        return self.tag is not None or self.assign is not None

    @property
    def is_for_many(self) -> bool:
        """Whether it can be used for several cases at once: no form is to be filled."""
        return self.act is None

    @property
    def canned_reply(self) -> CannedReply | None:
        """The reply that it puts in."""
        return next((reply for reply in reply_policy().replies if reply.name == self.reply), None)

    def steps(self, language: Language) -> str:
        """What it does with the case by itself, in a few words."""
        parts = []
        if self.tag is not None:
            parts.append(word("macro_tags", language, tag=tag_policy().display_name(self.tag, language)))
        if self.assign is not None:
            parts.append(word(f"macro_assigns_{self.assign}", language))
        return " · ".join(parts)


class MacroPolicy(PolicyModel):
    """The macros."""

    macros: tuple[Macro, ...]

    @model_validator(mode="after")
    def _are_told_apart(self) -> Self:
        names = [macro.name for macro in self.macros]
        for place, name in enumerate(names):
            if name in names[:place]:
                raise policy_fault(f"several macros are called `{name}`", "rename one", ("macros", place, "name"))
        return self

    def find(self, name: str) -> Macro | None:
        """The macro with this name."""
        return next((macro for macro in self.macros if macro.name == name), None)


def load_macro_policy(path: Path = POLICY_FOLDER / "macros.yml") -> MacroPolicy:
    """Reads and validates the macros.

    Raises:
        PolicyError: the file cannot be used; every fault with its line and how to mend it.
    """
    return load_policy(path, MacroPolicy)


@cache
def macro_policy() -> MacroPolicy:
    """The macros in force, read once."""
    return load_macro_policy()
