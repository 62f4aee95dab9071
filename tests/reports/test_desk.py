"""The officers' desk, page by page, as a browser without JavaScript sees it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry
from prasan.people.models import User
from prasan.reports import actions, workflow_words
from prasan.reports.actions.photos import photo_add
from prasan.reports.models import Assignment, Correction, Entry, Photo, Report, SavedFilter, Status
from prasan.reports.routing import route
from prasan.reports.workflow import WORKFLOW
from tests import factories
from tests.reports.pictures import photo

pytestmark = pytest.mark.django_db

WORKS, MUNICIPAL, OFFICE = "district.1001.works", "district.1001.municipal", "district.1001"
SQL = "'; drop table reports_report; --"
HTML = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def codes_in(answer: Any) -> list[str]:
    """Codes of the rows of an inbox page, in order."""
    return re.findall(r'name="report" value="(\w{8}):', answer.content.decode())


def browser(role: str = "officer", agency: str = WORKS) -> Client:
    return factories.signed_in(factories.officer_user(role, agency, name="สมชาย ช่างดี"))


def road(**fields: Any) -> Report:
    return factories.report(**({"category": "complaint"} | fields))


def in_works(**fields: Any) -> Report:
    """A report that the works division leads and that needs no photo to be finished."""
    report = factories.report(**fields)
    Report.objects.filter(pk=report.pk).update(category="question")
    return Report.objects.get(pk=report.pk)


def part_of(report: Report) -> Assignment:
    return report.assignments.get(active=True, role="lead")


def form(report: Report, **fields: Any) -> dict[str, Any]:
    """What a step's form sends, from the report as it is now."""
    seen = report.entries.order_by("-id").values_list("id", flat=True).first() or 0
    version = Report.objects.get(pk=report.pk).version
    return {"version": version, "seen": seen, "idempotency_key": uuid4().hex} | fields


@pytest.fixture
def desk(db: None) -> Client:
    return browser()


@pytest.fixture
def dispatcher(db: None) -> Client:
    return browser("dispatcher", OFFICE)


# --- who gets in -----------------------------------------------------------------------------------------------------

ADDRESSES = [
    "/desk/",
    "/desk/counts/",
    "/desk/dispatch/",
    "/desk/team/",
    "/desk/new/",
    "/desk/help/",
    "/desk/agencies/",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_strangers_are_led_to_sign_in_and_citizens_refused(address: str, client: Client) -> None:
    assert client.get(address).status_code == 302
    citizen = factories.citizen()
    assert factories.signed_in(User.objects.get(pk=citizen.id)).get(address).status_code == 403


def test_an_officer_without_second_factor_sees_nothing(client: Client) -> None:
    client.force_login(factories.officer_user())
    report = factories.report()
    assert client.get(f"/desk/{report.code}/").status_code == 302


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("/desk/dispatch/", {"dispatcher", "supervisor", "admin"}),
        ("/desk/team/", {"supervisor", "admin"}),
        ("/desk/new/", {"officer", "dispatcher", "supervisor", "admin"}),
        ("/desk/", {"officer", "dispatcher", "supervisor", "admin", "analyst", "auditor"}),
    ],
)
@pytest.mark.parametrize("role", ["officer", "dispatcher", "supervisor", "admin", "analyst", "auditor"])
def test_each_page_is_for_its_roles(address: str, allowed: set[str], role: str) -> None:
    assert browser(role).get(address).status_code == (200 if role in allowed else 403)


# --- inbox -----------------------------------------------------------------------------------------------------------


def test_the_inbox_holds_the_agency_and_those_below_it_and_no_others(dispatcher: Client) -> None:
    mine = factories.report()
    factories.report(longitude=factories.LAT_PHRAO[0], latitude=factories.LAT_PHRAO[1])
    assert codes_in(dispatcher.get("/desk/")) == [mine.code]


def test_a_divisions_officer_does_not_see_the_neighbours_inbox(desk: Client) -> None:
    report = factories.report()
    actions.report_forward(
        actor=factories.officer("dispatcher", OFFICE), code=report.code, agency=MUNICIPAL, note="ของเทศกิจ"
    )
    assert codes_in(desk.get("/desk/")) == []


def test_the_inbox_is_ordered_by_deadline_the_most_overdue_first(desk: Client) -> None:
    reports = [factories.report() for _number in range(4)]
    for report, days in zip(reports, (3, -5, 1, -1), strict=True):
        report.assignments.update(due_at=timezone.now() + timedelta(days=days))
    expected = [reports[number].code for number in (1, 3, 2, 0)]
    answer = desk.get("/desk/")
    assert codes_in(answer) == expected
    assert text_of(answer).count("เกินกำหนด</span>") >= 2


def test_pages_of_fifty_show_every_report_once(desk: Client) -> None:
    codes = {factories.report().code for _number in range(53)}
    Assignment.objects.update(due_at=timezone.now())  # all at the same moment: the id decides
    first = desk.get("/desk/")
    following = re.search(r'rel="next" href="(\?[^"]+)"', first.content.decode())
    assert following is not None
    second = desk.get("/desk/" + unescape(following[1]))
    assert len(codes_in(first)) == 50
    assert sorted(codes_in(first) + codes_in(second)) == sorted(codes)


def test_a_forged_page_link_is_refused_in_words(desk: Client) -> None:
    answer = desk.get("/desk/?cursor=forged")
    assert answer.status_code == 422


