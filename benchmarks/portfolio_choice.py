"""How long a choice takes: `.venv/bin/python -m benchmarks.portfolio_choice [--cpsat PYTHON] [--write]`.

Made-up portfolios of 65 agencies over three years, solved to a proven optimum by HiGHS (`scipy.optimize.milp`) as the
product does it, beside OR-Tools CP-SAT with two workers as a baseline. CP-SAT runs under the Python that `--cpsat`
names (it is no dependency of Prasan; `pip install ortools` into any environment); without it its columns stay empty.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.made_portfolios import made, plain
from benchmarks.published_optima import quiet_solver
from prasan.portfolio.selection.model import Model, build
from prasan.portfolio.selection.problem import Problem

SIZES = (60, 120, 300, 600)
SEEDS = (1, 2, 3)
GRAIN = 10  # values are multiples of a tenth: CP-SAT wants whole numbers
DOCUMENT = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- choice: begin -->", "<!-- choice: end -->"
HEADER = [
    "| projects | kind | HiGHS: processor seconds to proof (three portfolios) | value | CP-SAT: seconds | proven | value |",
    "| --- | --- | --- | --- | --- | --- | --- |",
]
KINDS = {
    "plain: ceilings, caps, needs, exclusions, committed": plain,
    "with pilots, later begins, platforms, floors": lambda problem: problem,
}


def highs(problem: Problem, seconds: float) -> tuple[float, float, bool]:
    """Processor seconds (building the program included), value, and whether it was proven."""
    started = time.process_time()
    with quiet_solver():
        outcome = build(problem).program.solve(time_limit=seconds)
    return time.process_time() - started, outcome.value, outcome.state == "best"


def cpsat(model: Model, python: str, seconds: float) -> dict[str, Any]:
    """What CP-SAT finds for the same program."""
    rows = [[row.terms, row.low, row.high] for row in model.program.rows]
    objective = [round(float(part) * GRAIN) for part in model.program.objective]
    given = json.dumps({"objective": objective, "rows": rows, "seconds": seconds})
    script = Path(__file__).with_name("choice_cpsat.py")
    ran = subprocess.run(
        [python, str(script)], check=False, input=given, capture_output=True, text=True, timeout=seconds + 60
    )
    if ran.returncode:
        raise SystemExit(f"CP-SAT failed under {python}: {ran.stderr.strip().splitlines()[-1:]}")
    return dict(json.loads(ran.stdout))


def row(size: int, kind: str, python: str, seconds: float) -> str:
    """A line of the table."""
    problems = [KINDS[kind](made(size, seed=seed)) for seed in SEEDS]
    ours = [highs(problem, seconds) for problem in problems]
    theirs = [cpsat(build(problem), python, seconds) for problem in problems] if python else []
    times = " · ".join(f"{spent:.2f}{'' if proven else ' (not proven)'}" for spent, _value, proven in ours)
    values = " · ".join(f"{value:,.1f}" for _spent, value, _proven in ours)
    other_times = " · ".join(f"{one['seconds']:.2f}" for one in theirs) or "not run"
    proven = f"{sum(one['status'] == 'OPTIMAL' for one in theirs)} of {len(theirs)}" if theirs else ""
    other_values = " · ".join(
        "none" if one["value"] is None else f"{one['value'] / GRAIN:,.1f}" for one in theirs
    )
    return f"| {size} | {kind} | {times} | {values} | {other_times} | {proven} | {other_values} |"


def write(lines: Sequence[str]) -> None:
    """Put the table between its markers in docs/benchmarks.md; they are added where they are missing."""
    text = DOCUMENT.read_text()
    if BEGIN not in text:
        text = f"{text.rstrip()}\n\n## Choosing under a ceiling\n\n{BEGIN}\n{END}\n"
    before, rest = text.split(BEGIN, 1)
    _old, after = rest.split(END, 1)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{after}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write where asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--sizes", default=",".join(map(str, SIZES)), help="numbers of projects (default %(default)s)"
    )
    parser.add_argument("--cpsat", default="", metavar="PYTHON", help="a Python with ortools")
    parser.add_argument("--time-limit", type=float, default=60.0, metavar="SECONDS")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    given = parser.parse_args(arguments)
    highs(made(60), 10)  # libraries are loaded once, before the clock runs
    lines = list(HEADER)
    print("\n".join(lines))
    for size in map(int, given.sizes.split(",")):
        for kind in KINDS:
            lines.append(row(size, kind, given.cpsat, given.time_limit))
            print(lines[-1], flush=True)
    load = os.getloadavg()[0]
    lines += [
        "",
        f"65 agencies, three years, up to {given.time_limit:g} s each; HiGHS on one thread (so its "
        "seconds would pass on a clock with nothing else running), CP-SAT on two by the clock. Measured "
        f"{datetime.now(UTC):%Y-%m-%d} on {os.cpu_count()} cores ({platform.machine()}), Python "
        f"{platform.python_version()}, load {load:.1f} while measuring.",
    ]
    if given.write:
        write(lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
