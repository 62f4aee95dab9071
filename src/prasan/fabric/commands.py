"""`prasan …` verbs of the fabric."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from prasan.fabric import boot, postgres

if TYPE_CHECKING:
    from prasan.fabric.checks import Result

Subparsers = Any  # argparse keeps the type private


def add_parsers(verbs: Subparsers) -> None:
    """Add this module's verbs."""
    assets = verbs.add_parser("assets", help="bundle the pages' TypeScript, CSS, icons and fonts")
    assets.add_argument("--development", action="store_true", help="readable output with source maps")
    assets.add_argument("--check", action="store_true", help="check the TypeScript's types as well")
    assets.set_defaults(run=run_assets)
    messages = verbs.add_parser("messages", help="compile the Thai catalogues")
    messages.add_argument(
        "--check", action="store_true", help="list texts without Thai and entries nobody uses"
    )
    messages.add_argument(
        "--add", action="store_true", help="append an empty entry for each text without Thai"
    )
    messages.set_defaults(run=run_messages)
    worker = verbs.add_parser("worker", help="seal, deliver, send notices and do background jobs")
    worker.set_defaults(run=run_worker)
    _add_backup(verbs)
    doctor = verbs.add_parser("doctor", help="check each outside part: database, disk, mail, keys, worker …")
    doctor.add_argument("--json", action="store_true", help="for programs")
    doctor.set_defaults(run=run_doctor)
    _add_ledger(verbs)
    _add_deliveries(verbs)


def run_assets(given: argparse.Namespace) -> int:
    """Build what the browser loads; quick when nothing changed."""
    from prasan.fabric import assets

    try:
        assets.build(production=not given.development)
        if given.check:
            assets.check_types()
    except assets.AssetError as error:
        print(error)
        return 1
    return 0


def run_messages(given: argparse.Namespace) -> int:
    """Compile; with --check exit 1 when anything is to be mended."""
    from prasan.fabric import messages

    boot.setup_django()
    if given.add:
        for module, count in messages.add_missing().items():
            print(f"{module}: {count} empty entries added")
    for path in messages.compile_catalogues():
        print(f"compiled {path.relative_to(messages.PACKAGE)}")
    findings = messages.check() if given.check else []
    for finding in findings:
        print(finding)
    return 1 if findings else 0


def _add_backup(verbs: Subparsers) -> None:
    backup = verbs.add_parser("backup", help="the whole city, photos included, into one file")
    backup.add_argument("file", type=Path)
    backup.add_argument(
        "--with-secrets", action="store_true", help="the keys too: whoever has the file can read everything"
    )
    backup.set_defaults(run=run_backup)
    restore = verbs.add_parser("restore", help="a backup into an empty database")
    restore.add_argument("file", type=Path)
    restore.add_argument(
        "--replace", action="store_true", help="replace everything in the database and all photos"
    )
    restore.set_defaults(run=run_restore)


def _add_ledger(verbs: Subparsers) -> None:
    group = verbs.add_parser("ledger", help="the audit trail: verify, head")
    ledger = group.add_subparsers(dest="subverb", required=True, metavar="COMMAND")
    verify = ledger.add_parser("verify", help="find tampered, removed and inserted entries")
    verify.add_argument("--head", default="", help="hash of a seal that was kept elsewhere")
    verify.add_argument("--json", action="store_true", help="for programs")
    verify.set_defaults(run=run_ledger_verify)
    head = ledger.add_parser("head", help="hash of the last seal, to be kept elsewhere")
    head.set_defaults(run=run_ledger_head)


def _add_deliveries(verbs: Subparsers) -> None:
    group = verbs.add_parser("deliveries", help="entries that a subscriber could not take: list, resend")
    deliveries = group.add_subparsers(dest="subverb", required=True, metavar="COMMAND")
    listing = deliveries.add_parser("list", help="what waits or is dead, and how far each subscriber is")
    listing.set_defaults(run=run_deliveries_list)
    resend = deliveries.add_parser("resend", help="try dead entries again at once")
    resend.add_argument("numbers", type=int, nargs="*", metavar="NUMBER", help="default: every dead one")
    resend.set_defaults(run=run_deliveries_resend)


def run_worker(given: argparse.Namespace) -> int:
    """Work until SIGTERM."""
    os.environ.setdefault("PRASAN_PROCESS", "worker")
    boot.setup_django()
    from prasan.fabric import worker

    worker.run()
    return 0


