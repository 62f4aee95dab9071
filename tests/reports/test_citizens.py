"""What of reports a citizen sees on their own page, takes along and has erased."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from prasan.fabric import files
from prasan.people import erasures, exports
from prasan.people.models import User
from prasan.reports import actions
from prasan.reports.actions.desk import contact_read
from prasan.reports.actions.photos import original_key, photo_add
from prasan.reports.models import Entry, Photo, Report
from tests import factories
from tests.reports.pictures import photo

pytestmark = pytest.mark.django_db

SECRET = "บ้านเลขที่ 99 โทร 081-234-5678"


@pytest.fixture
def sent() -> Report:
    """A report of a citizen with name, phone, a photo, a comment, and another one followed."""
    citizen = factories.citizen()
    taken, _place = photo_add(actor=citizen, upload=photo())
    report = factories.report(citizen, text=SECRET, name="มาลี ดีงาม", phone="081-234-5678", photos=(taken.key,))
    actions.report_comment(actor=citizen, code=report.code, note=SECRET)
    actions.report_follow(actor=citizen, code=factories.report().code)
    return report


def test_what_was_written_is_encrypted_in_the_row_and_masked_in_public(sent: Report) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select row_to_json(r)::text from reports_report r where code = %s", [sent.code])
        assert "234-5678" not in cursor.fetchone()[0]
    kept = Report.objects.get(code=sent.code)
    assert kept.text == SECRET
    assert kept.public_text == "บ้านเลขที่ 99 โทร [เบอร์โทร]"


def test_words_without_personal_data_are_stored_once() -> None:
    assert Report.objects.get(pk=factories.report().pk).original == ""


def test_the_own_page_lists_what_was_sent_and_what_is_followed(
    sent: Report, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    client = factories.signed_in(User.objects.get(pk=sent.reporter_id))
    client.get("/me/")
    with django_assert_max_num_queries(7):
        page = client.get("/me/").content.decode()
    assert sent.code in page
    assert "?key=" in page
    other = Report.objects.exclude(pk=sent.pk).get()
    assert other.code in page


def test_the_export_holds_reports_comments_and_photos(sent: Report) -> None:
    with zipfile.ZipFile(exports.archive(int(sent.reporter_id or 0))) as bundle:
        told = json.loads(bundle.read("data.json"))["reports"]
        names = bundle.namelist()
    assert [one["text"] for one in told["sent"]] == [SECRET]
    assert [one["text"] for one in told["written"] if one["kind"] == "comment"] == [SECRET]
    assert len(told["followed"]) == 2
    assert any(name.startswith("reports/") and name.endswith(".jpg") for name in names)


def test_erasure_leaves_the_problem_and_takes_the_person(
    sent: Report, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    key = Photo.objects.get().key
    citizen = int(sent.reporter_id or 0)
    with django_capture_on_commit_callbacks(execute=True):
        erasures.run(citizen)
    kept = Report.objects.get(code=sent.code)
    assert (kept.reporter_id, kept.reporter_name, kept.reporter_phone, kept.text) == (None, "", "", "[ลบแล้ว]")
    assert (kept.longitude, kept.category, kept.status) == (sent.longitude, "road", "waiting")
    assert not Entry.objects.filter(author_id=citizen).exists()
    assert not Photo.objects.filter(key=key).exists()
    assert not files.exists(original_key(key))
    assert kept.followers == 0


def test_who_read_my_data_names_the_report_and_leads_to_it(sent: Report) -> None:
    officer = factories.officer()
    contact_read(actor=officer, code=sent.code)
    page = factories.signed_in(User.objects.get(pk=sent.reporter_id)).get("/me/reads/").content.decode()
    assert f"เรื่องแจ้ง {sent.code}" in page
    assert f"/r/{sent.code}/" in page
