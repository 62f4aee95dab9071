"""What of reports belongs to a citizen: the panel of their own page, their export, their erasure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils.translation import gettext as _

from prasan.fabric import files
from prasan.fabric.actors import Actor
from prasan.people import erasures, exports, panels, reads
from prasan.reports.actions.photos import original_key, pictures_delete
from prasan.reports.links import report_url
from prasan.reports.models import Entry, Follower, Photo, Report
from prasan.reports.policies import reporter_token

SHOWN = 20
ERASED = "[ลบแล้ว]"  # stands where a citizen's own words stood


def register() -> None:
    """Take our places on the citizen's page and in what is exported and erased."""
    panels.register("reports", 10, template="reports/citizen/mine.html", context=panel)
    exports.register("reports", export)
    erasures.register("reports", erase)
    reads.register_thing("report", what_was_read)


def what_was_read(code: str) -> tuple[str, str]:
    """Name and address of a report, for "who read my data"."""
    return _("Report %(code)s") % {"code": code}, report_url(code)


def panel(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """The latest reports the citizen sent, and those they follow. Two statements."""
    mine = Report.objects.filter(reporter_id=int(actor.id)).order_by("-submitted_at")
    followed = Report.objects.filter(follows__citizen_id=int(actor.id)).exclude(reporter_id=int(actor.id))
    fields = ("code", "category", "status", "submitted_at", "public_text", "original")
    return {
        "mine": [(report, reporter_token(report.code)) for report in mine.only(*fields)[:SHOWN]],
        "followed": followed.only(*fields).order_by("-submitted_at")[:SHOWN],
    }


def export(citizen: int) -> exports.Part:
    """Reports sent, comments written and reports followed; the photos sent as files."""
    reports = Report.objects.filter(reporter_id=citizen).defer("search").order_by("submitted_at")
    entries = Entry.objects.filter(author_id=citizen, by="citizen").select_related("report").defer("report__search")
    data = {
        "sent": [_report(report) for report in reports],
        "written": [{"report": one.report.code, "at": one.at, "kind": one.kind, "text": one.text} for one in entries],
        "followed": list(Follower.objects.filter(citizen_id=citizen).values_list("report__code", flat=True)),
    }
    return exports.Part(data, _photos(citizen))


def erase(citizen: int) -> int:
    """Take the citizen out of their reports: name, phone, own words and pictures go, the problem's place stays.

    The city keeps that something was reported, where, and what was done about it (the task is public); who said
    so, and in which words, is gone.
    """
    reports = Report.objects.filter(reporter_id=citizen)
    followed = Follower.objects.filter(citizen_id=citizen)
    Report.objects.filter(pk__in=followed.values("report"), followers__gt=0).update(followers=F("followers") - 1)
    changed = followed.delete()[0]
    changed += Entry.objects.filter(author_id=citizen).update(original="", public_text=ERASED, author=None)
    keys = list(Photo.objects.filter(report__in=reports, entry=None).values_list("key", flat=True))
    Photo.objects.filter(key__in=keys).delete()
    transaction.on_commit(lambda: pictures_delete(keys))
    changed += reports.update(
        reporter=None, reporter_name="", reporter_phone="", original="", public_text=ERASED, search="", address="",
        photos=0, version=F("version") + 1,
    )  # fmt: skip
    return changed


def _report(report: Report) -> dict[str, Any]:
    return {
        "code": report.code, "sent_at": report.submitted_at, "text": report.text, "category": report.category,
        "address": report.address, "longitude": report.longitude, "latitude": report.latitude, "status": report.status,
        "name": report.reporter_name, "phone": report.reporter_phone, "rating": report.rating,
    }  # fmt: skip


def _photos(citizen: int) -> Iterator[tuple[str, bytes]]:
    for photo in Photo.objects.filter(report__reporter_id=citizen, entry=None, external_url=""):
        yield f"{photo.key}.jpg", files.read(original_key(photo.key))
