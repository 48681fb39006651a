"""The web chat's HTTP API: what it takes, what it refuses, and whose messages it shows."""

import asyncio
import json
import uuid

import pytest
from sqlalchemy import func, select

from bot.channels.webchat.tokens import SessionTokens
from bot.clock import Clock
from bot.conversations.models import Author, Conversation, Delivery, Holder, Message, Turn
from bot.conversations.presence import PRESENCE_CHANNEL, Doing, Sign, give_sign
from bot.database import Database
from tests.builders import until
from tests.integration.webchat.served import Served, bearer, serving


async def test_the_greeting_is_the_first_thing_a_customer_sees(gateway: Served) -> None:
    zh = await gateway.read(await gateway.new_session("zh"))
    en = await gateway.read(await gateway.new_session("en-GB"))
    assert [message["author"] for message in zh + en] == ["bot", "bot"]
    assert "听诉" in zh[0]["text"]
    assert "Tingsu" in en[0]["text"]
    assert zh[0]["time"] == "2026-11-23T02:00:00Z"


async def test_a_session_can_be_started_without_any_body(gateway: Served) -> None:
    response = await gateway.http.post("/api/chat/sessions")
    assert response.status_code == 200
    assert list(response.json()) == ["token"]
    assert "听诉" in (await gateway.read(response.json()["token"]))[0]["text"]


async def test_the_greeting_counts_as_delivered(gateway: Served, database: Database) -> None:
    token = await gateway.new_session()
    greeting = (await gateway.read(token))[0]["id"]
    async with database.transaction() as session:
        stored = await session.get_one(Message, greeting)
    assert stored.delivery is Delivery.DELIVERED
    conversation = await gateway.conversation_of(greeting)
    assert (conversation.channel, conversation.language) == ("webchat", "zh")


async def test_messages_come_in_order_and_only_those_after_the_given_id(gateway: Served) -> None:
    token = await gateway.new_session()
    first = (await gateway.write(token, "ATM 把我的卡吞了")).json()["id"]
    await gateway.bank_says(first, "卡被吞了，您着急。是哪个网点？", buttons=["不记得了"])
    second = (await gateway.write(token, "武昌支行")).json()["id"]
    everything = await gateway.read(token)
    assert [message["author"] for message in everything] == ["bot", "customer", "bot", "customer"]
    assert everything[2]["buttons"] == ["不记得了"]
    later = await gateway.read(token, after=first)
    assert [message["id"] for message in later] == [everything[2]["id"], second]
    assert await gateway.read(token, after=second) == []
    assert await gateway.read(token, after=2**63 - 1) == []


async def test_a_message_of_staff_carries_the_author_staff(gateway: Served) -> None:
    token = await gateway.new_session()
    written = (await gateway.write(token, "人工")).json()["id"]
    await gateway.bank_says(written, "我是李经理。", author=Author.STAFF)
    assert (await gateway.read(token))[-1]["author"] == "staff"


async def test_a_message_sent_again_with_the_same_client_id_is_taken_once(gateway: Served) -> None:
    token = await gateway.new_session()
    answers = await asyncio.gather(*(gateway.write(token, "卡被吞了", client_id="a-1") for _ in range(5)))
    assert len({answer.json()["id"] for answer in answers}) == 1
    messages = await gateway.read(token)
    assert [message["client_id"] for message in messages if message["author"] == "customer"] == ["a-1"]


async def test_the_same_client_id_in_two_sessions_is_two_messages(gateway: Served) -> None:
    ids = [(await gateway.write(await gateway.new_session(), "您好", client_id="1")).json()["id"] for _ in range(2)]
    assert ids[0] != ids[1]


@pytest.mark.parametrize("text", ["", "   ", "\\n", "\\u0000", "\\ud800"])
async def test_a_message_without_text_is_refused(gateway: Served, text: str) -> None:
    token = await gateway.new_session()
    response = await gateway.http.post(
        "/api/chat/messages",
        content=f'{{"text": "{text}"}}',
        headers=bearer(token) | {"Content-Type": "application/json"},
    )
    assert response.status_code == 422
    assert set(response.json()) == {"error", "message"}


async def test_characters_that_postgresql_cannot_store_are_left_out(gateway: Served) -> None:
    token = await gateway.new_session()
    response = await gateway.http.post(
        "/api/chat/messages",
        content=b'{"text": "before\\u0000 \\ud83d after \\ud83d\\ude00"}',
        headers=bearer(token) | {"Content-Type": "application/json"},
    )
    assert response.status_code == 200
    assert (await gateway.read(token))[-1]["text"] == "before  after 😀"


async def test_a_long_story_is_taken_and_beyond_its_limit_cut_and_the_customer_told(gateway: Served) -> None:
    token = await gateway.new_session()
    assert (await gateway.write(token, "苦" * 6000)).status_code == 200
    assert len((await gateway.read(token))[-1]["text"]) == 6000
    assert (await gateway.write(token, "苦" * 25_000)).status_code == 200
    story, told = (await gateway.read(token))[-2:]
    assert len(story["text"]) == 20_000
    assert told["author"] == "bot"


