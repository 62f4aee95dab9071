"""Reading the tables people really send: where the heading is, what each column means, and every row with its cells.

Give it the columns you understand; it copes with title rows, headings of two or three rows, merged cells, Thai digits,
blank rows, section rows, totals, units in headings (“ล้านบาท”), and columns under other names::

    with open_tables(file, COLUMNS, mapping=remembered) as tables:
        for table in tables:
            for row in table.rows():
                row.number, row.values["title"], row.cell("title"), row.faults

Nothing here knows what the table is of: proposals and systems are read by the same code.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from prasan.fabric.redaction import THAI_DIGITS
from prasan.portfolio.workbooks import values
from prasan.portfolio.workbooks.files import Merge, RawRow, SheetFile, open_sheets

LOOKED_AT = 40  # rows from the top among which the heading is sought
TALLEST = 3  # rows of a heading
LONGEST_HEADING = 80
TOTAL = re.compile(
    r"(?:ยอด|ผล)?รวม(?:ทั้งสิ้น|ทั้งหมด|เงิน|เป็นเงิน|งบประมาณ|ทุกรายการ|จำนวน)*\d*(?:โครงการ|รายการ|บาท)*"
    r"|(?:sub|grand)?totals?"
)
COUNTING = re.compile(r"\(?\d{1,3}\)?")
NOTES = ("หมายเหตุ", "ที่มา", "*", "ผู้จัดทำ", "ลงชื่อ", "(ลงชื่อ", "ข้อมูล ณ")
KEY_HEADINGS = frozenset(map(values.plain, ("ลำดับ", "ลำดับที่", "ที่", "no.", "no", "#", "item")))


@dataclass(frozen=True, slots=True)
class Column:
    """A column that an import understands.

    `names` are headings that mean it, `kind` how its cells are read: line, text, number, whole, year, day, list, money,
    choice. `by_year`: there may be one for each year, named in its heading; the field is then ``name.2570``.
    `choices` maps what may stand in a cell to what is kept. `fills`: a cell merged over several rows counts for all.
    """

    field: str
    label: Any
    names: tuple[str, ...] = ()
    kind: str = "line"
    required: bool = False
    by_year: bool = False
    choices: Callable[[], Mapping[str, Any]] | None = None
    fills: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one cell, or with a whole row (`cell` is then the row's first)."""

    sheet: str
    row: int
    cell: str
    field: str
    sentence: str


@dataclass(slots=True)
class Heading:
    """A column of the sheet: its letter, what stands above it, which field that means (empty: none), and its unit."""

    index: int
    text: str
    field: str = ""
    factor: int = 1
    example: str = ""

    @property
    def letter(self) -> str:
        return letter_of(self.index)

    @property
    def key(self) -> str:
        """By what a choice of this column is remembered."""
        return values.plain(self.text)[:200]


@dataclass(slots=True)
class Row:
    """One row that says something: values by field, as far as they could be read, and what could not."""

    sheet: str
    number: int
    values: dict[str, Any]
    letters: Mapping[str, str]
    section: str = ""
    faults: list[Fault] = field(default_factory=list)

    def cell(self, name: str) -> str:
        """Address of the cell of a field (C12); the row's first where the sheet has no such column."""
        return f"{self.letters.get(name, 'A')}{self.number}"

    def add_fault(self, name: str, sentence: Any) -> None:
        """Note that the cell of a field can't be taken."""
        self.faults.append(Fault(self.sheet, self.number, self.cell(name), name, str(sentence)))


