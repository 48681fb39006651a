"""The chat page, the script that embeds it, and their files: everything from this folder, nothing from elsewhere."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from string import Template

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from bot.channels.webchat.errors import ChatError

STATIC = Path(__file__).parent / "static"
MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".html": "text/html"}

CHAT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
)
"""No inline script or style, nothing from other hosts; `blob:` shows photos that are fetched with the token."""


@dataclass(frozen=True)
class Asset:
    """A file as it is served."""

    content: bytes
    media_type: str

    @property
    def etag(self) -> str:
        """Changes when the content does."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:20]}"'

    def answer(self, request: Request, **headers: str) -> Response:
        """The file, or 304 if the browser has it; browsers ask each time, so that a new version is seen at once."""
        headers = {"ETag": self.etag, "Cache-Control": "no-cache"} | headers
        if request.headers.get("if-none-match") == self.etag:
            return Response(status_code=304, headers=headers)
        return Response(self.content, media_type=self.media_type, headers=headers)


def page_router(*, embed_origins: str, upload_limit_mib: int) -> APIRouter:
    """The routes of the page.

    Args:
        embed_origins: who may embed the page, as sources of `frame-ancestors`.
        upload_limit_mib: told to the page, so that it can refuse a large file before sending it.

    Raises:
        ValueError: the origins would be read as another directive.
    """
    if any(mark in embed_origins for mark in ";,\r\n"):
        raise ValueError("TINGSU_EMBED_ORIGINS: write sources separated by spaces, without commas or semicolons")
    assets = {
        path.name: Asset(path.read_bytes(), MEDIA_TYPES[path.suffix])
        for path in STATIC.iterdir()
        if path.suffix in MEDIA_TYPES
    }
    page = Template(assets.pop("chat.html").content.decode()).substitute(upload_limit_mib=upload_limit_mib)
    chat_page = Asset(page.encode(), "text/html")
    embed_script = assets.pop("embed.js")
    policy = CHAT_POLICY.format(ancestors=embed_origins.strip() or "'none'")
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def home() -> RedirectResponse:
        return RedirectResponse("/chat")

    @router.api_route("/chat", methods=["GET", "HEAD"])
    async def chat(request: Request) -> Response:
        return chat_page.answer(request, **{"Content-Security-Policy": policy})

    @router.api_route("/embed.js", methods=["GET", "HEAD"])
    async def embed(request: Request) -> Response:
        return embed_script.answer(request, **{"Cross-Origin-Resource-Policy": "cross-origin"})

    @router.api_route("/chat/static/{name}", methods=["GET", "HEAD"])
    async def static(request: Request, name: str) -> Response:
        asset = assets.get(name)
        if asset is None:
            raise ChatError(404, "not_found", "There is nothing at this address.")
        return asset.answer(request)

    return router
