"""Files of reports, whatever their shape: each becomes plain rows under the field names of the file itself.

Known shapes: Traffy Fondue's CSV dump, its search and GeoJSON answers, and Parquet. Only the shape differs; what
the fields are called and mean is `rows`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prasan.fabric.problems import Invalid

RawRow = Mapping[str, Any]
PARQUET_MAGIC = b"PAR1"
LONGEST_FIELD = 1_000_000  # characters of one CSV field


class UnknownFormat(Invalid):
    """The file is none of the known shapes; the message says what was found."""

    def __init__(self, path: Path, found: str) -> None:
        super().__init__(
            {
                path.name: f"{found}. Known: Traffy Fondue's CSV dump, its search or GeoJSON answers, and Parquet."
            }
        )


@dataclass(frozen=True, slots=True)
class Source:
    """An opened file: its format (csv, json, geojson, parquet), how many rows it has (None: not known), the rows."""

    format: str
    total: int | None
    rows: Iterator[RawRow]


def open_source(path: Path) -> Source:
    """Open a file by what is in it, never by its name. Raises Invalid for a file that is none of the shapes."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise Invalid({path.name: f"can't be read: {error.strerror}"}) from error
    if head.startswith(PARQUET_MAGIC):
        return _parquet(path)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] in (b"{", b"["):
        return _json(path)
    if b"," in start.split(b"\n", 1)[0]:
        return _csv(path)
    raise UnknownFormat(path, "the file is empty" if not start else "the first line is neither JSON nor CSV")


def _csv(path: Path) -> Source:
    """UTF-8 with or without its mark; every line a report, the first the field names."""
    csv.field_size_limit(LONGEST_FIELD)
    with path.open(encoding="utf-8-sig", newline="") as file:
        names = next(csv.reader(file))
    if "ticket_id" not in names:
        raise UnknownFormat(path, f"a table without a column ticket_id (it has {', '.join(names[:8])})")

    def rows() -> Iterator[RawRow]:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            yield from csv.DictReader(file)

    return Source("csv", None, rows())


def _json(path: Path) -> Source:
    """A GeoJSON FeatureCollection, an object with `results`, or a plain list of objects."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise UnknownFormat(path, f"the file begins like JSON but is not ({error})") from error
    if isinstance(content, dict) and content.get("type") == "FeatureCollection":
        features = _list(path, content.get("features"), "features")
        return Source("geojson", len(features), (_feature(feature) for feature in features))
    found = content.get("results") if isinstance(content, dict) else content
    results = _list(path, found, "results")
    return Source("json", len(results), (row if isinstance(row, dict) else {} for row in results))


def _list(path: Path, found: Any, name: str) -> list[Any]:
    if not isinstance(found, list):
        raise UnknownFormat(path, f"JSON without a list “{name}”")
    return found


def _feature(feature: Any) -> RawRow:
    """Properties with the point beside them; what is no feature becomes an empty row and so a row error."""
    if not isinstance(feature, dict):
        return {}
    geometry = feature.get("geometry") or {}
    properties = feature.get("properties") or {}
    if not isinstance(properties, dict) or not isinstance(geometry, dict):
        return {}
    return {**properties, "coordinates": geometry.get("coordinates")}


def _parquet(path: Path) -> Source:
    from pyarrow import parquet
    from pyarrow.lib import ArrowException

    try:
        file = parquet.ParquetFile(path)
    except (ArrowException, OSError) as error:
        raise UnknownFormat(path, f"the file begins like Parquet but is not ({error})") from error
    if "ticket_id" not in file.schema_arrow.names:
        raise UnknownFormat(path, "Parquet without a column ticket_id")

    def rows() -> Iterator[RawRow]:
        for batch in file.iter_batches(batch_size=4096):
            yield from batch.to_pylist()

    return Source("parquet", file.metadata.num_rows, rows())
