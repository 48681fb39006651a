"""Any one process is killed while customers write: every message is answered, and none twice."""

import json
import os
import signal
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psycopg
import pytest

from bot.embedded_postgres import postmaster_pid
from tests.stack import ANSWERED_WITHIN_SECONDS, WELL_AGAIN_WITHIN_SECONDS, Customer, Stack, wait_for

STORIES = (
    ("我的卡被机器吞了", "徐东大街支行门口那台", "昨天下午三点", "希望今天能把卡还给我"),
    ("你们收了我短信费，事先没说", "不记得是哪个网点开的", "从上个月开始扣的", "把钱退给我"),
    ("排队排了三个小时，窗口只开一个", "中南路支行", "就是今天上午", "希望多开几个窗口"),
    ("你好", "理财的收益和当初说的不一样", "是光谷广场支行卖给我的", "要一个说法"),
)
A_TURN_IS_UNDER_WAY = "SELECT FROM turns WHERE answered_at IS NULL"
UNANSWERED = (
    "SELECT m.text FROM messages m LEFT JOIN turns t ON t.id = m.turn_id"
    " WHERE m.author = 'customer' AND t.answered_at IS NULL"
)
WRITTEN = "SELECT FROM messages WHERE author = 'customer' AND text = ANY(%s)"


def keeper_of(name: str) -> Callable[[Stack], None]:
    return lambda stack: stack.kill(name)


def postgresql_itself(stack: Stack) -> None:
    pid = postmaster_pid(stack.folder)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize(
    ("name", "kill"),
    [
        pytest.param("actions", keeper_of("actions"), id="the action server"),
        pytest.param("rasa", keeper_of("rasa"), id="rasa"),
        pytest.param("worker", keeper_of("worker"), id="the worker"),
        pytest.param("gateway", keeper_of("gateway"), id="the gateway"),
        pytest.param("desk", keeper_of("desk"), id="the desk"),
        pytest.param("database", keeper_of("database"), id="the keeper of the database"),
        pytest.param("database", postgresql_itself, id="PostgreSQL itself"),
    ],
)
def test_while_customers_write_a_process_is_killed_and_every_message_is_answered_once(
    stack: Stack, name: str, kill: Callable[[Stack], None]
) -> None:
    restarts = stack.process(name)["restarts"]
    mark = os.urandom(2).hex()
    with ThreadPoolExecutor(len(STORIES)) as pool:
        customers = list(pool.map(lambda _: stack.customer(), STORIES))
        told = [[f"{text}（{mark}）" for text in story] for story in STORIES]
        conversations = [pool.submit(tell, *one) for one in zip(customers, told, strict=True)]
        second = [story[1] for story in told]
        wait_for(
            lambda: stack.has(A_TURN_IS_UNDER_WAY) and stack.has(WRITTEN, second),
            ANSWERED_WITHIN_SECONDS,
            "customers are in the middle of it",
            every=0.02,
        )
        kill(stack)
        for conversation in conversations:
            conversation.result()
    wait_for(
        lambda: stack.process(name)["restarts"] > restarts and stack.process(name)["pid"],
        WELL_AGAIN_WITHIN_SECONDS,
        f"{name} is started again",
    )
    wait_until_all_is_answered(stack)
    for customer, texts in zip(customers, told, strict=True):
        assert [m["text"] for m in customer.messages() if m["author"] == "customer"] == texts
        assert_everything_is_answered_once(stack, texts[0])
    assert stack.wait_until_well()[name]["restarts"] > restarts


def tell(customer: Customer, texts: list[str]) -> None:
    """Some of it in one go, some after the answer."""
    customer.hears(customer.writes(texts[0]))
    customer.writes(texts[1])
    customer.hears(customer.writes(texts[2]))
    customer.hears(customer.writes(texts[3]))


def wait_until_all_is_answered(stack: Stack) -> None:
    """Wait until no customer of the bank has an unanswered message."""

    def answered() -> bool:
        with suppress(psycopg.Error, AssertionError):
            return stack.query(UNANSWERED) == []
        return False

    wait_for(answered, WELL_AGAIN_WITHIN_SECONDS, "every message is answered")


def assert_everything_is_answered_once(stack: Stack, first_text: str) -> None:
    """Of the conversation that begins with this text."""
    ((conversation,),) = stack.query(
        "SELECT conversation_id FROM messages WHERE author = 'customer' AND text = %s", first_text
    )
    outcomes = stack.query(
        "SELECT DISTINCT t.outcome FROM messages m LEFT JOIN turns t ON t.id = m.turn_id"
        " WHERE m.conversation_id = %s AND m.author = 'customer'",
        conversation,
    )
    assert outcomes == [("answered",)]
    said: dict[str, list[str]] = {
        str(turn): texts
        for turn, texts in stack.query(
            "SELECT t.id, array_remove(array_agg(m.text ORDER BY m.id), NULL) FROM turns t"
            " LEFT JOIN messages m ON m.turn_id = t.id AND m.author = 'bot'"
            " WHERE t.conversation_id = %s GROUP BY t.id",
            conversation,
        )
    }
    heard = what_rasa_heard(stack, str(conversation))
    assert Counter(turn for turn, _ in heard) == Counter(said.keys())
    for turn, answer in heard:
        assert said[turn] == answer or not answer, f"turn {turn} was answered otherwise than rasa remembers"
        assert said[turn], f"turn {turn} has no answer"


def what_rasa_heard(stack: Stack, conversation: str) -> list[tuple[str, list[str]]]:
    """The turns in rasa's tracker with rasa's answers."""
    heard: list[tuple[str, list[str]]] = []
    for (raw,) in stack.query("SELECT data FROM rasa.events WHERE sender_id = %s ORDER BY id", conversation):
        event = json.loads(raw)
        if event["event"] == "user":
            heard.append((event["metadata"]["turn_id"], []))
        elif event["event"] == "bot" and event.get("text"):
            heard[-1][1].append(event["text"].strip())
    return heard
