"""How files are received: what can't be taken is read past and not stored, so that the rest of a form survives it."""

from __future__ import annotations

import io
from typing import Any, Literal

from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from prasan.fabric.files import NO_SPACE
from prasan.fabric.problems import StorageFull
from prasan.reports.photos import LARGEST_UPLOAD, too_large

MOST_FILES = 12  # of one request; MOST_PHOTOS of a report says the rest in words
Problem = Literal["", "too_large", "full"]


class RefusedUpload(SimpleUploadedFile):
    """Stands for a file that was not kept; whoever opens it gets nothing."""

    def __init__(self, name: str, problem: Problem) -> None:
        super().__init__(name, b"")
        self.problem = problem
        self.file = _Nothing()
        self.file.problem = problem


class _Nothing(io.BytesIO):
    """An empty file that knows why, for callers who take the file out of the upload."""

    problem: Problem = ""


class PhotoUploadHandler(FileUploadHandler):
    """Keeps each file on disk up to LARGEST_UPLOAD (settings.FILE_UPLOAD_HANDLERS)."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self._files = 0
        self._file: Any = None
        self._problem: Problem = ""

    def new_file(self, *args: Any, **options: Any) -> None:
        """A file begins."""
        super().new_file(*args, **options)
        self._files += 1
        self._problem = "too_large" if self._files > MOST_FILES else ""
        self._guarded(self._open)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """A part of the file; what comes after a problem is dropped."""
        if not self._problem and start + len(raw_data) > LARGEST_UPLOAD:
            self._problem = "too_large"
        self._guarded(lambda: self._file.write(raw_data))
        return None

    def file_complete(self, file_size: int) -> UploadedFile[Any]:
        """The whole file, or what stands for it."""
        if self._problem:
            if self._file is not None:
                self._file.close()
            return RefusedUpload(self.file_name or "", self._problem)
        self._file.seek(0)
        self._file.size = file_size
        file: UploadedFile[Any] = self._file
        return file

    def _open(self) -> None:
        self._file = TemporaryUploadedFile(
            self.file_name or "", self.content_type or "", 0, self.charset, self.content_type_extra
        )

    def _guarded(self, act: Any) -> None:
        """Do it unless there is a problem already; a full disk becomes one."""
        if self._problem:
            return
        try:
            act()
        except OSError as error:
            if error.errno not in NO_SPACE:
                raise
            self._problem = "full"


def check_received(upload: Any, name: str) -> None:
    """Raise what happened to a file on its way: Invalid for one too large, StorageFull for a full disk."""
    problem = getattr(upload, "problem", "")
    if problem == "too_large":
        raise too_large(name)
    if problem == "full":
        raise StorageFull
