"""The desk's door: nobody passes without signing in, and nobody sees what belongs to another unit."""

import uuid

import httpx
import psycopg
import pytest
from sqlalchemy import select

from bot.audit import AuditRecord
from bot.clock import system_clock
from bot.conversations.channel import InboundAttachment
from bot.conversations.handover import take_over
from bot.conversations.models import Attachment, Conversation, Holder
from bot.database import Database
from bot.staff.people import add_staff
from tests.integration.desk.scene import PASSWORD, Scene
from tests.integration.desk.served import ServedDesk, health_of, wait_for

PDF = InboundAttachment("document", "application/pdf", "凭条 1.pdf", b"%PDF-1.4 <script>alert(1)</script>")
PHOTO = InboundAttachment("photo", "image/png", "atm.png", b"\x89PNG\r\n\x1a\n and so on")
PAGE = InboundAttachment("document", "text/html", "x.html", b"<script>alert(1)</script>")


def sign_in(browser: httpx.Client, username: str, password: str = PASSWORD, back: str = "/") -> httpx.Response:
    return browser.post("/sign-in", data={"username": username, "password": password, "next": back})


async def actions(database: Database) -> list[tuple[str, str, str]]:
    async with database.transaction() as session:
        found = await session.scalars(select(AuditRecord).order_by(AuditRecord.id))
        return [(record.actor, record.action, record.subject) for record in found]


async def attachment_of(database: Database, conversation_id: uuid.UUID) -> str:
    async with database.transaction() as session:
        found = await session.scalars(select(Attachment.id).order_by(Attachment.message_id.desc()))
        return f"/attachments/{found.first()}"


@pytest.mark.parametrize("address", ["/", f"/conversations/{uuid.uuid4()}", "/password"])
def test_every_page_sends_a_stranger_to_sign_in(desk: ServedDesk, database_url: str, address: str) -> None:
    with desk.browser() as browser:
        answer = browser.get(address)
    assert answer.status_code in {302, 307}
    assert answer.headers["location"].startswith("/sign-in")


def test_a_strangers_request_for_a_file_is_refused(desk: ServedDesk, database_url: str) -> None:
    with desk.browser() as browser:
        assert browser.get(f"/attachments/{uuid.uuid4()}").status_code == 401


async def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_do_not_get(desk: ServedDesk, scene: Scene) -> None:
    await scene.member("li")
    with desk.browser() as browser:
        answer = sign_in(browser, "li", back="/conversations/7")
        assert (answer.status_code, answer.headers["location"]) == (303, "/conversations/7")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=lax" in cookie and "max-age=43200" in cookie
        page = browser.get("/")
        assert page.status_code == 200
        assert page.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert "no-store" in page.headers["cache-control"]


async def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(desk: ServedDesk, scene: Scene) -> None:
    await scene.member("li")
    with desk.browser() as browser:
        answers = [sign_in(browser, "li", "wrong"), sign_in(browser, "nobody", "wrong")]
    assert len({(answer.status_code, answer.headers["location"]) for answer in answers}) == 1
    assert all("set-cookie" not in answer.headers for answer in answers)


async def test_a_new_sign_in_gets_a_new_token_and_ends_the_browsers_old_one(desk: ServedDesk, scene: Scene) -> None:
    await scene.member("li")
    with desk.browser() as browser, desk.browser() as thief:
        sign_in(browser, "li")
        thief.cookies.update(browser.cookies)
        sign_in(browser, "li")
        assert browser.get("/").status_code == 200
        assert thief.get("/").status_code != 200


async def test_signing_out_ends_the_sign_in_in_the_store_too(desk: ServedDesk, scene: Scene) -> None:
    await scene.member("li")
    with desk.browser() as browser, desk.browser() as thief:
        sign_in(browser, "li")
        thief.cookies.update(browser.cookies)
        browser.post("/sign-out")
        assert thief.get("/").status_code != 200


async def test_signing_out_of_the_last_browser_gives_held_conversations_back_to_the_queue(
    desk: ServedDesk, scene: Scene, database: Database
) -> None:
    person = await scene.member("li")
    conversation_id = await scene.customer_writes("卡被吞了")
    async with database.transaction() as session:
        await take_over(session, conversation_id, person.id, username="li", shown_as="李经理", now=system_clock())

    async def holder() -> Holder:
        async with database.transaction() as session:
            return (await session.get_one(Conversation, conversation_id)).holder

    with desk.browser() as first, desk.browser() as last:
        sign_in(first, "li")
        sign_in(last, "li")
        first.post("/sign-out")
        assert await holder() is Holder.STAFF
        last.post("/sign-out")
        assert await holder() is Holder.QUEUE


