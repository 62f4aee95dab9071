"""`prasan up`: from nothing to a served city, each step with a clear sentence when it can't be done."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console

from prasan.fabric import postgres
from prasan.fabric.boot import OperatorError, setup_django
from prasan.site import processes

LEAST_DISK = 300  # MB
OLDEST_SERVER = 150000  # unique constraints with NULLS NOT DISTINCT
MIGRATION_LOCK = 0x5EA2

console = Console(highlight=False)


@dataclass(frozen=True)
class Options:
    """How a city is started; see docs/operators.md."""

    host: str
    port: int
    workers: int
    demo: bool


def up(options: Options) -> None:
    """Prepare everything, serve until told to stop, stop everything that was started. Raises OperatorError."""
    processes.ensure_port_is_free(options.host, options.port)
    processes.ensure_disk_has_room(LEAST_DISK)
    _environment(options)
    started = _start_database()
    try:
        setup_django()
        prepare(demo=options.demo)
        children = processes.city_processes(options.host, options.port, options.workers)
        processes.Supervisor(children, say=console.print).run(
            is_ready=lambda: processes.is_serving(_reachable(options.host), options.port),
            greet=lambda: _greet(options),
        )
    finally:
        if started:
            with _step("Stopping the database"):
                postgres.stop()


def prepare(*, demo: bool) -> None:
    """Assets, words, tables, the city's registers and, for a demonstration, people and reports."""
    with _step("Page assets"):
        build()
    with _step("Database tables"):
        migrate()
    with _step("The city's registers"):
        _load_city()
    if demo:
        _load_demo()


def build() -> None:
    """What the browser gets: bundles, Thai words, hashed names. Quick when nothing changed."""
    from prasan.fabric import assets, messages

    assets.build()
    messages.compile_catalogues()
    _collect_static()


def migrate() -> None:
    """Bring the tables up to the code; several machines may start at once. Raises OperatorError."""
    from django.core.management import call_command
    from django.db import connection

    ensure_server_fits()
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            ensure_database_is_not_newer()
            call_command("migrate", verbosity=0, interactive=False)
        finally:
            cursor.execute("select pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def ensure_server_fits() -> None:
    """The server can be reached, is not too old, and speaks UTF-8. Raises OperatorError."""
    from django.db import DatabaseError, connection

    try:
        connection.ensure_connection()
    except DatabaseError as error:
        raise OperatorError(
            f"The database can't be reached: {str(error).strip()}\nCheck DATABASE_URL, or unset it to use the"
            " embedded PostgreSQL."
        ) from error
    with connection.cursor() as cursor:
        cursor.execute(
            "select current_setting('server_version_num')::int, current_setting('server_encoding')"
        )
        version, encoding = cursor.fetchone()
    if version < OLDEST_SERVER:
        raise OperatorError(f"The database is PostgreSQL {version // 10000}; at least 15 is needed.")
    if encoding != "UTF8":
        raise OperatorError(f"The database's encoding is {encoding}; make one with: createdb -E UTF8 prasan")


def ensure_database_is_not_newer() -> None:
    """Raises OperatorError when a newer Prasan has changed the tables."""
    from prasan.fabric import migrations_state

    if newer := migrations_state.unknown(migrations_state.applied()):
        raise OperatorError(
            f"The database was made by a newer Prasan (it knows {'.'.join(newer[-1])}). Update the code, or use"
            " another database: DATABASE_URL=… or PRASAN_VAR=… ./run"
        )


def _environment(options: Options) -> None:
    os.environ["PRASAN_PROCESS"] = "up"
    os.environ.setdefault("PRASAN_PUBLIC_URL", f"http://{_reachable(options.host)}:{options.port}")
    os.environ["PRASAN_DEMO"] = "1" if options.demo else "0"


def _reachable(host: str) -> str:
    """An address under which this machine itself reaches a server that is bound to `host`."""
    return "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 — compared, not bound


def _start_database() -> bool:
    """Start the embedded server unless one is named or runs already; whether it is ours to stop."""
    if os.environ.get("DATABASE_URL"):
        return False
    running = postgres.is_running()
    with _step("Embedded PostgreSQL"):
        postgres.start()
    return not running


def _load_city() -> None:
    from django.conf import settings

    from prasan.city.actions import city_load
    from prasan.fabric.actors import Actor

    city_load(actor=Actor.system("start"), folder=settings.CITY_FOLDER, origin="up")


def _load_demo() -> None:
    from prasan.fabric import demo

    for name, load in demo.loads():
        with _step(name):
            load()


def _collect_static() -> None:
    """Copy assets with their hashes into var/static, when one of them changed."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            stat = os.stat(storage.path(path))
            digest.update(f"{path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    stamp = settings.STATIC_ROOT / ".collected"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    stamp.write_text(digest.hexdigest())


def _greet(options: Options) -> None:
    from django.conf import settings
    from django.utils import translation

    from prasan.fabric import demo

    console.print(f"\nPrasan is at [bold]{settings.PUBLIC_URL}[/bold]  (Ctrl-C stops it)")
    if options.demo:
        with translation.override("en"):  # columns of Thai do not line up in terminals
            for account in demo.accounts():
                console.print(f"  {account.role:<19} {account.sign_in:<30} {account.password}")
    console.print()


@contextmanager
def _step(name: str) -> Iterator[None]:
    began = time.monotonic()
    with console.status(f"{name} …"):
        yield
    console.print(f"  {name:<28} {time.monotonic() - began:5.1f} s")
