"""`prasan portfolio import-prices`, `import-price-lines` and `check-prices`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from prasan.portfolio.actions.prices import Imported

Subparsers = Any  # argparse keeps the type private
MOST_SHOWN = 20


def add_parsers(verbs: Subparsers) -> None:
    """Add the verbs of the price check."""
    take = verbs.add_parser("import-prices", help="take over a list of reference prices (Excel or CSV)")
    take.add_argument("--edition", required=True, help="what the edition is called")
    take.add_argument("--date", required=True, type=date.fromisoformat, help="valid from, as 2026-10-01")
    take.add_argument(
        "--source", default="MDES", help="who published it (MDES); its next edition takes this one's place"
    )
    lines = verbs.add_parser("import-price-lines", help="take over what proposals buy (Excel or CSV)")
    for parser, run in ((take, run_import), (lines, run_lines)):
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="check everything, write nothing")
        parser.add_argument("--json", action="store_true", help="for programs")
        parser.set_defaults(run=run)
    look = verbs.add_parser("check-prices", help="hold every price against lists and other proposals anew")
    look.set_defaults(run=run_check)


def run_import(given: argparse.Namespace) -> int:
    """0; 1 when rows have errors (nothing is written then); 2 when the file can't be opened."""
    from prasan.fabric.boot import setup_django

    setup_django()
    from prasan.fabric.actors import Actor
    from prasan.portfolio.actions.prices import price_edition_import

    def act(file: BinaryIO) -> Imported:
        return price_edition_import(
            actor=Actor.system("portfolio.import"), file=file, name=given.edition, valid_from=given.date,
            source=given.source, dry_run=given.dry_run, origin=f"import:{given.file.name}",
        )  # fmt: skip

    return _run(given, act)


def run_lines(given: argparse.Namespace) -> int:
    """As `run_import`."""
    from prasan.fabric.boot import setup_django

    setup_django()
    from prasan.fabric.actors import Actor
    from prasan.portfolio.actions.prices import price_lines_import

    def act(file: BinaryIO) -> Imported:
        return price_lines_import(
            actor=Actor.system("portfolio.import"), file=file, dry_run=given.dry_run,
            origin=f"import:{given.file.name}",
        )  # fmt: skip

    return _run(given, act)


def _run(given: argparse.Namespace, act: Callable[[BinaryIO], Imported]) -> int:
    try:
        with given.file.open("rb") as file:
            done = act(file)
    except OSError as error:
        print(f"prasan: {given.file}: {error.strerror}", file=sys.stderr)
        return 2
    if given.json:
        print(json.dumps({**asdict(done), "accepted": done.accepted}, ensure_ascii=False, indent=1))
        return 1 if done.errors else 0
    print(f"{done.read:,} rows read, {done.accepted:,} accepted")
    for fault in done.errors[:MOST_SHOWN]:
        print(f"  error: {fault.sheet} {fault.cell} {fault.field}: {fault.sentence}")
    if len(done.errors) > MOST_SHOWN:
        print(f"  and {len(done.errors) - MOST_SHOWN:,} more (--json has them all)")
    if not done.written:
        print("Nothing was written" + (": mend the errors first." if done.errors else " (dry run)."))
    return 1 if done.errors else 0


def run_check(given: argparse.Namespace) -> int:
    """0."""
    from prasan.fabric.boot import setup_django

    setup_django()
    from prasan.fabric.actors import Actor
    from prasan.portfolio.actions.prices import prices_check

    flags = prices_check(actor=Actor.system("portfolio.prices"), origin="command")
    print(f"{flags:,} flags")
    return 0
