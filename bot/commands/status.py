"""`tingsu status`: which processes run, since when, how often they were restarted, and whether they do their work."""

import json
from dataclasses import asdict, dataclass

import httpx
import psutil
from sqlalchemy import text

from bot.commands.up import answers, state_file
from bot.database import Database
from bot.embedded_postgres import running_url
from bot.jobs import STALLED_AFTER_SECONDS
from bot.settings import Settings


@dataclass(frozen=True)
class ProcessStatus:
    """How one process is.

    Attributes:
        health: `ok`, or what is wrong in a few words.
    """

    name: str
    pid: int | None
    restarts: int
    health: str


async def status(config: Settings) -> list[ProcessStatus]:
    """Every process that `tingsu up` keeps; empty when it does not run."""
    path = state_file(config)
    if not path.exists():
        return []
    state = json.loads(path.read_text())
    if not psutil.pid_exists(state["supervisor"]):
        return []
    supervisor = ProcessStatus("supervisor", state["supervisor"], 0, "ok")
    return [supervisor] + [
        ProcessStatus(p["name"], p["pid"], p["restarts"], await _health(config, p["name"], p["pid"]))
        for p in state["processes"]
    ]


async def _health(config: Settings, name: str, pid: int | None) -> str:
    if pid is None or not psutil.pid_exists(pid):
        return "not running"
    match name:
        case "gateway":
            return await _asked(f"http://{config.gateway_host}:{config.gateway_port}/healthz")
        case "desk":
            return await _asked(f"http://{config.desk_host}:{config.desk_port}/healthz")
        case "rasa" | "actions":
            return await _internal(config, name, pid)
        case "database" | "worker":
            return await _from_database(config, name)
        case _:
            return "ok"


async def _internal(config: Settings, name: str, pid: int) -> str:
    port = _listening_port(pid)
    path = f"status?token={config.derived_secret('rasa')}" if name == "rasa" else "health"
    return "ok" if port and await answers(f"http://127.0.0.1:{port}/{path}")() else "does not answer"


async def _asked(url: str) -> str:
    async with httpx.AsyncClient(trust_env=False) as http:
        try:
            response = await http.get(url, timeout=5)
        except httpx.HTTPError:
            return "does not answer"
    if response.status_code == httpx.codes.OK:
        return "ok"
    return f"unhealthy: {', '.join(response.json().get('missing', ['unknown']))}"


def _listening_port(pid: int) -> int | None:
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    listening = (c for p in family for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN)
    return next((connection.laddr.port for connection in listening), None)


async def _from_database(config: Settings, name: str) -> str:
    url = config.database_url or running_url(config.var_dir)
    if url is None:
        return "does not answer"
    database = Database(url, pool_size=1)
    try:
        if not await database.answers():
            return "does not answer"
        if name == "database":
            return "ok"
        async with database.transaction() as session:
            beating = await session.scalar(
                text(
                    "SELECT count(*) FROM procrastinate_workers"
                    " WHERE last_heartbeat > now() - make_interval(secs => :s)"
                ),
                {"s": STALLED_AFTER_SECONDS},
            )
        return "ok" if beating else "no heartbeat"
    finally:
        await database.close()


def as_json(statuses: list[ProcessStatus]) -> str:
    """The statuses for a machine."""
    return json.dumps({"processes": [asdict(one) for one in statuses]}, ensure_ascii=False, indent=2)
