"""What officers do with a report: the steps of workflow.py, one function each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from prasan.city.registers import registers
from prasan.fabric.actions import ledger_write
from prasan.fabric.actors import Actor
from prasan.fabric.codes import new_code
from prasan.fabric.problems import Conflict, Forbidden, Invalid
from prasan.people.models import User
from prasan.reports.actions.change import Change, changing
from prasan.reports.actions.deadlines import pause_clock, start_clock
from prasan.reports.actions.search import search_vector
from prasan.reports.catalogue import catalogue
from prasan.reports.models import Assignment, Correction, Entry, Follower, Report, Status, wording


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a split report: its own words, category and agency."""

    text: str
    category: str
    agency: str


def report_accept(
    *, actor: Actor, code: str, version: int | None = None, note: str = "", origin: str = ""
) -> Report:
    """The agency takes the report on; whoever accepts becomes its officer."""
    with changing("accept", actor=actor, code=code, version=version, note=note, origin=origin) as change:
        own = _own(change)
        if actor.is_officer and own.officer_id is None:
            own.officer_id = int(actor.id)
    return change.report


def report_assign(
    *, actor: Actor, code: str, officer: int, version: int | None = None, note: str = "", origin: str = ""
) -> Report:
    """Give the agency's part to one of its officers. Raises Invalid when that officer has no role there."""
    with changing("assign", actor=actor, code=code, version=version, note=note, origin=origin) as change:
        own = _own(change)
        reach = registers().ancestors(own.agency_id) | {own.agency_id}
        if not User.objects.filter(pk=officer, is_active=True, grants__agency_id__in=reach).exists():
            raise Invalid({"officer": _("This officer has no role at the agency.")})
        change.extra["officer"] = [own.officer_id, officer]
        own.officer_id = officer
    return change.report


def report_stage(
    *, actor: Actor, code: str, stage: str, version: int | None = None, note: str = "", origin: str = ""
) -> Report:
    """Set the long-process stage (study, budget, procurement, law, policy); the report is in progress."""
    if stage not in catalogue().stages:
        raise Invalid({"stage": _("Please choose one of the stages.")})
    with changing("stage", actor=actor, code=code, version=version, note=note, origin=origin) as change:
        _own(change).stage = stage
        change.entry.stage = stage
    return change.report


def report_follow_up(
    *, actor: Actor, code: str, note: str, version: int | None = None, origin: str = ""
) -> Report:
    """Keep the report under observation, for instance while a contractor's warranty runs."""
    with changing("follow_up", actor=actor, code=code, version=version, note=note, origin=origin) as change:
        pass
    return change.report


def report_ask(
    *, actor: Actor, code: str, note: str, version: int | None = None, origin: str = ""
) -> Report:
    """Ask the reporter; the agency's clock stands until the answer."""
    with changing("ask", actor=actor, code=code, version=version, note=note, origin=origin) as change:
        pause_clock(_own(change), change.now)
    return change.report


def report_note(
    *, actor: Actor, code: str, note: str, photos: tuple[str, ...] = (), version: int | None = None, origin: str = ""
) -> Report:
    """An internal note; the public never sees it."""
    with changing("note", actor=actor, code=code, version=version, note=note, photos=photos, origin=origin) as change:
        pass
    return change.report


def report_reply(
    *, actor: Actor, code: str, note: str, photos: tuple[str, ...] = (), version: int | None = None, origin: str = ""
) -> Report:
    """A public reply in the agency's name."""
    with changing("reply", actor=actor, code=code, version=version, note=note, photos=photos, origin=origin) as change:
        pass
    return change.report


def report_categorise(
    *, actor: Actor, code: str, category: str, version: int | None = None, note: str = "", origin: str = ""
) -> Report:
    """Correct the category; the correction is kept for retraining and the deadline follows the new category."""
    if category not in catalogue().categories:
        raise Invalid({"category": _("Please choose one of the categories.")})
    with changing("categorise", actor=actor, code=code, version=version, note=note, origin=origin) as change:
        report = change.report
        if category == report.category:
            raise Conflict(_("The report has this category already."))
        officer = int(actor.id) if actor.is_officer else None
        Correction.objects.create(report=report, was=report.category, became=category, officer_id=officer)
        report.category, report.category_how = category, "officer"
        own = _own(change)
        standing = own.paused_at
        start_clock(own, own.assigned_at, category=category)
        if standing:
            pause_clock(own, standing)
    return change.report