@dataclass(slots=True)
class Table:
    """The table of one sheet.

    `titles` are the texts above the heading, `year` the one they name. `passed_over` counts rows that are no data, by
    why: blank, total, section, heading.
    """

    sheet: SheetFile
    columns: Mapping[str, Column]
    headings: list[Heading]
    first_row: int
    year: int | None
    heading_words: frozenset[str] = frozenset()
    titles: tuple[str, ...] = ()
    passed_over: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _carried: dict[Merge, Any] = field(default_factory=dict)
    _wide: frozenset[int] = frozenset()

    @property
    def name(self) -> str:
        return self.sheet.name

    @property
    def fields(self) -> set[str]:
        """Fields for which the sheet has a column."""
        return {heading.field for heading in self.headings if heading.field}

    def rows(self) -> Iterator[Row]:
        """Each row of data; can be called again."""
        self.passed_over.clear()
        fills = self._fills()
        self._wide = frozenset(m.top for m in self.sheet.merges if m.right > m.left + 1)
        section = ""
        for number, raw in islice(self.sheet.rows(), self.first_row - 1, None):
            cells = self._filled(number, raw, fills)
            why = self._why_none(number, cells)
            if why:
                self.passed_over[why] += 1
                section = _only_text(cells) if why == "section" else section
                continue
            yield self._row(number, cells, section)

    def _fills(self) -> dict[int, list[Merge]]:
        """Merges that carry a value down, by row; a title merged over two rows is one thing, not two."""
        carried = {
            heading.index + 1
            for heading in self.headings
            if heading.field and self.columns[base_of(heading.field)].fills
        }
        found: dict[int, list[Merge]] = defaultdict(list)
        for merge in self.sheet.merges:
            if merge.bottom > merge.top >= self.first_row and merge.left in carried:
                for number in range(merge.top, min(merge.bottom, merge.top + 500) + 1):
                    found[number].append(merge)
        self._carried.clear()
        return found

    def _filled(self, number: int, raw: RawRow, fills: Mapping[int, list[Merge]]) -> RawRow:
        if number not in fills:
            return raw
        cells = list(raw)
        for merge in fills[number]:
            place = merge.left - 1
            if number == merge.top:
                self._carried[merge] = cells[place] if place < len(cells) else None
            elif any(not values.is_empty(cell) for cell in cells):
                cells += [None] * (place + 1 - len(cells))
                cells[place] = self._carried.get(merge)
        return tuple(cells)

    def _why_none(self, number: int, cells: RawRow) -> str:
        """Why a row is no data, empty when it is."""
        told = [cell for cell in cells if cell is not None and values.text_of(cell)]
        if not told:
            return "blank"
        if _repeats(self.heading_words, told):
            return "heading"
        if _is_total(told):
            return "total"
        mapped = [h for h in self.headings if h.field and h.index < len(cells) and cells[h.index] is not None]
        if not mapped:
            return "section"
        if len(told) == 1 and isinstance(told[0], str):
            note = values.text_of(told[0]).startswith(NOTES)
            return "section" if note or number in self._wide or not self._is_data(mapped) else ""
        return ""

    def _is_data(self, mapped: Sequence[Heading]) -> bool:
        """Whether one cell alone can be a row: it stands where a required field does, and not in the first column."""
        first = min((heading.index for heading in self.headings if heading.text), default=0)
        return any(h.index > first and self.columns[base_of(h.field)].required for h in mapped)

    def _row(self, number: int, cells: RawRow, section: str) -> Row:
        row = Row(self.name, number, {}, {h.field: h.letter for h in self.headings if h.field}, section)
        for heading in self.headings:
            if not heading.field:
                continue
            cell = cells[heading.index] if heading.index < len(cells) else None
            if cell is None and f"{heading.letter}{number}" in self.sheet.uncalculated:
                row.add_fault(
                    heading.field,
                    _(
                        "This formula has no value yet. Open the workbook in Excel, save it and send it again."
                    ),
                )
                continue
            try:
                row.values[heading.field] = read_cell(
                    self.columns[base_of(heading.field)], cell, heading.factor
                )
            except values.Unreadable as fault:
                row.add_fault(heading.field, str(fault))
        for name, column in self.columns.items():
            told = row.values.get(name) not in (None, "", [])
            if column.required and not told and not any(fault.field == name for fault in row.faults):
                row.add_fault(name, _("“%(column)s” is missing.") % {"column": column.label})
        return row


@contextmanager
def open_tables(
    file: BinaryIO, columns: Sequence[Column], mapping: Mapping[str, str] | None = None
) -> Iterator[list[Table]]:
    """The tables of a file: one for each sheet that has a heading we understand.

    `mapping` tells, by `Heading.key`, which field a column means (empty: none), before any guess. An empty list when no
    sheet has such a heading. Raises Invalid or TooLarge for a file that can't be taken, also while rows are read.
    """
    known = {column.field: column for column in columns}
    with open_sheets(file) as sheets:
        found = (find_table(sheet, known, mapping or {}) for sheet in sheets)
        yield [table for table in found if table is not None]


