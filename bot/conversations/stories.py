"""What customers told becomes vectors, by which like cases are found. Only masked text is read."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.complaints.models import Complaint, Fact, StoryVector
from bot.conversations.rasa_client import RasaClient, Vectors
from bot.database import Database, notify_changed

AT_ONCE = 16
"""Stories that rasa reads in one request."""
LONGEST_READ = 4000
"""Characters of a story with its additions that are read; rasa takes no more of a text."""


@dataclass(frozen=True)
class Told:
    """What the customer has told so far.

    Attributes:
        addition_count: how many additions are in the text, or would be if it were shorter.
    """

    text: str
    addition_count: int

    @classmethod
    def of(cls, story: str, additions: Sequence[str]) -> "Told":
        """A story and what was added to it, as much as is read: of the additions the newest, up to half of that."""
        added = "\n".join(additions)[-LONGEST_READ // 2 :]
        told = f"{story[: LONGEST_READ - 1 - len(added)]}\n{added}" if added else story[:LONGEST_READ]
        return cls(told, len(additions))


@dataclass(frozen=True)
class StoryReader:
    """Has rasa's encoder read stories. No transaction is open while it does."""

    database: Database
    rasa: RasaClient
    clock: Clock

    async def read(self, complaint_ids: Sequence[uuid.UUID]) -> None:
        """Make the vectors of these complaints that have none, or to which something was added since.

        Args:
            complaint_ids: 16 at most.

        Raises:
            RasaUnavailable: rasa is away; the job is tried again.
        """
        async with self.database.transaction() as session:
            told = await self._told(session, complaint_ids)
        if not told:
            return
        made = await self.rasa.vectors([one.text for one in told.values()])
        async with self.database.transaction() as session:
            await self._store(session, told, made)

    async def read_unread(self) -> int:
        """Read some stories that have no vector, or one without their latest additions, though their job was to come.

        Returns:
            How many there were.

        Raises:
            RasaUnavailable: rasa is away.
        """
        query = _unread().order_by(Complaint.opened_at.desc()).limit(AT_ONCE)
        async with self.database.transaction() as session:
            unread = list(await session.scalars(query))
        await self.read(unread)
        return len(unread)

    async def _told(self, session: AsyncSession, complaint_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Told]:
        """What there is to be read of these complaints; others are read already, or gone."""
        unread = _unread().where(Complaint.id.in_(complaint_ids)).subquery()
        stories = await session.execute(select(Complaint.id, Complaint.story).join(unread, unread.c.id == Complaint.id))
        told = {found.id: found.story for found in stories}
        additions: dict[uuid.UUID, list[str]] = {complaint_id: [] for complaint_id in told}
        query = select(Fact).where(Fact.name == "addition", Fact.complaint_id.in_(told)).order_by(Fact.id)
        for fact in await session.scalars(query):
            additions[fact.complaint_id].append(fact.text)
        return {complaint_id: Told.of(story, additions[complaint_id]) for complaint_id, story in told.items()}

    async def _store(self, session: AsyncSession, told: Mapping[uuid.UUID, Told], made: Vectors) -> None:
        """Keep the vectors; one that was made of more meanwhile stays."""
        rows = [
            {
                "complaint_id": complaint_id,
                "vector": vector,
                "made_with": made.made_with,
                "made_at": self.clock(),
                "addition_count": one.addition_count,
            }
            for (complaint_id, one), vector in zip(told.items(), made.vectors, strict=True)
        ]
        new = insert(StoryVector).values(rows)
        changed = {name: new.excluded[name] for name in ("vector", "made_with", "made_at", "addition_count")}
        is_newer = new.excluded.addition_count >= StoryVector.addition_count
        await session.execute(new.on_conflict_do_update(index_elements=["complaint_id"], set_=changed, where=is_newer))
        query = select(Complaint.conversation_id).where(Complaint.id.in_(told)).distinct()
        for conversation_id in await session.scalars(query):
            await notify_changed(session, conversation_id)


def _unread() -> Select[uuid.UUID]:
    """The complaints that have no vector, or one that was made of fewer additions than there are."""
    added = (
        select(Fact.complaint_id, func.count().label("count"))
        .where(Fact.name == "addition")
        .group_by(Fact.complaint_id)
        .subquery()
    )
    return (
        select(Complaint.id)
        .outerjoin(StoryVector, StoryVector.complaint_id == Complaint.id)
        .outerjoin(added, added.c.complaint_id == Complaint.id)
        .where(or_(StoryVector.complaint_id.is_(None), added.c.count > StoryVector.addition_count))
    )
