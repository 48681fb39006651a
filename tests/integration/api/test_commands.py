"""`tingsu api`: tokens and webhooks from the command line."""

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
from click.testing import Result
from typer.testing import CliRunner

from bot.__main__ import app
from bot.api.app import ADDRESS
from bot.commands import api
from bot.database import Database
from bot.settings import Settings
from tests.builders import audit_trail
from tests.integration.desk.served import ServedDesk

Run = Callable[..., Result]


@contextmanager
def answering(status: int) -> Iterator[tuple[str, list[bytes]]]:
    """A server that takes what it is sent and answers with this status."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", bodies
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    def run_command(*arguments: str, hosts: str = "") -> Result:
        monkeypatch.setenv("DATABASE_URL", database_url)
        config = Settings(var_dir=tmp_path, webhook_hosts=hosts)
        monkeypatch.setattr(api, "settings", lambda: config)
        return CliRunner().invoke(app, ["api", *arguments])

    return run_command


def trail(database_url: str, subject: str) -> list[str]:
    async def ask() -> list[str]:
        database = Database(database_url)
        try:
            return await audit_trail(database, subject)
        finally:
            await database.close()

    return asyncio.run(ask())


def test_a_token_is_printed_once_opens_the_api_and_is_revoked(run: Run, desk: ServedDesk, database_url: str) -> None:
    added = run("token", "add", "crm", "--scope", "complaints:read", "--unit", "HB-WH", "--days", "90")
    assert added.exit_code == 0
    token = added.stdout.strip()

    def status() -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.get(f"{desk.address}{ADDRESS}/complaints", headers=headers, trust_env=False).status_code

    assert status() == 200
    listed = run("token", "list")
    assert "crm" in listed.stdout and token not in listed.stdout
    assert run("token", "revoke", "crm").exit_code == 0
    assert status() == 401
    assert trail(database_url, "api:crm")[-1] == "system: revoke_token"
    again = run("token", "revoke", "crm")
    assert (again.exit_code, again.stderr) == (1, "tingsu: There is no token «crm» in force.\n")


@pytest.mark.parametrize("wrong", [("--scope", "everything"), ("--unit", "HB-XX"), ("--days", "0")])
def test_a_token_that_makes_no_sense_is_refused_in_one_line(wrong: tuple[str, str], run: Run) -> None:
    chosen = {"--scope": "complaints:read", "--unit": "HB"} | dict([wrong])
    result = run("token", "add", "crm", *(part for option in chosen.items() for part in option))
    assert result.exit_code == 1
    assert result.stderr.startswith("tingsu: ") and result.stderr.count("\n") == 1


@pytest.mark.parametrize(("status", "exit_code"), [(204, 0), (500, 1)])
def test_a_webhook_is_added_tested_and_removed(status: int, exit_code: int, run: Run) -> None:
    with answering(status) as (host, bodies):
        added = run("webhook", "add", f"http://{host}/", "--unit", "HB", "--kind", "complaint.opened", hosts=host)
        assert added.exit_code == 0
        webhook_id = re.split(r"\s", added.stdout)[0]
        assert "yes" in run("webhook", "list").stdout
        tested = run("webhook", "test", webhook_id, hosts=host)
        assert tested.exit_code == exit_code
        assert b'"kind": "test"' in bodies[0]
        assert run("webhook", "on", webhook_id).exit_code == 0
    assert run("webhook", "remove", webhook_id).exit_code == 0
    assert run("webhook", "test", webhook_id).exit_code == 1


def test_a_webhook_on_a_host_that_is_not_allowed_is_refused(run: Run) -> None:
    result = run("webhook", "add", "http://10.0.0.1/", "--unit", "HB")
    assert result.exit_code == 1
    assert "TINGSU_WEBHOOK_HOSTS" in result.stderr
