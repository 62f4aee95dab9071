"""The desk in a real browser: keyboard, panels, batches, conflicts; on a phone and a desk, with and without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page

from prasan.fabric.actors import Actor
from prasan.people.models import User
from prasan.reports import actions
from prasan.reports.models import Assignment, Report, Status
from tests import factories
from tests.browser import axe_findings, sideways_overflow
from tests.reports.pictures import photo

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WORKS, OFFICE = "district.1001.works", "district.1001"
Desk = Callable[..., Page]


@pytest.fixture
def boss(transactional_db: None) -> User:
    user = factories.officer_user("supervisor", OFFICE, name="วิชัย นำทาง")
    factories.officer_user("officer", WORKS, name="สมชาย ช่างดี")
    return user


@pytest.fixture
def reports(boss: User) -> list[Report]:
    made = [
        factories.report(name="สมศรี", phone="0812345678", address="หน้าตลาดท่าเตียน") for _number in range(4)
    ]
    Report.objects.update(category="question")
    return made


@pytest.fixture
def desk(open_page: Any, live_server: Any, boss: User) -> Desk:
    """Opens pages as the supervisor."""

    def open_one(**options: Any) -> Page:
        page: Page = open_page(base_url=live_server.url, **options)
        session = factories.signed_in(boss).cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
        )
        return page

    return open_one


def actor(boss: User) -> Actor:
    return Actor("officer", str(boss.pk), roles={"supervisor": frozenset({OFFICE})})


@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_of_the_desk_is_accessible_and_fits(
    desk: Desk, reports: list[Report], boss: User, width: int, language: str
) -> None:
    code = reports[0].code
    actions.report_invite(actor=actor(boss), code=code, agency="out.mea", note="ช่วยย้ายสาย")
    actions.report_note(actor=actor(boss), code=code, note="โทรแล้ว")
    Report.objects.filter(pk=reports[1].pk).update(routed_by="", suggested=["road", "lighting", "noise"])
    steps = ("accept", "finish", "forward", "assign", "split", "merge", "irrelevant", "stage", "categorise")
    page = desk(width=width, language=language)
    for address in (
        "/desk/", "/desk/?category=road&officer=nobody", "/desk/dispatch/", "/desk/team/", "/desk/new/", "/desk/help/",
        f"/desk/{code}/", *(f"/desk/{code}/{step}/" for step in steps),
    ):  # fmt: skip
        page.goto(address)
        assert axe_findings(page) == [], address
        assert sideways_overflow(page) == 0, address


def test_reports_are_read_selected_and_accepted_by_keyboard_alone(desk: Desk, reports: list[Report]) -> None:
    page = desk()
    page.goto("/desk/")
    for key in ("j", "x", "j", "j", "x", "k", "k"):
        page.keyboard.press(key)
    assert page.locator("input[name=report]:checked").count() == 2
    assert "2" in page.inner_text("[data-selected]")
    page.keyboard.press("a")
    page.wait_for_url("**/desk/batch/")
    assert Report.objects.filter(status=Status.IN_PROGRESS).count() == 2
    page.goto("/desk/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/desk/\w{8}/$"))


def test_a_step_without_a_selection_is_meant_for_the_report_in_focus(
    desk: Desk, reports: list[Report]
) -> None:
    page = desk()
    page.goto("/desk/")
    page.keyboard.press("j")
    page.keyboard.press("f")
    page.wait_for_url("**/desk/batch/")
    assert page.locator("input[type=hidden][name=report]").count() == 1


def test_slash_searches_question_mark_explains_and_keys_can_be_switched_off(
    desk: Desk, reports: list[Report]
) -> None:
    page = desk()
    page.goto("/desk/")
    page.keyboard.press("/")
    page.keyboard.type("jxa")
    assert page.input_value("input[name=words]") == "jxa"
    page.locator("h1").click()
    page.keyboard.press("?")
    assert page.locator("dialog[data-shortcuts]").is_visible()
    page.locator("[data-shortcuts-switch]").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert page.locator("tr[data-current]").count() == 0


def test_a_steps_form_opens_beside_the_report_and_finds_agencies_while_one_types(
    desk: Desk, reports: list[Report]
) -> None:
    page = desk()
    page.goto(f"/desk/{reports[0].code}/")
    page.keyboard.press("f")
    page.wait_for_selector("#step-panel form")
    assert axe_findings(page) == []
    page.fill("#id_search", "เทศกิจ บางรัก")
    page.locator("#agency-found input").first.check()
    page.fill("#step-panel textarea[name=note]", "ของเทศกิจบางรัก")
    page.locator("#step-panel .button-primary").click()
    page.wait_for_selector(".notice-success")
    assert Assignment.objects.get(report=reports[0], active=True).agency_id == "district.1004.municipal"


def test_words_in_the_panel_are_not_lost_unasked(desk: Desk, reports: list[Report]) -> None:
    page = desk()
    page.goto(f"/desk/{reports[0].code}/")
    page.locator("a[href$='/note/']").click()
    page.fill("#step-panel textarea", "ยังพิมพ์ไม่เสร็จ")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.locator("a[href$='/reply/']").click()
    page.wait_for_timeout(500)
    assert asked == ["confirm"]
    assert page.input_value("#step-panel textarea") == "ยังพิมพ์ไม่เสร็จ"


def test_the_contact_appears_in_its_place_when_asked_for(desk: Desk, reports: list[Report]) -> None:
    page = desk()
    page.goto(f"/desk/{reports[0].code}/")
    assert "0812345678" not in page.inner_text("main")
    page.locator("#contact button").click()
    page.wait_for_selector("#contact a[href^='tel:']")
    assert page.url.endswith(f"/desk/{reports[0].code}/")


def test_who_comes_second_sees_what_changed_and_sends_again(
    desk: Desk, reports: list[Report], boss: User
) -> None:
    page = desk()
    page.goto(f"/desk/{reports[0].code}/reply/")
    page.fill("textarea[name=note]", "ช่างจะเข้าไปพรุ่งนี้เช้า")
    colleague = factories.officer_user("supervisor", WORKS, name="มาลี ใจเย็น")
    actions.report_note(
        actor=Actor("officer", str(colleague.pk), roles={"supervisor": frozenset({WORKS})}), code=reports[0].code,
        note="ผู้แจ้งโทรมาตาม",
    )  # fmt: skip
    page.locator("form.desk-form .button-primary").click()
    page.wait_for_selector("text=มีผู้ดำเนินการก่อนท่าน")
    assert axe_findings(page) == []
    assert "มาลี ใจเย็น" in page.inner_text("main")
    assert page.input_value("textarea[name=note]") == "ช่างจะเข้าไปพรุ่งนี้เช้า"
    page.locator("form.desk-form .button-primary").click()
    page.wait_for_url(f"**/desk/{reports[0].code}/")
    assert reports[0].entries.filter(kind="comment").count() == 1


def test_new_reports_are_counted_while_the_page_stays_open(
    desk: Desk, reports: list[Report], monkeypatch: Any
) -> None:
    monkeypatch.setattr("prasan.reports.pages.desk.POLL_SECONDS", 1)
    page = desk()
    page.goto("/desk/")
    assert page.locator(".desk-views .count").first.inner_text() == "4"
    factories.report()
    page.wait_for_selector(".desk-views .count:text-is('5')")


def test_a_crew_finishes_with_a_photo_on_a_phone_without_scripts(
    desk: Desk, boss: User, tmp_path: Any
) -> None:
    report = factories.report(category="road")
    picture = tmp_path / "after.jpg"
    picture.write_bytes(photo().read())
    page = desk(width=390, java_script_enabled=False)
    page.goto("/desk/?due=today")
    report.assignments.update(due_at=report.submitted_at)
    page.goto("/desk/?due=today")
    assert page.locator("a[href^='geo:']").first.is_visible()
    page.locator(f"a[href='/desk/{report.code}/']").first.click()
    page.locator("a[href$='/finish/']").click()
    page.set_input_files("input[name=photos]", picture)
    page.fill("textarea[name=note]", "ปะหลุมแล้ว")
    page.locator("form.desk-form .button-primary").click()
    page.wait_for_url(f"**/desk/{report.code}/")
    report.refresh_from_db()
    assert report.status == Status.FINISHED
    assert report.pictures.get().moment == "after"


def test_a_batch_works_without_scripts(desk: Desk, reports: list[Report]) -> None:
    page = desk(java_script_enabled=False)
    page.goto("/desk/")
    for box in page.locator("input[name=report]").all()[:3]:
        box.check()
    page.locator("button[name=action][value=note]").click()
    page.fill("textarea[name=note]", "ผู้รับเหมารายเดียวกัน")
    page.locator("form .button-primary").click()
    assert page.locator(".badge-success").count() == 3
