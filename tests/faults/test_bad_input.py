"""What people and programs send that nobody meant: kept as it is or refused in words, never an error of ours."""

from __future__ import annotations

import csv
import io
import json
from html import unescape
from typing import Any
from urllib.parse import quote
from uuid import uuid4
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse

from prasan.fabric.codes import new_code
from prasan.fabric.models import LedgerEntry, Notice
from prasan.fabric.notices.sending import render
from prasan.fabric.paging import page
from prasan.people.models import User
from prasan.reports import actions, letters
from prasan.reports.models import Follower, Report
from prasan.reports.policies import reporter_token
from tests import factories

pytestmark = pytest.mark.django_db

SQL = "'; drop table reports_report; --"
HTML = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"
TEMPLATE = "{{ 7*7 }}{% debug %}%s%(x)s{0}"
SIGNS = f"{SQL} {HTML} {TEMPLATE}"
THAI = "น้ำท่วม ๓ วันแล้ว ซอย ๑๒/๔ 😀🌊👩🏽‍🚒 ก็ ปี่ ที่"
LONG = "น้ำท่วม ๓ วัน 😀 <b> " + "ก" * 9_980
MARKUP = ("<script>alert", "<img src=x", "7*7 = 49", "49{% debug")
SPOILT = ("\x00", "\ud83d", "%00", "\x1b[31m", "\u202e")


