"""A meeting in real browsers: the secretary moves on, a member's page follows; every page reads well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pytest
from django.urls import reverse

from prasan.committee import actions, demo
from prasan.committee.models import Committee, FollowUp, Resolution
from prasan.people import demo as people_demo
from prasan.people.models import User
from tests.browser import OpenPage, axe_findings, sideways_overflow
from tests.committee.conftest import FakeProjects, House, fresh
from tests.people.test_browser import take_session

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def at(meeting: Any, name: str, *more: Any) -> str:
    return reverse(f"committee:{name}", args=[meeting.committee.code, meeting.year, meeting.number, *more])


def open_live(open_page: OpenPage, live_server: Any, meeting: Any, user: User, width: int) -> Page:
    page = open_page(width=width)
    take_session(page, live_server.url, user)
    page.goto(live_server.url + at(meeting, "live"))
    return page


def test_the_secretary_moves_on_and_a_members_page_follows_up_to_the_resolution(
    open_page: OpenPage, live_server: Any, house: House, projects: FakeProjects
) -> None:
    meeting = house.plan()
    first = actions.subject_pull(actor=house.secretary, meeting=meeting.pk, kind="project", reference="P-1")
    second = actions.subject_pull(actor=house.secretary, meeting=meeting.pk, kind="project", reference="P-2")
    actions.notice_send(actor=house.secretary, meeting=meeting.pk)
    house.come(meeting, "chair", "b", "c")
    desk = open_live(open_page, live_server, meeting, User.objects.get(pk=house.secretary.id), 1280)
    phone = open_live(open_page, live_server, meeting, house.users["a"], 390)

    phone.click("role=button[name='ลงชื่อเข้าประชุม']")
    desk.wait_for_selector(".quorum-count:has-text('4 / 5')")
    desk.click("role=button[name='เปิดประชุม']")
    desk.click("role=button[name='พิจารณา 4.1']")
    phone.wait_for_selector("#current-title:has-text('ระบบเฝ้าระวังน้ำท่วม P-1')")

    desk.select_option("#tool-outcome", "approved_with_conditions")
    desk.fill("#tool-text", "เห็นชอบในวงเงินที่เสนอ")
    desk.fill("#tool-conditions", "ให้เชื่อมข้อมูลกับศูนย์ข้อมูลกลาง")
    desk.click("role=button[name='แสดงร่างมติต่อที่ประชุม']")
    phone.wait_for_selector(".live-proposal:has-text('ให้เชื่อมข้อมูลกับศูนย์ข้อมูลกลาง')")

    phone.click("role=button[name='ข้าพเจ้าคัดค้าน']")
    desk.wait_for_selector(".live-vote:has-text('ยังไม่ลงมติ')")
    for name in ("chair", "b", "c"):
        house.vote(meeting, first, name, "agree")
    phone.wait_for_selector(".live-vote:has-text('ลงมติครบแล้ว')")
    desk.click("role=button[name='บันทึกมติ']")
    phone.wait_for_selector(".live-decided")
    assert projects.state["P-1"] == "approved_with_conditions"
    assert (Resolution.objects.get().agree, Resolution.objects.get().against) == (3, 1)

    desk.click("role=button[name='พิจารณา 4.2']")
    phone.wait_for_selector("#current-title:has-text('P-2')")
    phone.click("role=link[name='แจ้งการมีส่วนได้เสีย']")
    phone.fill("[name=reason]", "เคยเป็นที่ปรึกษา")
    phone.click("main form >> role=button[name='แจ้งการมีส่วนได้เสีย']")
    phone.wait_for_selector("text=ท่านแจ้งการมีส่วนได้เสียในเรื่องนี้")
    desk.wait_for_selector(".quorum-count:has-text('3 / 4')")

    for row in meeting.attendance.filter(member__in=[house.members["b"], house.members["c"]]):
        actions.depart(actor=house.secretary, meeting=meeting.pk, attendance=row.pk)
    for page in (desk, phone):
        page.wait_for_selector("[role=alert]:has-text('องค์ประชุมไม่ครบ')")
        assert axe_findings(page) == []
        assert sideways_overflow(page) == 0
    assert fresh(second).state == "discussed"


def test_words_being_typed_stay_while_the_room_moves(
    open_page: OpenPage, live_server: Any, house: House
) -> None:
    meeting, _item = house.opened("chair", "a", "b")
    desk = open_live(open_page, live_server, meeting, User.objects.get(pk=house.secretary.id), 1280)
    desk.fill("#tool-text", "ข้อความที่กำลังพิมพ์")
    house.come(meeting, "c")
    desk.wait_for_selector(".quorum-count:has-text('4 / 5')")
    assert desk.input_value("#tool-text") == "ข้อความที่กำลังพิมพ์"


def test_a_lost_connection_is_said_once_and_forgotten_when_it_is_back(
    open_page: OpenPage, live_server: Any, house: House
) -> None:
    meeting, _item = house.opened("chair", "a", "b")
    page = open_live(open_page, live_server, meeting, house.users["a"], 390)
    page.context.set_offline(True)
    page.wait_for_selector("[data-live-lost]:not([hidden])")
    assert page.locator(".toast").count() == 0
    page.context.set_offline(False)
    page.wait_for_selector("[data-live-lost]", state="hidden")


def test_a_vote_needs_no_javascript(open_page: OpenPage, live_server: Any, house: House) -> None:
    meeting, item = house.opened("chair", "a", "b")
    house.propose(meeting, item)
    page = open_page(width=390, java_script_enabled=False)
    take_session(page, live_server.url, house.users["a"])
    page.goto(live_server.url + at(meeting, "live"))
    page.click("role=button[name='ข้าพเจ้าคัดค้าน']")
    assert page.locator("role=button[name='ไม่เห็นด้วย']").get_attribute("aria-pressed") == "true"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_every_page_is_accessible_and_fits_the_window(
    open_page: OpenPage,
    live_server: Any,
    projects: FakeProjects,
    settings: Any,
    width: int,
    theme: Literal["light", "dark"],
) -> None:
    settings.DEMO = True
    people_demo.load()
    demo.load()
    first, _second, coming = Committee.objects.get(board="main").meetings.order_by("starts_at")
    voted = first.items.get(resolution__method="named")
    inside = [
        reverse("committee:list"), reverse("committee:new"), reverse("committee:workflow"),
        *(reverse(f"committee:{n}", args=["digital"]) for n in ("committee", "change", "matters", "decisions")),
        reverse("committee:member_new", args=["digital"]), reverse("committee:meeting_new", args=["digital"]),
        reverse("committee:matter", args=["digital", voted.matter.code]),  # type: ignore[union-attr]
        reverse("committee:follow_ups"), reverse("committee:follow_up", args=[FollowUp.objects.first().pk]),  # type: ignore[union-attr]
        at(coming, "meeting"), at(coming, "live"), at(coming, "step", "item_add"), at(coming, "step", "arrive"),
        at(first, "item", voted.pk), at(first, "minutes"),
    ]  # fmt: skip
    public = [reverse("committee:list"), reverse("committee:committee", args=["digital"]),
              at(first, "meeting"), at(first, "item", voted.pk), at(first, "minutes")]  # fmt: skip
    for urls, user in ((inside, User.objects.get(username="secretary@demo.invalid")), (public, None)):
        page = open_page(width=width, theme=theme)
        if user is not None:
            take_session(page, live_server.url, user)
        for url in urls:
            answer = page.goto(live_server.url + url)
            assert answer is not None
            assert (url, answer.status) == (url, 200)
            assert (url, sideways_overflow(page)) == (url, 0)
            assert (url, axe_findings(page)) == (url, [])
