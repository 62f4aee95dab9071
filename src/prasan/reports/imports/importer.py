"""Writing a file of reports in batches, each in one transaction: new ones with COPY, changed ones set by set.

A report is known again by (source, external id), so a second run updates and never doubles. What people did here
since (an entry by anybody but the import) is never overwritten: such a report is left alone.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from prasan.fabric.actions import ledger_write_many
from prasan.fabric.actors import Actor
from prasan.fabric.copying import copy_rows
from prasan.fabric.parallel import run_batches
from prasan.reports.actions.bulk import Draft, reports_write, write_parts
from prasan.reports.actions.search import search_vector
from prasan.reports.catalogue import catalogue
from prasan.reports.imports.drafts import Drafter
from prasan.reports.imports.readers import RawRow, open_source
from prasan.reports.imports.rows import Row, RowFault, read_row
from prasan.reports.models import Assignment, Entry, Photo, Report

ACTOR = Actor.system("reports.import")
LOCK = 0x1A11  # advisory lock: one import at a time
BATCH = 4000
WORTH_PROCESSES = 20_000  # rows: below, starting a second process takes longer than it saves
# What the other system decides, and so what makes a row differ from the report we have.
TAKEN = (
    "original", "public_text", "category", "category_how", "longitude", "latitude", "cell", "district", "subdistrict",
    "address", "status", "stage", "agency_id", "routed_by", "submitted_at", "first_action_at", "finished_at", "rating",
    "reopened", "photos",
)  # fmt: skip
UPDATED = (*TAKEN, "search", "suggested", "confidence", "updated_at")


class AlreadyRunning(RuntimeError):
    """Another import holds the lock."""


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that was not taken: its number in the file (from 1), its id there, the field and the reason."""

    row: int
    external_id: str
    field: str
    reason: str


@dataclass(slots=True)
class Summary:
    """How many rows were read, created, updated, found unchanged, left alone (changed here since) or refused."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    kept: int = 0
    errors: int = 0
    seconds: float = 0.0

    def add(self, other: Summary) -> None:
        """Add another batch's numbers."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


@dataclass(frozen=True, slots=True)
class Batch:
    """Numbered raw rows, and how they are to be written."""

    rows: Sequence[tuple[int, RawRow]]
    source: str
    origin: str
    now: datetime
    dry_run: bool


@dataclass(slots=True)
class Outcome:
    """What became of a batch."""

    summary: Summary
    errors: list[RowError] = field(default_factory=list)


def reports_import(
    path: Path, *, source: str = "import:traffy", dry_run: bool = False,
    progress: Callable[[int, int | None], None] | None = None, processes: int = 1, batch: int = BATCH,
) -> tuple[Summary, list[RowError]]:  # fmt: skip
    """Import a file; gives the numbers and the refused rows.

    `progress` is called with the rows done and the total, where it is known. One row's fault stops nothing; a
    batch is written whole or not at all. Raises Invalid for a file of no known shape, AlreadyRunning beside
    another import.
    """
    started = time.monotonic()
    opened = open_source(path)
    summary = Summary()
    errors: list[RowError] = []
    now = timezone.now()
    worth = opened.total is None or opened.total >= WORTH_PROCESSES
    waiting: Iterator[tuple[int, RawRow]] = enumerate(opened.rows, start=1)
    with _only_one():
        while lots := _Lots(waiting, batch):
            batches = (Batch(lot, source, f"import:{path.name}", now, dry_run) for lot in lots)
            for outcome in run_batches(import_batch, batches, processes if worth else 1):
                summary.add(outcome.summary)
                errors.extend(outcome.errors)
                if progress:
                    progress(summary.read, opened.total)
            waiting = iter(lots.again)
    summary.seconds = round(time.monotonic() - started, 2)
    return summary, sorted(errors, key=lambda error: error.row)


class _Lots:
    """Rows in lots; a row whose id came before waits in `again`, so that lots at work never share a report."""

    def __init__(self, rows: Iterator[tuple[int, RawRow]], size: int) -> None:
        self.rows = rows
        self.size = size
        self.again: list[tuple[int, RawRow]] = []
        self._seen: set[str] = set()
        self._first = list(islice(self._fresh(), size))

    def __bool__(self) -> bool:
        return bool(self._first)

    def __iter__(self) -> Iterator[list[tuple[int, RawRow]]]:
        fresh, lot = self._fresh(), self._first
        while lot:
            yield lot
            lot = list(islice(fresh, self.size))

    def _fresh(self) -> Iterator[tuple[int, RawRow]]:
        for number, row in self.rows:
            key = str(row.get("ticket_id") or "")
            if key in self._seen:
                self.again.append((number, row))
                continue
            if key:
                self._seen.add(key)
            yield number, row


@contextmanager
def _only_one() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise AlreadyRunning("another import is running; wait until it is done")
        try:
            yield
        finally:
            cursor.execute("select pg_advisory_unlock(%s)", [LOCK])


