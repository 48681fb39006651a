"""The door: whose browser asks, the cookie that says so, and requests that other sites make in a person's name."""

import re
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urlsplit

from fastapi import HTTPException, Request, Response

from bot.audit import record
from bot.clock import Clock
from bot.database import Database
from bot.staff.models import StaffMember
from bot.staff.permissions import Act, may
from bot.staff.sealed import Unreadable, opened, sealed
from bot.staff.sign_in import LASTS_FOR, must_set_up_second_factor, who_is
from bot.staff.single_sign_on import as_text, from_text

LARGEST_FORM = 16 * 1024
"""Bytes. A username and two passwords need less."""
SHOWN_ONCE = "recovery codes on their way to the page"
SHOWN_FOR_SECONDS = 600
SINGLE_SIGN_ON = "single sign-on"
OF_OURS = re.compile(r"[a-z.-]*|[0-9]{1,9}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Gate:
    """Knows people by the cookie of their browser.

    Args:
        port: part of the cookie's name: cookies do not tell ports apart, and two desks may run on one machine.
        secure: whether the cookie is for HTTPS only.
    """

    database: Database
    clock: Clock
    port: int
    secure: bool

    @property
    def cookie(self) -> str:
        """The cookie's name. Browsers keep `__Host-` cookies from being set by neighbours."""
        return f"__Host-tingsu-desk-{self.port}" if self.secure else f"tingsu-desk-{self.port}"

    @property
    def attempt_cookie(self) -> str:
        """The name of the cookie that carries an attempt at the single sign-on."""
        return f"tingsu-desk-attempt-{self.port}"

    @property
    def codes_cookie(self) -> str:
        """The name of the cookie that carries new recovery codes to their page."""
        return f"tingsu-desk-codes-{self.port}"

    def token_of(self, request: Request) -> str | None:
        """The token that the browser sent."""
        return request.cookies.get(self.cookie)

    async def person_at(self, request: Request) -> StaffMember | None:
        """The signed-in person behind a request."""
        async with self.database.transaction() as session:
            return await who_is(session, self.token_of(request), self.clock())

    async def require(self, request: Request) -> StaffMember:
        """The signed-in person behind a request for data, who has finished their first sign-in.

        Raises:
            HTTPException: 401, nobody is signed in; 403, own password or second factor are still missing.
        """
        person = await self.person_at(request)
        if person is None:
            raise HTTPException(401)
        if (step := next_step(person)) is not None:
            await self._refuse(request, person, f"page:{step}")
        return person

    async def require_act(self, request: Request, act: Act) -> StaffMember:
        """The person behind a request for data, if their role allows the act; a refusal is recorded.

        Raises:
            HTTPException: 401 or 403, as `require` says; 403, the role does not allow it.
        """
        person = await self.require(request)
        if not may(person, act):
            await self._refuse(request, person, f"page:{act}")
        return person

    async def _refuse(self, request: Request, person: StaffMember, lacks: str) -> NoReturn:
        actor, address = f"staff:{person.username}", recorded_address(request)
        async with self.database.transaction() as session:
            record(session, at=self.clock(), actor=actor, action="access_refused", subject=lacks, address=address)
        raise HTTPException(403)

    def let_in(self, response: Response, token: str) -> None:
        """Give the browser its token. `lax`, so that a link in an e-mail opens; forms of other sites are refused."""
        response.set_cookie(
            self.cookie,
            token,
            max_age=int(LASTS_FOR.total_seconds()),
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def show_once(self, response: Response, codes: list[str]) -> None:
        """Hand recovery codes to the page that shows them, sealed, for a few minutes; they are kept nowhere else."""
        response.set_cookie(
            self.codes_cookie,
            sealed(" ".join(codes), purpose=SHOWN_ONCE),
            max_age=SHOWN_FOR_SECONDS,
            path="/second-factor",
            secure=self.secure,
            httponly=True,
            samesite="strict",
        )

    def codes_to_show(self, request: Request) -> list[str]:
        """The recovery codes that this browser was handed; none after a few minutes."""
        try:
            text = opened(
                request.cookies.get(self.codes_cookie, ""), purpose=SHOWN_ONCE, within_seconds=SHOWN_FOR_SECONDS
            )
        except Unreadable:
            return []
        return text.split()

    def forget_shown(self, response: Response) -> None:
        """Take the recovery codes from the browser."""
        response.delete_cookie(
            self.codes_cookie, path="/second-factor", secure=self.secure, httponly=True, samesite="strict"
        )

    def carry_attempt(self, response: Response, attempt: dict[str, str]) -> None:
        """Give the browser its attempt at the single sign-on, sealed. Lax, as it comes back from another site."""
        response.set_cookie(
            self.attempt_cookie,
            sealed(as_text(attempt), purpose=SINGLE_SIGN_ON),
            max_age=SHOWN_FOR_SECONDS,
            path="/sign-in/bank",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def attempt_of(self, request: Request) -> dict[str, str] | None:
        """The attempt that this browser began within the last minutes."""
        carried = request.cookies.get(self.attempt_cookie, "")
        try:
            return from_text(opened(carried, purpose=SINGLE_SIGN_ON, within_seconds=SHOWN_FOR_SECONDS))
        except Unreadable:
            return None

    def end_attempt(self, response: Response) -> None:
        """Take the attempt from the browser: it is good for one answer."""
        response.delete_cookie(
            self.attempt_cookie, path="/sign-in/bank", secure=self.secure, httponly=True, samesite="lax"
        )

    def let_out(self, response: Response) -> None:
        """Take the token from the browser."""
        response.delete_cookie(self.cookie, path="/", secure=self.secure, httponly=True, samesite="lax")


def recorded_address(request: Request) -> str:
    """A page's address for the audit log: words of ours and ids. Anything else may have been typed, and is left out."""
    parts = request.url.path[:80].split("/")
    return "/".join(part if OF_OURS.fullmatch(part) else "…" for part in parts)


def next_step(person: StaffMember) -> str | None:
    """The page on which a person must do something before any other page opens to them."""
    if person.must_change_password:
        return "/password"
    return "/second-factor" if must_set_up_second_factor(person) else None


def refuse_other_sites(request: Request) -> None:
    """Let only our own pages change anything.

    Raises:
        HTTPException: 403, the form was sent from elsewhere; 413, it is larger than a form of ours can be.
    """
    if int(request.headers.get("content-length") or 0) > LARGEST_FORM or "transfer-encoding" in request.headers:
        raise HTTPException(413)
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site is not None:
        if fetch_site not in {"same-origin", "none"}:
            raise HTTPException(403)
        return
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403)


def safe_return(address: str | None) -> str:
    """Where to go after signing in: a page of ours, never another site's."""
    if not address or not address.startswith("/") or address.startswith("//") or "\\" in address:
        return "/"
    return address if address.isprintable() else "/"
