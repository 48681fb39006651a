"""One rasa with its action server, started as a measurement needs it."""

import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import PeakMemory, free_port, ready, running
from bot.commands.up import answers, rasa_process
from bot.settings import Settings

READY_WITHIN_SECONDS = 300


@dataclass(frozen=True)
class Rasa:
    """How one rasa is started.

    Attributes:
        channel: the name of its channel.
        environment: `TINGSU_RASA_URL`, `TINGSU_RASA_TOKEN` and `TINGSU_ACTIONS_URL` are in it.
    """

    name: str
    channel: str
    command: Sequence[str]
    environment: dict[str, str]

    @property
    def url(self) -> str:
        """Where it answers."""
        return self.environment["TINGSU_RASA_URL"]

    @property
    def token(self) -> str:
        """What it and its channel ask for."""
        return self.environment["TINGSU_RASA_TOKEN"]

    @property
    def webhook(self) -> str:
        """Where a turn is sent to."""
        return f"{self.url}/webhooks/{self.channel}/webhook"


@dataclass(frozen=True)
class Started:
    """What was seen of a rasa that runs."""

    start_up_s: float
    memory: PeakMemory


def our_rasa(name: str, config: Settings, database_url: str, **environment: str) -> Rasa:
    """Rasa as `tingsu up` starts it."""
    process = rasa_process(config, addresses(database_url, config.var_dir))
    return Rasa(name, "turns", [str(part) for part in process.command], {**process.environment, **environment})


def addresses(database_url: str, var_dir: Path) -> dict[str, str]:
    """Where the processes of one measurement find each other."""
    return {
        "DATABASE_URL": database_url,
        "TINGSU_RASA_URL": f"http://127.0.0.1:{free_port()}",
        "TINGSU_ACTIONS_URL": f"http://127.0.0.1:{free_port()}",
        "TINGSU_VAR_DIR": str(var_dir.resolve()),
    }


@asynccontextmanager
async def serving(rasa: Rasa, logs: Path) -> AsyncIterator[Started]:
    """Start a rasa and its action server, and end both when the block is left.

    Args:
        rasa: how to start it.
        logs: folder for what the processes say.
    """
    actions_log, rasa_log = logs / f"{rasa.name}_actions.log", logs / f"{rasa.name}_rasa.log"
    with running([sys.executable, "-m", "bot", "actions"], rasa.environment, actions_log) as actions:
        await ready(actions, answers(f"{rasa.environment['TINGSU_ACTIONS_URL']}/health"), actions_log, 60)
        started_at = time.monotonic()
        with running(rasa.command, rasa.environment, rasa_log) as process, PeakMemory(process.pid) as memory:
            is_ready = answers(f"{rasa.url}/status?token={rasa.token}")
            await ready(process, is_ready, rasa_log, READY_WITHIN_SECONDS)
            yield Started(time.monotonic() - started_at, memory)