Prepare = Callable[[Report, Actor], Any]
BOSS_STEPS: dict[str, tuple[str, Prepare]] = {
    "officer=me": ("mine", lambda report, actor: actions.report_accept(actor=actor, code=report.code)),
    "due=overdue": (
        "overdue",
        lambda report, actor: report.assignments.update(due_at=timezone.now() - timedelta(hours=1)),
    ),
    "due=today": (
        "today",
        lambda report, actor: report.assignments.update(due_at=timezone.now() - timedelta(hours=1)),
    ),
    "status=in_progress": (
        "status",
        lambda report, actor: actions.report_accept(actor=actor, code=report.code),
    ),
    "category=question": (
        "category",
        lambda report, actor: Report.objects.filter(pk=report.pk).update(category="question"),
    ),
    "district=1038": (
        "district",
        lambda report, actor: Report.objects.filter(pk=report.pk).update(district="1038"),
    ),
    "only=escalated": (
        "escalated",
        lambda report, actor: report.assignments.update(escalated_at=timezone.now()),
    ),
    "only=private": (
        "private",
        lambda report, actor: Report.objects.filter(pk=report.pk).update(private=True),
    ),
    "only=dispatch": (
        "dispatch",
        lambda report, actor: Report.objects.filter(pk=report.pk).update(routed_by=""),
    ),
    "status=irrelevant": (
        "closed",
        lambda report, actor: actions.report_irrelevant(
            actor=actor, code=report.code, reason="not_found", note="ไม่พบ"
        ),
    ),
    f"agency={MUNICIPAL}": (
        "agency",
        lambda report, actor: actions.report_forward(
            actor=actor, code=report.code, agency=MUNICIPAL, note="ของท่าน"
        ),
    ),
}


@pytest.mark.parametrize("query", BOSS_STEPS)
def test_each_filter_finds_what_it_names_and_nothing_else(query: str) -> None:
    user = factories.officer_user("supervisor", OFFICE)
    actor = Actor("officer", str(user.pk), roles={"supervisor": frozenset({OFFICE})})
    wanted, other = in_works(), in_works()
    Report.objects.filter(pk=other.pk).update(category="road")
    Report.objects.filter(pk=wanted.pk).update(category="road")
    BOSS_STEPS[query][1](wanted, actor)
    page = factories.signed_in(user)
    assert codes_in(page.get(f"/desk/?{query}")) == [wanted.code]
    if not query.startswith("status=irrelevant"):
        assert wanted.code in codes_in(page.get("/desk/"))


def test_nobodys_reports_are_found_and_leave_when_somebody_takes_them(desk: Client) -> None:
    report = factories.report()
    assert codes_in(desk.get("/desk/?officer=nobody")) == [report.code]
    desk.post(f"/desk/{report.code}/accept/", form(report))
    assert codes_in(desk.get("/desk/?officer=nobody")) == []
    assert codes_in(desk.get("/desk/?officer=me")) == [report.code]


def test_an_invited_agency_finds_its_invitations() -> None:
    report = factories.report()
    actions.report_invite(actor=factories.officer(), code=report.code, agency="out.mea", note="ย้ายสายไฟ")
    assert codes_in(browser(agency="out.mea").get("/desk/?only=invited")) == [report.code]
    assert codes_in(browser().get("/desk/?only=invited")) == []


@pytest.mark.parametrize(
    ("words", "found"), [("หลุมลึก", True), ("รถมอเตอร์ไซค์", True), ("หลุม ตลาด", True), ("ต้นไม้", False)]
)
def test_thai_words_are_searched(desk: Client, words: str, found: bool) -> None:
    report = factories.report()
    assert codes_in(desk.get("/desk/", {"words": words})) == ([report.code] if found else [])


@pytest.mark.parametrize("words", ["%", "...", "😀"])
def test_what_holds_no_word_finds_nothing(desk: Client, words: str) -> None:
    factories.report()
    assert codes_in(desk.get("/desk/", {"words": words})) == []


