"""Papers that people hand in: never trusted by their name, known by their first bytes, served so that nothing runs."""

from __future__ import annotations

from typing import IO

from django.utils.translation import gettext as _

from prasan.fabric.problems import Invalid, StorageFull

LARGEST = 15 * 1024 * 1024  # what an upload may be at all (settings.FILE_UPLOAD_HANDLERS)
STARTS = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff"}
TYPES = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg"}


def take_in(upload: IO[bytes], name: str) -> tuple[bytes, str]:
    """The content and its kind (`pdf`, `png`, `jpg`). Raises Invalid({"paper": …}), StorageFull."""
    problem = getattr(upload, "problem", "")
    if problem == "full":
        raise StorageFull
    content = b"" if problem else upload.read(LARGEST + 1)
    if problem or len(content) > LARGEST:
        sentence = _("“%(name)s” is too large; at most %(most)d MB, please.")
        raise Invalid({"paper": sentence % {"name": name[:80], "most": LARGEST // 1024**2}})
    for kind, start in STARTS.items():
        if content.startswith(start):
            return content, kind
    raise Invalid({"paper": _("“%(name)s” is no PDF and no picture (PNG, JPEG).") % {"name": name[:80]}})


def file_key(key: str, kind: str) -> str:
    """Where the paper lies in fabric.files."""
    return f"papers/{key[:2]}/{key}.{kind}"
