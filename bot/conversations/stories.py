"""Stories of complaints become vectors, by which like cases are found. Only masked text is read."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.complaints.models import Complaint, StoryVector
from bot.conversations.rasa_client import RasaClient, Vectors
from bot.database import Database, notify_changed

AT_ONCE = 16
"""Stories that rasa reads in one request."""


@dataclass(frozen=True)
class StoryReader:
    """Has rasa's encoder read stories. No transaction is open while it does."""

    database: Database
    rasa: RasaClient
    clock: Clock

    async def read(self, complaint_ids: Sequence[uuid.UUID]) -> None:
        """Make the vectors of these complaints anew; a complaint that is gone is left out.

        Args:
            complaint_ids: 16 at most.

        Raises:
            RasaUnavailable: rasa is away; the job is tried again.
        """
        query = select(Complaint.id, Complaint.story).where(Complaint.id.in_(complaint_ids))
        async with self.database.transaction() as session:
            stories = {found.id: found.story for found in await session.execute(query)}
        if not stories:
            return
        made = await self.rasa.vectors(list(stories.values()))
        async with self.database.transaction() as session:
            await self._store(session, list(stories), made)

    async def read_unread(self) -> int:
        """Read some stories that have no vector though their job's time has passed.

        Returns:
            How many there were.

        Raises:
            RasaUnavailable: rasa is away.
        """
        query = (
            select(Complaint.id)
            .outerjoin(StoryVector, StoryVector.complaint_id == Complaint.id)
            .where(StoryVector.complaint_id.is_(None))
            .order_by(Complaint.opened_at.desc())
            .limit(AT_ONCE)
        )
        async with self.database.transaction() as session:
            unread = list(await session.scalars(query))
        await self.read(unread)
        return len(unread)

    async def _store(self, session: AsyncSession, complaint_ids: Sequence[uuid.UUID], made: Vectors) -> None:
        rows = [
            {"complaint_id": complaint_id, "vector": vector, "made_with": made.made_with, "made_at": self.clock()}
            for complaint_id, vector in zip(complaint_ids, made.vectors, strict=True)
        ]
        new = insert(StoryVector).values(rows)
        changed = {name: new.excluded[name] for name in ("vector", "made_with", "made_at")}
        await session.execute(new.on_conflict_do_update(index_elements=["complaint_id"], set_=changed))
        query = select(Complaint.conversation_id).where(Complaint.id.in_(complaint_ids)).distinct()
        for conversation_id in await session.scalars(query):
            await notify_changed(session, conversation_id)
