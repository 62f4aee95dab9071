"""A year after the decision, in a real browser: money spent, the number moved, and the pages show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from playwright.sync_api import Page

from prasan.people.models import User
from prasan.portfolio.actions.silos import silos_publish
from prasan.portfolio.models import Proposal
from tests import factories
from tests.browser import axe_findings, sideways_overflow
from tests.portfolio.delivery import making
from tests.portfolio.delivery.making import csv_of
from tests.portfolio.delivery.test_pages import METRICS, complaints, tell_everything
from tests.portfolio.proposals import HEALTH
from tests.portfolio.systems import making as systems

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Window = Callable[..., Page]


@pytest.fixture(autouse=True)
def _two_years_on(transactional_db: None) -> Iterator[None]:
    traveller = time_machine.travel(datetime(2028, 3, 10, 5, tzinfo=UTC), tick=True)
    traveller.start()
    yield
    traveller.stop()


@pytest.fixture
def project(_two_years_on: None) -> Proposal:
    """A project that the committee approved, of a number that the city has: complaints in two districts."""
    complaints()
    systems.system(name_th="ระบบนัดหมาย")
    silos_publish()
    return making.decided(metrics=METRICS)


@pytest.fixture
def window(open_page: Any, live_server: Any) -> Window:
    """Opens pages as a person; nobody signs in where none is given."""

    def open_one(person: User | None = None, **options: Any) -> Page:
        page: Page = open_page(base_url=live_server.url, **options)
        if person is not None:
            session = factories.signed_in(person).cookies[settings.SESSION_COOKIE_NAME].value
            page.context.add_cookies(
                [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
            )
        return page

    return open_one


def finance_file(project: Proposal, folder: Path) -> Path:
    heading = ("รหัสโครงการ", "ปีงบประมาณ", "งบตามข้อบัญญัติ", "วงเงินสัญญา", "พ.ย.", "ก.พ.")
    file = folder / "เบิกจ่าย 2570.csv"
    file.write_bytes(
        csv_of((project.code, 2570, 750_000, 650_000, 200_000, 450_000), heading=heading).getvalue()
    )
    return file


def test_a_year_later_money_is_spent_the_number_moved_and_the_pages_show_it(
    window: Window, project: Proposal, tmp_path: Path
) -> None:
    # The analyst brings the finance system's file: checked first, then taken over.
    analyst = window(factories.officer_user("analyst", "bma"))
    analyst.goto("/portfolio/delivery/")
    analyst.get_by_role("link", name="แฟ้มจากระบบการเงิน").click()
    for button in ("ตรวจแฟ้ม", "นำเข้า"):
        analyst.set_input_files("input[type=file]", finance_file(project, tmp_path))
        analyst.get_by_role("button", name=button).click()
        analyst.wait_for_selector(".notice-success")
    assert "4" in analyst.inner_text(".notice-success")

    # The agency says since when people use it.
    officer = window(factories.officer_user("digital_officer", HEALTH))
    officer.goto(f"/portfolio/delivery/{project.code}/")
    officer.get_by_text("เพิ่มงานสำคัญ").click()
    form = officer.locator("form[action$='/tell/milestone/']")
    form.get_by_label("งานที่จะแล้วเสร็จ").fill("เปิดให้บริการ")
    form.get_by_label("วันตามแผน").fill("1/2/2570")
    form.get_by_label("แล้วเสร็จเมื่อ").fill("20/2/2570")
    form.get_by_label("เริ่มใช้งานจริงตั้งแต่วันนี้").check()
    form.get_by_role("button", name="บันทึก").click()
    officer.wait_for_selector(".notice-success")
    shown = officer.inner_text("main")
    assert "ลดลงมากกว่าเขตเทียบเคียง" in shown
    assert "ช่วงความไม่แน่นอน" in shown
    assert "ไม่ได้พิสูจน์ว่าโครงการเป็นสาเหตุ" in shown

    # The governor sees the money and opens the rows behind it.
    analyst.goto("/portfolio/governor/?year=2570")
    analyst.get_by_role("link", name="เบิกจ่ายแล้ว").click()
    assert "650,000" in analyst.inner_text("main")

    # Anybody reads the same without signing in.
    citizen = window(width=390)
    citizen.goto("/portfolio/open/")
    citizen.get_by_role("link", name=project.title).click()
    public = citizen.inner_text("main")
    assert "650,000" in public
    assert "ลดลงมากกว่าเขตเทียบเคียง" in public


@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (1280, "dark")])
def test_every_page_is_accessible_and_fits(
    window: Window, project: Proposal, width: int, theme: str, language: str
) -> None:
    tell_everything(project)
    reader = window(factories.officer_user("analyst", "bma"), width=width, theme=theme, language=language)
    code, base = project.code, "/portfolio"
    for address in (
        f"{base}/delivery/", f"{base}/delivery/{code}/", f"{base}/delivery/import/", f"{base}/governor/?year=2570",
        f"{base}/governor/rows/?show=budget&year=2570", f"{base}/governor/rows/?show=policies", f"{base}/open/",
        f"{base}/open/{code}/",
    ):  # fmt: skip
        reader.goto(address)
        reader.evaluate("document.querySelectorAll('main details').forEach(one => { one.open = true })")
        assert axe_findings(reader) == [], address
        assert sideways_overflow(reader) == 0, address
