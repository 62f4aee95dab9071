"""What citizens do with a report after sending it: comment, follow, answer, reopen, rate."""

from __future__ import annotations

import secrets

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from prasan.fabric.actions import ledger_write
from prasan.fabric.actors import Actor
from prasan.fabric.personal import lookup_hash
from prasan.fabric.problems import Forbidden, Invalid
from prasan.people.policies import root_code
from prasan.reports.actions.change import changing
from prasan.reports.actions.deadlines import resume_clock, start_clock
from prasan.reports.models import Assignment, Follower, Report, Status


def report_comment(
    *, actor: Actor, code: str, note: str, token: str = "", photos: tuple[str, ...] = (), origin: str = ""
) -> Report:
    """Add a public comment."""
    with changing("comment", actor=actor, code=code, note=note, token=token, photos=photos, origin=origin) as change:
        pass
    return change.report


def report_answer(
    *, actor: Actor, code: str, note: str, token: str = "", photos: tuple[str, ...] = (), origin: str = ""
) -> Report:
    """The reporter answers an officer's question; the deadlines' clock runs again."""
    with changing("answer", actor=actor, code=code, note=note, token=token, photos=photos, origin=origin) as change:
        for assignment in change.assignments:
            if assignment.paused_at is not None:
                resume_clock(assignment, change.now)
                assignment.save(update_fields=["paused_at", "due_at", "respond_by", "remind_at"])
    return change.report


def report_reopen(
    *, actor: Actor, code: str, note: str, token: str = "", photos: tuple[str, ...] = (), origin: str = ""
) -> Report:
    """The reporter says, with a reason, that it is not fixed: the last lead agency gets it again, its clock anew."""
    with changing("reopen", actor=actor, code=code, note=note, token=token, photos=photos, origin=origin) as change:
        report = change.report
        if report.duplicate_of_id is not None:
            raise Forbidden(_("This report was merged into another one; please open that one again."))
        report.reopened += 1
        report.status, report.finished_at, report.rating = Status.WAITING, None, None
        change.entry.status = Status.WAITING
        lead = Assignment(report=report, agency_id=report.agency_id or root_code(), assigned_at=change.now)
        start_clock(lead, change.now, category=report.category)
        lead.save()
    return change.report


def report_rate(*, actor: Actor, code: str, rating: int, note: str = "", token: str = "", origin: str = "") -> Report:
    """The reporter rates the fix from 1 to 5, once or again."""
    if rating not in range(1, 6):
        raise Invalid({"rating": _("Please choose 1 to 5 stars.")})
    with changing("rate", actor=actor, code=code, note=note, token=token, origin=origin) as change:
        change.report.rating = rating
    return change.report


def report_follow(*, actor: Actor, code: str, email: str = "", token: str = "", origin: str = "") -> Follower:
    """Follow a report: a signed-in citizen, or an e-mail address. Following twice changes nothing.

    Raises Invalid when neither is given or the address is malformed.
    """
    if not actor.is_citizen:
        _check_email(email)
    with transaction.atomic():
        mine = {"citizen_id": int(actor.id)} if actor.is_citizen else {"address_hash": lookup_hash(email)}
        found = Follower.objects.filter(report__code=code, **mine).first()
        if found is not None:
            return found
        with changing("follow", actor=actor, code=code, token=token, origin=origin) as change:
            change.report.followers += 1
            change.entry.audience = "internal"
            follower = follower_new(actor, change.report, email)
            follower.save()
    return follower


def report_unfollow(*, token: str, origin: str = "") -> str:
    """Stop following by the link in a notice; gives the report's code. Raises Invalid for an unknown link."""
    with transaction.atomic():
        follower = Follower.objects.select_related("report").defer("report__search").filter(token=token).first()
        if follower is None:
            raise Invalid({"token": _("This link is not valid any more.")})
        report = Report.objects.select_for_update().only("id", "code", "followers").get(pk=follower.report_id)
        follower.delete()
        report.followers = max(report.followers - 1, 0)
        report.save(update_fields=["followers"])
        ledger_write(
            actor=Actor.anonymous(), action="report.unfollow", object_type="report", object_id=report.code,
            changes={"followers": report.followers}, origin=origin,
        )  # fmt: skip
    return report.code


def follower_new(actor: Actor, report: Report | None, email: str, *, reporter: bool = False) -> Follower:
    """An unsaved follower: the citizen, or the address."""
    return Follower(
        report=report,
        citizen_id=int(actor.id) if actor.is_citizen else None,
        address="" if actor.is_citizen else email.strip(),
        address_hash="" if actor.is_citizen else lookup_hash(email),
        language=get_language() or "th",
        token=secrets.token_urlsafe(24),
        reporter=reporter,
    )


def _check_email(email: str) -> None:
    try:
        validate_email(email.strip())
    except ValidationError as error:
        raise Invalid({"email": _("Please write an e-mail address such as name@example.com.")}) from error
