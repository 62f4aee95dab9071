"""Made-up reports: reproducible, plausible, and consistent with the city's calendar."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db.models import Count, F, Q

from prasan.city.registers import registers
from prasan.fabric import files
from prasan.fabric.codes import read_code
from prasan.fabric.models import LedgerEntry
from prasan.fabric.problems import Conflict
from prasan.reports.actions.photos import original_key, public_key
from prasan.reports.actions.search import search_vector
from prasan.reports.catalogue import catalogue
from prasan.reports.demonstration.writing import code_of, demo_write
from prasan.reports.models import Assignment, Entry, Follower, Photo, Report, Status
from tests import factories

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)


def said() -> list[tuple[object, ...]]:
    """What was done and said."""
    return list(Entry.objects.order_by("at", "kind", "public_text").values_list("at", "kind", "public_text"))


def told() -> list[tuple[object, ...]]:
    """What there is, without keys."""
    fields = (
        "code",
        "public_text",
        "submitted_at",
        "status",
        "agency_id",
        "longitude",
        "rating",
        "followers",
        "updated_at",
    )
    return list(Report.objects.order_by("code").values_list(*fields))


def test_the_same_seed_and_moment_give_the_same_reports() -> None:
    demo_write(reports=60, seed=7, now=NOW)
    first, entries = told(), said()
    Follower.objects.all().delete()
    Entry.objects.all().delete()
    Assignment.objects.all().delete()
    Photo.objects.all().delete()
    Report.objects.all().delete()
    demo_write(reports=60, seed=7, now=NOW)
    assert told() == first
    assert said() == entries


def test_another_seed_gives_other_reports_and_the_same_one_is_refused() -> None:
    demo_write(reports=30, seed=1, now=NOW)
    with pytest.raises(Conflict):
        demo_write(reports=30, seed=1, now=NOW)
    demo_write(reports=30, seed=2, now=NOW)
    assert Report.objects.count() == 60


def test_codes_are_valid_and_never_meet() -> None:
    codes = [code_of(3, index) for index in range(50_000)]
    assert len(set(codes)) == len(codes)
    assert all(read_code(code) == code for code in codes[:500])
    assert len({code[0] for code in codes}) > 20


def test_a_code_that_somebody_has_already_is_left_to_them() -> None:
    mine = factories.report()
    Report.objects.filter(pk=mine.pk).update(code=code_of(5, 20))
    demo_write(reports=40, seed=5, now=NOW)
    assert Report.objects.filter(source="demo").count() == 40
    assert Report.objects.get(code=code_of(5, 20)).pk == mine.pk


def test_every_report_is_what_the_actions_would_have_written() -> None:
    demo_write(reports=400, seed=5, now=NOW)
    geography, calendar = registers().geography, registers().calendar
    for report in Report.objects.prefetch_related("assignments", "entries"):
        assert geography.district_at(report.longitude, report.latitude) == report.district
        assert report.category in catalogue().categories
        assert report.submitted_at <= report.updated_at <= NOW
        leads = [one for one in report.assignments.all() if one.role == Assignment.Role.LEAD]
        active = [one for one in leads if one.active]
        assert len(active) == (report.status not in {Status.FINISHED, Status.IRRELEVANT})
        last = max(leads, key=lambda one: one.assigned_at)
        assert (last.agency_id, last.status) == (report.agency_id, report.status)
        assert (report.finished_at is None) == bool(active)
        hours = catalogue().deadline(report.category, registers().agency(last.agency_id).kind)
        assert last.due_at == calendar.add_working_time(last.assigned_at, hours.fix)
        if active and active[0].remind_at is not None:
            assert active[0].remind_at > NOW
        steps = [entry for entry in report.entries.all() if entry.by == "officer"]
        assert all(calendar.is_working_day(entry.at.astimezone(calendar.zone).date()) for entry in steps)


def test_reports_are_found_by_their_words() -> None:
    demo_write(reports=80, seed=5, now=NOW)
    for report in Report.objects.all():
        rows = Report.objects.filter(pk=report.pk)
        assert rows.extra(where=["search = %s::tsvector"], params=[search_vector(report)]).exists()


def test_the_mixture_is_plausible() -> None:
    demo_write(reports=1500, seed=9, now=NOW)
    counts = dict(Report.objects.values_list("status").annotate(count=Count("id")))
    assert 0.7 < counts["finished"] / 1500 < 0.95
    assert all(counts.get(status, 0) > 0 for status in ("waiting", "in_progress", "irrelevant", "forwarded"))
    assert Report.objects.values("category").distinct().count() > 15
    assert Report.objects.values("district").distinct().count() == 50
    assert Report.objects.filter(rating__isnull=False).count() > 200
    assert Report.objects.filter(reopened__gt=0).exists()
    assert Assignment.objects.filter(active=True, escalated_at__isnull=False).exists()
    ratings = Report.objects.filter(rating__isnull=False)
    assert ratings.filter(rating__gte=4).count() > ratings.filter(rating__lte=2).count()
    assert (
        not Report.objects.exclude(followers=0)
        .annotate(real=Count("follows"))
        .exclude(real=F("followers"))
        .exists()
    )
    assert LedgerEntry.objects.filter(action="demo.report").count() == 1500


def test_stories_have_pictures_before_and_after() -> None:
    demo_write(reports=6, seed=1, now=NOW)
    after = Photo.objects.filter(moment="after").select_related("entry", "report")
    assert after.count() >= 3
    for photo in after:
        assert photo.entry is not None
        assert photo.entry.status == Status.FINISHED
        for key in (original_key(photo.key), public_key(photo.key, "large"), public_key(photo.key, "small")):
            assert files.read(key)
    assert Report.objects.filter(Q(rating=5), photos=2).exists()