def report_forward(
    *, actor: Actor, code: str, agency: str, note: str, version: int | None = None, origin: str = ""
) -> Report:
    """Hand the report over to another agency, which becomes its lead with a clock of its own."""
    target = _known_agency(agency)
    with changing("forward", actor=actor, code=code, version=version, note=note, origin=origin) as change:
        own = _own(change)
        _refuse_if_handling(change, target)
        own.active, own.closed_at = False, change.now
        own.save()
        _assign_new(change, target, Assignment.Role.LEAD, Status.FORWARDED)
        change.report.agency_id, change.report.routed_by = target, "officer"
        change.entry.to_agency_id = target
    return change.report


def report_invite(
    *, actor: Actor, code: str, agency: str, note: str, version: int | None = None, origin: str = ""
) -> Report:
    """Ask another agency to join: it works on the same report with a status and a deadline of its own."""
    target = _known_agency(agency)
    with changing("invite", actor=actor, code=code, version=version, note=note, origin=origin) as change:
        _refuse_if_handling(change, target)
        _assign_new(change, target, Assignment.Role.INVITED, Status.WAITING)
        change.entry.to_agency_id = target
    return change.report


def report_finish(
    *, actor: Actor, code: str, note: str, photos: tuple[str, ...] = (), version: int | None = None, origin: str = ""
) -> Report:
    """Finish the agency's part with a note and photo proof. Raises Invalid without a photo where one is required."""
    with changing("finish", actor=actor, code=code, version=version, note=note, photos=photos, origin=origin) as change:
        if not photos and catalogue().category(change.report.category).proof_photo:
            raise Invalid({"photos": _("This category needs a photo that shows the fix.")})
    return change.report


def report_irrelevant(
    *, actor: Actor, code: str, reason: str, note: str, version: int | None = None, origin: str = ""
) -> Report:
    """Close the agency's part as not relevant, with a reason from the city's list that the citizen sees."""
    if reason not in catalogue().irrelevant_reasons:
        raise Invalid({"reason": _("Please choose a reason.")})
    with changing("irrelevant", actor=actor, code=code, version=version, note=note, origin=origin) as change:
        change.entry.stage = reason
        change.extra["reason"] = reason
    return change.report


def report_resume(
    *, actor: Actor, code: str, note: str, version: int | None = None, origin: str = ""
) -> Report:
    """Take a closed report up again (it was closed by mistake, or the fix did not hold)."""
    with changing("resume", actor=actor, code=code, version=version, note=note, origin=origin) as change:
        own = _own(change)
        if own.role == Assignment.Role.LEAD and change.lead is not None:
            raise Conflict(_("Another agency leads this report now."))
        own.active, own.closed_at = True, None
        change.report.duplicate_of = None
        start_clock(own, change.now, category=change.report.category)
    return change.report


def report_split(
    *, actor: Actor, code: str, parts: Sequence[Part], version: int | None = None, origin: str = ""
) -> list[Report]:
    """Make separate reports of the several problems in one; the first stays what it is. Gives the new reports."""
    errors = {f"parts.{number}": _("Each part needs words, a category and an agency.")
              for number, part in enumerate(parts)
              if not part.text.strip() or part.category not in catalogue().categories or not part.agency}
    if errors or not parts:
        raise Invalid(errors or {"parts": _("Please describe at least one part to split off.")})
    with changing("split", actor=actor, code=code, version=version, origin=origin) as change:
        made = [_split_off(change, part) for part in parts]
        change.entry.text = ", ".join(report.code for report in made)
        change.extra["into"] = [report.code for report in made]
    return made


