"""A small OpenID Connect provider for tests: it vouches for whomever a test names, and can be told to cheat."""

import json
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.integration.desk.served import free_port, wait_for

CLIENT_ID, CLIENT_SECRET = "tingsu", "the client's secret"


@dataclass
class TestProvider:
    """The provider and what it is told to do."""

    __test__ = False

    issuer: str
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256"}))
    signs_with: Any = None
    header: dict[str, str] = field(default_factory=lambda: {"alg": "RS256", "kid": "one"})
    discovery: dict[str, str] = field(default_factory=dict)
    codes: dict[str, tuple[dict[str, str], dict[str, Any]]] = field(default_factory=dict)

    def behave(self) -> None:
        """Do as a good provider does again."""
        self.signs_with, self.header, self.discovery, self.codes = None, {"alg": "RS256", "kid": "one"}, {}, {}

    def vouch(self, asked_at: str, subject: str = "s-1", username: str = "li", **claims: Any) -> dict[str, str]:
        """The person has signed in at the provider, to which the desk sent the browser.

        Returns:
            What the browser brings back to the desk.
        """
        asked = {name: values[0] for name, values in parse_qs(urlsplit(asked_at).query).items()}
        now = int(time.time())
        token = {
            "iss": self.issuer,
            "aud": asked["client_id"],
            "sub": subject,
            "preferred_username": username,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
        } | claims
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked, {name: value for name, value in token.items() if value is not None}
        return {"code": code, "state": asked["state"]}

    def app(self) -> FastAPI:
        """The provider's addresses."""
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        def configuration() -> dict[str, str]:
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            } | self.discovery

        @app.get("/keys")
        def keys() -> dict[str, Any]:
            return {"keys": [self.key.as_dict(private=False)]}

        @app.post("/token")
        async def token(request: Request) -> JSONResponse:
            form = await request.form()
            asked, claims = self.codes.pop(str(form["code"]), ({}, {}))
            challenge = urlsafe_b64encode(sha256(str(form["code_verifier"]).encode()).digest()).rstrip(b"=").decode()
            given = b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
            is_right = (
                asked.get("code_challenge") == challenge
                and asked["redirect_uri"] == form["redirect_uri"]
                and given == f"{CLIENT_ID}:{CLIENT_SECRET}"
            )
            if not is_right:
                return JSONResponse({"error": "invalid_grant"}, 400)
            if self.header["alg"] == "none":
                unsigned = f"{_part(self.header)}.{_part(claims)}."
                return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": unsigned})
            signed = jwt.encode(self.header, claims, self.signs_with or self.key, algorithms=[self.header["alg"]])
            return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": signed})

        return app


def _part(content: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


@contextmanager
def serving_provider() -> Iterator[TestProvider]:
    """The provider on a port of its own, in a thread."""
    port = free_port()
    provider = TestProvider(f"http://127.0.0.1:{port}")
    server = uvicorn.Server(uvicorn.Config(provider.app(), port=port, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_for(lambda: server.started)
        yield provider
    finally:
        server.should_exit = True
        thread.join(10)
