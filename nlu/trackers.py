"""Where rasa keeps its conversations: PostgreSQL, and nowhere else.

Rasa wraps every tracker store so that trouble with the database is papered over: what cannot be read passes for a new conversation, what cannot be
written goes into memory, and the customer gets an answer that nobody will remember. Here such trouble fails the turn, and the worker sends it again.
Nor is a turn written over another: when two rasa servers work on one conversation (a worker was taken for dead), the later one fails.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import Any, Iterator, Optional

import sqlalchemy
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SessionStarted
from rasa.shared.core.trackers import DialogueStateTracker


class TurnFailed(BaseException):
    """The turn cannot be answered whole; nothing of it was kept.

    No `Exception`, because rasa catches those and carries on.
    """


class ConversationWentOn(Exception):
    """Another rasa server has written to the conversation since this one read it."""


class WholeTrackerStore(SQLTrackerStore):
    """Rasa's own tables, read and written whole or not at all."""

    def __init__(self, domain: Optional[Domain] = None, host: Optional[str] = None, **kwargs: Any) -> None:
        """Open the store.

        Args:
            domain: Rasa's domain.
            host: The address of the database, rasa's schema in its search path.
            kwargs: What else rasa's store takes.
        """
        super().__init__(domain, dialect="postgresql", host=host, **kwargs)

    async def retrieve(self, sender_id: str) -> Optional[DialogueStateTracker]:
        """The latest session of a conversation; none if nobody has spoken in it yet.

        Raises:
            TurnFailed: The database cannot be read.
        """
        with _failing_the_turn():
            tracker = await super().retrieve(sender_id)
        if tracker is not None:
            tracker.stored_count = len(tracker.events)
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write what is new in a conversation, in one transaction.

        Raises:
            TurnFailed: The database cannot be written, or the conversation went on elsewhere since it was read.
        """
        stored_count: int = getattr(tracker, "stored_count", 0)
        new = list(tracker.events)[stored_count:]
        if not new:
            return
        with _failing_the_turn(), self.sessionmaker.begin() as session:
            session.execute(sqlalchemy.text("SELECT pg_advisory_xact_lock(hashtext(:id))"), {"id": tracker.sender_id})
            kept = self._event_query(session, tracker.sender_id, fetch_events_from_all_sessions=False)
            if kept.count() != stored_count:
                raise ConversationWentOn(tracker.sender_id)
            session.add_all(self._row(tracker.sender_id, event) for event in new)
            session.flush()
            stored_count += len(new)
            if any(isinstance(event, SessionStarted) for event in new):
                stored_count = kept.count()  # fewer than the tracker has
        tracker.stored_count = stored_count

    def _row(self, sender_id: str, event: Event) -> SQLTrackerStore.SQLEvent:
        data = event.as_dict()
        return self.SQLEvent(
            sender_id=sender_id,
            type_name=event.type_name,
            timestamp=data.get("timestamp"),
            intent_name=data.get("parse_data", {}).get("intent", {}).get("name"),
            action_name=data.get("name"),
            data=json.dumps(data),
        )


@contextmanager
def _failing_the_turn() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise TurnFailed(type(error).__name__) from error
