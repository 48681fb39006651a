"""Complaints by the API: read page by page, commented on, taken on by the lifecycle's steps, each change once."""

import asyncio
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from bot.api.tokens import Scope
from bot.clock import system_clock
from bot.complaints.casework import StatedFact, accept_result, resolve
from bot.complaints.deadlines import deadline_policy, recheck_request_deadline
from bot.complaints.family import join_parent
from bot.complaints.follows import follow
from bot.complaints.labels import Product, RootCause, Tier
from bot.complaints.lifecycle import State
from bot.complaints.models import Closing, Complaint, Notice, NoticeKind
from bot.complaints.rechecks import request_recheck
from bot.conversations.handover import take_over
from bot.conversations.models import Author, Conversation, Holder
from bot.database import Database
from tests.builders import audit_trail, jobs, messages, texts
from tests.integration.api.conftest import Caller
from tests.integration.api.test_tokens import is_problem
from tests.integration.desk.scene import Scene

PHONE = StatedFact("phone", "13812345678")
RESULT = "卡已取回，请到司门口支行领取。"


async def a_case(scene: Scene, **told: Any) -> Complaint:
    return await scene.complaint(await scene.customer_writes("卡被吞了", key="chat-1"), **told)


async def set_state(database: Database, complaint: Complaint, state: State) -> None:
    async with database.transaction() as session:
        await session.execute(update(Complaint).where(Complaint.id == complaint.id).values(state=state))


async def etag_of(crm: httpx.AsyncClient, complaint: Complaint) -> str:
    return (await crm.get(f"/complaints/{complaint.number}")).headers["etag"]


async def step_on(
    crm: httpx.AsyncClient,
    complaint: Complaint,
    step: str,
    *,
    etag: str | None = None,
    key: str | None = None,
    **more: Any,
) -> httpx.Response:
    headers = {"If-Match": etag or await etag_of(crm, complaint)} | ({"Idempotency-Key": key} if key else {})
    return await crm.post(f"/complaints/{complaint.number}/steps", json={"step": step} | more, headers=headers)


async def test_a_complaint_is_read_whole_and_its_reading_recorded(
    system: Caller, scene: Scene, database: Database
) -> None:
    complaint = await a_case(scene, facts=(StatedFact("amount", "两千块", amount_fen=200000, currency="CNY"),))
    crm = await system()
    answer = await crm.get(f"/complaints/{complaint.number}")
    shown = answer.json()
    assert (shown["state"], shown["tier"], shown["unit"]) == ("open", "ordinary", "HB-WH-WC-03")
    assert shown["story"] == complaint.story
    assert [(fact["name"], fact["amount_fen"]) for fact in shown["facts"]] == [("amount", 200000)]
    assert shown["deadlines"]
    assert answer.headers["etag"] == f'"{shown["version"]}"'
    assert answer.headers["cache-control"] == "no-store"
    assert await audit_trail(database, complaint.number) == ["customer: open_complaint", "api:crm: see_complaint"]


async def test_a_telephone_number_is_hidden_from_tokens_without_the_scope(system: Caller, scene: Scene) -> None:
    complaint = await a_case(scene, facts=(PHONE,))
    address = f"/complaints/{complaint.number}"
    hidden = (await (await system(name="crm")).get(address)).text
    full = (await (await system(Scope.READ, Scope.PERSONAL, name="hotline")).get(address)).text
    assert "13812345678" not in hidden and "*******5678" in hidden
    assert full.count("13812345678") == 2


