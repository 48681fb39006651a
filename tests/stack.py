"""The whole of Tingsu as real processes, started by `tingsu up` as on any machine, for tests from the outside.

One stack serves all tests of a run: `from tests.stack import stack`, a fixture. A test that kills something waits until
all is well again.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket
from typing import Any, TypeVar

import httpx
import psutil
import psycopg
import pytest

from bot.commands.training import model_is_current
from bot.database import libpq_url
from bot.embedded_postgres import data_folder, running_url
from bot.settings import ROOT, settings

Json = dict[str, Any]
Outcome = TypeVar("Outcome")

STARTS_WITHIN_SECONDS = 280
STOPS_WITHIN_SECONDS = 60
WELL_AGAIN_WITHIN_SECONDS = 150
ANSWERED_WITHIN_SECONDS = 90
"""Long, because rasa may be loading at the time, on a machine that does other things as well."""
SETTLE = """\
import asyncio, sys
from bot.clock import system_clock
from bot.commands.asking import open_database
from bot.complaints.casework import find_by_number
from bot.followups.results import tell_result
from bot.settings import settings

async def settle(number, result):
    async with open_database(settings()) as database, database.transaction() as session:
        complaint = await find_by_number(session, number)
        await tell_result(session, complaint, result, actor="staff:tests", now=system_clock())