def post(path: str, body: dict[str, Any], **headers: str) -> Any:
    """POST JSON to the API."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Client().post(f"/api/v1{path}", json.dumps(body), content_type="application/json", headers=given)


def hole(**fields: Any) -> dict[str, Any]:
    """A report as the API takes it."""
    return {"text": "ถนนเป็นหลุม", "location": {"longitude": 100.4985, "latitude": 13.7563}} | fields


@pytest.fixture
def client() -> Client:
    """A browser that sees an error of ours as a browser does."""
    return Client(raise_request_exception=False)


def desk() -> Client:
    """The same, of an officer."""
    browser = factories.signed_in(factories.officer_user("dispatcher", "bma"))
    browser.raise_request_exception = False
    return browser


# --- words ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [SIGNS, THAI, LONG], ids=["signs", "Thai and emoji", "10,000 characters"])
def test_words_are_kept_as_they_were_sent_in_every_field(words: str) -> None:
    short = words[:500].strip()
    sent = post("/reports", hole(text=words, address=short, name=short, phone=short))
    assert sent.status_code == 201, sent.content
    report = Report.objects.get()
    assert (report.text, report.reporter_name, report.reporter_phone) == (words.strip(), short, short)
    assert report.address == short


@pytest.fixture
def nasty() -> Report:
    """A report with signs of SQL, HTML and templates wherever anybody may write, finished in the end."""
    report = factories.report(
        text=SIGNS, address=SIGNS, name=SIGNS, phone=SIGNS[:400], category="complaint", email="a@home.example"
    )
    officer, token = factories.officer("dispatcher", "bma"), reporter_token(report.code)
    actions.report_comment(actor=factories.citizen(), code=report.code, note=SIGNS)
    actions.report_note(actor=officer, code=report.code, note=SIGNS)
    actions.report_reply(actor=officer, code=report.code, note=SIGNS)
    actions.report_ask(actor=officer, code=report.code, note=SIGNS)
    actions.report_answer(actor=factories.citizen(), code=report.code, note=SIGNS, token=token)
    actions.report_finish(actor=officer, code=report.code, note=SIGNS)
    return report


def test_pages_show_signs_as_words(nasty: Report, client: Client) -> None:
    own, officer = {"key": reporter_token(nasty.code)}, desk()
    pages = [
        client.get(reverse("reports:report", args=[nasty.code])),
        client.get(reverse("reports:report", args=[nasty.code]), own),
        client.get(reverse("reports:list"), {"words": "drop", "category": SIGNS, "district": SIGNS}),
        client.get(reverse("reports:map"), {"words": SIGNS}),
        client.get(reverse("reports:new"), {"longitude": SIGNS, "category": SIGNS}),
        client.get(reverse("reports:report", args=[SIGNS.replace("/", "")])),
        officer.get(reverse("reports:desk"), {"words": SIGNS, "status": "finished"}),
        officer.get(reverse("reports:desk"), {"status": "finished"}),
        officer.get(reverse("reports:desk_report", args=[nasty.code])),
        officer.post(reverse("reports:desk_contact", args=[nasty.code])),
    ]
    for answer in pages:
        content = answer.content.decode()
        assert answer.status_code in (200, 404), answer.request["PATH_INFO"]
        assert not any(sign in content for sign in MARKUP), answer.request["PATH_INFO"]
    for answer in (pages[0], pages[1], pages[8]):
        assert SIGNS in unescape(answer.content.decode()), "shown as it was written"


def test_files_and_feeds_hold_signs_as_words(nasty: Report, client: Client) -> None:
    table = b"".join(client.get(reverse("reports:csv"))).decode().removeprefix("\ufeff")  # type: ignore[call-overload]
    row = next(csv.DictReader(io.StringIO(table)))
    assert row["text"] == f"'{SIGNS}" if SIGNS.startswith("=") else SIGNS
    points = json.loads(b"".join(client.get(reverse("reports:geojson"))))  # type: ignore[call-overload]
    assert points["features"][0]["properties"]["text"] == SIGNS
    feed = client.get(reverse("reports:feed")).content
    assert b"<script>" not in feed
    assert "<script>alert(1)</script>" in ElementTree.tostring(ElementTree.fromstring(feed), method="text").decode()
    listed = client.get("/api/v1/reports").json()["items"]
    assert (listed[0]["text"], listed[0]["address"]) == (SIGNS, SIGNS)


def test_letters_hold_signs_as_words(nasty: Report) -> None:
    entries = list(LedgerEntry.objects.filter(object_type="report").order_by("id"))
    letters.tell_followers(entries)
    said = [render(notice) for notice in Notice.objects.all()]
    assert any(SIGNS in letter.text for letter in said)
    for letter in said:
        assert "49{% debug" not in letter.text
        assert not {"\n", "\r"} & set(letter.subject)


def test_what_no_text_can_hold_is_left_out_or_refused_everywhere(client: Client) -> None:
    """NUL, halves of surrogate pairs, control and direction signs: 2xx, 3xx or 4xx, and the log stays quiet."""
    report, officer = factories.report(), desk()
    for sign in SPOILT:
        bad = f"ถนน{sign}พัง"
        fields = dict.fromkeys(("text", "address", "name", "phone", "email", "category", "district", "photo"), bad)
        path = quote(bad, errors="surrogatepass")
        form = {name: value.encode(errors="surrogatepass") for name, value in fields.items()}
        answers = [
            post("/reports", hole(text=bad, address=bad, name=bad)),
            post("/reports", hole(category=bad, email=bad, photos=[bad])),
            post(f"/reports/{report.code}/comment", {"note": bad, "photos": [bad]}),
            post(f"/reports/{report.code}/follow", {"email": bad}),
            client.get(f"/api/v1/reports?words={path}&category={path}&cursor={path}&agency={path}"),
            client.get(f"/api/v1/reports/{path}"),
            client.get(f"/api/v1/areas/{path[:6]}"),
            client.get(f"/r/{path}/"),
            client.get(f"/r/{report.code}/?key={path}"),
            client.get(f"/reports/?words={path}&cursor={path}&since={path}"),
            client.get(f"/photos/{path}/small/"),
            client.get(f"/photos/abc/{path}/"),
            client.get(f"/unfollow/{path}/"),
            client.post(f"/unfollow/{path}/"),
            client.get(f"/find/?code={path}"),
            client.get(f"/report/?longitude={path}&category={path}"),
            client.get(f"/report/sent/{path}/?key={path}"),
            client.post("/report/", {"step": "check", **form}),
            client.post("/report/", {"step": "send", "idempotency_key": bad.encode(errors="surrogatepass"), **form}),
            client.post("/report/hints/", form),
            client.post(f"/r/{report.code}/comment/", {"note": form["text"], "key": form["text"]}),
            client.post(f"/r/{report.code}/follow/", {"email": form["text"]}),
            client.post(f"/r/{report.code}/{path}/", {}),
            officer.get(f"/desk/?words={path}&category={path}&agency={path}&cursor={path}"),
            officer.get(f"/desk/{path}/"),
            officer.get(f"/desk/agencies/?words={path}&q={path}"),
            officer.post(f"/desk/{report.code}/note/", {"note": form["text"], "idempotency_key": uuid4().hex}),
            officer.post(f"/desk/{report.code}/forward/", {"note": form["text"], "agency": form["text"]}),
            officer.post("/desk/filters/", {"name": form["text"], "query": form["text"], "delete": form["text"]}),
            officer.post("/desk/batch/", {"report": form["text"], "action": form["text"]}),
            officer.post("/desk/new/", {"step": "check", **form}),
        ]
        wrong = [
            (answer.request["PATH_INFO"], answer.status_code) for answer in answers if answer.status_code >= 500
        ]
        assert not wrong, (sign, wrong)
    assert Report.objects.filter(pk=report.pk).exists()


# --- coordinates ----------------------------------------------------------------------------------------------

WRONG_PLACES = {
    "0,0": ("0", "0"), "swapped": ("13.7563", "100.4985"), "Chiang Mai": ("98.98", "18.79"),
    "sea": ("100.5", "12.0"), "not a number": ("NaN", "NaN"), "half a number": ("100.4985", "NaN"),
    "infinity": ("Infinity", "-Infinity"), "huge": ("1e308", "-1e308"), "beyond floats": ("1e999", "1e999"),
    "many digits": ("9" * 5_000, "9" * 5_000), "poles": ("180", "90"),
}  # fmt: skip


@pytest.mark.parametrize("place", WRONG_PLACES.values(), ids=WRONG_PLACES)
def test_a_place_that_cannot_be_is_refused_by_the_api(place: tuple[str, str]) -> None:
    """As bare JSON numbers, which Python's and JavaScript's readers of JSON take differently."""
    body = '{"text": "ถนนพัง", "location": {"longitude": %s, "latitude": %s}}' % place  # noqa: UP031
    answer = Client().post("/api/v1/reports", body, content_type="application/json")
    assert answer.status_code in (400, 422), answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.status_code == 400 or answer.json()["errors"][0]["field"].startswith("location")
    assert not Report.objects.exists()


@pytest.mark.parametrize("place", WRONG_PLACES.values(), ids=WRONG_PLACES)
@pytest.mark.parametrize("step", ["check", "send"])
def test_a_place_that_cannot_be_is_refused_by_the_form(client: Client, place: tuple[str, str], step: str) -> None:
    fields = {"text": "ถนนพังทั้งซอย", "longitude": place[0], "latitude": place[1], "step": step, "category": "road"}
    answer = client.post(reverse("reports:new"), fields)
    assert answer.status_code == 422
    assert "ถนนพังทั้งซอย" in answer.content.decode()
    assert not Report.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        "near=nan,nan,nan", "near=100,13,nan", "near=100,13,-5", "near=100,13,inf", "near=100,13,1e308",
        "near=180,90,5", "box=nan,nan,nan,nan", "box=inf,inf,inf,inf", "box=101,14,100,13", "box=1e999,0,0,0",
        "near=๑๐๐,๑๓,๕",
        "since=0001-01-01T00:00:00Z", "until=9999-12-31T23:59:59-23:59", "updated_since=0001-01-01T00:00:00%2B23:59",
        "since=99999999999999", "limit=99999999999999999999", "since=1e400", "status[]=open", "cursor=", "words=",
    ],
)  # fmt: skip
def test_odd_filters_of_the_api_are_answered_or_refused(query: str) -> None:
    factories.report()
    assert Client().get(f"/api/v1/reports?{query}").status_code in (200, 422)


@pytest.mark.parametrize(
    "query",
    [
        "since=0001-01-01", "until=9999-12-31", "until=0001-01-01", "since=9999-12-31", "since=2026-W01-1", "cursor=",
        "since=%E0%B9%92%E0%B9%95%E0%B9%96%E0%B9%99-01-01", "status=open&status=lost", f"words={'(' * 300}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["list", "map", "feed", "csv", "geojson", "numbers"])
def test_odd_filters_of_the_pages_are_answered(client: Client, name: str, query: str) -> None:
    factories.report()
    answer = client.get(f"{reverse(f'reports:{name}')}?{query}")
    assert answer.status_code == 200
    if answer.streaming:
        assert b"".join(answer)  # type: ignore[call-overload]


# --- codes, links, cursors ------------------------------------------------------------------------------------


def written(code: str) -> list[str]:
    """A code as people write it."""
    return [code.lower(), f"{code[:4]}-{code[4:]}", f"{code[:4]} {code[4:]}", f" {code}"]


def forged() -> list[str]:
    """Codes that lead to no report: well-formed, malformed, hostile."""
    real = new_code()
    swapped = real[1] + real[0] + real[2:] if real[0] != real[1] else "AAAAAAAA"
    return [
        new_code(), swapped, real[:7], real * 2, "AAAAAAAA", "0", "-", "ก" * 8, "๑๒๓๔๕๖๗๘", "..", "%2e%2e", "%00",
        "null", SQL, "<script>", "A" * 3_000, "*", "%", "_" * 8,
    ]  # fmt: skip


@pytest.mark.parametrize("code", forged(), ids=[f"forged {number}" for number in range(19)])
def test_a_forged_code_opens_nothing_anywhere(client: Client, code: str) -> None:
    report, officer, path = factories.report(), desk(), quote(code, safe="%")
    token = reporter_token(report.code)
    answers = [
        client.get(f"/r/{path}/"),
        client.get(f"/r/{path}/?key={token}"),
        client.get(f"/report/sent/{path}/?key={token}"),
        client.post(f"/r/{path}/comment/", {"note": "x", "key": token}),
        client.post(f"/r/{path}/follow/", {"email": "me@home.example"}),
        client.post(f"/r/{path}/rate/", {"rating": "5", "key": token}),
        client.get(f"/api/v1/reports/{path}"),
        client.get(f"/api/v1/reports/{path}/timeline"),
        post(f"/reports/{path}/follow", {"email": "me@home.example"}),
        post(f"/reports/{path}/rate", {"rating": 5}, Reporter_Token=token),
        officer.get(f"/desk/{path}/"),
        officer.post(f"/desk/{path}/accept/", {"version": 1}),
        officer.post(f"/desk/{path}/contact/"),
    ]
    assert {answer.status_code for answer in answers} <= {403, 404, 405, 301}, [a.status_code for a in answers]
    assert not Follower.objects.exists()
    assert Report.objects.get().version == report.version


def test_a_code_as_people_write_it_leads_to_the_page() -> None:
    report = factories.report()
    for code in written(report.code):
        answers = [
            Client().get(f"/r/{quote(code)}/", follow=True),
            Client().get(reverse("reports:find"), {"code": code}, follow=True),
        ]
        assert [answer.redirect_chain[-1][0] for answer in answers] == [f"/r/{report.code}/"] * 2


def test_an_unfollow_link_that_was_changed_ends_nothing(client: Client) -> None:
    report = factories.report(email="me@home.example")
    token = Follower.objects.get().token
    swapped = token.swapcase()
    for wrong in (swapped, token[:-1], token + "=", token + "%00", "x" * 3_000, report.code, SQL.replace("/", "")):
        assert client.get(f"/unfollow/{quote(wrong, safe='%')}/").status_code in (200, 404)
        assert client.post(f"/unfollow/{quote(wrong, safe='%')}/").status_code in (404, 422), wrong
    assert Follower.objects.count() == 1


def test_the_key_of_one_report_opens_no_other(client: Client) -> None:
    one, other = factories.report(private=True), factories.report(private=True)
    for key in (reporter_token(other.code), reporter_token(one.code).upper(), reporter_token(one.code)[:-1], "", "ก"):
        assert client.get(f"/r/{one.code}/", {"key": key}).status_code == 404
        if key.isascii():
            answer = client.get(f"/api/v1/reports/{one.code}", headers={"Reporter-Token": key})
            assert answer.status_code == 404


def cursors() -> list[str]:
    """Cursors that nobody gave out, and one that was given out for another list."""
    for _ in range(2):
        factories.report()
    of_another = page(Report.objects.all(), by="pk", size=1).next
    real = page(Report.objects.all(), by="-submitted_at", size=1).next
    return [of_another, real[:-2], f"{real}x", real.split(":", 1)[0], "W10", "bnVsbA:x", SQL, "ก", "a" * 490]


def test_a_forged_cursor_is_refused_in_words_everywhere(client: Client) -> None:
    officer = desk()
    for cursor in cursors():
        answers = [
            client.get("/api/v1/reports", {"cursor": cursor}),
            client.get(reverse("reports:list"), {"cursor": cursor}),
            officer.get(reverse("reports:desk"), {"cursor": cursor}),
        ]
        assert [answer.status_code for answer in answers] == [422] * 3, cursor
        assert answers[0].json()["errors"][0]["field"] == "cursor"


@pytest.mark.parametrize("rating", ["0", "6", "-1", "2.5", "9" * 5_000, "", "ห้า", "²", "NaN"])
def test_a_rating_that_cannot_be_is_refused(client: Client, rating: str) -> None:
    report = factories.report(category="complaint")
    actions.report_finish(actor=factories.officer("dispatcher", "bma"), code=report.code, note="เสร็จแล้ว")
    token = reporter_token(report.code)
    answer = client.post(f"/r/{report.code}/rate/", {"rating": rating, "key": token})
    assert answer.status_code == 422
    assert Report.objects.get().rating is None


def test_numbers_too_long_for_the_database_are_refused_in_words() -> None:
    officer, report = desk(), factories.report()
    for number in ("9" * 30, "9" * 5_000, "-1", "๑", "²"):
        answers = [
            officer.post(f"/desk/{report.code}/assign/", {"officer": number, "version": number, "seen": number}),
            officer.post(f"/desk/{report.code}/accept/", {"version": number, "seen": number}),
            officer.post("/desk/filters/", {"delete": number}),
            officer.post("/desk/batch/", {"report": f"{report.code}:{number}", "action": "accept"}),
            officer.get(f"/staff/officers/{number}/"),
            officer.get(f"/tiles/{number}/{number}/{number}.mvt"),
        ]
        assert all(answer.status_code < 500 for answer in answers), [answer.status_code for answer in answers]
    assert User.objects.exists()