def test_many_matches_are_searched_like_few(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prasan.reports.queries.words.MOST_LISTED", 1)
    codes = {factories.report().code for _number in range(3)}
    assert set(codes_in(desk.get("/desk/", {"words": "หลุม"}))) == codes


def test_a_code_in_the_search_box_opens_the_report(desk: Client) -> None:
    report = factories.report()
    typed = f"{report.code[:4].lower()} {report.code[4:]}"
    assert desk.get("/desk/", {"words": typed})["Location"] == f"/desk/{report.code}/"


@pytest.mark.parametrize("value", [SQL, HTML, "\x00", "ก" * 500, "%", "me&officer=nobody"])
@pytest.mark.parametrize(
    "name", ["words", "officer", "due", "status", "category", "district", "agency", "only"]
)
def test_odd_filters_break_nothing(desk: Client, name: str, value: str) -> None:
    factories.report()
    answer = desk.get("/desk/", {name: value})
    assert answer.status_code == 200
    assert HTML not in answer.content.decode()
    assert Report.objects.count() == 1


def test_a_filter_is_kept_found_again_and_deleted(desk: Client) -> None:
    kept = desk.post(
        "/desk/filters/", {"name": "ถนนเกินกำหนด", "query": "due=overdue&category=road&cursor=x&evil=1"}
    )
    assert kept["Location"] == "/desk/?due=overdue&category=road"
    page = text_of(desk.get("/desk/"))
    assert "ถนนเกินกำหนด" in page
    assert "?due=overdue&category=road" in page
    desk.post("/desk/filters/", {"delete": SavedFilter.objects.get().pk})
    assert not SavedFilter.objects.exists()


def test_a_filter_belongs_to_its_officer_alone(desk: Client) -> None:
    desk.post("/desk/filters/", {"name": "ของฉัน", "query": "due=overdue"})
    colleague = browser()
    assert '?due=overdue"' in text_of(desk.get("/desk/"))
    assert "desk-saved" not in text_of(colleague.get("/desk/"))
    assert colleague.post("/desk/filters/", {"delete": SavedFilter.objects.get().pk}).status_code == 404
    assert SavedFilter.objects.exists()


@pytest.mark.parametrize("name", ["", "  ", "ก" * 61])
def test_a_filter_needs_a_short_name(desk: Client, name: str) -> None:
    desk.post("/desk/filters/", {"name": name, "query": "due=overdue"})
    assert not SavedFilter.objects.exists()


def test_views_are_counted_and_asked_again_cheaply(desk: Client, django_assert_max_num_queries: Any) -> None:
    factories.report()
    page = desk.get("/desk/").content.decode()
    asked = re.search(r'hx-get="(/desk/counts/[^"]+)"', page)
    assert asked is not None
    with django_assert_max_num_queries(3):
        assert desk.get(unescape(asked[1])).status_code == 204
    factories.report()
    answer = desk.get(unescape(asked[1]))
    assert answer.status_code == 200
    assert ">2</span>" in answer.content.decode()


@pytest.mark.parametrize(
    "query", ["", "?officer=me", "?words=หลุม", "?only=dispatch&only=private", "?status=finished"]
)
def test_an_inbox_page_costs_at_most_six_statements_whatever_its_size(
    query: str, django_assert_max_num_queries: Any
) -> None:
    user = factories.officer_user("supervisor", "bma")
    page = factories.signed_in(user)
    for _number in range(52):
        report = factories.report()
        report.assignments.update(officer=user)
    page.get("/desk/")  # registers, templates
    with django_assert_max_num_queries(6):
        page.get(f"/desk/{query}")


# --- one report --------------------------------------------------------------------------------------------------


def test_the_report_page_costs_at_most_twelve_statements(django_assert_max_num_queries: Any) -> None:
    boss = factories.officer("supervisor", OFFICE)
    report = in_works(name="สมศรี", phone="0812345678", email="somsri@home.example")
    actions.report_accept(actor=boss, code=report.code)
    actions.report_invite(actor=boss, code=report.code, agency="out.mea", note="ช่วยด้วย")
    for number in range(30):
        actions.report_note(actor=boss, code=report.code, note=f"บันทึก {number}")
    page = factories.signed_in(User.objects.get(pk=boss.id))
    page.get(f"/desk/{report.code}/")
    for address in (
        f"/desk/{report.code}/",
        *(f"/desk/{report.code}/{step}/" for step in ("forward", "assign", "merge", "categorise")),
    ):
        with django_assert_max_num_queries(12):
            assert page.get(address).status_code == 200


def test_officers_read_the_text_as_written_and_internal_notes(desk: Client) -> None:
    report = factories.report(text="โทรหาผม 081-234-5678 ถนนพังหมดแล้วครับ")
    actions.report_note(actor=factories.officer(), code=report.code, note="ผู้รับเหมารายเดิม")
    page = text_of(desk.get(f"/desk/{report.code}/"))
    assert "081-234-5678" in page
    assert "ผู้รับเหมารายเดิม" in page


def test_the_timeline_begins_with_the_arrival_and_leaves_followers_out(desk: Client) -> None:
    report = factories.report()
    actions.report_follow(actor=Actor.anonymous(), code=report.code, email="neighbour@home.example")
    actions.report_note(actor=factories.officer(), code=report.code, note="ไปดูมาแล้ว")
    page = text_of(desk.get(f"/desk/{report.code}/"))
    assert page.count('class="timeline-item') == 2
    assert "รับแจ้ง" in page[page.rindex('class="timeline-item') :]


def test_officers_of_other_agencies_find_no_such_report() -> None:
    report = factories.report()
    stranger = browser("supervisor", "district.1038")
    for address in (f"/desk/{report.code}/", f"/desk/{report.code}/note/"):
        assert stranger.get(address).status_code == 404
    assert stranger.post(f"/desk/{report.code}/contact/").status_code == 404


@pytest.mark.parametrize("code", ["XXXXXXXX", "AAAAAAAB", "x", "../etc", "0" * 300])
def test_a_code_that_does_not_exist_is_a_clear_404(desk: Client, code: str) -> None:
    assert desk.get(f"/desk/{code}/").status_code == 404


def test_what_citizens_write_is_never_markup(desk: Client) -> None:
    report = factories.report(text=HTML, address=HTML, name=HTML)
    for address in ("/desk/", f"/desk/{report.code}/", f"/desk/{report.code}/finish/"):
        page = desk.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_the_contact_is_shown_on_demand_and_the_look_is_recorded(desk: Client) -> None:
    report = factories.report(name="สมศรี ใจดี", phone="0812345678", email="somsri@home.example")
    before = text_of(desk.get(f"/desk/{report.code}/"))
    assert "สมศรี" not in before
    assert "0812345678" not in before
    page = text_of(desk.post(f"/desk/{report.code}/contact/"))
    assert all(word in page for word in ("สมศรี ใจดี", "0812345678", "somsri@home.example"))
    assert LedgerEntry.objects.filter(action="report.read_contact", object_id=report.code).count() == 1


def test_a_citizen_sees_who_looked_at_their_contact(desk: Client) -> None:
    citizen = factories.citizen("malee@home.example")
    report = factories.report(citizen)
    assert "malee@home.example" in text_of(desk.post(f"/desk/{report.code}/contact/"))
    entry = LedgerEntry.objects.get(action="citizen.read")
    assert (entry.object_id, entry.changes["thing"]) == (citizen.id, f"report:{report.code}")


@pytest.mark.parametrize("role", ["analyst", "auditor"])
def test_who_only_reads_sees_no_contact_and_no_steps(role: str) -> None:
    report = factories.report(name="สมศรี", phone="0812345678")
    reader = browser(role)
    page = text_of(reader.get(f"/desk/{report.code}/"))
    assert f"/desk/{report.code}/accept/" not in page
    assert reader.post(f"/desk/{report.code}/contact/").status_code == 403
    assert not LedgerEntry.objects.filter(action="report.read_contact").exists()


def test_an_agency_that_passed_a_report_on_no_longer_sees_the_contact(desk: Client) -> None:
    report = factories.report(phone="0812345678")
    desk.post(f"/desk/{report.code}/forward/", form(report, agency=MUNICIPAL, note="ของเทศกิจ"))
    assert desk.get(f"/desk/{report.code}/").status_code == 200
    assert desk.post(f"/desk/{report.code}/contact/").status_code == 403


def test_the_buttons_are_those_of_the_table(desk: Client, dispatcher: Client) -> None:
    report = in_works()
    officers = set(
        re.findall(rf'href="/desk/{report.code}/(\w+)/"', text_of(desk.get(f"/desk/{report.code}/")))
    )
    dispatchers = set(
        re.findall(rf'href="/desk/{report.code}/(\w+)/"', text_of(dispatcher.get(f"/desk/{report.code}/")))
    )
    assert dispatchers - officers == {"split", "merge"}
    assert officers == {
        "accept", "assign", "stage", "follow_up", "ask", "note", "reply", "categorise", "forward", "invite", "finish",
        "irrelevant",
    }  # fmt: skip


def test_the_original_photo_is_for_the_agencies_and_one_click_away(desk: Client) -> None:
    taken, _place = photo_add(actor=Actor.anonymous(), upload=photo())
    report = factories.report(photos=(taken.key,))
    original = f"/photos/{taken.key}/original/"
    assert original in text_of(desk.get(f"/desk/{report.code}/"))
    assert desk.get(original).status_code == 200
    assert browser(agency="district.1038.works").get(original).status_code == 404
    assert Client().get(original).status_code == 404


def test_a_place_opens_in_the_phones_map(desk: Client) -> None:
    report = factories.report()
    assert (
        f'href="geo:{report.latitude:.6f},{report.longitude:.6f}?q='
        in desk.get(f"/desk/{report.code}/").content.decode()
    )


# --- steps -------------------------------------------------------------------------------------------------------

TAKEN: dict[str, dict[str, Any]] = {
    "accept": {},
    "note": {"note": "โทรแล้ว"},
    "reply": {"note": "จะเข้าตรวจพรุ่งนี้"},
    "ask": {"note": "อยู่ฝั่งไหนครับ"},
    "stage": {"stage": "budget", "note": ""},
    "follow_up": {"note": "รอดูหลังฝนตก"},
    "categorise": {"category": "traffic"},
    "forward": {"agency": MUNICIPAL, "note": "ของเทศกิจ"},
    "invite": {"agency": "out.mea", "note": "ช่วยย้ายสาย"},
    "finish": {"note": "ซ่อมแล้ว"},
    "irrelevant": {"reason": "private_land", "note": "เป็นถนนหมู่บ้าน"},
    "split": {"text1": "ไฟดับ", "category1": "lighting", "agency1": ""},
}


@pytest.mark.parametrize("step", TAKEN)
def test_each_step_is_taken_from_its_form(dispatcher: Client, step: str) -> None:
    report = in_works()
    assert dispatcher.get(f"/desk/{report.code}/{step}/").status_code == 200
    answer = dispatcher.post(f"/desk/{report.code}/{step}/", form(report, **TAKEN[step]))
    assert answer.status_code == 302, text_of(answer)
    assert LedgerEntry.objects.filter(object_id=report.code, action=f"report.{step}").count() == 1
    assert LedgerEntry.objects.get(action=f"report.{step}").origin == "desk"


def test_a_supervisor_gives_a_report_to_an_officer_of_the_agency_only() -> None:
    report = in_works()
    worker, outsider = (
        factories.officer_user(name="ช่างเอก"),
        factories.officer_user(agency="district.1038.works", name="คนนอก"),
    )
    boss = browser("supervisor", WORKS)
    page = text_of(boss.get(f"/desk/{report.code}/assign/"))
    assert "ช่างเอก" in page
    assert "คนนอก" not in page
    assert boss.post(f"/desk/{report.code}/assign/", form(report, officer=outsider.pk)).status_code == 422
    assert boss.post(f"/desk/{report.code}/assign/", form(report, officer=worker.pk)).status_code == 302
    assert part_of(report).officer_id == worker.pk


@pytest.mark.parametrize("step", [step for step, fields in TAKEN.items() if "note" in WORKFLOW[step].needs])
def test_a_step_without_its_words_comes_back_and_changes_nothing(dispatcher: Client, step: str) -> None:
    report = in_works()
    answer = dispatcher.post(f"/desk/{report.code}/{step}/", form(report, **TAKEN[step] | {"note": "  "}))
    assert answer.status_code == 422
    assert "กรุณาระบุว่าได้ดำเนินการอย่างไร" in text_of(answer)
    assert Report.objects.get(pk=report.pk).version == 1


@pytest.mark.parametrize(
    ("step", "fields"),
    [
        ("stage", {"stage": "nonsense"}),
        ("irrelevant", {"reason": SQL, "note": "x"}),
        ("categorise", {"category": HTML}),
        ("forward", {"agency": SQL, "note": "x"}),
        ("invite", {"agency": "", "search": "ไม่มีหน่วยงานนี้", "note": "x"}),
        ("merge", {"other": HTML}),
        ("split", {"text1": "x", "category1": "none"}),
        ("split", {"text1": "x", "category1": "road", "agency1": "ไม่มีหน่วยงานนี้"}),
        ("assign", {"officer": "1 or 1=1"}),
        ("note", {"note": "ก" * 10_001}),
    ],
)
def test_a_wrong_choice_is_named_and_changes_nothing(
    dispatcher: Client, step: str, fields: dict[str, str]
) -> None:
    report = in_works()
    answer = dispatcher.post(f"/desk/{report.code}/{step}/", form(report, **fields))
    assert answer.status_code == 422
    assert "data-error-summary" in text_of(answer)
    assert Report.objects.get(pk=report.pk).version == 1
    assert Report.objects.count() == 1


def test_a_step_that_nobody_knows_is_not_found(desk: Client) -> None:
    report = factories.report()
    assert desk.get(f"/desk/{report.code}/nonsense/").status_code == 404
    assert desk.get(f"/desk/{report.code}/rate/").status_code == 404


def test_an_agency_is_found_by_part_of_its_name(desk: Client) -> None:
    report = in_works()
    found = text_of(desk.get("/desk/agencies/", {"search": "เทศกิจ พระนคร"}))
    assert MUNICIPAL in found
    several = desk.post(f"/desk/{report.code}/forward/", form(report, search="ฝ่ายเทศกิจ", note="ของท่าน"))
    assert several.status_code == 422
    assert text_of(several).count('name="agency"') > 5, "the agencies that fit are offered"
    one = desk.post(
        f"/desk/{report.code}/forward/", form(report, search="ฝ่ายเทศกิจ สำนักงานเขตพระนคร", note="ของท่าน")
    )
    assert one.status_code == 302
    assert part_of(report).agency_id == MUNICIPAL


def test_forwarding_offers_where_the_rules_would_send_it_and_why(dispatcher: Client) -> None:
    report = factories.report()
    Report.objects.filter(pk=report.pk).update(suggested=["lighting", "road", "noise"])
    page = text_of(dispatcher.get(f"/desk/{report.code}/forward/"))
    offered = re.findall(r'name="agency" value="([\w.]+)"', page)
    assert "district.1001.environment" in offered, "for the noise that was suggested"
    assert WORKS not in offered, "who handles it already is not offered"


def test_finishing_needs_a_photo_where_the_category_asks_and_keeps_it_when_words_are_missing(
    desk: Client,
) -> None:
    report = factories.report(category="road")
    refused = desk.post(f"/desk/{report.code}/finish/", form(report, note="ปะแล้ว"))
    assert refused.status_code == 422
    upload = SimpleUploadedFile("after.jpg", photo().read(), "image/jpeg")
    refused = desk.post(f"/desk/{report.code}/finish/", form(report, note="", photos=upload))
    assert refused.status_code == 422
    kept = re.search(r'name="photo" value="(\w+)"', text_of(refused))
    assert kept is not None
    done = desk.post(f"/desk/{report.code}/finish/", form(report, note="ปะแล้ว", photo=kept[1]))
    assert done.status_code == 302
    assert (Photo.objects.get().moment, Photo.objects.get().report_id) == ("after", report.pk)
    assert Report.objects.get(pk=report.pk).status == Status.FINISHED


def test_a_file_that_is_no_photo_is_refused_and_the_words_stay(desk: Client) -> None:
    report = in_works()
    fake = SimpleUploadedFile("after.jpg", b"<?php echo 1; ?>", "image/jpeg")
    answer = desk.post(f"/desk/{report.code}/finish/", form(report, note="ซ่อมเสร็จแล้วครับ", photos=fake))
    assert answer.status_code == 422
    assert "ซ่อมเสร็จแล้วครับ" in text_of(answer)
    assert Report.objects.get(pk=report.pk).status == Status.WAITING


def test_merging_offers_what_is_near_and_closes_the_duplicate(dispatcher: Client) -> None:
    kept, gone = factories.report(), factories.report()
    assert kept.code in text_of(dispatcher.get(f"/desk/{gone.code}/merge/"))
    typed = f"{kept.code[:4]}-{kept.code[4:]}".lower()
    assert dispatcher.post(f"/desk/{gone.code}/merge/", form(gone, other=typed)).status_code == 302
    assert Report.objects.get(pk=gone.pk).duplicate_of_id == kept.pk


def test_a_split_part_goes_where_the_rules_say_or_where_the_officer_says(dispatcher: Client) -> None:
    report = in_works()
    parts = {
        "text1": "สายไฟห้อยต่ำ", "category1": "cable", "agency1": "",
        "text2": "แผงลอยกีดขวาง", "category2": "obstruction", "agency2": "ฝ่ายเทศกิจ สำนักงานเขตพระนคร",
    }  # fmt: skip
    dispatcher.post(f"/desk/{report.code}/split/", form(report, **parts))
    made = list(Report.objects.filter(split_from=report).order_by("id"))
    ruled = route(category="cable", district="1001", text="สายไฟห้อยต่ำ").agency_code
    assert [one.agency_id for one in made] == [ruled, MUNICIPAL]


def test_finishing_warns_of_invited_agencies_that_are_not_done(desk: Client) -> None:
    report = in_works()
    actions.report_invite(actor=factories.officer(), code=report.code, agency="out.mea", note="ย้ายสาย")
    assert "การไฟฟ้านครหลวง (รอรับเรื่อง)" in text_of(desk.get(f"/desk/{report.code}/finish/"))


def test_the_same_form_sent_twice_is_one_step(desk: Client) -> None:
    report = in_works()
    sent = form(report, note="โทรแล้ว")
    assert desk.post(f"/desk/{report.code}/note/", sent).status_code == 302
    assert desk.post(f"/desk/{report.code}/note/", sent).status_code == 302
    assert report.entries.filter(kind="note").count() == 1


# --- somebody was faster -----------------------------------------------------------------------------------------


def test_a_stale_form_shows_what_changed_by_whom_and_keeps_what_was_typed(desk: Client) -> None:
    report = in_works()
    stale = form(report, note="ช่างจะเข้าไปพรุ่งนี้เช้า")
    colleague = factories.officer_user("supervisor", WORKS, name="วิชัย นำทาง")
    actions.report_stage(
        actor=Actor("officer", str(colleague.pk), roles={"supervisor": frozenset({WORKS})}),
        code=report.code,
        stage="budget",
    )
    answer = desk.post(f"/desk/{report.code}/reply/", stale)
    page = text_of(answer)
    assert answer.status_code == 409
    assert "วิชัย นำทาง" in page
    assert "ช่างจะเข้าไปพรุ่งนี้เช้า" in page
    assert not report.entries.filter(kind="comment").exists()
    again = dict(re.findall(r'name="(version|seen|idempotency_key)" value="(\w+)"', page))
    assert desk.post(f"/desk/{report.code}/reply/", stale | again).status_code == 302
    assert report.entries.get(kind="comment").text == "ช่างจะเข้าไปพรุ่งนี้เช้า"


def test_what_was_typed_is_kept_when_the_step_is_not_possible_any_more(desk: Client) -> None:
    report = in_works()
    stale = form(report, note="เปลี่ยนหลอดแล้ว ถ่ายรูปไว้แล้ว")
    actions.report_finish(actor=factories.officer(), code=report.code, note="เสร็จก่อน")
    answer = desk.post(f"/desk/{report.code}/finish/", stale)
    page = text_of(answer)
    assert answer.status_code == 409
    assert "เปลี่ยนหลอดแล้ว ถ่ายรูปไว้แล้ว" in page
    assert f'action="/desk/{report.code}/note/"' in page
    again = dict(re.findall(r'name="(version|seen|idempotency_key)" value="(\w+)"', page))
    kept = desk.post(f"/desk/{report.code}/note/", again | {"note": "เปลี่ยนหลอดแล้ว ถ่ายรูปไว้แล้ว"})
    assert kept.status_code == 302
    assert report.entries.get(kind="note").text == "เปลี่ยนหลอดแล้ว ถ่ายรูปไว้แล้ว"


def test_photos_of_a_stale_form_are_kept_too(desk: Client) -> None:
    report = in_works()
    stale = form(report, note="ซ่อมแล้ว")
    actions.report_note(actor=factories.officer(), code=report.code, note="ไปดูมาแล้ว")
    upload = SimpleUploadedFile("after.jpg", photo().read(), "image/jpeg")
    answer = desk.post(f"/desk/{report.code}/finish/", stale | {"photos": upload})
    assert answer.status_code == 409
    page = text_of(answer)
    again = dict(re.findall(r'name="(version|seen|idempotency_key|photo)" value="(\w+)"', page))
    assert "photo" in again
    assert desk.post(f"/desk/{report.code}/finish/", {"note": "ซ่อมแล้ว"} | again).status_code == 302
    assert Photo.objects.get().report_id == report.pk


def test_a_report_forwarded_away_meanwhile_is_a_clear_conflict(desk: Client) -> None:
    report = in_works()
    stale = form(report, note="ซ่อมแล้ว")
    actions.report_forward(
        actor=factories.officer("dispatcher", OFFICE), code=report.code, agency=MUNICIPAL, note="ของเทศกิจ"
    )
    answer = desk.post(f"/desk/{report.code}/finish/", stale)
    assert answer.status_code == 409
    assert "ส่งต่อไปยัง" in text_of(answer)
    assert "ซ่อมแล้ว" in text_of(answer)


# --- many at once ------------------------------------------------------------------------------------------------


def selected(*reports: Report) -> list[str]:
    return [f"{report.code}:{Report.objects.get(pk=report.pk).version}" for report in reports]


def test_several_reports_are_accepted_at_once(desk: Client) -> None:
    reports = [in_works() for _number in range(3)]
    answer = desk.post("/desk/batch/", {"action": "accept", "report": selected(*reports)})
    assert answer.status_code == 200
    assert set(Report.objects.values_list("status", flat=True)) == {Status.IN_PROGRESS}


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("forward", {"agency": MUNICIPAL, "note": "ของเทศกิจ"}),
        ("note", {"note": "ผู้รับเหมารายเดียวกัน"}),
        ("categorise", {"category": "traffic"}),
    ],
)
def test_a_batch_asks_what_it_needs_then_does_it(desk: Client, action: str, fields: dict[str, str]) -> None:
    chosen = selected(in_works(), in_works())
    asked = desk.post("/desk/batch/", {"action": action, "report": chosen})
    assert asked.status_code == 200
    assert not Entry.objects.exists()
    assert desk.post("/desk/batch/", {"action": action, "report": chosen, "filled": "1"}).status_code == 422
    done = desk.post("/desk/batch/", {"action": action, "report": chosen, "filled": "1"} | fields)
    assert done.status_code == 200
    assert LedgerEntry.objects.filter(action=f"report.{action}").count() == 2


