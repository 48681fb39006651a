"""A worker as it runs at the bank: a process of its own, that a test may kill."""

import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.database import Database
from bot.settings import ROOT
from tests.builders import until


@asynccontextmanager
async def worker_process(
    database: Database, folder: Path, **settings: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker process at work; killed at the end if it still runs.

    Args:
        folder: for its data, and for its log, `worker-….log`.
        settings: its environment besides the database.
    """
    environment = os.environ | {
        "DATABASE_URL": database.url,
        "TINGSU_VAR_DIR": str(folder),
        "TINGSU_WORKER_CONCURRENCY": "4",
        **settings,
    }
    log = folder / f"worker-{uuid.uuid4().hex[:8]}.log"
    with log.open("wb") as output:
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "worker", cwd=ROOT, env=environment, stderr=output, stdout=output
        )

    async def is_ready() -> bool:
        assert worker.returncode is None, log.read_text("utf-8")
        return "worker_ready" in log.read_text("utf-8")

    try:
        await until(is_ready, seconds=60)
        yield worker
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()
