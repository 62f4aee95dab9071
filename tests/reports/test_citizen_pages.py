"""A citizen tells of a problem in plain HTML and follows it by its code."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from prasan.people.models import User
from prasan.reports import actions
from prasan.reports.models import Entry, Follower, Photo, Report, Status
from prasan.reports.policies import reporter_token
from tests import factories
from tests.reports import pictures

pytestmark = pytest.mark.django_db

POTHOLE = {
    "text": "ถนนเป็นหลุมลึกหน้าตลาด รถมอเตอร์ไซค์ล้มหลายคัน",
    "longitude": str(factories.PHRA_NAKHON[0]),
    "latitude": str(factories.PHRA_NAKHON[1]),
}


@pytest.fixture(autouse=True)
def _in_english(client: Client, settings: Any, tmp_path: Path) -> None:
    client.cookies["prasan_language"] = "en"
    settings.STORAGES = {
        **settings.STORAGES,
        "photos": {"BACKEND": "prasan.fabric.files.LocalStorage", "OPTIONS": {"location": str(tmp_path)}},
    }


def hidden(page: Any) -> dict[str, Any]:
    """The hidden fields of a page's report form, as a browser sends them back."""
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", page.content.decode()):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and name[1] not in {"csrfmiddlewaretoken", "next"}:
            found.setdefault(name[1], []).append(unescape(value[1]) if value else "")
    return found


def send(client: Client, **given: Any) -> Any:
    """Both steps: fill in, check, send."""
    check = client.post(reverse("reports:new"), {**POTHOLE, "step": "check", **given})
    assert check.status_code == 200, check.content.decode()
    contact = {name: given[name] for name in ("name", "phone", "email", "consent") if name in given}
    return client.post(
        reverse("reports:new"), {**hidden(check), "category": "road", "step": "send", **contact}
    )


def test_without_javascript_a_report_is_told_checked_and_sent(client: Client) -> None:
    answer = send(client, photos=pictures.photo())
    report = Report.objects.get()
    assert answer.url == f"{reverse('reports:sent', args=[report.code])}?key={reporter_token(report.code)}"
    assert (report.category, report.district, report.source, report.photos) == ("road", "1001", "web", 1)
    page = client.get(answer.url).content.decode()
    assert report.code in page
    assert reporter_token(report.code) in page


def test_an_empty_form_names_every_field_that_is_missing(client: Client) -> None:
    page = client.post(reverse("reports:new"), {"step": "check"})
    assert page.status_code == 422
    assert "Please say what the problem is." in page.content.decode()
    assert "Please show the place on the map" in page.content.decode()
    assert not Report.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"longitude": "0", "latitude": "0"},
        {"longitude": POTHOLE["latitude"], "latitude": POTHOLE["longitude"]},
        {"longitude": "98.98", "latitude": "18.79"},
        {"longitude": "abc", "latitude": ""},
        {"longitude": "nan", "latitude": "inf"},
        {"district": "9999"},
        {"category": "no-such-category"},
        {"text": "ก" * 10_001},
        {"email": "no-at-sign"},
        {"address": "ซ" * 501},
    ],
    ids=[
        "0,0",
        "swapped",
        "Chiang Mai",
        "letters",
        "nan",
        "district",
        "category",
        "long text",
        "e-mail",
        "long address",
    ],
)
def test_what_cannot_be_is_named_and_nothing_typed_is_lost(client: Client, wrong: dict[str, str]) -> None:
    given = {
        **POTHOLE,
        "text": "ไฟดับทั้งซอย <b>",
        "phone": "081",
        "photos": pictures.photo(),
        "step": "check",
        **wrong,
    }
    page = client.post(reverse("reports:new"), given)
    assert page.status_code == 422
    content = page.content.decode()
    assert "Please mend these first" in content
    assert escape(given["text"])[:50] in content
    assert Photo.objects.get().key in content, "the photo need not be chosen again"
    assert not Report.objects.exists()


def test_ten_thousand_letters_emoji_and_thai_digits_are_taken_as_they_are(client: Client) -> None:
    text = "น้ำท่วม ๓ วันแล้ว 😀🌊 " + "ก" * 9_900
    send(client, text=text)
    assert Report.objects.get().text == text.strip()


