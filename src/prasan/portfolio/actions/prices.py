"""Every change of prices: reference lists, what a proposal buys, answers to flags, all lines looked at anew."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from prasan.fabric.actions import ledger_write
from prasan.fabric.actors import Actor
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound
from prasan.portfolio import policies
from prasan.portfolio.actions.proposals import lock, may_take
from prasan.portfolio.models import (
    PriceAnswer,
    PriceEdition,
    PriceFlag,
    PriceLine,
    Proposal,
    ReferencePrice,
)
from prasan.portfolio.prices.flags import Check
from prasan.portfolio.prices.names import pool, tokens
from prasan.portfolio.prices.units import read_unit
from prasan.portfolio.queries.prices import checks_of, checks_of_all
from prasan.portfolio.workbooks.prices import LINE_COLUMNS, ReferenceRow, read_references, rows_of
from prasan.portfolio.workbooks.reading import Fault, Row
from prasan.portfolio.workflow import WORKFLOW

LONGEST_NAME, LONGEST_TEXT, LONGEST_UNIT = 300, 5_000, 60
MOST_LINES = 300
MOST_MONEY, MOST_QUANTITY = Decimal(10) ** 13, Decimal(10) ** 9
BATCH = 1_000


@dataclass(frozen=True, slots=True)
class LineGiven:
    """A line as it is told; `id` that of a line that exists, None for a new one."""

    name: str
    quantity: Decimal
    unit_price: Decimal
    unit: str = ""
    specification: str = ""
    id: int | None = None


# --- reference lists -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Imported:
    """What an import did, or in a dry run would do. With `errors` nothing was written."""

    read: int = 0
    written: bool = False
    errors: list[Fault] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """Rows without an error."""
        return self.read - len({(one.sheet, one.row) for one in self.errors})


def price_edition_import(
    *,
    actor: Actor,
    file: BinaryIO,
    name: str,
    valid_from: date,
    source: str,
    dry_run: bool = False,
    origin: str = "",
) -> Imported:
    """Take over a list of reference prices; sent again, an edition (its source and day) is replaced.

    Raises Forbidden but for analysts, Invalid or TooLarge for what can't be taken.
    """
    if not policies.is_analyst(actor):
        raise Forbidden(_("Only analysts of the whole city take over reference prices."))
    name, source = _clean(name), _clean(source)
    errors = {key: _("This is missing.") for key, text in (("name", name), ("source", source)) if not text}
    if errors:
        raise Invalid(errors)
    rows = read_references(file)
    done = Imported(read=len(rows), errors=[fault for one in rows for fault in one.row.faults])
    if done.errors or dry_run:
        return done
    file.seek(0)
    digest = hashlib.sha256(file.read()).hexdigest()
    with transaction.atomic():
        PriceEdition.objects.filter(source=source, valid_from=valid_from).delete()
        edition = PriceEdition.objects.create(
            source=source, name=name, valid_from=valid_from, file_hash=digest, by_id=actor.id
        )
        ReferencePrice.objects.bulk_create([_reference(edition, one) for one in rows], batch_size=BATCH)
        _check_all()
        ledger_write(
            actor=actor, action="prices.import", object_type="price_edition", object_id=edition.pk,
            changes={"valid_from": valid_from.isoformat(), "items": len(rows), "file": digest}, origin=origin,
        )  # fmt: skip
    done.written = True
    return done


def _reference(edition: PriceEdition, one: ReferenceRow) -> ReferencePrice:
    assert one.unit is not None  # noqa: S101 — a row without has a fault, and nothing is written then
    return ReferencePrice(
        edition=edition, number=one.number, name=one.name, specification=one.specification, unit=one.unit_text,
        unit_code=one.unit.code, price=one.price, base_price=one.unit.price_of_one(one.price),
        words=tokens(one.name),
    )  # fmt: skip


# --- what a proposal buys --------------------------------------------------------------------------------------------


def price_lines_set(
    *, actor: Actor, code: str, lines: Sequence[LineGiven], origin: str = ""
) -> list[PriceLine]:
    """Replace what a proposal buys, while its agency writes it; lines keep their id. Looks at their prices at once.

    Raises NotFound, Forbidden, Conflict, Invalid naming lines as ``lines.2.quantity``.
    """
    with transaction.atomic():
        proposal = _permitted(actor, code, "change")
        before = {one.pk: one for one in proposal.price_lines.all()}
        errors = _line_faults(lines, set(before))
        if errors:
            raise Invalid(errors)
        kept = {one.id for one in lines if one.id}
        proposal.price_lines.exclude(pk__in=kept).delete()
        saved = [_save_line(proposal, one, before.get(one.id) if one.id else None) for one in lines]
        _write_flags(checks_of(proposal, saved))
        ledger_write(
            actor=actor, action="proposal.prices", object_type="proposal", object_id=proposal.code,
            changes={"agency": proposal.agency_id, "lines": [len(before), len(saved)]}, origin=origin,
        )  # fmt: skip
    return saved


def _permitted(actor: Actor, code: str, action: str) -> Proposal:
    """The proposal, locked, when the proposals' own table allows `action` now."""
    proposal, move = lock(actor, code), WORKFLOW[action]
    if not may_take(actor, move, proposal):
        raise Forbidden(_("Your role does not allow this step, or the proposal is another agency's."))
    if proposal.status not in move.when:
        raise Conflict(
            _("The prices can't be changed while the proposal is “%(status)s”.")
            % {"status": proposal.get_status_display()}
        )
    return proposal


