"""Many finished reports at once, for imports and demonstrations: the rows an action each would have written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from prasan.fabric.actions import ledger_write_many
from prasan.fabric.actors import Actor
from prasan.fabric.copying import copy_rows, reserve_ids
from prasan.reports.models import Assignment, Entry, Follower, Photo, Report


@dataclass(slots=True)
class Draft:
    """A report with what belongs to it, none of it saved; `changes` is what the ledger will say."""

    report: Report
    assignments: list[Assignment]
    entries: list[Entry] = field(default_factory=list)
    photos: list[Photo] = field(default_factory=list)
    followers: list[Follower] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)


def reports_write(*, actor: Actor, action: str, drafts: Sequence[Draft], origin: str) -> None:
    """Write new reports with COPY and a ledger entry each, inside the caller's transaction.

    Only the system does this (imports, demonstrations): nothing is checked here, the caller vouches for the rows.
    """
    if not actor.is_system:
        raise PermissionError("only imports and demonstrations write reports in bulk")
    for draft, key in zip(drafts, reserve_ids(Report, len(drafts)), strict=True):
        draft.report.pk = key
    copy_rows(Report, [draft.report for draft in drafts])
    write_parts(drafts)
    ledger_write_many(
        actor=actor, action=action, object_type="report", origin=origin,
        entries=((draft.report.code, draft.changes) for draft in drafts),
    )  # fmt: skip


def write_parts(drafts: Sequence[Draft]) -> None:
    """Write what belongs to reports that have their keys."""
    for draft in drafts:
        for part in (*draft.assignments, *draft.entries, *draft.photos, *draft.followers):
            setattr(part, "report_id", draft.report.pk)  # noqa: B010 — one field of four kinds of rows
    copy_rows(Assignment, [part for draft in drafts for part in draft.assignments])
    _write_photographed(drafts)
    copy_rows(Entry, [entry for draft in drafts for entry in draft.entries if entry.pk is None])
    copy_rows(Photo, [photo for draft in drafts for photo in draft.photos])
    copy_rows(Follower, [follower for draft in drafts for follower in draft.followers])


def _write_photographed(drafts: Sequence[Draft]) -> None:
    """Entries that photos point to need their keys first."""
    shown = {
        id(photo.entry): photo.entry for draft in drafts for photo in draft.photos if photo.entry is not None
    }
    for entry, key in zip(shown.values(), reserve_ids(Entry, len(shown)) if shown else (), strict=True):
        entry.pk = key
    for draft in drafts:
        for photo in draft.photos:
            photo.entry_id = photo.entry.pk if photo.entry else None
    copy_rows(Entry, list(shown.values()))
