"""One row of another system's file as Prasan understands it, or the fault that keeps it out.

The field names of every known shape stand in FIELDS, the words for states in STATES. Personal data is not told
apart here: what people wrote is masked where it is published (fabric.redaction).
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from prasan.reports.catalogue import Catalogue
from prasan.reports.models import Status

BANGKOK = timezone(timedelta(hours=7))  # times without a zone are Bangkok's, as the API's documentation says
LONGEST_TEXT = 10_000
LONGEST_FIELD = 500

# Canonical name → names it has in the CSV dump, the search answer, GeoJSON, the Exchange API and our Parquet.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "external_id": ("ticket_id",),
    "text": ("comment", "description"),
    "labels": ("category", "type", "problem_type_abdul"),
    "coordinates": ("coords", "coordinates"),
    "longitude": ("lon", "longitude", "lng"),
    "latitude": ("lat", "latitude"),
    "address": ("address",),
    "district": ("district", "district_geo"),
    "subdistrict": ("subdistrict",),
    "organisations": ("org_action", "organization", "org"),
    "submitted_at": ("timestamp",),
    "state": ("state", "state_type_latest", "status"),
    "rating": ("star",),
    "reopened": ("count_reopen",),
    "note": ("note",),
    "photos": ("photo", "photo_url"),
    "photos_after": ("photo_after", "after_photo"),
    "started_at": ("ts_inprogress", "timestamp_inprogress"),
    "finished_at": ("ts_finished", "timestamp_finished"),
    "updated_at": ("last_activity",),
}

STATES: Mapping[str, Status] = {
    "": Status.WAITING,
    "รอรับเรื่อง": Status.WAITING,
    "start": Status.WAITING,
    "ส่งเรื่องแล้ว": Status.FORWARDED,
    "ส่งต่อ": Status.FORWARDED,
    "ส่งต่อ(ใหม่)": Status.FORWARDED,
    "forward": Status.FORWARDED,
    "กำลังดำเนินการ": Status.IN_PROGRESS,
    "inprogress": Status.IN_PROGRESS,
    "ติดตาม": Status.FOLLOWED,
    "ติดตามเรื่อง": Status.FOLLOWED,
    "follow": Status.FOLLOWED,
    "เสร็จสิ้น": Status.FINISHED,
    "finish": Status.FINISHED,
    "ไม่เกี่ยวข้อง": Status.IRRELEVANT,
    "irrelevant": Status.IRRELEVANT,
}


class RowFault(ValueError):
    """Why a row can't be taken: the field (as the file calls it) and a reason without the value itself."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Row:
    """A report of another system. Places may be missing; times are in UTC."""

    external_id: str
    text: str
    labels: tuple[str, ...]
    longitude: float | None
    latitude: float | None
    address: str
    district: str
    subdistrict: str
    organisations: tuple[str, ...]
    submitted_at: datetime
    status: Status
    stage: str
    rating: int | None
    reopened: int
    note: str
    photos: tuple[str, ...]
    photos_after: tuple[str, ...]
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime | None


def read_row(raw: Mapping[str, Any], catalogue: Catalogue) -> Row:
    """Check one row. Raises RowFault at the first field that can't be taken."""
    labels = _labels(raw)
    text = _string(raw, "text", LONGEST_TEXT) or ", ".join(labels)
    if not text:
        raise RowFault(_name(raw, "text"), "there are no words and no category")
    submitted_at = _time(raw, "submitted_at")
    if submitted_at is None:
        raise RowFault(_name(raw, "submitted_at"), "the time is missing")
    longitude, latitude = _point(raw)
    status, stage = _state(raw, catalogue)
    return Row(
        external_id=_string(raw, "external_id", 100) or _made_id(text, submitted_at),
        text=text, labels=labels, longitude=longitude, latitude=latitude,
        address=_string(raw, "address", LONGEST_FIELD, cut=True),
        district=_string(raw, "district", 100), subdistrict=_string(raw, "subdistrict", 100),
        organisations=_list(raw, "organisations"), submitted_at=submitted_at, status=status, stage=stage,
        rating=_number(raw, "rating", 0, 5) or None, reopened=_number(raw, "reopened", 0, 10_000) or 0,
        note=_string(raw, "note", LONGEST_TEXT, cut=True),
        photos=_links(raw, "photos"), photos_after=_links(raw, "photos_after"),
        started_at=_time(raw, "started_at"), finished_at=_time(raw, "finished_at"), updated_at=_time(raw, "updated_at"),
    )  # fmt: skip


