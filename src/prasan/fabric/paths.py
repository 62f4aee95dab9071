"""Where Prasan keeps what is not code: database, files, secrets, sockets."""

from __future__ import annotations

import os
import threading
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]


def var_folder() -> Path:
    """The folder of all state (`PRASAN_VAR`, default `var/` beside the code), made when missing."""
    folder = Path(os.environ.get("PRASAN_VAR", PROJECT / "var")).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def replace_file(path: Path, content: bytes) -> None:
    """Write `path` in one step: a reader sees the old content or the new, never a part. On disk when it returns."""
    scratch = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.new")
    try:
        with scratch.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