def test_a_batch_gives_reports_to_an_officer_of_their_agency() -> None:
    worker = factories.officer_user()
    boss = browser("supervisor", WORKS)
    chosen = selected(in_works(), in_works())
    boss.post("/desk/batch/", {"action": "assign", "report": chosen, "filled": "1", "officer": worker.pk})
    assert Assignment.objects.filter(officer=worker).count() == 2


def test_one_refused_report_of_a_batch_harms_no_other_and_is_named(desk: Client) -> None:
    fine, stale, foreign = (
        in_works(),
        in_works(),
        factories.report(longitude=factories.LAT_PHRAO[0], latitude=factories.LAT_PHRAO[1]),
    )
    chosen = selected(fine, stale, foreign)
    actions.report_note(actor=factories.officer(), code=stale.code, note="ระหว่างนั้น")
    page = text_of(desk.post("/desk/batch/", {"action": "accept", "report": chosen}))
    assert page.count("ไม่สำเร็จ</span>") == 2
    assert Report.objects.get(pk=fine.pk).status == Status.IN_PROGRESS
    assert Report.objects.get(pk=stale.pk).status == Status.WAITING
    assert Report.objects.get(pk=foreign.pk).status == Status.WAITING


@pytest.mark.parametrize("chosen", [[], ["nonsense"], [SQL], ["ABCD2345:1x"]])
def test_an_odd_selection_breaks_nothing(desk: Client, chosen: list[str]) -> None:
    assert desk.post("/desk/batch/", {"action": "accept", "report": chosen}).status_code in {200, 302}