def _name(raw: Mapping[str, Any], field: str) -> str:
    """What the file calls a field: the first of its names that is there, with a value if possible."""
    names = FIELDS[field]
    filled = (name for name in names if not _is_empty(raw.get(name)))
    present = (name for name in names if name in raw)
    return next(filled, None) or next(present, names[0])


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or value == []  # noqa: PLR1714 — values of any type, not all hashable


def _value(raw: Mapping[str, Any], field: str) -> Any:
    for name in FIELDS[field]:
        value = raw.get(name)
        if not _is_empty(value):
            return value
    return None


def _string(raw: Mapping[str, Any], field: str, longest: int, *, cut: bool = False) -> str:
    value = _value(raw, field)
    if value is None:
        return ""
    if isinstance(value, dict | list):
        raise RowFault(_name(raw, field), "a text is needed")
    text = str(value).replace("\x00", "").strip()
    if len(text) > longest and not cut:
        raise RowFault(_name(raw, field), f"longer than {longest} characters")
    return text[:longest]


def _list(raw: Mapping[str, Any], field: str) -> tuple[str, ...]:
    return _parts(_value(raw, field))


def _parts(value: Any) -> tuple[str, ...]:
    """A list: a JSON one, PostgreSQL's `{a,b}`, or words between commas."""
    if value is None:
        return ()
    if isinstance(value, list):
        return tuple(str(part).strip() for part in value if str(part).strip())
    text = str(value).strip().removeprefix("{").removesuffix("}")
    return tuple(part.strip().strip('"') for part in text.split(",") if part.strip().strip('"'))


def _labels(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Labels of officers first, then those of the other system's own suggestions, each once."""
    found = [label for name in FIELDS["labels"] for label in _parts(raw.get(name))]
    return tuple(dict.fromkeys(found))


def _links(raw: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """Web addresses of photos; anything else there is passed over."""
    return tuple(
        link for link in _list(raw, field) if link.startswith(("https://", "http://")) and len(link) <= 2000
    )


def _point(raw: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Longitude and latitude in degrees (perhaps swapped); both None where the row has none, or none on earth."""
    field = "coordinates"
    value = _value(raw, field)
    if value is None:
        field = "longitude"
        value = [part for part in (_value(raw, "longitude"), _value(raw, "latitude")) if part is not None]
    parts = _json_or_commas(value) if isinstance(value, str) else value
    if not parts:
        return None, None
    try:
        longitude, latitude = (float(part) for part in parts)
    except (TypeError, ValueError) as error:
        raise RowFault(_name(raw, field), "two numbers are needed: longitude, latitude") from error
    on_earth = (
        math.isfinite(longitude) and math.isfinite(latitude) and max(abs(longitude), abs(latitude)) <= 180
    )
    return (longitude, latitude) if on_earth else (None, None)


def _json_or_commas(text: str) -> list[Any]:
    if text.startswith("["):
        try:
            return list(json.loads(text))
        except ValueError:
            return [text]
    return text.split(",")


def _number(raw: Mapping[str, Any], field: str, least: int, most: int) -> int | None:
    value = _value(raw, field)
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise RowFault(_name(raw, field), "a number is needed") from error
    if math.isnan(number):
        return None
    if not least <= number <= most or number != int(number):
        raise RowFault(_name(raw, field), f"a whole number from {least} to {most} is needed")
    return int(number)


def _time(raw: Mapping[str, Any], field: str) -> datetime | None:
    """A time as UTC; years of the Buddhist era are understood (2566 is 2023)."""
    value = _value(raw, field)
    if value is None:
        return None
    moment = value
    if not isinstance(moment, datetime):
        try:
            moment = datetime.fromisoformat(str(value).strip())
        except ValueError as error:
            raise RowFault(_name(raw, field), "a time such as 2023-06-01 08:30:00+07:00 is needed") from error
    if moment.year > 2400:
        moment = moment.replace(year=moment.year - 543)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=BANGKOK)
    if not 2000 <= moment.year <= 2200:
        raise RowFault(_name(raw, field), "the year can't be right")
    return moment.astimezone(UTC)


def _state(raw: Mapping[str, Any], catalogue: Catalogue) -> tuple[Status, str]:
    """The status, and the long-process stage where the state is one of the BMA's stages."""
    word = re.sub(r"\s+", "", _string(raw, "state", 100))
    if word in STATES:
        return STATES[word], ""
    for stage in catalogue.stages.values():
        if word == stage.name_th:
            return Status.IN_PROGRESS, stage.code
    raise RowFault(_name(raw, "state"), "this state is not known")


def _made_id(text: str, submitted_at: datetime) -> str:
    """An id for a row that has none, the same on every run."""
    return "made-" + hashlib.sha256(f"{submitted_at.isoformat()}\n{text}".encode()).hexdigest()[:16]
