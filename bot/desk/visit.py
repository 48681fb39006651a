"""One open page of one person: each act is a transaction that first asks again who this is and whether they may."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from nicegui import Client
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.complaints.labels import Language
from bot.desk.gate import next_step
from bot.desk.parts import Desk
from bot.desk.words import language_of
from bot.staff.models import StaffMember
from bot.staff.permissions import Act, may
from bot.staff.sign_in import who_is


class NoLongerAllowed(Exception):
    """The browser's sign-in has ended, or the person's role has changed."""


class Visit:
    """A person's visit to a page that takes a certain act.

    Args:
        person: as they were when the page was opened; read again before every act.
    """

    def __init__(self, desk: Desk, client: Client, person: StaffMember, token: str, act: Act) -> None:
        self.desk = desk
        self.person = person
        self._client = client
        self._token = token
        self._act = act

    @property
    def language(self) -> Language:
        """The language that the person reads."""
        return language_of(self.person.language)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A transaction for one act of the person.

        Raises:
            NoLongerAllowed: the person may not act here any more, and has been sent away.
        """
        async with self.desk.database.transaction() as session:
            person = await who_is(session, self._token, self.desk.clock())
            if person is None or next_step(person) is not None:
                self._client.open("/sign-in")
                raise NoLongerAllowed
            session.expunge(person)  # a rolled back act must not take the person with it
            self.person = person
            if may(person, self._act):
                yield session
                return
        await record_refusal(self.desk, person, f"page:{self._act}")
        self._client.open("/")
        raise NoLongerAllowed

    def tell(self, text: str) -> None:
        """Say something to the person in passing."""
        self._client.run_javascript(f"tingsuDesk.tell({json.dumps(text)})")


async def record_refusal(desk: Desk, person: StaffMember, subject: str, **detail: Any) -> None:
    """Write into the audit log what the person was refused."""
    async with desk.database.transaction() as session:
        actor = f"staff:{person.username}"
        record(session, at=desk.clock(), actor=actor, action="access_refused", subject=subject[:80], **detail)
