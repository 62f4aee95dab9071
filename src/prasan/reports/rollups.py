"""Counts per H3 cell and month for the map's low zooms: what a change touched is counted anew, so twice is harmless."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import h3.api.basic_int as h3
from django.conf import settings
from django.db import connection, transaction

from prasan.fabric.models import LedgerEntry
from prasan.reports.actions.submit import CELL_RESOLUTION
from prasan.reports.queries.tiles import ROLLUP_RESOLUTION, child_range

# A report's cell (resolution 12) → its parent of the roll-ups' resolution: other resolution bits, finer digits 7.
FINER_DIGITS = (1 << 3 * (15 - ROLLUP_RESOLUTION)) - 1
RESOLUTION_BITS = 0xF << 52
PARENT = f"((cell & ~{RESOLUTION_BITS + FINER_DIGITS}::bigint) | {(ROLLUP_RESOLUTION << 52) + FINER_DIGITS}::bigint)"
MONTH = f"date_trunc('month', submitted_at at time zone '{settings.TIME_ZONE}')::date"
COUNT_ALL = f"""
insert into reports_cellcount (cell, category, status, district, month, count)
select {PARENT}, category, status, district, {MONTH}, count(*)
from reports_report where cell is not null and not private group by 1, 2, 3, 4, 5
"""  # noqa: S608 — numbers of the H3 index and the city's time zone alone
TOUCHED = f"select code, {PARENT}, {MONTH} from reports_report where code = any(%s) and cell is not null"  # noqa: S608
FORGET = """
delete from reports_cellcount c using unnest(%s::bigint[], %s::date[]) as t(cell, month)
where c.cell = t.cell and c.month = t.month
"""
COUNT_TOUCHED = f"""
insert into reports_cellcount (cell, category, status, district, month, count)
select t.cell, r.category, r.status, r.district, t.month, count(*)
from unnest(%s::bigint[], %s::date[], %s::bigint[], %s::bigint[]) as t(cell, month, low, high)
join reports_report r on r.cell between t.low and t.high and not r.private
  and r.submitted_at >= t.month::timestamp at time zone '{settings.TIME_ZONE}'
  and r.submitted_at < (t.month + interval '1 month') at time zone '{settings.TIME_ZONE}'
group by 1, 2, 3, 4, 5
"""  # noqa: S608
LOCK = "select pg_advisory_xact_lock(hashtext('reports.rollups'))"
CHANGING = (
    "report.submit", "report.import*", "report.demo*", "report.accept", "report.stage", "report.follow_up",
    "report.categorise", "report.forward", "report.split", "report.merge", "report.finish", "report.irrelevant",
    "report.resume", "report.reopen",
)  # fmt: skip


def follow(entries: Sequence[LedgerEntry]) -> None:
    """Count anew what the reports that changed lie in, also where a report has moved away from."""
    left = {entry.object_id: entry.changes.get("cell") for entry in entries}
    old = {code: cells[0] for code, cells in left.items() if isinstance(cells, list) and cells[0]}
    recompute([entry.object_id for entry in entries], left=old)


@transaction.atomic
def recompute(codes: Sequence[str], *, left: Mapping[str, int] | None = None) -> int:
    """Count the cells and months of these reports anew, also those of the cells (resolution 12) they `left`.

    Gives how many pairs of cell and month. Four statements.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
        cursor.execute(TOUCHED, [list(codes)])
        months = {}
        pairs = set()
        for code, cell, month in cursor.fetchall():
            months[code] = month
            pairs.add((cell, month))
        for code, cell in (left or {}).items():
            if code in months:
                pairs.add((h3.cell_to_parent(cell, ROLLUP_RESOLUTION), months[code]))
        if pairs:
            _count_again(cursor, sorted(pairs))
    return len(pairs)


def _count_again(cursor: Any, pairs: list[tuple[int, date]]) -> None:
    cells, months = [cell for cell, _month in pairs], [month for _cell, month in pairs]
    lows, highs = zip(*(child_range(cell, CELL_RESOLUTION) for cell in cells), strict=True)
    cursor.execute(FORGET, [cells, months])
    cursor.execute(COUNT_TOUCHED, [cells, months, list(lows), list(highs)])


@transaction.atomic
def rebuild() -> int:
    """Count everything anew (`prasan reports rollups`); gives how many rows."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
        cursor.execute("delete from reports_cellcount")
        cursor.execute(COUNT_ALL)
        return int(cursor.rowcount)
