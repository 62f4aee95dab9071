"""The main job in a real browser: a citizen reports on a phone, an officer mends, the citizen sees and rates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from playwright.sync_api import Page

from prasan.fabric import events
from prasan.fabric.models import LedgerEntry
from prasan.fabric.notices.sending import notices_send
from prasan.people.models import RoleGrant, User
from prasan.reports.actions.photos import photo_publish
from prasan.reports.models import Photo, Report
from tests import factories
from tests.browser import axe_findings, sideways_overflow
from tests.reports.pictures import photo

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OFFICER, PASSWORD = "works@demo.invalid", "a long enough pass phrase"


@pytest.fixture
def officer(settings: Any, transactional_db: None) -> User:
    settings.DEMO = True
    user = User(kind=User.Kind.OFFICER, username=OFFICER, email=OFFICER, name="สมชาย ช่างโยธา")
    user.set_password(PASSWORD)
    user.save()
    RoleGrant.objects.create(user=user, agency_id="district.1001.works", role="officer")
    return user


@pytest.fixture
def pothole(tmp_path: Path) -> Path:
    """A photo whose camera knew where it stood: Phra Nakhon."""
    path = tmp_path / "pothole.jpg"
    path.write_bytes(photo(place=factories.PHRA_NAKHON, size=(1200, 900)).read())
    return path


def background() -> None:
    """What the worker does between two clicks: photos, delivery of events, letters."""
    for picture in Photo.objects.filter(state=Photo.State.PENDING):
        photo_publish(key=picture.key)
    events.subscriptions_ensure()
    while events.deliver():
        pass
    notices_send()


def look(page: Page, where: str) -> None:
    """Every page on the way is accessible and fits its window."""
    assert axe_findings(page) == [], where
    assert sideways_overflow(page) == 0, where


def send_report(page: Page, address: str, picture: Path) -> str:
    """The citizen's part: photo first, words, suggested category, send. Gives the private link."""
    page.goto(f"{address}/")
    look(page, "front page")
    page.get_by_role("link", name="แจ้งปัญหา").first.click()
    page.wait_for_load_state("networkidle")
    page.set_input_files("input[type=file]", picture)
    page.wait_for_selector("[data-photo-says]:not(:empty)")
    page.fill("textarea[name=text]", "ถนนเป็นหลุมลึกหน้าตลาด รถมอเตอร์ไซค์ล้ม โทร 081-234-5678")
    look(page, "report form")
    page.locator("button[name=step][value=check]").click()
    look(page, "check and send")
    page.locator("label", has=page.locator("input[name=category][value=road]")).first.click()  # one of the top three
    assert "เขตพระนคร" in page.inner_text("main"), "the place came from the photo"
    page.fill("input[name=email]", "malee@home.example")
    if page.locator("input[name=consent]").count():
        page.check("input[name=consent]")
    page.locator("button[name=step][value=send]").click()
    page.wait_for_selector(".report-code")
    look(page, "thank you")
    return str(page.input_value("#own-link"))


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/desk/")
    page.fill("input[name=login]", OFFICER)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/desk/**")


def take_step(page: Page, address: str, code: str, step: str, note: str = "", picture: Path | None = None) -> None:
    page.goto(f"{address}/desk/{code}/{step}/")
    look(page, f"step {step}")
    if note:
        page.fill("textarea[name=note]", note)
    if picture is not None:
        page.set_input_files("input[name=photos]", picture)
    page.locator("form.desk-form .button-primary").click()
    page.wait_for_url(f"**/desk/{code}/")


@pytest.mark.parametrize("width", [390, 1280])
def test_a_citizens_report_goes_from_the_phone_to_the_fix_and_is_rated(
    live_server: Any, open_page: Any, officer: User, pothole: Path, width: int
) -> None:
    citizen, desk = open_page(width=width), open_page(width=width)
    link = send_report(citizen, live_server.url, pothole)
    background()
    report = Report.objects.get()
    assert (report.agency_id, report.category, report.photos) == ("district.1001.works", "road", 1)
    assert Photo.objects.get().state == "ready"

    sign_in(desk, live_server.url)
    look(desk, "inbox")
    desk.locator(f"a[href*='/desk/{report.code}/']").first.click()
    look(desk, "desk's report page")
    assert "081-234-5678" in desk.inner_text("main"), "the officer reads it as written"
    take_step(desk, live_server.url, report.code, "accept")
    take_step(desk, live_server.url, report.code, "finish", "ปะหลุมด้วยแอสฟัลต์แล้ว", pothole)
    background()

    citizen.goto(f"{live_server.url}/r/{report.code}")
    look(citizen, "public report page")
    told = citizen.inner_text("main")
    assert "ปะหลุมด้วยแอสฟัลต์แล้ว" in told
    assert "081-234-5678" not in told
    assert citizen.locator("main img").count() >= 2, "before and after"
    assert any("malee@home.example" in letter.to for letter in mail.outbox)

    citizen.goto(live_server.url + link[link.index("/r/") :])
    look(citizen, "reporter's own page")
    citizen.locator("label", has=citizen.locator("input[name=rating][value='5']")).click()
    citizen.locator("form[action*='/rate'] .button-primary").click()
    citizen.wait_for_load_state()
    report.refresh_from_db()
    assert (report.status, report.rating) == ("finished", 5)
    told_to_ledger = LedgerEntry.objects.filter(object_id=report.code).order_by("id").values_list("action", flat=True)
    assert list(told_to_ledger) == ["report.submit", "report.accept", "report.finish", "report.rate"]
