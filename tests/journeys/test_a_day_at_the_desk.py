"""A day at the desk: ten customers at once, three people in real browsers, on the whole of Tingsu.

One story in chapters, each a test; they run in order on one copy that has mail, and early follow-ups.
"""

import asyncio
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from playwright.sync_api import Browser, Page, expect

from bot.alarms.contacts import set_contact
from bot.clock import system_clock
from bot.database import Database
from bot.embedded_postgres import running_url
from bot.staff.models import Role
from tests.browser.test_desk_casework import act, fill_in
from tests.chromium import a_chromium
from tests.integration.desk.scene import PASSWORD, Scene
from tests.journeys.conftest import CASE_NUMBER
from tests.stack import ANSWERED_WITHIN_SECONDS, Customer, Json, Stack, a_stack, free_ports, texts_of, wait_for

FOLLOW_UP_AFTER_SECONDS = 6
NOBODY_WAITS_LONGER_THAN_SECONDS = 3.0
"""The promise is one second; this machine may be doing other things as well."""
PATIENCE_MS = 30_000
PHONE = "13900001234"
PLAN = "钱今天退回原账户，明天上午前到账，网点主管会打电话说明。"
BETTER_RESULT = "钱已经退回，短信费也取消了，给您添麻烦了。"
STAFF = (
    ("li", "李芳", Role.SUPERVISOR, "HB-WH-WC-01"),
    ("zhou", "周敏", Role.COORDINATOR, "HB-WH"),
    ("wu", "吴刚", Role.TASK_FORCE, "HB"),
)
STORIES: dict[str, tuple[str, ...]] = {
    "fee": (f"徐东网点莫明其妙扣了我三十块短信费，今天的事，退钱，电话{PHONE}",),
    "card": ("ATM把我卡呑了", "就徐东那个网点", "昨天下五", "急死人了"),
    "queue": ("我真的服了", "徐东网点交个水电费", "机气坏的", "窗口排了两个小时"),
    "loan": ("房袋提前还款排到明年三月", "利息照收", "徐东网点办的"),
    "codes": ("换了手几号，验证码一只收不到", "徐东网点说办好了"),
    "furious": ("你们徐东网点就是骗子！！！理财经理说保本，现在亏了三万，我要投诉到银监局！！！",),
    "english": ("The cash machine at Xudong kept my card and nobody answers the phone",),
    "urgent": ("有人正在把我卡里的钱转走",),
    "crisis": ("我真的活不下去了，不想活了",),
    "human": ("转人工",),
}
NO_CASE_NUMBER_IS_TOLD = {"crisis", "human"}


class Mailbox:
    """A mail server that takes everything."""

    def __init__(self) -> None:
        self.receivers: list[str] = []

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:
        """Take a mail."""
        self.receivers += envelope.rcpt_tos
        return "250 OK"


@dataclass
class Waits:
    """Seconds that somebody waited, by what for."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    @contextmanager
    def on(self, what: str) -> Iterator[None]:
        """Note how long the block takes."""
        started_at = time.monotonic()
        yield
        self.seconds.setdefault(what, []).append(time.monotonic() - started_at)


@dataclass
class Day:
    """Everybody of this day.

    Attributes:
        numbers: the case of each customer that has one.
        answers: what staff wrote to each customer, in order.
    """

    stack: Stack
    mailbox: Mailbox
    pages: dict[str, Page]
    customers: dict[str, Customer]
    numbers: dict[str, str]
    waits: Waits = field(default_factory=Waits)
    answers: dict[str, list[str]] = field(default_factory=dict)

    def conversation(self, name: str) -> str:
        """The id of a customer's conversation."""
        found = self.stack.query(
            "SELECT conversation_id FROM messages WHERE author = 'customer' AND text = %s", STORIES[name][0]
        )
        return str(found[0][0])

    def case(self, name: str) -> Json:
        """A customer's complaint as it stands."""
        return self.stack.complaint(self.numbers[name])

    def opens(self, who: str, name: str) -> Page:
        """Open a customer's conversation."""
        page = self.pages[who]
        with self.waits.on("page"):
            page.goto(f"{self.stack.desk}/conversations/{self.conversation(name)}")
            page.locator(".thread-head").wait_for()
        return page

    def takes_over(self, who: str, name: str) -> Page:
        """Open a customer's conversation and be with them."""
        page = self.opens(who, name)
        page.click(".take-over")
        expect(page.locator(".composer textarea")).to_be_focused()
        return page

    def answers_customer(self, page: Page, name: str, text: str) -> None:
        """A person writes, and the customer reads it."""
        page.fill(".composer textarea", text)
        with self.waits.on("message to the customer"):
            page.keyboard.press("Enter")
            wait_for(lambda: text in texts_of(self.customers[name].messages()), PATIENCE_MS / 1000, text, every=0.05)
        self.answers.setdefault(name, []).append(text)

    def customer_writes(self, page: Page, name: str, text: str) -> None:
        """A customer writes, and the person with them reads it."""
        with self.waits.on("message to the desk"):
            self.customers[name].writes(text)
            page.locator(".message.customer .text", has_text=text).wait_for()  # `expect` looks once a second