async def test_a_body_over_four_mebibytes_is_refused(gateway: Served) -> None:
    token = await gateway.new_session()
    response = await gateway.write(token, "a" * (4 * 1024 * 1024 + 1))
    assert (response.status_code, response.json()["error"]) == (413, "body_too_large")

    async def endless() -> object:
        for _ in range(6):
            yield b" " * 1024 * 1024

    response = await gateway.http.post("/api/chat/messages", content=endless(), headers=bearer(token))  # type: ignore[arg-type]
    assert (response.status_code, response.json()["error"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"text": 5}', '{"text": null}', "{", '{"text": "好", "client_id": "a b"}', "\\xff"]
)
async def test_a_body_that_is_no_message_is_refused_without_being_repeated(gateway: Served, body: str) -> None:
    token = await gateway.new_session()
    response = await gateway.http.post(
        "/api/chat/messages", content=body, headers=bearer(token) | {"Content-Type": "application/json"}
    )
    assert response.status_code == 422
    assert set(response.json()) == {"error", "message"}
    assert "好" not in response.text


@pytest.mark.parametrize("after", ["-1", "x", str(2**63), "1.5"])
async def test_an_id_that_can_be_none_is_refused(gateway: Served, after: str) -> None:
    token = await gateway.new_session()
    response = await gateway.http.get("/api/chat/messages", params={"after": after}, headers=bearer(token))
    assert response.status_code == 422


async def test_without_a_valid_token_nothing_is_read_or_written(gateway: Served, database: Database) -> None:
    token = await gateway.new_session()
    altered = token[:-2] + ("AA" if not token.endswith("AA") else "BB")
    async with serving(database, gateway.clock) as other_bank:
        foreign = await other_bank.new_session()
    before = await _message_count(database)
    for bad in ["x", "null", "ä", altered, token.upper(), foreign[::-1], "a" * 5000]:
        headers = {"Authorization": f"Bearer {bad}".encode()} if bad != "null" else {}
        for response in [
            await gateway.http.get("/api/chat/messages", headers=headers),
            await gateway.http.post("/api/chat/messages", json={"text": "好"}, headers=headers),
            await gateway.http.post("/api/chat/attachments", files={"file": b"x"}, headers=headers),
            await gateway.http.get(f"/api/chat/attachments/{uuid.uuid4()}", headers=headers),
        ]:
            assert response.status_code == 401, bad
            assert response.json()["error"] in {"token_missing", "token_invalid"}
            assert response.headers["www-authenticate"] == "Bearer"
    assert await _message_count(database) == before


async def test_a_token_signed_with_another_key_opens_nothing(gateway: Served, database: Database) -> None:
    async with serving(database, gateway.clock, messages_per_minute=5) as same_key:
        assert await same_key.read(await gateway.new_session())
    forged = SessionTokens("another key").issue(uuid.uuid4())
    assert (await gateway.write(forged, "好")).status_code == 401


async def test_a_session_whose_conversation_is_gone_is_told_so(gateway: Served, database: Database) -> None:
    token = await gateway.new_session()
    conversation = await gateway.conversation_of((await gateway.read(token))[0]["id"])
    async with database.transaction() as session:
        found = await session.get_one(Conversation, conversation.id)
        found.channel_key = "moved away"
    response = await gateway.write(token, "好")
    assert (response.status_code, response.json()["error"]) == (401, "session_gone")


async def test_nobody_sees_the_messages_of_another_session(gateway: Served) -> None:
    mine, theirs = await gateway.new_session(), await gateway.new_session()
    await gateway.write(mine, "我的事")
    assert "我的事" not in str(await gateway.read(theirs))


async def test_too_many_messages_in_a_minute_are_put_off(database: Database, clock: Clock) -> None:
    async with serving(database, clock, messages_per_minute=2) as served:
        token = await served.new_session()
        assert [(await served.write(token, "好")).status_code for _ in range(3)] == [200, 200, 429]
        refused = await served.write(token, "好")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.json()["error"] == "too_many_requests"
        assert (await served.write(await served.new_session(), "好")).status_code == 200


async def test_too_many_new_sessions_from_one_address_are_put_off(database: Database, clock: Clock) -> None:
    async with serving(database, clock, sessions_per_minute=1) as served:
        await served.new_session()
        refused = await served.http.post("/api/chat/sessions", json={})
        assert refused.status_code == 429
        assert "retry-after" in refused.headers


async def test_typing_is_shown_from_the_message_to_its_answer(gateway: Served, database: Database) -> None:
    token = await gateway.new_session()
    assert await _typing(gateway, token) is False
    written = (await gateway.write(token, "卡被吞了")).json()["id"]
    assert await _typing(gateway, token) is True
    conversation = await gateway.conversation_of(written)
    turn = Turn(id=uuid.uuid4(), conversation_id=conversation.id, taken_at=gateway.clock())
    async with database.transaction() as session:
        session.add(turn)
        await session.flush()
        (await session.get_one(Message, written)).turn_id = turn.id
    assert await _typing(gateway, token) is True
    async with database.transaction() as session:
        (await session.get_one(Turn, turn.id)).answered_at = gateway.clock()
    assert await _typing(gateway, token) is False


