"""The bank's single sign-on, against a provider that signs real tokens, and what a cheat tries."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import select

from bot.audit import AuditRecord
from bot.database import Database
from bot.settings import Settings
from bot.staff.models import Role, StaffMember
from tests.integration.desk.provider import CLIENT_ID, CLIENT_SECRET, TestProvider, serving_provider
from tests.integration.desk.scene import Scene
from tests.integration.desk.served import ServedDesk, free_port, serving
from tests.integration.desk.test_door import sign_in

REFUSED = "/sign-in?fault=provider_refused"
AWAY = "/sign-in?fault=provider_away"
GROUPS = {"bank-auditors": "auditor", "bank-desk": "handler"}


@pytest.fixture(scope="module")
def running_provider() -> Iterator[TestProvider]:
    with serving_provider() as running:
        yield running


@pytest.fixture
def provider(running_provider: TestProvider) -> TestProvider:
    running_provider.behave()
    return running_provider


def settings_for(provider: TestProvider, port: int) -> dict[str, str]:
    return {
        "TINGSU_OIDC_ISSUER": provider.issuer,
        "TINGSU_OIDC_CLIENT_ID": CLIENT_ID,
        "TINGSU_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "TINGSU_DESK_ADDRESS": f"http://127.0.0.1:{port}",
        "TINGSU_SECOND_FACTOR": "required",
    }


@pytest.fixture(scope="module")
def bank_desk(
    running_provider: TestProvider, migrated_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedDesk]:
    """A desk that asks the provider, and knows its people itself."""
    port = free_port()
    with serving(migrated_url, tmp_path_factory.mktemp("bank"), port, **settings_for(running_provider, port)) as served:
        yield served


@pytest.fixture(scope="module")
def open_desk(
    running_provider: TestProvider, migrated_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedDesk]:
    """A desk that takes people and roles from the provider, and has no passwords of its own."""
    port = free_port()
    more = {
        "TINGSU_OIDC_ROLES": json.dumps(GROUPS),
        "TINGSU_OIDC_CREATE": "true",
        "TINGSU_LOCAL_SIGN_IN": "false",
    }
    variables = settings_for(running_provider, port) | more
    with serving(migrated_url, tmp_path_factory.mktemp("open"), port, **variables) as served:
        yield served


def sent_to(browser: httpx.Client, back: str = "/") -> str:
    """Begin, and say where the browser is sent."""
    return str(browser.get("/sign-in/bank", params={"next": back}).headers["location"])


def enters(browser: httpx.Client, provider: TestProvider, back: str = "/", **claims: Any) -> str:
    """Sign in at the provider and come back; where the desk sends the browser then."""
    brought = provider.vouch(sent_to(browser, back), **claims)
    return str(browser.get("/sign-in/bank/done", params=brought).headers["location"])


async def stored(database: Database, username: str = "li") -> StaffMember:
    async with database.transaction() as session:
        return (await session.scalars(select(StaffMember).where(StaffMember.username == username))).one()


async def refusals(database: Database) -> list[str]:
    async with database.transaction() as session:
        found = await session.scalars(select(AuditRecord).where(AuditRecord.action == "sign_in_refused"))
        return [record.detail["why"] for record in found]


async def test_a_known_person_comes_in_and_from_then_on_no_other_way(
    bank_desk: ServedDesk, provider: TestProvider, scene: Scene, database: Database
) -> None:
    await scene.member("li")
    with bank_desk.browser() as browser:
        asked = parse_qs(urlsplit(sent_to(browser)).query)
        assert asked["response_type"] == ["code"] and asked["code_challenge_method"] == ["S256"]
        assert enters(browser, provider, back="/conversations/7", username="Li ") == "/conversations/7"
        assert browser.get("/").status_code == 200  # the second factor is the provider's affair
        assert sign_in(browser, "li").headers["location"].startswith("/sign-in?refused")
    with bank_desk.browser() as browser:
        assert enters(browser, provider, username="renamed") == "/"
        assert browser.get("/").status_code == 200
    with bank_desk.browser() as browser:
        assert enters(browser, provider, subject="somebody else") == REFUSED
    assert await refusals(database) == ["single_sign_on", "unknown"]


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another client"},
        {"aud": ["tingsu", "another"], "azp": "another"},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"sub": None},
        {"nbf": 4_000_000_000},
    ],
)
async def test_a_token_that_is_not_for_this_sign_in_opens_nothing(
    bank_desk: ServedDesk, provider: TestProvider, scene: Scene, claims: dict[str, Any]
) -> None:
    await scene.member("li")
    with bank_desk.browser() as browser:
        assert enters(browser, provider, **claims) == REFUSED
        assert browser.get("/").status_code != 200


@pytest.mark.parametrize("cheat", ["another key", "the client's secret", "nothing"])
async def test_a_token_that_the_provider_has_not_signed_opens_nothing(
    bank_desk: ServedDesk, provider: TestProvider, scene: Scene, cheat: str
) -> None:
    await scene.member("li")
    if cheat == "another key":
        provider.signs_with = RSAKey.generate_key(2048, {"kid": "one"})
    elif cheat == "the client's secret":
        provider.signs_with, provider.header = OctKey.import_key(CLIENT_SECRET * 2), {"alg": "HS256", "kid": "one"}
    else:
        provider.header = {"alg": "none"}
    with bank_desk.browser() as browser:
        assert enters(browser, provider) == REFUSED


async def test_an_answer_belongs_to_the_browser_that_asked_and_is_good_once(
    bank_desk: ServedDesk, provider: TestProvider, scene: Scene
) -> None:
    await scene.member("li")
    with bank_desk.browser() as browser, bank_desk.browser() as victim:
        brought = provider.vouch(sent_to(browser))
        assert victim.get("/sign-in/bank/done", params=brought).headers["location"] == REFUSED
        sent_to(victim)
        assert victim.get("/sign-in/bank/done", params=brought).headers["location"] == REFUSED
        assert browser.get("/sign-in/bank/done", params=brought).headers["location"] == "/"
        assert browser.get("/sign-in/bank/done", params=brought).headers["location"] == REFUSED
        assert browser.get("/sign-in/bank/done", params={"error": "access_denied"}).headers["location"] == REFUSED


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://169.254.169.254/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "https://evil.example/authorize"},
    ],
)
def test_a_provider_that_leads_elsewhere_is_not_followed(
    bank_desk: ServedDesk, provider: TestProvider, database_url: str, discovery: dict[str, str]
) -> None:
    provider.discovery = discovery
    with bank_desk.browser() as browser:
        assert sent_to(browser) == AWAY


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil.example"])
async def test_after_signing_in_nobody_is_sent_to_another_site(
    bank_desk: ServedDesk, provider: TestProvider, scene: Scene, back: str
) -> None:
    await scene.member("li")
    with bank_desk.browser() as browser:
        assert enters(browser, provider, back=back) == "/"


async def test_a_person_whom_only_the_provider_knows_or_whose_account_is_closed_stays_outside(
    bank_desk: ServedDesk, provider: TestProvider, scene: Scene, database: Database
) -> None:
    await scene.member("li")
    async with database.transaction() as session:
        (await session.scalars(select(StaffMember))).one().is_active = False
    with bank_desk.browser() as browser:
        assert enters(browser, provider) == REFUSED
        assert enters(browser, provider, username="unknown") == REFUSED
    assert await refusals(database) == ["not_active", "unknown"]


async def test_people_and_their_roles_come_from_the_provider_where_the_bank_wishes(
    open_desk: ServedDesk, provider: TestProvider, scene: Scene, database: Database
) -> None:
    with open_desk.browser() as browser:
        new = {"name": "孙经理", "unit": "HB-WH", "groups": ["everybody", "bank-desk"]}
        assert enters(browser, provider, **new) == "/"
        assert browser.get("/").status_code == 200
        person = await stored(database)
        assert (person.name, person.role, person.unit_code) == ("孙经理", Role.HANDLER, "HB-WH")
        assert enters(browser, provider, groups=["bank-desk", "bank-auditors"]) == "/"
        assert (await stored(database)).role is Role.AUDITOR
        assert enters(browser, provider, groups=["everybody"]) == REFUSED
        assert enters(browser, provider, subject="s-2", username="ma", unit="HB-XX", groups=["bank-desk"]) == REFUSED
        assert enters(browser, provider, subject="s-3", username="x\x00", unit="HB", groups="bank-desk") == REFUSED
        assert browser.post("/sign-in", data={"username": "li", "password": "x"}).status_code == 403
    with open_desk.browser() as stranger:
        page = stranger.get("/sign-in").text
    assert "统一认证登录" in page and "current-password" not in page
    assert await refusals(database) == ["no_role", "unit", "unknown"]


@pytest.mark.parametrize(
    ("given", "lacks"),
    [
        ({"oidc_issuer": "https://sso.bank.example"}, "TINGSU_DESK_ADDRESS"),
        ({"oidc_issuer": "http://sso.bank.example", "desk_address": "https://desk.bank.example"}, "https"),
        ({"local_sign_in": False}, "TINGSU_OIDC_ISSUER"),
    ],
)
def test_settings_that_would_leave_a_door_open_or_everybody_outside_are_refused(
    given: dict[str, Any], lacks: str
) -> None:
    with pytest.raises(ValueError, match=lacks):
        Settings(_env_file=None, **given)
