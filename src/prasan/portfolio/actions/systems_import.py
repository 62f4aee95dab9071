"""Many systems at once from a table: all of it or nothing; sent again, it updates by the systems' codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from prasan.fabric.actors import Actor
from prasan.fabric.problems import Forbidden, Invalid
from prasan.portfolio.actions.systems import (
    SystemGiven,
    cost_faults,
    faults,
    interface_add,
    system_change,
    system_create,
)
from prasan.portfolio.models import Interface, System
from prasan.portfolio.policies import may_read_systems
from prasan.portfolio.workbooks.reading import Fault
from prasan.portfolio.workbooks.systems import SystemRow, fault_of, read_systems


@dataclass(slots=True)
class Imported:
    """What an import did, or in a dry run would do. With `errors` nothing was written.

    `notes` are connections to systems that nobody has entered: left out, and no error.
    """

    read: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    connections: int = 0
    written: bool = False
    errors: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """Rows without an error."""
        return self.read - len({(one.sheet, one.row) for one in self.errors})


class _Undo(Exception):
    """Leaves the transaction without writing."""


def systems_import(*, actor: Actor, file: BinaryIO, dry_run: bool = False, origin: str = "") -> Imported:
    """Enter and update the systems of a workbook or CSV file. One ledger entry for each change of a system.

    Raises Forbidden for who may not read the inventory, Invalid or TooLarge for a file that can't be taken.
    """
    if not may_read_systems(actor):
        raise Forbidden
    rows = read_systems(file)
    done = Imported(read=len(rows), errors=[fault for one in rows for fault in one.row.faults])
    work = _Import(actor, origin, done)
    try:
        with transaction.atomic():
            for one in rows:
                if one.row.faults:
                    work.check(one)
                else:
                    work.take(one)
            work.connect(rows)
            if done.errors or dry_run:
                raise _Undo
    except _Undo:
        return done
    done.written = True
    return done


@dataclass(frozen=True, slots=True)
class _Import:
    actor: Actor
    origin: str
    done: Imported

    def check(self, one: SystemRow) -> None:
        """Note what else is wrong with a row that has cells which can't be read."""
        noted = {fault.field for fault in one.row.faults}
        found = faults(SystemGiven(**one.fields)) | cost_faults(one.costs)
        told = [fault_of(one.row, name, text) for name, text in found.items()]
        self.done.errors += [fault for fault in told if fault.field not in noted]

    def take(self, one: SystemRow) -> None:
        """Enter the system of a row, or bring it up to the row."""
        before = System.objects.filter(code=one.code).values_list("version", flat=True).first()
        try:
            if before is None:
                self._create(one)
            else:
                self._change(one, before)
        except Invalid as problem:
            self.done.errors += [fault_of(one.row, name, text) for name, text in problem.errors.items()]
        except Forbidden:
            text = _("You may not enter or change systems of this agency.")
            self.done.errors.append(fault_of(one.row, "owner", text))

    def _create(self, one: SystemRow) -> None:
        system_create(
            actor=self.actor, owner=one.owner, given=SystemGiven(**one.fields), costs=one.costs, code=one.code,
            origin=self.origin,
        )  # fmt: skip
        self.done.created += 1

    def _change(self, one: SystemRow, before: int) -> None:
        after = system_change(
            actor=self.actor,
            code=one.code,
            fields=one.fields,
            costs=one.costs,
            owner=one.owner,
            origin=self.origin,
        )
        self.done.changed += after.version != before
        self.done.unchanged += after.version == before

    def connect(self, rows: Sequence[SystemRow]) -> None:
        """Enter the connections that are not on record; those to systems nobody knows are noted."""
        named = {one.code for one in rows} | {link.code for one in rows for link in one.connections}
        known = set(System.objects.filter(code__in=named).values_list("code", flat=True))
        rows_there = Interface.objects.filter(provider__code__in=known)
        there = set(rows_there.values_list("provider__code", "consumer__code", "data"))
        for one in rows:
            for link in one.connections if one.code in known else ():
                if link.code not in known:
                    text = _("“%(text)s” names no system on record; this connection is left out.")
                    self.done.notes.append(fault_of(one.row, "interfaces", text % {"text": link.text[:60]}))
                    continue
                ends = (one.code, link.code) if link.gives else (link.code, one.code)
                data = " ".join(link.data.split()) or _("Not told")
                if (*ends, data) not in there:
                    there.add((*ends, data))
                    self._enter(one, ends, data, link.method)

    def _enter(self, one: SystemRow, ends: tuple[str, str], data: str, method: str) -> None:
        try:
            interface_add(
                actor=self.actor,
                provider=ends[0],
                consumer=ends[1],
                data=data,
                method=method,
                origin=self.origin,
            )
            self.done.connections += 1
        except Invalid as problem:
            self.done.errors += [fault_of(one.row, "interfaces", text) for text in problem.errors.values()]