async def test_typing_is_not_shown_while_staff_holds_the_conversation(gateway: Served, database: Database) -> None:
    token = await gateway.new_session()
    written = (await gateway.write(token, "卡被吞了")).json()["id"]
    conversation = await gateway.conversation_of(written)
    async with database.transaction() as session:
        (await session.get_one(Conversation, conversation.id)).holder = Holder.STAFF
    assert await _typing(gateway, token) is False


async def test_typing_is_not_shown_to_whom_was_told_that_the_message_is_safe(
    gateway: Served, database: Database
) -> None:
    token = await gateway.new_session()
    written = (await gateway.write(token, "卡被吞了")).json()["id"]
    conversation = await gateway.conversation_of(written)
    async with database.transaction() as session:
        (await session.get_one(Conversation, conversation.id)).told_safe_at = gateway.clock()
    assert await _typing(gateway, token) is False


async def test_a_bank_card_number_is_never_shown_again(gateway: Served) -> None:
    token = await gateway.new_session()
    await gateway.write(token, "我的卡号是 6222021234567890128 被扣了")
    assert "6222021234567890128" not in str(await gateway.read(token))


async def test_waiting_for_messages_ends_with_the_first_change(gateway: Served) -> None:
    token = await gateway.new_session()
    written = (await gateway.write(token, "好")).json()["id"]
    waiting = asyncio.create_task(
        gateway.http.get("/api/chat/messages", params={"after": written, "wait": 20}, headers=bearer(token), timeout=25)
    )
    while not waiting.done():
        done, _ = await asyncio.wait({waiting}, timeout=0.3)
        if not done:
            await gateway.bank_says(written, "我在听。")
    assert waiting.result().json()["messages"][0]["text"] == "我在听。"


async def test_the_page_tells_how_far_the_customer_has_read(gateway: Served) -> None:
    token = await gateway.new_session()
    written = (await gateway.write(token, "卡被吞了")).json()["id"]
    await gateway.bank_says(written, "我在听。")
    last = (await gateway.read(token))[-1]["id"]
    response = await gateway.http.post("/api/chat/read", json={"up_to": last}, headers=bearer(token))
    assert (response.status_code, response.content) == (204, b"")
    assert (await gateway.conversation_of(written)).read_by_customer_up_to == last


@pytest.mark.parametrize("up_to", [0, -1, 2**63, "x", None])
async def test_what_can_be_no_message_is_not_read(gateway: Served, up_to: object) -> None:
    token = await gateway.new_session()
    response = await gateway.http.post("/api/chat/read", json={"up_to": up_to}, headers=bearer(token))
    assert response.status_code == 422


async def test_staff_learns_that_the_customer_is_typing_and_nothing_of_what(
    gateway: Served, database: Database
) -> None:
    token = await gateway.new_session()
    written = (await gateway.write(token, "卡被吞了")).json()["id"]
    conversation = await gateway.conversation_of(written)
    signs = database.listen(PRESENCE_CHANNEL)
    assert await anext(signs) == ""
    response = await gateway.http.post("/api/chat/typing", headers=bearer(token))
    assert response.status_code == 204
    async with asyncio.timeout(10):
        told = await anext(signs)
    await signs.aclose()
    assert json.loads(told) == {"conversation_id": str(conversation.id), "doing": "customer_typing"}


async def test_pages_that_give_signs_too_often_are_put_off(gateway: Served) -> None:
    token = await gateway.new_session()
    answers = [await gateway.http.post("/api/chat/typing", headers=bearer(token)) for _ in range(121)]
    assert [answer.status_code for answer in answers] == [204] * 120 + [429]


@pytest.mark.parametrize("path", ["read", "typing"])
async def test_a_stranger_gives_no_signs(gateway: Served, path: str) -> None:
    assert (await gateway.http.post(f"/api/chat/{path}", json={"up_to": 1})).status_code == 401


async def test_a_person_who_is_typing_is_seen_by_the_customer_until_they_pause(
    gateway: Served, database: Database
) -> None:
    token = await gateway.new_session()
    written = (await gateway.write(token, "卡被吞了")).json()["id"]
    conversation = await gateway.conversation_of(written)
    async with database.transaction() as session:
        (await session.get_one(Conversation, conversation.id)).holder = Holder.STAFF
    page_id, staff_id = uuid.uuid4(), uuid.uuid4()
    for doing, is_typing in ((Doing.TYPING, True), (Doing.PAUSING, False)):
        async with database.transaction() as session:
            await give_sign(
                session,
                Sign(conversation_id=conversation.id, doing=doing, page_id=page_id, staff_id=staff_id),
            )

        async def is_shown(expected: bool = is_typing) -> bool:
            return await _typing(gateway, token) is expected

        await until(is_shown, seconds=10)


async def _typing(gateway: Served, token: str) -> bool:
    response = await gateway.http.get("/api/chat/messages", headers=bearer(token))
    return bool(response.json()["typing"])


async def _message_count(database: Database) -> int:
    async with database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(Message)) or 0