def test_a_batch_is_limited(desk: Client) -> None:
    answer = desk.post(
        "/desk/batch/", {"action": "accept", "report": [f"ABCD{number:04}:1" for number in range(201)]}
    )
    assert answer.status_code == 422


def test_a_batch_knows_only_its_steps(desk: Client) -> None:
    report = in_works()
    desk.post("/desk/batch/", {"action": "finish", "report": selected(report), "filled": "1", "note": "x"})
    assert Report.objects.get().status == Status.WAITING


# --- dispatch, team, phone, help ---------------------------------------------------------------------------------


def unrouted() -> Report:
    """A report that no rule was sure of, at the district office."""
    report = factories.report(text="ไฟถนนดับทั้งซอย มืดมาก", category="")
    Report.objects.filter(pk=report.pk).update(
        agency=OFFICE,
        routed_by="",
        suggested=["lighting", "road", "noise"],
        category="road",
        category_how="triage",
    )
    report.assignments.update(agency=OFFICE)
    return Report.objects.get(pk=report.pk)


def test_a_dispatcher_sends_a_report_on_with_one_click_and_the_correction_is_kept(dispatcher: Client) -> None:
    report = unrouted()
    page = text_of(dispatcher.get("/desk/dispatch/"))
    choices = re.findall(r'name="choice" value="([\w.]+:[\w.]+)"', page)
    assert [choice.split(":")[0] for choice in choices] == ["lighting", "road", "noise"]
    answer = dispatcher.post("/desk/dispatch/", {"report": f"{report.code}:1", "choice": choices[0]})
    assert answer.status_code == 302
    report.refresh_from_db()
    assert (report.category, report.category_how) == ("lighting", "officer")
    assert report.agency_id == choices[0].split(":")[1] != OFFICE
    assert (Correction.objects.get().was, Correction.objects.get().became) == ("road", "lighting")
    assert f'value="{report.code}:' not in text_of(dispatcher.get("/desk/dispatch/"))


