"""The analyst's pages in a real browser: phone and desk, light and dark, nothing wider than the window."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page, expect

from prasan.people.models import User
from prasan.portfolio.actions.selection import scenario_create, scenario_run
from prasan.portfolio.models import ScenarioRun
from tests import factories
from tests.browser import OpenPage, axe_findings, sideways_overflow
from tests.portfolio import proposals as made
from tests.portfolio.selection.test_actions import content, proposal, solved

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def analyst(open_page: OpenPage, live_server: object) -> User:
    return User.objects.get(pk=made.analyst().id)


def signed_in(page: Page, url: str, user: User) -> Page:
    name = settings.SESSION_COOKIE_NAME
    value = factories.signed_in(user).cookies[name].value
    page.context.add_cookies([{"name": name, "value": value, "url": url}])
    return page


def test_every_page_is_fit_for_phone_and_desk(
    open_page: OpenPage, live_server: object, analyst: User
) -> None:
    boss = made.analyst()
    found = [proposal(step=step) for step in (1, 2, 3, 4)]
    runs = [
        solved(scenario_create(actor=boss, content=content(name=name, ceilings={"2571": ceiling})))
        for name, ceiling in (("เพดานปกติ", 1_700_000), ("ลดเพดาน", 900_000))
    ]
    waiting = scenario_create(actor=boss, content=content(name="รอคำนวณ"))
    scenario_run(actor=boss, scenario=waiting.pk)
    floor = {"theme": f"lane.{found[0].lane}", "year": None, "amount": 2_000_000, "percent": None}
    clashing = solved(scenario_create(actor=boss, content=content(name="ขัดแย้ง", theme_floors=(floor,))))
    addresses = [
        reverse("portfolio:scoring"),
        reverse("portfolio:score", args=[found[0].code]),
        reverse("portfolio:scenarios"),
        reverse("portfolio:scenario_new"),
        *(reverse("portfolio:scenario", args=[one.scenario_id]) for one in (runs[0], clashing)),
        reverse("portfolio:scenario", args=[waiting.pk]),
        reverse("portfolio:scenario_change", args=[waiting.pk]),
        f"{reverse('portfolio:scenarios_compare')}?left={runs[0].pk}&right={runs[1].pk}",
    ]
    address = live_server.url  # type: ignore[attr-defined]
    for width, theme, language in ((1280, "light", "th"), (390, "dark", "th"), (390, "light", "en")):
        page = signed_in(open_page(width=width, theme=theme, language=language), address, analyst)
        for one in addresses:
            page.goto(address + one)
            assert axe_findings(page) == [], one
            assert sideways_overflow(page) <= 0, one


def test_an_analyst_writes_limits_computes_and_reads_why(
    open_page: OpenPage, live_server: object, analyst: User
) -> None:
    poor, good = proposal(step=1), proposal(step=4)
    address = live_server.url  # type: ignore[attr-defined]
    page = signed_in(open_page(), address, analyst)
    page.goto(address + reverse("portfolio:scenario_new"))
    page.fill("input[name=name]", "งบประมาณ 2571")
    page.select_option("select[name=first_year]", "2571")
    page.select_option("select[name=count]", "1")
    page.click("main button[type=submit]")
    page.fill("input[name=ceiling_2571]", "1 ล้านบาท")
    page.click("main button:has-text('บันทึก') >> nth=0")
    page.click("text=คำนวณ >> nth=0")
    expect(page.locator("#progress")).to_be_visible()
    from prasan.portfolio.jobs import scenario_solve

    scenario_solve(run=ScenarioRun.objects.get().pk)
    expect(page.locator("#chosen")).to_be_visible(timeout=15_000)
    expect(page.locator("main")).to_contain_text(good.code)
    page.click(f"summary:has-text('{poor.code}')")
    expect(page.locator("details[open]", has_text=poor.code).last).to_contain_text("จะถูกเลือกเมื่อได้คะแนน")