async def test_pages_hold_every_complaint_once_also_when_another_comes_meanwhile(system: Caller, scene: Scene) -> None:
    opened_at = system_clock() - timedelta(days=1)
    numbers = [(await a_case(scene, opened_at=opened_at)).number for _ in range(5)]
    crm = await system()
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        page = (await crm.get("/complaints", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        seen += [one["number"] for one in page["complaints"]]
        cursor = page["next_cursor"]
        if len(seen) == 2:
            numbers.append((await a_case(scene)).number)
    assert len(seen) == len(set(seen)) == 6
    assert set(seen) == set(numbers)
    assert cursor is None


async def test_complaints_are_chosen_by_what_is_asked(system: Caller, scene: Scene, database: Database) -> None:
    old = await a_case(scene, opened_at=system_clock() - timedelta(days=9), product=Product.DEBIT_CARD)
    urgent = await a_case(scene, tier=Tier.URGENT, outlet_code="HB-WH-WC-01")
    crm = await system(Scope.READ, Scope.COMMENT)
    yesterday = (system_clock() - timedelta(days=1)).isoformat()

    async def found(**wanted: str) -> list[str]:
        return [one["number"] for one in (await crm.get("/complaints", params=wanted)).json()["complaints"]]

    assert await found() == [old.number, urgent.number]
    assert await found(product="debit_card") == [old.number]
    assert await found(tier=urgent.tier) == [urgent.number]
    assert await found(unit="HB-WH-WC-01") == [urgent.number]
    assert await found(opened_since=yesterday) == [urgent.number]
    assert await found(changed_since=yesterday) == [urgent.number]
    assert await found(state="closed") == []
    await crm.post(f"/complaints/{old.number}/comments", json={"text": "核对中"})
    assert await found(changed_since=yesterday) == [old.number, urgent.number]


@pytest.mark.parametrize(
    "wanted",
    [
        {"limit": "201"},
        {"limit": "0"},
        {"state": "lost"},
        {"cursor": "x"},
        {"opened_since": "gestern"},
        {"colour": "red"},
    ],
)
async def test_a_question_that_makes_no_sense_is_refused_by_name(wanted: dict[str, str], system: Caller) -> None:
    answer = await (await system()).get("/complaints", params=wanted)
    assert is_problem(answer, 422, "not_valid")
    assert [fault["at"] for fault in answer.json()["errors"]] == [f"query.{next(iter(wanted))}"]


async def test_every_error_is_a_problem_document(system: Caller) -> None:
    crm = await system()
    assert is_problem(await crm.get("/nothing"), 404, "http_404")
    assert is_problem(await crm.get("/complaints/TS-1111-1111-1"), 404, "no_such_complaint")
    not_allowed = await crm.delete("/webhooks")
    assert is_problem(not_allowed, 405, "http_405")
    assert not_allowed.headers["allow"] == "GET, POST"
    too_large = await crm.post("/webhooks", content=b"x" * 70_000)
    assert is_problem(too_large, 413, "body_too_large")


async def test_a_comment_is_for_staff_only_and_holds_no_number_of_a_person(
    system: Caller, scene: Scene, database: Database
) -> None:
    complaint = await a_case(scene)
    crm = await system(Scope.READ, Scope.COMMENT)
    address = f"/complaints/{complaint.number}/comments"
    answer = await crm.post(address, json={"text": " 客户卡号 4111111111111111，13800138000，<b>急</b> "})
    assert answer.status_code == 201
    assert answer.json()["text"] == "客户卡号 [卡号 尾号1111]，[手机号 尾号8000]，<b>急</b>"
    assert (await crm.get(address)).json() == {"comments": [answer.json()]}
    assert answer.json()["author"] == "api:crm"
    assert await texts(database) == []
    assert (await audit_trail(database, complaint.number))[-1] == "api:crm: comment"


async def test_a_complaint_is_started_and_resolved_and_the_customer_told(
    system: Caller, scene: Scene, database: Database
) -> None:
    complaint = await a_case(scene)
    await set_state(database, complaint, State.ASSIGNED)
    crm = await system(Scope.READ, Scope.WRITE)
    started = await step_on(crm, complaint, "start")
    assert (started.status_code, started.json()["state"]) == (200, "in_progress")
    resolved = await step_on(crm, complaint, "resolve", etag=started.headers["etag"], result=RESULT)
    assert (resolved.status_code, resolved.json()["state"], resolved.json()["result"]) == (200, "resolved", RESULT)
    assert RESULT in (await texts(database))[-1]
    assert len(await jobs(database, "ask_satisfaction")) == 1
    trail = await audit_trail(database, complaint.number)
    assert [done for done in trail if "see_" not in done] == [
        "customer: open_complaint",
        "api:crm: start",
        "api:crm: resolve",
    ]


LEARNT = {"root_cause": "system", "is_customer_told": True}


def mending(**other: Any) -> dict[str, Any]:
    """A checklist in which something must be put right within a month."""
    due_on = system_clock().astimezone(deadline_policy().zone).date() + timedelta(days=30)
    given = {"what": "换读卡器，卡号 4111111111111111", "unit": "HB-WH-WC", "due_on": str(due_on)}
    return LEARNT | {"note": "设备老化 4111111111111111", "rectification": given | other}


async def is_resolved(database: Database, complaint: Complaint, *, is_accepted: bool, days_ago: int = 0) -> None:
    now = system_clock()
    async with database.transaction() as session:
        found = await session.get_one(Complaint, complaint.id)
        resolve(session, found, RESULT, actor="staff:li", now=now - timedelta(days=days_ago))
        if is_accepted:
            accept_result(session, found, now=now)


async def test_an_accepted_complaint_is_closed_with_the_desks_checklist(
    system: Caller, scene: Scene, database: Database
) -> None:
    complaint = await a_case(scene)
    await is_resolved(database, complaint, is_accepted=True)
    crm = await system(Scope.READ, Scope.WRITE)
    etag = await etag_of(crm, complaint)
    for _ in range(2):
        closed = await step_on(crm, complaint, "close", etag=etag, key="k-1", **mending())
        assert (closed.status_code, closed.json()["state"]) == (200, "closed")
    async with database.transaction() as session:
        (closing,) = await session.scalars(select(Closing).where(Closing.complaint_id == complaint.id))
    assert (closing.root_cause, closing.is_customer_told, closing.closed_by) == (RootCause.SYSTEM, True, "api:crm")
    assert (closing.rectify_unit, closing.rectify_by) == ("HB-WH-WC", date.fromisoformat(due_on_of(mending())))
    assert "4111111111111111" not in f"{closing.note}{closing.rectification}"
    assert (await audit_trail(database, complaint.number)).count("api:crm: close") == 1


def due_on_of(checklist: dict[str, Any]) -> str:
    return str(checklist["rectification"]["due_on"])


@pytest.mark.parametrize("missing", ["root_cause", "is_customer_told"])
async def test_without_an_answer_to_the_checklist_nothing_is_closed(
    missing: str, system: Caller, scene: Scene, database: Database
) -> None:
    complaint = await a_case(scene)
    await is_resolved(database, complaint, is_accepted=True)
    crm = await system(Scope.READ, Scope.WRITE)
    answer = await step_on(crm, complaint, "close", **{name: LEARNT[name] for name in LEARNT if name != missing})
    assert is_problem(answer, 422, "not_valid")
    assert [fault["at"] for fault in answer.json()["errors"]] == [f"body.close.{missing}"]
    assert (await crm.get(f"/complaints/{complaint.number}")).json()["state"] == "resolved"


async def test_while_the_customer_may_still_object_another_system_closes_nothing_either(
    system: Caller, scene: Scene, database: Database
) -> None:
    complaint = await a_case(scene)
    await is_resolved(database, complaint, is_accepted=False)
    crm = await system(Scope.READ, Scope.WRITE)
    answer = await step_on(crm, complaint, "close", **LEARNT)
    assert is_problem(answer, 409, "too_early_to_close")
    last_day = recheck_request_deadline(system_clock(), deadline_policy()).due_at.date()
    assert str(last_day) in answer.json()["detail"]
    assert (await crm.get(f"/complaints/{complaint.number}")).json()["state"] == "resolved"
    assert "api:crm: close" not in await audit_trail(database, complaint.number)


async def test_when_the_time_to_object_is_over_it_is_closed_without_the_customers_word(
    system: Caller, scene: Scene, database: Database
) -> None:
    complaint = await a_case(scene)
    await is_resolved(database, complaint, is_accepted=False, days_ago=32)
    crm = await system(Scope.READ, Scope.WRITE)
    assert (await step_on(crm, complaint, "close", **LEARNT)).json()["state"] == "closed"


async def test_an_objection_that_is_being_looked_at_keeps_the_complaint_open(
    system: Caller, scene: Scene, database: Database
) -> None:
    complaint = await a_case(scene)
    await is_resolved(database, complaint, is_accepted=False)
    async with database.transaction() as session:
        found = await session.get_one(Complaint, complaint.id)
        await request_recheck(session, found, "金额不对", actor="customer", now=system_clock())
    crm = await system(Scope.READ, Scope.WRITE)
    assert is_problem(await step_on(crm, complaint, "close", **LEARNT), 409, "illegal_step")


@pytest.mark.parametrize(
    "other",
    [{"unit": "HB-YC"}, {"unit": "HB-WH-WC-01"}, {"unit": "XX"}, {"due_on": "2020-01-01"}, {"due_on": "2999-01-01"}],
)
async def test_what_must_be_put_right_goes_to_whoever_answers_for_the_outlet_and_to_a_day_ahead(
    other: dict[str, str], system: Caller, scene: Scene, database: Database
) -> None:
    complaint = await a_case(scene)
    await is_resolved(database, complaint, is_accepted=True)
    crm = await system(Scope.READ, Scope.WRITE)
    answer = await step_on(crm, complaint, "close", **mending(**other))
    assert is_problem(answer, 422, "rectification_refused")
    assert next(iter(other)) in answer.json()["detail"] or next(iter(other.values())) in answer.json()["detail"]
    assert (await crm.get(f"/complaints/{complaint.number}")).json()["state"] == "resolved"


async def test_thanks_after_another_system_has_closed_it_restart_nothing(
    system: Caller, scene: Scene, database: Database
) -> None:
    complaint = await a_case(scene)
    await is_resolved(database, complaint, is_accepted=True)
    crm = await system(Scope.READ, Scope.WRITE, Scope.COMMENT)
    closed = (await step_on(crm, complaint, "close", **LEARNT)).json()
    await crm.post(f"/complaints/{complaint.number}/comments", json={"text": "客户来电致谢"})
    await scene.customer_writes("好的谢谢再见", key="chat-1")
    assert (await crm.get(f"/complaints/{complaint.number}")).json() == closed
    assert await jobs(database, "close_case") == []
    async with database.transaction() as session:
        conversation = await session.get_one(Conversation, complaint.conversation_id)
    assert (conversation.holder, conversation.waiting_since) == (Holder.BOT, None)


async def test_whoever_has_the_complaint_gets_a_notice_of_a_comment_and_while_nobody_has_it_the_unit(
    system: Caller, scene: Scene, database: Database
) -> None:
    complaint = await a_case(scene)
    li = await scene.member()
    crm = await system(Scope.READ, Scope.COMMENT)
    address = f"/complaints/{complaint.number}/comments"
    await crm.post(address, json={"text": "核对中"})
    async with database.transaction() as session:
        await session.execute(update(Complaint).where(Complaint.id == complaint.id).values(handler_id=li.id))
    for _ in range(2):
        await crm.post(address, json={"text": "核对完毕"}, headers={"Idempotency-Key": "k-1"})
    async with database.transaction() as session:
        told = list(await session.scalars(select(Notice).order_by(Notice.id)))
    assert [(one.kind, one.staff_id, one.unit_code) for one in told] == [
        (NoticeKind.COMMENTED, None, complaint.unit_code),
        (NoticeKind.COMMENTED, li.id, None),
    ]


async def test_a_step_that_the_state_does_not_allow_is_refused(
    system: Caller, scene: Scene, database: Database
) -> None:
    complaint = await a_case(scene)
    crm = await system(Scope.READ, Scope.WRITE)
    answer = await step_on(crm, complaint, "close", **LEARNT)
    assert is_problem(answer, 409, "illegal_step")
    assert "assign" in answer.json()["detail"]


async def test_a_complaint_that_collects_others_is_closed_after_them_and_its_followers_hear_of_it(
    system: Caller, scene: Scene, database: Database
) -> None:
    parent = await a_case(scene)
    child = await scene.complaint(await scene.customer_writes("卡也被吞了", key="chat-2"))
    li = await scene.member()
    async with database.transaction() as session:
        both = [await session.get_one(Complaint, one.id) for one in (child, parent)]
        await join_parent(session, *both, actor="staff:li", now=system_clock())
        follow(session, both[1], li.id, actor="staff:li", now=system_clock())
    await set_state(database, parent, State.RESOLVED)
    async with database.transaction() as session:
        await session.execute(update(Complaint).where(Complaint.id == parent.id).values(result_accepted=True))
    crm = await system(Scope.READ, Scope.WRITE, Scope.COMMENT)
    assert is_problem(await step_on(crm, parent, "close", **LEARNT), 409, "open_children")
    await set_state(database, child, State.WITHDRAWN)
    assert (await step_on(crm, parent, "close", **LEARNT)).json()["state"] == "closed"
    await crm.post(f"/complaints/{parent.number}/comments", json={"text": "核对完毕"})
    async with database.transaction() as session:
        told = list(await session.scalars(select(Notice.kind).where(Notice.staff_id == li.id).order_by(Notice.id)))
    assert told == [NoticeKind.CLOSED, NoticeKind.NOTED]


async def test_a_step_upon_what_has_changed_meanwhile_is_refused(
    system: Caller, scene: Scene, database: Database
) -> None:
    complaint = await a_case(scene)
    crm = await system(Scope.READ, Scope.WRITE)
    etag = await etag_of(crm, complaint)
    await set_state(database, complaint, State.IN_PROGRESS)
    assert is_problem(await step_on(crm, complaint, "resolve", etag=etag, result=RESULT), 412, "stale_version")
    unconditional = await crm.post(f"/complaints/{complaint.number}/steps", json={"step": "start"})
    assert is_problem(unconditional, 422, "not_valid")
    assert await texts(database) == []


async def test_while_a_person_talks_with_the_customer_the_result_is_theirs_to_tell(
    system: Caller, scene: Scene, database: Database
) -> None:
    complaint = await a_case(scene)
    li = await scene.member()
    async with database.transaction() as session:
        await take_over(session, complaint.conversation_id, li.id, username="li", shown_as="李经理", now=system_clock())
    crm = await system(Scope.READ, Scope.WRITE)
    assert is_problem(await step_on(crm, complaint, "resolve", result=RESULT), 409, "person_is_talking")


async def test_a_result_with_a_card_number_is_not_told(system: Caller, scene: Scene, database: Database) -> None:
    complaint = await a_case(scene)
    crm = await system(Scope.READ, Scope.WRITE)
    answer = await step_on(crm, complaint, "resolve", result="已退回卡 4111111111111111")
    assert is_problem(answer, 422, "sensitive_numbers")
    assert await texts(database) == []


async def test_a_result_is_told_without_a_persons_mobile_number_and_with_the_banks_telephone(
    system: Caller, scene: Scene, database: Database
) -> None:
    complaint = await a_case(scene)
    crm = await system(Scope.READ, Scope.WRITE)
    answer = await step_on(crm, complaint, "resolve", result="已回电13800138000，有事请拨 027-87654321")
    assert answer.json()["result"] == "已回电[手机号 尾号8000]，有事请拨 027-87654321"
    assert answer.json()["result"] in (await texts(database))[-1]


async def test_the_same_request_with_the_same_key_is_done_once(
    system: Caller, scene: Scene, database: Database
) -> None:
    complaint = await a_case(scene)
    crm = await system(Scope.READ, Scope.WRITE)
    etag = await etag_of(crm, complaint)
    first = await step_on(crm, complaint, "resolve", etag=etag, key="k-1", result=RESULT)
    again = await step_on(crm, complaint, "resolve", etag=etag, key="k-1", result=RESULT)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert first.headers["etag"] == again.headers["etag"]
    assert len(await messages(database, Author.BOT)) == 1
    other = await step_on(crm, complaint, "resolve", etag=etag, key="k-1", result="另一个结果")
    assert is_problem(other, 409, "key_used_otherwise")


async def test_the_same_request_twice_at_once_is_done_once(system: Caller, scene: Scene) -> None:
    complaint = await a_case(scene)
    crm = await system(Scope.READ, Scope.COMMENT)
    address = f"/complaints/{complaint.number}/comments"
    answers = await asyncio.gather(
        *(crm.post(address, json={"text": "核对中"}, headers={"Idempotency-Key": "k-1"}) for _ in range(5))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len((await crm.get(address)).json()["comments"]) == 1


async def test_a_failed_request_may_come_again_with_its_key(system: Caller, scene: Scene, database: Database) -> None:
    complaint = await a_case(scene)
    crm = await system(Scope.READ, Scope.WRITE)
    etag = await etag_of(crm, complaint)
    assert (await step_on(crm, complaint, "start", etag=etag, key="k-1")).status_code == 409
    assert (await step_on(crm, complaint, "start", etag=etag, key="k-1")).status_code == 409
    await set_state(database, complaint, State.ASSIGNED)
    assert (await step_on(crm, complaint, "start", key="k-2")).status_code == 200


async def test_keys_of_two_systems_do_not_meet(system: Caller, scene: Scene) -> None:
    complaint = await a_case(scene)
    address = f"/complaints/{complaint.number}/comments"
    for name in ("crm", "hotline"):
        client = await system(Scope.READ, Scope.COMMENT, name=name)
        answer = await client.post(address, json={"text": f"来自{name}"}, headers={"Idempotency-Key": "1"})
        assert answer.status_code == 201
    assert len((await client.get(address)).json()["comments"]) == 2


async def test_the_description_and_its_page_need_nothing_from_elsewhere(system: Caller) -> None:
    crm = await system()
    document = (await crm.get("/openapi.json")).json()
    assert document["servers"] == [{"url": "/api/v1"}]
    for operations in document["paths"].values():
        for operation in operations.values():
            assert operation["summary"] and operation["description"] and operation["security"]
    page = (await crm.get("/")).text
    assert "/complaints/{number}/steps" in page
    assert "<script" not in page and "://" not in page.replace("https://crm.bank.example", "")
