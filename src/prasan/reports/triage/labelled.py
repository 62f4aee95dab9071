"""Labelled reports from a file, and a split on which copies of a text never sit on both sides."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prasan.reports.triage.features import copy_key

UNLABELLED = "อื่นๆ"
MACHINE_COLUMN = "type_abdul"


class BadFile(ValueError):
    """The file cannot be used; the message is one sentence for the person who named it."""


@dataclass(frozen=True)
class LabelledReports:
    """Texts with their labels, rows without a label included (`labels` is then empty).

    `by_machine` tells, where the file has the column ``type_abdul``, that another classifier set the labels
    and not a person: the two judge by different habits.
    """

    texts: list[str]
    labels: list[tuple[str, ...]]
    by_machine: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.texts)

    def counts(self) -> Counter[str]:
        return Counter(label for labels in self.labels for label in labels)

    def select(self, rows: Sequence[int] | NDArray[Any]) -> LabelledReports:
        return LabelledReports(
            [self.texts[row] for row in rows], [self.labels[row] for row in rows], self.by_machine[rows]
        )

    def usable(self, categories: Sequence[str]) -> LabelledReports:
        """Rows with a text and at least one of `categories`, other labels removed."""
        known = set(categories)
        kept = [tuple(label for label in labels if label in known) for labels in self.labels]
        rows = [row for row, labels in enumerate(kept) if labels and self.texts[row]]
        return LabelledReports(
            [self.texts[row] for row in rows], [kept[row] for row in rows], self.by_machine[rows]
        )

    def matrix(self, categories: Sequence[str]) -> NDArray[np.bool_]:
        """Rows x categories, true where the row carries the category."""
        column = {category: index for index, category in enumerate(categories)}
        found = np.zeros((len(self), len(categories)), bool)
        for row, labels in enumerate(self.labels):
            found[row, [column[label] for label in labels if label in column]] = True
        return found


def read_labelled(path: Path) -> LabelledReports:
    """Parquet or CSV with the columns ``comment`` and ``category`` (labels separated by commas).

    Raises BadFile when the file is missing, unreadable, empty or lacks a column.
    """
    table = _read_table(path)
    missing = [name for name in ("comment", "category") if name not in table.column_names]
    if missing:
        raise BadFile(f"{path} has no column {' and no column '.join(missing)}.")
    if table.num_rows == 0:
        raise BadFile(f"{path} has no rows.")
    texts = [str(text).strip() if text is not None else "" for text in table["comment"].to_pylist()]
    labels = [_split_labels(cell) for cell in table["category"].to_pylist()]
    by_machine = np.zeros(len(texts), bool)
    if MACHINE_COLUMN in table.column_names:
        by_machine = np.array([bool(cell) for cell in table[MACHINE_COLUMN].to_pylist()])
    return LabelledReports(texts, labels, by_machine)


def _read_table(path: Path) -> Any:
    import pyarrow
    from pyarrow import csv, parquet

    if not path.is_file():
        raise BadFile(f"There is no file {path}.")
    if path.stat().st_size == 0:
        raise BadFile(f"{path} is empty.")
    columns = ["comment", "category", MACHINE_COLUMN]
    try:
        with path.open("rb") as file:
            is_parquet = file.read(4) == b"PAR1"
        if is_parquet:
            names = parquet.read_schema(path).names
            return parquet.read_table(path, columns=[name for name in columns if name in names])
        convert = csv.ConvertOptions(column_types=dict.fromkeys(columns, pyarrow.string()))
        return csv.read_csv(
            path, parse_options=csv.ParseOptions(newlines_in_values=True), convert_options=convert
        )
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise BadFile(f"{path} is neither parquet nor CSV in UTF-8: {str(error).splitlines()[0]}") from error


def _split_labels(cell: object) -> tuple[str, ...]:
    names = (name.strip() for name in str(cell or "").split(","))
    return tuple(dict.fromkeys(name for name in names if name and name != UNLABELLED))


def folds(texts: Sequence[str], count: int, seed: int) -> NDArray[np.int64]:
    """A fold 0..count-1 for each text; texts that differ only in digits, spaces or signs share one."""
    salt = seed.to_bytes(8, "little", signed=True)
    digests = (hashlib.blake2b(copy_key(text).encode(), digest_size=8, salt=salt).digest() for text in texts)
    return np.array([int.from_bytes(digest, "big") % count for digest in digests], np.int64)
