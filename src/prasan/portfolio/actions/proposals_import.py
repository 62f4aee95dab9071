"""Workbooks of proposals: looked at as often as one likes, taken over whole or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, BinaryIO

from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from prasan.fabric import files
from prasan.fabric.actions import ledger_write, ledger_write_many
from prasan.fabric.actors import Actor
from prasan.fabric.codes import new_code, read_code
from prasan.fabric.problems import Forbidden, Invalid, NotFound, TooLarge
from prasan.people.policies import agencies_of
from prasan.portfolio import policies
from prasan.portfolio.actions.proposals import refuse_contradictions, write_parts
from prasan.portfolio.content import Content, content_of
from prasan.portfolio.models import (
    ColumnMapping,
    Metric,
    Proposal,
    ProposalCost,
    Relation,
    Step,
    System,
    SystemLink,
    Workbook,
)
from prasan.portfolio.workbooks import values
from prasan.portfolio.workbooks.files import MOST_BYTES
from prasan.portfolio.workbooks.proposals import Draft, Reader, columns, merged
from prasan.portfolio.workbooks.reading import Fault, Heading, Table, base_of, open_tables
from prasan.portfolio.workflow import WRITTEN

MOST_FAULTS = 1_000
SHOWN = 20
BATCH = 500
KEPT = timedelta(days=1)
TIDY = Actor.system("portfolio.workbooks")


@dataclass(frozen=True, slots=True)
class Seen:
    """A row of the preview."""

    sheet: str
    row: int
    title: str
    agency: str
    total: Any
    what: str  # create, update, unchanged


@dataclass(frozen=True, slots=True)
class SheetSeen:
    """What was found of a sheet: its columns with their meaning, and rows that are no data, by why."""

    name: str
    headings: tuple[Heading, ...]
    passed_over: Mapping[str, int]


@dataclass(slots=True)
class Imported:
    """What a workbook holds and what was done. With any fault nothing is written."""

    rows_read: int = 0
    accepted: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    fault_count: int = 0
    faults: list[Fault] = field(default_factory=list)
    sheets: list[SheetSeen] = field(default_factory=list)
    preview: list[Seen] = field(default_factory=list)
    written: bool = False


def proposals_import(
    *,
    actor: Actor,
    file: BinaryIO,
    agency: str = "",
    mapping: Mapping[str, str] | None = None,
    dry_run: bool = False,
    origin: str = "",
) -> Imported:
    """Take over the proposals of a workbook or CSV file; with `dry_run`, or with any fault, nothing is written.

    `agency` is whose the rows are that name none; `mapping` says, by a heading as it is compared, which field a column
    means, before what the agency said earlier and before any guess. A row is found again by its code, its own number,
    or its name. Raises Forbidden, Invalid and TooLarge for files that can't be taken.
    """
    allowed = agencies_of(actor, policies.AGENCY_SIDE)
    if not allowed or (agency and agency not in allowed):
        raise Forbidden(_("Only the agency's digital officers and supervisors write its proposals."))
    remembered = (
        dict(ColumnMapping.objects.filter(agency=agency).values_list("heading", "field")) if agency else {}
    )
    with open_tables(file, columns(), remembered | dict(mapping or {})) as tables:
        if not tables:
            raise Invalid({"file": _("No sheet has a heading with the project's name, such as “ชื่อโครงการ”.")})
        check = _Check(allowed, agency)
        for table in tables:
            check.table(table)
        check.relations()
        if check.done.fault_count or dry_run:
            return check.done
        try:
            with transaction.atomic():
                _Writing(actor, agency, origin, check).write(tables)
        except _Refused as refused:
            check.undone(refused.faults)
        else:
            check.done.written = True
    return check.done


class _Refused(Exception):
    """A row that turned out to be impossible only beside the others: everything is undone."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__()
        self.faults = faults


class _Known:
    """Proposals of the agencies by all that a row may be found by: no statement for each row."""

    def __init__(self, allowed: frozenset[str]) -> None:
        self.by_code: dict[str, tuple[int, str, str]] = {}
        self.by_key: dict[tuple[str, str], str] = {}
        rows = Proposal.objects.exclude(status=Proposal.Status.WITHDRAWN).values_list(
            "pk", "code", "agency_id", "own_number", "title", "status"
        )
        for pk, code, agency, own_number, title, status in rows.iterator(chunk_size=2000):
            self.by_code[code] = (pk, agency, status)
            if agency in allowed:
                self.by_key[agency, values.plain(title)] = code
                if own_number:
                    self.by_key[agency, "#" + own_number] = code

    def find(self, draft: Draft) -> str:
        """Code of the proposal that a row means; empty for a new one."""
        if draft.code:
            return draft.code
        return self.by_key.get(draft.key, "")

    def named(self, agency: str, text: str) -> str:
        """Code of a proposal that is named by its code or by the agency's own number; empty when there is none."""
        code = read_code(text) or ""
        return code if code in self.by_code else self.by_key.get((agency, "#" + text), "")


