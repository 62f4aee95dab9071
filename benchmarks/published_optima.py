"""The optimiser against published optima: `.venv/bin/python -m benchmarks.published_optima FILE…`.

Reads two families of files from operations research and solves them with the program that chooses portfolios:

- OR-Library `mknap*`: multi-dimensional knapsacks (one file holds several; a published optimum of 0 means unknown);
- vOptLib bi-objective knapsacks `NAME.dat`, whose complete front of non-dominated points stands beside in `NAME.min`.

Prints found beside published, one line per instance. Exit code 0: all equal (or unknown), 1: one differs or was not
proven in time, 2: a file can't be read.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from prasan.portfolio.selection.solver import Number, Program, Row

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
KNAPSACK_SECONDS, FRONT_SECONDS = 300.0, 1800.0


class Unreadable(Exception):
    """The file is of neither family, or not whole."""


@dataclass(frozen=True, slots=True)
class Knapsack:
    """Maximise profits under `weights[i] · x ≤ capacities[i]`; `published` None: unknown."""

    profits: tuple[Number, ...]
    weights: tuple[tuple[Number, ...], ...]
    capacities: tuple[Number, ...]
    published: Fraction | None

    def rows(self) -> list[Row]:
        return [
            Row({item: part for item, part in enumerate(weight) if part}, high=capacity)
            for weight, capacity in zip(self.weights, self.capacities, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class BiObjective:
    """Two objectives to maximise under the same kind of constraints."""

    first: tuple[Number, ...]
    second: tuple[Number, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table; `agrees` None where nothing was published."""

    instance: str
    size: str
    found: str
    published: str
    agrees: bool | None
    seconds: float
    note: str = ""

    @property
    def verdict(self) -> str:
        return {None: "unknown", True: "equal", False: "DIFFERS"}[self.agrees]


# --- reading ---------------------------------------------------------------------------------------------------------


def numbers(text: str) -> list[Number]:
    """All numbers of a text, exact; lines beginning with # and whatever else stands there are passed over."""
    lines = (line.split("#", 1)[0] for line in text.splitlines())
    return [_number(word) for line in lines for word in NUMBER.findall(line)]


def _number(word: str) -> Number:
    value = Fraction(word)
    return int(value) if value.denominator == 1 else value


def read_mknap(text: str) -> list[Knapsack]:
    """The instances of an OR-Library file: their number, then each; or a single one without that number."""
    given = numbers(text)
    for start, count in ((1, given[0] if given else 0), (0, 1)):
        try:
            found = list(_knapsacks(given, start, int(count)))
        except (IndexError, ValueError):
            continue
        if found:
            return found
    raise Unreadable("not an OR-Library mknap file, or not whole")


def _knapsacks(given: Sequence[Number], place: int, count: int) -> Iterator[Knapsack]:
    for _instance in range(count):
        items, rows, best = int(given[place]), int(given[place + 1]), given[place + 2]
        if items < 1 or rows < 1:
            raise ValueError("a size below one")
        starts = range(place + 3, place + 3 + items * (rows + 2), items)
        place = starts[rows + 1] + rows
        if place > len(given):
            raise IndexError("the file ends early")
        parts = [tuple(given[start : start + items]) for start in starts[: rows + 1]]
        capacities = tuple(given[place - rows : place])
        yield Knapsack(parts[0], tuple(parts[1:]), capacities, Fraction(best) if best else None)
    if place != len(given):
        raise ValueError("the file does not end where it should")


def read_biobjective(text: str) -> BiObjective:
    """A vOptLib `.dat`: items N, objectives P, constraints K; then the objectives, the weights, the capacities."""
    given = numbers(text)
    if len(given) < 3 or given[1] != 2:
        raise Unreadable("not a vOptLib knapsack with two objectives")
    items, rows = int(given[0]), int(given[2])
    if len(given) != 3 + items * (2 + rows) + rows:
        raise Unreadable("the number of values does not fit N, P and K")
    parts = [tuple(given[3 + items * part : 3 + items * (part + 1)]) for part in range(2 + rows)]
    if any(Fraction(value).denominator != 1 for value in (*parts[0], *parts[1])):
        raise Unreadable("objectives that are not whole numbers")
    capacities = given[3 + items * (2 + rows) :]
    weights = [
        Row({item: part for item, part in enumerate(weight) if part}, high=capacity)
        for weight, capacity in zip(parts[2:], capacities, strict=True)
    ]
    return BiObjective(parts[0], parts[1], tuple(weights))


def read_front(text: str) -> set[tuple[Number, Number]]:
    """A vOptLib `.min`: the points of the front, two numbers each."""
    given = numbers(text)
    if len(given) % 2:
        raise Unreadable("the published front has a point of one number")
    return set(zip(given[::2], given[1::2], strict=True))


# --- solving ---------------------------------------------------------------------------------------------------------


