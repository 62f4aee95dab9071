"""`prasan people …` and `prasan keys …`."""

from __future__ import annotations

import argparse
from typing import Any

from prasan.fabric import boot

Subparsers = Any  # argparse keeps the type private
ROLES = ("officer", "dispatcher", "supervisor", "analyst", "auditor", "admin")


def add_parsers(verbs: Subparsers) -> None:
    """Add `people officer` (add, grant, close, link) and `keys rotate`."""
    keys = verbs.add_parser("keys", help="keys of encrypted personal data").add_subparsers(
        dest="subverb", required=True, metavar="COMMAND"
    )
    rotate = keys.add_parser("rotate", help="write all personal data under a new key while the city works on")
    rotate.set_defaults(run=run_rotate)
    people = verbs.add_parser("people", help="officers").add_subparsers(
        dest="subverb", required=True, metavar="COMMAND"
    )
    _add_officer_parsers(people)


def _add_officer_parsers(people: Subparsers) -> None:
    officer = people.add_parser("officer", help="officers and their roles").add_subparsers(
        dest="officer_verb", required=True, metavar="COMMAND"
    )
    add = officer.add_parser("add", help="open an account; prints a link to choose a password")
    add.add_argument("--name", required=True)
    add.set_defaults(run=run_add)
    grant = officer.add_parser("grant", help="give one more role")
    grant.set_defaults(run=run_grant)
    for parser in (add, grant):
        parser.add_argument("email")
        parser.add_argument("--role", choices=ROLES, default="officer")
        parser.add_argument("--agency", default="", help="code of the agency; default: the whole city")
    close = officer.add_parser("close", help="close an account and end its roles")
    close.add_argument("email")
    close.set_defaults(run=run_close)
    link = officer.add_parser("link", help="print a link to choose a password, good for three days")
    link.add_argument("email")
    link.add_argument(
        "--second-factor", action="store_true", help="take the second factor off as well (a lost phone)"
    )
    link.set_defaults(run=run_link)


def run_rotate(given: argparse.Namespace) -> int:
    """Rotate keys with a line of progress per table."""
    del given
    boot.setup_django()
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    from prasan.people.rotation import keys_rotate

    with Progress(
        TextColumn("{task.description}"), TextColumn("{task.completed:,.0f} rows read"), TimeElapsedColumn()
    ) as bars:
        tasks: dict[str, Any] = {}

        def show(table: str, rows: int) -> None:
            if table not in tasks:
                tasks[table] = bars.add_task(table, total=None)
            bars.advance(tasks[table], rows)

        result = keys_rotate(progress=show)
    if result.resumed:
        print("an unfinished rotation was taken up and ended")
    print(f"{sum(result.rewritten.values()):,} values written under the new key; the old one is gone")
    return 0


def run_add(given: argparse.Namespace) -> int:
    """Open an account and print the link that chooses its password."""
    boot.setup_django()
    from prasan.fabric.actors import Actor
    from prasan.people import actions

    officer = actions.officer_create(
        actor=Actor.system("people officer add"), email=given.email, name=given.name,
        agency=_agency(given), role=given.role, origin="command",
    )  # fmt: skip
    print(f"{given.role} for {_agency(given)}: the account is open")
    _print_link(officer)
    return 0


def run_grant(given: argparse.Namespace) -> int:
    """Give a role."""
    boot.setup_django()
    from prasan.fabric.actors import Actor
    from prasan.people import actions

    actions.role_grant(
        actor=Actor.system("people officer grant"), officer_id=_officer(given).pk, agency=_agency(given),
        role=given.role, origin="command",
    )  # fmt: skip
    print(f"{given.role} for {_agency(given)}: given")
    return 0


def run_close(given: argparse.Namespace) -> int:
    """Close an account."""
    boot.setup_django()
    from prasan.fabric.actors import Actor
    from prasan.people import actions

    actions.officer_deactivate(
        actor=Actor.system("people officer close"), officer_id=_officer(given).pk, origin="command"
    )
    print("the account is closed")
    return 0


def run_link(given: argparse.Namespace) -> int:
    """Print a link, for an officer whom no letter reaches."""
    boot.setup_django()
    from prasan.fabric.actors import Actor
    from prasan.people import actions

    officer = _officer(given)
    if given.second_factor:
        actions.second_factor_reset(
            actor=Actor.system("people officer link"), officer_id=officer.pk, origin="command"
        )
        print("the second factor has been taken off")
    _print_link(officer)
    return 0


def _agency(given: argparse.Namespace) -> str:
    from prasan.people.policies import root_code

    return given.agency or root_code()


def _officer(given: argparse.Namespace) -> Any:
    from prasan.fabric.problems import NotFound
    from prasan.people.models import User

    username = given.email.strip().lower()
    officer = User.objects.filter(kind=User.Kind.OFFICER, username=username, is_active=True).first()
    if officer is None:
        raise NotFound("There is no open account with this e-mail address.")
    return officer


def _print_link(officer: Any) -> None:
    from django.conf import settings

    from prasan.people.links import password_path

    print(f"To choose a password, once, within three days: {settings.PUBLIC_URL}{password_path(officer)}")
