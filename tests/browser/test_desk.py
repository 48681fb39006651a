"""The desk in a real browser, on a real desk process: what staff sees, and how soon."""

import asyncio
import re
import threading
import uuid
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from sqlalchemy import select

from bot.audit import AuditRecord
from bot.clock import system_clock
from bot.complaints.casework import StatedFact
from bot.complaints.labels import Signal
from bot.complaints.learn import LearnStep
from bot.complaints.models import Complaint
from bot.conversations.channel import InboundAttachment, Undeliverable
from bot.conversations.models import Author, Conversation, Delivery, Holder, Message
from bot.conversations.outbound import Deliverer
from bot.database import Database
from bot.staff.models import Role, StaffMember
from bot.staff.people import add_staff
from tests.integration.desk.scene import PASSWORD, SWALLOWED_CARD, Scene
from tests.integration.desk.served import ServedDesk, free_port, serving, wait_for
from tests.postgres import fresh_database, server

WITHIN_A_SECOND = 1000
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301010018dd8db0"
    "0000000049454e44ae426082"
)
Outcome = TypeVar("Outcome")


@dataclass(frozen=True)
class Bank:
    """The other side of the desk, in a thread of its own: customers who write, and what is stored."""

    desk: ServedDesk
    database: Database
    scene: Scene
    loop: asyncio.AbstractEventLoop

    def run(self, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def a_member(self, **details: Any) -> StaffMember:
        """A person nobody else uses: names repeat over tests, usernames do not."""
        return self.run(self.scene.member(f"u{uuid.uuid4().hex[:10]}", **details))

    def writes_again(self, conversation_id: uuid.UUID, text: str, attachment: InboundAttachment | None = None) -> None:
        key = self.run(self.scene.key_of(conversation_id))
        self.run(self.scene.customer_writes(text, key=key, attachment=attachment))

    def waiting(self, text: str = SWALLOWED_CARD, name: str | None = None) -> uuid.UUID:
        """A customer who asked for a person."""
        conversation_id = self.run(self.scene.customer_writes(text, name=name))
        self.run(self.scene.person_is_called(conversation_id))
        return conversation_id

    def conversation(self, conversation_id: uuid.UUID) -> Conversation:
        async def read() -> Conversation:
            async with self.database.transaction() as session:
                return await session.get_one(Conversation, conversation_id)

        return self.run(read())

    def messages(self, conversation_id: uuid.UUID, author: Author) -> list[str]:
        async def read() -> list[str]:
            async with self.database.transaction() as session:
                found = select(Message.text).where(Message.conversation_id == conversation_id, Message.author == author)
                return list(await session.scalars(found.order_by(Message.id)))

        return self.run(read())


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    yield from a_bank(tmp_path_factory.mktemp("desk"))


def a_bank(folder: Path, **variables: str) -> Iterator[Bank]:
    """A desk with its database, with settings of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    with (
        server() as server_url,
        fresh_database(server_url) as url,
        serving(url, folder, **variables) as desk,
    ):
        database = Database(url)
        bank = Bank(desk, database, Scene(database, system_clock), loop)
        yield bank
        bank.run(database.close())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    assert "Traceback" not in desk.log, desk.log


Enter = Callable[..., Page]


@pytest.fixture
def enter(chromium: Browser, bank: Bank) -> Iterator[Enter]:
    """Sign a person in, in a browser of their own. What a browser complains about fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def enter(person: StaffMember | str, address: str = "/", password: str = PASSWORD) -> Page:
        context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"dialog {dialog.message}"))
        page.on("console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None)
        page.on(
            "request",
            lambda request: complaints.append(request.url) if not _is_ours(request.url, bank.desk) else None,
        )
        page.goto(bank.desk.address + address)
        page.fill("input[name=username]", person if isinstance(person, str) else person.username)
        page.fill("input[name=password]", password)
        page.click("button.primary")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    yield enter
    for context in contexts:
        context.close()
    assert complaints == []


def _is_ours(url: str, desk: ServedDesk) -> bool:
    return url.startswith((desk.address, desk.address.replace("http", "ws"), "data:", "blob:"))


def row(page: Page, conversation_id: uuid.UUID) -> Any:
    return page.locator(f'.row[data-id="{conversation_id}"]')


def open_conversation(page: Page, bank: Bank, conversation_id: uuid.UUID) -> None:
    page.goto(f"{bank.desk.address}/conversations/{conversation_id}")
    expect(page.locator(".thread-head")).to_be_visible()


def take_over(page: Page) -> None:
    page.click(".take-over")
    expect(page.locator(".composer textarea")).to_be_focused()


def test_a_new_conversation_is_in_the_queue_within_a_second_and_an_urgent_one_rings_once(
    enter: Enter, bank: Bank
) -> None:
    page = enter(bank.a_member())
    expect(page.locator(".queue")).to_be_visible()
    conversation_id = bank.run(bank.scene.urgent_case(name="陈女士"))
    expect(row(page, conversation_id)).to_contain_text("陈女士", timeout=WITHIN_A_SECOND)
    expect(row(page, conversation_id)).to_contain_text("借记卡 · 消费者资金安全")
    expect(row(page, conversation_id)).to_contain_text("有人正在把我卡里的钱转走")
    expect(row(page, conversation_id)).to_have_class(re.compile("ringing"))
    expect(page.locator(".alarm")).to_contain_text("紧急投诉等待接手")
    page.reload()
    expect(row(page, conversation_id)).to_be_visible()
    expect(row(page, conversation_id)).not_to_have_class(re.compile("ringing"))


def test_a_person_takes_over_talks_with_the_customer_and_hands_back(enter: Enter, bank: Bank) -> None:
    page = enter(bank.a_member(name="李经理"))
    conversation_id = bank.waiting()
    row(page, conversation_id).click()
    expect(page).to_have_url(re.compile(str(conversation_id)))
    take_over(page)
    expect(page.locator(".message.bot").last).to_contain_text("武昌支行 李经理")
    assert bank.conversation(conversation_id).holder is Holder.STAFF

    field = page.locator(".composer textarea")
    field.fill("您好，我是李经理。")
    field.press("Shift+Enter")
    field.press_sequentially("卡今天就能取。")
    field.press("Enter")
    expect(page.locator(".message.staff")).to_have_text(re.compile("李经理.*卡今天就能取。", re.DOTALL))
    expect(field).to_have_value("")
    assert bank.messages(conversation_id, Author.STAFF) == ["您好，我是李经理。\n卡今天就能取。"]

    bank.writes_again(conversation_id, "好的，我下午来")
    expect(page.locator(".message.customer").last).to_contain_text("好的，我下午来", timeout=WITHIN_A_SECOND)

    page.click(".hand-back")
    expect(page.locator(".holder-line")).to_contain_text("智能助手正在接待")
    expect(page.locator(".composer")).to_have_count(0)
    assert bank.conversation(conversation_id).holder is Holder.BOT


def test_enter_that_ends_a_word_of_an_input_method_does_not_send(enter: Enter, bank: Bank) -> None:
    page = enter(bank.a_member())
    conversation_id = bank.waiting()
    open_conversation(page, bank, conversation_id)
    take_over(page)
    field = page.locator(".composer textarea")
    field.fill("ni hao")
    field.dispatch_event("compositionstart")
    field.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    field.dispatch_event("compositionend")
    expect(field).to_have_value("ni hao")
    assert bank.messages(conversation_id, Author.STAFF) == []


def test_taking_over_is_the_first_contact_of_the_complaint(enter: Enter, bank: Bank) -> None:
    page = enter(bank.a_member())
    conversation_id = bank.run(bank.scene.urgent_case())
    open_conversation(page, bank, conversation_id)
    first_contact = page.locator(".deadlines li").first
    expect(first_contact).to_contain_text("还剩 1 小时")
    take_over(page)
    expect(first_contact).to_contain_text("已完成")


def test_a_second_person_sees_who_holds_it_and_cannot_answer(enter: Enter, bank: Bank) -> None:
    conversation_id = bank.waiting()
    first, second = enter(bank.a_member(name="李经理")), enter(bank.a_member(name="王主任", unit_code="HB"))
    open_conversation(first, bank, conversation_id)
    open_conversation(second, bank, conversation_id)
    take_over(first)
    expect(second.locator(".holder-line")).to_contain_text("李经理 正在接待", timeout=WITHIN_A_SECOND)
    expect(second.locator(".take-over")).to_have_count(0)
    expect(second.locator(".composer")).to_have_count(0)


def test_an_answer_that_comes_too_late_is_kept_and_the_person_is_told(enter: Enter, bank: Bank) -> None:
    page = enter(bank.a_member())
    conversation_id = bank.waiting()
    open_conversation(page, bank, conversation_id)
    take_over(page)
    other = bank.a_member(name="王主任")
    with psycopg.connect(bank.database.url, autocommit=True) as connection:  # and nobody hears of it
        connection.execute("UPDATE conversations SET held_by = %s WHERE id = %s", [other.id, conversation_id])
    page.fill(".composer textarea", "我马上查。")
    page.press(".composer textarea", "Enter")
    expect(page.locator(".notice")).to_contain_text("已由其他同事接手")
    expect(page.locator(".holder-line")).to_contain_text("王主任")
    assert bank.messages(conversation_id, Author.STAFF) == []


def test_of_two_who_take_over_at_once_one_gets_it(enter: Enter, bank: Bank) -> None:
    conversation_id = bank.waiting()
    pages = [enter(bank.a_member(name="李经理")), enter(bank.a_member(name="王主任", unit_code="HB"))]
    for page in pages:
        open_conversation(page, bank, conversation_id)
    with psycopg.connect(bank.database.url) as connection:  # holds both back until both have clicked
        connection.execute("SELECT 1 FROM conversations WHERE id = %s FOR UPDATE", [conversation_id])
        for page in pages:
            page.click(".take-over")
            expect(page.locator(".take-over")).to_be_disabled()
        _wait_for_waiters(bank, 2)
    for page in pages:
        expect(page.locator(".holder-line")).to_contain_text("正在接待")
    assert sum(page.locator(".composer").count() for page in pages) == 1
    assert len([text for text in bank.messages(conversation_id, Author.BOT) if "来接您的事" in text]) == 1


def _wait_for_waiters(bank: Bank, count: int) -> None:
    def are_waiting() -> bool:
        with psycopg.connect(bank.database.url) as connection:
            waiting = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            return waiting.fetchone() == (count,)

    wait_for(are_waiting)


def test_what_a_customer_writes_is_shown_as_text_whatever_it_is(enter: Enter, bank: Bank) -> None:
    markup = "<script>alert(1)</script><img src=x onerror=alert(2)> **fett** [x](javascript:alert(3)) {{ 7*7 }}"
    conversation_id = bank.waiting(markup, name="<b>Tom</b><img src=x onerror=alert(4)>")
    bank.run(bank.scene.complaint(conversation_id, story=markup))
    page = enter(bank.a_member())
    expect(row(page, conversation_id)).to_contain_text("<script>alert(1)</script>")
    row(page, conversation_id).click()
    expect(page.locator(".message .text")).to_have_text(markup)
    expect(page.locator(".thread-head h1")).to_have_text("<**")
    page.click(".thread-head .reveal")
    expect(page.locator(".thread-head h1")).to_have_text("<b>Tom</b><img src=x onerror=alert(4)>")
    expect(page.locator(".case .story").first).to_have_text(markup)
    page.reload()
    expect(page.locator(".message .text")).to_have_text(markup)
    assert page.locator(".workplace script, .workplace b, .workplace img").count() == 0


def test_names_and_telephone_numbers_are_masked_until_a_person_asks_and_that_is_recorded(
    enter: Enter, bank: Bank
) -> None:
    conversation_id = bank.waiting("卡被吞了，打我13812345678", name="王小明")
    bank.run(
        bank.scene.complaint(
            conversation_id, facts=(StatedFact("phone", "13812345678"),), story="卡被吞了，打我13812345678"
        )
    )
    person = bank.a_member()
    page = enter(person)
    expect(row(page, conversation_id)).to_contain_text("王**")
    open_conversation(page, bank, conversation_id)
    expect(page.locator(".thread-head h1")).to_have_text("王**")
    expect(page.locator(".message .text").first).to_have_text("卡被吞了，打我138****5678")
    expect(page.locator(".facts dd").first).to_have_text("138****5678")
    assert "13812345678" not in page.content() and "小明" not in page.content()
    page.get_by_role("button", name="显示全名").click()
    expect(page.locator(".thread-head h1")).to_have_text("王小明")
    page.locator(".case").get_by_role("button", name="显示电话").click()
    expect(page.locator(".facts dd").first).to_have_text("13812345678")
    expect(page.locator(".message .text").first).to_have_text("卡被吞了，打我13812345678")
    expect(page.locator(".reveal")).to_have_count(0)
    page.reload()
    expect(page.locator(".thread-head h1")).to_have_text("王**")

    async def revealed() -> list[str]:
        async with bank.database.transaction() as session:
            found = await session.scalars(
                select(AuditRecord)
                .where(AuditRecord.action == "reveal", AuditRecord.actor == f"staff:{person.username}")
                .order_by(AuditRecord.id)
            )
            return [f"{record.subject} {record.detail['field']}" for record in found]

    assert bank.run(revealed()) == [f"conversation:{conversation_id} {field}" for field in ("name", "phone")]


def test_an_auditor_reads_masked_and_cannot_reveal_or_answer(enter: Enter, bank: Bank) -> None:
    conversation_id = bank.waiting("打我13812345678", name="王小明")
    bank.run(bank.scene.complaint(conversation_id, facts=(StatedFact("phone", "13812345678"),)))
    page = enter(bank.a_member(role=Role.AUDITOR, unit_code="HB"), f"/conversations/{conversation_id}")
    expect(page.locator(".thread-head h1")).to_have_text("王**")
    expect(page.locator(".reveal, .take-over, [data-act]")).to_have_count(0)
    assert "13812345678" not in page.content()


def test_beside_the_conversation_stands_the_complaint_with_its_reasons_in_the_viewers_language(
    enter: Enter, bank: Bank
) -> None:
    conversation_id = bank.waiting("理财亏了三万，我要投诉到银监局")
    bank.run(
        bank.scene.complaint(
            conversation_id,
            story="理财亏了三万，我要投诉到银监局",
            signals=((Signal.REGULATOR_THREAT, "投诉到银监局"),),
            steps=(LearnStep.LISTEN, LearnStep.EMPATHISE),
        )
    )
    person = bank.a_member(role=Role.COORDINATOR, unit_code="HB", language="en")
    page = enter(person, f"/conversations/{conversation_id}")
    case = page.locator(".case")
    expect(case).to_contain_text(re.compile(r"TS-\d{4}-\d{4}-\d"))
    for words in ("Complex", "Registered", "Why this tier", "Says they will go to the regulator", "投诉到银监局"):
        expect(case).to_contain_text(words)
    expect(case.locator(".deadlines li")).to_have_count(3)
    expect(case.locator(".deadlines")).to_contain_text("CBIRC Order No. 3 of 2020")
    expect(case.locator(".decision")).not_to_contain_text(re.compile("[一-鿿]"))
    expect(case.locator(".steps li")).to_have_count(5)
    expect(case.locator(".steps li.done")).to_have_count(2)


def test_the_english_switch_is_kept_with_the_person(enter: Enter, bank: Bank) -> None:
    person = bank.a_member()
    page = enter(person)
    expect(page.locator(".tabs")).to_contain_text("待接手")
    page.click("text=English")
    expect(page.locator(".tabs")).to_contain_text("Waiting")
    assert page.evaluate("document.documentElement.lang") == "en"
    expect(enter(person).locator(".tabs")).to_contain_text("Waiting")


def test_settling_a_complaint_tells_the_customer_and_gives_the_chat_back(enter: Enter, bank: Bank) -> None:
    page = enter(bank.a_member())
    conversation_id = bank.waiting()
    complaint = bank.run(bank.scene.complaint(conversation_id))
    open_conversation(page, bank, conversation_id)
    page.click("[data-act=resolve]")
    page.fill("[data-act=resolve] textarea", "卡已取出，请带身份证到司门口支行领取。")
    page.click("[data-act=resolve] button.primary")
    expect(page.locator(".notice")).to_contain_text("请先接手会话")
    take_over(page)
    expect(page.locator("[data-act=resolve] textarea")).to_have_value("卡已取出，请带身份证到司门口支行领取。")
    page.click("[data-act=resolve] button.primary")
    expect(page.locator(".case .state")).to_have_text("已办结")
    expect(page.locator(".case")).to_contain_text("客户尚未回应")
    expect(page.locator(".message.bot").last).to_contain_text("请带身份证到司门口支行领取")
    expect(page.locator(".holder-line")).to_contain_text("智能助手正在接待")

    async def stored() -> Complaint:
        async with bank.database.transaction() as session:
            return await session.get_one(Complaint, complaint.id)

    assert bank.run(stored()).result == "卡已取出，请带身份证到司门口支行领取。"


def test_deliveries_are_shown_as_they_happen(enter: Enter, bank: Bank) -> None:
    class Refusing:
        name = "webchat"
        is_gone = False

        async def deliver(self, conversation: Conversation, message: Message) -> None:
            if self.is_gone:
                raise Undeliverable("the customer has left")

        async def show_typing(self, conversation: Conversation) -> None: ...

    async def deliver_all(channel: Refusing) -> None:
        async with bank.database.transaction() as session:
            pending = list(
                await session.scalars(
                    select(Message.id).where(
                        Message.conversation_id == conversation_id, Message.delivery == Delivery.PENDING
                    )
                )
            )
        for message_id in pending:
            await Deliverer(bank.database, {"webchat": channel}, system_clock).deliver(message_id)

    page = enter(bank.a_member())
    conversation_id = bank.waiting()
    open_conversation(page, bank, conversation_id)
    take_over(page)
    last = page.locator(".message").last.locator(".delivery")
    expect(last).to_have_text("发送中")
    channel = Refusing()
    bank.run(deliver_all(channel))
    expect(last).to_have_text("已送达", timeout=WITHIN_A_SECOND)
    page.fill(".composer textarea", "您还在吗？")
    page.press(".composer textarea", "Enter")
    expect(page.locator(".message.staff")).to_be_visible()
    channel.is_gone = True
    bank.run(deliver_all(channel))
    expect(last).to_have_text("无法送达", timeout=WITHIN_A_SECOND)


def test_photos_are_shown_and_other_files_downloaded(enter: Enter, bank: Bank, tmp_path: Path) -> None:
    conversation_id = bank.waiting()
    bank.writes_again(conversation_id, "机器的照片", InboundAttachment("photo", "image/png", "atm.png", PNG))
    bank.writes_again(conversation_id, "", InboundAttachment("document", "application/pdf", "凭条.pdf", b"%PDF-1.4"))
    page = enter(bank.a_member(), f"/conversations/{conversation_id}")
    picture = page.locator(".picture img")
    expect(picture).to_be_visible()
    assert picture.evaluate("async image => { await image.decode(); return image.naturalWidth; }") == 1
    with page.expect_download() as download:
        page.click(".file")
    assert download.value.suggested_filename == "凭条.pdf"
    assert Path(download.value.path()).read_bytes() == b"%PDF-1.4"


def test_masked_numbers_are_marked(enter: Enter, bank: Bank) -> None:
    conversation_id = bank.waiting("我的卡号是6222021234567890128")
    page = enter(bank.a_member(), f"/conversations/{conversation_id}")
    expect(page.locator(".message.customer")).to_contain_text("尾号0128")
    expect(page.locator(".message.customer .chip.masked")).to_have_text("已遮盖 银行卡号")
    expect(page.locator("body")).not_to_contain_text("6222021234567890128")


def test_after_the_database_was_away_the_page_shows_what_was_missed(enter: Enter, bank: Bank) -> None:
    conversation_id = bank.waiting()
    page = enter(bank.a_member(), f"/conversations/{conversation_id}")
    expect(page.locator(".message.customer")).to_have_count(1)
    with psycopg.connect(bank.database.url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
    bank.writes_again(conversation_id, "还在吗")
    expect(page.locator(".message.customer").last).to_contain_text("还在吗")
    expect(row(page, conversation_id)).to_contain_text("还在吗")


def test_after_the_desk_itself_was_killed_the_page_goes_on_where_it_was(
    chromium: Browser, bank: Bank, tmp_path: Path
) -> None:
    port, person, conversation_id = free_port(), bank.a_member(), bank.waiting()
    context = chromium.new_context()
    page = context.new_page()
    with serving(bank.database.url, tmp_path, port) as desk:
        page.goto(f"{desk.address}/conversations/{conversation_id}")
        page.fill("input[name=username]", person.username)
        page.fill("input[name=password]", PASSWORD)
        page.click("button.primary")
        take_over(page)
        page.fill(".composer textarea", "halb geschrieben")
        desk.process.kill()
    bank.writes_again(conversation_id, "还在吗")
    with serving(bank.database.url, tmp_path, port):
        expect(page.locator(".message.customer").last).to_contain_text("还在吗", timeout=20_000)
        expect(page.locator(".composer textarea")).to_have_value("halb geschrieben")
        page.press(".composer textarea", "Enter")
        expect(page.locator(".message.staff")).to_contain_text("halb geschrieben")
    context.close()


def test_an_account_that_is_closed_is_out_at_the_next_act(enter: Enter, bank: Bank) -> None:
    person = bank.a_member()
    conversation_id = bank.waiting()
    page = enter(person, f"/conversations/{conversation_id}")
    with psycopg.connect(bank.database.url, autocommit=True) as connection:
        connection.execute("UPDATE staff SET is_active = false WHERE id = %s", [person.id])
    with suppress(PlaywrightTimeout):  # when the page has noticed by itself, there is nothing left to click
        page.click(".take-over", timeout=3000)
    page.wait_for_url(re.compile("/sign-in"))
    assert bank.conversation(conversation_id).holder is Holder.QUEUE


def test_another_units_conversation_is_refused_in_words(enter: Enter, bank: Bank) -> None:
    conversation_id = bank.run(bank.scene.urgent_case(outlet_code="HB-WH-WC-03", name="陈女士"))
    person = bank.a_member(unit_code="HB-YC-XL-01")
    page = enter(person, f"/conversations/{conversation_id}")
    expect(page.locator("body")).to_contain_text("您不能查看这个会话")
    expect(page.locator("body")).not_to_contain_text("陈女士")

    async def refusals() -> list[str]:
        async with bank.database.transaction() as session:
            found = select(AuditRecord.subject).where(
                AuditRecord.actor == f"staff:{person.username}", AuditRecord.action == "access_refused"
            )
            return list(await session.scalars(found))

    assert bank.run(refusals()) == [f"conversation:{conversation_id}"]
    page.click("text=返回队列")
    expect(row(page, conversation_id)).to_have_count(0)


def test_the_first_sign_in_asks_for_a_password_of_ones_own(enter: Enter, bank: Bank) -> None:
    username = f"u{uuid.uuid4().hex[:10]}"

    async def add() -> str:
        async with bank.database.transaction() as session:
            return await add_staff(
                session, username=username, name="王主任", role="coordinator", unit_code="HB", now=system_clock()
            )

    once = bank.run(add())
    page = enter(username, password=once)
    expect(page.locator("body")).to_contain_text("这是第一次登录")
    for new, complaint in (("too-short", "至少要 10 个字符"), (PASSWORD, "")):
        page.fill("input[name=current]", once)
        page.fill("input[name=new]", new)
        page.fill("input[name=again]", new)
        page.click("button.primary")
        if complaint:
            expect(page.locator(".fault")).to_contain_text(complaint)
    expect(page.locator(".queue")).to_be_visible()