def tells(customer: Customer, name: str) -> str | None:
    """A customer writes in a burst, answers what is asked, and has a case number if one is given out."""
    *burst, last = STORIES[name]
    for text in burst:
        customer.writes(text)
    if name in NO_CASE_NUMBER_IS_TOLD:
        customer.says(last)
        return None
    found = CASE_NUMBER.search(customer.tells(last))
    return found.group() if found else None


async def hire(url: str) -> None:
    """The staff, who can be mailed to."""
    database = Database(url)
    scene = Scene(database, system_clock)
    for username, name, role, unit in STAFF:
        await scene.member(username, name=name, role=role, unit_code=unit)
    async with database.transaction() as session:
        for username, *_ in STAFF:
            await set_contact(session, username, email=f"{username}@bank.example", telegram=None, now=system_clock())
    await database.close()


def signs_in(browser: Browser, desk: str, username: str) -> Page:
    """A person's page in a browser of their own, on the queue."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(desk)
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", PASSWORD)
    page.click("button.primary")
    expect(page.locator(".queue")).to_be_visible()
    return page


@pytest.fixture(scope="module")
def day() -> Iterator[Day]:
    """The morning: everybody is at work, and ten customers write at once."""
    mailbox = Mailbox()
    [mail_port] = free_ports(1)
    mail = Controller(mailbox, hostname="127.0.0.1", port=mail_port)
    mail.start()
    settings = {
        "TINGSU_SMTP_HOST": "127.0.0.1",
        "TINGSU_SMTP_PORT": str(mail_port),
        "TINGSU_SMTP_SECURITY": "none",
        "TINGSU_SMTP_FROM": "desk@bank.example",
        "TINGSU_FOLLOW_UP_AFTER_HOURS": str(FOLLOW_UP_AFTER_SECONDS / 3600),
    }
    expect.set_options(timeout=PATIENCE_MS)
    try:
        with a_chromium() as chromium, a_stack(**settings) as stack, ThreadPoolExecutor(len(STORIES)) as crowd:
            crowd.submit(asyncio.run, hire(str(running_url(stack.folder)))).result()
            pages = {username: signs_in(chromium, stack.desk, username) for username, *_ in STAFF}
            customers = {name: stack.customer("en" if name == "english" else "zh") for name in STORIES}
            numbers = crowd.map(tells, customers.values(), customers)
            found = {name: number for name, number in zip(customers, numbers, strict=True) if number}
            yield Day(stack, mailbox, pages, customers, found)
    finally:
        expect.set_options(timeout=5_000)
        mail.stop()


def test_ten_customers_at_once_are_all_heard(day: Day) -> None:
    assert day.numbers.keys() == STORIES.keys() - NO_CASE_NUMBER_IS_TOLD
    assert len(set(day.numbers.values())) == len(day.numbers)
    assert day.case("furious")["tier"] == "complex"
    assert day.case("urgent")["tier"] == "urgent"
    waiting = day.stack.query("SELECT handover_reason FROM conversations WHERE holder = 'queue'")
    assert {"urgent", "crisis", "asked_for_human"} <= {reason for (reason,) in waiting}


def test_an_urgent_customer_calls_people_at_the_desk_and_by_mail_until_one_takes_over(day: Day) -> None:
    page = day.pages["wu"]
    expect(page.locator(f'.row[data-id="{day.conversation("urgent")}"]')).to_be_visible()
    wait_for(lambda: day.mailbox.receivers, ANSWERED_WITHIN_SECONDS, "a mail to staff")
    page = day.takes_over("wu", "urgent")
    day.answers_customer(page, "urgent", "我是省行吴刚，卡已经冻结了，您先别动手机上的任何链接。")
    day.customer_writes(page, "urgent", "好，刚才又来了一条短信")
    calls = "SELECT FROM alarms WHERE conversation_id = %s AND silenced_at IS NULL"
    wait_for(lambda: not day.stack.has(calls, day.conversation("urgent")), ANSWERED_WITHIN_SECONDS, "the alarm's end")


def test_of_two_who_take_over_at_once_one_is_with_the_customer(day: Day) -> None:
    both = [day.opens(who, "human") for who in ("zhou", "wu")]
    for page in both:
        page.locator(".take-over").evaluate("button => setTimeout(() => button.click(), 500)")
    wait_for(lambda: {holder(page) for page in both} == {"mine", "staff"}, PATIENCE_MS / 1000, "one holder")
    winner = next(page for page in both if holder(page) == "mine")
    day.answers_customer(winner, "human", "您好，我在，您说。")
    day.customer_writes(winner, "human", "没别的，就问问周末开不开门")


def holder(page: Page) -> str | None:
    """Who is with the customer, as a page shows it."""
    return page.locator(".thread").get_attribute("data-holder")


def test_a_plan_is_put_accepted_and_its_result_told_and_rated(day: Day) -> None:
    page, customer = day.takes_over("li", "fee"), day.customers["fee"]
    act(page, "start").click()  # the case is theirs by itself: nobody else of the outlet is there
    fill_in(page, "submit_plan", 内容=PLAN)
    put_to(page, customer)
    customer.says("接受")
    wait_for(lambda: day.case("fee")["state"] == "accepted", ANSWERED_WITHIN_SECONDS, "consent")
    page = day.takes_over("li", "fee")
    last = customer.messages()[-1]["id"]
    fill_in(page, "resolve", 处理结果=BETTER_RESULT)
    assert BETTER_RESULT in texts_of(customer.hears(last))
    accepted = customer.says("接受")
    asked = customer.hears(accepted[-1]["id"], FOLLOW_UP_AFTER_SECONDS + ANSWERED_WITHIN_SECONDS)
    assert asked[-1]["buttons"] == ["1", "2", "3", "4", "5"]
    customer.says("5")
    assert day.case("fee")["rating"] == 5
    expect(page.locator(".case .rating")).to_contain_text("★★★★★")


def put_to(page: Page, customer: Customer) -> None:
    """An agreed plan is put to the customer, who reads it with its two answers."""
    last = customer.messages()[-1]["id"]
    act(page, "put_plan").click()
    heard = customer.hears(last)
    assert PLAN in texts_of(heard)
    assert heard[-1]["buttons"] == ["接受", "不接受"]


def test_a_rejected_plan_sinks_the_case_to_the_next_tier(day: Day) -> None:
    before = day.case("card")["tier"]
    page = day.takes_over("li", "card")
    fill_in(page, "submit_plan", 内容=PLAN)
    put_to(page, day.customers["card"])
    day.customers["card"].says("不接受")
    wait_for(lambda: day.case("card")["tier"] != before, ANSWERED_WITHIN_SECONDS, "the next tier")
    assert (before, day.case("card")["tier"]) == ("ordinary", "complex")
    expect(page.locator(".case .tier-chip").first).to_have_text("复杂")


def test_a_missed_deadline_sinks_the_case(day: Day) -> None:
    before, number = day.case("queue")["tier"], day.numbers["queue"]
    page = day.opens("zhou", "queue")
    let_deadlines_pass(day.stack, number)
    wait_for(lambda: day.case("queue")["tier"] != before, ANSWERED_WITHIN_SECONDS, "the next tier")
    assert (before, day.case("queue")["tier"]) == ("ordinary", "complex")
    expect(page.locator(".case .tier-chip").first).to_have_text("复杂")


def let_deadlines_pass(stack: Stack, number: str) -> None:
    """Move the case's next deadline into the past, and its watch to now."""
    moved = stack.query(
        "UPDATE deadlines SET set_at = now() - interval '9 days', due_at = now() - interval '1 minute',"
        " next_look_at = now() - interval '1 second' WHERE id = (SELECT id FROM deadlines WHERE met_at IS NULL"
        " AND complaint_id = (SELECT id FROM complaints WHERE number = %s) ORDER BY due_at LIMIT 1) RETURNING id",
        number,
    )
    stack.query(
        "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE task_name = 'watch_deadline' AND status = 'todo'"
        " AND args ->> 'deadline_id' = %s RETURNING id",
        str(moved[0][0]),
    )


