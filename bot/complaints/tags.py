"""Tags: short labels that people put on a case, from data/policy/tags.yml; nobody makes up their own."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.complaints.labels import Language
from bot.complaints.models import CaseTag, Complaint
from bot.complaints.policy import POLICY_FOLDER, PolicyModel, load_policy, policy_fault

LONGEST_NAME = 40
"""Characters."""


class NoSuchTag(LookupError):
    """The policy has no such tag."""


class Tag(PolicyModel):
    """One tag."""

    name: str = Field(pattern=r"^[a-z][a-z_]{1,39}$")
    zh: str = Field(min_length=1, max_length=12)
    en: str = Field(min_length=1, max_length=30)

    def display_name(self, language: Language) -> str:
        """What people read."""
        return self.zh if language == "zh" else self.en


class TagPolicy(PolicyModel):
    """The tags in the order in which they are offered."""

    tags: tuple[Tag, ...] = Field(max_length=40)

    @model_validator(mode="after")
    def _are_told_apart(self) -> Self:
        for key in ("name", "zh", "en"):
            values = [getattr(tag, key) for tag in self.tags]
            for place, value in enumerate(values):
                if value in values[:place]:
                    problem = f"`{value}` already is the tag at position {values.index(value) + 1}"
                    raise policy_fault(problem, f"give it another {key}", ("tags", place, key))
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Every tag's name."""
        return tuple(tag.name for tag in self.tags)

    def find(self, name: str) -> Tag | None:
        """The tag with this name, unless it has been taken out of the policy."""
        return next((tag for tag in self.tags if tag.name == name), None)

    def display_name(self, name: str, language: Language) -> str:
        """What people read; its name where it has been taken out."""
        tag = self.find(name)
        return tag.display_name(language) if tag is not None else name

    def in_order(self, names: Iterable[str]) -> list[str]:
        """These tags in the policy's order, those that it does not have last."""
        return sorted(names, key=lambda name: (name not in self.names, *self._place(name)))

    def _place(self, name: str) -> tuple[int, str]:
        return (self.names.index(name) if name in self.names else 0), name

    def named(self, words: str) -> list[str]:
        """The names of the tags that are called so, or partly so, in either language."""
        wanted = words.casefold()
        return [tag.name for tag in self.tags if wanted in tag.zh.casefold() or wanted in tag.en.casefold()]


def load_tag_policy(path: Path = POLICY_FOLDER / "tags.yml") -> TagPolicy:
    """Reads and validates the tags.

    Raises:
        PolicyError: the file cannot be used; every fault with its line and how to mend it.
    """
    return load_policy(path, TagPolicy)


@cache
def tag_policy() -> TagPolicy:
    """The tags in force, read once."""
    return load_tag_policy()


async def tags_of(session: AsyncSession, complaint: Complaint) -> Sequence[str]:
    """The names of the case's tags, in the policy's order."""
    found = await session.scalars(select(CaseTag.tag).where(CaseTag.complaint_id == complaint.id))
    return tag_policy().in_order(found)


async def add_tag(session: AsyncSession, complaint: Complaint, tag: str, *, actor: str, now: datetime) -> bool:
    """Put a tag on a case.

    Args:
        tag: its name.

    Returns:
        Whether it is new; a tag that the case has already is left as it is.

    Raises:
        CaseIsSettled: nothing is left to be done.
        NoSuchTag: the policy has none of this name.
    """
    complaint.require_unsettled()
    if tag_policy().find(tag) is None:
        raise NoSuchTag(tag)
    if await session.get(CaseTag, (complaint.id, tag)) is not None:
        return False
    session.add(CaseTag(complaint_id=complaint.id, tag=tag, added_by=actor, added_at=now))
    await session.flush()
    record(session, at=now, actor=actor, action="add_tag", subject=complaint.number, tag=tag)
    return True


async def remove_tag(session: AsyncSession, complaint: Complaint, tag: str, *, actor: str, now: datetime) -> None:
    """Take a tag off a case; one that it does not have is gone already.

    Raises:
        CaseIsSettled: nothing is left to be done.
    """
    complaint.require_unsettled()
    of_case = (CaseTag.complaint_id == complaint.id, CaseTag.tag == tag)
    removed = await session.scalar(delete(CaseTag).where(*of_case).returning(CaseTag.tag))
    if removed is not None:
        record(session, at=now, actor=actor, action="remove_tag", subject=complaint.number, tag=tag)