def read_cell(column: Column, cell: Any, factor: int = 1) -> Any:
    """What a cell means in its column. Raises Unreadable."""
    if isinstance(cell, str) and cell.startswith("#") and re.fullmatch(r"#[A-Z0-9/]+[!?]?", cell):
        raise values.Unreadable(_("The cell shows an error of Excel (%(text)s).") % {"text": cell})
    if column.kind == "money":
        return values.money(cell, factor)
    if column.kind == "choice":
        return _choice(column, cell)
    return values.PARSERS[column.kind](cell)


def _choice(column: Column, cell: Any) -> Any:
    if values.is_empty(cell):
        return None
    choices = column.choices() if column.choices else {}
    found = {values.plain(str(name)): kept for name, kept in choices.items()}
    text = values.plain(values.text_of(cell))
    if text in found:
        return found[text]
    raise values.Unreadable(
        _("“%(text)s” is none of the choices for “%(column)s”.")
        % {"text": values.text_of(cell)[:60], "column": column.label}
    )


def base_of(name: str) -> str:
    """The column of a field: buy.2570 → buy."""
    return name.partition(".")[0]


def letter_of(index: int) -> str:
    """Excel's letters of a column counted from 0."""
    letters, index = "", index + 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


# --- finding the heading ---------------------------------------------------------------------------------------------


def find_table(sheet: SheetFile, columns: Mapping[str, Column], mapping: Mapping[str, str]) -> Table | None:
    """The table of a sheet, None where no row from the top reads like its heading."""
    top = [cells for _number, cells in islice(sheet.rows(), LOOKED_AT)]
    best: tuple[float, int, int, list[Heading]] | None = None
    for start in range(len(top)):
        for height in range(1, min(TALLEST, len(top) - start) + 1):
            headings = _headings(top[start : start + height], sheet.merges, start + 1)
            score = _map(headings, columns, mapping) - 0.1 * (height - 1)
            if best is None or score > best[0]:
                best = (score, start, height, headings)
    if best is None or best[0] < 2:
        return None
    _score, start, height, headings = best
    first = start + height
    titles = tuple(values.text_of(cell) for cells in top[:start] for cell in cells if cell is not None)
    above = " ".join(titles)
    _set_units(headings, columns, above)
    for heading in headings:
        below = (cells[heading.index] for cells in top[first:] if heading.index < len(cells))
        heading.example = next((values.text_of(cell)[:60] for cell in below if cell is not None), "")
    words = (
        values.plain(values.text_of(cell)) for cells in top[start:first] for cell in cells if cell is not None
    )
    return Table(sheet, columns, headings, first + 1, values.year_in(above), frozenset(words), titles)


def _headings(rows: Sequence[RawRow], merges: Sequence[Merge], top: int) -> list[Heading]:
    """What stands above each column, in these rows taken together."""
    width = max(map(len, rows))
    grid = [[_short(row[i]) if i < len(row) else "" for i in range(width)] for row in rows]
    _spread(grid, merges, top)
    found = []
    for index in range(width):
        parts = list(dict.fromkeys(line[index] for line in grid if line[index]))
        found.append(Heading(index, " ".join(parts)))
    return found


def _short(cell: Any) -> str:
    text = values.text_of(cell)
    return text if len(text) <= LONGEST_HEADING else ""


def _spread(grid: list[list[str]], merges: Sequence[Merge], top: int) -> None:
    """Write a heading that spans several columns above each of them.

    Told by the merged range; where the file holds none (CSV), by a blank to the right above a cell that is not.
    """
    for merge in merges:
        row, last = merge.top - top, merge.right - 1
        if 0 <= row < len(grid) - 1 and merge.right > merge.left and last < len(grid[row]):
            for index in range(merge.left, merge.right):
                grid[row][index] = grid[row][merge.left - 1]
    if merges:
        return
    for row, line in enumerate(grid[:-1]):
        for index in range(1, len(line)):
            if not line[index] and line[index - 1] and grid[row + 1][index] and grid[row + 1][index - 1]:
                line[index] = line[index - 1]


def _map(headings: Sequence[Heading], columns: Mapping[str, Column], mapping: Mapping[str, str]) -> float:
    """Say what each heading means, each field once; gives how well that went: 1 for each sure one, with a required."""
    candidates: list[tuple[float, int, str]] = []
    sure = 0
    for heading in headings:
        heading.field = ""
        told = mapping.get(heading.key) if heading.text else None
        if told is not None and (told == "" or base_of(told) in columns):
            candidates += [(9.0, heading.index, told)] if told else []
            continue
        candidates += [(score, heading.index, name) for name, score in _meanings(heading.text, columns)]
    taken: set[str] = set()
    by_index = {heading.index: heading for heading in headings}
    total = 0.0
    for score, index, name in sorted(candidates, key=lambda one: (-one[0], one[1])):
        if name not in taken and not by_index[index].field:
            by_index[index].field = name
            taken.add(name)
            total += min(score, 1.0)
            sure += columns[base_of(name)].required
    return total if sure else 0.0