class _Check:
    """The first pass: every row is read and judged, nothing is kept but faults, counts and keys."""

    def __init__(self, allowed: frozenset[str], agency: str) -> None:
        self.done = Imported()
        self.known = _Known(allowed)
        self.keys: dict[tuple[str, str], int] = {}
        self._allowed = allowed
        self._reader = Reader(agency)
        self._systems = set(System.objects.values_list("code", flat=True))
        self._named: list[tuple[str, str, Fault]] = []

    def table(self, table: Table) -> None:
        """Judge all rows of a table."""
        for draft in self._reader.drafts(table):
            self.done.rows_read += 1
            self._judge(draft, table)
            self.take_faults(draft.row.faults)
        self.done.sheets.append(SheetSeen(table.name, tuple(table.headings), dict(table.passed_over)))

    def take_faults(self, faults: list[Fault]) -> None:
        self.done.fault_count += len(faults)
        self.done.faults += faults[: max(0, MOST_FAULTS - len(self.done.faults))]

    def relations(self) -> None:
        """Judge, once all rows are known, which proposals the rows name."""
        lost = [
            fault
            for agency, text, fault in self._named
            if not self.known.named(agency, text) and (agency, "#" + text) not in self.keys
        ]
        self.take_faults(lost)
        self.done.accepted -= len({(fault.sheet, fault.row) for fault in lost})

    def undone(self, faults: list[Fault]) -> None:
        """Say why nothing was written although each row by itself was right."""
        self.done.created = self.done.updated = self.done.unchanged = 0
        self.done.accepted -= len({(fault.sheet, fault.row) for fault in faults})
        self.take_faults(faults)

    def _judge(self, draft: Draft, table: Table) -> None:
        row, content = draft.row, draft.content
        if draft.agency and draft.agency not in self._allowed:
            row.add_fault("agency", _("You may not write proposals of this agency."))
        earlier = self.keys.setdefault(draft.key, row.number)
        if content.title and earlier != row.number:
            sentence = _("Row %(row)d is the same proposal.") % {"row": earlier}
            row.add_fault("own_number" if content.own_number else "title", sentence)
        code = self.known.find(draft)
        status = self._status(draft, code)
        for system in content.systems:
            if system not in self._systems:
                row.add_fault("systems", _("There is no system “%(code)s”.") % {"code": system[:80]})
        for text, kind in draft.relations.items():
            sentence = _("There is no other proposal “%(code)s”.") % {"code": text[:80]}
            fault = Fault(row.sheet, row.number, row.cell(kind), kind, sentence)
            self._named.append((draft.agency, text, fault))
        if not row.faults:
            self.done.accepted += 1
        if len(self.done.preview) < SHOWN:
            what = "update" if status else "create"
            self.done.preview.append(
                Seen(table.name, row.number, content.title, draft.agency, content.total, what)
            )

    def _status(self, draft: Draft, code: str) -> str:
        """The status of the proposal that a row would update; faults where it can't be."""
        if not code:
            return ""
        found = self.known.by_code.get(code)
        if found is None or found[1] not in self._allowed:
            draft.row.add_fault("code", _("There is no proposal with this code, or none that you may read."))
            return ""
        if draft.agency and found[1] != draft.agency:
            draft.row.add_fault("agency", _("%(code)s is another agency's.") % {"code": code})
        return found[2]


