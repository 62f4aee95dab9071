"""Reading a city's files so that every fault can be told with its file, line and field."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

Sentence = Any  # str or a lazy translation


@dataclass(frozen=True, slots=True)
class RowError:
    """One fault in a city's files; `line` counts from 1 and is None where the whole file is meant."""

    file: str
    line: int | None
    field: str
    sentence: Sentence

    def text(self, language: str | None = None) -> str:
        """The sentence in `language` (th, en), or in the reader's own."""
        if language is None:
            return str(self.sentence)
        with override(language):
            return str(self.sentence)

    @property
    def place(self) -> str:
        """`agencies.csv:12 parent`, as editors understand it."""
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where} {self.field}".rstrip()


class CityFilesError(ValueError):
    """The city's files can't be used; `errors` holds every fault found."""

    def __init__(self, errors: list[RowError]) -> None:
        super().__init__(errors)
        self.errors = errors

    def __str__(self) -> str:
        return "; ".join(f"{error.place}: {error.text()}" for error in self.errors[:5])


class ErrorList(list[RowError]):
    """The faults of one file, gathered while it is read."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self.file = file

    def add(self, line: int | None, field: str, sentence: Sentence, **values: object) -> None:
        """Note a fault; `values` fill the sentence's {names}."""
        self.append(RowError(self.file, line, field, format_lazy(sentence, **values) if values else sentence))


class Lines(dict[str, Any]):
    """A mapping of a YAML file that knows its lines: `line` of its start, `line_of(key)` of each key."""

    line: int = 1

    def __init__(self) -> None:
        super().__init__()
        self._key_lines: dict[str, int] = {}

    def line_of(self, key: str) -> int:
        return self._key_lines.get(key, self.line)


class _Loader(yaml.SafeLoader):
    """Safe YAML with line numbers; a key given twice is an error, not a silent overwrite."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Iterator[Lines]:
    result = Lines()
    result.line = node.start_mark.line + 1
    yield result
    loader.flatten_mapping(node)
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node, deep=True))
        if key in result:
            raise yaml.constructor.ConstructorError(None, None, f"duplicate key {key}", key_node.start_mark)
        result._key_lines[key] = key_node.start_mark.line + 1
        result[key] = loader.construct_object(value_node, deep=True)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read_yaml(path: Path, errors: ErrorList) -> Lines:
    """A YAML file whose top is a mapping; empty, with the fault noted, when it can't be read."""
    try:
        value = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 — derived from SafeLoader
    except FileNotFoundError:
        errors.add(None, "", _("The file is missing."))
    except UnicodeDecodeError:
        errors.add(None, "", _("The file is not UTF-8 text."))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        errors.add(line, "", _("This is not valid YAML: {problem}."), problem=error.problem or "")
    else:
        if isinstance(value, Lines):
            return value
        errors.add(1, "", _("The file must hold names and values (“name: value”)."))
    return Lines()


def read_csv(path: Path, required: tuple[str, ...], errors: ErrorList) -> list[tuple[int, Mapping[str, str]]]:
    """Rows of a CSV file with a header as (line, column → text); missing columns, ragged rows are noted."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="", strict=True)
            missing = [column for column in required if column not in (reader.fieldnames or ())]
            for column in missing:
                errors.add(1, column, _("The column is missing."))
            return [] if missing else list(_csv_rows(reader, errors))
    except FileNotFoundError:
        errors.add(None, "", _("The file is missing."))
    except UnicodeDecodeError:
        errors.add(None, "", _("The file is not UTF-8 text."))
    except csv.Error as error:
        errors.add(None, "", _("This is not valid CSV: {problem}."), problem=str(error))
    return []


def _csv_rows(reader: csv.DictReader[str], errors: ErrorList) -> Iterator[tuple[int, Mapping[str, str]]]:
    for row in reader:
        if None in row:
            errors.add(reader.line_num, "", _("The row has more cells than the header has columns."))
            continue
        yield reader.line_num, {column: text.strip() for column, text in row.items()}
