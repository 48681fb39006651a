"""A call reaches a person by Telegram and by e-mail, and what stands in its way is told from what passes."""

import asyncio
import ssl
from datetime import timedelta

import aiosmtplib
import pytest
from pydantic import SecretStr
from telegram.error import NetworkError, RetryAfter, TelegramError

from bot.alarms.calls import AT_ONCE, WayIsBusy, call
from bot.alarms.contacts import set_contact
from bot.alarms.models import AlarmCall, Occasion, Outcome, Way
from bot.clock import Clock
from bot.complaints.labels import Tier
from bot.database import Database
from bot.settings import Settings
from bot.staff.models import Role, StaffMember
from bot.worker import Rooms, furnish
from tests.conftest import FakeClock
from tests.integration.alarms.at_work import calls, do, reachable, take_due, work
from tests.integration.alarms.conftest import GROUP
from tests.integration.alarms.mail_server import MailServer
from tests.integration.desk.scene import MONEY_LEAVING, Scene
from tests.integration.telegram.bot_api_server import BotApiServer

CHAT = 700_100_300
NUMBER = "TS-4821-7063-8"


@pytest.fixture
async def li(scene: Scene) -> StaffMember:
    """A person with both ways, who reads Chinese."""
    return await reachable(scene, "li", Role.SUPERVISOR, "HB-WH-WC-03", telegram=CHAT)


async def is_warned(database: Database, *people: StaffMember, clock: Clock) -> None:
    async with database.transaction() as session:
        await call(
            session,
            [person.id for person in people],
            NUMBER,
            Occasion.DEADLINE_NEAR,
            now=clock(),
            tier=Tier.COMPLEX,
            due_at=clock() + timedelta(days=1),
        )


async def the_call(database: Database, way: Way) -> AlarmCall:
    [found] = [made for made in await calls(database) if made.way is way]
    return found


async def try_to_make(database: Database, rooms: Rooms, way: Way) -> None:
    await rooms.caller.make((await the_call(database, way)).id)


async def test_an_urgent_customer_is_told_of_by_both_ways_without_their_name_or_words(
    scene: Scene,
    database: Database,
    rooms: Rooms,
    clock: FakeClock,
    li: StaffMember,
    telegram: BotApiServer,
    mail: MailServer,
) -> None:
    conversation_id = await scene.urgent_case(name="周小雨")
    await work(database, rooms, clock)
    [written], [mailed] = telegram.sent, mail.received
    assert (written["chat_id"], written["link_preview_options"]) == (CHAT, {"is_disabled": True})
    assert (mailed["To"], mailed["From"]) == ("li@bank.example", "tingsu@bank.example")
    assert mailed["Auto-Submitted"] == "auto-generated"
    assert mail.were_encrypted == [True]
    for text in (written["text"], mailed.get_content()):
        assert "【听诉】紧急投诉正在等待接待" in text
        assert "网点：司门口支行" in text
        assert f"https://desk.bank.example/conversations/{conversation_id}" in text
        assert "周小雨" not in text
        assert MONEY_LEAVING not in text
    assert [made.outcome for made in await calls(database)] == [Outcome.MADE] * 2


async def test_each_reads_it_in_their_own_language(
    scene: Scene, database: Database, rooms: Rooms, clock: FakeClock, mail: MailServer
) -> None:
    for username, language in (("li", "zh"), ("smith", "en")):
        await reachable(scene, username, Role.HANDLER, "HB-WH-WC-03", language=language)
    await scene.urgent_case()
    await work(database, rooms, clock)
    chinese, english = mail.received
    assert "紧急投诉正在等待接待" in str(chinese["Subject"])
    assert "An urgent complaint is waiting for a person" in str(english["Subject"])


async def test_the_staffs_group_hears_of_every_call_once(
    scene: Scene, database: Database, config: Settings, clock: FakeClock, li: StaffMember, telegram: BotApiServer
) -> None:
    rooms = furnish(config.model_copy(update={"alarm_telegram_chat": str(GROUP)}), database, clock)
    await scene.urgent_case()
    await work(database, rooms, clock)
    clock.advance(minutes=5)
    await work(database, rooms, clock)
    assert [sent["chat_id"] for sent in telegram.sent] == [CHAT, GROUP] * 2