def _meanings(text: str, columns: Mapping[str, Column]) -> Iterator[tuple[str, float]]:
    """Fields that a heading may mean, each with how sure that is (1: its very name)."""
    if not text or values.plain(text) in KEY_HEADINGS:
        return
    bare = values.plain(re.sub(r"\([^)]*\)", "", text)) or values.plain(text)
    full = values.plain(text)
    year = values.year_in(text)
    for column in columns.values():
        names = {values.plain(name) for name in (column.field, str(column.label), *column.names)}
        if column.by_year:
            yield from _yearly(column, names, bare, year)
        elif bare in names or full in names:
            yield column.field, 1.0
        else:
            near = max((_likeness(bare, name) for name in names), default=0.0)
            if near:
                yield column.field, near


def _yearly(column: Column, names: set[str], bare: str, year: int | None) -> Iterator[tuple[str, float]]:
    """A money column of a year: its name with the year and the words around it taken off."""
    if year is None:
        return
    rest = re.sub(r"(?:ประจำ)?ปีงบประมาณ|พศ|คศ|ปี|fy|\d+", "", bare)
    rest = re.sub(r"(?:พันล้าน|ล้าน|แสน|หมื่น|พัน)?บาท$", "", rest)
    stems = {re.sub(r"(?:ประจำ)?ปีงบประมาณ|พศ|ปี", "", name) for name in names}
    if rest in stems:
        yield f"{column.field}.{year}", 1.0
    else:
        near = max((_likeness(rest, stem) for stem in stems if stem), default=0.0)
        if near:
            yield f"{column.field}.{year}", near


def _likeness(text: str, name: str) -> float:
    """How much a heading is a name with something added, 0 … 0.9; half of it at least must be the name."""
    shorter, longer = sorted((text, name), key=len)
    if len(shorter) < 3 or shorter not in longer or 2 * len(shorter) < len(longer):
        return 0.0
    return 0.9 * len(shorter) / len(longer)


def _set_units(headings: Sequence[Heading], columns: Mapping[str, Column], above: str) -> None:
    general = values.unit_in(above) if "หน่วย" in above or "unit" in above.casefold() else None
    for heading in headings:
        if heading.field and columns[base_of(heading.field)].kind == "money":
            heading.factor = values.unit_in(heading.text) or general or 1


# --- rows that are no data -------------------------------------------------------------------------------------------


def _repeats(heading_words: frozenset[str], told: Sequence[Any]) -> bool:
    """The heading again on a new page, or a line that numbers the columns."""
    if len(told) < 2:
        return False
    if values.plain(values.text_of(told[0])) in heading_words:
        return all(values.plain(values.text_of(cell)) in heading_words for cell in told)
    texts = [values.text_of(cell).translate(THAI_DIGITS) for cell in told[:20]]
    return len(texts) >= 3 and all(map(COUNTING.fullmatch, texts)) and _counts_up(texts)


def _counts_up(texts: Sequence[str]) -> bool:
    numbers = [int(re.sub(r"\D", "", text)) for text in texts]
    return numbers[0] <= 2 and all(b - a == 1 for a, b in pairwise(numbers))


def _is_total(told: Sequence[Any]) -> bool:
    """รวม, รวมทั้งสิ้น … anywhere, or “รวมสำนักการแพทย์” as the only words of a row that has no number in front."""
    if not any(isinstance(cell, str) and ("รวม" in cell or "otal" in cell.casefold()) for cell in told):
        return False
    words = [values.plain(cell) for cell in told if _is_words(cell)]
    if any(TOTAL.fullmatch(word) for word in words):
        return True
    leads = _is_words(told[0]) and words[0].startswith(("รวม", "ยอดรวม"))
    return leads and len(words) == 1 and len(told) > 1


def _is_words(cell: Any) -> bool:
    if not isinstance(cell, str):
        return False
    try:
        values.money(cell)
    except values.Unreadable:
        return True
    return False


def _only_text(cells: RawRow) -> str:
    return next((values.text_of(cell) for cell in cells if cell is not None and values.text_of(cell)), "")
