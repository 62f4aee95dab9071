"""The inventory in a real browser: phone and desk, both themes and languages, keyboard, with and without scripts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from prasan.people.models import User
from prasan.portfolio.actions.silos import silos_publish
from prasan.portfolio.models import Interface, Proposal, System
from tests import factories
from tests.browser import OpenPage, axe_findings, sideways_overflow
from tests.portfolio.systems import making
from tests.portfolio.systems.making import EDUCATION, HEALTH

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def signed_in(open_page: OpenPage, url: str, user: User, **options: Any) -> Page:
    page = open_page(**options)
    session = factories.signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])
    return page


def small_city() -> None:
    """Connected, lonely, retired and due systems, a request, and two published months."""
    hub = making.system(
        code="HUB", name_th="ทะเบียนกลางผู้รับบริการ", capability="health.centres", data_held=("ผู้ป่วย",)
    )
    for number, method in enumerate(("api", "file", "manual", "database")):
        taker = making.system(
            EDUCATION, code=f"ED-{number}", name_th="ระบบสารสนเทศเพื่อการบริหารงานโรงเรียน", data_held=("ผู้ป่วย",)
        )
        making.connect(hub, taker, method=method)
    making.system(code="ALONE", capability="health.centres", contract_end=timezone.localdate())
    making.system(code="GONE", lifecycle="retired")
    System.objects.filter(code="HUB").update(confirmed_on=timezone.localdate())
    Proposal.objects.create(
        code="P-1",
        agency_id=HEALTH,
        title="โครงการหนึ่ง",
        capability="health.centres",
        status="submitted",
        total=5,
    )
    silos_publish(today=timezone.localdate().replace(day=1) - timedelta(days=1))
    silos_publish()


def addresses() -> dict[str, str]:
    return {
        "list": reverse("portfolio:systems"),
        "nothing": reverse("portfolio:systems") + "?words=ไม่มีเลย",
        "system": reverse("portfolio:system", args=["HUB"]),
        "due system": reverse("portfolio:system", args=["ALONE"]),
        "retired": reverse("portfolio:system", args=["GONE"]),
        "new": reverse("portfolio:system_new"),
        "change": reverse("portfolio:system_change", args=["HUB"]),
        "due": reverse("portfolio:systems_due"),
        "import": reverse("portfolio:systems_import"),
        "network": reverse("portfolio:systems_network"),
        "capabilities": reverse("portfolio:systems_capabilities"),
        "group": reverse("portfolio:systems_capabilities") + "?group=health&show=requests",
        "cell": reverse("portfolio:systems_cell") + "?capability=health",
        "silos": reverse("portfolio:systems_silos"),
    }


def test_every_page_is_accessible_and_fits_its_window(open_page: OpenPage, live_server: Any) -> None:
    small_city()
    person = factories.officer_user("analyst", "bma")
    findings = {}
    for width, theme, code in (
        (320, "light", "th"),
        (390, "dark", "en"),
        (1280, "dark", "th"),
        (1280, "light", "en"),
    ):
        page = signed_in(open_page, live_server.url, person, width=width, theme=theme, language=code)
        for name, address in addresses().items():
            page.goto(live_server.url + address)
            page.wait_for_load_state("networkidle")
            if found := axe_findings(page) + (
                [f"{wider} px too wide"] if (wider := sideways_overflow(page)) > 0 else []
            ):
                findings[name, width, code] = found
    assert findings == {}


def test_the_keyboard_reaches_every_system_of_the_graph_and_lights_its_connections(
    open_page: OpenPage, live_server: Any
) -> None:
    small_city()
    page = signed_in(open_page, live_server.url, factories.officer_user("analyst", "bma"))
    page.goto(live_server.url + reverse("portfolio:systems_network"))
    page.locator("[data-network]").focus()
    page.keyboard.press("Tab")
    expect(page.locator("[data-system=HUB]")).to_be_focused()
    assert page.locator("[data-lit]").count() == 4
    page.keyboard.press("Tab")
    assert (page.locator("path[data-lit]").count(), page.locator("path[data-dim]").count()) == (1, 3)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/system/HUB/")


def test_typing_suggests_systems_and_a_numbers_link_unfolds_its_rows(
    open_page: OpenPage, live_server: Any
) -> None:
    small_city()
    page = signed_in(open_page, live_server.url, factories.officer_user("analyst", "bma"))
    page.goto(live_server.url + reverse("portfolio:system", args=["ALONE"]))
    page.get_by_text("เพิ่มการเชื่อมโยง").click()
    page.get_by_label("อีกระบบหนึ่ง").press_sequentially("ทะเบียนกลาง")
    expect(page.locator("#systems-found option")).to_have_attribute("value", "HUB · ทะเบียนกลางผู้รับบริการ")
    page.goto(live_server.url + reverse("portfolio:systems_silos"))
    page.get_by_role("link", name="ข้อมูลเดียวกันเก็บหลายที่").click()
    expect(page.locator("#repeated_data ul")).to_be_visible()


def test_an_officer_enters_connects_and_confirms_a_system_without_scripts(
    open_page: OpenPage, live_server: Any
) -> None:
    making.system(EDUCATION, code="ED-1", name_th="ระบบทะเบียนนักเรียน")
    person = factories.officer_user("digital_officer", HEALTH)
    page = signed_in(open_page, live_server.url, person, width=390, java_script_enabled=False)
    page.goto(live_server.url + reverse("portfolio:systems"))
    page.get_by_role("link", name="เพิ่มระบบ").click()
    page.get_by_label("รหัส", exact=False).first.fill("HD-1")
    page.get_by_label("ชื่อภาษาไทย").fill("ระบบเยี่ยมบ้าน")
    page.get_by_label("ขีดความสามารถ").select_option("health.centres")
    page.get_by_label("ข้อมูลที่จัดเก็บ").fill("ผู้ป่วย\nนัดหมาย")
    page.get_by_role("button", name="บันทึก").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ระบบเยี่ยมบ้าน")
    page.get_by_text("เพิ่มการเชื่อมโยง").click()
    page.get_by_label("อีกระบบหนึ่ง").fill("ED-1 · ระบบทะเบียนนักเรียน")
    page.get_by_label("ข้อมูลใด").fill("นักเรียนที่ป่วย")
    page.get_by_role("button", name="บันทึกการเชื่อมโยง").click()
    expect(page.locator("#connections")).to_contain_text("นักเรียนที่ป่วย")
    assert Interface.objects.get().provider.code == "HD-1"
    System.objects.filter(code="HD-1").update(confirmed_on=None)
    page.goto(live_server.url + reverse("portfolio:systems_due"))
    page.get_by_role("button", name="ยืนยันว่าข้อมูลถูกต้อง HD-1").click()
    assert System.objects.get(code="HD-1").confirmed_on == timezone.localdate()
