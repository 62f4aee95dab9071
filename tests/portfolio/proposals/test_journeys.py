"""The two journeys of an agency's officer in a real browser, and every page of proposals on a phone and a desk."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook
from playwright.sync_api import Page

from prasan.people.models import User
from prasan.portfolio.actions.evidence import evidence_attach
from prasan.portfolio.actions.proposals import proposal_return
from prasan.portfolio.models import Proposal
from prasan.portfolio.queries.likeness import keeper
from tests import factories
from tests.browser import axe_findings, sideways_overflow
from tests.portfolio.proposals import DRAINS, HEALTH, complaints, draft, submitted
from tests.portfolio.proposals.test_pages import system

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Open = Callable[..., Page]


@pytest.fixture(autouse=True)
def _fresh_corpus(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("prasan.portfolio.queries.likeness.RECHECK_SECONDS", 0)
    keeper.forget()
    yield
    keeper.forget()


@pytest.fixture
def enter(open_page: Any, live_server: Any) -> Open:
    """Opens pages as this person."""

    def open_one(user: User, **options: Any) -> Page:
        page: Page = open_page(base_url=live_server.url, **options)
        session = factories.signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
        )
        return page

    return open_one


@pytest.fixture
def officer(transactional_db: None) -> User:
    return factories.officer_user("digital_officer", HEALTH, name="กมล ทองดี")


def messy_workbook(path: Path, money: Any) -> Path:
    """What an agency really sends."""
    made = Workbook()
    sheet = made.active
    sheet.title = "แบบ ง.1"
    for row in (
        ["แบบสรุปคำของบประมาณด้านดิจิทัล ประจำปีงบประมาณ พ.ศ. ๒๕๗๑"],
        ["สำนักการแพทย์", None, None, None, None, "(หน่วย: ล้านบาท)"],
        ["ลำดับ", "ชื่อโครงการ/รายการ", "เหตุผล", "งบประมาณ", None, "ลักษณะโครงการ"],
        [None, None, None, "ปี ๒๕๗๑", "ปี ๒๕๗๒", None],
        ["๑", "ระบบนัดหมายแพทย์ทางไกล", "ลดเวลารอคอย", money, 0.25, "ใหม่"],
        ["๒", "จ้างบำรุงรักษาระบบคลังยา", "ให้ระบบใช้งานได้", 2, None, "บำรุงรักษา"],
        ["รวม", None, None, 3.5, 0.25, None],
    ):
        sheet.append(row)
    for area in ("A1:F1", "D3:E3", "A3:A4", "B3:B4", "C3:C4", "F3:F4"):
        sheet.merge_cells(area)
    made.save(path)
    return path


def test_a_messy_workbook_becomes_proposals_once_its_error_is_mended(
    enter: Open, officer: User, tmp_path: Path
) -> None:
    page = enter(officer, width=1280)
    page.goto(reverse("portfolio:proposals"))
    page.get_by_role("link", name="จาก Excel").click()
    page.set_input_files("input[type=file]", messy_workbook(tmp_path / "แผน.xlsx", "หนึ่งล้านห้า"))
    page.get_by_role("button", name="ตรวจดูไฟล์").click()
    assert "D5" in page.inner_text("main")
    assert page.get_by_role("button", name=re.compile("นำเข้า")).count() == 0
    assert axe_findings(page) == []
    page.get_by_role("link", name="ส่งไฟล์อื่น").click()
    page.set_input_files("input[type=file]", messy_workbook(tmp_path / "แผน.xlsx", "๑.๕"))
    page.get_by_role("button", name="ตรวจดูไฟล์").click()
    page.get_by_label("“เหตุผล” หมายถึงอะไร").select_option(label="วัตถุประสงค์")
    page.get_by_role("button", name="นำเข้า 2 ข้อเสนอ").click()
    page.wait_for_url("**/proposals/")
    made = Proposal.objects.get(title="ระบบนัดหมายแพทย์ทางไกล")
    assert (made.objective, made.total) == ("ลดเวลารอคอย", Decimal(1_750_000))
    assert "ระบบนัดหมายแพทย์ทางไกล" in page.inner_text("main")


def test_typing_a_telemedicine_proposal_shows_what_exists_and_the_officer_joins(
    enter: Open, officer: User
) -> None:
    system(name="ระบบแพทย์ทางไกลสำนักอนามัย")
    other = submitted(
        agency=DRAINS, title="ระบบให้คำปรึกษาทางการแพทย์ผ่านวิดีโอ (telemedicine)", objective="พบแพทย์ทางไกล"
    )
    page = enter(officer, width=1280)
    page.goto(reverse("portfolio:proposals"))
    page.get_by_role("link", name="เขียนข้อเสนอ").first.click()
    page.locator("#id_title").press_sequentially("ระบบแพทย์ทางไกลสำหรับผู้ป่วยติดเตียง", delay=5)
    page.wait_for_selector("#closest .likeness")
    page.locator("#closest .likeness").nth(1).wait_for()
    shown = page.inner_text("#closest")
    assert "ระบบแพทย์ทางไกลสำนักอนามัย" in shown
    assert "telemedicine" in shown
    assert axe_findings(page) == []
    page.get_by_role("button", name="บันทึกฉบับร่าง").click()
    page.wait_for_url("**/change/")
    page.locator("#closest .likeness", has_text="telemedicine").get_by_role("link", name="เข้าร่วมแทน").click()
    page.locator("textarea[name=note]").fill("ทำร่วมกันประหยัดกว่า")
    page.get_by_role("button", name="ถอนและเข้าร่วม").click()
    page.wait_for_url(re.compile(r"/proposal/\w{8}/$"))
    other.refresh_from_db()
    mine = Proposal.objects.get(agency_id=HEALTH)
    assert (mine.status, mine.joined_id, other.partners) == ("withdrawn", other.pk, [HEALTH])
    assert other.title in page.inner_text("main")


def test_the_form_works_without_scripts(enter: Open, officer: User) -> None:
    page = enter(officer, width=390, java_script_enabled=False)
    page.goto(reverse("portfolio:proposal_new"))
    page.fill("#id_title", "ระบบใหม่")
    page.fill("#id_cost_buy_2571", "5 ล้านบาท") if page.locator("#id_cost_buy_2571").count() else None
    page.get_by_role("button", name="เพิ่มตัวชี้วัด").click()
    assert page.locator(".proposal-metric").count() == 4
    assert page.input_value("#id_title") == "ระบบใหม่"
    page.get_by_role("button", name="บันทึกฉบับร่าง").click()
    page.wait_for_url("**/change/")
    assert Proposal.objects.get().title == "ระบบใหม่"


@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_is_accessible_and_fits(
    enter: Open, officer: User, tmp_path: Path, width: int, language: str
) -> None:
    complaints((10, 20, 30))
    system()
    made = draft(title="ระบบแพทย์ทางไกลสำหรับผู้ป่วยติดเตียง", objective="พบแพทย์ผ่านวิดีโอจากบ้าน")
    from tests.portfolio.proposals import officer as as_actor

    evidence_attach(actor=as_actor(), code=made.code, indicator="reports.received", months=3)
    waiting = submitted(title="ระบบแพทย์ทางไกลศูนย์บริการสาธารณสุข", objective="พบแพทย์ผ่านวิดีโอ")
    back = submitted(agency=DRAINS, title="ระบบวัดระดับน้ำในคลอง", objective="เตือนน้ำท่วม")
    proposal_return(actor=factories.officer("analyst", "bma"), code=back.code, note="ขอข้อมูลเพิ่ม")
    Proposal.objects.filter(pk=waiting.pk).update(status_since=timezone.now() - timedelta(days=40))
    analyst = factories.officer_user("analyst", "bma", name="ณัฐพล แสงทอง")
    page = enter(officer, width=width, language=language)
    for address in (
        reverse("portfolio:proposals"),
        reverse("portfolio:proposal_new"),
        reverse("portfolio:proposals_rules"),
        reverse("portfolio:proposals_workbook"),
        reverse("portfolio:proposal", args=[made.code]),
        reverse("portfolio:proposal_change", args=[made.code]),
        reverse("portfolio:proposal_verdict", args=[made.code, "SYS-1"]),
        *(
            reverse("portfolio:proposal_step", args=[made.code, name])
            for name in ("submit", "withdraw", "join")
        ),
    ):
        page.goto(address)
        look(page, address, f"{language}-{width}")
    page.goto(reverse("portfolio:proposals_workbook"))
    page.set_input_files("input[type=file]", messy_workbook(tmp_path / "แผน.xlsx", "หนึ่งล้านห้า"))
    page.locator("main form .button-primary").click()
    page.wait_for_url(re.compile(r"/workbook/\d+/"))
    look(page, "workbook-check", f"{language}-{width}")
    page = enter(analyst, width=width, language=language)
    for address in (reverse("portfolio:screening"), reverse("portfolio:proposal", args=[waiting.code])):
        page.goto(address)
        look(page, address, f"{language}-{width}-analyst")


def look(page: Page, address: str, name: str) -> None:
    """No serious finding, nothing wider than the window."""
    assert axe_findings(page) == [], address
    assert sideways_overflow(page) == 0, address