def test_a_choice_of_the_own_office_takes_the_report_on(dispatcher: Client) -> None:
    report = unrouted()
    dispatcher.post("/desk/dispatch/", {"report": f"{report.code}:1", "choice": f"road:{OFFICE}"})
    assert part_of(report).status == Status.IN_PROGRESS
    assert codes_in(dispatcher.get("/desk/?only=dispatch")) == []


def test_two_dispatchers_at_once_send_a_report_once(dispatcher: Client) -> None:
    report = unrouted()
    dispatcher.post("/desk/dispatch/", {"report": f"{report.code}:1", "choice": f"lighting:{MUNICIPAL}"})
    second = dispatcher.post("/desk/dispatch/", {"report": f"{report.code}:1", "choice": "road:out.mea"})
    assert second.status_code == 409
    assert part_of(report).agency_id == MUNICIPAL
    assert Correction.objects.count() == 1


def test_a_report_without_suggestions_is_dispatched_by_hand(dispatcher: Client) -> None:
    report = unrouted()
    Report.objects.filter(pk=report.pk).update(suggested=[], category="other")
    assert f"/desk/{report.code}/forward/" in text_of(dispatcher.get("/desk/dispatch/"))
    Report.objects.filter(pk=report.pk).update(suggested=["other"])
    assert dispatcher.get("/desk/dispatch/").status_code == 200