async def test_people_are_warned_of_a_deadline_by_the_same_ways_each_time(
    scene: Scene,
    database: Database,
    rooms: Rooms,
    clock: FakeClock,
    li: StaffMember,
    telegram: BotApiServer,
    mail: MailServer,
) -> None:
    wang = await reachable(scene, "wang", Role.COORDINATOR, "HB-WH-WC", language="en")
    await reachable(scene, "zhao", Role.COORDINATOR, "HB-WH")
    for _ in range(2):
        await is_warned(database, li, wang, clock=clock)
    await work(database, rooms, clock)
    assert sorted(str(mailed["To"]) for mailed in mail.received) == ["li@bank.example"] * 2 + ["wang@bank.example"] * 2
    assert len(telegram.sent) == 2
    assert "时限：11月24日（周二） 10:00" in telegram.sent[0]["text"]


async def test_what_may_not_be_told_is_refused_before_anybody_is_called(
    database: Database, clock: FakeClock, li: StaffMember
) -> None:
    with pytest.raises(ValueError, match="story"):
        async with database.transaction() as session:
            await call(session, [li.id], NUMBER, Occasion.DEADLINE_NEAR, now=clock(), story=MONEY_LEAVING)
    assert await calls(database) == []


@pytest.mark.parametrize("lost", ["blocked_by", "gone"])
async def test_a_person_who_blocked_the_bot_or_left_is_not_tried_again_there(
    database: Database,
    rooms: Rooms,
    clock: FakeClock,
    li: StaffMember,
    telegram: BotApiServer,
    mail: MailServer,
    lost: str,
) -> None:
    getattr(telegram, lost).add(CHAT)
    await is_warned(database, li, clock=clock)
    await work(database, rooms, clock)
    refused = await the_call(database, Way.TELEGRAM)
    assert (refused.outcome, refused.called_at) == (Outcome.REFUSED, clock())
    assert refused.refusal in {"Forbidden: bot was blocked by the user", "Chat not found"}
    assert len(mail.received) == 1


@pytest.mark.parametrize(("status", "error"), [(500, NetworkError), (0, NetworkError), (429, RetryAfter)])
async def test_while_telegram_is_away_the_mail_arrives_and_telegram_is_tried_again(
    database: Database,
    rooms: Rooms,
    clock: FakeClock,
    li: StaffMember,
    telegram: BotApiServer,
    mail: MailServer,
    status: int,
    error: type[TelegramError],
) -> None:
    await is_warned(database, li, clock=clock)
    telegram.misbehave("sendMessage", status, retry_after=7 if status == 429 else None)
    with pytest.raises(error):
        await try_to_make(database, rooms, Way.TELEGRAM)
    assert (await the_call(database, Way.TELEGRAM)).outcome is Outcome.PENDING
    await try_to_make(database, rooms, Way.EMAIL)
    assert len(mail.received) == 1
    await try_to_make(database, rooms, Way.TELEGRAM)
    assert len(telegram.sent) == 1


@pytest.mark.parametrize("at", ["recipient", "mail"])
@pytest.mark.parametrize(
    ("reply", "outcome"),
    [("550 5.1.1 <li@bank.example>: no such user", Outcome.REFUSED), ("451 4.7.1 later", Outcome.PENDING)],
)
async def test_a_mail_server_that_says_never_is_told_from_one_that_says_not_now(
    database: Database,
    rooms: Rooms,
    clock: FakeClock,
    li: StaffMember,
    mail: MailServer,
    at: str,
    reply: str,
    outcome: Outcome,
) -> None:
    if at == "recipient":
        mail.replies_to_recipient["li@bank.example"] = reply
    else:
        mail.reply_to_mail = reply
    await is_warned(database, li, clock=clock)
    if outcome is Outcome.PENDING:
        with pytest.raises(aiosmtplib.SMTPException):
            await try_to_make(database, rooms, Way.EMAIL)
    else:
        await try_to_make(database, rooms, Way.EMAIL)
    made = await the_call(database, Way.EMAIL)
    assert made.outcome is outcome
    assert made.refusal == ("SMTP 550" if outcome is Outcome.REFUSED else None), "no address is recorded"

    mail.reply_to_mail = None
    mail.replies_to_recipient.clear()
    await try_to_make(database, rooms, Way.EMAIL)
    assert len(mail.received) == (0 if outcome is Outcome.REFUSED else 1)


