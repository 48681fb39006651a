"""Rasa's REST channel, made all-or-nothing: a turn is answered whole and once, or fails with 503 and leaves nothing in the tracker.

Rasa goes on when an action fails, answers with what it has, and keeps the half turn. A worker that sends the turn again
would then be heard twice. So the failure of an action is raised here as something that rasa does not catch. Rasa's own
channel also writes the customer's text into its log when a turn fails; this one does not.

A worker that does not know what became of a turn (it died, or the answer was too long in coming) sends it `again`. Rasa
may still be at it: the conversation's lock is waited for, and what was answered meanwhile is said once more, not twice.
"""

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

from rasa.core.actions.action import ActionExecutionRejection, RemoteAction
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.channels.rest import RestInput
from rasa.shared.core.events import ActiveLoop, BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from nlu.quicker import leave_loaded_out_of_collection, make_quicker
from nlu.trackers import TurnFailed
from nlu.vectors import BadRequest, vectors_of

logger = logging.getLogger(__name__)


class WholeTurns(RestInput):
    """`POST /webhooks/turns/webhook`, like rasa's REST channel.

    The body: `{"sender", "message", "metadata": {"turn_id", …}, "again": false, "asked": null}`. `asked` is what the bank
    asked outside of a turn and this message may answer: `{"form": "rating_form", "slots": {…}}`.

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
        make_quicker()

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[None]]) -> Blueprint:
        turns = Blueprint("turns", __name__)

        @turns.listener("after_server_start")
        async def loaded(*_: Any) -> None:
            leave_loaded_out_of_collection()

        @turns.route("/", methods=["GET"])
        async def health(request: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @turns.route("/webhook", methods=["POST"])
        async def receive(request: Request) -> HTTPResponse:
            if not self._is_allowed(request):
                return response.json({"error": "wrong token"}, status=401)
            message = UserMessage(
                self._extract_message(request),
                CollectingOutputChannel(),
                await self._extract_sender(request),
                input_channel=self.name(),
                metadata=self.get_metadata(request),
            )
            try:
                await answer(request.app.ctx.agent, message, request.json.get("again"), request.json.get("asked"))
            except asyncio.CancelledError:
                raise  # whoever asked is gone
            except (Exception, TurnFailed) as failure:  # noqa: BLE001 - whatever it was, the worker sends the turn again
                logger.error("turn failed: %s", type(failure.__cause__ or failure).__name__)
                return response.json({"error": "the turn failed; nothing of it was kept"}, status=503)
            return response.json(message.output_channel.messages)

        @turns.route("/vectors", methods=["POST"])
        async def encode(request: Request) -> HTTPResponse:
            if not self._is_allowed(request):
                return response.json({"error": "wrong token"}, status=401)
            try:
                return response.json(await vectors_of(request.json))
            except BadRequest as refused:
                return response.json({"error": str(refused)}, status=400)

        return turns

    def _is_allowed(self, request: Request) -> bool:
        return hmac.compare_digest(request.args.get("token", ""), self._token)


async def answer(agent: Agent, message: UserMessage, is_again: bool, asked: "dict[str, Any] | None") -> None:
    """Let the message's channel hear the answer to a turn.

    Args:
        agent: Rasa.
        message: The turn.
        is_again: Whether it was sent before.
        asked: What the bank asked outside of a turn before it.

    Raises:
        TurnFailed: Nothing of the turn was kept.
    """
    if not agent.is_ready():
        raise TurnFailed("no model")
    async with agent.lock_store.lock(message.sender_id):
        if is_again:
            said = answer_kept(await agent.tracker_store.retrieve(message.sender_id), message.metadata["turn_id"])
            if said is not None:
                for bubble in said:
                    await message.output_channel.send_response(message.sender_id, bubble.message())
                return
        if asked:
            tracker = await agent.processor.fetch_tracker_and_update_session(message.sender_id)
            tracker.update_with_events(questions(asked), agent.domain)
            await agent.tracker_store.save(tracker)
        await agent.processor.handle_message(message)


def answer_kept(tracker: "DialogueStateTracker | None", turn_id: str) -> "list[BotUttered] | None":
    """What was said to a turn that the tracker holds; `None` if it was never heard."""
    events: list[Event] = list(tracker.events) if tracker else []
    turns = [position for position, event in enumerate(events) if isinstance(event, UserUttered)]
    for position, following in pairwise([*turns, len(events)]):
        if events[position].metadata.get("turn_id") == turn_id:
            return [event for event in events[position:following] if isinstance(event, BotUttered)]
    return None


def questions(asked: "dict[str, Any]") -> "list[Event]":
    """What the tracker must hold for the next message to answer a question that was asked outside of a turn."""
    return [*(SlotSet(name, value) for name, value in asked["slots"].items()), ActiveLoop(asked["form"])]


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