class _Writing:
    """The second pass, inside one transaction: rows are read again and kept in batches."""

    def __init__(self, actor: Actor, agency: str, origin: str, check: _Check) -> None:
        self._actor, self._origin, self._check = actor, origin, check
        self._reader = Reader(agency)
        self._systems = dict(System.objects.values_list("code", "pk"))
        self._made: dict[tuple[str, str], str] = {}
        self._relations: list[tuple[str, Draft]] = []
        self._codes = set(check.known.by_code)

    def write(self, tables: list[Table]) -> None:
        for table in tables:
            fresh: list[Draft] = []
            for draft in self._reader.drafts(table):
                code = self._check.known.find(draft)
                if code:
                    self._update(code, draft, table)
                else:
                    fresh.append(draft)
                if len(fresh) >= BATCH:
                    self._create(fresh)
                    fresh = []
            self._create(fresh)
        self._relate()

    def _new_code(self) -> str:
        while (code := new_code()) in self._codes:
            pass
        self._codes.add(code)
        return code

    def _create(self, drafts: list[Draft]) -> None:
        if not drafts:
            return
        made = Proposal.objects.bulk_create(
            Proposal(code=self._new_code(), agency_id=draft.agency, **draft.content.columns())
            for draft in drafts
        )
        pairs = list(zip(made, (draft.content for draft in drafts), strict=True))
        _create_parts(pairs, self._systems)
        Step.objects.bulk_create(
            Step(proposal=one, after=one.status, by_kind=self._actor.kind, by_id=self._actor.id)
            for one in made
        )
        ledger_write_many(
            actor=self._actor,
            action="proposal.create",
            object_type="proposal",
            entries=(
                (
                    one.code,
                    {"agency": one.agency_id, "status": one.status, "total": one.total, "tier": one.tier},
                )
                for one in made
            ),
            origin=self._origin,
        )
        for one, draft in zip(made, drafts, strict=True):
            self._made[draft.key] = one.code
            if draft.content.own_number:
                self._made[draft.agency, "#" + draft.content.own_number] = one.code
            if draft.relations:
                self._relations.append((one.code, draft))
        self._check.done.created += len(made)

    def _update(self, code: str, draft: Draft, table: Table) -> None:
        rows = Proposal.objects.select_for_update(of=("self",)).prefetch_related(
            "costs", "metrics",
            Prefetch("relations", Relation.objects.select_related("other")),
            Prefetch("system_links", SystemLink.objects.select_related("system")),
        )  # fmt: skip
        proposal = rows.get(code=code)
        old = content_of(proposal)
        new = merged(old, draft.content, table.fields, relations=False)
        if {"depends_on", "excludes"} & table.fields:
            self._relations.append((code, draft))
        if new == old:
            self._check.done.unchanged += 1
            return
        if proposal.status not in WRITTEN:
            sentence = _("%(code)s is “%(status)s” and can't be changed now.") % {
                "code": code, "status": proposal.get_status_display(),
            }  # fmt: skip
            row = draft.row
            raise _Refused([Fault(row.sheet, row.number, row.cell("title"), "title", sentence)])
        self._keep(proposal, old, new)

    def _keep(self, proposal: Proposal, old: Content, new: Content) -> None:
        for name, value in new.columns().items():
            setattr(proposal, name, value)
        proposal.version += 1
        proposal.updated_at = timezone.now()
        proposal.save()
        write_parts(proposal, new, relations=False)
        changes = {"total": [old.total, new.total]} if old.total != new.total else {}
        ledger_write(
            actor=self._actor, action="proposal.change", object_type="proposal", object_id=proposal.code,
            changes={"agency": proposal.agency_id} | changes, origin=self._origin,
        )  # fmt: skip
        self._check.done.updated += 1

    def _relate(self) -> None:
        """Relations come last: a row may name one further down by its own number."""
        if not self._relations:
            return
        wanted: dict[tuple[str, str], str] = {}
        rows: dict[str, Draft] = {}
        for code, draft in self._relations:
            rows[code] = draft
            for text, kind in draft.relations.items():
                other = self._made.get((draft.agency, "#" + text)) or self._check.known.named(
                    draft.agency, text
                )
                wanted[code, other] = kind
        ids = dict(
            Proposal.objects.filter(code__in={*rows, *(other for _c, other in wanted)}).values_list(
                "code", "pk"
            )
        )
        Relation.objects.filter(proposal__code__in=rows).delete()
        with _refused_at(rows, wanted):
            Relation.objects.bulk_create(
                Relation(proposal_id=ids[code], other_id=ids[other], kind=kind)
                for (code, other), kind in wanted.items()
            )
            refuse_contradictions(sorted({code for code, _other in wanted}))


@contextmanager
def _refused_at(rows: Mapping[str, Draft], wanted: Mapping[tuple[str, str], str]) -> Iterator[None]:
    """Tell a contradiction at the rows whose relations it is about."""
    itself = [code for code, other in wanted if code == other]
    if itself:
        raise _Refused(
            [_relation_fault(rows[code], _("A proposal can't need or rule out itself.")) for code in itself]
        )
    try:
        yield
    except Invalid as problem:
        sentence = str(problem.errors["relations"])
        named = [code for code in rows if code in sentence] or list(rows)[:1]
        raise _Refused([_relation_fault(rows[code], sentence) for code in named]) from problem