async def test_a_slow_mail_server_is_given_up_in_time_and_telegram_does_not_wait_for_it(
    database: Database, config: Settings, clock: FakeClock, li: StaffMember, telegram: BotApiServer, mail: MailServer
) -> None:
    rooms = furnish(config.model_copy(update={"smtp_timeout_seconds": 0.3}), database, clock)
    mail.seconds = 30
    await is_warned(database, li, clock=clock)
    with pytest.raises((TimeoutError, aiosmtplib.SMTPTimeoutError)):
        await try_to_make(database, rooms, Way.EMAIL)
    await try_to_make(database, rooms, Way.TELEGRAM)
    assert len(telegram.sent) == 1
    assert (await the_call(database, Way.EMAIL)).outcome is Outcome.PENDING


async def test_a_slow_mail_server_keeps_few_of_a_workers_hands_from_the_customers(
    scene: Scene, database: Database, rooms: Rooms, clock: FakeClock, mail: MailServer
) -> None:
    people = [await reachable(scene, f"li{n}", Role.HANDLER, "HB-WH-WC-03") for n in range(AT_ONCE + 2)]
    await is_warned(database, *people, clock=clock)
    mail.seconds = 0.5
    asked = [made.id for made in await calls(database)]
    outcomes = await asyncio.gather(*map(rooms.caller.make, asked), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [WayIsBusy] * 2
    mail.seconds = 0
    for call_id in asked:
        await rooms.caller.make(call_id)
    assert len(mail.received) == len(people), "each is tried again, and reached once"


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"smtp_password": SecretStr("wrong")}, aiosmtplib.SMTPAuthenticationError),
        ({"smtp_port": 1}, aiosmtplib.SMTPConnectError),
        ({"smtp_security": "tls"}, aiosmtplib.SMTPException),
    ],
)
async def test_what_is_wrong_with_our_own_settings_can_be_mended_and_the_mail_still_arrives(
    database: Database,
    config: Settings,
    rooms: Rooms,
    clock: FakeClock,
    li: StaffMember,
    mail: MailServer,
    wrong: dict[str, object],
    error: type[Exception],
) -> None:
    await is_warned(database, li, clock=clock)
    with pytest.raises(error):
        await try_to_make(database, furnish(config.model_copy(update=wrong), database, clock), Way.EMAIL)
    await try_to_make(database, rooms, Way.EMAIL)
    assert len(mail.received) == 1


async def test_no_mail_leaves_over_a_line_whose_certificate_is_not_trusted(
    database: Database,
    rooms: Rooms,
    clock: FakeClock,
    li: StaffMember,
    mail: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    await is_warned(database, li, clock=clock)
    with pytest.raises(ssl.SSLCertVerificationError):
        await try_to_make(database, rooms, Way.EMAIL)
    assert mail.received == []


async def test_a_call_by_a_way_that_the_settings_do_not_open_is_recorded_as_refused(
    database: Database, config: Settings, clock: FakeClock, li: StaffMember
) -> None:
    rooms = furnish(config.model_copy(update={"smtp_host": None, "telegram_token": None}), database, clock)
    await is_warned(database, li, clock=clock)
    await work(database, rooms, clock)
    assert [made.outcome for made in await calls(database)] == [Outcome.REFUSED] * 2


async def test_a_person_who_left_or_whose_address_was_taken_away_is_not_called(
    scene: Scene, database: Database, rooms: Rooms, clock: FakeClock, li: StaffMember, mail: MailServer
) -> None:
    wang = await reachable(scene, "wang", Role.HANDLER, "HB-WH-WC-03")
    await is_warned(database, li, wang, clock=clock)
    async with database.transaction() as session:
        (await session.get_one(StaffMember, li.id)).is_active = False
        await set_contact(session, "wang", email="", now=clock())
    for job in await take_due(database, clock):
        await do(rooms, job)
    assert mail.received == []
    assert [made.outcome for made in await calls(database)] == [Outcome.NOT_NEEDED] * 3
