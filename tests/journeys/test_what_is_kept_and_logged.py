"""What must never be kept, and what must never be in a log. Runs last: by then the logs have seen every kind of death."""

import json

import pytest

from tests.stack import Stack

CARD = "6222021234567890128"
IDENTITY_NUMBER = "420106198507213226"
PASSWORD = "Zx9#8812qq"
STORY = (
    f"我的卡 {CARD[:4]} {CARD[4:8]} {CARD[8:12]} {CARD[12:16]} {CARD[16:]} 在徐东大街支行被机器吞了",
    f"卡号{CARD}，身份证{IDENTITY_NUMBER}，密码是{PASSWORD}",
    "紫色的雨伞也落在取款机旁边了",
)
PLAIN_TABLES = """
    SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
"""
FIND = """
    SELECT FROM (SELECT replace(kept::text, ' ', '') AS row FROM {table} kept) AS rows
    WHERE strpos(row, %s) > 0 OR strpos(replace(row, '\\\\', '\\'), %s) > 0 LIMIT 1
"""


@pytest.fixture(scope="module")
def told(stack: Stack) -> Stack:
    """A customer has told all this, and was answered."""
    stack.wait_until_well()
    customer = stack.customer()
    for text in STORY:
        customer.hears(customer.writes(text))
    customer.says("人工")
    return stack


def places_of(stack: Stack, words: str) -> list[str]:
    """The tables in which these words stand anywhere, as they are or in the notation of JSON."""
    as_json = json.dumps(words)[1:-1]
    return [table for (table,) in stack.query(PLAIN_TABLES) if stack.query(FIND.format(table=table), words, as_json)]


def test_the_search_finds_what_is_kept(told: Stack) -> None:
    assert {"public.messages", "rasa.events"} <= set(places_of(told, "紫色的雨伞"))
    assert "procrastinate_jobs" in " ".join(table for (table,) in told.query(PLAIN_TABLES))


@pytest.mark.parametrize("secret", [CARD, IDENTITY_NUMBER, PASSWORD], ids=["card", "identity number", "password"])
def test_a_number_that_must_not_be_kept_is_in_no_table_and_no_log(told: Stack, secret: str) -> None:
    assert places_of(told, secret) == []
    logs = told.logs().replace(" ", "")
    assert "turn_answered" in logs
    assert secret not in logs


def test_no_word_of_a_customer_is_in_a_log(told: Stack) -> None:
    texts = {text for customer in told.customers for text in customer.texts if len(text) >= 6}
    assert texts >= {STORY[2]}
    logs = told.logs()
    escaped = {text: text.encode("unicode_escape").decode() for text in texts}
    assert [text for text in texts if text in logs or escaped[text] in logs] == []


def test_nothing_that_we_said_to_a_customer_is_in_a_log(told: Stack) -> None:
    logs = told.logs()
    said = {text for (text,) in told.query("SELECT text FROM messages WHERE author <> 'customer'")}
    assert [text for text in said if text.splitlines()[0] in logs] == []


def test_no_process_fell_over_a_fault_of_its_own(told: Stack) -> None:
    """The only thing that may fail is what needs a database that was killed."""
    lines = told.logs().splitlines()
    fallen = [
        at for at, line in enumerate(lines) if "Traceback (most recent call last)" in line and "psycopg" not in line
    ]
    assert not fallen, "\n".join(lines[max(0, fallen[0] - 20) : fallen[0] + 60])
