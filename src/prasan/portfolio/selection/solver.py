"""Zero-one programs by HiGHS (`scipy.optimize.milp`), checked afterwards in whole numbers.

HiGHS works in floating point: a choice may overstep a limit by a millionth of a large number. So every answer is
checked with Python's exact numbers; one that oversteps is cut off and the program solved again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np

Number = int | float | Fraction
Cancelled = Callable[[], bool]
LARGEST = 1e4  # rows are scaled so that no coefficient is larger: a millionth of it is then far below a baht
POLL_SECONDS = 0.1
OPTIMAL, LIMIT, INFEASIBLE = 0, 1, 2  # scipy's words for how a solve ended


class Stopped(Exception):
    """Somebody asked to stop."""


@dataclass(frozen=True, slots=True)
class Row:
    """low ≤ Σ terms ≤ high; None is no limit."""

    terms: Mapping[int, Number]
    low: Number | None = None
    high: Number | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a solve ended: `best` (proven), `found` (time was up), `none` (proven that there is no answer), `unknown`."""

    state: Literal["best", "found", "none", "unknown"]
    values: tuple[float, ...] = ()
    value: float = 0.0
    bound: float = float("inf")
    seconds: float = 0.0

    @property
    def is_found(self) -> bool:
        return self.state in {"best", "found"}


@dataclass(slots=True)
class Program:
    """Maximise `objective` over zero-one variables; those of `continuous` run from 0 to the number given."""

    objective: Sequence[Number]
    rows: list[Row]
    continuous: Mapping[int, float] = field(default_factory=dict)
    _compiled: Any = None

    def solve(
        self,
        *,
        fixed: Mapping[int, int] | None = None,
        extra: Iterable[Row] = (),
        objective: Sequence[Number] | None = None,
        time_limit: float = 60.0,
        cancelled: Cancelled | None = None,
    ) -> Outcome:
        """The best choice, deterministic unless the time limit (seconds) ends it. Raises Stopped when cancelled."""
        started = time.monotonic()
        goal = self.objective if objective is None else objective
        added = list(extra)
        while True:
            left = time_limit - (time.monotonic() - started)
            result = self._run(goal, fixed or {}, added, max(left, 0.05), cancelled)
            outcome = self._outcome(result, goal, time.monotonic() - started)
            cut = self._overstepped(outcome, added) if outcome.is_found else None
            if cut is None:
                return outcome
            added.append(cut)

    def _run(
        self,
        goal: Sequence[Number],
        fixed: Mapping[int, int],
        added: Sequence[Row],
        time_limit: float,
        cancelled: Cancelled | None,
    ) -> Any:
        import numpy as np
        from scipy.optimize import Bounds, LinearConstraint, milp

        constraints = [
            LinearConstraint(*part) for part in (self._matrix(), _matrix(added, len(goal))) if part
        ]
        lower, upper = np.zeros(len(goal)), np.ones(len(goal))
        integrality = np.ones(len(goal))
        for index, most in self.continuous.items():
            upper[index], integrality[index] = most, 0
        for index, value in fixed.items():
            lower[index] = upper[index] = value

        def run() -> Any:
            return milp(
                -np.array([float(one) for one in goal]),
                integrality=integrality,
                bounds=Bounds(lower, upper),
                constraints=constraints,
                options={"time_limit": time_limit, "mip_rel_gap": 0.0},
            )

        return run() if cancelled is None else _stoppable(run, cancelled)

    def _matrix(self) -> Any:
        if self._compiled is None:
            self._compiled = _matrix(self.rows, len(self.objective))
        return self._compiled

    def _outcome(self, result: Any, goal: Sequence[Number], seconds: float) -> Outcome:
        if result.x is None:
            return Outcome("none" if result.status == INFEASIBLE else "unknown", seconds=seconds)
        values = tuple(
            float(one) if index in self.continuous else float(round(one))
            for index, one in enumerate(result.x)
        )
        value = float(sum(Fraction(goal[index]) * Fraction(one) for index, one in enumerate(values) if one))
        bound = -float(result.mip_dual_bound if result.mip_dual_bound is not None else result.fun)
        proven = result.status == OPTIMAL
        return Outcome(
            "best" if proven else "found", values, value, value if proven else max(bound, value), seconds
        )

    def _overstepped(self, outcome: Outcome, added: Sequence[Row]) -> Row | None:
        """A row that cuts off the first limit overstepped, or None. Rows with continuous parts are not looked at."""
        for row in (*self.rows, *added):
            if self.continuous and not self.continuous.keys().isdisjoint(row.terms):
                continue
            total = sum(Fraction(part) for index, part in row.terms.items() if outcome.values[index])
            if row.high is not None and total > Fraction(row.high):
                return _cut(row, outcome.values, 1)
            if row.low is not None and total < Fraction(row.low):
                return _cut(row, outcome.values, -1)
        return None


def _cut(row: Row, values: Sequence[float], sign: int) -> Row:
    """At least one of the variables that push the row over its limit must change."""
    pushing = {index: sign * part for index, part in row.terms.items() if part}
    on = [index for index, part in pushing.items() if part > 0 and values[index]]
    off = [index for index, part in pushing.items() if part < 0 and not values[index]]
    return Row(dict.fromkeys(on, 1) | dict.fromkeys(off, -1), high=len(on) - 1)


def _matrix(rows: Sequence[Row], width: int) -> tuple[Any, np.ndarray[Any, Any], np.ndarray[Any, Any]] | None:
    import numpy as np
    from scipy.sparse import csr_array

    if not rows:
        return None
    data: list[float] = []
    columns: list[int] = []
    starts = [0]
    lows, highs = np.full(len(rows), -np.inf), np.full(len(rows), np.inf)
    for place, row in enumerate(rows):
        scale = max((abs(float(part)) for part in row.terms.values()), default=1.0) / LARGEST
        scale = scale if scale > 1 else 1.0
        for index, part in row.terms.items():
            columns.append(index)
            data.append(float(part) / scale)
        starts.append(len(columns))
        if row.low is not None:
            lows[place] = float(row.low) / scale
        if row.high is not None:
            highs[place] = float(row.high) / scale
    return csr_array((data, columns, starts), shape=(len(rows), width)), lows, highs


def _stoppable(run: Callable[[], Any], cancelled: Cancelled) -> Any:
    """Run in a thread of its own (HiGHS lets the others go on) and leave it to its time limit when told to stop."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(run()), daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(POLL_SECONDS)
        if cancelled():
            raise Stopped
    if not results:
        raise RuntimeError("the solver ended without a result")
    return results[0]