def report_merge(
    *, actor: Actor, code: str, other: str, version: int | None = None, note: str = "", origin: str = ""
) -> Report:
    """Close this report as a duplicate of `other`: followers move there and are told. Gives the other report."""
    with transaction.atomic():
        # Both are locked in the order of their keys, so that two merges the other way round wait for each other.
        both = Report.objects.select_for_update().defer("search").filter(code__in=(code, other)).order_by("id")
        kept = next((report for report in both if report.code == other), None)
        if kept is None or kept.code == code:
            raise Invalid({"other": _("Please give the code of another report.")})
        if kept.duplicate_of_id is not None:
            raise Invalid({"other": _("That report is itself merged into another one.")})
        if kept.private:
            raise Invalid({"other": _("That report is private; a public one can't be merged into it.")})
        with changing("merge", actor=actor, code=code, version=version, note=note, origin=origin) as change:
            _close_invited(change)
            change.report.duplicate_of = kept
            change.entry.other = kept
            change.extra["into"] = kept.code
        _move_followers(change.report, kept)
        _tell_kept(change, kept, origin)
    return kept


def _own(change: Change) -> Assignment:
    if change.assignment is None:
        raise Forbidden(_("Your agency does not handle this report, or your role does not allow this step."))
    return change.assignment


def _known_agency(code: str) -> str:
    if not registers().is_active(code):
        raise Invalid({"agency": _("Please choose an agency from the list.")})
    return code


def _refuse_if_handling(change: Change, agency: str) -> None:
    if any(a.active and a.agency_id == agency for a in change.assignments):
        raise Invalid({"agency": _("This agency handles the report already.")})


def _assign_new(change: Change, agency: str, role: Assignment.Role, status: Status) -> Assignment:
    new = Assignment(report=change.report, agency_id=agency, role=role, status=status, assigned_at=change.now)
    start_clock(new, change.now, category=change.report.category)
    new.save()
    change.extra["to"] = agency
    return new


def _split_off(change: Change, part: Part) -> Report:
    whole = change.report
    copied = (
        "source", "longitude", "latitude", "cell", "district", "subdistrict", "address", "road_kind", "asset_kind",
        "reporter_id", "private", "submitted_at",
    )  # fmt: skip
    report = Report(
        code=new_code(), **wording(part.text.strip()), category=part.category,
        category_how="officer", agency_id=_known_agency(part.agency), routed_by="officer", split_from=whole,
        updated_at=change.now, **{name: getattr(whole, name) for name in copied},
    )  # fmt: skip
    report.search = search_vector(report)
    report.save(force_insert=True)
    lead = Assignment(report=report, agency_id=part.agency, assigned_at=change.now)
    start_clock(lead, change.now, category=part.category)
    lead.save()
    ledger_write(actor=change.actor, action="report.submit", object_type="report", object_id=report.code,
                 changes={"split_from": whole.code, "agency": part.agency, "category": part.category})
    return report


def _close_invited(change: Change) -> None:
    for assignment in change.assignments:
        if assignment.active and assignment is not change.assignment:
            assignment.active, assignment.closed_at, assignment.status = False, change.now, Status.FINISHED
            assignment.save()


def _move_followers(gone: Report, kept: Report) -> None:
    """Followers of the duplicate follow the report that stays, each once."""
    there = kept.follows.values_list("citizen_id", "address_hash")
    known = set(there)
    for follower in gone.follows.all():
        if (follower.citizen_id, follower.address_hash) not in known:
            Follower.objects.filter(pk=follower.pk).update(report=kept, reporter=False)
    kept.followers = kept.follows.count()


def _tell_kept(change: Change, kept: Report, origin: str) -> None:
    now: datetime = change.now
    Entry.objects.create(report=kept, at=now, kind=Entry.Kind.MERGE, by=change.actor.kind, other=change.report,
                         agency_id=change.entry.agency_id)
    kept.version += 1
    kept.updated_at = now
    kept.save(update_fields=["followers", "version", "updated_at"])
    ledger_write(actor=change.actor, action="report.absorb", object_type="report", object_id=kept.code,
                 changes={"duplicate": change.report.code, "followers": kept.followers}, origin=origin)