def _save_line(proposal: Proposal, given: LineGiven, line: PriceLine | None) -> PriceLine:
    line = line or PriceLine(proposal=proposal)
    line.name, line.unit = _clean(given.name), " ".join(_clean(given.unit).split())
    line.specification = _clean(given.specification)
    line.quantity, line.unit_price = given.quantity, given.unit_price
    unit = None if pool(line.name) else read_unit(line.unit)
    line.unit_code = unit.code if unit else ""
    line.base_price = unit.price_of_one(given.unit_price) if unit else None
    line.words = tokens(line.name)
    line.save()
    return line


def _clean(text: str) -> str:
    return text.replace("\x00", "").strip()  # PostgreSQL takes no NUL


def _line_faults(lines: Sequence[LineGiven], known: set[int]) -> dict[str, Any]:
    if len(lines) > MOST_LINES:
        return {"lines": _("At most %(most)d lines, please.") % {"most": MOST_LINES}}
    ids = [one.id for one in lines if one.id]
    if len(set(ids)) < len(ids) or not known.issuperset(ids):
        return {"lines": _("A line was changed meanwhile. Please look at the prices again.")}
    errors: dict[str, Any] = {}
    for number, one in enumerate(lines):
        errors |= {f"lines.{number}.{name}": text for name, text in _faults(one).items()}
    return errors


def _faults(one: LineGiven) -> dict[str, Any]:
    errors: dict[str, Any] = {}
    if not _clean(one.name) or len(one.name) > LONGEST_NAME:
        errors["name"] = _("Please say what is bought, in at most 300 characters.")
    if not one.quantity.is_finite() or not 0 < one.quantity <= MOST_QUANTITY:
        errors["quantity"] = _("Please say how many: more than nothing.")
    if not one.unit_price.is_finite() or not 0 <= one.unit_price < MOST_MONEY:
        errors["unit_price"] = _("This is not an amount in baht.")
    if len(one.unit) > LONGEST_UNIT:
        errors["unit"] = _("This is too long.")
    if len(one.specification) > LONGEST_TEXT:
        errors["specification"] = _("This is too long.")
    return errors


class _Undo(Exception):
    """Leaves the transaction without writing."""


def price_lines_import(
    *, actor: Actor, file: BinaryIO, only: str = "", dry_run: bool = False, origin: str = ""
) -> Imported:
    """Take over what proposals buy from a workbook or CSV file: all of it or nothing.

    A proposal named in the file gets the lines of the file and no others. With `only`, its code, the file is about
    that proposal alone and needs no column for it. Raises Invalid or TooLarge for the file.
    """
    rows = rows_of(file, LINE_COLUMNS[1:] if only else LINE_COLUMNS)
    done = Imported(read=len(rows), errors=[fault for row in rows for fault in row.faults])
    by_code: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if not row.faults:
            by_code[only or str(row.values["proposal"]).upper()].append(row)
    try:
        with transaction.atomic():
            for code, group in by_code.items():
                done.errors += _import_lines(actor, code, group, origin)
            if done.errors or dry_run:
                raise _Undo
    except _Undo:
        return done
    done.written = True
    return done


