"""Macros: a canned reply and the act on the case that goes with it, from data/policy/macros.yml."""

from functools import cache
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from bot.complaints.policy import POLICY_FOLDER, PolicyModel, load_policy, policy_fault
from bot.complaints.replies import Title, reply_policy
from bot.desk.acts import CASE_ACTS


class Macro(PolicyModel):
    """One macro."""

    name: str = Field(pattern=r"^[a-z][a-z_]{1,39}$")
    title: Title
    reply: str
    """Name of one of the house's replies."""
    act: str
    """Name of an act on a case."""

    @model_validator(mode="after")
    def _names_what_there_is(self) -> Self:
        if self.reply not in (known := [reply.name for reply in reply_policy().replies]):
            raise policy_fault(f"there is no reply `{self.reply}`", f"write one of {', '.join(known)}", ("reply",))
        if self.act not in CASE_ACTS.names:
            raise policy_fault(f"there is no act `{self.act}`", f"write one of {', '.join(CASE_ACTS.names)}", ("act",))
        return self


class MacroPolicy(PolicyModel):
    """The macros."""

    macros: tuple[Macro, ...]


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
