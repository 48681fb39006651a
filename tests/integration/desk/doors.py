"""Every address of the desk, read off the application itself, so that no test forgets a new one."""

import json
import subprocess
import sys
import tempfile
from functools import cache
from typing import Any

from bot.settings import ROOT

ENUMERATE = """
import json
from nicegui import Client
from bot.clock import system_clock
from bot.database import Database
from bot.desk.desk import desk_app
from bot.desk.parts import Desk

def walk(routes, before=""):
    for route in routes:
        inner = getattr(route, "original_router", None) or route
        address = before + getattr(route, "path", "")
        below = getattr(inner, "routes", None)
        methods = sorted(getattr(route, "methods", None) or [])
        if methods:
            yield from ((method, address) for method in methods if method != "HEAD")
        elif below:
            yield from walk(below, address)
        else:
            yield "MOUNT", address

app = desk_app(Desk.on(Database("postgresql://nobody@127.0.0.1/none"), system_clock, port=1, secure_cookies=False))
print(json.dumps({"doors": list(walk(app.routes)), "pages": sorted(Client.page_routes.values())}))
"""


@cache
def _found() -> dict[str, Any]:
    """In a process of its own: NiceGUI keeps its pages for the whole process."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "TINGSU_VAR_DIR": folder,
            "TINGSU_OIDC_ISSUER": "https://sso.bank.example",
            "TINGSU_DESK_ADDRESS": "https://desk.bank.example",
        }
        said = subprocess.run(
            [sys.executable, "-c", ENUMERATE], env=environment, cwd=folder, capture_output=True, text=True, check=True
        )
    found: dict[str, Any] = json.loads(said.stdout)
    return found


def doors() -> set[tuple[str, str]]:
    """Method and address of everything that the desk answers; `MOUNT` for what serves files below an address."""
    return {(method, address) for method, address in _found()["doors"] if not _is_nicegui(address)}


def pages() -> set[str]:
    """The addresses of NiceGUI's pages."""
    return set(_found()["pages"])


def _is_nicegui(address: str) -> bool:
    """NiceGUI's own scripts, its socket, and the icon that it serves beside each page."""
    return address.startswith("/_nicegui") or address.endswith("/favicon.ico")
