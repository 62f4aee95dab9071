"""`prasan reports …`: import, and the verbs of triage."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prasan.reports import routing_commands as routing
from prasan.reports.triage import commands as triage

if TYPE_CHECKING:
    from prasan.reports.imports.importer import RowError, Summary

Subparsers = Any  # argparse keeps the type private
MOST_SHOWN = 5


def add_parsers(verbs: Subparsers) -> None:
    """Add this module's verbs."""
    take = verbs.add_parser("import", help="read reports of another system: CSV, JSON, GeoJSON or Parquet")
    take.add_argument("file", type=Path)
    take.add_argument("--source", default="import:traffy", help="where the reports come from (import:traffy)")
    take.add_argument("--dry-run", action="store_true", help="check and count everything, write nothing")
    take.add_argument(
        "--errors", type=Path, help="where refused rows go (FILE.errors.csv beside the current folder)"
    )
    take.add_argument("--processes", type=int, default=0, help="processes at work (one for each core)")
    take.add_argument("--json", action="store_true", help="print the numbers as JSON and nothing else")
    take.set_defaults(run=run_import)
    counts = verbs.add_parser("rollups", help="count the map's cells anew from the reports")
    counts.set_defaults(run=run_rollups)
    table = verbs.add_parser("workflow", help="print what is allowed when, as docs/reports-workflow.md holds it")
    table.set_defaults(run=run_workflow)
    triage.add_parsers(verbs)
    routing.add_parsers(verbs)


def run_rollups(given: argparse.Namespace) -> int:
    """0; they follow the ledger by themselves, so this mends what was changed behind its back."""
    from prasan.fabric.boot import setup_django

    setup_django()
    from prasan.reports import rollups

    print(f"{rollups.rebuild():,} counts")
    return 0


def run_workflow(_given: argparse.Namespace) -> int:
    """0; the table in both languages as Markdown."""
    from prasan.fabric.boot import setup_django

    setup_django()
    from prasan.fabric.messages import compile_catalogues
    from prasan.reports import workflow_words

    compile_catalogues()
    print(workflow_words.markdown(), end="")
    return 0


def run_import(given: argparse.Namespace) -> int:
    """0, or 2 when the file can't be read or another import is running; refused rows are no failure."""
    from prasan.fabric.boot import setup_django

    setup_django()
    from prasan.reports.imports.importer import AlreadyRunning, write_errors

    if not given.source.startswith("import:"):
        print("prasan: --source must begin with import:, for instance import:traffy", file=sys.stderr)
        return 2
    try:
        summary, errors = _import(given)
    except AlreadyRunning as error:
        print(f"prasan: {error}", file=sys.stderr)
        return 2
    errors_to = given.errors or Path(f"{given.file.stem}.errors.csv")
    if errors:
        write_errors(errors_to, errors)
    if given.json:
        print(json.dumps(asdict(summary)))
    else:
        _show(summary, errors, errors_to, dry_run=given.dry_run)
    return 0


def _import(given: argparse.Namespace) -> tuple[Summary, list[RowError]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from prasan.reports.imports.importer import reports_import

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=given.json) as bar:
        task = bar.add_task("checking" if given.dry_run else "importing", total=None)
        return reports_import(
            given.file, source=given.source, dry_run=given.dry_run, processes=given.processes or os.cpu_count() or 1,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip


def _show(summary: Summary, errors: list[RowError], errors_to: Path, *, dry_run: bool) -> None:
    numbers = asdict(summary)
    numbers.pop("seconds")
    counts = [f"{value:,} {name}" for name, value in numbers.items() if value or name != "kept"]
    print(
        f"{', '.join(counts)} in {summary.seconds:.1f} s"
        + (" (dry run: nothing was written)" if dry_run else "")
    )
    for error in errors[:MOST_SHOWN]:
        print(f"  row {error.row}: {error.field}: {error.reason}")
    if errors:
        print(f"All refused rows: {errors_to}")
