"""`prasan …`: the one command. Each module adds its verbs in commands.py."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from prasan.fabric.boot import OperatorError
from prasan.fabric.problems import Problem


def parser() -> argparse.ArgumentParser:
    """The whole command line; modules are imported without Django being set up."""
    from prasan.city import commands as city
    from prasan.committee import commands as committee
    from prasan.fabric import commands as fabric
    from prasan.people import commands as people
    from prasan.portfolio import commands as portfolio
    from prasan.reports import commands as reports
    from prasan.site import commands as site

    top = argparse.ArgumentParser(prog="prasan", description="Prasan: a city's digital work on one fabric.")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    for module in (site, fabric, people):
        module.add_parsers(verbs)
    for name, module, text in (
        ("city", city, "the city as data: check, load, areas"),
        ("reports", reports, "citizens' reports: import, train, evaluate, route"),
        ("portfolio", portfolio, "systems and proposals: import, screen, choose"),
        ("committee", committee, "committees and their meetings"),
    ):
        group = verbs.add_parser(name, help=text)
        module.add_parsers(group.add_subparsers(dest="subverb", required=True, metavar="COMMAND"))
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code is the process's."""
    os.umask(0o077)  # photos, letters, keys and backups are for this account alone
    given = parser().parse_args(arguments)
    try:
        return int(given.run(given) or 0)
    except KeyboardInterrupt:
        return 130
    except (Problem, OperatorError) as error:
        print(f"prasan: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
