"""Processes that a measurement starts, watches, and always ends."""

import os
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from socket import socket
from threading import Event, Thread

import anyio
import psutil

from bot.settings import ROOT

MIB = 2**20
LOOK_EVERY_SECONDS = 0.1
STOP_WITHIN_SECONDS = 15


class Ended(Exception):
    """A process ended before it did its work; what it said last is in the message."""


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own group, ended with all its children when the block is left."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(STOP_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def finish(command: Sequence[str], environment: Mapping[str, str], log: Path) -> float:
    """Run a process to its end.

    Returns:
        Seconds it took.

    Raises:
        Ended: it failed.
    """
    started_at = time.monotonic()
    with running(command, environment, log) as process:
        process.wait()
        if process.returncode != 0:
            raise Ended(_last_words(log))
    return time.monotonic() - started_at


async def ready(
    process: subprocess.Popen[bytes], is_ready: Callable[[], Awaitable[bool]], log: Path, within_seconds: float
) -> None:
    """Wait until a process does its work.

    Raises:
        Ended: it ended instead.
        TimeoutError: it took too long.
    """
    with anyio.fail_after(within_seconds):
        while not await is_ready():
            if process.poll() is not None:
                raise Ended(_last_words(log))
            await anyio.sleep(0.05)


class PeakMemory:
    """The most memory that a process and its children held at once, looked at ten times a second."""

    def __init__(self, pid: int) -> None:
        self.mib = 0.0
        self._process = psutil.Process(pid)
        self._is_over = Event()
        self._thread = Thread(target=self._look, daemon=True)

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._is_over.wait(LOOK_EVERY_SECONDS):
            with suppress(psutil.NoSuchProcess):
                family = [self._process, *self._process.children(recursive=True)]
                self.mib = max(self.mib, sum(member.memory_info().rss for member in family) / MIB)


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with closing(socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _last_words(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-2000:]
