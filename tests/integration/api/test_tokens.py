"""Who may call the API: nobody without a token in force, and nobody beyond its scopes and its unit."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, update

from bot.api.app import ADDRESS, api_app
from bot.api.models import ApiToken
from bot.api.tokens import InvalidToken, Scope, add_token, revoke_token
from bot.audit import AuditRecord
from bot.clock import system_clock
from bot.database import Database
from bot.settings import Settings
from bot.staff.organisation import UnknownUnit
from tests.builders import audit_trail
from tests.integration.api.conftest import Caller
from tests.integration.desk.scene import Scene
from tests.integration.desk.served import ServedDesk

PROBLEM = "application/problem+json"


def is_problem(answer: httpx.Response, status: int, code: str) -> bool:
    document = answer.json()
    return (
        answer.status_code == document["status"] == status
        and answer.headers["content-type"] == PROBLEM
        and document["type"] == f"urn:tingsu:problem:{code}"
        and bool(document["title"])
    )


@pytest.mark.parametrize("header", [None, "Bearer guess", "Basic YTpi", "Bearer"])
async def test_without_a_token_that_is_known_nothing_is_told(
    header: str | None, desk: ServedDesk, database_url: str
) -> None:
    headers = {"Authorization": header} if header else {}
    async with httpx.AsyncClient(base_url=desk.address + ADDRESS, trust_env=False, timeout=20) as stranger:
        answer = await stranger.get("/complaints", headers=headers)
    assert is_problem(answer, 401, "token_invalid")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_token_ends_when_it_expires(system: Caller, database: Database) -> None:
    crm = await system()
    assert (await crm.get("/complaints")).status_code == 200
    async with database.transaction() as session:
        await session.execute(update(ApiToken).values(expires_at=system_clock() - timedelta(seconds=1)))
    assert is_problem(await crm.get("/complaints"), 401, "token_invalid")


async def test_a_token_ends_when_it_is_revoked(system: Caller, database: Database) -> None:
    crm = await system()
    async with database.transaction() as session:
        await revoke_token(session, "crm", revoked_by="system", now=system_clock())
    assert is_problem(await crm.get("/complaints"), 401, "token_invalid")
    assert await audit_trail(database, "api:crm") == ["system: add_token", "system: revoke_token"]


async def test_only_the_hash_of_a_token_is_kept_and_its_use_is_noted(system: Caller, database: Database) -> None:
    crm = await system()
    await crm.get("/complaints")
    async with database.transaction() as session:
        kept = (await session.scalars(select(ApiToken))).one()
    assert kept.token_hash not in crm.headers["authorization"]
    assert kept.last_used_at is not None


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("GET", "/webhooks", None),
        ("POST", "/complaints/TS-4821-7063-8/comments", {"text": "核对中"}),
        ("POST", "/complaints/TS-4821-7063-8/steps", {"step": "start"}),
    ],
)
async def test_a_missing_scope_is_refused_and_recorded(
    method: str, address: str, body: dict[str, str] | None, system: Caller, database: Database
) -> None:
    crm = await system(Scope.READ)
    answer = await crm.request(method, address, json=body, headers={"If-Match": '"0"'})
    assert is_problem(answer, 403, "scope_missing")
    assert "api:crm: access_refused" in await audit_trail(database, "api:crm")


async def test_a_token_sees_its_units_complaints_and_no_others(
    system: Caller, scene: Scene, database: Database
) -> None:
    own = await scene.complaint(await scene.customer_writes("卡被吞了"), outlet_code="HB-WH-WC-03")
    foreign = await scene.complaint(await scene.customer_writes("等了两个小时"), outlet_code="HB-WH-JA-01")
    unplaced = await scene.complaint(await scene.customer_writes("扣错钱了"), outlet_code=None)
    crm = await system(unit_code="HB-WH-WC")
    assert [one["number"] for one in (await crm.get("/complaints")).json()["complaints"]] == [own.number]
    assert (await crm.get(f"/complaints/{own.number}")).status_code == 200
    for number in (foreign.number, unplaced.number):
        assert is_problem(await crm.get(f"/complaints/{number}"), 404, "no_such_complaint")
        assert await audit_trail(database, number) == ["customer: open_complaint", "api:crm: access_refused"]

    city = await system(unit_code="HB-WH", name="city-crm")
    seen = (await city.get("/complaints")).json()["complaints"]
    assert {one["number"] for one in seen} == {own.number, foreign.number, unplaced.number}


async def test_another_units_complaints_cannot_be_asked_for(system: Caller, database: Database) -> None:
    crm = await system(unit_code="HB-WH-WC")
    for unit in ("HB-WH", "HB-WH-JA-01", "HB-XX"):
        assert is_problem(await crm.get("/complaints", params={"unit": unit}), 403, "unit_out_of_reach")
    assert (await audit_trail(database, "api:crm")).count("api:crm: access_refused") == 3
    assert (await crm.get("/complaints", params={"unit": "HB-WH-WC-03"})).status_code == 200


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"name": "客服系统"}, InvalidToken),
        ({"name": "c"}, InvalidToken),
        ({"scopes": ()}, InvalidToken),
        ({"days": 0}, InvalidToken),
        ({"days": 5000}, InvalidToken),
        ({"unit_code": "HB-XX"}, UnknownUnit),
    ],
)
async def test_a_token_that_makes_no_sense_is_not_made(
    changed: dict[str, object], error: type[Exception], database: Database
) -> None:
    wanted = {"name": "crm", "scopes": [Scope.READ], "unit_code": "HB", "days": 90} | changed
    with pytest.raises(error):
        async with database.transaction() as session:
            await add_token(session, **wanted, created_by="system", now=system_clock())  # type: ignore[arg-type]


async def test_a_name_is_never_given_twice(system: Caller, database: Database) -> None:
    await system(name="crm")
    async with database.transaction() as session:
        await revoke_token(session, "crm", revoked_by="system", now=system_clock())
    with pytest.raises(InvalidToken):
        await system(name="crm")


async def test_a_token_has_its_share_of_a_minute(database: Database, tmp_path: Path) -> None:
    config = Settings(api_requests_per_minute=2, var_dir=tmp_path)
    async with database.transaction() as session:
        token = await add_token(
            session,
            name="crm",
            scopes=[Scope.READ],
            unit_code="HB",
            days=1,
            created_by="system",
            now=system_clock(),
        )
    transport = httpx.ASGITransport(api_app(database, system_clock, config))
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://desk", headers=headers) as crm:
        answers = [await crm.get("/complaints") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert is_problem(answers[2], 429, "too_many_requests")
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60


async def test_a_fault_of_ours_tells_nothing_of_itself(database: Database, tmp_path: Path) -> None:
    def broken_clock() -> None:
        raise RuntimeError("王女士 13812345678")

    transport = httpx.ASGITransport(api_app(database, broken_clock, Settings(var_dir=tmp_path)))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as crm:
        answer = await crm.get("/complaints", headers={"Authorization": "Bearer x"})
    assert is_problem(answer, 500, "internal_error")
    assert "王女士" not in answer.text


async def test_a_refusal_is_kept_although_the_request_failed(system: Caller, database: Database) -> None:
    crm = await system(Scope.READ)
    await crm.get("/webhooks")
    async with database.transaction() as session:
        refused = (await session.scalars(select(AuditRecord).where(AuditRecord.action == "access_refused"))).one()
    assert refused.detail == {"why": "scope events:manage"}
