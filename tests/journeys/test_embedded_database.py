"""The embedded database starts again after whatever was done to it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.embedded_postgres import data_folder, running_url
from tests.stack import Stack, wait_for

OF_INITDB = "-7303\n/x\n1795463642\n5432\n\n\n  2196620     98306\n"


@pytest.fixture
def var_dir() -> Iterator[Path]:
    """A folder that the database's own user can walk to."""
    folder = Path(tempfile.mkdtemp(prefix="tingsu-tests-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("written", ["", "4711\n/x\n", OF_INITDB])
def test_a_server_that_is_just_starting_does_not_run_yet(tmp_path: Path, written: str) -> None:
    folder = data_folder(tmp_path)
    folder.mkdir(parents=True)
    (folder / "postmaster.pid").write_text(written)
    try:
        assert running_url(tmp_path) is None
    finally:
        shutil.rmtree(folder)


def test_a_database_whose_making_was_interrupted_is_made_anew(var_dir: Path) -> None:
    bank = Stack(var_dir, 1, 2)
    assert bank.tingsu("migrate").returncode == 0
    folder = data_folder(var_dir)
    for made_later in [path for path in (folder / "base").iterdir() if len(path.name) > 1]:
        shutil.rmtree(made_later)
    shutil.rmtree(folder / "pg_xact")
    assert bank.tingsu("migrate").returncode == 0


def test_after_a_power_cut_the_id_of_the_dead_server_may_be_anybodys(var_dir: Path) -> None:
    bank = Stack(var_dir, 1, 2)
    person = ("staff", "add", "lifang", "--name", "李经理", "--role", "handler", "--unit", "HB")
    assert bank.tingsu("migrate").returncode == 0
    assert bank.tingsu(*person).returncode == 0
    folder = data_folder(var_dir)
    left_behind = f"{os.getpid()}\n{folder}\n1795463642\n5432\n{folder}\n\n  2196620     98306\nready\n"
    (folder / "postmaster.pid").write_text(left_behind)
    assert running_url(var_dir) is None
    assert "already" in bank.tingsu(*person).stderr


def test_a_keeper_that_is_told_twice_to_stop_leaves_no_server_behind(var_dir: Path) -> None:
    bank = Stack(var_dir, 1, 2)
    keeper = subprocess.Popen([sys.executable, "-m", "bot", "database"], env=bank.environment, cwd=var_dir)
    wait_for(lambda: bank.has("SELECT 1"), 60, "the database answers")
    wait_for(lambda: keeper.send_signal(signal.SIGTERM) or keeper.poll() is not None, 60, "it ends", every=0.005)
    assert running_url(var_dir) is None
    assert keeper.returncode == 0
