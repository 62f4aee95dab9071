"""The fabric's own checks for `prasan doctor`."""

from __future__ import annotations

import secrets
import shutil
import stat
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.db.models import Max

from prasan.fabric import files, keys, migrations_state, personal
from prasan.fabric.checks import Result, register
from prasan.fabric.models import Notice, WorkerHeartbeat
from prasan.fabric.notices import registry

OLDEST_SERVER = 15
LEAST_FREE, LITTLE_FREE = 300, 2000  # MB
SERVER = """
select current_setting('server_version_num')::int / 10000, current_setting('fsync'),
       current_setting('max_connections')::int, pg_size_pretty(pg_database_size(current_database()))
"""
LONG_WRITER = """
select pid, extract(epoch from now() - xact_start)::int from pg_stat_activity
where backend_xid is not null and xact_start < now() - interval '10 minutes' order by xact_start limit 1
"""
WAITING = """
select (select count(*) from fabric_delivery where state = 'dead'),
       (select count(*) from fabric_notice where state = 'dead'),
       (select count(*) from procrastinate_jobs where status = 'failed'),
       (select coalesce(extract(epoch from now() - min(at)), 0)::int from fabric_ledgerentry
        where position >= coalesce((select to_position from fabric_ledgerseal order by id desc limit 1), 0))
"""


def _row(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()


@register("database")
def database() -> Result:
    """Reachable, of a version that will do, safe against a power cut, with no writer that holds the ledger back."""
    try:
        version, fsync, connections, size = _row(SERVER)
    except Error as error:
        why = str(error).strip().splitlines()[0]
        return Result.error(f"can't be reached ({why}); start it with ./run, or check DATABASE_URL")
    if version < OLDEST_SERVER:
        return Result.error(f"PostgreSQL {version} is too old; at least {OLDEST_SERVER} is needed")
    if fsync != "on":
        return Result.error("fsync is off: a power cut can lose what was confirmed; set fsync = on")
    if writer := _row(LONG_WRITER):
        return Result.warning(
            f"process {writer[0]} writes since {writer[1]} s; sealing and delivery wait for it"
        )
    return Result.good(f"PostgreSQL {version}, {size}, {connections} connections")


@register("tables")
def tables() -> Result:
    """As the code wants them."""
    if newer := migrations_state.unknown(migrations_state.applied()):
        return Result.error(f"made by a newer Prasan ({'.'.join(newer[-1])}); update the code")
    if pending := migrations_state.pending():
        return Result.error(f"{pending} migrations are missing; run: prasan migrate")
    return Result.good("up to date")


@register("disk")
def disk() -> Result:
    """Room for the database, photos and letters."""
    free = shutil.disk_usage(settings.VAR_FOLDER).free // 1_000_000
    text = f"{free} MB free at {settings.VAR_FOLDER}"
    if free < LEAST_FREE:
        return Result.error(f"{text}; free some space now")
    return Result.warning(f"{text}; that is little") if free < LITTLE_FREE else Result.good(text)


@register("photo storage")
def storage() -> Result:
    """Takes, gives back and forgets a file."""
    key, content = f"doctor/{secrets.token_hex(8)}", secrets.token_bytes(64)
    place = (
        f"bucket {settings.PHOTOS_BUCKET}" if settings.PHOTOS_BUCKET else str(settings.VAR_FOLDER / "files")
    )
    try:
        files.put(key, content)
        same = files.read(key) == content
        files.delete(key)
    except Exception as error:  # noqa: BLE001 — S3 clients raise kinds of their own
        return Result.error(f"{place}: {type(error).__name__}: {error}")
    return (
        Result.good(place) if same else Result.error(f"{place} gives back something else than it was given")
    )


@register("notices")
def notices() -> Result:
    """Every channel."""
    results = [(channel.name, channel.check()) for channel in registry.channels()]
    worst = max(results, key=lambda item: ("good", "warning", "error").index(item[1].level))
    return Result(worst[1].level, "; ".join(f"{name}: {result.text}" for name, result in results))


@register("worker")
def worker() -> Result:
    """At least one was seen a moment ago."""
    seen = WorkerHeartbeat.objects.aggregate(last=Max("seen_at"))["last"]
    if seen is None:
        return Result.error(
            "none is running: nothing is sealed, delivered or sent; start one with: prasan worker"
        )
    age = (datetime.now(UTC) - seen).total_seconds()
    if age > 60:
        return Result.error(f"last seen {age:.0f} s ago; start one with: prasan worker")
    return Result.good(f"seen {age:.0f} s ago")


@register("backlog")
def backlog() -> Result:
    """Nothing given up, and the ledger sealed."""
    deliveries, dead_notices, jobs, unsealed = _row(WAITING)
    found = [
        f"{deliveries} dead deliveries (prasan deliveries list)" if deliveries else "",
        f"{dead_notices} notices given up" if dead_notices else "",
        f"{jobs} failed jobs" if jobs else "",
        f"ledger entries unsealed for {unsealed} s" if unsealed > 60 else "",
    ]
    text = ", ".join(filter(None, found))
    return Result.warning(text) if text else Result.good("nothing is stuck")


@register("page assets")
def assets() -> Result:
    """Built, and the Thai words compiled."""
    from prasan.fabric.messages import CATALOGUE, PACKAGE

    if not (PACKAGE / "fabric" / "static" / "fabric" / "kit.css").exists():
        return Result.error("not built; run: prasan build")
    if any(not path.with_suffix(".mo").exists() for path in PACKAGE.glob(f"*/{CATALOGUE}")):
        return Result.error("Thai words are not compiled; run: prasan build")
    return Result.good("built")


@register("secrets")
def keys_in_force() -> Result:
    """Private to their owner, and able to read what is stored."""
    path = keys.secrets_file()
    if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        return Result.error(f"others on this machine can read {path}; run: chmod 600 {path}")
    if personal.decrypt(personal.encrypt("ประสาน")) != "ประสาน":
        return Result.error("what is encrypted can't be read back")
    try:
        Notice.objects.order_by("-id").only("address").first()
    except ValueError:
        return Result.error(f"{path} can't read the stored personal data; put the city's own secrets there")
    return Result.good(str(path))


@register("clock")
def clock() -> Result:
    """This machine and the database's agree."""
    apart = abs((datetime.now(UTC) - _row("select clock_timestamp()")[0]).total_seconds())
    text = f"{apart:.1f} s apart from the database's"
    return Result.error(f"{text}; deadlines go wrong, set up NTP") if apart > 5 else Result.good(text)
