"""The door: which system asks, whether its token allows it, and what is said and recorded when it does not."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession

from bot.api.problems import Problem
from bot.api.rates import RateLimit
from bot.api.reading import NoSuchComplaint, OutOfReach
from bot.api.repeats import KeyUsedOtherwise
from bot.api.steps import PersonIsTalking, RectificationRefused, SensitiveResult, StaleVersion
from bot.api.tokens import Caller, Scope, caller_of
from bot.api.webhooks import AlreadyThere, HostNotAllowed, NoSuchWebhook
from bot.audit import record
from bot.clock import Clock
from bot.complaints.closing import TooEarlyToClose
from bot.complaints.deadlines import deadline_policy
from bot.complaints.family import OpenChildren
from bot.complaints.lifecycle import IllegalStep
from bot.database import Database

bearer = HTTPBearer(auto_error=False, description="A token made with `tingsu api token add`")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


@dataclass(frozen=True)
class Door:
    """Lets callers in."""

    database: Database
    clock: Clock
    rates: RateLimit

    def needs(self, scope: Scope) -> Callable[[Credentials], Awaitable[Caller]]:
        """A dependency of operations that only tokens with this scope may call."""

        async def caller(credentials: Credentials) -> Caller:
            found = await self._caller(credentials.credentials if credentials is not None else "")
            if scope not in found.scopes:
                await self.refuse(found, subject=found.actor, why=f"scope {scope}")
                raise Problem(403, "scope_missing", f"The token lacks the scope {scope}.")
            return found

        return caller

    async def _caller(self, token: str) -> Caller:
        async with self.database.transaction() as session:
            found = await caller_of(session, token, now=self.clock())
        if found is None:
            detail = "Send a token that is in force as `Authorization: Bearer <token>`."
            raise Problem(401, "token_invalid", detail, {"WWW-Authenticate": "Bearer"})
        if seconds := self.rates.wait_of(found.token_id):
            raise Problem(429, "too_many_requests", f"Try again in {seconds} s.", {"Retry-After": str(seconds)})
        return found

    async def refuse(self, caller: Caller, *, subject: str, why: str) -> None:
        """Record that a caller wanted what is not for it."""
        async with self.database.transaction() as session:
            record(session, at=self.clock(), actor=caller.actor, action="access_refused", subject=subject, why=why)

    @asynccontextmanager
    async def work(self, caller: Caller) -> AsyncIterator[AsyncSession]:
        """A transaction for what a caller wants; what stands in its way becomes a problem.

        Raises:
            Problem: it cannot be done.
        """
        try:
            async with self.database.transaction() as session:
                yield session
        except OutOfReach as out_of_reach:
            # A caller must not learn that there is such a number.
            await self.refuse(caller, subject=str(out_of_reach), why="unit")
            raise _no_such_complaint() from None
        except NoSuchComplaint:
            raise _no_such_complaint() from None
        except NoSuchWebhook:
            raise Problem(404, "no_such_webhook", "There is no webhook with this id.") from None
        except StaleVersion:
            raise Problem(412, "stale_version", "Read the complaint again, and send its present ETag.") from None
        except IllegalStep as illegal:
            possible = ", ".join(illegal.legal)
            detail = f"A complaint that is {illegal.state} cannot take the step {illegal.step}. Possible: {possible}."
            raise Problem(409, "illegal_step", detail) from None
        except OpenChildren:
            raise Problem(409, "open_children", "Complaints that this one collects are not settled yet.") from None
        except PersonIsTalking:
            raise Problem(
                409, "person_is_talking", "Staff is talking with the customer and tells the result."
            ) from None
        except TooEarlyToClose as too_early:
            raise Problem(409, "too_early_to_close", _what_closing_waits_for(too_early)) from None
        except RectificationRefused as refused:
            raise Problem(422, "rectification_refused", str(refused)) from None
        except SensitiveResult as sensitive:
            raise Problem(422, "sensitive_numbers", f"The result contains: {sensitive}. Leave that out.") from None
        except KeyUsedOtherwise:
            raise Problem(409, "key_used_otherwise", "This Idempotency-Key came with another request.") from None
        except HostNotAllowed as error:
            await self.refuse(caller, subject=caller.actor, why="webhook host")
            raise Problem(403, "host_not_allowed", str(error)) from None
        except AlreadyThere as error:
            raise Problem(409, "already_there", str(error)) from None


def _no_such_complaint() -> Problem:
    return Problem(404, "no_such_complaint", "There is no complaint with this number for this token.")


def _what_closing_waits_for(too_early: TooEarlyToClose) -> str:
    lacking = "The customer has not accepted the result"
    if too_early.until_at is None:
        return f"{lacking}."
    last_day = too_early.until_at.astimezone(deadline_policy().zone).date()
    return f"{lacking}, and may object to it until {last_day}. Close it after that day, or when they have accepted."
