"""`prasan …` verbs that start and prepare a city."""

from __future__ import annotations

import argparse
import os
from typing import Any

from prasan.site import trial_commands

Subparsers = Any  # argparse keeps the type private


def add_parsers(verbs: Subparsers) -> None:
    """Add this module's verbs."""
    trial_commands.add_parsers(verbs)
    up = verbs.add_parser("up", help="prepare and serve the whole city on this machine")
    _add_web_options(up)
    up.add_argument(
        "--no-demo", action="store_true", help="no demonstration accounts and reports (also PRASAN_DEMO=0)"
    )
    up.set_defaults(run=run_up)
    web = verbs.add_parser("web", help="serve pages and API alone")
    _add_web_options(web)
    web.set_defaults(run=run_web)
    migrate = verbs.add_parser("migrate", help="bring the database's tables up to the code")
    migrate.set_defaults(run=run_migrate)
    build = verbs.add_parser("build", help="build assets and words, and collect what the browser gets")
    build.set_defaults(run=run_build)


def run_up(given: argparse.Namespace) -> int:
    """Everything, until Ctrl-C."""
    from prasan.site.start import Options, up

    up(Options(given.host, given.port, given.workers, demo=not given.no_demo and _wants_demo()))
    return 0


def run_web(given: argparse.Namespace) -> int:
    """The web server alone, for machines where systemd or an orchestrator starts each process."""
    os.environ["PRASAN_PROCESS"] = "web"
    from prasan.site.processes import serve_web

    serve_web(given.host, given.port, given.workers)
    return 0


def run_migrate(given: argparse.Namespace) -> int:
    """Tables only."""
    from prasan.fabric.boot import setup_django
    from prasan.site.start import migrate

    setup_django()
    migrate()
    return 0


def run_build(given: argparse.Namespace) -> int:
    """What the browser gets, for a served city."""
    os.environ["PRASAN_PROCESS"] = "web"
    from prasan.fabric.boot import setup_django
    from prasan.site.start import build

    setup_django()
    build()
    return 0


def _add_web_options(parser: argparse.ArgumentParser) -> None:
    from prasan.site.processes import cores

    environment = os.environ
    host, port = environment.get("PRASAN_HOST", "127.0.0.1"), int(environment.get("PORT", "8000"))
    workers = int(environment.get("PRASAN_WEB_WORKERS", cores()))
    parser.add_argument("--host", default=host, help="address to listen on (PRASAN_HOST; 127.0.0.1)")
    parser.add_argument("--port", type=int, default=port, help="port to listen on (PORT; 8000)")
    parser.add_argument(
        "--workers", type=int, default=workers, help="web processes (PRASAN_WEB_WORKERS; one per core)"
    )


def _wants_demo() -> bool:
    """A demonstration unless told otherwise or pointed at a real server."""
    default = "0" if os.environ.get("DATABASE_URL") else "1"
    return os.environ.get("PRASAN_DEMO", default) == "1"
