"""A real desk process for tests."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket

import httpx

from bot.settings import ROOT

ANSWERS_WITHIN_SECONDS = 60


@dataclass(frozen=True)
class ServedDesk:
    """A desk process that answers, and the folder it works in."""

    address: str
    process: subprocess.Popen[bytes]
    folder: Path

    def browser(self) -> httpx.Client:
        """A browser without pages: it keeps cookies and shows where it is sent."""
        return httpx.Client(base_url=self.address, trust_env=False, timeout=20)

    @property
    def log(self) -> str:
        """What the process has written."""
        return (self.folder / "desk.log").read_text()


@contextmanager
def serving(database_url: str, folder: Path, port: int | None = None, **variables: str) -> Iterator[ServedDesk]:
    """A desk in a process of its own, working in this folder, stopped at the end.

    Args:
        variables: settings other than the tests' usual ones, as environment variables.
    """
    port = port or free_port()
    environment = (
        os.environ
        | {
            "DATABASE_URL": database_url,
            "TINGSU_DESK_PORT": str(port),
            "TINGSU_VAR_DIR": str(folder / "var"),
            "TINGSU_SECRET_KEY": "the tests' key",
            "PYTHONPATH": str(ROOT),
            "NO_PROXY": "127.0.0.1",
            "TINGSU_SECOND_FACTOR": "optional",
            "TINGSU_UNDO_SECONDS": "0",
        }
        | variables
    )
    command = [sys.executable, "-m", "bot", "desk"]
    with (folder / "desk.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
    desk = ServedDesk(f"http://127.0.0.1:{port}", process, folder)
    try:
        wait_for(lambda: health_of(desk) == 200 or process.poll() is not None, ANSWERS_WITHIN_SECONDS)
        assert process.poll() is None, desk.log
        yield desk
    finally:
        process.terminate()
        process.wait(timeout=15)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def health_of(desk: ServedDesk) -> int | None:
    """The status of `/healthz`; None while nothing answers."""
    try:
        return httpx.get(f"{desk.address}/healthz", trust_env=False).status_code
    except httpx.TransportError:
        return None


def wait_for(condition: Callable[[], bool], within_seconds: float = 10) -> None:
    """Wait until the condition, a function, is true."""
    give_up_at = time.monotonic() + within_seconds
    while not condition():
        assert time.monotonic() < give_up_at, f"not within {within_seconds} seconds"
        time.sleep(0.02)
