"""`prasan committee …`: the city's committees from their file, and the table of what is allowed when."""

from __future__ import annotations

import argparse
from typing import Any

Subparsers = Any  # argparse keeps the type private


def add_parsers(verbs: Subparsers) -> None:
    """Add this module's verbs."""
    load = verbs.add_parser("load", help="make the committees of the city's committees.yaml that are missing")
    load.set_defaults(run=run_load)
    table = verbs.add_parser("workflow", help="print what is allowed when, as docs/committee.md holds it")
    table.set_defaults(run=run_workflow)


def run_load(_given: argparse.Namespace) -> int:
    """0 when the file could be read, 1 with its faults otherwise."""
    from prasan.fabric.boot import setup_django

    setup_django()
    from django.conf import settings

    from prasan.city.rows import CityFilesError
    from prasan.committee.actions import committees_load
    from prasan.fabric.actors import Actor

    try:
        made = committees_load(
            actor=Actor.system("committee.load"), folder=settings.CITY_FOLDER, origin="command"
        )
    except CityFilesError as faults:
        print(faults)
        return 1
    for committee in made:
        print(f"{committee.code}: {committee.name_en}")
    print(f"{len(made)} made")
    return 0


def run_workflow(_given: argparse.Namespace) -> int:
    """0; the table in both languages as Markdown."""
    from prasan.fabric.boot import setup_django

    setup_django()
    from prasan.committee import workflow_words
    from prasan.fabric.messages import compile_catalogues

    compile_catalogues()
    print(workflow_words.as_markdown())
    return 0