async def test_the_first_sign_in_leads_to_a_new_password_and_nowhere_else(desk: ServedDesk, database: Database) -> None:
    async with database.transaction() as session:
        once = await add_staff(
            session, username="wang", name="王主任", role="coordinator", unit_code="HB", now=system_clock()
        )
    with desk.browser() as browser:
        sign_in(browser, "wang", once)
        assert browser.get("/").headers["location"] == "/password"
        assert browser.get(f"/attachments/{uuid.uuid4()}").status_code == 403
        assert browser.get("/password").status_code == 200

        def choose(new: str, again: str | None = None, current: str = once) -> str:
            answer = browser.post("/password", data={"current": current, "new": new, "again": again or new})
            return answer.headers["location"]

        assert choose("short") == "/password?fault=too_short"
        assert choose("wang-wang-wang") == "/password?fault=is_username"
        assert choose(PASSWORD, "another one") == "/password?fault=passwords_differ"
        assert choose("quite another phrase", current="guess") == "/password?fault=wrong_current"
        assert choose("quite another phrase") == "/"
        assert browser.get("/").status_code == 200


async def test_a_form_from_another_site_changes_nothing(desk: ServedDesk, scene: Scene) -> None:
    await scene.member("li")
    with desk.browser() as browser:
        sign_in(browser, "li")
        for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
            for address in ("/sign-out", "/sign-in", "/password", "/language"):
                assert browser.post(address, headers=headers).status_code == 403
        assert browser.get("/").status_code == 200


async def test_another_units_conversation_is_refused_and_the_attempt_recorded(
    desk: ServedDesk, scene: Scene, database: Database
) -> None:
    await scene.member("zhao", unit_code="HB-YC-XL-01")
    conversation_id = await scene.urgent_case(outlet_code="HB-WH-WC-03", name="陈女士")
    await scene.customer_writes("", key=await scene.key_of(conversation_id), attachment=PHOTO)
    with desk.browser() as browser:
        sign_in(browser, "zhao")
        page = browser.get(f"/conversations/{conversation_id}")
        assert page.status_code == 403
        assert "陈女士" not in page.text and "转走" not in page.text
        address = await attachment_of(database, conversation_id)
        assert browser.get(address).status_code == 403
    recorded = await actions(database)
    assert ("staff:zhao", "access_refused", f"conversation:{conversation_id}") in recorded
    assert ("staff:zhao", "access_refused", address.replace("/attachments/", "attachment:")) in recorded


@pytest.mark.parametrize("asked", [str(uuid.uuid4()), "nonsense", "%00", "x" * 300])
async def test_a_conversation_that_is_not_there_is_not_found(desk: ServedDesk, scene: Scene, asked: str) -> None:
    await scene.member("li")
    with desk.browser() as browser:
        sign_in(browser, "li")
        assert browser.get(f"/conversations/{asked}").status_code == 404


async def test_ones_own_conversation_opens_and_that_is_recorded(
    desk: ServedDesk, scene: Scene, database: Database
) -> None:
    await scene.member("li")
    conversation_id = await scene.urgent_case()
    with desk.browser() as browser:
        sign_in(browser, "li")
        assert browser.get(f"/conversations/{conversation_id}").status_code == 200
    assert ("staff:li", "see_conversation", str(conversation_id)) in await actions(database)


@pytest.mark.parametrize(
    ("sent", "content_type", "disposition"),
    [
        (PHOTO, "image/png", "inline"),
        (PDF, "application/octet-stream", "attachment; filename*=UTF-8''%E5%87%AD%E6%9D%A1%201.pdf"),
        (PAGE, "application/octet-stream", "attachment; filename*=UTF-8''x.html"),
    ],
    ids=["photo", "pdf", "web page"],
)
async def test_files_arrive_as_what_they_are_and_cannot_run_anything(
    desk: ServedDesk,
    scene: Scene,
    database: Database,
    sent: InboundAttachment,
    content_type: str,
    disposition: str,
) -> None:
    await scene.member("li")
    conversation_id = await scene.customer_writes("看照片", attachment=sent)
    with desk.browser() as browser:
        sign_in(browser, "li")
        answer = browser.get(await attachment_of(database, conversation_id))
    assert answer.content == sent.content
    assert answer.headers["content-type"] == content_type
    assert answer.headers["content-disposition"].startswith(disposition)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "no-store" in answer.headers["cache-control"]


async def test_the_language_is_kept_with_the_person(desk: ServedDesk, scene: Scene) -> None:
    await scene.member("li")
    with desk.browser() as browser:
        sign_in(browser, "li")
        assert browser.post("/language", data={"language": "en", "next": "/"}).headers["location"] == "/"
    with desk.browser() as another:
        sign_in(another, "li")
        assert "Complaint desk" in another.get("/").text


def test_health_names_a_lost_listener_and_the_desk_listens_again(desk: ServedDesk, database_url: str) -> None:
    assert health_of(desk) == 200
    with psycopg.connect(database_url, autocommit=True) as connection:

        def end_listeners() -> bool:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE query LIKE 'LISTEN%' AND datname = current_database()"
            )
            answer = httpx.get(f"{desk.address}/healthz", trust_env=False)
            return answer.status_code == 503 and answer.json()["missing"] == ["listener"]

        wait_for(end_listeners)
    wait_for(lambda: health_of(desk) == 200)


def test_the_desk_writes_nothing_into_its_folder_and_logs_no_keys(desk: ServedDesk, database_url: str) -> None:
    assert {path.name for path in desk.folder.iterdir()} <= {"desk.log", "var"}
    assert "client_id=" not in desk.log