asyncio.run(settle(*sys.argv[1:]))
"""
READY = "Ctrl-C stops everything."


def wait_for(condition: Callable[[], Outcome], within: float, what: str, *, every: float = 0.1) -> Outcome:
    """Wait until a condition holds, and return what it gave.

    Args:
        within: seconds.
        what: what is waited for, in the words of the failure.
    """
    give_up_at = time.monotonic() + within
    while not (outcome := condition()):
        if time.monotonic() > give_up_at:
            pytest.fail(f"{what}: not within {within:g} seconds")
        time.sleep(every)
    return outcome


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on."""
    probes = [socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of this machine."""
    with socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


class Customer:
    """A customer at the web chat's HTTP API, who goes on trying when the bank does not answer, as the page does.

    Attributes:
        texts: what the bank has confirmed to have, in order.
    """

    def __init__(self, address: str, language: str = "zh") -> None:
        self._http = httpx.Client(base_url=f"{address}/api/chat", trust_env=False, timeout=10)
        self.texts: list[str] = []
        token = self._insist("POST", "/sessions", json={"language": language})["token"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    def writes(self, text: str) -> int:
        """Send a message, as often as it takes for the bank to have it.

        Returns:
            The message's id.
        """
        taken = self._insist("POST", "/messages", json={"text": text, "client_id": uuid.uuid4().hex})
        self.texts.append(text)
        return int(taken["id"])

    def messages(self, after: int = 0) -> list[Json]:
        """The conversation after a message."""
        page = self._insist("GET", "/messages", params={"after": after} if after else {})
        messages: list[Json] = page["messages"]
        return messages

    def hears(self, after: int, within: float = ANSWERED_WITHIN_SECONDS) -> list[Json]:
        """What the bank says after a message, as soon as it says something."""

        def said() -> list[Json]:
            return [message for message in self.messages(after) if message["author"] != "customer"]

        return wait_for(said, within, f"an answer to message {after}", every=0.2)

    def says(self, text: str) -> list[Json]:
        """Write a message and hear the answer."""
        return self.hears(self.writes(text))

    def tells(self, story: str, *, at_most: int = 10) -> str:
        """Tell a complaint, touch the first quick reply of every question, and return what was said with the number."""
        heard = self.says(story)
        for _ in range(at_most):
            for message in heard:
                if "TS-" in message["text"]:
                    return str(message["text"])
            offered = next((message["buttons"] for message in reversed(heard) if message["buttons"]), None)
            assert offered, f"no case number, and no question that can be answered with a touch: {texts_of(heard)}"
            heard = self.says(offered[0])
        pytest.fail(f"no case number after {at_most} answers; last heard: {texts_of(heard)}")

    def close(self) -> None:
        """Leave."""
        self._http.close()

    def _insist(self, method: str, path: str, **request: Any) -> Json:
        def answered() -> Json | None:
            try:
                response = self._http.request(method, path, **request)
            except httpx.TransportError:
                return None
            if response.status_code >= 500:
                return None
            response.raise_for_status()
            answer: Json = response.json()
            return answer

        answer = wait_for(answered, ANSWERED_WITHIN_SECONDS, f"{method} {path}", every=0.3)
        assert answer is not None
        return answer


def texts_of(messages: Sequence[Json]) -> str:
    """What was said, as one text."""
    return "\n".join(message["text"] for message in messages)


@dataclass
class Stack:
    """One copy of Tingsu with a data folder and ports of its own.

    Attributes:
        folder: the data folder.
        settings: further settings, by the names of their environment variables.
    """

    folder: Path
    gateway_port: int
    desk_port: int
    settings: dict[str, str] = field(default_factory=dict)
    supervisor: subprocess.Popen[bytes] | None = None
    customers: list[Customer] = field(default_factory=list)

    @property
    def gateway(self) -> str:
        """The address of the gateway."""
        return f"http://127.0.0.1:{self.gateway_port}"

    @property
    def desk(self) -> str:
        """The address of the desk."""
        return f"http://127.0.0.1:{self.desk_port}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every process of this copy, without what this test run was given itself."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TINGSU_", "DATABASE_URL"))}
        return kept | {
            "TINGSU_VAR_DIR": str(self.folder),
            "TINGSU_SECOND_FACTOR": "optional",
            "TINGSU_UNDO_SECONDS": "0",
            "TINGSU_GATEWAY_PORT": str(self.gateway_port),
            "TINGSU_DESK_PORT": str(self.desk_port),
            "PYTHONPATH": str(ROOT),
            **self.settings,
        }

    @property
    def is_running(self) -> bool:
        """Whether its supervisor lives."""
        return self.supervisor is not None and self.supervisor.poll() is None

    @property
    def output(self) -> str:
        """What `tingsu up` has said."""
        return (self.folder / "up.log").read_text()

    def start(self) -> None:
        """`tingsu up`, until it says that everything is ready."""
        with (self.folder / "up.log").open("wb") as output:
            self.supervisor = subprocess.Popen(
                [sys.executable, "-m", "bot", "up"],
                env=self.environment,
                cwd=self.folder,  # no .env of a developer counts here
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        running = self.supervisor
        wait_for(lambda: READY in self.output or running.poll() is not None, STARTS_WITHIN_SECONDS, "tingsu up")
        assert running.poll() is None, self.output + self.logs()

    def press_ctrl_c(self) -> None:
        """What Ctrl-C does: SIGINT to the terminal's foreground processes."""
        assert self.supervisor is not None
        os.killpg(self.supervisor.pid, signal.SIGINT)

    def stop(self) -> int:
        """Ctrl-C, and the exit status of `tingsu up`."""
        assert self.supervisor is not None
        if self.is_running:
            self.press_ctrl_c()
        try:
            return self.supervisor.wait(STOPS_WITHIN_SECONDS)
        finally:
            for customer in self.customers:
                customer.close()
            self.customers.clear()

    def kill_supervisor(self) -> None:
        """SIGKILL to the supervisor alone."""
        assert self.supervisor is not None
        self.supervisor.kill()
        self.supervisor.wait(STOPS_WITHIN_SECONDS)

    def tingsu(
        self, *arguments: str, given: str | None = None, within: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of `tingsu`.

        Args:
            given: what is piped in.
        """
        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            env=self.environment,
            cwd=self.folder,
            input=given,
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
        )

    def status(self) -> dict[str, Json]:
        """`tingsu status --json`, by the names of the processes."""
        shown = self.tingsu("status", "--json")
        return {process["name"]: process for process in json.loads(shown.stdout)["processes"]}

    def complaint(self, number: str) -> Json:
        """`tingsu complaint show NUMBER --json`."""
        shown = self.tingsu("complaint", "show", number, "--json")
        assert shown.returncode == 0, shown.stderr
        complaint: Json = json.loads(shown.stdout)
        return complaint

    def settle(self, number: str, result: str) -> None:
        """Settle a complaint, as the desk does."""
        settled = subprocess.run(
            [sys.executable, "-c", SETTLE, number, result],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert settled.returncode == 0, settled.stderr

    def process(self, name: str) -> Json:
        """A process as the supervisor sees it: name, pid, restarts."""
        state = json.loads((self.folder / "run" / "processes.json").read_text())
        found: Json = next(process for process in state["processes"] if process["name"] == name)
        return found

    def kill(self, name: str) -> None:
        """SIGKILL to one process."""
        os.kill(self.process(name)["pid"], signal.SIGKILL)

    def wait_until_well(self) -> dict[str, Json]:
        """Wait until every process is in health, and return the status."""

        def well() -> dict[str, Json] | None:
            if not all(self._is_well(address) for address in (self.gateway, self.desk)):
                return None
            status = self.status()
            return status if all(process["health"] == "ok" for process in status.values()) else None

        status = wait_for(well, WELL_AGAIN_WITHIN_SECONDS, "all processes are well again", every=0.5)
        assert status is not None
        return status

    @staticmethod
    def _is_well(address: str) -> bool:
        try:
            return httpx.get(f"{address}/healthz", trust_env=False, timeout=10).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def customer(self, language: str = "zh") -> Customer:
        """A new customer at the web chat."""
        customer = Customer(self.gateway, language)
        self.customers.append(customer)
        return customer

    def query(self, sql: str, *values: object) -> list[Any]:
        """Ask the database."""
        url = running_url(self.folder)
        assert url is not None, "the database does not run"
        with psycopg.connect(libpq_url(url), autocommit=True) as connection:
            return connection.execute(sql, values or None).fetchall()

    def has(self, sql: str, *values: object) -> bool:
        """Whether the database answers, with at least one row."""
        try:
            return bool(self.query(sql, *values))
        except (psycopg.Error, AssertionError):
            return False

    def logs(self) -> str:
        """Everything that any process has written."""
        files = [*sorted((self.folder / "logs").glob("*")), self.folder / "up.log", data_folder(self.folder) / "log"]
        return "\n".join(f"== {file.name}\n{file.read_text(errors='replace')}" for file in files if file.exists())

    def processes(self) -> list[psutil.Process]:
        """Every process on this machine that has to do with the data folder, by its command line or environment."""
        return [process for process in psutil.process_iter() if process.pid != os.getpid() and self._concerns(process)]

    def _concerns(self, process: psutil.Process) -> bool:
        try:
            known_by = [*process.cmdline(), *process.environ().values()]
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            return False
        return any(str(self.folder) in word for word in known_by)


@contextmanager
def a_stack(**settings: str) -> Iterator[Stack]:
    """A copy of Tingsu that runs, with these settings besides; gone at the end, whatever was done to it."""
    stack = prepare(settings)
    try:
        stack.start()
        yield stack
    finally:
        remove(stack)


def prepare(settings_: dict[str, str] | None = None) -> Stack:
    """A copy of Tingsu that does not run yet: a folder that every user may walk to, with the trained assistant in it."""
    trained = settings().model_path
    if not model_is_current(settings()):
        pytest.fail(
            f"{trained} is missing, or older than what it is made from: run `make test`, or `{sys.executable} -m bot train`"
        )
    folder = Path(tempfile.mkdtemp(prefix="tingsu-stack-"))
    folder.chmod(0o755)
    shutil.copytree(trained.parent, folder / "models")
    gateway_port, desk_port = free_ports(2)
    return Stack(folder, gateway_port, desk_port, settings_ or {})


def remove(stack: Stack) -> None:
    """Stop a copy of Tingsu and remove its folder."""
    try:
        if stack.supervisor is not None:
            stack.stop()
    finally:
        for process in stack.processes():
            process.kill()
        shutil.rmtree(stack.folder, ignore_errors=True)


_SHARED = pytest.StashKey[Stack]()


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Stack:
    """The copy of Tingsu that all tests of the run share, with every setting as it is out of the box."""
    stash = request.config.stash
    if _SHARED not in stash:
        shared = prepare()
        request.config.add_cleanup(lambda: remove(shared))
        shared.start()
        stash[_SHARED] = shared
    return stash[_SHARED]
