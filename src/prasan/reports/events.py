"""What reports do when the ledger tells of something."""

from __future__ import annotations

from collections.abc import Sequence

from prasan.fabric.events import subscriber
from prasan.fabric.models import LedgerEntry
from prasan.reports import jobs, letters, rollups

subscriber("reports.rollups", actions=rollups.CHANGING)(rollups.follow)


@subscriber("reports.photos", actions=("photo.add", "photo.redo"))
def photos_process(entries: Sequence[LedgerEntry]) -> None:
    """Have each new picture made fit for everybody's eyes."""
    for entry in entries:
        jobs.photo_publish.defer(key=entry.object_id)


# Two cursors, so that a letter to citizens that can't be made does not hold up the officers', and the other way round.
subscriber("reports.followers", actions=tuple(letters.TOLD))(letters.tell_followers)
subscriber("reports.officers", actions=letters.TO_OFFICERS)(letters.tell_officers)
