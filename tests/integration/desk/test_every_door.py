"""Every role, a stranger, and people who are only half signed in, at every address that the desk has."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import func, select, update

from bot.audit import AuditRecord
from bot.clock import system_clock
from bot.database import Database
from bot.staff.models import Role, SignIn, StaffMember
from bot.staff.permissions import Act, may
from tests.integration.desk.doors import doors
from tests.integration.desk.scene import Scene
from tests.integration.desk.served import ServedDesk, serving
from tests.integration.desk.test_door import PHOTO, attachment_of, sign_in

HOME, ELSEWHERE = "HB-WH", "HB-YC"
"""The unit that the customer's outlet belongs to, and one that has nothing to do with it."""


@dataclass(frozen=True)
class Door:
    """What an address answers.

    Attributes:
        stranger: the status for who is not signed in.
        beginner: for who is, and still owes an own password or a second factor.
        person: for who may do `act`; everybody without one. Others get 403, and that is recorded.
        instead: who may do this and not `act` is led elsewhere.
        is_of_a_unit: whether it shows a customer, whom only their own unit and those above it see.
    """

    stranger: int
    beginner: int
    person: int = 200
    act: Act | None = None
    instead: Act | None = None
    is_of_a_unit: bool = False


READ = {
    "/": Door(307, 307, act=Act.SEE_CASES, instead=Act.SEE_FIGURES),
    "/conversations/{conversation_id}": Door(307, 307, act=Act.SEE_CASES, is_of_a_unit=True),
    "/attachments/{attachment_id}": Door(401, 403, act=Act.SEE_CASES, is_of_a_unit=True),
    "/oversight": Door(307, 307, act=Act.SEE_FIGURES),
    "/oversight.csv": Door(401, 403, act=Act.SEE_FIGURES),
    "/replies": Door(307, 307, act=Act.KEEP_REPLIES),
    "/people": Door(307, 307, act=Act.ADD_STAFF),
    "/audit": Door(307, 307, act=Act.SEE_AUDIT),
    "/audit.csv": Door(401, 403, act=Act.SEE_AUDIT),
    "/sign-in": Door(200, 307, person=307),
    "/sign-in/code": Door(307, 307, person=307),
    "/password": Door(307, 200),
    "/second-factor": Door(307, 200),
    "/second-factor/codes": Door(307, 307, person=307),
    "/healthz": Door(200, 200),
}
FORMS = {"/sign-in", "/sign-in/code", "/sign-out", "/password", "/second-factor", "/second-factor/codes", "/language"}
"""Each is about nobody but whoever sends it."""

ONLY_WITH_SINGLE_SIGN_ON = {"/sign-in/bank", "/sign-in/bank/done"}
API = {
    ("GET", "/complaints"),
    ("GET", "/complaints/{number}"),
    ("GET", "/complaints/{number}/comments"),
    ("POST", "/complaints/{number}/comments"),
    ("POST", "/complaints/{number}/steps"),
    ("GET", "/events"),
    ("GET", "/webhooks"),
    ("POST", "/webhooks"),
    ("DELETE", "/webhooks/{webhook_id}"),
}
"""For tokens, never for people; its own tests try tokens of every scope and unit."""

API_FOR_EVERYBODY = {("GET", "/"), ("GET", "/openapi.json")}


def test_every_door_is_in_these_tables() -> None:
    known = {("GET", address) for address in {*READ, *ONLY_WITH_SINGLE_SIGN_ON}}
    known |= {("POST", address) for address in FORMS}
    known |= {(method, f"/api/v1{address}") for method, address in API | API_FOR_EVERYBODY}
    assert doors() == known | {("MOUNT", "/desk-static")}


@dataclass(frozen=True)
class Street:
    """The doors with a customer of `HOME` behind them."""

    names: dict[str, str]

    def statuses(self, browser: httpx.Client) -> dict[str, int]:
        """What each address answers to this browser."""
        return {address: browser.get(address.format_map(self.names)).status_code for address in READ}


@pytest.fixture
async def street(scene: Scene, database: Database) -> Street:
    conversation_id = await scene.urgent_case(name="王小明")
    await scene.customer_writes("", key=await scene.key_of(conversation_id), attachment=PHOTO)
    address = await attachment_of(database, conversation_id)
    return Street({"conversation_id": str(conversation_id), "attachment_id": address.rpartition("/")[2]})


@pytest.fixture(scope="module")
def strict_desk(migrated_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDesk]:
    """A desk at which everybody must have a second factor."""
    with serving(migrated_url, tmp_path_factory.mktemp("strict"), TINGSU_SECOND_FACTOR="required") as served:
        yield served


