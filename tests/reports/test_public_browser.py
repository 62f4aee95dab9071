"""Citizens' and public pages in a real browser: phone and desk, light and dark, keyboard, with and without scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from prasan.reports import rollups
from prasan.reports.actions.numbers import numbers_compute
from prasan.reports.models import Photo, Report
from prasan.reports.policies import reporter_token
from tests import factories
from tests.browser import OpenPage, axe_findings, sideways_overflow
from tests.reports import pictures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NOWHERE = {"longitude": None, "latitude": None}


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "photos": {
            "BACKEND": "prasan.fabric.files.LocalStorage",
            "OPTIONS": {"location": str(tmp_path / "photos")},
        },
    }


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A photo taken in Lat Phrao."""
    path = tmp_path / "hole.jpg"
    path.write_bytes(pictures.photo(place=factories.LAT_PHRAO).read())
    return path


def language(page: Page, url: str, code: str) -> None:
    page.context.add_cookies([{"name": "prasan_language", "value": code, "url": url}])


def fine(page: Page) -> None:
    assert axe_findings(page) == []
    assert sideways_overflow(page) <= 0


def addresses() -> dict[str, str]:
    """Every page, with a report on which something happened."""
    report, private = factories.report(), factories.report(private=True)
    for _one in range(6):
        factories.report(category="drain")
    rollups.rebuild()
    numbers_compute()
    token = reporter_token(private.code)
    return {
        "home": reverse("home"),
        "privacy": reverse("privacy"),
        "about": reverse("about"),
        "help": reverse("reports:help"),
        "form": reverse("reports:new"),
        "list": reverse("reports:list"),
        "nothing": reverse("reports:list") + "?words=ไม่มีเลย",
        "map": reverse("reports:map"),
        "numbers": reverse("reports:numbers"),
        "report": reverse("reports:report", args=[report.code]),
        "own": f"{reverse('reports:report', args=[private.code])}?key={token}",
        "sent": f"{reverse('reports:sent', args=[private.code])}?key={token}",
        "wrong code": reverse("reports:report", args=["AAAAAAAA"]),
        "no report": reverse("reports:report", args=["22222222"]),
    }


@pytest.mark.parametrize(
    ("width", "theme", "code"), [(320, "light", "th"), (390, "dark", "en"), (1280, "dark", "th")]
)
def test_every_page_is_accessible_and_fits_its_window(
    open_page: OpenPage, live_server: Any, width: int, theme: str, code: str
) -> None:
    page = open_page(width=width, theme=theme)
    language(page, live_server.url, code)
    findings = {}
    for name, address in addresses().items():
        page.goto(live_server.url + address)
        page.wait_for_load_state("networkidle")
        findings[name] = (axe_findings(page), sideways_overflow(page))
    assert {name: found for name, found in findings.items() if found[0] or found[1] > 0} == {}


def test_a_report_is_told_with_photo_words_and_hints(
    open_page: OpenPage, live_server: Any, picture: Path
) -> None:
    page = open_page(width=390)
    language(page, live_server.url, "en")
    page.goto(live_server.url + reverse("reports:new"))
    page.set_input_files("input[type=file]", [picture, picture])
    expect(page.locator("[data-photo-list] img")).to_have_count(2)
    expect(page.locator("[data-map-says]")).to_have_text("The place was taken from the photo: Lat Phrao")
    page.locator("[data-photo-list] button").first.click()
    expect(page.locator("[data-photo-list] img")).to_have_count(1)
    page.fill("textarea[name=text]", "ถนนเป็นหลุมลึก มีคนหมดสติ")
    expect(page.locator("#hints a[href='tel:1669']")).to_be_visible()
    expect(page.locator("#hints input[type=radio]")).to_have_count(3)
    fine(page)
    page.locator("#hints label", has=page.locator("[value=road]")).click()
    page.click("button[value=check]")
    expect(page.locator("input[name=category][value=road]").first).to_be_checked()
    fine(page)
    page.click("button[value=send]")
    expect(page.locator(".report-code")).to_have_text(Report.objects.get().code)
    fine(page)
    report = Report.objects.get()
    assert (report.district, report.photos, report.category_how) == ("1038", 1, "citizen")