@pytest.mark.parametrize("field", ["text", "address", "name", "phone"])
def test_sql_and_html_are_words_like_any_other(client: Client, field: str) -> None:
    nasty = "'; drop table reports_report; -- <script>alert(1)</script> {{ 7*7 }} %s"
    send(client, **{field: nasty, "consent": "on"})
    report = Report.objects.get()
    page = client.get(reverse("reports:report", args=[report.code])).content.decode()
    assert "<script>alert(1)" not in page
    assert nasty in (report.text, report.address, report.reporter_name, report.reporter_phone)


def test_going_back_keeps_everything(client: Client) -> None:
    check = client.post(
        reverse("reports:new"), {**POTHOLE, "step": "check", "photos": pictures.photo(), "address": "ปากซอย"}
    )
    more = {"category": "flood", "step": "edit", "name": "สมหญิง", "private": "on"}
    back = client.post(reverse("reports:new"), {**hidden(check), **more})
    content = back.content.decode()
    assert hidden(back)["name"] == ["สมหญิง"]
    again = client.post(
        reverse("reports:new"), {**hidden(back), **POTHOLE, "category": "flood", "step": "check"}
    )
    assert re.search(r'name="private"[^>]* checked', again.content.decode())
    assert re.search(r'value="flood" checked', again.content.decode())
    assert 'value="สมหญิง"' in again.content.decode()
    assert back.status_code == 200
    assert "Please mend" not in content
    assert POTHOLE["text"] in content
    assert "ปากซอย" in content
    assert POTHOLE["longitude"] in content
    assert Photo.objects.get().key in content


def test_a_photo_can_be_taken_out_again(client: Client) -> None:
    first = client.post(
        reverse("reports:new"), {"step": "check", "photos": [pictures.photo(), pictures.photo()]}
    )
    one, two = hidden(first)["photo"]
    left = client.post(reverse("reports:new"), {"photo": [one, two], "drop": one, "step": "edit"})
    assert hidden(left)["photo"] == [two]


def test_the_place_of_a_photo_is_suggested_and_can_be_seen_before_sending(client: Client) -> None:
    given = {"text": POTHOLE["text"], "photos": pictures.photo(place=factories.LAT_PHRAO), "step": "check"}
    check = client.post(reverse("reports:new"), given)
    assert check.status_code == 200
    assert "The place was taken from your photo" in check.content.decode()
    assert "District Lat Phrao" in check.content.decode()
    client.post(reverse("reports:new"), {**hidden(check), "category": "road", "step": "send"})
    assert Report.objects.get().district == "1038"


def test_a_place_that_was_chosen_is_not_moved_by_a_photo(client: Client) -> None:
    send(client, photos=pictures.photo(place=factories.LAT_PHRAO))
    assert Report.objects.get().district == "1001"


def test_the_place_of_a_photo_outside_the_city_counts_for_nothing(client: Client) -> None:
    given = {"text": POTHOLE["text"], "photos": pictures.photo(place=(98.98, 18.79)), "step": "check"}
    assert client.post(reverse("reports:new"), given).status_code == 422


@pytest.mark.parametrize(
    "place", [{"address": "ตรงข้ามตลาด"}, {"district": "1001"}, {"address": "ปากซอย เขตลาดพร้าว"}]
)
def test_a_place_can_be_told_without_a_map(client: Client, place: dict[str, str]) -> None:
    answer = send(client, longitude="", latitude="", **place)
    assert answer.status_code == 302
    assert Report.objects.get().cell is None


def test_the_words_suggest_three_categories_with_their_reasons(client: Client) -> None:
    page = client.post(reverse("reports:hints"), {"text": POTHOLE["text"]}).content.decode()
    assert page.count('type="radio"') == 3
    assert 'value="road"' in page
    assert "from the words" in page
    assert client.post(reverse("reports:hints"), {"text": " "}).content.decode().count("radio") == 0


def test_without_a_choice_of_category_the_city_decides(client: Client) -> None:
    check = client.post(reverse("reports:new"), {**POTHOLE, "step": "check"})
    client.post(reverse("reports:new"), {**hidden(check), "category": "", "step": "send"})
    assert Report.objects.get().category_how == "triage"


@pytest.mark.parametrize(
    ("text", "number"), [("ไฟไหม้ตึกแถว", "199"), ("มีคนหมดสติ", "1669"), ("มีคนถูกทำร้าย", "191")]
)
def test_an_emergency_is_told_to_call_and_may_report_all_the_same(
    client: Client, text: str, number: str
) -> None:
    assert f'href="tel:{number}"' in client.post(reverse("reports:hints"), {"text": text}).content.decode()
    check = client.post(reverse("reports:new"), {**POTHOLE, "text": text, "step": "check"})
    assert f'class="button button-danger" href="tel:{number}"' in check.content.decode()
    assert send(client, text=text).status_code == 302