def test_the_dispatch_page_costs_the_same_however_many_wait(
    dispatcher: Client, django_assert_max_num_queries: Any
) -> None:
    for _number in range(4):
        unrouted()
    dispatcher.get("/desk/dispatch/")
    with django_assert_max_num_queries(4):
        dispatcher.get("/desk/dispatch/")


@pytest.mark.parametrize("choice", ["", "lighting", f"{SQL}:{SQL}", "lighting:nowhere", "nothing:out.mea"])
def test_an_odd_choice_sends_nothing_anywhere(dispatcher: Client, choice: str) -> None:
    report = unrouted()
    assert (
        dispatcher.post("/desk/dispatch/", {"report": f"{report.code}:1", "choice": choice}).status_code
        == 422
    )
    assert part_of(report).agency_id == OFFICE
    assert not Correction.objects.exists()


def test_a_supervisor_sees_the_load_of_each_officer_and_of_nobody() -> None:
    worker = factories.officer_user(name="ช่างเอก")
    for number in range(3):
        report = factories.report()
        late = (
            {"due_at": timezone.now() - timedelta(days=1), "escalated_at": timezone.now()} if number else {}
        )
        report.assignments.update(officer=worker if number else None, **late)
    factories.report(longitude=factories.LAT_PHRAO[0], latitude=factories.LAT_PHRAO[1])
    page = text_of(browser("supervisor", OFFICE).get("/desk/team/"))
    rows = [re.findall(r'class="number">(\d+)<', row) for row in page.split("<tr>")[2:]]
    assert rows == [["2", "2", "2", "2"], ["1", "1", "0", "0"]]
    assert "ช่างเอก" in page