def test_the_whole_form_works_without_scripts(open_page: OpenPage, live_server: Any, picture: Path) -> None:
    page = open_page(width=320, java_script_enabled=False)
    page.goto(live_server.url + reverse("reports:new"))
    page.set_input_files("input[type=file]", picture)
    page.click("button[value=check]")
    assert page.locator("[data-error-summary]").is_visible(), "no words yet"
    page.fill("textarea[name=text]", "ไฟดับทั้งซอย")
    page.click("button[value=check]")
    page.click("button[value=edit]")
    assert page.input_value("textarea[name=text]") == "ไฟดับทั้งซอย"
    page.fill("input[name=address]", "ปากซอย 5")
    page.click("button[value=check]")
    page.click("button[value=send]")
    assert page.locator(".report-code").inner_text() == Report.objects.get().code
    page.click("a.button-primary")
    page.locator("#comment summary").click()
    page.fill("#comment-note", "ยังมืดอยู่")
    page.locator("#comment button").click()
    assert "ยังมืดอยู่" in page.inner_text("main")


def test_a_refused_photo_says_why_and_the_others_stay(
    open_page: OpenPage, live_server: Any, picture: Path, tmp_path: Path
) -> None:
    fake = tmp_path / "fake.jpg"
    fake.write_bytes(b"<script>alert(1)</script>")
    page = open_page(width=390)
    language(page, live_server.url, "en")
    page.goto(live_server.url + reverse("reports:new"))
    page.set_input_files("input[type=file]", [fake, picture])
    expect(page.locator("[data-photo-says]")).to_contain_text("“fake.jpg” is not a photo that can be read.")
    expect(page.locator("[data-photo-list] img")).to_have_count(1)
    assert Photo.objects.count() == 1


def test_without_a_connection_the_photo_goes_along_with_the_form(
    open_page: OpenPage, live_server: Any, picture: Path
) -> None:
    page = open_page(width=390)
    language(page, live_server.url, "en")
    page.goto(live_server.url + reverse("reports:new"))
    page.route("**" + reverse("reports:photo_add"), lambda route: route.abort())
    page.set_input_files("input[type=file]", picture)
    expect(page.locator("[data-photo-says]")).to_contain_text("it will go along when you send the form")
    page.fill("textarea[name=text]", "ถนนพัง")
    page.click("button[value=check]")
    expect(page.locator("main h1")).to_have_text("Check and send")
    assert Photo.objects.count() == 1


def test_a_place_is_chosen_with_the_keyboard_alone(open_page: OpenPage, live_server: Any) -> None:
    page = open_page()
    page.goto(live_server.url + reverse("reports:new"))
    canvas = page.locator("[data-map=pick] canvas")
    canvas.scroll_into_view_if_needed()
    page.wait_for_selector("[data-map=pick][data-ready]")
    canvas.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(400)
    page.keyboard.press("Enter")
    assert float(page.input_value("input[name=longitude]")) == pytest.approx(100.6, abs=0.4)
    assert float(page.input_value("input[name=latitude]")) == pytest.approx(13.7, abs=0.4)


def test_the_form_is_filled_and_sent_with_the_keyboard_alone(open_page: OpenPage, live_server: Any) -> None:
    page = open_page()
    page.goto(live_server.url + reverse("reports:new"))
    page.focus("textarea[name=text]")
    page.keyboard.type("ไฟดับ")
    page.focus("input[name=address]")
    page.keyboard.type("ปากซอย 5")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("button[value=send]")
    page.focus("button[value=send]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".report-code")
    assert Report.objects.get().address == "ปากซอย 5"


def test_the_map_asks_for_what_the_filter_says(open_page: OpenPage, live_server: Any) -> None:
    factories.report()
    rollups.rebuild()
    page = open_page()
    with page.expect_request(lambda request: "/tiles/" in request.url):
        page.goto(live_server.url + reverse("reports:map"))
    page.wait_for_selector("[data-map=view][data-ready]")
    with page.expect_request(lambda request: "/tiles/" in request.url and "category=road" in request.url):
        page.select_option("select[name=category]", "road")
    assert "category=road" in page.url
    assert "category=road" in (page.get_attribute("[data-map-list]", "href") or "")
    with page.expect_request(lambda request: "show=heat" in request.url):
        page.select_option("select[name=show]", "heat")


def test_without_webgl_the_map_page_leads_to_the_list(open_page: OpenPage, live_server: Any) -> None:
    page = open_page(width=390)
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto(live_server.url + reverse("reports:map"))
    page.wait_for_selector("[data-map=view][data-unavailable]")
    page.locator(".map-instead a").click()
    assert page.url.startswith(live_server.url + reverse("reports:list"))


def test_without_scripts_the_map_page_leads_to_the_list_with_its_filter(
    open_page: OpenPage, live_server: Any
) -> None:
    page = open_page(width=390, java_script_enabled=False)
    page.goto(live_server.url + reverse("reports:map"))
    page.select_option("select[name=category]", "road")
    page.click(".filters button")
    page.click("[data-map-list]")
    assert page.url == f"{live_server.url}{reverse('reports:list')}?category=road"
