"""Rasa's REST channel, made all-or-nothing: a turn is answered whole, or fails with 503 and leaves nothing in the tracker.

Rasa goes on when an action fails, answers with what it has, and keeps the half turn. A worker that sends the turn again
would then be heard twice. So the failure of an action is raised here as something that rasa does not catch. Rasa's own
channel also writes the customer's text into its log when a turn fails; this one does not.
"""

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.actions.action import ActionExecutionRejection, RemoteAction
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.channels.rest import RestInput
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

logger = logging.getLogger(__name__)


class TurnFailed(BaseException):
    """An action failed, and with it the turn.

    No `Exception`, because rasa's processor catches those, drops the action's events and carries on.
    """


class WholeTurns(RestInput):
    """`POST /webhooks/turns/webhook` with `{"sender", "message", "metadata"}`, as for rasa's REST channel.

    Args:
        token: what the `token` of the query must be; rasa's own token does not guard its channels.
    """

    @classmethod
    def name(cls) -> str:
        return "turns"

    @classmethod
    def from_credentials(cls, credentials: "dict[str, Any] | None") -> "WholeTurns":
        return cls((credentials or {})["token"])

    def __init__(self, token: str) -> None:
        self._token = token
        fail_turn_with_action()

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[None]]) -> Blueprint:
        turns = Blueprint("turns", __name__)

        @turns.route("/", methods=["GET"])
        async def health(request: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @turns.route("/webhook", methods=["POST"])
        async def receive(request: Request) -> HTTPResponse:
            if not hmac.compare_digest(request.args.get("token", ""), self._token):
                return response.json({"error": "wrong token"}, status=401)
            collector = CollectingOutputChannel()
            message = UserMessage(
                self._extract_message(request),
                collector,
                await self._extract_sender(request),
                input_channel=self.name(),
                metadata=self.get_metadata(request),
            )
            try:
                await on_new_message(message)
            except asyncio.CancelledError:
                raise  # whoever asked is gone
            except (Exception, TurnFailed) as failure:  # noqa: BLE001 - whatever it was, the worker sends the turn again
                logger.error("turn failed: %s", type(failure.__cause__ or failure).__name__)
                return response.json({"error": "the turn failed; nothing of it was kept"}, status=503)
            return response.json(collector.messages)

        return turns


def fail_turn_with_action() -> None:
    """From now on, an action server that is away or in trouble fails the turn."""
    if getattr(RemoteAction.run, "fails_turn", False):
        return
    run = RemoteAction.run

    async def run_or_fail(self: RemoteAction, *args: Any, **kwargs: Any) -> Any:
        try:
            return await run(self, *args, **kwargs)
        except ActionExecutionRejection:
            raise  # a form that steps aside
        except Exception as error:
            raise TurnFailed(self.name()) from error

    run_or_fail.fails_turn = True  # type: ignore[attr-defined]
    RemoteAction.run = run_or_fail  # type: ignore[method-assign]
