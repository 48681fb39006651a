"""`tingsu audit`, as an auditor calls it."""

import csv
import os
import re
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest

from bot.clock import system_clock
from bot.commands.audit import find_records
from bot.database import Database
from bot.settings import ROOT
from tests.integration.audit.log import seal, tamper, write


def tingsu(database: Database, *arguments: str, width: int = 200) -> subprocess.CompletedProcess[str]:
    """Run `tingsu audit …` on the database."""
    return subprocess.run(
        [sys.executable, "-m", "bot", "audit", *arguments],
        env=os.environ | {"DATABASE_URL": database.url, "COLUMNS": str(width)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
async def sealed(database: Database) -> Database:
    """Three sealed records of today, one of a year ago that is on markup."""
    await write(database, system_clock() - timedelta(days=365), "[red]TS-0[/red]")
    await write(database, system_clock(), "TS-1", "TS-2", "TS-3")
    await seal(database)
    return database


async def test_an_untouched_log_is_confirmed_with_the_head_to_write_down(sealed: Database) -> None:
    verified = tingsu(sealed, "verify")
    assert verified.returncode == 0, verified.stderr
    assert "Nothing was changed." in verified.stdout
    assert re.search(r"^Sealed +4$", verified.stdout, re.MULTILINE)
    written_down = re.search(r"^Hash +([0-9a-f]{64})$", verified.stdout, re.MULTILINE)
    assert written_down is not None
    assert tingsu(sealed, "verify", "--head", written_down.group(1)).returncode == 0


async def test_a_changed_record_is_named_and_the_command_fails(sealed: Database) -> None:
    await tamper(sealed, "UPDATE audit_records SET actor = 'staff:wang' WHERE subject LIKE '%TS-0%'")
    verified = tingsu(sealed, "verify")
    assert verified.returncode == 1
    assert "Nothing was changed." not in verified.stdout
    assert "[red]TS-0[/red]" in verified.stdout
    assert "changed: this record" in verified.stdout


async def test_a_head_that_is_not_in_the_chain_fails(sealed: Database) -> None:
    verified = tingsu(sealed, "verify", "--head", "ab" * 32)
    assert verified.returncode == 1
    assert "not in the chain" in verified.stdout


async def test_what_is_no_hash_is_refused(database: Database) -> None:
    verified = tingsu(database, "verify", "--head", "abc")
    assert verified.returncode == 1
    assert "64 hexadecimal digits" in verified.stderr


async def test_records_are_shown_newest_first_and_no_more_than_asked_for(sealed: Database) -> None:
    shown = tingsu(sealed, "show", "--limit", "2")
    assert shown.stdout.index("TS-3") < shown.stdout.index("TS-2")
    assert "TS-1" not in shown.stdout
    assert "newest 2" in shown.stderr


async def test_csv_has_the_records_that_fit_with_times_in_utc(sealed: Database) -> None:
    shown = tingsu(
        sealed, "show", "--csv", "--actor", "staff:li", "--since", f"{system_clock() - timedelta(days=2):%Y-%m-%d}"
    )
    assert shown.returncode == 0, shown.stderr
    rows = list(csv.DictReader(StringIO(shown.stdout)))
    assert [row["subject"] for row in rows] == ["TS-3", "TS-2", "TS-1"]
    assert all(row["detail"] == '{"why": "退款"}' and row["at"].endswith("+00:00") for row in rows)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["TS-3", "TS-2", "TS-1", "[red]TS-0[/red]"]),
        ({"subject": "TS-2"}, ["TS-2"]),
        ({"actor": "staff:li", "limit": 1}, ["TS-3"]),
        ({"actor": "customer"}, []),
        ({"since": system_clock() - timedelta(days=2)}, ["TS-3", "TS-2", "TS-1"]),
        ({"since": system_clock() - timedelta(days=2), "subject": "[red]TS-0[/red]"}, []),
    ],
)
async def test_records_are_found_newest_first(asked: dict[str, Any], found: list[str], sealed: Database) -> None:
    everything = {"subject": None, "actor": None, "since": None, "limit": 100}
    async with sealed.transaction() as session:
        records = await find_records(session, **(everything | asked))
    assert [record.subject for record in records] == found
