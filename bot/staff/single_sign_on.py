"""Signing in through the bank's single sign-on: OpenID Connect's code flow with PKCE, state and nonce.

Nothing is asked of any address but the configured issuer's own. An attempt is carried by the browser, sealed, so that
any desk process can finish it.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.settings import Settings, settings
from bot.staff.faults import InvalidStaff
from bot.staff.models import Role, StaffMember
from bot.staff.people import add_staff, checked_role
from bot.staff.sign_in import end_all_sign_ins, new_sign_in, note_success

ALGORITHMS = ["RS256", "PS256", "ES256"]
"""Signatures by a key of the provider's alone: a client's secret signs nothing here, and `none` is no signature."""
PROVIDER_TIMEOUT_SECONDS = 10
CLOCK_DRIFT_SECONDS = 60
LARGEST_ANSWER = 256 * 1024


class NotProved(Exception):
    """The provider's answer does not prove who this is; the message says what is wrong, without personal data."""


class ProviderAway(Exception):
    """The provider does not answer as it should."""


class _NotAdmitted(Exception):
    """The provider knows the person, but the desk is not open to them."""

    def __init__(self, why: str, person: StaffMember | None = None) -> None:
        self.why = why
        self.subject = f"staff:{person.username}" if person else "staff"
        super().__init__(why)


