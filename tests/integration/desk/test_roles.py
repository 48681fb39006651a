"""Every role tries every page and call by its address: what is not for them is refused, and the attempt recorded."""

import csv
import io

import pytest
from sqlalchemy import select

from bot.audit import AuditRecord, record
from bot.clock import system_clock
from bot.database import Database
from bot.staff.models import Role
from bot.staff.permissions import Act, may
from tests.integration.desk.scene import Scene
from tests.integration.desk.served import ServedDesk
from tests.integration.desk.test_door import PHOTO, attachment_of, sign_in

PAGES = {
    "/": Act.SEE_CASES,
    "/conversations/{conversation}": Act.SEE_CASES,
    "{attachment}": Act.SEE_CASES,
    "/oversight": Act.SEE_FIGURES,
    "/oversight.csv": Act.SEE_FIGURES,
    "/people": Act.ADD_STAFF,
    "/replies": Act.KEEP_REPLIES,
    "/audit": Act.SEE_AUDIT,
    "/audit.csv": Act.SEE_AUDIT,
}


@pytest.mark.parametrize("role", Role)
async def test_each_role_opens_its_pages_and_is_refused_all_others(
    desk: ServedDesk, scene: Scene, database: Database, role: Role
) -> None:
    person = await scene.member("li", role=role, unit_code="HB")
    conversation = await scene.urgent_case(name="王小明")
    await scene.customer_writes("", key=await scene.key_of(conversation), attachment=PHOTO)
    names = {"conversation": conversation, "attachment": await attachment_of(database, conversation)}
    refused_count = 0
    with desk.browser() as browser:
        sign_in(browser, "li")
        for address, act in PAGES.items():
            answer = browser.get(address.format_map(names))
            if address == "/" and role is Role.ANALYST:
                assert answer.headers["location"] == "/oversight"
                continue
            assert answer.status_code == (200 if may(person, act) else 403), address
            assert "小明" not in answer.text
            refused_count += answer.status_code == 403
    async with database.transaction() as session:
        recorded = list(
            await session.scalars(
                select(AuditRecord).where(AuditRecord.actor == "staff:li", AuditRecord.action == "access_refused")
            )
        )
    assert len(recorded) == refused_count


async def test_what_somebody_types_into_an_address_is_not_kept_with_the_refusal(
    desk: ServedDesk, scene: Scene, database: Database
) -> None:
    await scene.member("li", role=Role.ANALYST, unit_code="HB")
    conversation = await scene.urgent_case()
    with desk.browser() as browser:
        sign_in(browser, "li")
        for asked in ("王小明 13800138000", conversation):
            assert browser.get(f"/conversations/{asked}").status_code == 403
    refused = select(AuditRecord).where(AuditRecord.action == "access_refused").order_by(AuditRecord.id)
    async with database.transaction() as session:
        addresses = [found.detail["address"] for found in await session.scalars(refused)]
    assert addresses == ["/conversations/…", f"/conversations/{conversation}"]


@pytest.mark.parametrize("address", ["/oversight", "/oversight.csv", "/people", "/replies", "/audit", "/audit.csv"])
def test_a_stranger_opens_nothing(desk: ServedDesk, database_url: str, address: str) -> None:
    with desk.browser() as browser:
        assert browser.get(address).status_code in {302, 307, 401}


async def test_the_audit_log_is_filtered_and_read_a_page_at_a_time(
    desk: ServedDesk, scene: Scene, database: Database
) -> None:
    await scene.member("li", role=Role.AUDITOR, unit_code="HB")
    async with database.transaction() as session:
        for number in range(60):
            record(session, at=system_clock(), actor="staff:wu", action="reveal", subject=f"conversation:{number:03}")
        record(session, at=system_clock(), actor="bot", action="=SUM(1)", subject="complaint:<b>x</b>", why="+1")
    with desk.browser() as browser:
        sign_in(browser, "li")
        first = browser.get("/audit", params={"actor": "staff:wu"}).text
        assert "conversation:059" in first and "conversation:010" in first and "conversation:009" not in first
        assert "complaint:" not in first
        before = 11
        older = browser.get("/audit", params={"actor": "staff:wu", "before": before}).text
        assert "conversation:010" not in older
        assert "conversation:005" in browser.get("/audit", params={"subject": "conversation:005"}).text
        assert "staff:wu" not in browser.get("/audit", params={"until": "2020-01-01"}).text
        for odd in ({"before": "x"}, {"since": "yesterday"}, {"actor": "%\x00"}, {"until": "9999-12-31"}):
            assert browser.get("/audit", params=odd).status_code == 200
        lines = list(csv.reader(io.StringIO(browser.get("/audit.csv").content.decode("utf-8-sig"))))
    assert lines[0] == ["id", "at", "actor", "action", "subject", "detail"]
    assert len([line for line in lines if line[2] == "staff:wu"]) == 60
    assert any(line[3] == "'=SUM(1)" for line in lines)
