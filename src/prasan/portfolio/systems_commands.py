"""`prasan portfolio import-systems` and `prasan portfolio silos`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prasan.portfolio.actions.systems_import import Imported

Subparsers = Any  # argparse keeps the type private
MOST_SHOWN = 20


def add_parsers(verbs: Subparsers) -> None:
    """Add the verbs of the inventory."""
    take = verbs.add_parser(
        "import-systems", help="enter and update systems from an Excel workbook or a CSV file"
    )
    take.add_argument("file", type=Path)
    take.add_argument("--dry-run", action="store_true", help="check everything, write nothing")
    take.add_argument("--json", action="store_true", help="for programs")
    take.set_defaults(run=run_import)
    numbers = verbs.add_parser("silos", help="publish this month's silo numbers and print the city's")
    numbers.add_argument("--json", action="store_true", help="for programs")
    numbers.set_defaults(run=run_silos)


def run_import(given: argparse.Namespace) -> int:
    """0; 1 when rows have errors (nothing is written then); 2 when the file can't be read."""
    from prasan.fabric.boot import setup_django

    setup_django()
    from prasan.fabric.actors import Actor
    from prasan.portfolio.actions.systems_import import systems_import

    actor = Actor.system("portfolio.import")
    try:
        with given.file.open("rb") as file:
            done = systems_import(
                actor=actor, file=file, dry_run=given.dry_run, origin=f"import:{given.file.name}"
            )
    except OSError as error:
        print(f"prasan: {given.file}: {error.strerror}", file=sys.stderr)
        return 2
    if given.json:
        print(json.dumps({**asdict(done), "accepted": done.accepted}, ensure_ascii=False, indent=1))
    else:
        _show(done, dry_run=given.dry_run)
    return 1 if done.errors else 0


def _show(done: Imported, *, dry_run: bool) -> None:
    print(
        f"{done.read:,} rows read, {done.accepted:,} accepted: {done.created:,} created, {done.changed:,} changed, "
        f"{done.unchanged:,} unchanged, {done.connections:,} connections"
    )
    for kind, faults in (("error", done.errors), ("note", done.notes)):
        for fault in faults[:MOST_SHOWN]:
            print(f"  {kind}: {fault.sheet} {fault.cell} {fault.field}: {fault.sentence}")
        if len(faults) > MOST_SHOWN:
            print(f"  and {len(faults) - MOST_SHOWN:,} more of this kind (--json has them all)")
    if not done.written:
        print(
            "Nothing was written"
            + (" (dry run)." if dry_run and not done.errors else ": mend the errors first.")
        )


def run_silos(given: argparse.Namespace) -> int:
    """0; publishing again replaces the month's numbers."""
    from prasan.fabric.boot import setup_django

    setup_django()
    from django.utils import timezone

    from prasan.portfolio.actions.silos import silos_publish
    from prasan.portfolio.queries.systems import findings
    from prasan.portfolio.silos import DEFINITIONS

    published = silos_publish(origin="command")
    numbers = findings(timezone.localdate()).numbers()
    if given.json:
        print(
            json.dumps({"published": published, "city": {code: float(one) for code, one in numbers.items()}})
        )
        return 0
    for one in DEFINITIONS:
        print(f"{numbers[one.code]:>8} {one.unit:<13} {one.name}")
    print(f"{published:,} values published")
    return 0
