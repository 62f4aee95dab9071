"""How long things take: medians that count what is still open, by agency, district and category.

The share done after a time is estimated with the product-limit estimator (Kaplan and Meier, "Nonparametric
Estimation from Incomplete Observations", 1958): a report that is still open counts as taking longer than it has been
open so far. Medians over finished reports alone would look the better the more work is left lying.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Count
from django.utils import timezone

from prasan.city.registers import registers
from prasan.reports.models import NumbersSnapshot, Report

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PERIODS = (30, 90, 365)  # days up to the moment of computing
GROUPINGS = ("agency", "district", "category")
IMPORTED = "import:"  # how the source of reports taken over from another system begins
# What was taken over from another system shows the state last seen there, merged reports are counted in the one
# they were merged into, and private reports are in no number.
COLUMNS = """
copy (
  select agency_id, district, category,
    status in ('finished', 'irrelevant') as closed, status = 'irrelevant' as irrelevant,
    extract(epoch from coalesce(first_action_at, %(now)s) - submitted_at) / 3600 as acted_after,
    first_action_at is not null as acted,
    extract(epoch from coalesce(finished_at, %(now)s) - submitted_at) / 3600 as closed_after,
    reopened > 0 as reopened, coalesce(rating, 0) as rating
  from reports_report
  where submitted_at >= %(start)s and submitted_at < %(end)s and not private and duplicate_of_id is null
    and not starts_with(source, %(imported)s)
) to stdout (format csv, header)
"""
Columns = Mapping[str, "NDArray[Any]"]


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a group. Times are hours by the clock; None: that share was not reached, only `longest` is known.

    `fix_median` is the time after which half of the relevant reports are fixed, `fix_most` nine of ten.
    """

    code: str
    reports: int
    open: int
    irrelevant: int
    action_median: float | None
    action_most: float | None
    fix_median: float | None
    fix_most: float | None
    longest: float
    reopened: int
    rated: int
    rating: float | None


def duration_reached(
    durations: NDArray[np.float64], ended: NDArray[np.bool_], shares: tuple[float, ...] = (0.5, 0.9)
) -> list[float | None]:
    """The time after which each share has ended, counting those that have not (product-limit estimator).

    `durations` are times to the end, or so far where `ended` is false; None where a share is not reached.
    """
    import numpy as np

    if not len(durations):
        return [None] * len(shares)
    order = np.lexsort((~ended, durations))  # at the same time, ends come before what is still going on
    times, ends = durations[order], ended[order]
    at_risk = np.arange(len(times), 0, -1)
    surviving = np.cumprod(1 - ends / at_risk)
    found: list[float | None] = []
    for share in shares:
        reached = np.flatnonzero(ends & (surviving <= 1 - share + 1e-12))
        found.append(round(float(times[reached[0]]), 2) if len(reached) else None)
    return found


def numbers_of(code: str, columns: Columns) -> Numbers:
    """The numbers of some reports, given by column."""
    relevant = ~columns["irrelevant"]
    fixed_after, fixed = columns["closed_after"][relevant], columns["closed"][relevant]
    action = duration_reached(columns["acted_after"], columns["acted"])
    fix = duration_reached(fixed_after, fixed)
    ratings = columns["rating"][columns["rating"] > 0]
    return Numbers(
        code=code, reports=len(relevant), open=_count(~columns["closed"]), irrelevant=_count(~relevant),
        action_median=action[0], action_most=action[1], fix_median=fix[0], fix_most=fix[1],
        longest=round(float(fixed_after.max(initial=0)), 2), reopened=_count(columns["reopened"]),
        rated=len(ratings), rating=round(float(ratings.mean()), 2) if len(ratings) else None,
    )  # fmt: skip


def _count(mask: NDArray[np.bool_]) -> int:
    return int(mask.sum())


def compute(start: datetime, end: datetime, now: datetime) -> dict[str, Any]:
    """The content of a snapshot: numbers of all, and by agency, district and category. Two statements."""
    columns = _columns(start, end, now)
    columns = {**columns, "agency": _tops(columns["agency"])}
    taken_over = Report.objects.filter(source__startswith=IMPORTED, private=False)
    imported = taken_over.filter(submitted_at__gte=start, submitted_at__lt=end).count()
    groups = {name: [asdict(one) for one in _by(columns, name)] for name in GROUPINGS}
    return {"all": asdict(numbers_of("", columns)), "imported": imported, **groups}


def _by(columns: Columns, name: str) -> list[Numbers]:
    import numpy as np

    codes = np.unique(columns[name])
    found = [numbers_of(str(code), _pick(columns, columns[name] == code)) for code in codes if code]
    return sorted(found, key=lambda one: (-one.reports, one.code))


def _pick(columns: Columns, mask: NDArray[np.bool_]) -> Columns:
    return {name: column[mask] for name, column in columns.items()}


def _columns(start: datetime, end: datetime, now: datetime) -> dict[str, NDArray[Any]]:
    """The reports submitted in [start, end) by column, copied out in one statement."""
    from pyarrow import bool_, csv, string

    given = {"start": start, "end": end, "now": now, "imported": IMPORTED}
    with connection.cursor() as cursor, cursor.cursor.copy(COLUMNS, given) as copy:
        content = b"".join(bytes(part) for part in copy)
    kinds = dict.fromkeys(("agency_id", "district", "category"), string())
    kinds |= dict.fromkeys(("closed", "irrelevant", "acted", "reopened"), bool_())
    options = csv.ConvertOptions(
        column_types=kinds, true_values=["t"], false_values=["f"], strings_can_be_null=False
    )
    table = csv.read_csv(io.BytesIO(content), convert_options=options)
    columns = {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}
    for name in ("acted_after", "closed_after"):
        columns[name] = columns[name].astype(float)
    columns["agency"] = columns.pop("agency_id").astype(str)
    return columns


def _tops(codes: NDArray[Any]) -> NDArray[Any]:
    """Each agency's department, district office or outside body: what stands right below the city."""
    import numpy as np

    names, places = np.unique(codes, return_inverse=True)
    return np.array([registers().top(str(name)) for name in names], dtype=object)[places] if len(names) else codes


def received(start: datetime, end: datetime) -> dict[tuple[str, str], int]:
    """How many reports came in, by (category, district), those taken over from another system included. One statement.

    An import knows well when a report came in; it is what was done about it that it does not know.
    """
    found = Report.objects.filter(submitted_at__gte=start, submitted_at__lt=end, private=False, duplicate_of=None)
    counted = found.values_list("category", "district").annotate(count=Count("pk")).order_by()
    return {(category, district): count for category, district, count in counted}


def start_of_period(now: datetime, days: int) -> datetime:
    """Midnight in the city so many days ago."""
    day = timezone.localtime(now).date() - timedelta(days=days)
    return timezone.make_aware(datetime.combine(day, time.min))


def latest(days: int) -> NumbersSnapshot | None:
    """The newest snapshot of a period length. One statement."""
    newest = NumbersSnapshot.objects.filter(content__days=days).order_by("-computed_at")
    return newest.first()


def months_back(today: date, count: int) -> list[tuple[date, date]]:
    """(first day, last day) of the latest months, the current one first."""
    found = []
    first = today.replace(day=1)
    for _number in range(count):
        following = (first + timedelta(days=31)).replace(day=1)
        found.append((first, following - timedelta(days=1)))
        first = (first - timedelta(days=1)).replace(day=1)
    return found
