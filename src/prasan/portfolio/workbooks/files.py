"""Opening a table file safely: Excel workbooks (values only, nothing run) and CSV, row by row in bounded memory."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any, BinaryIO

from django.utils.translation import gettext as _

from prasan.fabric.problems import Invalid, TooLarge

MOST_BYTES = 20 * 1024 * 1024
MOST_UNPACKED = 400 * 1024 * 1024
MOST_PARTS = 2_000
WORST_RATIO = 250  # a sheet of 50,000 rows packs some 10 to 20 times; a bomb a thousand times
MOST_ROWS = 200_000
MOST_COLUMNS = 200
MOST_BLANK = 2_000  # a sheet may be formatted down to its last row: so many blank rows end it

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
MERGE = re.compile(rb'<(?:\w+:)?mergeCell [^>]*ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
UNCALCULATED = re.compile(rb'<c r="([A-Z]{1,3}\d{1,7})"[^>]*><f[^>]*>[^<]*</f>(?:<v ?/>|<v></v>)?</c>')
OVERLAP = 8_192  # bytes of a sheet that are looked at twice, so that nothing is missed at a border
CSV_ENCODINGS = ("utf-8-sig", "cp874")

RawRow = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged range; rows and columns count from 1, ends included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(slots=True)
class SheetFile:
    """One sheet: its name and how to read it. `merges` by top row; `uncalculated`: formulas without a kept value."""

    name: str
    source: Any
    merges: list[Merge] = field(default_factory=list)
    uncalculated: frozenset[str] = frozenset()

    def rows(self) -> Iterator[tuple[int, RawRow]]:
        """(number in the sheet from 1, cells) of each row, blank ones too; can be called again."""
        blank = 0
        for number, cells in enumerate(self.source(), start=1):
            if number > MOST_ROWS:
                raise TooLarge(
                    _("The sheet “%(sheet)s” has more than %(most)s rows. Please send it in parts.")
                    % {"sheet": self.name, "most": f"{MOST_ROWS:,}"}
                )
            blank = 0 if any(cell is not None for cell in cells) else blank + 1
            if blank > MOST_BLANK:
                return
            yield number, tuple(cells[:MOST_COLUMNS])


@contextmanager
def open_sheets(file: BinaryIO) -> Iterator[list[SheetFile]]:
    """The visible sheets of a workbook or CSV file, told by its content and not by its name.

    Macros, formulas and links are not run: a formula counts with the value that Excel kept. Raises Invalid or TooLarge
    with a sentence for what can't be taken: .xls, encrypted, damaged, bombs, other formats.
    """
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(0)
    if size > MOST_BYTES:
        raise TooLarge(
            _("The file is larger than %(most)d MB. Please send it in parts.")
            % {"most": MOST_BYTES // 1024 // 1024}
        )
    head = file.read(512)
    file.seek(0)
    if head.startswith(b"PK"):
        with _workbook(file) as sheets:
            yield sheets
    else:
        _refuse_others(file, head)
        yield [_csv_sheet(file.read())]


def _refuse_others(file: BinaryIO, head: bytes) -> None:
    if not head.strip():
        raise _refusal(_("The file is empty."))
    if head.startswith(OLE):
        content = file.read()
        file.seek(0)
        if ENCRYPTED in content:
            raise _refusal(
                _("The workbook is locked with a password. Please remove the password and send it again.")
            )
        raise _refusal(
            _("This is an old Excel file (.xls). Please open it in Excel, save it as .xlsx and send that.")
        )
    if head.startswith(b"%PDF"):
        raise _refusal(_("This is a PDF. Please send the Excel workbook it was made from."))
    if head.lstrip().lower().startswith((b"<html", b"<!doctype", b"<table", b"<?xml")):
        raise _refusal(
            _(
                "This is a web page with the name of an Excel file. Please open it in Excel and save it as .xlsx."
            )
        )
    if b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _refusal(_("This is neither an Excel workbook (.xlsx) nor a CSV file."))


def _refusal(sentence: str) -> Invalid:
    return Invalid({"file": sentence})


@contextmanager
def _workbook(file: BinaryIO) -> Iterator[list[SheetFile]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    damaged = _(
        "The workbook is damaged and can't be read. Please open it in Excel, save it again and send that."
    )
    try:
        with zipfile.ZipFile(file) as packed:
            _check_parts(packed)
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                yield [_sheet(packed, sheet) for sheet in book.worksheets if sheet.sheet_state == "visible"]
            finally:
                book.close()
    except Invalid:
        raise
    except (
        zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, EOFError, SyntaxError, IndexError,
        NotImplementedError, AttributeError, zipfile.LargeZipFile,
    ) as error:  # fmt: skip
        # What openpyxl raises for a broken part; ElementTree's ParseError is a SyntaxError.
        raise _refusal(damaged) from error


def _check_parts(packed: zipfile.ZipFile) -> None:
    parts = packed.infolist()
    names = {part.filename for part in parts}
    if any(part.flag_bits & 1 for part in parts):
        raise _refusal(
            _("The workbook is locked with a password. Please remove the password and send it again.")
        )
    if "xl/workbook.xml" not in names and not any(name.endswith("workbook.xml") for name in names):
        raise _refusal(_("This is neither an Excel workbook (.xlsx) nor a CSV file."))
    unpacked = sum(part.file_size for part in parts)
    suspicious = any(
        part.file_size > 10 * 1024 * 1024 and part.file_size > WORST_RATIO * max(part.compress_size, 1)
        for part in parts
    )
    if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED or suspicious:
        raise TooLarge(_("The workbook unpacks to far more than a table needs, and was not opened."))


def _sheet(packed: zipfile.ZipFile, sheet: Any) -> SheetFile:
    sheet.reset_dimensions()  # some programs write a wrong size, which would cut rows off
    merges, uncalculated = _marks(packed, sheet._worksheet_path)
    return SheetFile(sheet.title, lambda: sheet.iter_rows(values_only=True), merges, uncalculated)


def _marks(packed: zipfile.ZipFile, path: str) -> tuple[list[Merge], frozenset[str]]:
    """Merged ranges, and cells whose formula has no kept value: openpyxl's streaming reader tells neither."""
    merges: set[Merge] = set()
    uncalculated: set[str] = set()
    with packed.open(path.lstrip("/")) as part:
        for chunk in _overlapping(part):
            for left, top, right, bottom in MERGE.findall(chunk):
                merges.add(Merge(int(top), _column(left), int(bottom), _column(right)))
            uncalculated.update(cell.decode() for cell in UNCALCULATED.findall(chunk))
    return sorted(merges, key=lambda merge: (merge.top, merge.left)), frozenset(uncalculated)


def _overlapping(part: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while block := part.read(1024 * 1024):
        chunk = rest + block
        yield chunk
        rest = chunk[-OVERLAP:]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _csv_sheet(content: bytes) -> SheetFile:
    text = _decoded(content)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:20_000], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    dialect.doublequote = True  # the sniffer believes otherwise where no quote was doubled in what it saw

    def rows() -> Iterator[RawRow]:
        reader = csv.reader(io.StringIO(text, newline=""), dialect)
        try:
            for row in reader:
                yield tuple(cell or None for cell in row)
        except csv.Error as error:
            raise _refusal(
                _("Line %(line)d of the CSV file can't be read.") % {"line": reader.line_num}
            ) from error

    return SheetFile("CSV", rows)


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = CSV_ENCODINGS
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _refusal(_("The letters of the CSV file can't be read. Please save it as “CSV UTF-8”."))
