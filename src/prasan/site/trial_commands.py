"""`prasan demo` and `prasan bench`: made-up reports, and how fast everything is."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import Any

Subparsers = Any  # argparse keeps the type private
PICTURED = 300  # of a demonstration's first reports


def add_parsers(verbs: Subparsers) -> None:
    """Add both verbs."""
    demo = verbs.add_parser("demo", help="write made-up reports, as many as wanted")
    demo.add_argument("--reports", type=int, default=3000, help="how many (3000)")
    demo.add_argument("--seed", type=int, default=1, help="the same seed gives the same reports (1)")
    demo.add_argument("--processes", type=int, default=0, help="processes at work (one for each core)")
    demo.set_defaults(run=run_demo)
    bench = verbs.add_parser("bench", help="measure this machine's Prasan")
    kinds = bench.add_subparsers(dest="what", required=True, metavar="WHAT")
    reports = kinds.add_parser("reports", help="reports: creating, reading, importing, sorting")
    reports.add_argument(
        "--quick", action="store_true", help="small sizes and short runs, to try the measuring itself"
    )
    reports.add_argument("--only", default="", help="some parts: create,read,import,triage,growth")
    reports.add_argument("--write", action="store_true", help="put the results into docs/benchmarks.md")
    reports.set_defaults(run=run_bench_reports)


def run_demo(given: argparse.Namespace) -> int:
    """Write the reports, then count the map's and the numbers page's figures anew."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from prasan.fabric.boot import setup_django

    setup_django()
    from prasan.reports import rollups
    from prasan.reports.actions.numbers import numbers_compute
    from prasan.reports.demonstration.writing import demo_write

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as bar:
        task = bar.add_task("writing reports", total=given.reports)
        seconds = demo_write(
            reports=given.reports, seed=given.seed, pictured=PICTURED, processes=given.processes or os.cpu_count() or 1,
            progress=lambda done: bar.update(task, completed=done),
        )  # fmt: skip
    rollups.rebuild()
    numbers_compute()
    print(f"{given.reports:,} reports in {seconds:.1f} s")
    return 0


def run_bench_reports(given: argparse.Namespace) -> int:
    """The measuring lives in benchmarks/ beside the code: it is no part of what a city runs."""
    from prasan.fabric.boot import OperatorError
    from prasan.fabric.paths import PROJECT

    sys.path.insert(0, str(PROJECT))
    try:
        reports = importlib.import_module("benchmarks.reports")
    except ModuleNotFoundError as error:
        sentence = f"Measuring needs a checkout and its development packages ({error}); run ./test once."
        raise OperatorError(sentence) from error
    return int(
        reports.run(quick=given.quick, only=set(filter(None, given.only.split(","))), write=given.write)
    )
