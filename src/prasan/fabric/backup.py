"""A whole city in one file: the database, the photos, on wish the secrets; and back again, on any machine.

The file is a tar: ``database.dump`` (pg_dump's custom format, itself compressed), ``files/…``, ``secrets.json``
when asked for, and last ``manifest.json`` with a SHA-256 of every part. It is readable by its owner alone.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction

from prasan.fabric import files, keys, migrations_state, postgres, seals
from prasan.fabric.boot import OperatorError

FORMAT = 1
DATABASE, SECRETS, MANIFEST, FILES = "database.dump", "secrets.json", "manifest.json", "files/"
BLOCK = 1 << 20
Progress = Callable[[str], None]
NO_ROLES = ("--no-owner", "--no-privileges")  # another machine has other roles
SET_ASIDE = "prasan_before_restore"
SERVING = """
select count(*) from pg_stat_activity where datname = current_database() and application_name in ('web', 'worker')
"""
HIGHEST = """
select greatest(
  (select coalesce(max(position), 0) from fabric_ledgerentry),
  (select coalesce(max(to_position), 0) from fabric_ledgerseal),
  (select coalesce(max(position), 0) from fabric_subscription)
) + 1 - pg_current_xact_id()::text::bigint
"""


@dataclass
class Manifest:
    """What a backup holds. `keys` tells whether this machine's secrets can read it (keys.fingerprints)."""

    format: int = FORMAT
    prasan: str = ""
    made_at: str = ""
    server_version: int = 0
    migrations: list[list[str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)

    @property
    def has_secrets(self) -> bool:
        return SECRETS in self.parts

    @property
    def is_readable_here(self) -> bool:
        """Whether this machine's secrets open the personal data in it."""
        return set(self.keys) <= set(keys.fingerprints())


@dataclass(frozen=True)
class Restored:
    """What a restore did: number of files, and what the ledger's verification found."""

    files: int
    readable: bool
    ledger: seals.Verification


def backup(target: Path, *, with_secrets: bool, say: Progress) -> Manifest:
    """Write the whole city to `target`, which appears only when it is complete. Raises OperatorError."""
    manifest = _describe()
    scratch = target.with_name(f".{target.name}.part")
    try:
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            with tarfile.open(fileobj=file, mode="w") as archive:
                _pack(archive, manifest, with_secrets=with_secrets, say=say)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(target)
    except OSError as error:
        raise OperatorError(f"The backup could not be written to {target}: {error.strerror}") from error
    finally:
        scratch.unlink(missing_ok=True)
    return manifest


def restore(source: Path, *, replace: bool, say: Progress) -> Restored:
    """Put a backup in place of an empty database (or, with `replace`, of this one). Raises OperatorError.

    Nothing is changed before the whole file has been checked; if the database can't be restored, the old one
    is back as it was.
    """
    say("checking the file")
    manifest = verify(source)
    _ensure_restorable(manifest, replace=replace)
    with tarfile.open(source) as archive:
        say("database")
        with _old_tables_set_aside():
            _load_database(archive)
        _raise_positions()
        call_command("migrate", verbosity=0, interactive=False)
        _unpack_secrets(archive, manifest)
        count = _unpack_files(archive, manifest, say)
    seals.witness_forget()
    say("ledger")
    return Restored(count, manifest.is_readable_here, seals.ledger_verify())


def verify(source: Path) -> Manifest:
    """The manifest of a complete, undamaged backup. Raises OperatorError for anything else."""
    seen: dict[str, str] = {}
    manifest: Manifest | None = None
    try:
        with tarfile.open(source) as archive:
            for member in archive:
                content = archive.extractfile(member)
                if content is None:
                    continue
                if member.name == MANIFEST:
                    manifest = Manifest(**json.load(content))
                else:
                    seen[member.name] = _digest(content)
    except (OSError, tarfile.TarError, ValueError, TypeError) as error:
        raise OperatorError(f"{source} can't be read as a backup: {error}") from error
    if manifest is None:
        raise OperatorError(
            f"{source} is not complete: it has no manifest. Was it cut off while it was copied?"
        )
    wrong = sorted(name for name in {*seen, *manifest.parts} if seen.get(name) != manifest.parts.get(name))
    if wrong:
        raise OperatorError(
            f"{source} is damaged: {wrong[0]} (and {len(wrong) - 1} more) is not as it was written."
        )
    return manifest


# ---- packing ----


def _describe() -> Manifest:
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('server_version_num')::int")
        server_version = cursor.fetchone()[0]
    return Manifest(
        prasan=version("prasan"), made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        server_version=server_version, migrations=[list(key) for key in migrations_state.applied()],
        keys=keys.fingerprints(),
    )  # fmt: skip


def _pack(archive: tarfile.TarFile, manifest: Manifest, *, with_secrets: bool, say: Progress) -> None:
    say("database")
    with tempfile.TemporaryDirectory(dir=settings.VAR_FOLDER) as folder:
        dump = Path(folder) / DATABASE
        _client("pg_dump", "--format=custom", *NO_ROLES, "--no-unlogged-table-data", f"--file={dump}")
        with dump.open("rb") as content:
            manifest.parts[DATABASE] = _add(archive, DATABASE, content, dump.stat().st_size)
    for number, key in enumerate(files.keys(), start=1):
        if number % 100 == 1:
            say(f"files: {number}")
        _pack_file(archive, manifest, key)
    if with_secrets:
        _add_bytes(archive, manifest, SECRETS, keys.secrets_file().read_bytes())
    text = json.dumps(asdict(manifest), indent=1).encode()
    _add(archive, MANIFEST, io.BytesIO(text), len(text))


def _pack_file(archive: tarfile.TarFile, manifest: Manifest, key: str) -> None:
    try:
        content = files.read(key)
    except FileNotFoundError:
        return  # erased since it was listed
    _add_bytes(archive, manifest, FILES + key, content)


def _add_bytes(archive: tarfile.TarFile, manifest: Manifest, name: str, content: bytes) -> None:
    manifest.parts[name] = _add(archive, name, io.BytesIO(content), len(content))


def _add(archive: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> str:
    digest = _digest(content)
    content.seek(0)
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    archive.addfile(member, content)
    return digest


def _digest(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := content.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()


# ---- unpacking ----


def _ensure_restorable(manifest: Manifest, *, replace: bool) -> None:
    unknown = migrations_state.unknown(tuple(key) for key in manifest.migrations)
    if manifest.format > FORMAT or unknown:
        raise OperatorError(
            f"The backup is of a newer Prasan ({manifest.prasan}); update the code, then restore."
        )
    with connection.cursor() as cursor:
        if not replace and connection.introspection.table_names(cursor):
            raise OperatorError(
                "The database is not empty. To replace everything in it: prasan restore --replace FILE"
            )
        cursor.execute(SERVING)
        if cursor.fetchone()[0]:
            raise OperatorError(
                "Prasan is running on this database. Stop it first (Ctrl-C, or systemctl stop)."
            )
    if not replace and next(files.keys(), None):
        raise OperatorError(
            "There are photos here already. To replace everything: prasan restore --replace FILE"
        )


@contextmanager
def _old_tables_set_aside() -> Iterator[None]:
    """What is in the database steps aside; it is dropped when the new one is in, and comes back when it is not."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"alter schema public rename to {SET_ASIDE}")
        cursor.execute("create schema public; grant usage on schema public to public")
    try:
        yield
    except BaseException:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"drop schema public cascade; alter schema {SET_ASIDE} rename to public")
        raise
    with connection.cursor() as cursor:
        cursor.execute(f"drop schema {SET_ASIDE} cascade")
        cursor.execute("analyze")


def _load_database(archive: tarfile.TarFile) -> None:
    with tempfile.TemporaryDirectory(dir=settings.VAR_FOLDER) as folder:
        dump = Path(folder) / DATABASE
        with dump.open("wb") as file:
            shutil.copyfileobj(_part(archive, DATABASE), file, BLOCK)
        name = connection.settings_dict["NAME"]
        _client(
            "pg_restore", *NO_ROLES, "--exit-on-error", "--single-transaction", f"--dbname={name}", str(dump)
        )


def _raise_positions() -> None:
    """On another server transaction numbers begin anew; the ledger's positions must go on growing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"select greatest(fabric_ledger_offset(), ({HIGHEST}))")
        offset = int(cursor.fetchone()[0])
        cursor.execute(
            "create or replace function fabric_ledger_offset() returns bigint language sql immutable parallel safe"
            f" as 'select {offset}::bigint'"
        )


def _unpack_files(archive: tarfile.TarFile, manifest: Manifest, say: Progress) -> int:
    wanted = [name for name in manifest.parts if name.startswith(FILES)]
    for number, name in enumerate(wanted, start=1):
        if number % 100 == 1:
            say(f"files: {number} of {len(wanted)}")
        files.put(name.removeprefix(FILES), _part(archive, name).read())
    for key in list(files.keys()):
        if FILES + key not in manifest.parts:
            files.delete(key)
    return len(wanted)


def _unpack_secrets(archive: tarfile.TarFile, manifest: Manifest) -> None:
    """Take over the backup's secrets where they are needed; this machine's own are kept beside them."""
    if manifest.is_readable_here or not manifest.has_secrets:
        return
    path = keys.secrets_file()
    shutil.copy2(path, path.with_suffix(".before-restore"))  # its mode too
    keys.write(json.load(_part(archive, SECRETS)))


def _part(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    content = archive.extractfile(name)
    if content is None:
        raise OperatorError(f"The backup has no {name}.")
    return content


# ---- PostgreSQL's own tools ----


def _client(tool: str, *arguments: str) -> None:
    """Run pg_dump or pg_restore on the database of the settings; the password goes by environment, not by list."""
    given: dict[str, Any] = connection.get_connection_params()
    environment = {**os.environ, "PGDATABASE": str(given.get("dbname", ""))}
    for name, variable in (("host", "PGHOST"), ("port", "PGPORT"), ("user", "PGUSER"), ("password", "PGPASSWORD"),
                           ("sslmode", "PGSSLMODE"), ("sslrootcert", "PGSSLROOTCERT")):  # fmt: skip
        if given.get(name):
            environment[variable] = str(given[name])
    done = subprocess.run(
        [str(_tool(tool)), *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        words = done.stderr.strip().splitlines() or ["it gave no reason"]
        raise OperatorError(f"{tool} failed: {words[0]}")


def _tool(name: str) -> Path:
    """The tool of the wheel, or that of the system when the server is newer."""
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('server_version_num')::int / 10000")
        server = cursor.fetchone()[0]
    for candidate in (postgres.binaries() / name, Path(shutil.which(name) or "")):
        if candidate.is_file() and _major(candidate) >= server:
            return candidate
    raise OperatorError(
        f"The server is PostgreSQL {server}; install its {name} (package postgresql-client-{server})."
    )


def _major(tool: Path) -> int:
    text = subprocess.run([str(tool), "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"(\d+)", text.partition(")")[2])
    return int(found.group(1)) if found else 0