def front(problem: BiObjective, time_limit: float) -> tuple[set[tuple[int, int]], bool]:
    """All non-dominated points, and whether that is proven.

    ε-constraint, exact for whole numbers: the best first objective with the second at least ε; then (second stage) the
    best second objective at that first one; then ε is one more than that.
    """
    ends = time.monotonic() + time_limit
    points: set[tuple[int, int]] = set()
    program = Program(problem.first, list(problem.rows))
    first_terms = {item: part for item, part in enumerate(problem.first) if part}
    second_terms = {item: part for item, part in enumerate(problem.second) if part}
    least: int | None = None
    while True:
        enough = [] if least is None else [Row(second_terms, low=least)]
        best = program.solve(extra=enough, time_limit=ends - time.monotonic())
        if best.state == "none":
            return points, True
        if best.state != "best":
            return points, False
        top = round(best.value)
        stage = program.solve(
            objective=problem.second,
            extra=[*enough, Row(first_terms, low=top)],
            time_limit=ends - time.monotonic(),
        )
        if stage.state != "best":
            return points, False
        points.add((top, round(stage.value)))
        least = round(stage.value) + 1


def lines_of(path: Path, time_limit: float | None = None) -> Iterator[Line]:
    """The lines of one file; `time_limit` in seconds per instance or front. Raises Unreadable."""
    try:
        text = path.read_text(errors="replace")
    except OSError as error:
        raise Unreadable(str(error.strerror or error)) from error
    if path.suffix.lower() == ".dat":
        yield _front_line(path, text, time_limit or FRONT_SECONDS)
        return
    instances = read_mknap(text)
    for place, one in enumerate(instances, start=1):
        name = path.name if len(instances) == 1 else f"{path.name} #{place}"
        yield _knapsack_line(name, one, time_limit or KNAPSACK_SECONDS)


def _knapsack_line(name: str, one: Knapsack, time_limit: float) -> Line:
    started = time.monotonic()
    outcome = Program(one.profits, one.rows()).solve(time_limit=time_limit)
    found = sum(
        (Fraction(part) for part, held in zip(one.profits, outcome.values, strict=False) if held), Fraction()
    )
    note = "" if outcome.state == "best" else f"not proven: gap {gap(outcome.bound, float(found))}"
    size = f"{len(one.profits)}x{len(one.capacities)}"
    agrees = None if one.published is None else found == one.published
    published = "unknown" if one.published is None else shown(one.published)
    return Line(name, size, shown(found), published, agrees, time.monotonic() - started, note)


def _front_line(path: Path, text: str, time_limit: float) -> Line:
    started = time.monotonic()
    problem = read_biobjective(text)
    points, proven = front(problem, time_limit)
    beside = next((one for one in (path.with_suffix(".min"), path.with_suffix(".MIN")) if one.exists()), None)
    published = read_front(beside.read_text(errors="replace")) if beside else None
    note = "" if proven else "not complete: time was up"
    if published is not None and published != points:
        note = f"{note} {len(published - points)} missing, {len(points - published)} too many".strip()
    size = f"{len(problem.first)}x{len(problem.rows)}"
    agrees = None if published is None else points == published and proven
    told = "unknown" if published is None else f"{len(published)} points"
    return Line(path.name, size, f"{len(points)} points", told, agrees, time.monotonic() - started, note)


def gap(bound: float, found: float) -> str:
    """(bound - found) / found in percent."""
    return f"{100 * (bound - found) / found:.3f} %" if found else "unknown"


def shown(value: Fraction) -> str:
    """A whole number, or decimals."""
    return str(int(value)) if value.denominator == 1 else f"{float(value):.6f}".rstrip("0")


# --- the command -----------------------------------------------------------------------------------------------------


@contextmanager
def quiet_solver() -> Iterator[None]:
    """HiGHS writes a stray line to the process's output now and then: send it to the errors."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; the exit code says whether all agree."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument(
        "--time-limit", type=float, metavar="SECONDS",
        help=f"per knapsack ({KNAPSACK_SECONDS:g} unless given) or front ({FRONT_SECONDS:g})",
    )  # fmt: skip
    given = parser.parse_args(arguments)
    code = 0
    agreed = differing = unknown = 0
    print(f"{'instance':<24} {'size':>8} {'found':>12} {'published':>12} {'':8} {'seconds':>8}")
    for path in given.files:
        if path.suffix.lower() == ".min":
            continue  # a published front is read beside its instance
        try:
            waiting = lines_of(path, given.time_limit)
            while True:
                with quiet_solver():
                    line = next(waiting, None)
                if line is None:
                    break
                agreed, differing = agreed + (line.agrees is True), differing + (line.agrees is False)
                unknown += line.agrees is None
                print(f"{line.instance:<24} {line.size:>8} {line.found:>12} {line.published:>12} "
                      f"{line.verdict:8} {line.seconds:8.2f}  {line.note}".rstrip(), flush=True)  # fmt: skip
        except Unreadable as error:
            print(f"{path.name}: {error}", file=sys.stderr)
            code = 2
    print(f"{agreed} equal, {differing} differ, {unknown} without a published value")
    return max(code, 1) if differing else code


if __name__ == "__main__":
    sys.exit(main())