async def refusals(database: Database, username: str = "li") -> int:
    query = select(func.count()).where(AuditRecord.actor == f"staff:{username}", AuditRecord.action == "access_refused")
    async with database.transaction() as session:
        return await session.scalar(query) or 0


@pytest.mark.parametrize("unit_code", [HOME, ELSEWHERE])
@pytest.mark.parametrize("role", Role)
async def test_each_role_gets_what_is_its_own_and_every_refusal_is_recorded(
    desk: ServedDesk, scene: Scene, street: Street, database: Database, role: Role, unit_code: str
) -> None:
    person = await scene.member("li", role=role, unit_code=unit_code)

    def expected(door: Door) -> int:
        is_allowed = door.act is None or may(person, door.act)
        if not is_allowed and door.instead is not None and may(person, door.instead):
            return 307
        return door.person if is_allowed and (unit_code == HOME or not door.is_of_a_unit) else 403

    with desk.browser() as browser:
        sign_in(browser, "li")
        found = street.statuses(browser)
    assert found == {address: expected(door) for address, door in READ.items()}
    assert await refusals(database) == list(found.values()).count(403)


@pytest.mark.parametrize("stranger", ["nobody", "a made-up cookie", "an expired sign-in", "an account just closed"])
async def test_who_is_not_signed_in_gets_nothing(
    desk: ServedDesk, scene: Scene, street: Street, database: Database, stranger: str
) -> None:
    await scene.member("li", role=Role.ADMINISTRATOR, unit_code="HB")
    with desk.browser() as browser:
        if stranger != "nobody":
            sign_in(browser, "li")
        if stranger == "a made-up cookie":
            name = next(iter(browser.cookies))
            browser.cookies.clear()
            browser.cookies.set(name, "x" * 43)
        async with database.transaction() as session:
            if stranger == "an expired sign-in":
                await session.execute(update(SignIn).values(expires_at=system_clock() - timedelta(seconds=1)))
            if stranger == "an account just closed":
                await session.execute(update(StaffMember).values(is_active=False))
        assert street.statuses(browser) == {address: door.stranger for address, door in READ.items()}


async def test_a_password_without_the_code_that_must_follow_opens_only_the_page_for_the_code(
    desk: ServedDesk, scene: Scene, street: Street, database: Database
) -> None:
    await scene.member("li", role=Role.ADMINISTRATOR, unit_code="HB")
    async with database.transaction() as session:
        await session.execute(update(StaffMember).values(second_factor_at=system_clock()))
    with desk.browser() as browser:
        sign_in(browser, "li")
        assert street.statuses(browser) == {
            address: 200 if address == "/sign-in/code" else door.stranger for address, door in READ.items()
        }


async def test_who_owes_a_second_factor_is_led_there_and_the_attempts_are_recorded(
    strict_desk: ServedDesk, scene: Scene, street: Street, database: Database
) -> None:
    await scene.member("li", role=Role.ADMINISTRATOR, unit_code="HB")
    with strict_desk.browser() as browser:
        sign_in(browser, "li")
        found = street.statuses(browser)
        assert browser.get("/").headers["location"] == "/second-factor"
    assert found == {address: door.beginner for address, door in READ.items()}
    assert await refusals(database) == list(found.values()).count(403)


async def test_a_form_sent_from_another_site_does_nothing_for_anybody(desk: ServedDesk, scene: Scene) -> None:
    await scene.member("li", role=Role.ADMINISTRATOR, unit_code="HB")
    with desk.browser() as browser, desk.browser() as stranger:
        sign_in(browser, "li")
        for address in FORMS:
            for someone in (browser, stranger):
                assert someone.post(address, headers={"sec-fetch-site": "cross-site"}).status_code == 403, address
                assert someone.post(address, headers={"origin": "https://evil.example"}).status_code == 403, address
            assert stranger.post(address).status_code == 303, address
            assert stranger.get("/").status_code == 307, address
        assert browser.get("/").status_code == 200


async def test_a_persons_sign_in_opens_nothing_of_the_api(desk: ServedDesk, scene: Scene) -> None:
    await scene.member("li", role=Role.ADMINISTRATOR, unit_code="HB")
    with desk.browser() as browser, desk.browser() as stranger:
        sign_in(browser, "li")
        for method, address in API:
            path = f"/api/v1{address}".format(number="TS-4821-7063-8", webhook_id=1)
            for someone in (browser, stranger):
                assert someone.request(method, path).status_code == 401, path
