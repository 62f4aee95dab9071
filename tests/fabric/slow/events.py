"""Notes each entry it was handed, slowly; fails for ever on entries about `poison`."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from django.db import connection

from prasan.fabric.events import subscriber
from prasan.fabric.models import LedgerEntry

PAUSE = float(os.environ.get("SLOW_PAUSE", "0"))


@subscriber("tests.slow", actions=("test.*",))
def note(entries: Sequence[LedgerEntry]) -> None:
    """One row per entry and call; a second row for an entry would be a second delivery."""
    for entry in entries:
        if entry.object_id == "poison":
            raise ValueError("poison")
        with connection.cursor() as cursor:
            cursor.execute("insert into slow_effect values (%s)", [entry.id])
        time.sleep(PAUSE)