def run_backup(given: argparse.Namespace) -> int:
    """Safe while Prasan runs."""
    with postgres.running():
        boot.setup_django()
        from prasan.fabric import backup, keys

        with _progress() as say:
            manifest = backup.backup(given.file, with_secrets=given.with_secrets, say=say)
        secrets = keys.secrets_file()
    size = given.file.stat().st_size / 1_000_000
    photos = sum(name.startswith(backup.FILES) for name in manifest.parts)
    print(f"{given.file}: {size:.1f} MB, the database and {photos} photos")
    if given.with_secrets:
        print(
            "!!! THE KEYS ARE IN THIS FILE: whoever has it can read every name, phone and address. Guard it."
        )
    else:
        print(
            "!!! THE KEYS ARE NOT IN THIS FILE. Without them nobody can ever read the names, phones and addresses"
            f" in it.\n!!! Keep a copy of {secrets} apart from it, in a safe place (or use --with-secrets)."
        )
    return 0


def run_restore(given: argparse.Namespace) -> int:
    """Exit code 1 when the ledger in the backup is not as it was sealed."""
    with postgres.running():
        boot.setup_django()
        from prasan.fabric import backup

        with _progress() as say:
            restored = backup.restore(given.file, replace=given.replace, say=say)
    ledger = restored.ledger
    print(f"restored: {restored.files} photos, {ledger.entries + ledger.unsealed} ledger entries")
    for finding in ledger.findings:
        print(f"ledger: {finding.kind}: {finding.text}")
    if not restored.readable:
        print(
            "!!! THE KEYS OF THIS BACKUP ARE NOT HERE: names, phones and addresses can't be read, and nobody can sign"
            " in by them.\n!!! Put the secrets.json of the city that was backed up in place of this machine's."
        )
    return 1 if ledger.findings else 0


def run_doctor(given: argparse.Namespace) -> int:
    """Exit code 1 when a part is broken; warnings alone are no failure."""
    boot.setup_django()
    from prasan.fabric import checks

    results = checks.run()
    if given.json:
        print(json.dumps([{"part": part, **asdict(result)} for part, result in results], ensure_ascii=False))
    else:
        _print_results(results)
    return 1 if any(result.level == "error" for _, result in results) else 0


def _print_results(results: list[tuple[str, Result]]) -> None:
    from rich.console import Console
    from rich.table import Table

    colours = {"good": "green", "warning": "yellow", "error": "red"}
    table = Table("Part", "State", "What was found", box=None, pad_edge=False)
    for part, result in results:
        table.add_row(part, f"[{colours[result.level]}]{result.level}[/]", escape(result.text))
    Console(highlight=False).print(table)


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    from rich.console import Console

    with Console(stderr=True).status("…") as status:
        yield lambda text: status.update(f"{text} …")


def run_ledger_verify(given: argparse.Namespace) -> int:
    """Exit code 1 when anything is not as it was sealed."""
    with postgres.running():
        boot.setup_django()
        from prasan.fabric.seals import ledger_verify

        result = ledger_verify(given.head)
    findings = result.findings
    if given.json:
        print(json.dumps(asdict(result), ensure_ascii=False))
        return 1 if findings else 0
    for finding in findings:
        print(f"{finding.kind}: {finding.text}")
    print(f"{result.entries} entries under {result.seals} seals; {result.unsealed} not sealed yet")
    print(f"{len(findings)} findings" if findings else f"all as it was sealed; head {result.head}")
    return 1 if findings else 0


def run_ledger_head(given: argparse.Namespace) -> int:
    """Prints the number and the hash."""
    with postgres.running():
        boot.setup_django()
        from prasan.fabric.seals import ledger_head

        head = ledger_head()
    print(f"seal {head[0]}: {head[1]}" if head else "nothing is sealed yet")
    return 0


def run_deliveries_list(given: argparse.Namespace) -> int:
    """Two tables."""
    with postgres.running():
        boot.setup_django()
        from prasan.fabric import events, queries

        for name, waiting, age in events.delivery_lag():
            print(f"{name:<32} {waiting:>8} waiting, oldest {age:.0f} s")
        for row in queries.deliveries():
            print(
                f"#{row.pk} {row.state} {row.subscriber} entry {row.entry_id}, {row.attempts} attempts: {row.error}"
            )
    return 0


def run_deliveries_resend(given: argparse.Namespace) -> int:
    """Those named, or every dead one."""
    with postgres.running():
        boot.setup_django()
        from prasan.fabric import queries
        from prasan.fabric.actions import delivery_resend
        from prasan.fabric.actors import Actor

        numbers = given.numbers or [row.pk for row in queries.deliveries("dead")]
        for number in numbers:
            delivery_resend(actor=Actor.system("command"), delivery_id=number, origin="command")
    print(f"{len(numbers)} deliveries are tried again")
    return 0
