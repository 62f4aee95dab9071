"""`prasan portfolio import-spending`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prasan.portfolio.actions.spending_import import SpendingImported

Subparsers = Any  # argparse keeps the type private
MOST_SHOWN = 20


def add_parsers(verbs: Subparsers) -> None:
    """Add the verbs of what follows a decision."""
    take = verbs.add_parser(
        "import-spending", help="take over the finance system's file: ordinance, contracts, payments by month"
    )
    take.add_argument("file", type=Path)
    take.add_argument("--dry-run", action="store_true", help="check everything, write nothing")
    take.add_argument("--json", action="store_true", help="for programs")
    take.set_defaults(run=run_import)


def run_import(given: argparse.Namespace) -> int:
    """0; 1 when rows have errors (nothing is written then); 2 when the file can't be read."""
    from prasan.fabric.boot import setup_django

    setup_django()
    from prasan.fabric.actors import Actor
    from prasan.fabric.problems import Invalid, TooLarge
    from prasan.portfolio.actions.spending_import import spending_import

    try:
        with given.file.open("rb") as file:
            done = spending_import(
                actor=Actor.system("portfolio.import"),
                file=file,
                name=given.file.name,
                dry_run=given.dry_run,
                origin=f"import:{given.file.name}",
            )
    except OSError as error:
        print(f"prasan: {given.file}: {error.strerror}", file=sys.stderr)
        return 2
    except (Invalid, TooLarge) as problem:
        print(f"prasan: {given.file}: {problem.detail or problem}", file=sys.stderr)
        return 2
    if given.json:
        print(json.dumps({**asdict(done), "accepted": done.accepted}, ensure_ascii=False, indent=1))
    else:
        _show(done, dry_run=given.dry_run)
    return 1 if done.errors else 0


def _show(done: SpendingImported, *, dry_run: bool) -> None:
    print(
        f"{done.read:,} rows read, {done.accepted:,} accepted, {done.projects:,} projects: figures {done.entered:,} "
        f"entered, {done.changed:,} changed, {done.unchanged:,} unchanged"
    )
    for kind, faults in (("error", done.errors), ("warning", done.warnings)):
        for fault in faults[:MOST_SHOWN]:
            print(f"  {kind}: {fault.sheet} {fault.cell} {fault.field}: {fault.sentence}")
        if len(faults) > MOST_SHOWN:
            print(f"  and {len(faults) - MOST_SHOWN:,} more of this kind (--json has them all)")
    if not done.written:
        print(
            "Nothing was written"
            + (" (dry run)." if dry_run and not done.errors else ": mend the errors first.")
        )