def test_a_report_is_taken_by_phone_with_the_citizens_contact(desk: Client) -> None:
    sent = {
        "text": "ฝาท่อหายหน้าปากซอย", "address": "ซอยรามบุตรี", "district": "1001", "category": "", "name": "ยายแก้ว",
        "phone": "021234567", "email": "", "idempotency_key": uuid4().hex,
    }  # fmt: skip
    done = desk.post("/desk/new/", sent)
    report = Report.objects.get()
    assert done["Location"] == f"/desk/new/{report.code}/"
    assert (report.source, report.reporter_name, report.reporter_phone) == ("phone", "ยายแก้ว", "021234567")
    assert report.reporter_id is None
    page = text_of(desk.get(done["Location"]))
    assert f"{report.code[:4]} {report.code[4:]}" in page
    assert desk.post("/desk/new/", sent)["Location"] == done["Location"], "sent twice, taken once"
    assert Report.objects.count() == 1


def test_a_phone_report_without_a_place_says_what_is_missing_and_keeps_the_words(desk: Client) -> None:
    answer = desk.post("/desk/new/", {"text": "ฝาท่อหาย", "idempotency_key": uuid4().hex})
    assert answer.status_code == 422
    assert "ฝาท่อหาย" in text_of(answer)
    assert not Report.objects.exists()


def test_an_emergency_at_the_phone_is_sent_to_its_number(desk: Client) -> None:
    sent = {"text": "ไฟไหม้บ้านตอนนี้", "idempotency_key": uuid4().hex}
    assert "โปรดโทร 199 ทันที" in text_of(desk.post("/desk/new/", sent)), "while the place is missing"
    done = desk.post("/desk/new/", sent | {"address": "ซอยรามบุตรี", "district": "1001"})
    assert "โปรดโทร 199 ทันที" in text_of(desk.get(done["Location"]))


@pytest.mark.parametrize("language", ["th", "en"])
def test_the_help_page_shows_every_step_of_the_table(desk: Client, language: str) -> None:
    desk.cookies["prasan_language"] = language
    page = text_of(desk.get("/desk/help/"))
    body = page[page.index("<tbody>") : page.index("</tbody>")]
    assert body.count("<tr>") == len(WORKFLOW)
    assert ("รับเรื่อง" if language == "th" else "Accept") in body


def test_the_workflow_document_says_what_the_table_says() -> None:
    document = Path(__file__).resolve().parents[2] / "docs" / "reports-workflow.md"
    assert document.read_text() == workflow_words.markdown(), (
        "run `prasan reports workflow > docs/reports-workflow.md`"
    )
