"""Asking rasa for the answer to a turn, over its REST channel and its HTTP API.

A turn carries its id in the message's metadata, and rasa keeps that in its tracker. So a turn whose first try ended in
a crash can be looked up: if rasa has answered it, the answer is taken from the tracker; if rasa was cut off in the
middle, its half turn is rewound before the message is sent again.
"""

import re
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
        self, sender: str, turn_id: str, text: str, *, language: str | None, today: str, is_first: bool = False
    ) -> list[Reply]:
        """Send a turn to rasa and return what it says.

        Args:
            sender: the conversation's id.
            turn_id: kept in rasa's tracker with the message.
            text: what the customer wrote, masked, several messages joined by line breaks.
            language: `zh` or `en` if the text shows it.
            today: the customer's calendar day, ISO, against which «yesterday» is read.
            is_first: whether the bank has said nothing in this conversation yet.

        Returns:
            The bubbles in order; none when rasa heard the turn and had nothing to say.

        Raises:
            RasaUnavailable: rasa, or an action behind it, failed; nothing of the turn was kept.
        """
        body = {
            "sender": sender,
            "message": LEADING_SLASH.sub(r"\1／", text),
            "metadata": {"turn_id": turn_id, "language": language, "today": today, "is_first": is_first},
        }
        try:
            response = await self._http.post("/webhooks/turns/webhook", json=body)
            response.raise_for_status()
            replies = _REPLIES.validate_json(response.content)
        except (httpx.HTTPError, ValidationError) as error:
            raise RasaUnavailable(type(error).__name__) from error
        return [Reply(reply.text, tuple(b.title for b in reply.buttons)) for reply in replies if reply.text]

    async def earlier_answer(self, sender: str, turn_id: str) -> list[Reply] | None:
        """What rasa has already said to a turn that is taken again; `None` if it must be sent again.

        Raises:
            RasaUnavailable: rasa cannot be asked.
        """
        events = await self._events(sender)
        # The last time counts: the tracker still shows what was rewound.
        position = next(
            (
                index
                for index, event in reversed(list(enumerate(events)))
                if event["event"] == "user" and (event.get("metadata") or {}).get("turn_id") == turn_id
            ),
            None,
        )
        if position is None:
            return None
        after = events[position + 1 :]
        if any(event["event"] == "rewind" for event in after):
            return None  # a second rewind would take away the turn before it
        finished = any(event["event"] == "action" and event.get("name") == "action_listen" for event in after)
        said = [
            Reply(event["text"], tuple(b["title"] for b in (event.get("data") or {}).get("buttons") or ()))
            for event in after
            if event["event"] == "bot" and event.get("text")
        ]
        if finished:
            return said
        await self._append(sender, {"event": "rewind"})
        return None

    async def start_form(self, sender: str, form: str, slots: dict[str, Any]) -> None:
        """Tell rasa that the bank has asked something outside of a turn, so that the next message answers it.

        Raises:
            RasaUnavailable: rasa cannot be told.
        """
        for name, value in slots.items():
            await self._append(sender, {"event": "slot", "name": name, "value": value})
        await self._append(sender, {"event": "active_loop", "name": form})

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

    async def _events(self, sender: str) -> list[dict[str, Any]]:
        try:
            response = await self._http.get(
                f"/conversations/{sender}/tracker", params={"include_events": "AFTER_RESTART"}
            )
            response.raise_for_status()
            events: list[dict[str, Any]] = response.json().get("events") or []
        except (httpx.HTTPError, ValueError) as error:
            raise RasaUnavailable(type(error).__name__) from error
        return events

    async def _append(self, sender: str, event: dict[str, Any]) -> None:
        try:
            response = await self._http.post(f"/conversations/{sender}/tracker/events", json=event)
            response.raise_for_status()
        except httpx.HTTPError as error:
            raise RasaUnavailable(type(error).__name__) from error