def test_a_lowered_tier_is_asked_for_by_one_and_agreed_by_another(day: Day) -> None:
    asker = day.takes_over("li", "furious")
    day.answers_customer(asker, "furious", "三万亏损您着急，录像我们今天就调，您看可以吗？")
    fill_in(asker, "ask_lower_tier", 级别="普通", 理由="客户同意先看录像，不再找监管")
    expect(act(asker, "approve")).to_have_count(0)
    fill_in(day.opens("zhou", "furious"), "approve", 说明="已核实")
    expect(asker.locator(".case .tier-chip").first).to_have_text("普通")
    assert day.case("furious")["tier"] == "ordinary"


def test_nobody_waits_for_a_page_or_a_message(day: Day) -> None:
    for who in day.pages:
        for name in ("loan", "codes", "english"):
            day.opens(who, name)
        with day.waits.on("page"):
            day.pages[who].goto(day.stack.desk)
            day.pages[who].locator(".row").first.wait_for()
    page = day.takes_over("zhou", "english")
    for number in range(5):
        day.customer_writes(page, "english", f"And another thing, number {number}")
        day.answers_customer(page, "english", f"I am reading along, number {number}")
    for what, waits in day.waits.seconds.items():
        middle, slow = statistics.median(waits), statistics.quantiles(waits, n=20, method="inclusive")[-1]
        print(f"{what}: {len(waits)} times, p50 {middle * 1000:.0f} ms, p95 {slow * 1000:.0f} ms")
        assert slow < NOBODY_WAITS_LONGER_THAN_SECONDS, what


def test_nothing_was_lost_said_twice_or_out_of_order(day: Day) -> None:
    for name, customer in day.customers.items():
        messages = customer.messages()
        assert [message["id"] for message in messages] == sorted({message["id"] for message in messages})
        assert [message["text"] for message in messages if message["author"] == "customer"] == customer.texts
        of_staff = [message["text"] for message in messages if message["author"] == "staff"]
        assert of_staff == day.answers.get(name, [])
    answered = "SELECT count(*) FROM messages WHERE author = 'customer' GROUP BY conversation_id, channel_message_id"
    assert {count for (count,) in day.stack.query(answered)} == {1}


def test_the_logs_tell_neither_of_faults_nor_of_people(day: Day) -> None:
    logs = day.stack.logs()
    assert "turn_answered" in logs
    assert "Traceback" not in logs
    private = {text for customer in day.customers.values() for text in customer.texts if len(text) >= 6}
    private |= {PHONE, PLAN, BETTER_RESULT, *(text for texts in day.answers.values() for text in texts)}
    assert [text for text in private if text in logs or text.encode("unicode_escape").decode() in logs] == []
