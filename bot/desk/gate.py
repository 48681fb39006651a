"""The door: whose browser asks, the cookie that says so, and requests that other sites make in a person's name."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import HTTPException, Request, Response

from bot.clock import Clock
from bot.database import Database
from bot.staff.models import StaffMember
from bot.staff.sign_in import LASTS_FOR, who_is

LARGEST_FORM = 16 * 1024
"""Bytes. A username and two passwords need less."""


class SignedOut(Exception):
    """The browser's sign-in has ended."""


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

    def token_of(self, request: Request) -> str | None:
        """The token that the browser sent."""
        return request.cookies.get(self.cookie)

    async def person_at(self, request: Request) -> StaffMember | None:
        """The signed-in person behind a request."""
        async with self.database.transaction() as session:
            return await who_is(session, self.token_of(request), self.clock())

    async def require(self, request: Request) -> StaffMember:
        """The signed-in person behind a request for data, who has chosen a password of their own.

        Raises:
            HTTPException: 401, nobody is signed in; 403, the one-time password is still in use.
        """
        person = await self.person_at(request)
        if person is None:
            raise HTTPException(401)
        if person.must_change_password:
            raise HTTPException(403)
        return person

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

    def let_out(self, response: Response) -> None:
        """Take the token from the browser."""
        response.delete_cookie(self.cookie, path="/", secure=self.secure, httponly=True, samesite="lax")


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