@dataclass(frozen=True)
class Identity:
    """Whom the provider vouches for."""

    subject: str
    username: str
    name: str
    unit_code: str
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Provider:
    """The bank's single sign-on.

    Args:
        issuer: its address, as it names itself.
        comes_back_to: our address, registered there.
    """

    issuer: str
    client_id: str
    client_secret: str | None
    comes_back_to: str

    @classmethod
    def chosen(cls, config: Settings) -> "Provider | None":
        """The one in the settings."""
        if config.oidc_issuer is None:
            return None
        secret = config.oidc_client_secret.get_secret_value() if config.oidc_client_secret else None
        desk = str(config.desk_address).rstrip("/")
        return cls(str(config.oidc_issuer).rstrip("/"), config.oidc_client_id, secret, f"{desk}/sign-in/bank/done")

    async def begin(self) -> tuple[str, dict[str, str]]:
        """Begin an attempt.

        Returns:
            Where to send the browser, and what it must bring back to finish.

        Raises:
            ProviderAway: it does not answer.
        """
        attempt = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
        endpoint = (await self._discover())["authorization_endpoint"]
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self.client_id,
                "redirect_uri": self.comes_back_to,
                "scope": "openid profile",
                "state": attempt["state"],
                "nonce": attempt["nonce"],
                "code_challenge": create_s256_code_challenge(attempt["verifier"]),
                "code_challenge_method": "S256",
            }
        )
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{query}", attempt

    async def finish(self, attempt: Mapping[str, str], state: str, code: str, now: datetime) -> Identity:
        """Ask the provider who came back.

        Raises:
            NotProved: the answer belongs to another attempt, or cannot be trusted.
            ProviderAway: it does not answer.
        """
        if not code or not secrets.compare_digest(state.encode(), attempt["state"].encode()):
            raise NotProved("state")
        places = await self._discover()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.comes_back_to,
            "client_id": self.client_id,
            "code_verifier": attempt["verifier"],
        }
        auth = httpx.BasicAuth(self.client_id, self.client_secret) if self.client_secret else None
        tokens = await self._ask("POST", places["token_endpoint"], data=form, auth=auth)
        keys = await self._ask("GET", places["jwks_uri"])
        return _identity(self._claims(tokens, keys, attempt["nonce"], now))

    async def _discover(self) -> dict[str, str]:
        found = await self._ask("GET", f"{self.issuer}/.well-known/openid-configuration")
        if str(found.get("issuer", "")).rstrip("/") != self.issuer:
            raise ProviderAway("the discovery document names another issuer")
        places = {name: str(found.get(name, "")) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        for address in places.values():
            if urlsplit(address)[:2] != urlsplit(self.issuer)[:2]:
                raise ProviderAway("the discovery document leads away from the issuer")
        return places

    async def _ask(self, method: str, address: str, **details: Any) -> dict[str, Any]:
        try:
            async with httpx.AsyncClient(timeout=PROVIDER_TIMEOUT_SECONDS, follow_redirects=False) as client:
                answer = await client.request(method, address, **details)
        except httpx.HTTPError as error:
            raise ProviderAway(type(error).__name__) from error
        if method == "POST" and answer.status_code in {400, 401, 403}:
            raise NotProved("code")
        if answer.status_code != httpx.codes.OK or len(answer.content) > LARGEST_ANSWER:
            raise ProviderAway(f"status {answer.status_code}")
        try:
            found = answer.json()
        except ValueError as error:
            raise ProviderAway("no JSON") from error
        if not isinstance(found, dict):
            raise ProviderAway("no JSON object")
        return found

    def _claims(self, tokens: dict[str, Any], keys: dict[str, Any], nonce: str, now: datetime) -> dict[str, Any]:
        try:
            token = jwt.decode(str(tokens.get("id_token", "")), KeySet.import_key_set(keys), algorithms=ALGORITHMS)  # type: ignore[arg-type]
            claims = CodeIDToken(
                token.claims,
                token.header,
                options={
                    "iss": {"essential": True, "values": [self.issuer, f"{self.issuer}/"]},
                    "aud": {"essential": True, "value": self.client_id},
                    "sub": {"essential": True},
                },
                params={"nonce": nonce, "client_id": self.client_id},
            )
            claims.validate(now=int(now.timestamp()), leeway=CLOCK_DRIFT_SECONDS)
        except Exception as error:
            raise NotProved(type(error).__name__) from error
        return dict(claims)


async def sign_in_by_provider(session: AsyncSession, identity: Identity, now: datetime) -> str | None:
    """Let in a person whom the provider vouches for. From the first time on their own password opens nothing.

    Returns:
        The token for the browser's cookie, or None, with the reason in the audit log; commit either way.
    """
    try:
        person = await _admitted(session, identity, now)
    except _NotAdmitted as refused:
        record(
            session,
            at=now,
            actor="system",
            action="sign_in_refused",
            subject=refused.subject,
            why=refused.why,
            by="single_sign_on",
        )
        return None
    if person.provider_subject is None:
        await _link(session, person, subject_of(identity), now)
    note_success(session, person, now, by="single_sign_on")
    return await new_sign_in(session, person, now)


def subject_of(identity: Identity) -> str:
    """What the store keeps of the provider's name for a person: of one length, and of this issuer only."""
    return sha256(f"{settings().oidc_issuer} {identity.subject}".encode()).hexdigest()


async def _admitted(session: AsyncSession, identity: Identity, now: datetime) -> StaffMember:
    """The person behind the identity, locked, with the role that their groups give."""
    person = await _known(session, identity)
    role = _role_of(identity)
    if person is None:
        if not settings().oidc_create or role is None:
            raise _NotAdmitted("unknown")
        return await _added(session, identity, role, now)
    if not person.is_active:
        raise _NotAdmitted("not_active", person)
    if settings().oidc_roles:
        if role is None:
            raise _NotAdmitted("no_role", person)
        _give_role(session, person, role, now)
    return person


async def _known(session: AsyncSession, identity: Identity) -> StaffMember | None:
    by_subject = select(StaffMember).where(StaffMember.provider_subject == subject_of(identity))
    person: StaffMember | None = await session.scalar(by_subject.with_for_update())
    if person is not None:
        return person
    by_name = select(StaffMember).where(
        StaffMember.username == identity.username, StaffMember.provider_subject.is_(None)
    )
    named: StaffMember | None = await session.scalar(by_name.with_for_update())
    return named


def _role_of(identity: Identity) -> Role | None:
    """The role of the first group in the settings' order that the person is in."""
    return next((checked_role(role) for group, role in settings().oidc_roles.items() if group in identity.groups), None)


async def _added(session: AsyncSession, identity: Identity, role: Role, now: datetime) -> StaffMember:
    try:
        await add_staff(
            session, username=identity.username, name=identity.name, role=role, unit_code=identity.unit_code, now=now
        )
    except InvalidStaff as error:
        raise _NotAdmitted(error.fault) from error
    return (await session.scalars(select(StaffMember).where(StaffMember.username == identity.username))).one()


def _give_role(session: AsyncSession, person: StaffMember, role: Role, now: datetime) -> None:
    if role is not person.role:
        person.role = role
        record(session, at=now, actor="system", action="change_staff", subject=f"staff:{person.username}", role=role)


async def _link(session: AsyncSession, person: StaffMember, subject: str, now: datetime) -> None:
    person.provider_subject = subject
    person.must_change_password = False
    await end_all_sign_ins(session, person)
    record(session, at=now, actor="system", action="link_single_sign_on", subject=f"staff:{person.username}")


def _identity(claims: dict[str, Any]) -> Identity:
    config = settings()
    username = str(claims.get(config.oidc_username_claim, "")).strip().lower()
    groups = claims.get(config.oidc_groups_claim, [])
    return Identity(
        subject=str(claims["sub"]),
        username=username.replace("\x00", ""),
        name=str(claims.get("name") or username),
        unit_code=str(claims.get(config.oidc_unit_claim, "")),
        groups=tuple(str(group) for group in groups) if isinstance(groups, list) else (),
    )


def as_text(attempt: Mapping[str, str]) -> str:
    """An attempt as text, to be sealed."""
    return json.dumps(dict(attempt))


def from_text(text: str) -> dict[str, str]:
    """An attempt from its text."""
    attempt: dict[str, str] = json.loads(text)
    return attempt