def test_similar_open_reports_near_by_are_shown_before_sending(client: Client) -> None:
    near = factories.report()
    far_away = {"longitude": factories.LAT_PHRAO[0], "latitude": factories.LAT_PHRAO[1]}
    private, far, finished = (
        factories.report(private=True), factories.report(**far_away),
        factories.report(),
    )  # fmt: skip
    Report.objects.filter(pk=finished.pk).update(status="finished")
    check = client.post(reverse("reports:new"), {**POTHOLE, "step": "check"}).content.decode()
    assert f"Follow {near.code} instead" in check
    assert not any(other.code in check for other in (private, far, finished))


def test_similar_reports_are_found_by_address_where_there_is_no_point(client: Client) -> None:
    near = factories.report(longitude=None, latitude=None, address="ปากซอยสุขใจ 12 ตรงข้ามวัด", district="1001")
    given = {"text": POTHOLE["text"], "address": "ซอยสุขใจ 12", "category": "road", "step": "check"}
    assert near.code in client.post(reverse("reports:new"), given).content.decode()


def test_pressing_send_twice_makes_one_report(client: Client) -> None:
    check = client.post(reverse("reports:new"), {**POTHOLE, "step": "check"})
    fields = {**hidden(check), "category": "road", "step": "send"}
    answers = [client.post(reverse("reports:new"), fields) for _time in range(3)]
    assert {answer.url for answer in answers} == {answers[0].url}
    assert Report.objects.count() == 1


def test_contact_details_need_consent_and_are_encrypted(client: Client) -> None:
    check = client.post(reverse("reports:new"), {**POTHOLE, "step": "check"})
    fields = {
        **hidden(check),
        "category": "road",
        "step": "send",
        "name": "สมหญิง",
        "phone": "0812345678",
        "email": "a@b.example",
    }
    refused = client.post(reverse("reports:new"), fields)
    assert refused.status_code == 422
    assert "Please agree" in refused.content.decode()
    assert "สมหญิง" in refused.content.decode()
    client.post(reverse("reports:new"), fields | {"consent": "on"})
    report = Report.objects.get()
    assert (report.reporter_name, report.reporter_phone) == ("สมหญิง", "0812345678")
    assert Follower.objects.get().reporter
    with connection.cursor() as cursor:
        cursor.execute("select reporter_phone::text from reports_report")
        assert "0812345678" not in cursor.fetchone()[0]


def test_a_signed_in_citizen_owns_the_report(client: Client) -> None:
    actor = factories.citizen()
    client = factories.signed_in(User.objects.get(pk=actor.id))
    client.cookies["prasan_language"] = "en"
    send(client)
    assert str(Report.objects.get().reporter_id) == actor.id


