"""Where people can be reached: kept as given, refused when it leads nowhere."""

import asyncio
import subprocess
import sys

import pytest

from bot.alarms.contacts import InvalidContact, set_contact
from bot.alarms.models import StaffContact
from bot.database import Database
from bot.settings import ROOT
from tests.builders import a_member_of_staff, audit_trail
from tests.conftest import FakeClock


async def keep(database: Database, clock: FakeClock, **given: str) -> StaffContact:
    async with database.transaction() as session:
        return await set_contact(session, "Li ", **given, now=clock())


async def test_each_address_is_kept_until_it_is_changed_or_taken_away(database: Database, clock: FakeClock) -> None:
    li = await a_member_of_staff(database, clock, "li")
    await keep(database, clock, email=" li@bank.example ")
    contact = await keep(database, clock, telegram="700100200")
    assert (contact.staff_id, contact.email, contact.telegram_chat_id) == (li.id, "li@bank.example", 700_100_200)
    contact = await keep(database, clock, email="")
    assert (contact.email, contact.telegram_chat_id) == (None, 700_100_200)
    assert await audit_trail(database, "staff:li") == ["system: set_contact"] * 3


@pytest.mark.parametrize(
    "given",
    [
        {"email": "li"},
        {"email": "li@"},
        {"email": "@bank.example"},
        {"email": "li@bank.example, wang@bank.example"},
        {"email": "li@bank.example\nBcc: all@bank.example"},
        {"email": "李@bank.example"},
        {"email": f"{'l' * 250}@bank.example"},
        {"telegram": "@li"},
        {"telegram": "0"},
        {"telegram": "--7"},
        {"telegram": "7.5"},
        {"telegram": "9" * 20},
    ],
)
async def test_an_address_that_leads_nowhere_is_refused(
    database: Database, clock: FakeClock, given: dict[str, str]
) -> None:
    await a_member_of_staff(database, clock, "li")
    with pytest.raises(InvalidContact, match="looks like|such as"):
        await keep(database, clock, **given)
    assert await audit_trail(database, "staff:li") == []


async def test_nobody_of_that_name_has_no_address(database: Database, clock: FakeClock) -> None:
    with pytest.raises(InvalidContact, match="nobody called «li»"):
        await keep(database, clock, email="li@bank.example")


async def test_the_command_keeps_an_address_and_says_in_one_line_what_is_wrong(
    database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url)
    await a_member_of_staff(database, clock, "li")
    kept = await tingsu("staff", "contact", "li", "--email", "li@bank.example", "--telegram", "700100200")
    assert kept == (0, "li: e-mail li@bank.example, Telegram 700100200\n", "")
    code, _, fault = await tingsu("staff", "contact", "wang", "--email", "wang@bank.example")
    assert (code, fault) == (1, "tingsu: There is nobody called «wang»; add the person first.\n")


async def tingsu(*arguments: str) -> tuple[int | None, str, str]:
    """What a command ends with, prints, and complains of."""
    command = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    printed, fault = await command.communicate()
    return command.returncode, printed.decode(), fault.decode()
