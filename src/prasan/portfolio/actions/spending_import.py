"""The finance system's file: all of it or nothing; sent again, it updates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from prasan.city.registers import registers
from prasan.fabric.actors import Actor
from prasan.fabric.problems import Forbidden
from prasan.portfolio import policies
from prasan.portfolio.actions.delivery import LONGEST_NAME, Place, Stage, is_as_far, write_figures
from prasan.portfolio.models import BudgetFigure, Proposal
from prasan.portfolio.workbooks.reading import Fault
from prasan.portfolio.workbooks.spending import SpendingRow, read_spending
from prasan.portfolio.workbooks.values import plain

# What can't be more than what: each stage with those before it, the nearest first.
BEFORE: tuple[tuple[Stage, tuple[Stage, ...]], ...] = (
    (Stage.CONTRACTED, (Stage.ADJUSTED, Stage.ORDINANCE)),
    (Stage.DISBURSED, (Stage.CONTRACTED, Stage.ADJUSTED, Stage.ORDINANCE)),
)


@dataclass(slots=True)
class SpendingImported:
    """What an import did, or in a dry run would do. With `errors` nothing was written; `warnings` stop nothing."""

    read: int = 0
    projects: int = 0
    entered: int = 0
    changed: int = 0
    unchanged: int = 0
    written: bool = False
    errors: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """Rows without an error."""
        return self.read - len({(one.sheet, one.row) for one in self.errors})


class _Undo(Exception):
    """Leaves the transaction without writing."""


def spending_import(
    *, actor: Actor, file: BinaryIO, name: str = "", dry_run: bool = False, origin: str = ""
) -> SpendingImported:
    """Enter and update figures of many projects. One ledger entry for each project that changes.

    `name` is kept with each figure as its source. Raises Forbidden, Invalid or TooLarge for a file that can't be taken.
    """
    if not policies.may_keep_budget(actor):
        raise Forbidden
    rows = read_spending(file)
    done = SpendingImported(read=len(rows))
    try:
        with transaction.atomic():
            taken = _matched(rows)
            _refuse_repeats(taken)
            done.errors = [fault for one in rows for fault in one.row.faults]
            for proposal, told in _by_project(taken):
                figures = {place: amount for one in told for place, (amount, _column) in one.figures.items()}
                entered, changed = write_figures(actor, proposal, figures, name[:LONGEST_NAME], origin)
                done.projects += 1
                done.entered += entered
                done.changed += changed
                done.unchanged += len(figures) - entered - changed
            done.warnings = _warnings(taken)
            if done.errors or dry_run:
                raise _Undo
    except _Undo:
        return done
    done.written = True
    return done


Taken = list[tuple[SpendingRow, Proposal]]


def _matched(rows: Sequence[SpendingRow]) -> Taken:
    """Rows with the project that each names, locked; what names none is noted."""
    codes = {one.code for one in rows if one.code}
    numbers = {one.own_number for one in rows if one.own_number and not one.code}
    locked = Proposal.objects.select_for_update().order_by("id")
    by_code = {one.code: one for one in locked.filter(code__in=codes)}
    by_number: dict[str, list[Proposal]] = defaultdict(list)
    for proposal in locked.filter(own_number__in=numbers):
        by_number[proposal.own_number].append(proposal)
    taken: Taken = []
    for one in rows:
        if not one.code and not one.own_number:
            continue
        found = [by_code[one.code]] if one.code in by_code else []
        if not one.code:
            found = _of_agency(by_number[one.own_number], one.agency)
        if fault := _match_fault(one, found):
            one.row.add_fault("code" if one.code else "own_number", fault)
        else:
            taken.append((one, found[0]))
    return taken


def _of_agency(found: list[Proposal], text: str) -> list[Proposal]:
    """Those of the agency that the row names by code or name; all of them where it names none."""
    if not text:
        return found
    wanted = plain(text)
    agencies = registers().agencies
    return [
        one
        for one in found
        for agency in [agencies[one.agency_id]]
        if wanted in {plain(name) for name in (agency.code, agency.name_th, agency.name_en, agency.short_th)}
    ]


def _match_fault(one: SpendingRow, found: Sequence[Proposal]) -> str:
    """Why the row can't be taken; empty when it can."""
    given = (one.code or one.own_number)[:60]
    if not found:
        return _("There is no project “%(code)s”.") % {"code": given}
    if len(found) > 1:
        return _("Several agencies have the number “%(code)s”: name the agency or the project's code.") % {
            "code": given
        }
    late = [place for place in one.figures if not is_as_far(found[0], place.stage)]
    if late:
        return _("%(code)s has no such figure yet: it is “%(status)s”.") % {
            "code": found[0].code, "status": found[0].get_status_display(),
        }  # fmt: skip
    return ""


def _refuse_repeats(taken: Taken) -> None:
    """One figure told by two rows is an error of the second."""
    first: dict[tuple[int, Place], str] = {}
    for one, proposal in taken:
        for place, (_amount, column) in list(one.figures.items()):
            cell = first.setdefault((proposal.pk, place), one.row.cell(column))
            if cell != one.row.cell(column):
                one.row.add_fault(column, _("This figure stands in %(cell)s too.") % {"cell": cell})
                del one.figures[place]


def _by_project(taken: Taken) -> Iterable[tuple[Proposal, list[SpendingRow]]]:
    found: dict[int, tuple[Proposal, list[SpendingRow]]] = {}
    for one, proposal in taken:
        found.setdefault(proposal.pk, (proposal, []))[1].append(one)
    return found.values()


# --- what is doubtful ------------------------------------------------------------------------------------------------


def _warnings(taken: Taken) -> list[Fault]:
    """More contracted than there is, more disbursed than contracted, months that do not make up the sum told."""
    sums: dict[tuple[int, int, str], Decimal] = defaultdict(Decimal)
    told = BudgetFigure.objects.filter(proposal__in={proposal.pk for _one, proposal in taken})
    for proposal_id, year, stage, amount in told.values_list("proposal_id", "fiscal_year", "stage", "amount"):
        sums[proposal_id, year, stage] += amount
    found: dict[tuple[int, int, str], Fault] = {}
    for one, proposal in taken:
        for place, (_amount, column) in one.figures.items():
            key = (proposal.pk, place.year, place.stage)
            sentence = _too_much(sums, *key)
            if sentence:
                found[key] = _fault(one, column, sentence)
        total = sums.get((proposal.pk, one.year or 0, Stage.DISBURSED), Decimal(0))
        if one.to_date is not None and one.to_date != total:
            text = _("The months make %(sum)s baht, the file says %(told)s.")
            key = (proposal.pk, one.year or 0, "to_date")
            found[key] = _fault(
                one, "to_date", text % {"sum": f"{total:,.2f}", "told": f"{one.to_date:,.2f}"}
            )
    return list(found.values())


def _too_much(sums: dict[tuple[int, int, str], Decimal], proposal: int, year: int, stage: str) -> str:
    amount = sums[proposal, year, stage]
    for before in dict(BEFORE).get(Stage(stage), ()):
        limit = sums.get((proposal, year, before))
        if limit is not None:
            if amount <= limit:
                return ""
            return _("“%(stage)s” is %(amount)s baht: more than the %(limit)s baht of “%(before)s”.") % {
                "stage": Stage(stage).label, "amount": f"{amount:,.2f}", "limit": f"{limit:,.2f}",
                "before": before.label,
            }  # fmt: skip
    return ""


def _fault(one: SpendingRow, column: str, sentence: str) -> Fault:
    return Fault(one.row.sheet, one.row.number, one.row.cell(column), column, sentence)
