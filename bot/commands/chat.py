"""`tingsu chat`: talk with the assistant in the terminal, through the same API as any web page."""

import asyncio
import sys
from typing import Any

import httpx

from bot.settings import Settings

POLL_SECONDS = 0.3


class GatewayAway(Exception):
    """The gateway does not answer."""


async def chat(config: Settings, language: str) -> None:
    """Read lines from the terminal, send them, print what comes back; ends with Ctrl-D.

    Raises:
        GatewayAway: `tingsu up` does not run.
    """
    base = f"http://{config.gateway_host}:{config.gateway_port}/api/chat"
    async with httpx.AsyncClient(base_url=base, trust_env=False) as http:
        try:
            response = await http.post("/sessions", json={"language": language})
            response.raise_for_status()
        except httpx.HTTPError:
            raise GatewayAway(f"Nothing answers at {base}; start everything with `make up`.") from None
        http.headers["Authorization"] = f"Bearer {response.json()['token']}"
        printer = asyncio.create_task(_print_answers(http))
        try:
            while line := await asyncio.to_thread(sys.stdin.readline):
                if line.strip():
                    (await http.post("/messages", json={"text": line.strip()})).raise_for_status()
            await _until_answered(http)
        finally:
            printer.cancel()


async def _print_answers(http: httpx.AsyncClient) -> None:
    after = 0
    while True:
        for message in await _messages(http, after):
            after = int(message["id"])
            if message["author"] != "customer":
                buttons = "  ".join(f"[{button}]" for button in message["buttons"])
                print(
                    f"\n{message['author']}> {message['text']}" + (f"\n      {buttons}" if buttons else ""), flush=True
                )
        await asyncio.sleep(POLL_SECONDS)


async def _until_answered(http: httpx.AsyncClient) -> None:
    """After the last line was piped in, wait for its answer."""
    for _ in range(int(30 / POLL_SECONDS)):
        messages = await _messages(http, 0)
        if not messages or messages[-1]["author"] != "customer":
            break
        await asyncio.sleep(POLL_SECONDS)
    await asyncio.sleep(POLL_SECONDS * 2)


async def _messages(http: httpx.AsyncClient, after: int) -> list[dict[str, Any]]:
    response = await http.get("/messages", params={"after": after} if after else {})
    response.raise_for_status()
    messages: list[dict[str, Any]] = response.json()["messages"]
    return messages
