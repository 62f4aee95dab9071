"""`prasan portfolio import`, `template` and `workflow`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prasan.portfolio.actions.proposals_import import Imported

Subparsers = Any  # argparse keeps the type private
MOST_SHOWN = 20


def add_parsers(verbs: Subparsers) -> None:
    """Add import, template and workflow."""
    take = verbs.add_parser(
        "import", help="take over proposals from an Excel workbook or CSV file, whole or not at all"
    )
    take.add_argument("file", type=Path)
    take.add_argument("--agency", default="", help="code of the agency whose the rows are that name none")
    take.add_argument("--dry-run", action="store_true", help="check and count everything, write nothing")
    take.add_argument("--json", action="store_true", help="print the result as JSON and nothing else")
    take.set_defaults(run=run_import)
    template = verbs.add_parser("template", help="write the Excel workbook that agencies fill in")
    template.add_argument("file", type=Path)
    template.add_argument("--agency", default="", help="code of an agency: lists it alone")
    template.set_defaults(run=run_template)
    table = verbs.add_parser("workflow", help="print what is allowed when, as docs/proposals.md holds it")
    table.set_defaults(run=run_workflow)


def run_import(given: argparse.Namespace) -> int:
    """0; 1 when there are errors (nothing was written then); 2 when the file can't be read."""
    from prasan.fabric.boot import setup_django

    setup_django()
    from django.utils import translation

    from prasan.city.registers import registers
    from prasan.fabric.actors import Actor
    from prasan.fabric.messages import compile_catalogues
    from prasan.fabric.problems import Invalid, Problem
    from prasan.portfolio.actions.proposals_import import proposals_import

    compile_catalogues()
    if given.agency and given.agency not in registers().agencies:
        return _refuse(given, f"there is no agency {given.agency}")
    with translation.override("th"):
        try:
            with given.file.open("rb") as file:
                done = proposals_import(
                    actor=Actor.system("portfolio.import"), file=file, agency=given.agency, dry_run=given.dry_run,
                    origin="import",
                )  # fmt: skip
        except OSError as error:
            return _refuse(given, f"{given.file}: {error.strerror}")
        except Invalid as problem:
            return _refuse(given, " ".join(str(text) for text in problem.errors.values()))
        except Problem as problem:
            return _refuse(given, str(problem.detail or problem.title))
        _show(given, done)
    return 1 if done.fault_count else 0


def _refuse(given: argparse.Namespace, sentence: str) -> int:
    if given.json:
        fault = {"sheet": "", "row": None, "cell": "", "field": "file", "sentence": sentence}
        empty = {"rows_read": 0, "accepted": 0, "created": 0, "updated": 0, "unchanged": 0}
        print(json.dumps(empty | {"error_count": 1, "errors": [fault], "written": False}, ensure_ascii=False))
    else:
        print(f"prasan: {sentence}", file=sys.stderr)
    return 2


def _show(given: argparse.Namespace, done: Imported) -> None:
    if given.json:
        numbers = {
            name: getattr(done, name) for name in ("rows_read", "accepted", "created", "updated", "unchanged")
        }
        sheets = [
            {
                "sheet": sheet.name,
                "columns": {heading.letter: heading.field for heading in sheet.headings if heading.field},
                "passed_over": dict(sheet.passed_over),
            }
            for sheet in done.sheets
        ]
        rest = {
            "dry_run": given.dry_run,
            "written": done.written,
            "sheets": sheets,
            "error_count": done.fault_count,
        }
        print(
            json.dumps(numbers | rest | {"errors": [asdict(one) for one in done.faults]}, ensure_ascii=False)
        )
        return
    for sheet in done.sheets:
        known = ", ".join(f"{one.letter}={one.field}" for one in sheet.headings if one.field)
        print(f"{sheet.name}: {known}")
    print(
        f"{done.rows_read:,} rows read, {done.accepted:,} accepted, {done.fault_count:,} errors; "
        f"{done.created:,} created, {done.updated:,} updated, {done.unchanged:,} unchanged"
        + ("" if done.written else " (nothing was written)")
    )
    for one in done.faults[:MOST_SHOWN]:
        print(f"  {one.sheet} {one.cell} {one.field}: {one.sentence}")


def run_template(given: argparse.Namespace) -> int:
    """0; writes FILE.xlsx."""
    from prasan.fabric.boot import setup_django

    setup_django()
    from prasan.city.registers import registers
    from prasan.fabric.messages import compile_catalogues
    from prasan.portfolio.workbooks.template import proposals_template

    compile_catalogues()
    if given.agency and given.agency not in registers().agencies:
        print(f"prasan: there is no agency {given.agency}", file=sys.stderr)
        return 2
    given.file.write_bytes(proposals_template(agencies=[given.agency] if given.agency else ()))
    print(given.file)
    return 0


def run_workflow(_given: argparse.Namespace) -> int:
    """0; the table in both languages as Markdown."""
    from prasan.fabric.boot import setup_django

    setup_django()
    from prasan.fabric.messages import compile_catalogues
    from prasan.portfolio import workflow

    compile_catalogues()
    print(workflow.markdown(), end="")
    return 0
