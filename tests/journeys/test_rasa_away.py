"""While nobody can answer, the customer's message is safe, the customer knows it, and staff and operators see it."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from bot.wording import wording
from tests.journeys.test_killing import assert_everything_is_answered_once, wait_until_all_is_answered
from tests.stack import ANSWERED_WITHIN_SECONDS, Stack, texts_of, wait_for

SAFE = wording().say("utter_message_is_safe", "zh").text


@contextmanager
def rasa_frozen(stack: Stack) -> Iterator[None]:
    """Rasa is there and says nothing."""
    pid = stack.process("rasa")["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_customer_who_writes_while_rasa_is_away_is_told_once_and_answered_when_it_is_back(stack: Stack) -> None:
    stack.wait_until_well()
    customer = stack.customer()
    greeted = customer.messages()[-1]["id"]
    first, second = "取款机把我的卡吞掉了，在司门口", "今天中午的事"
    with rasa_frozen(stack):
        customer.writes(first)
        assert texts_of(customer.hears(int(greeted))) == SAFE
        health = httpx.get(f"{stack.gateway}/healthz", trust_env=False, timeout=20)
        assert (health.status_code, health.json()["missing"]) == (httpx.codes.SERVICE_UNAVAILABLE, ["rasa"])
        ((holder, reason),) = stack.query(
            "SELECT c.holder, c.handover_reason FROM conversations c JOIN messages m ON m.conversation_id = c.id"
            " WHERE m.text = %s",
            first,
        )
        assert (holder, reason) == ("queue", "assistant_down")
        again = customer.writes(second)

    def answered() -> bool:
        return any(m["author"] == "bot" and m["text"] != SAFE for m in customer.messages(again))

    wait_for(answered, ANSWERED_WITHIN_SECONDS, "the answer after rasa is back")
    wait_until_all_is_answered(stack)
    assert [m["text"] for m in customer.messages()].count(SAFE) == 1
    assert_everything_is_answered_once(stack, first)
    stack.wait_until_well()