def _import_lines(actor: Actor, code: str, rows: Sequence[Row], origin: str) -> list[Fault]:
    lines = [
        LineGiven(
            name=row.values["name"], quantity=row.values["quantity"], unit_price=row.values["unit_price"],
            unit=row.values.get("unit") or "", specification=row.values.get("specification") or "",
        )
        for row in rows
    ]  # fmt: skip
    count = len(rows[0].faults)
    try:
        price_lines_set(actor=actor, code=code, lines=lines, origin=origin)
    except Invalid as problem:
        for name, sentence in problem.errors.items():
            _whole, number, column = (
                (*name.split("."), "0", "name")[:3] if "." in name else ("", "0", "proposal")
            )
            rows[int(number)].add_fault(column, sentence)
    except (NotFound, Forbidden, Conflict) as problem:
        rows[0].add_fault("proposal", problem.detail or problem.title)
    return [fault for row in rows for fault in row.faults[count if row is rows[0] else 0 :]]


# --- flags and answers -----------------------------------------------------------------------------------------------


def price_answer(*, actor: Actor, line_id: int, kind: str, reason: str, origin: str = "") -> PriceAnswer:
    """Keep an officer's word on a flag: why the price is right, or what is done about it. All answers stay.

    Raises NotFound, Forbidden, Conflict, Invalid.
    """
    reason = _clean(reason)
    line = PriceLine.objects.select_related("proposal").filter(pk=line_id).first()
    if line is None:
        raise NotFound(_("There is no such line any more."))
    with transaction.atomic():
        proposal = _permitted(actor, line.proposal.code, "verdict")
        errors: dict[str, Any] = {}
        if kind not in PriceFlag.Kind.values:
            errors["kind"] = _("Please choose one of these.")
        if not reason or len(reason) > LONGEST_TEXT:
            errors["reason"] = _("Please write why, in at most 5,000 characters.")
        if errors:
            raise Invalid(errors)
        answer = PriceAnswer.objects.create(
            proposal=proposal, line=line, kind=kind, name=line.name, unit_price=line.unit_price, reason=reason,
            by_id=actor.id,
        )  # fmt: skip
        ledger_write(
            actor=actor, action="proposal.price_answer", object_type="proposal", object_id=proposal.code,
            changes={"agency": proposal.agency_id, "line": line.pk, "kind": kind}, origin=origin,
        )  # fmt: skip
    return answer


@transaction.atomic
def prices_check(*, actor: Actor, origin: str = "") -> int:
    """Look at every line anew, for what others pay has changed meanwhile; gives the number of flags. Analysts alone."""
    if not policies.is_analyst(actor):
        raise Forbidden
    flags = _check_all()
    ledger_write(
        actor=actor, action="prices.check", object_type="portfolio", object_id="prices",
        changes={"flags": flags}, origin=origin,
    )  # fmt: skip
    return flags


def _check_all() -> int:
    return _write_flags(checks_of_all())


def _write_flags(checks: Iterable[tuple[int, Check]]) -> int:
    """Bring the flags of these lines up to what was found; a flag that stays as it is keeps its row and day."""
    found = dict(checks)
    wanted = {(line, flag.kind): flag.facts for line, one in found.items() for flag in one.flags}
    there = {(one.line_id, one.kind): one for one in PriceFlag.objects.filter(line__in=found)}
    gone = [one.pk for key, one in there.items() if wanted.get(key) != one.facts]
    PriceFlag.objects.filter(pk__in=gone).delete()
    PriceFlag.objects.bulk_create(
        [
            PriceFlag(line_id=line, kind=kind, facts=facts)
            for (line, kind), facts in wanted.items()
            if (line, kind) not in there or there[line, kind].facts != facts
        ],
        batch_size=BATCH,
    )
    return len(wanted)
