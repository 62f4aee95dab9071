"""What officers do at the desk beside the steps of one report: many reports at once, one-click dispatch, saved
filters, and looking at a reporter's contact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from prasan.fabric.actions import ledger_write
from prasan.fabric.actors import Actor
from prasan.fabric.problems import Forbidden, Invalid, NotFound, Problem
from prasan.people.actions import record_read
from prasan.reports import policies
from prasan.reports.actions.handle import (
    report_accept,
    report_assign,
    report_categorise,
    report_forward,
    report_note,
)
from prasan.reports.models import Assignment, Follower, Report, SavedFilter

BATCHED: dict[str, Callable[..., Any]] = {
    "accept": report_accept,
    "assign": report_assign,
    "forward": report_forward,
    "categorise": report_categorise,
    "note": report_note,
}
LARGEST_BATCH = 200
LONGEST_NAME = 60
LONGEST_QUERY = 1000
MOST_FILTERS = 30


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one report of a batch; `problem` says why nothing did."""

    code: str
    problem: Problem | None = None

    @property
    def done(self) -> bool:
        return self.problem is None

    @property
    def words(self) -> str:
        """The problem in the reader's language."""
        if isinstance(self.problem, Invalid):
            return " ".join(str(message) for message in self.problem.errors.values())
        return str(self.problem.detail or self.problem.title) if self.problem else ""


def reports_batch(
    *, actor: Actor, action: str, targets: Sequence[tuple[str, int | None]], origin: str = "", **fields: Any
) -> list[Outcome]:
    """Take one step on many reports, each in a transaction of its own: one that is refused harms no other.

    `targets` are (code, version seen); `fields` the step's arguments. Raises Invalid for an unknown step or more
    than LARGEST_BATCH reports; then nothing is done.
    """
    if action not in BATCHED:
        raise Invalid({"action": _("This can't be done with several reports at once.")})
    if not targets:
        raise Invalid({"targets": _("Please select at least one report.")})
    if len(targets) > LARGEST_BATCH:
        raise Invalid({"targets": _("At most %(most)d reports at once, please.") % {"most": LARGEST_BATCH}})
    take = BATCHED[action]

    def one(code: str, version: int | None) -> Outcome:
        try:
            take(actor=actor, code=code, version=version, origin=origin, **fields)
        except Problem as problem:
            return Outcome(code, problem)
        return Outcome(code)

    return [one(code, version) for code, version in targets]


@transaction.atomic
def report_dispatch(
    *, actor: Actor, code: str, category: str, agency: str, version: int | None = None, origin: str = ""
) -> Report:
    """A dispatcher's one click: the category (a correction is kept) and the agency that handles it from now on.

    Where that is the dispatcher's own agency it takes the report on. Raises what categorise, forward and accept
    raise; then nothing is changed.
    """
    report = (
        Report.objects.select_for_update(of=("self",))
        .only("category", "agency_id", "version")
        .filter(code=code)
        .first()
    )
    if report is None:
        raise NotFound(_("There is no report with this code."))
    step: dict[str, Any] = {"actor": actor, "code": code, "origin": origin}
    if category != report.category:
        version = report_categorise(**step, category=category, version=version).version
    if agency == report.agency_id:
        return report_accept(**step, version=version)
    return report_forward(
        **step, agency=agency, version=version, note=_("Passed on to the agency in charge.")
    )


@dataclass(frozen=True, slots=True)
class Reached:
    """How to reach a reporter; empty where nothing was given."""

    name: str
    phone: str
    email: str

    def __bool__(self) -> bool:
        return bool(self.name or self.phone or self.email)


@transaction.atomic
def contact_read(*, actor: Actor, code: str, origin: str = "") -> Reached:
    """The reporter's name, phone and e-mail; the ledger notes who looked, and the citizen sees it.

    Only for officers of the agencies that handle or handled the report; NotFound for all others.
    """
    report = Report.objects.defer("search").select_related("reporter").filter(code=code).first()
    parts = list(Assignment.objects.filter(report=report)) if report else []
    if report is None or not policies.may_read_inside(actor, report, parts):
        raise NotFound(_("There is no report with this code."))
    if not policies.may_read_contact(actor, parts):
        raise Forbidden(_("Only officers who handle the report may see the reporter's contact."))
    if report.reporter_id is not None:
        record_read(
            actor=actor,
            citizen_id=report.reporter_id,
            purpose="contact",
            thing=f"report:{code}",
            origin=origin,
        )
    else:
        ledger_write(
            actor=actor, action="report.read_contact", object_type="report", object_id=code, origin=origin
        )
    follower = Follower.objects.filter(report=report, reporter=True).first()
    account = report.reporter
    return Reached(
        name=report.reporter_name or (account.name if account else ""),
        phone=report.reporter_phone or (account.phone if account else ""),
        email=(account.email if account else "") or (follower.address if follower else ""),
    )


@transaction.atomic
def filter_save(*, actor: Actor, name: str, query: str, origin: str = "") -> SavedFilter:
    """Keep an inbox filter under a name; the same name again replaces it. Raises Invalid."""
    name = name.strip()
    if not actor.is_officer:
        raise Forbidden
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(
            {"name": _("Please give a name of at most %(most)d characters.") % {"most": LONGEST_NAME}}
        )
    if len(query) > LONGEST_QUERY:
        raise Invalid({"query": _("This filter is too long to keep.")})
    mine = SavedFilter.objects.filter(officer_id=int(actor.id))
    if mine.exclude(name=name).count() >= MOST_FILTERS:
        raise Invalid(
            {"name": _("At most %(most)d filters, please; delete one first.") % {"most": MOST_FILTERS}}
        )
    saved, _new = mine.update_or_create(name=name, defaults={"query": query}, create_defaults={
        "officer_id": int(actor.id), "name": name, "query": query,
    })  # fmt: skip
    ledger_write(
        actor=actor, action="filter.save", object_type="saved_filter", object_id=saved.pk, origin=origin
    )
    return saved


@transaction.atomic
def filter_delete(*, actor: Actor, filter_id: int, origin: str = "") -> None:
    """Forget one of the officer's own filters. Raises NotFound."""
    if (
        not actor.is_officer
        or not SavedFilter.objects.filter(pk=filter_id, officer_id=int(actor.id)).delete()[0]
    ):
        raise NotFound
    ledger_write(
        actor=actor, action="filter.delete", object_type="saved_filter", object_id=filter_id, origin=origin
    )
