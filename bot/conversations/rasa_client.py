"""Asking rasa for the answer to a turn, over the channel in `nlu/turns.py`.

A turn carries its id, which rasa keeps with it. So a turn may be sent again after a crash, on either side: what rasa
has already answered, it says once more.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

LEADING_SLASH = re.compile(r"^(\s*)/")
"""Rasa's notation for "this is already parsed", read after it has stripped the text: no customer may use it."""


class RasaUnavailable(Exception):
    """Rasa, or the action server behind it, gave no usable answer. The turn is tried again."""


@dataclass(frozen=True)
class Reply:
    """One bubble of the answer."""

    text: str = field(repr=False)
    buttons: tuple[str, ...] = ()


class Vectors(BaseModel):
    """Vectors of texts, in the order of the texts, and what they were made with: others cannot be compared."""

    vectors: list[list[float]]
    made_with: str


class _Button(BaseModel):
    title: str


class _RestReply(BaseModel):
    text: str | None = None
    buttons: list[_Button] = []


_REPLIES = TypeAdapter(list[_RestReply])


class RasaClient:
    """Rasa as the worker sees it.

    Args:
        base_url: rasa's address.
        token: the token of rasa's HTTP API.
        timeout: seconds that one answer may take.
        transport: what carries the requests; tests put their own here.
    """

    def __init__(
        self, base_url: str, token: str, *, timeout: float, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url, params={"token": token}, timeout=timeout, transport=transport, trust_env=False
        )

    async def answer(
        self,
        sender: str,
        turn_id: str,
        text: str,
        *,
        language: str | None,
        today: str,
        is_first: bool = False,
        is_again: bool = False,
        asked: dict[str, Any] | None = None,
    ) -> list[Reply]:
        """Send a turn to rasa and return what it says.

        Args:
            sender: the conversation's id.
            turn_id: kept in rasa's tracker with the message.
            text: what the customer wrote, masked, several messages joined by line breaks.
            language: `zh` or `en` if the text shows it.
            today: the customer's calendar day, ISO, against which «yesterday» is read.
            is_first: whether the bank has said nothing in this conversation yet.
            is_again: whether the turn was sent before, and nobody knows what became of it.
            asked: the form and slots of a question that the bank asked outside of a turn, which this may answer.

        Returns:
            The bubbles in order; none when rasa heard the turn and had nothing to say.

        Raises:
            RasaUnavailable: rasa, or an action behind it, failed; nothing of the turn was kept.
        """
        body = {
            "sender": sender,
            "message": LEADING_SLASH.sub(r"\1／", text),
            "metadata": {"turn_id": turn_id, "language": language, "today": today, "is_first": is_first},
            "again": is_again,
            "asked": asked,
        }
        try:
            response = await self._http.post("/webhooks/turns/webhook", json=body)
            response.raise_for_status()
            replies = _REPLIES.validate_json(response.content)
        except (httpx.HTTPError, ValidationError) as error:
            raise RasaUnavailable(type(error).__name__) from error
        return [Reply(reply.text, tuple(b.title for b in reply.buttons)) for reply in replies if reply.text]

    async def vectors(self, texts: Sequence[str]) -> Vectors:
        """The vectors of masked texts, 16 at most: the closer two are, the more alike are the texts.

        Raises:
            RasaUnavailable: rasa gave no usable answer.
        """
        try:
            response = await self._http.post("/webhooks/turns/vectors", json={"texts": list(texts)})
            response.raise_for_status()
            return Vectors.model_validate_json(response.content)
        except (httpx.HTTPError, ValidationError) as error:
            raise RasaUnavailable(type(error).__name__) from error

    async def is_up(self) -> bool:
        """Whether rasa answers with a model loaded."""
        try:
            response = await self._http.get("/status", timeout=3)
        except httpx.HTTPError:
            return False
        return response.status_code == httpx.codes.OK

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()
