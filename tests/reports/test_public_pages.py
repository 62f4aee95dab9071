"""What everybody may see: list, search, report page, feed and files; what costs how many statements."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from prasan.fabric.codes import ALPHABET, new_code
from prasan.people.models import User
from prasan.reports import actions
from prasan.reports.models import Entry, Photo, Report, Status
from prasan.reports.pages.exports import COLUMNS, guarded
from prasan.reports.policies import reporter_token
from prasan.reports.queries.public import PublicFilter, public_reports
from prasan.reports.workflow import WORKFLOW
from tests import factories

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(autouse=True)
def _in_english(client: Client) -> None:
    client.cookies["prasan_language"] = "en"


def read(client: Client, name: str, *parts: str, **query: str) -> str:
    return str(client.get(reverse(f"reports:{name}", args=parts), query).content.decode())


def streamed(client: Client, name: str, **query: str) -> str:
    answer = client.get(reverse(f"reports:{name}"), query)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]


def codes(page: str) -> list[str]:
    """Codes of the reports that a list shows, in order."""
    return re.findall(r'class="card-title"><a href="/r/([^/]+)/', page)


# --- list and search ---


def test_the_list_shows_public_reports_newest_first(client: Client) -> None:
    old, new = factories.report(), factories.report()
    factories.report(private=True)
    assert codes(read(client, "list")) == [new.code, old.code]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"category": "drain"}, ["drain"]),
        ({"district": "1038"}, ["far"]),
        ({"status": "finished"}, ["done"]),
        ({"status": "open"}, ["old", "far", "drain", "road"]),
        ({"since": "2020-01-01", "until": "2020-12-31"}, ["old"]),
        ({"since": "2020-06-16"}, ["done", "far", "drain", "road"]),
        ({"until": "2020-06-15"}, ["old"]),
        ({"category": "x", "district": "x", "status": "x", "since": "31.2."}, ["old", "done", "far", "drain", "road"]),
        ({"category": "road", "district": "1001", "status": "waiting"}, ["old", "road"]),
    ],
)  # fmt: skip
def test_filters_narrow_the_list_and_unknown_values_do_not(
    client: Client, query: dict[str, str], found: list[str]
) -> None:
    reports = {
        "road": factories.report(),
        "drain": factories.report(category="drain"),
        "far": factories.report(longitude=factories.LAT_PHRAO[0], latitude=factories.LAT_PHRAO[1]),
        "done": factories.report(),
        "old": factories.report(),
    }
    Report.objects.filter(pk=reports["done"].pk).update(status="finished")
    # 23:30 of the 15th in Bangkok is still the 15th, though 16:30 in UTC.
    Report.objects.filter(pk=reports["old"].pk).update(submitted_at="2020-06-15T16:30:00+00:00")
    page = read(client, "list", **query)
    assert set(codes(page)) == {reports[name].code for name in found}


@pytest.mark.parametrize(
    "words", ["ไฟดับ", "ไฟดั", "ซอยสุขใจ", "สุขใจ 12", "๑๒", "12 สุขใจ", "Lamp", "LAMP post", "lam"]
)
def test_thai_and_english_words_are_found_also_half_typed_and_in_any_order(
    client: Client, words: str
) -> None:
    wanted = factories.report(text="ไฟดับทั้งซอยสุขใจ ๑๒ มาสามคืน lamp post broken", category="lighting")
    factories.report()
    assert codes(read(client, "list", words=words)) == [wanted.code]


def test_a_code_is_found_as_a_word(client: Client) -> None:
    wanted = factories.report()
    factories.report()
    assert codes(read(client, "list", words=wanted.code.lower())) == [wanted.code]


def test_personal_data_in_a_text_cannot_be_searched_for(client: Client) -> None:
    factories.report(text="ถนนพัง โทร 0812345678 ครับ")
    assert codes(read(client, "list", words="0812345678")) == []
    assert len(codes(read(client, "list", words="ถนนพัง"))) == 1


@pytest.mark.parametrize(
    "words", ["'", "\\", ":*", "a & b | !c", "%_", "\x00", "(((", "<->", "๏", "😀", "'; drop table x; --"]
)
def test_signs_in_a_search_are_no_commands(client: Client, words: str) -> None:
    factories.report()
    assert client.get(reverse("reports:list"), {"words": words}).status_code == 200


@given(st.text(max_size=60))
def test_every_text_is_a_valid_search(text: str) -> None:
    list(public_reports(PublicFilter(words=text))[:1])


def test_pages_follow_one_another_without_gap_or_repetition(client: Client) -> None:
    made = [factories.report().code for _one in range(43)]
    seen: list[str] = []
    query: dict[str, str] = {"category": "road"}
    while True:
        page = read(client, "list", **query)
        seen += codes(page)
        following = re.search(r'rel="next" href="\?([^"]*)"', page)
        if following is None:
            break
        assert "category=road" in following[1]
        query["cursor"] = parse_qs(unescape(following[1]))["cursor"][0]
    assert seen == made[::-1]


def test_a_forged_cursor_is_a_clear_error(client: Client) -> None:
    answer = client.get(reverse("reports:list"), {"cursor": "forged"})
    assert answer.status_code == 422
    assert "start from the first page" in answer.content.decode()


def test_an_empty_list_says_what_to_do(client: Client) -> None:
    assert "Try fewer words or another filter." in read(client, "list", words="ไม่มีแน่นอน")


# --- one report ---


def test_a_code_is_read_as_people_type_it(client: Client) -> None:
    code = factories.report().code
    for typed in (code.lower(), f"{code[:4]} {code[4:]}", f"{code[:4]}-{code[4:]}"):
        answer = client.get(reverse("reports:report", args=[typed]))
        assert (answer.status_code, answer["Location"]) == (302, reverse("reports:report", args=[code]))
    assert client.get(reverse("reports:find"), {"code": f" {code} "})["Location"] == reverse(
        "reports:report", args=[code]
    )


@pytest.mark.parametrize(
    "code", ["AAAAAAAA", "22222223", "0OIL1234", "K7MP", "K7MP2XQ4K7MP2XQ4", "ก", "%00", "-"]
)
def test_a_malformed_code_is_told_apart_from_one_nobody_has(client: Client, code: str) -> None:
    answer = client.get(reverse("reports:report", args=[code]))
    assert answer.status_code == 404
    assert "This code can't be right" in answer.content.decode()


@given(st.integers(0, 7), st.sampled_from(ALPHABET))
def test_every_single_wrong_character_is_noticed_before_the_database_is_asked(
    place: int, letter: str
) -> None:
    code = new_code()
    forged = code[:place] + letter + code[place + 1 :]
    if forged == code:
        return
    answer = Client(headers={"Accept-Language": "en"}).get(reverse("reports:report", args=[forged]))
    assert answer.status_code == 404
    assert "This code can" in answer.content.decode() or "รหัสนี้ไม่ถูกต้อง" in answer.content.decode()


def test_a_right_code_without_a_report_and_a_private_one_look_the_same(client: Client) -> None:
    private = factories.report(private=True)
    nobody = new_code()
    pages = [client.get(reverse("reports:report", args=[code])) for code in (private.code, nobody)]
    assert [page.status_code for page in pages] == [404, 404]
    same = [
        re.sub(r'(csrf[^"]*" value="|X-CSRFToken": ")[^"]*', "", page.content.decode().replace(code, "CODE"))
        for page, code in zip(pages, (private.code, nobody), strict=True)
    ]
    assert same[0] == same[1]


def test_a_private_report_is_shown_to_its_reporter_its_citizen_and_its_agency(client: Client) -> None:
    citizen = factories.citizen()
    report = factories.report(citizen, private=True)
    address = reverse("reports:report", args=[report.code])
    own = factories.signed_in(User.objects.get(pk=citizen.id))
    others = factories.signed_in(User.objects.get(pk=factories.citizen().id))
    agency = factories.signed_in(factories.officer_user())
    elsewhere = factories.signed_in(factories.officer_user("officer", "district.1038.works"))
    assert client.get(address, {"key": reporter_token(report.code)}).status_code == 200
    assert [one.get(address).status_code for one in (own, agency)] == [200, 200]
    assert [one.get(address).status_code for one in (client, others, elsewhere)] == [404, 404, 404]


def test_the_page_tells_each_agencys_own_part(client: Client) -> None:
    report = factories.report()
    officer = factories.officer()
    actions.report_accept(actor=officer, code=report.code)
    actions.report_invite(actor=officer, code=report.code, agency="out.mea", note="เสาไฟเอน")
    page = read(client, "report", report.code)
    assert "Metropolitan Electricity Authority" in page
    assert "invited to help" in page
    assert page.count("In progress") >= 2
    assert "Waiting" in page


def test_internal_notes_are_for_the_agency(client: Client) -> None:
    report = factories.report()
    actions.report_note(actor=factories.officer(), code=report.code, note="บันทึกลับของฝ่าย")
    address = reverse("reports:report", args=[report.code])
    assert "บันทึกลับ" not in client.get(address).content.decode()
    assert "บันทึกลับ" not in client.get(address, {"key": reporter_token(report.code)}).content.decode()
    inside = factories.signed_in(factories.officer_user()).get(address).content.decode()
    assert "บันทึกลับ" in inside
    assert reverse("reports:desk_report", args=[report.code]) in inside


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({}, "promised by"),
        ({"due_at": -1}, "The promised day has passed"),
        ({"due_at": -1, "paused_at": 0}, "meanwhile its clock stands"),
    ],
)
def test_deadlines_are_told_as_they_are(client: Client, change: dict[str, int], sentence: str) -> None:
    report = factories.report()
    now = timezone.now()
    if change:
        report.assignments.update(**{name: now + timedelta(days=days) for name, days in change.items()})
    page = read(client, "report", report.code)
    assert sentence in page
    assert ("Overdue" in page) == (change == {"due_at": -1})


def test_a_merged_report_leads_to_the_other_but_never_to_a_private_one(client: Client) -> None:
    one, other, secret = factories.report(), factories.report(), factories.report()
    dispatcher = factories.officer("dispatcher", "district.1001")
    actions.report_merge(actor=dispatcher, code=one.code, other=other.code)
    Report.objects.filter(pk=secret.pk).update(private=True)
    assert other.code in read(client, "report", one.code)
    Report.objects.filter(pk=other.pk).update(private=True)
    assert other.code not in read(client, "report", one.code)


def test_an_imported_report_says_where_it_comes_from_and_leaves_photos_there(client: Client) -> None:
    report = factories.report(source="import:traffy")
    Photo.objects.create(
        key="e" * 32,
        report=report,
        sha256="",
        width=0,
        height=0,
        size=0,
        external_url="https://traffy.example/a.jpg",
        state="ready",
    )
    page = read(client, "report", report.code)
    assert "Taken over from Traffy Fondue" in page
    assert '<a href="https://traffy.example/a.jpg" rel="noreferrer nofollow">' in page
    assert "<img" not in page


def busy(number: int) -> Report:
    """A report on which everything happened, `number` times."""
    report = factories.report(factories.citizen())
    officer = factories.officer()
    for one in range(number):
        actions.report_comment(actor=factories.citizen(), code=report.code, note=f"เห็นด้วย {one}")
        actions.report_note(actor=officer, code=report.code, note="n")
        Photo.objects.create(
            key=f"{one:032d}", report=report, sha256="", width=9, height=9, size=9, state="ready"
        )
    actions.report_invite(actor=officer, code=report.code, agency="out.mea", note="x")
    return report


@pytest.mark.parametrize("size", [0, 40])
@pytest.mark.parametrize("who", ["nobody", "reporter", "officer"])
def test_a_report_page_costs_at_most_eight_statements_whatever_the_size(
    client: Client, django_assert_max_num_queries: Any, size: int, who: str
) -> None:
    report = busy(size)
    reader: Callable[[], Client] = {
        "nobody": lambda: client,
        "reporter": lambda: factories.signed_in(User.objects.get(pk=report.reporter_id)),
        "officer": lambda: factories.signed_in(factories.officer_user()),
    }[who]
    browser = reader()
    with django_assert_max_num_queries(8):
        answer = browser.get(reverse("reports:report", args=[report.code]))
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "query", [{}, {"words": "ถนน"}, {"category": "road", "district": "1001", "status": "open"}]
)
def test_the_list_costs_at_most_four_statements(
    client: Client, django_assert_max_num_queries: Any, query: dict[str, str]
) -> None:
    for number in range(25):
        report = factories.report()
        Report.objects.filter(pk=report.pk).update(photos=1)
        Photo.objects.create(
            key=f"{number:032d}", report=report, sha256="", width=9, height=9, size=9, state="ready"
        )
    signed_in = factories.signed_in(User.objects.get(pk=factories.citizen().id))
    for browser in (client, signed_in):
        with django_assert_max_num_queries(4):
            assert browser.get(reverse("reports:list"), query).status_code == 200


@pytest.mark.parametrize(
    "name", ["home", "privacy", "about", "reports:help", "reports:map", "reports:numbers", "reports:new"]
)
def test_other_pages_cost_at_most_three_statements(
    client: Client, django_assert_max_num_queries: Any, name: str
) -> None:
    factories.report()
    with django_assert_max_num_queries(3):
        assert client.get(reverse(name)).status_code == 200


def test_the_help_page_shows_every_step_of_the_table(client: Client) -> None:
    page = read(client, "help")
    for step in WORKFLOW.values():
        assert f'<th scope="row">{step.label}</th>' in page
    for _value, label in Status.choices:
        assert str(label) in page


# --- feed and files ---


def test_the_feed_is_atom_with_the_newest_first(client: Client) -> None:
    reports = [factories.report(text="ไฟดับ <b>&\x0b"), factories.report()]
    factories.report(private=True)
    answer = client.get(reverse("reports:feed"), {"district": "1001"})
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    tree = ElementTree.fromstring(answer.content)
    ids = [entry.findtext(f"{ATOM}id", "") for entry in tree.findall(f"{ATOM}entry")]
    assert [one.rstrip("/")[-8:] for one in ids] == [reports[1].code, reports[0].code]
    assert "ไฟดับ <b>&" in (tree.findall(f"{ATOM}entry")[1].findtext(f"{ATOM}summary") or "")


def test_csv_opens_in_a_spreadsheet_and_runs_nothing_there(client: Client) -> None:
    factories.report(text='=HYPERLINK("http://evil.example")', address="+66 หน้าวัด")
    content = streamed(client, "csv")
    assert content.startswith("\ufeffcode,")
    rows = list(csv.DictReader(io.StringIO(content.removeprefix("\ufeff"))))
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["text"].startswith("'=")
    assert rows[0]["address"].startswith("'+")
    assert float(rows[0]["longitude"]) == pytest.approx(factories.PHRA_NAKHON[0])


@given(st.text(max_size=20))
def test_no_guarded_cell_begins_as_a_formula(text: str) -> None:
    cell = guarded(text)
    assert not str(cell).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert str(cell).removeprefix("'") == text.removeprefix("'") or cell == text


def test_geojson_has_points_where_they_are_known(client: Client) -> None:
    located, unlocated = factories.report(), factories.report(longitude=None, latitude=None, district="1001")
    found = json.loads(streamed(client, "geojson"))
    by_code = {feature["id"]: feature for feature in found["features"]}
    assert by_code[located.code]["geometry"] == {"type": "Point", "coordinates": list(factories.PHRA_NAKHON)}
    assert by_code[unlocated.code]["geometry"] is None


@pytest.mark.parametrize("name", ["csv", "geojson"])
def test_files_hold_public_fields_of_public_reports_only(client: Client, name: str) -> None:
    public = factories.report(
        text="ถนนพัง โทร 0812345678", name="สมชาย ใจดี", phone="0899999999", email="x@y.example"
    )
    private = factories.report(private=True)
    content = streamed(client, name)
    assert public.code in content
    for secret in ("0812345678", "สมชาย", "0899999999", "x@y.example", private.code):
        assert secret not in content


@pytest.mark.parametrize("name", ["csv", "geojson"])
def test_files_follow_the_filter_and_cost_one_statement(
    client: Client, django_assert_num_queries: Any, name: str
) -> None:
    roads = [factories.report() for _one in range(3)]
    drain = factories.report(category="drain")
    read(client, "help")
    with django_assert_num_queries(2):  # the limit's count and the rows
        content = streamed(client, name, category="road")
    assert all(report.code in content for report in roads)
    assert drain.code not in content


def test_an_export_of_nothing_is_a_valid_file(client: Client) -> None:
    assert json.loads(streamed(client, "geojson")) == {"type": "FeatureCollection", "features": []}
    assert streamed(client, "csv").count("\n") == 1


# --- front page ---


def test_the_front_page_shows_what_was_fixed_with_before_and_after(client: Client) -> None:
    report = factories.report()
    for key, moment in (("b" * 32, "before"), ("a" * 32, "after")):
        Photo.objects.create(
            key=key, report=report, moment=moment, sha256="", width=9, height=9, size=9, state="ready"
        )
    home = reverse("home")
    assert report.code not in client.get(home).content.decode()
    Report.objects.filter(pk=report.pk).update(status="finished", finished_at=timezone.now())
    page = client.get(home).content.decode()
    assert all(part in page for part in (report.code, "a" * 32, "b" * 32))
    Report.objects.filter(pk=report.pk).update(private=True)
    assert report.code not in client.get(home).content.decode()


@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize(
    "name", ["home", "privacy", "about", "reports:help", "reports:map", "reports:numbers", "reports:list"]
)
def test_every_public_page_speaks_both_languages(client: Client, name: str, language: str) -> None:
    client.cookies["prasan_language"] = language
    page = client.get(reverse(name)).content.decode()
    assert f'<html lang="{language}"' in page
    assert ("แจ้งปัญหา" in page) == (language == "th")


def test_a_timeline_line_of_every_kind_has_its_title(client: Client) -> None:
    report = factories.report()
    for kind in Entry.Kind.values:
        Entry.objects.create(
            report=report, kind=kind, by="officer", agency_id="district.1001", text="x", public_text="x"
        )
    page = read(client, "report", report.code)
    assert page.count('class="timeline-title"') == len(Entry.Kind.values) + 1
