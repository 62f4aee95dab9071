"""Files that are not public by themselves (photos): a local folder, or S3 when PRASAN_S3_BUCKET is set.

Keys are our own random names, never a name that somebody uploaded. A file is there whole or not at all.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage, storages

from prasan.fabric.paths import replace_file
from prasan.fabric.problems import StorageFull

KEY = re.compile(r"[a-z0-9][a-z0-9_-]*(?:/[a-z0-9][a-z0-9_-]*)*(?:\.[a-z0-9]{1,8})?\Z")
NO_SPACE = {errno.ENOSPC, errno.EDQUOT}
S3_NO_SPACE = {"QuotaExceeded", "InsufficientStorage", "XMinioStorageFull", "507"}


def put(key: str, content: bytes) -> None:
    """Store `content` under `key`, replacing what was there. Raises StorageFull, with nothing half-written."""
    try:
        _store().save(_checked(key), ContentFile(content))
    except Exception as error:
        if _is_full(error):
            raise StorageFull from error
        raise


def read(key: str) -> bytes:
    """The whole content. Raises FileNotFoundError."""
    with open_file(key) as file:
        return file.read()


def open_file(key: str) -> BinaryIO:
    """The content as a stream, to be closed by the caller. Raises FileNotFoundError."""
    return cast(BinaryIO, _store().open(_checked(key)))


def exists(key: str) -> bool:
    """Whether there is such a file."""
    return _store().exists(_checked(key))


def delete(key: str) -> None:
    """Remove the file; none is no error."""
    _store().delete(_checked(key))


def url(key: str) -> str:
    """An address that serves the file by itself for five minutes (S3), or empty: then our own view streams it."""
    store = _store()
    return "" if isinstance(store, LocalStorage) else store.url(_checked(key))


def keys(folder: str = "") -> Iterator[str]:
    """Every key below `folder`, in no order."""
    folders, files = _store().listdir(folder)
    prefix = f"{folder}/" if folder else ""
    yield from (prefix + name for name in files if KEY.match(prefix + name))
    for name in folders:
        yield from keys(prefix + name)


class LocalStorage(FileSystemStorage):
    """A folder on this machine. Writes beside and renames, on disk before it says so; replaces, never renames apart."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def _save(self, name: str, content: File[Any]) -> str:
        path = Path(self.path(name))
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, content.read())
        return name

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        return super().listdir(path) if os.path.isdir(self.path(path)) else ([], [])


def _store() -> Storage:
    return storages["photos"]


def _checked(key: str) -> str:
    if not KEY.match(key):
        raise ValueError(f"not a file key: {key[:80]!r}")
    return key


def _is_full(error: Exception) -> bool:
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        return True
    answer = getattr(error, "response", None)  # botocore's ClientError
    return isinstance(answer, dict) and answer.get("Error", {}).get("Code") in S3_NO_SPACE