def test_too_many_reports_from_one_address_are_held_back_without_loss(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prasan.reports.pages.citizen.REPORTS", (1, 600))
    assert send(client).status_code == 302
    refused = send(client)
    assert refused.status_code == 429
    assert POTHOLE["text"] in refused.content.decode()


def test_creating_costs_few_statements(client: Client, django_assert_max_num_queries: Any) -> None:
    check = client.post(reverse("reports:new"), {**POTHOLE, "step": "check"})
    fields = {**hidden(check), "category": "road", "step": "send"}
    with django_assert_max_num_queries(
        10
    ) as asked:  # eight of the action's, the limit's count, the form's key
        client.post(reverse("reports:new"), fields)
    assert not [one for one in asked.captured_queries if "pg_" in one["sql"]]


def test_the_sent_page_is_for_the_sender_alone(client: Client) -> None:
    report = factories.report(private=True)
    address = reverse("reports:sent", args=[report.code])
    assert client.get(address).status_code == 404
    assert client.get(address, {"key": "0" * 24}).status_code == 404
    shown = client.get(address, {"key": reporter_token(report.code)})
    assert report.code in shown.content.decode()
    open_one = factories.report()
    assert client.get(reverse("reports:sent", args=[open_one.code])).status_code == 302


# --- following it up ---


def step(client: Client, report: Report, name: str, *, key: bool = False, **given: Any) -> Any:
    fields = given | ({"key": reporter_token(report.code)} if key else {})
    return client.post(reverse("reports:step", args=[report.code, name]), fields)


def page_of(client: Client, report: Report, *, key: bool = False) -> str:
    query = {"key": reporter_token(report.code)} if key else {}
    return str(client.get(reverse("reports:report", args=[report.code]), query).content.decode())


def finished(report: Report) -> Report:
    officer = factories.officer()
    actions.report_accept(actor=officer, code=report.code)
    photo = Photo.objects.create(key="f" * 32, sha256="", width=1, height=1, size=1)
    actions.report_finish(actor=officer, code=report.code, note="ปะหลุมแล้ว", photos=(photo.key,))
    return Report.objects.get(pk=report.pk)


def test_anybody_comments_and_personal_data_is_masked(client: Client) -> None:
    report = factories.report()
    answer = step(client, report, "comment", note="โทร 081-234-5678 ครับ <i>")
    assert answer.status_code == 302
    page = page_of(client, report)
    assert "081-234-5678" not in page
    assert "[เบอร์โทร]" in page
    assert "&lt;i&gt;" in page


def test_an_empty_comment_comes_back_with_its_reason(client: Client) -> None:
    report = factories.report()
    answer = step(client, report, "comment", note="  ")
    assert answer.status_code == 422
    assert "Please write what was done or why." in answer.content.decode()


def test_following_by_e_mail_twice_is_following_once(client: Client) -> None:
    report = factories.report()
    for _time in range(2):
        assert step(client, report, "follow", email="me@home.example").status_code == 302
    assert Follower.objects.count() == 1
    refused = step(client, report, "follow", email="me@")
    assert refused.status_code == 422
    assert 'value="me@"' in refused.content.decode()


def test_an_unfollow_link_asks_first_and_works_once(client: Client) -> None:
    report = factories.report()
    step(client, report, "follow", email="me@home.example")
    address = reverse("reports:unfollow", args=[Follower.objects.get().token])
    assert client.get(address).status_code == 200
    assert Follower.objects.exists(), "mail scanners open links too"
    assert "You will hear no more" in client.post(address).content.decode()
    assert not Follower.objects.exists()
    assert client.post(address).status_code == 422


def test_the_reporter_sees_and_answers_a_question_and_others_do_not(client: Client) -> None:
    report = factories.report()
    actions.report_ask(actor=factories.officer(), code=report.code, note="จุดสังเกตคืออะไรคะ")
    assert "จุดสังเกตคืออะไร" not in page_of(client, report)
    mine = page_of(client, report, key=True)
    assert mine.count("จุดสังเกตคืออะไร") == 2, "in the timeline and beside the answer's field"
    assert step(client, report, "answer", note="หน้าวัด").status_code == 403
    assert step(client, report, "answer", key=True, note="หน้าวัด").status_code == 302
    assert "หน้าวัด" in page_of(client, report, key=True)
    assert "หน้าวัด" not in page_of(client, report)


def test_the_reporter_rates_and_opens_again_with_a_reason(client: Client) -> None:
    report = finished(factories.report())
    assert "Is it solved?" not in page_of(client, report)
    assert "Is it solved?" in page_of(client, report, key=True)
    assert step(client, report, "rate", key=True, rating="9").status_code == 422
    assert step(client, report, "rate", key=True, rating="2").status_code == 302
    assert step(client, report, "reopen", key=True, note="").status_code == 422
    assert step(client, report, "reopen", note="ยังพัง").status_code == 403
    assert step(client, report, "reopen", key=True, note="ยังพัง", photos=pictures.photo()).status_code == 302
    report.refresh_from_db()
    assert (report.status, report.reopened, report.rating) == (Status.WAITING, 1, None)


def test_what_is_not_possible_now_is_a_conflict_that_keeps_the_words(client: Client) -> None:
    report = factories.report()
    answer = step(client, report, "reopen", key=True, note="ยังไม่เสร็จเลย")
    assert answer.status_code == 409
    assert "ยังไม่เสร็จเลย" not in answer.content.decode() or "This was not sent" in answer.content.decode()


def test_an_officers_steps_are_not_among_the_citizens(client: Client) -> None:
    report = factories.report()
    for name in ("accept", "finish", "note", "merge", "x"):
        assert step(client, report, name, key=True, note="x").status_code == 404
    assert not Entry.objects.exists()


def test_a_forged_key_opens_nothing(client: Client) -> None:
    report = factories.report(private=True)
    page = client.get(reverse("reports:report", args=[report.code]), {"key": reporter_token("K7MP2XQ4")})
    assert page.status_code == 404
    assert report.text not in page.content.decode()
    assert (
        client.post(
            reverse("reports:step", args=[report.code, "comment"]), {"note": "x", "key": "y"}
        ).status_code
        == 404
    )
