"""What a page does not offer, sent over its socket all the same: refused and recorded, every act and every event."""

from collections import Counter
from typing import Any

from playwright.sync_api import Locator, expect
from sqlalchemy import select

from bot.audit import AuditRecord
from bot.complaints.lifecycle import State
from bot.complaints.models import Complaint
from bot.conversations.models import Holder
from bot.desk.acts import CASE_ACTS
from bot.staff.models import Role, StaffMember
from tests.browser.test_desk import Bank, Enter, bank, enter, open_conversation  # noqa: F401 - the desk's fixtures
from tests.integration.desk.served import wait_for

EVENTS_OF = "root => mounted_app.elements[root.id.slice(1)].events.map(event => event.type)"
EMIT = """([wishes]) => wishes.forEach(([part, event, sent]) =>
    getElement(Number(document.querySelector(part).id.slice(1))).$emit(event, sent))"""
NOTHING_CHANGES = {
    (".queue", event)
    for event in ("open", "look", "turn", "saveView", "useView", "removeView", "lookFor", "chooseHandler")
} | {(".thread", "typing")}
"""A reader's own look at the queue; and that they type says nothing, since they write nothing to the customer."""

REFUSED: dict[tuple[str, str], tuple[Any, str]] = {
    (".thread", "takeOver"): (None, "answer"),
    (".thread", "handBack"): (None, "answer"),
    (".thread", "reply"): ({"text": "你好", "seen": 10**9}, "answer"),
    (".thread", "draft"): ({"text": "写了一半"}, "answer"),
    (".thread", "takeUpDraft"): (None, "answer"),
    (".thread", "undo"): (1, "answer"),
    (".thread", "sendNow"): (1, "answer"),
    (".thread", "change"): ({"id": 1, "text": "改一改"}, "answer"),
    (".thread", "correct"): ({"id": 1, "text": "改一改"}, "answer"),
    (".thread", "sendAgain"): (1, "answer"),
    (".thread", "note"): ("记一笔", "answer"),
    (".thread", "colleagues"): (None, "answer"),
    (".thread", "transfer"): ({"to": "queue", "note": "请接"}, "answer"),
    (".thread", "reveal"): ("name", "reveal"),
    (".cases", "reveal"): ("phone", "reveal"),
}
"""What is sent with an event, and what of it is refused to a reader."""


def events_of(part: Locator) -> set[str]:
    """Every event that the page's own component sends to the desk."""
    return set(part.evaluate(EVENTS_OF))


def refusals(bank: Bank, person: StaffMember) -> Counter[str]:  # noqa: F811
    async def read() -> Counter[str]:
        query = select(AuditRecord).where(
            AuditRecord.action == "access_refused", AuditRecord.actor == f"staff:{person.username}"
        )
        async with bank.database.transaction() as session:
            return Counter(
                record.detail.get("what") or record.detail.get("wish") or record.subject
                for record in await session.scalars(query)
            )

    return bank.run(read())


def test_whoever_only_reads_can_neither_talk_nor_act_by_any_event(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id = bank.waiting(name="王小明")
    complaint = bank.run(bank.scene.complaint(conversation_id))
    inspector = bank.a_member(role=Role.INSPECTOR, unit_code="HB")
    page = enter(inspector)
    open_conversation(page, bank, conversation_id)
    expect(page.locator(".case")).to_be_visible()
    found = {(part, event) for part in (".queue", ".thread", ".cases") for event in events_of(page.locator(part))}
    assert found == REFUSED.keys() | NOTHING_CHANGES | {
        (".cases", "act"),
        (".queue", "give"),
        (".queue", "useMacro"),
    }

    wishes: list[tuple[str, str, Any]] = [(part, event, sent) for (part, event), (sent, _) in REFUSED.items()]
    for name in CASE_ACTS.names:
        wishes.append((".cases", "act", {"id": str(complaint.id), "act": name, "target": "", "values": {}}))
    wishes.append((".cases", "act", {"id": str(conversation_id), "act": "another case", "target": "", "values": {}}))
    wishes.append((".queue", "give", {"ids": [str(conversation_id)], "to": str(bank.a_member().id)}))
    of_macro = {"ids": [str(conversation_id)], "macro": "progress_of_many"}
    wishes.append((".queue", "useMacro", of_macro | {"confirmed": True}))
    wishes.append((".queue", "useMacro", of_macro))  # nobody has been asked: nothing happens
    page.evaluate(EMIT, [wishes])
    expected = Counter(what for _, what in REFUSED.values())
    expected.update([*CASE_ACTS.names, "act", "assign", "macro progress_of_many"])
    wait_for(lambda: refusals(bank, inspector) == expected, 30)

    async def stored() -> Complaint:
        async with bank.database.transaction() as session:
            return await session.get_one(Complaint, complaint.id)

    assert bank.conversation(conversation_id).holder is Holder.QUEUE
    assert (bank.run(stored()).state, bank.run(stored()).handler_id) == (State.OPEN, None)


def test_whose_part_in_looking_after_people_has_ended_changes_nobody(enter: Enter, bank: Bank) -> None:  # noqa: F811
    administrator = bank.a_member(role=Role.ADMINISTRATOR, unit_code="HB")
    other = bank.a_member()
    page = enter(administrator, "/people")
    expect(page.locator(".people")).to_be_visible()

    async def change(role: Role) -> None:
        async with bank.database.transaction() as session:
            (await session.merge(administrator)).role = role

    bank.run(change(Role.HANDLER))
    events = events_of(page.locator(".people"))
    assert {"add", "change", "close", "resetPassword"} <= events
    person = {"username": other.username, "name": "x", "role": "administrator", "unit": "HB", "shifts": []}
    page.evaluate(EMIT, [[(".people", event, person) for event in events]])
    wait_for(lambda: refusals(bank, administrator) == Counter({"page:add_staff": len(events)}), 30)

    async def stored() -> StaffMember:
        async with bank.database.transaction() as session:
            return await session.get_one(StaffMember, other.id)

    assert (bank.run(stored()).role, bank.run(stored()).is_active) == (other.role, True)
