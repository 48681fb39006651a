"""One open page of one person: each act is a transaction that first asks again who this is and whether they may."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from nicegui import Client
from nicegui.events import GenericEventArguments
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.complaints.labels import Language
from bot.desk.gate import next_step
from bot.desk.parts import Desk
from bot.desk.words import language_of, word
from bot.logs import logger
from bot.staff.faults import Explained
from bot.staff.models import StaffMember
from bot.staff.permissions import Act, may
from bot.staff.sign_in import who_is

PageAct = Callable[[AsyncSession, Any], Awaitable[None]]
"""An act on a page, with what the browser sent."""
log = logger(__name__)


class NoLongerAllowed(Exception):
    """The browser's sign-in has ended, or the person's role has changed."""


class Refused(Exception):
    """What the person wants cannot be done.

    Attributes:
        said: why, in the person's language.
    """

    def __init__(self, said: str) -> None:
        self.said = said
        super().__init__(said)


class Visit:
    """A person's visit to a page that takes a certain act.

    Args:
        person: as they were when the page was opened; read again before every act.
    """

    def __init__(self, desk: Desk, client: Client, person: StaffMember, token: str, act: Act) -> None:
        self.desk = desk
        self.client = client
        self.person = person
        self.language: Language = language_of(person.language)
        self._token = token
        self._act = act

    @property
    def actor(self) -> str:
        """The person's name in records."""
        return f"staff:{self.person.username}"

    @property
    def now(self) -> datetime:
        """What time it is."""
        return self.desk.clock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A transaction for one act of the person.

        Raises:
            NoLongerAllowed: the person may not act here any more, and has been sent away.
        """
        async with self.desk.database.transaction() as session:
            person = await who_is(session, self._token, self.now)
            if person is None or next_step(person) is not None:
                self.go("/sign-in")
                raise NoLongerAllowed
            session.expunge(person)  # a rolled back act must not take the person with it
            self.person = person
            if may(person, self._act):
                yield session
                return
        await record_refusal(self.desk, person, f"page:{self._act}")
        self.go("/")
        raise NoLongerAllowed

    async def carry_out(
        self, act: Callable[[AsyncSession], Awaitable[None]], *, when_failed: str = "not_saved"
    ) -> bool:
        """Do an act as one transaction of the person; what stands in its way is told in words and changes nothing.

        Args:
            when_failed: the word for a database that is away.

        Returns:
            Whether it was done.
        """
        try:
            async with self.transaction() as session:
                await act(session)
        except NoLongerAllowed:
            return False  # they have been sent away
        except Refused as refused:
            self.tell(refused.said)
        except Explained as refused:
            if refused.is_trespass:
                await record_refusal(self.desk, self.person, f"page:{self._act}")
            self.tell(refused.display_name(self.language))
        except ValidationError:
            self.tell(word("form_incomplete", self.language))
        except SQLAlchemyError as error:
            log.warning("act_failed", reason=type(error).__name__)
            self.tell(word(when_failed, self.language))
        else:
            return True
        return False

    def guarded(self, act: PageAct) -> Callable[[GenericEventArguments], Awaitable[None]]:
        """What a page's event calls: the act, carried out with what the browser sent."""

        async def handle(event: GenericEventArguments) -> None:
            await self.carry_out(lambda session: act(session, event.args))

        return handle

    def record(self, session: AsyncSession, action: str, subject: str, **detail: str) -> None:
        """Write into the audit log what the person does."""
        record(session, at=self.now, actor=self.actor, action=action, subject=subject, **detail)

    def tell(self, text: str) -> None:
        """Say something to the person in passing."""
        self.client.run_javascript(f"tingsuDesk.tell({json.dumps(text)})")

    def go(self, address: str) -> None:
        """Take the person to another page."""
        self.client.open(address)


async def record_refusal(desk: Desk, person: StaffMember, subject: str, **detail: Any) -> None:
    """Write into the audit log what the person was refused."""
    async with desk.database.transaction() as session:
        actor = f"staff:{person.username}"
        record(session, at=desk.clock(), actor=actor, action="access_refused", subject=subject[:80], **detail)
