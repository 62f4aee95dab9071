"""From two scenarios to a resolution on frozen evidence, its minutes, and the task that returns next time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from prasan.committee import actions as committee
from prasan.committee.models import Meeting, Resolution
from prasan.people.models import User
from prasan.portfolio.actions.proposals import proposal_send
from prasan.portfolio.jobs import scenario_solve
from prasan.portfolio.models import Proposal, ScenarioRun
from tests.browser import OpenPage, axe_findings
from tests.committee.conftest import House, fresh, make_house  # noqa: F401 — a fixture
from tests.people.test_browser import take_session
from tests.portfolio import proposals as made
from tests.portfolio.selection.test_actions import proposal

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CONDITION = "ให้ใช้ระบบยืนยันตัวตนกลางของเมือง"


@pytest.fixture
def enter(open_page: OpenPage, live_server: Any) -> Callable[..., Page]:
    """A window in which this person has signed in."""

    def open_one(user_id: str | int, width: int = 1280) -> Page:
        page = open_page(width=width, base_url=live_server.url)
        take_session(page, live_server.url, User.objects.get(pk=user_id))
        return page

    return open_one


def scenario(page: Page, name: str, ceiling: str) -> ScenarioRun:
    """Write a scenario, compute it, and see what it chose."""
    page.goto(reverse("portfolio:scenario_new"))
    page.fill("input[name=name]", name)
    page.select_option("select[name=first_year]", "2571")
    page.select_option("select[name=count]", "1")
    page.click("main button[type=submit]")
    page.fill("input[name=ceiling_2571]", ceiling)
    page.click("main button:has-text('บันทึก') >> nth=0")
    page.click("text=คำนวณ >> nth=0")
    expect(page.locator("#progress")).to_be_visible()
    run = ScenarioRun.objects.latest("pk")
    scenario_solve(run=run.pk)
    expect(page.locator("#chosen")).to_be_visible(timeout=20_000)
    return run


def at(meeting: Meeting, name: str, *more: Any) -> str:
    return reverse(f"committee:{name}", args=[meeting.committee.code, meeting.year, meeting.number, *more])


def test_scenarios_then_a_meeting_with_a_recusal_and_a_condition_then_minutes_and_a_task_that_returns(
    enter: Callable[..., Page],
    make_house: Callable[..., House],  # noqa: F811
) -> None:
    wanted = proposal(step=4, cost=800_000, title="ระบบแพทย์ทางไกลสำหรับผู้ป่วยติดเตียง")
    proposal(step=2, cost=900_000, agency=made.DRAINS, title="ระบบวัดระดับน้ำในคลองซอย")
    analyst = made.analyst()

    desk = enter(analyst.id)
    runs = [scenario(desk, "เพดานเดิม", "2 ล้านบาท"), scenario(desk, "ลดเพดาน", "1 ล้านบาท")]
    desk.goto(f"{reverse('portfolio:scenarios_compare')}?left={runs[0].pk}&right={runs[1].pk}")
    expect(desk.locator("main")).to_contain_text("ระบบวัดระดับน้ำในคลองซอย")
    proposal_send(actor=analyst, code=wanted.code, board="main", note="เร่งด่วน")

    house = make_house()
    meeting = house.plan()
    secretary = enter(house.secretary.id)
    secretary.goto(at(meeting, "meeting"))
    secretary.locator("li.card", has_text=wanted.title).get_by_role("button").first.click()
    committee.notice_send(actor=house.secretary, meeting=meeting.pk)
    house.come(meeting, "chair", "a", "b", "c")
    item = meeting.items.get(matter__reference=wanted.code)
    secretary.goto(at(meeting, "live"))
    secretary.click("role=button[name='เปิดประชุม']")
    secretary.click("role=button[name=/^พิจารณา 4.1/]")

    member = enter(house.users["b"].pk, 390)
    member.goto(at(meeting, "live"))
    member.click("role=link[name='แจ้งการมีส่วนได้เสีย']")
    member.fill("[name=reason]", "คู่สมรสทำงานกับผู้รับจ้าง")
    member.click("main form >> role=button[name='แจ้งการมีส่วนได้เสีย']")
    secretary.wait_for_selector(".quorum-count:has-text('3 / 4')")

    secretary.select_option("#tool-outcome", "approved_with_conditions")
    secretary.fill("#tool-text", "เห็นชอบในวงเงินที่เสนอ")
    secretary.fill("#tool-conditions", CONDITION)
    secretary.click("role=button[name='แสดงร่างมติต่อที่ประชุม']")
    member.wait_for_selector(f".live-proposal:has-text('{CONDITION}')")
    secretary.click("role=button[name='ไม่มีผู้คัดค้าน บันทึกมติ']")
    member.wait_for_selector(".live-decided")

    decided = Proposal.objects.get(pk=wanted.pk)
    resolution = Resolution.objects.get()
    assert (decided.status, decided.conditions) == ("approved_with_conditions", CONDITION)
    assert decided.steps.latest("pk").resolution == resolution.number
    assert json.loads(resolution.snapshot)["subject"]["facts"]["total"] == str(wanted.total)

    committee.follow_up_add(
        actor=house.secretary, meeting=meeting.pk, item=item.pk, task="ส่งแบบเชื่อมระบบยืนยันตัวตน",
        agency=made.HEALTH, due_on=timezone.localdate() + timedelta(days=30),
    )  # fmt: skip
    committee.meeting_close(actor=house.secretary, meeting=meeting.pk)
    secretary.goto(at(meeting, "minutes"))
    minutes = secretary.inner_text("main")
    assert all(words in minutes for words in (wanted.title, CONDITION, "เห็นชอบในวงเงินที่เสนอ"))
    assert axe_findings(secretary) == []
    document = secretary.request.get(at(meeting, "minutes_pdf"))
    assert (document.status, document.body()[:5]) == (200, b"%PDF-")

    committee.minutes_circulate(actor=house.secretary, meeting=meeting.pk)
    following = house.plan(days=35)
    secretary.goto(at(following, "meeting"))
    secretary.get_by_role("button", name=re.compile("ดึง")).first.click()
    expect(secretary.locator("main")).to_contain_text("ส่งแบบเชื่อมระบบยืนยันตัวตน")
    assert fresh(following).items.filter(section="arising").exists()
