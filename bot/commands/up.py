"""`tingsu up`: everything on this machine, from the database to the desk."""

import asyncio
import fcntl
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import httpx
from sqlalchemy.engine import make_url

import bot.tables  # noqa: F401 - every table is known before the first query
from bot.clock import system_clock
from bot.commands.training import rasa_environment, rasa_python, train
from bot.database import Database
from bot.embedded_postgres import running_url
from bot.migrate import migrate
from bot.settings import ROOT, Settings
from bot.staff.people import ensure_first_administrator
from bot.supervisor import Process, Supervisor, say

DATABASE_WITHIN_SECONDS = 60
RASA_WITHIN_SECONDS = 180
RASA_SCHEMA = "rasa"

RUN_RASA = """\
import os, sys
from rasa.__main__ import main
sys.argv += ["--auth-token", os.environ["TINGSU_RASA_TOKEN"]]
main()
"""
"""Rasa takes its token from the command line only, which everybody on the machine can read; so Python puts it there."""


class AlreadyRunning(Exception):
    """Another `tingsu up` uses this data folder, or something else uses one of our ports."""


def state_file(config: Settings) -> Path:
    """Where the supervisor says which processes it keeps."""
    return config.var_dir / "run" / "processes.json"


async def up(config: Settings) -> None:
    """Start everything and keep it running until SIGINT or SIGTERM.

    Raises:
        AlreadyRunning: before anything was started.
        TimeoutError: a process did not get ready.
    """
    run_folder = state_file(config).parent
    run_folder.mkdir(parents=True, exist_ok=True)
    with (run_folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"Tingsu already runs with the data folder {config.var_dir}") from None
        for host, port in ((config.gateway_host, config.gateway_port), (config.desk_host, config.desk_port)):
            _check_free(host, port)
        await _up_alone(config)


async def _up_alone(config: Settings) -> None:
    logs = config.var_dir / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    supervisor = Supervisor(state_file(config), logs)
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(signal_number, supervisor.stop)
    try:
        await _start(supervisor, config)
    except BaseException:
        supervisor.stop()
        await supervisor.run_until_stopped()
        raise
    await supervisor.run_until_stopped()
    say("Stopped.")


async def _start(supervisor: Supervisor, config: Settings) -> None:
    url = await _database(supervisor, config)
    if supervisor.is_stopping:
        return
    await asyncio.to_thread(migrate, url)
    await _first_administrator(url)
    if await asyncio.to_thread(train, config):
        say("The assistant is trained.")
    # Signing keys exist before the processes that share them.
    _ = config.secret
    rasa_url = str(config.rasa_url or f"http://127.0.0.1:{_free_port()}").rstrip("/")
    actions_url = str(config.actions_url or f"http://127.0.0.1:{_free_port()}").rstrip("/")
    environment = {
        "DATABASE_URL": url,
        "TINGSU_RASA_URL": rasa_url,
        "TINGSU_ACTIONS_URL": actions_url,
        "TINGSU_VAR_DIR": str(config.var_dir.resolve()),
        # Who tries Tingsu out on a database of its own needs no authenticator app for it.
        "TINGSU_SECOND_FACTOR": config.second_factor or ("optional" if config.database_url is None else "required"),
    }
    processes = _processes(config, environment)
    for process in processes:
        supervisor.add(process)
    for process in processes:
        if process.is_ready is not None and not supervisor.is_stopping:
            await supervisor.wait_ready(process, RASA_WITHIN_SECONDS)
            say(f"  {process.name} is ready")
    if not supervisor.is_stopping:
        say(f"Chat for customers:  http://{config.gateway_host}:{config.gateway_port}/chat")
        say(f"Desk for staff:      http://{config.desk_host}:{config.desk_port}/")
        say(f"Logs are in {config.var_dir / 'logs'}. Ctrl-C stops everything.")


def _processes(config: Settings, environment: dict[str, str]) -> list[Process]:
    def ours(name: str, is_ready: Callable[[], Awaitable[bool]] | None) -> Process:
        return Process(name, (sys.executable, "-m", "bot", name), environment, is_ready)

    processes = []
    if config.actions_url is None:
        processes.append(ours("actions", answers(f"{environment['TINGSU_ACTIONS_URL']}/health")))
    if config.rasa_url is None:
        processes.append(rasa_process(config, environment))
    processes.append(ours("worker", None))
    processes.append(ours("gateway", answers(f"http://{config.gateway_host}:{config.gateway_port}/healthz")))
    processes.append(ours("desk", answers(f"http://{config.desk_host}:{config.desk_port}/healthz")))
    if config.telegram_token is not None and config.telegram_webhook_url is None:
        processes.append(ours("telegram", None))
    return processes


def rasa_process(config: Settings, environment: dict[str, str]) -> Process:
    """Rasa's server on loopback, its HTTP API behind a token."""
    url = httpx.URL(environment["TINGSU_RASA_URL"])
    token = config.derived_secret("rasa")
    own = {"TINGSU_RASA_TOKEN": token, "TINGSU_TRACKER_URL": tracker_url(environment["DATABASE_URL"])}
    command = [
        str(rasa_python()), "-c", RUN_RASA, "run",
        "--model", str(config.model_path),
        "--endpoints", str(ROOT / "endpoints.yml"),
        "--credentials", str(ROOT / "credentials.yml"),
        "--enable-api",
        "--interface", url.host, "--port", str(url.port),
    ]  # fmt: skip
    variables = {**rasa_environment(config), **environment, **own}
    return Process("rasa", command, variables, answers(f"{url}/status?token={token}"))


def tracker_url(url: str) -> str:
    """The database as rasa reaches it: with its own schema as the search path."""
    with_schema = (
        make_url(url).set(drivername="postgresql").update_query_dict({"options": f"-csearch_path={RASA_SCHEMA}"})
    )
    return with_schema.render_as_string(hide_password=False)


def answers(url: str) -> Callable[[], Awaitable[bool]]:
    """A check whether an address answers with 200."""

    async def check() -> bool:
        async with httpx.AsyncClient(trust_env=False) as http:
            try:
                return (await http.get(url, timeout=5)).status_code == httpx.codes.OK
            except httpx.HTTPError:
                return False

    return check


async def _database(supervisor: Supervisor, config: Settings) -> str:
    if config.database_url is not None:
        return config.database_url

    async def is_ready() -> bool:
        url = running_url(config.var_dir)
        if url is None:
            return False
        database = Database(url)
        try:
            return await database.answers()
        finally:
            await database.close()

    process = Process("database", (sys.executable, "-m", "bot", "database"), is_ready=is_ready)
    supervisor.add(process)
    await supervisor.wait_ready(process, DATABASE_WITHIN_SECONDS)
    say("  database is ready")
    url = running_url(config.var_dir)
    if url is None:
        raise TimeoutError("The embedded database went away while starting; see its log.")
    return url


async def _first_administrator(url: str) -> None:
    database = Database(url)
    async with database.transaction() as session:
        made = await ensure_first_administrator(session, now=system_clock())
    await database.close()
    if made is not None:
        username, password = made
        say(f"First sign-in at the desk:  {username}  /  {password}   (shown once; change it at the first sign-in)")


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _check_free(host: str, port: int) -> None:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            name = "TINGSU_GATEWAY_PORT or TINGSU_DESK_PORT"
            raise AlreadyRunning(f"{host}:{port} is in use ({os.strerror(error.errno or 0)}); choose {name}") from None