# --- one batch ------------------------------------------------------------------------------------------------


def import_batch(batch: Batch) -> Outcome:
    """Check, sort and write one batch in one transaction (undone at the end of a dry run)."""
    outcome = Outcome(Summary(read=len(batch.rows)))
    rows = list(_read(batch, outcome))
    drafter = Drafter(source=batch.source, now=batch.now)
    for last in (False, False, True):
        try:
            _write(batch, drafter.drafts(rows), outcome.summary)
            break
        except IntegrityError as error:  # one of millions of random codes was taken: draw again
            if last or "code" not in str(error):
                raise
    return outcome


def _read(batch: Batch, outcome: Outcome) -> Iterator[Row]:
    for number, raw in batch.rows:
        try:
            yield read_row(raw, catalogue())
        except RowFault as fault:
            outcome.summary.errors += 1
            known = str(raw.get("ticket_id") or "")[:40]
            outcome.errors.append(RowError(number, known, fault.field, fault.reason))


def _write(batch: Batch, drafts: Sequence[Draft], summary: Summary) -> None:
    with transaction.atomic():
        known = _known(batch.source, drafts)
        new = [draft for draft in drafts if draft.report.external_id not in known]
        reports_write(actor=ACTOR, action="report.import", drafts=new, origin=batch.origin)
        changed = _changed(drafts, known)
        _update(changed, batch.origin)
        if batch.dry_run:
            transaction.set_rollback(True)
    summary.created += len(new)
    summary.updated += len(changed)
    summary.kept += sum(report.touched for report in known.values())
    summary.unchanged += (
        len(drafts) - len(new) - len(changed) - sum(report.touched for report in known.values())
    )


def _known(source: str, drafts: Sequence[Draft]) -> dict[str, Any]:
    """Reports we have, locked, by external id; `touched` ones have an entry that no import wrote."""
    ids = [draft.report.external_id for draft in drafts]
    found = (
        Report.objects.select_for_update(of=("self",))
        .only("id", "code", "external_id", "version", *(name.removesuffix("_id") for name in TAKEN))
        .annotate(touched=Exists(Entry.objects.filter(report=OuterRef("pk")).exclude(by="system")))
        .filter(source=source, external_id__in=ids)
    )
    return {str(report.external_id): report for report in found}


def _changed(drafts: Sequence[Draft], known: Mapping[str, Any]) -> list[tuple[Draft, Any]]:
    """Drafts that differ from the report we have, given its key and code."""
    changed = []
    for draft in drafts:
        was = known.get(str(draft.report.external_id))
        if (
            was is None
            or was.touched
            or all(getattr(was, name) == getattr(draft.report, name) for name in TAKEN)
        ):
            continue
        draft.report.pk, draft.report.code = was.pk, was.code
        draft.report.search = search_vector(draft.report)
        changed.append((draft, was))
    return changed


STAGE = f"""
create temporary table if not exists reports_import on commit delete rows as
select id, {", ".join(UPDATED)} from reports_report with no data
"""  # noqa: S608 — names are constants
UPDATE = f"""
update reports_report r set {", ".join(f"{name} = s.{name}" for name in UPDATED)}, version = r.version + 1
from reports_import s where r.id = s.id
"""  # noqa: S608 — names are constants


def _update(changed: Sequence[tuple[Draft, Any]], origin: str) -> None:
    """Set the changed reports; what the import wrote of them before (parts, outside photos) is replaced."""
    if not changed:
        return
    drafts = [draft for draft, _was in changed]
    keys = [draft.report.pk for draft in drafts]
    with connection.cursor() as cursor:
        cursor.execute(STAGE)
        copy_rows(Report, [draft.report for draft in drafts], table="reports_import", fields=("id", *UPDATED))
        cursor.execute(UPDATE)
    Assignment.objects.filter(report__in=keys).delete()
    Photo.objects.filter(report__in=keys).exclude(external_url="").delete()
    for draft, was in changed:
        if draft.report.status == was.status and draft.report.stage == was.stage:
            draft.entries.clear()
    write_parts(drafts)
    ledger_write_many(
        actor=ACTOR, action="report.import_update", object_type="report", origin=origin,
        entries=((draft.report.code, _difference(draft.report, was)) for draft, was in changed),
    )  # fmt: skip


def _difference(report: Report, was: Report) -> dict[str, list[Any]]:
    names = ("category", "district", "status", "stage", "agency_id", "cell", "rating", "reopened")
    pairs = {name: [getattr(was, name), getattr(report, name)] for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def write_errors(path: Path, errors: Sequence[RowError]) -> None:
    """Refused rows as CSV: row, id, field, reason; nothing else of the row."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "id", "field", "reason"])
        writer.writerows((error.row, error.external_id, error.field, error.reason) for error in errors)
