"""Secrets of this installation: from the environment, else made once in var/secrets.json (mode 0600).

`PRASAN_SECRETS` may name another file, for instance one mounted by an orchestrator.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from functools import cache
from pathlib import Path
from typing import Any

from prasan.fabric.paths import var_folder


def secrets_file() -> Path:
    """The file that holds the secrets."""
    return _file(os.environ.get("PRASAN_SECRETS"), os.environ.get("PRASAN_VAR"))


@cache
def _file(named: str | None, _var: str | None) -> Path:
    return Path(named) if named else var_folder() / "secrets.json"


_held: tuple[tuple[int, int], dict[str, Any]] | None = None


def load() -> dict[str, Any]:
    """Secrets by name: `django` (signing key), `lookup` (keyed hashes), `personal` (encryption keys, newest first).

    Read again when the file was replaced, so that every running process follows a rotation of keys at once.
    """
    global _held  # noqa: PLW0603
    path = secrets_file()
    try:
        state = path.stat()
    except FileNotFoundError:
        write(_fresh())
        state = path.stat()
    version = (state.st_mtime_ns, state.st_ino)
    if _held is None or _held[0] != version:
        _held = (version, json.loads(path.read_text()))
    return _held[1]


def fingerprints() -> list[str]:
    """Names the look-up key and each encryption key in force without telling them."""
    values = load()
    digests = (hashlib.sha256(f"prasan\n{key}".encode()) for key in [values["lookup"], *values["personal"]])
    return [digest.hexdigest()[:16] for digest in digests]


def write(values: dict[str, Any]) -> None:
    """Replace the secrets file in one step, readable by its owner only."""
    path = secrets_file()
    scratch = path.with_suffix(".new")
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(values, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)


def _fresh() -> dict[str, Any]:
    from cryptography.fernet import Fernet

    return {
        "django": secrets.token_urlsafe(48),
        "lookup": secrets.token_urlsafe(32),
        "personal": [Fernet.generate_key().decode()],
    }
