"""The trained assistant for conversations: real rasa, real action server, real PostgreSQL; no worker, so no quiet window."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from socket import socket

import pytest

from bot.commands.training import model_is_current
from bot.commands.up import answers, rasa_process
from bot.conversations.rasa_client import RasaClient
from bot.database import Database
from bot.settings import Settings, settings
from tests.postgres import fresh_database, server

READY_WITHIN_SECONDS = 240


def _free_port() -> int:
    with closing(socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _running(command: list[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="session")
def dialogue_database_url() -> Iterator[str]:
    """A migrated database for conversations."""
    with server() as url, fresh_database(url) as database_url:
        yield database_url


@pytest.fixture(scope="session")
async def rasa(dialogue_database_url: str) -> AsyncIterator[RasaClient]:
    """Rasa with the trained model and its action server."""
    config = settings()
    if not model_is_current(config):
        pytest.fail("The model is missing or older than its data; run `tingsu train` (make test does).")
    folder = Path(tempfile.mkdtemp(prefix="tingsu-dialogue-"))
    environment = {
        "DATABASE_URL": dialogue_database_url,
        "TINGSU_RASA_URL": f"http://127.0.0.1:{_free_port()}",
        "TINGSU_ACTIONS_URL": f"http://127.0.0.1:{_free_port()}",
        "TINGSU_VAR_DIR": str(config.var_dir.resolve()),
    }
    process = rasa_process(config, environment)
    assert process.is_ready is not None
    actions_ready = answers(f"{environment['TINGSU_ACTIONS_URL']}/health")
    with (
        _running([sys.executable, "-m", "bot", "actions"], environment, folder / "actions.log"),
        _running([str(part) for part in process.command], dict(process.environment), folder / "rasa.log"),
    ):
        async with asyncio.timeout(READY_WITHIN_SECONDS):
            while not (await process.is_ready() and await actions_ready()):  # noqa: ASYNC110 - asked over HTTP
                await asyncio.sleep(0.2)
        client = RasaClient(environment["TINGSU_RASA_URL"], Settings().derived_secret("rasa"), timeout=60)
        yield client
        await client.close()


@pytest.fixture(scope="session")
async def dialogue_database(dialogue_database_url: str) -> AsyncIterator[Database]:
    """The database that the action server writes to."""
    database = Database(dialogue_database_url)
    yield database
    await database.close()
