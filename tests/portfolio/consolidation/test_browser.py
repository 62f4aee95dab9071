"""Plans and prices in a real browser: phone and desk, both themes and languages. All prices are made up."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from playwright.sync_api import Page

from prasan.people.models import User
from prasan.portfolio.actions import consolidation as actions
from prasan.portfolio.actions.prices import price_answer, prices_check
from prasan.portfolio.actions.verdicts import verdict_give
from prasan.portfolio.models import ConsolidationPlan
from prasan.portfolio.overlap import Match
from tests import factories
from tests.browser import OpenPage, axe_findings, sideways_overflow
from tests.portfolio import proposals
from tests.portfolio.consolidation import LEAD, analyst, member, plan
from tests.portfolio.prices import BOSS, COMPUTER, bought, line, references
from tests.portfolio.systems import making

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PICTURES = os.environ.get("PRASAN_PICTURES")  # a folder: pictures of every page go there, for looking at
VIEWS = ((390, "light", "th"), (1280, "dark", "en"), (1280, "light", "th"), (390, "dark", "en"))


def signed_in(open_page: OpenPage, url: str, user: User, **options: Any) -> Page:
    page = open_page(**options)
    session = factories.signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])
    return page


def small_city() -> dict[str, str]:
    """A confirmed group, plans in three states, a year realised, a draft; lines with every flag. Page → address."""
    platform = making.system(
        LEAD, name_th="แพลตฟอร์มนัดหมายกลาง", purpose="นัดหมายรับบริการทุกประเภทของเมือง", users=12_000
    )
    clinic = making.system(
        name_th="ระบบนัดหมายศูนย์บริการสาธารณสุข", purpose="ประชาชนจองคิวพบแพทย์", users=4_500, vendor="ก",
        costs={2568: Decimal(1_200_000)},
    )  # fmt: skip
    asked = proposals.submitted(agency=proposals.DRAINS, title="ระบบจองคิวออนไลน์ของสำนักงานเขต")
    shown = Match(asked.code, platform.code, "existing_system", 0.9, flagged=True)
    verdict_give(
        actor=analyst(), code=asked.code, other=platform.code, kind="existing_system", reason="จองคิวเหมือนกัน",
        shown=shown,
    )  # fmt: skip
    first, second = (
        member(clinic.code, 1_200_000),
        member(making.system(name_th="ระบบจองห้องประชุม").code, 300_000),
    )
    found = plan(first, second, target=platform.code, title="รวมระบบนัดหมายมาใช้แพลตฟอร์มกลาง")
    actions.plan_claim(actor=analyst(), code=found.code)
    actions.plan_validate(actor=analyst(), code=found.code, note="ตรวจกับสัญญาและใบเสนอราคาแล้ว")
    with time_machine.travel("2027-11-01 09:00:00+07:00", tick=False):
        actions.plan_record(
            actor=analyst(), code=found.code, year=2570, members_spent=Decimal(1_000_000),
            platform_spent=Decimal(650_000), evidence="รายงานการเบิกจ่ายปี 2570",
        )  # fmt: skip
    draft = plan(member(making.system(name_th="ระบบแจ้งซ่อม").code), target=platform.code, method="")
    references()
    for price in (20_000, 20_500, 21_000, 21_500, 22_000):
        bought(line(price), agency=proposals.DRAINS)
    bought_by, lines = bought(
        line(60_000), line(19_900), line(350_000, "ค่าติดตั้งและฝึกอบรม", "งาน", 1),
        line(8_900, "โคมไฟสนามพลังแสงอาทิตย์", "ชุด", 12),
    )  # fmt: skip
    price_answer(
        actor=analyst(), line_id=lines[0].pk, kind="above_reference", reason="ขอให้ต่อรองราคาก่อนเข้าคณะกรรมการ"
    )
    writing, _own = bought(line(25_000, COMPUTER), submit=False, agency=making.HEALTH)
    prices_check(actor=BOSS)
    base, prices = "/portfolio/consolidation/", "/portfolio/proposal"
    return {
        "list": base,
        "rules": f"{base}rules/",
        "plan": f"{base}{found.code}/",
        "draft": f"{base}{draft.code}/",
        "change": f"{base}{draft.code}/change/",
        "new": f"{base}new/?member={asked.code}&member={platform.code}&member=NOPE",
        "flags": "/portfolio/prices/",
        "prices": f"{prices}/{bought_by.code}/prices/",
        "lines": f"{prices}/{writing.code}/prices/change/",
    }


def test_every_page_is_accessible_and_fits_its_window(open_page: OpenPage, live_server: Any) -> None:
    addresses = small_city()
    person = factories.officer_user("analyst", "bma")
    writer = factories.officer_user("digital_officer", making.HEALTH)
    findings = {}
    for width, theme, language in VIEWS if PICTURES else VIEWS[:2]:
        for name, address in addresses.items():
            who = writer if name == "lines" else person
            page = signed_in(open_page, live_server.url, who, width=width, theme=theme, language=language)
            page.goto(live_server.url + address)
            found = axe_findings(page)
            if sideways_overflow(page) > 0:
                found.append(f"wider by {sideways_overflow(page)}")
            if found:
                findings[name, width, theme] = found
            if PICTURES:
                page.screenshot(path=str(Path(PICTURES) / f"{name}_{width}_{language}.png"), full_page=True)
            page.context.close()
    assert findings == {}


def test_a_plan_is_written_and_claimed_by_keyboard_and_form(open_page: OpenPage, live_server: Any) -> None:
    addresses = small_city()
    page = signed_in(open_page, live_server.url, factories.officer_user("analyst", "bma"), width=1280)
    page.goto(live_server.url + addresses["draft"])
    page.get_by_role("button", name="เสนอตัวเลขเงินที่ประหยัด").click()
    assert "ต้องกรอกข้อนี้ก่อน" in page.get_by_role("alert").inner_text()
    page.goto(live_server.url + addresses["change"])
    page.get_by_label("ประมาณเงินที่ประหยัดอย่างไร").fill("ค่าใช้จ่ายตามสัญญา")
    page.get_by_role("button", name="บันทึก", exact=True).click()
    page.wait_for_url("**" + addresses["draft"])
    page.get_by_role("button", name="เสนอตัวเลขเงินที่ประหยัด").click()
    page.get_by_text("ท่านเป็นผู้เสนอตัวเลขนี้").wait_for()
    assert ConsolidationPlan.objects.filter(state="claimed").count() == 1
