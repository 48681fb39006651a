"""Starts every process of Tingsu on this machine, restarts one that dies, and stops them all together.

Each child is the leader of a process group of its own, so that Ctrl-C reaches the supervisor alone and it stops its
children in order. On Linux a child is also told to stop when the supervisor itself is killed.
"""

import asyncio
import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.logs import logger

STOP_WITHIN_SECONDS = 15.0
FIRST_RESTART_AFTER_SECONDS = 0.5
LONGEST_RESTART_WAIT_SECONDS = 20.0
STABLE_AFTER_SECONDS = 30.0
"""A process that ran this long starts its next life without a wait that grew from earlier deaths."""

log = logger(__name__)


@dataclass
class Process:
    """One process to keep alive.

    Attributes:
        is_ready: tells whether it does its work, asked until it says yes once; processes after it wait for that.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    is_ready: Callable[[], Awaitable[bool]] | None = None
    pid: int | None = None
    restarts: int = 0
    started_at: float = 0.0


class Supervisor:
    """Keeps processes alive.

    Args:
        state_file: where `tingsu status` reads names, process ids and restarts.
        log_folder: one log file for each process.
    """

    def __init__(self, state_file: Path, log_folder: Path) -> None:
        self._state_file = state_file
        self._log_folder = log_folder
        self._processes: list[Process] = []
        self._children: dict[str, asyncio.subprocess.Process] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()

    def add(self, process: Process) -> None:
        """Start a process and keep it alive from now on."""
        self._processes.append(process)
        self._keepers.append(asyncio.create_task(self._keep(process), name=process.name))

    async def wait_ready(self, process: Process, timeout: float) -> None:
        """Wait until a process does its work.

        Raises:
            TimeoutError: it does not in time; its log says why.
        """
        assert process.is_ready is not None
        deadline = time.monotonic() + timeout
        while not await process.is_ready():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{process.name} is not ready; see {self._log_path(process)}")
            if self._stopping.is_set():
                return
            await asyncio.sleep(0.2)

    def stop(self) -> None:
        """Ask for the end of everything."""
        self._stopping.set()

    @property
    def is_stopping(self) -> bool:
        """Whether the end was asked for."""
        return self._stopping.is_set()

    async def run_until_stopped(self) -> None:
        """Wait for `stop`, then stop every process, the last started first."""
        await self._stopping.wait()
        for process in reversed(self._processes):
            await self._end(process)
        await asyncio.gather(*self._keepers)
        self._state_file.unlink(missing_ok=True)

    async def _keep(self, process: Process) -> None:
        wait = FIRST_RESTART_AFTER_SECONDS
        while not self._stopping.is_set():
            returncode = await self._live(process)
            if self._stopping.is_set():
                return
            if time.time() - process.started_at > STABLE_AFTER_SECONDS:
                wait = FIRST_RESTART_AFTER_SECONDS
            log.warning("process_died", name_of=process.name, code=returncode, restart_in=wait)
            say(f"{process.name} ended ({_in_words(returncode)}); starting it again in {wait:g} s")
            try:
                await asyncio.wait_for(self._stopping.wait(), wait)
            except TimeoutError:
                process.restarts += 1
            wait = min(wait * 2, LONGEST_RESTART_WAIT_SECONDS)

    async def _live(self, process: Process) -> int:
        """One life of a process, from start to end."""
        with self._log_path(process).open("ab") as output:
            child = await asyncio.create_subprocess_exec(
                *process.command,
                env={**os.environ, **process.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )
        self._children[process.name] = child
        process.pid, process.started_at = child.pid, time.time()
        self._write_state()
        try:
            return await child.wait()
        finally:
            process.pid = None
            self._write_state()

    async def _end(self, process: Process) -> None:
        child = self._children.get(process.name)
        if child is None or child.returncode is not None:
            return
        child.terminate()
        try:
            await asyncio.wait_for(child.wait(), STOP_WITHIN_SECONDS)
        except TimeoutError:
            log.warning("process_killed", name_of=process.name)
            os.killpg(child.pid, signal.SIGKILL)
            await child.wait()

    def _log_path(self, process: Process) -> Path:
        return self._log_folder / f"{process.name}.log"

    def _write_state(self) -> None:
        state = {
            "supervisor": os.getpid(),
            "processes": [
                {"name": p.name, "pid": p.pid, "restarts": p.restarts, "started_at": p.started_at}
                for p in self._processes
            ],
        }
        draft = self._state_file.with_suffix(".draft")
        draft.write_text(json.dumps(state))
        draft.replace(self._state_file)


def say(text: str) -> None:
    """Tell whoever watches the terminal."""
    print(text, flush=True)


def _in_words(returncode: int) -> str:
    if returncode < 0:
        return f"signal {signal.Signals(-returncode).name}"
    return f"exit status {returncode}"


def _end_with_parent() -> None:
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