def _relation_fault(draft: Draft, sentence: str) -> Fault:
    row = draft.row
    column = next(iter(draft.relations.values()), "depends_on")
    return Fault(row.sheet, row.number, row.cell(column), column, sentence)


def _create_parts(pairs: list[tuple[Proposal, Content]], systems: Mapping[str, int]) -> None:
    ProposalCost.objects.bulk_create(
        ProposalCost(proposal=one, fiscal_year=year, part=part, amount=amount)
        for one, content in pairs
        for (year, part), amount in content.costs.items()
    )
    Metric.objects.bulk_create(
        Metric(
            proposal=one, name=metric.name, unit=metric.unit, baseline=metric.baseline, target=metric.target,
            due_on=metric.due_on, indicator=metric.indicator, areas=list(metric.areas),
        )
        for one, content in pairs
        for metric in content.metrics
    )  # fmt: skip
    SystemLink.objects.bulk_create(
        SystemLink(proposal=one, system_id=systems[code], kind=kind)
        for one, content in pairs
        for code, kind in content.systems.items()
    )


# --- over the web: sent, looked at, columns named, imported ----------------------------------------------------------


def workbook_receive(*, actor: Actor, agency: str, file: Any, name: str, origin: str = "") -> Workbook:
    """Keep a file until it is imported, a day at most. Raises Forbidden, TooLarge."""
    if not policies.may_write_proposal(actor, agency):
        raise Forbidden(_("Only the agency's digital officers and supervisors write its proposals."))
    if file.size > MOST_BYTES:
        most = MOST_BYTES // 1024 // 1024
        raise TooLarge(_("The file is larger than %(most)d MB. Please send it in parts.") % {"most": most})
    key = f"portfolio/workbooks/{secrets.token_hex(16)}"
    files.put(key, file.read())
    with transaction.atomic():
        kept = Workbook.objects.create(key=key, agency_id=agency, name=name[:200], by_id=actor.id)
        ledger_write(
            actor=actor, action="workbook.receive", object_type="workbook", object_id=kept.pk,
            changes={"agency": agency, "bytes": file.size}, origin=origin,
        )  # fmt: skip
    return kept


def workbook_of(actor: Actor, number: int) -> Workbook:
    """A workbook that this person sent. Raises NotFound."""
    found = Workbook.objects.filter(pk=number, by_id=actor.id).first()
    if found is None or not files.exists(found.key):
        raise NotFound(_("This workbook is not here any more. Please send it again."))
    return found


def workbook_import(
    *, actor: Actor, number: int, mapping: Mapping[str, str], dry_run: bool, origin: str = ""
) -> Imported:
    """Look at a workbook that was sent, or take it over and remember what its columns mean."""
    kept = workbook_of(actor, number)
    with files.open_file(kept.key) as file, transaction.atomic():
        done = proposals_import(
            actor=actor, file=file, agency=kept.agency_id, mapping=mapping, dry_run=dry_run, origin=origin
        )
        if done.written:
            _remember(kept.agency_id, mapping)
            _forget(Workbook.objects.filter(pk=kept.pk))
    return done


def workbooks_forget(*, origin: str = "job") -> int:
    """Delete workbooks that nobody imported within a day; gives how many."""
    with transaction.atomic():
        old = Workbook.objects.filter(at__lt=timezone.now() - KEPT)
        count = _forget(old)
        if count:
            ledger_write(
                actor=TIDY, action="workbook.forget", object_type="workbook", object_id="old",
                changes={"workbooks": count}, origin=origin,
            )  # fmt: skip
    return count


def _remember(agency: str, mapping: Mapping[str, str]) -> None:
    # A year stands in the heading itself: next year's sheet has other ones.
    known = {column.field for column in columns()} | {""}
    ColumnMapping.objects.bulk_create(
        (
            ColumnMapping(agency_id=agency, heading=heading, field=name)
            for heading, name in mapping.items()
            if heading and base_of(name) in known
        ),
        update_conflicts=True,
        unique_fields=["agency", "heading"],
        update_fields=["field"],
    )


def _forget(rows: Any) -> int:
    for key in list(rows.values_list("key", flat=True)):
        transaction.on_commit(partial(files.delete, key))
    deleted, _by_model = rows.delete()
    return int(deleted)
