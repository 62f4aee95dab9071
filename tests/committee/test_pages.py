"""Committees' pages: who sees what, what a form does, and what a page costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from prasan.city.registers import registers, registers_reset
from prasan.committee import actions
from prasan.committee.models import AgendaItem, Committee, FollowUp, Meeting, Member, Paper
from prasan.fabric import decisions
from prasan.people.models import User
from tests import factories
from tests.committee.conftest import ROOT, FakeProjects, House, fresh
from tests.factories import signed_in

pytestmark = pytest.mark.django_db

Budget = Callable[[int], Any]
PDF = b"%PDF-1.7\n%made up\n"


def at(meeting: Meeting, name: str = "meeting", *more: Any) -> str:
    return reverse(f"committee:{name}", args=[meeting.committee.code, meeting.year, meeting.number, *more])


def do(client: Client, meeting: Meeting, action: str, **given: Any) -> Any:
    return client.post(at(meeting, "step", action), given)


@pytest.fixture
def desk(house: House) -> Client:
    """The secretary's browser."""
    return signed_in(User.objects.get(pk=house.secretary.id))


def decided(house: House, **rules: Any) -> tuple[Meeting, AgendaItem]:
    """A closed meeting with one resolution."""
    meeting, item = house.opened(item="ระบบจองคิว")
    house.propose(meeting, item, text="เห็นชอบให้จัดหา")
    house.resolve(meeting, item)
    actions.meeting_close(actor=house.secretary, meeting=meeting.pk)
    return fresh(meeting), fresh(item)


def publish(house: House, what: str) -> None:
    actions.committee_change(actor=house.secretary, committee="digital", publish=what)


# ---- who sees what ----


@pytest.mark.parametrize("what", ["nothing", "resolutions", "minutes"])
def test_the_public_sees_what_the_committee_publishes_and_never_before_the_decision(
    house: House, what: str
) -> None:
    publish(house, what)
    coming = house.plan(days=20)
    waiting = house.item(coming, "เรื่องลับที่ยังไม่พิจารณา")
    meeting, item = decided(house)
    client = Client()
    found = 200 if what != "nothing" else 404
    for url in (reverse("committee:committee", args=["digital"]), at(meeting), at(meeting, "item", item.pk)):
        answer = client.get(url)
        assert answer.status_code == found
        assert "เรื่องลับ" not in answer.content.decode()
    assert ("ระบบจองคิว" in client.get(reverse("committee:decisions", args=["digital"])).content.decode()) == (
        found == 200
    )
    assert client.get(at(coming)).status_code == 404
    assert client.get(at(coming, "item", waiting.pk)).status_code == 404
    for name in ("minutes", "minutes_pdf"):
        assert client.get(at(meeting, name)).status_code == 404  # not certified yet


def test_an_open_meetings_resolution_is_not_public_until_the_meeting_is_closed(house: House) -> None:
    publish(house, "resolutions")
    meeting, item = house.opened()
    house.propose(meeting, item)
    house.resolve(meeting, item)
    client = Client()
    assert client.get(at(meeting, "item", item.pk)).status_code == 404
    assert (
        "เห็นชอบตามที่เสนอ" not in client.get(reverse("committee:decisions", args=["digital"])).content.decode()
    )
    assert client.get(reverse("committee:list")).content.decode().count("1 มติ") == 0
    actions.meeting_close(actor=house.secretary, meeting=meeting.pk)
    assert client.get(at(meeting, "item", item.pk)).status_code == 200


def test_the_public_page_of_a_resolution_shows_its_hash_and_neither_evidence_nor_names(house: House) -> None:
    publish(house, "minutes")
    meeting, item = house.opened(item="ระบบจองคิว")
    actions.item_change(
        actor=house.secretary, meeting=meeting.pk, item=item.pk, title="ระบบจองคิว", facts="ข้อมูลภายใน"
    )
    house.propose(meeting, item)
    house.vote(meeting, item, "a", "against")
    for name in ("chair", "vice", "b", "c"):
        house.vote(meeting, item, name, "agree")
    resolution = house.resolve(meeting, item)
    actions.meeting_close(actor=house.secretary, meeting=meeting.pk)
    text = Client().get(at(meeting, "item", item.pk)).content.decode()
    assert resolution.snapshot_hash in text
    assert "ไม่เห็นด้วย 1 เสียง" in text
    assert "ข้อมูลภายใน" not in text
    assert "กรรมการ a" not in text


def test_members_read_everything_of_their_committee_and_strangers_nothing(house: House) -> None:
    meeting, item = decided(house)
    urls = [
        reverse("committee:committee", args=["digital"]), at(meeting), at(meeting, "item", item.pk),
        at(meeting, "live"), at(meeting, "minutes"), at(meeting, "minutes_pdf"),
        reverse("committee:matters", args=["digital"]), reverse("committee:decisions", args=["digital"]),
    ]  # fmt: skip
    readers = [
        house.users["a"],
        *(factories.officer_user(role, ROOT) for role in ("auditor", "analyst", "admin")),
    ]
    for user in readers:
        assert {signed_in(user).get(url).status_code for url in urls} == {200}
    stranger = signed_in(factories.officer_user("officer", "district.1001.works"))
    assert {stranger.get(url).status_code for url in urls} == {404}


def test_a_member_whose_term_has_ended_is_outside_again(house: House) -> None:
    Member.objects.filter(pk=house.members["a"].pk).update(term_to=timezone.localdate() - timedelta(days=1))
    assert (
        signed_in(house.users["a"]).get(reverse("committee:committee", args=["digital"])).status_code == 404
    )


def test_tasks_are_seen_by_the_committee_and_the_agency_that_has_them(house: House, desk: Client) -> None:
    meeting, item = house.opened()
    house.propose(meeting, item)
    house.resolve(meeting, item)
    due = timezone.localdate() + timedelta(days=9)
    do(desk, meeting, "follow_up", item=item.pk, task="ส่งแผน", agency="dep.07000000", due_on=due.isoformat())
    task = FollowUp.objects.get()
    owner = signed_in(factories.officer_user("officer", "dep.07000000"))
    url = reverse("committee:follow_up", args=[task.pk])
    assert "ส่งแผน" in owner.get(reverse("committee:follow_ups")).content.decode()
    assert owner.post(url, {"text": "ส่งแล้ว", "done": "on"}).status_code == 302
    assert fresh(task).state == FollowUp.State.REPORTED
    stranger = signed_in(factories.officer_user("officer", "district.1001.works"))
    assert stranger.get(url).status_code == 404
    assert owner.post(reverse("committee:follow_up_close", args=[task.pk])).status_code == 403
    assert desk.post(reverse("committee:follow_up_close", args=[task.pk])).status_code == 302
    assert fresh(task).state == FollowUp.State.CLOSED


# ---- a committee from nothing to minutes, by forms alone ----


def test_the_whole_way_can_be_gone_with_forms(projects: FakeProjects) -> None:
    boss = factories.officer_user("secretary", ROOT)
    client = signed_in(boss)
    answer = client.get(reverse("committee:new"))
    initial = answer.context["form"].initial
    given = {name: value for name, value in initial.items() if value not in (None, False)}
    answer = client.post(reverse("committee:new"), given | {
        "code": "data", "name_th": "คณะกรรมการข้อมูล", "name_en": "Data Committee", "board": "main",
    })  # fmt: skip
    assert answer.status_code == 302, answer.context["form"].errors
    committee = Committee.objects.get(code="data")
    for role, name in (("chair", "ประธาน"), ("member", "กรรมการหนึ่ง"), ("member", "กรรมการสอง")):
        member = {"name": name, "role": role, "votes": "on", "order": 1}
        assert client.post(reverse("committee:member_new", args=["data"]), member).status_code == 302
    day = (timezone.localtime() + timedelta(days=10)).strftime("%Y-%m-%dT09:30")
    plan = {"starts_at": day, "mode": "on_site", "place": "ห้อง 1"}
    assert client.post(reverse("committee:meeting_new", args=["data"]), plan).status_code == 302
    meeting = Meeting.objects.get()
    assert "ระบบเฝ้าระวังน้ำท่วม P-1" in client.get(at(meeting)).content.decode()
    assert do(client, meeting, "pull", kind="project", reference="P-1").status_code == 302
    item = meeting.items.get()
    assert do(client, meeting, "notice").status_code == 302
    for member in committee.members.all():
        assert do(client, meeting, "arrive", member=member.pk).status_code == 302
    assert do(client, meeting, "open").status_code == 302
    assert do(client, meeting, "take", item=item.pk).status_code == 302
    proposal = {"item": item.pk, "version": 0, "outcome": "approved", "text": "เห็นชอบ"}
    assert do(client, meeting, "propose", **proposal).status_code == 302
    assert do(client, meeting, "resolve", item=item.pk, version=1).status_code == 302
    assert projects.state["P-1"] == "approved"
    assert do(client, meeting, "close").status_code == 302
    assert do(client, meeting, "circulate").status_code == 302
    assert "คณะกรรมการข้อมูล" in client.get(at(meeting, "minutes")).content.decode()
    pdf = client.get(at(meeting, "minutes_pdf"))
    assert pdf["Content-Type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-")


def test_a_refused_form_comes_back_with_its_words_and_the_reason(house: House, desk: Client) -> None:
    meeting, item = house.opened()
    answer = do(
        desk, meeting, "propose", item=item.pk, version=0, outcome="approved_with_conditions", text="คำที่พิมพ์ไว้"
    )
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "คำที่พิมพ์ไว้" in text
    assert "กรุณาระบุเงื่อนไข" in text
    house.propose(meeting, item)
    answer = do(desk, meeting, "propose", item=item.pk, version=0, outcome="approved", text="คำที่มาช้า")
    assert answer.status_code == 409
    assert "คำที่มาช้า" in answer.content.decode()


def test_a_short_notice_asks_for_confirmation_on_the_page(house: House, desk: Client) -> None:
    meeting = house.plan(days=1)
    house.item(meeting)
    assert "ระเบียบกำหนดให้แจ้งล่วงหน้า" in desk.get(at(meeting)).content.decode()
    assert do(desk, meeting, "notice").status_code == 422
    assert do(desk, meeting, "notice", confirm_short="on").status_code == 302


def test_papers_are_known_by_their_first_bytes_and_open_for_members_alone(house: House, desk: Client) -> None:
    meeting = house.plan()
    item = house.item(meeting)
    fake = SimpleUploadedFile("paper.pdf", b"<script>alert(1)</script>", "application/pdf")
    assert do(desk, meeting, "paper_add", item=item.pk, paper=fake).status_code == 422
    assert not Paper.objects.exists()
    good = SimpleUploadedFile("../../ราคา.pdf", PDF, "text/html")
    assert do(desk, meeting, "paper_add", item=item.pk, paper=good, title="ตารางราคา").status_code == 302
    paper = Paper.objects.get()
    url = reverse("committee:paper", args=[paper.key])
    answer = signed_in(house.users["b"]).get(url)
    assert answer.content == PDF
    assert answer["Content-Type"] == "application/pdf"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert Client().get(url).status_code == 404
    assert signed_in(factories.officer_user("officer", "district.1001.works")).get(url).status_code == 404


def test_what_waits_can_be_put_on_the_agenda_once(house: House, projects: FakeProjects, desk: Client) -> None:
    meeting = house.plan()
    assert desk.get(at(meeting)).content.decode().count("ระบบเฝ้าระวังน้ำท่วม P-1") >= 1
    do(desk, meeting, "pull", kind="project", reference="P-1")
    page = desk.get(at(meeting))
    assert [subject.reference for _kind, rest in page.context["waiting"].subjects for subject in rest] == [
        "P-2"
    ]
    assert do(desk, meeting, "pull", kind="project", reference="P-1").status_code == 409


def test_a_subject_of_a_module_that_is_gone_does_not_break_its_pages(
    house: House, projects: FakeProjects, desk: Client
) -> None:
    meeting = house.plan()
    item = actions.subject_pull(actor=house.secretary, meeting=meeting.pk, kind="project", reference="P-1")
    decisions._kinds.pop("project")
    assert desk.get(at(meeting)).status_code == 200
    assert desk.get(reverse("committee:matter", args=["digital", item.matter.code])).status_code == 200  # type: ignore[union-attr]


def test_the_item_page_tells_when_the_frozen_evidence_was_tampered_with(
    house: House, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting, item = decided(house)
    url = at(meeting, "item", item.pk)
    assert "ไม่เปลี่ยนแปลงตั้งแต่มีมติ" in desk.get(url).content.decode()
    monkeypatch.setattr("prasan.committee.evidence.digest", lambda text: "0" * 64)
    assert "ไม่ตรงกับค่าแฮช" in desk.get(url).content.decode()


# ---- the live page ----


def test_the_live_part_is_drawn_only_when_something_has_changed(house: House, desk: Client) -> None:
    meeting, item = house.opened()
    member = signed_in(house.users["a"])
    url = at(meeting, "live_state")
    first = member.get(url)
    assert first.status_code == 200
    assert first["HX-Trigger"] == "prasan-item-changed"
    seen = {"seen": fresh(meeting).revision, "subject": first.context["subject"]}
    assert member.get(url, seen).status_code == 204
    row = meeting.attendance.get(member=house.members["c"])
    do(desk, meeting, "depart", attendance=row.pk)
    second = member.get(url, seen)
    assert second.status_code == 200
    assert "HX-Trigger" not in second  # the item is the same: forms beside it stay as they are
    house.propose(meeting, item)
    assert member.get(url, seen)["HX-Trigger"] == "prasan-item-changed"


def test_who_is_signed_out_meanwhile_is_sent_to_sign_in_rather_than_shown_an_old_room(house: House) -> None:
    meeting, _item = house.opened()
    answer = Client().get(at(meeting, "live_state"))
    assert answer.status_code == 204
    assert answer["HX-Refresh"] == "true"


def test_a_lost_quorum_is_called_out_and_takes_the_buttons_away(house: House, desk: Client) -> None:
    meeting, item = house.opened("chair", "a", "b")
    house.propose(meeting, item)
    assert "บันทึกมติ" in desk.get(at(meeting, "live")).content.decode()
    row = meeting.attendance.get(member=house.members["b"])
    do(desk, meeting, "depart", attendance=row.pk)
    text = desk.get(at(meeting, "live")).content.decode()
    assert 'role="alert"' in text
    assert "องค์ประชุมไม่ครบ" in text
    assert "ไม่มีผู้คัดค้าน บันทึกมติ" not in text


def test_only_the_member_who_presides_gets_the_casting_vote(house: House) -> None:
    meeting, item = house.opened("chair", "vice", "a", "b")
    house.propose(meeting, item)
    for name, choice in (("a", "against"), ("b", "against"), ("chair", "agree"), ("vice", "agree")):
        house.vote(meeting, item, name, choice)
    pages = {
        name: signed_in(house.users[name]).get(at(meeting, "live")).content.decode()
        for name in ("chair", "vice", "a")
    }
    assert ["ชี้ขาด เห็นด้วย" in pages[name] for name in ("chair", "vice", "a")] == [True, False, False]


# ---- what pages cost ----


@pytest.fixture
def busy(house: House, projects: FakeProjects) -> tuple[Meeting, AgendaItem, Client]:
    """Two closed meetings and one under way with twelve items, tasks and votes; a member's browser, warmed up."""
    for _number in range(2):
        decided(house)
    meeting, item = house.opened()
    for number in range(11):
        house.item(meeting, f"เรื่องที่ {number}", own_matter=True)
    actions.subject_pull(actor=house.secretary, meeting=meeting.pk, kind="project", reference="P-1")
    house.propose(meeting, item)
    for name, choice in (("a", "against"), ("b", "agree"), ("c", "agree")):
        house.vote(meeting, item, name, choice)
    client = signed_in(house.users["a"])
    client.get(reverse("committee:list"))
    registers_reset()
    registers()  # asked again every 30 seconds, whoever comes then
    return fresh(meeting), fresh(item), client


@pytest.mark.parametrize(
    ("name", "most"),
    [("list", 4), ("committee", 7), ("decisions", 5), ("matters", 5), ("follow_ups", 3), ("workflow", 2)],
)
def test_pages_of_a_committee_cost_few_statements(
    name: str, most: int, busy: tuple[Meeting, AgendaItem, Client], django_assert_max_num_queries: Budget
) -> None:
    arguments = [] if name in {"list", "follow_ups", "workflow"} else ["digital"]
    with django_assert_max_num_queries(most):
        assert busy[2].get(reverse(f"committee:{name}", args=arguments)).status_code == 200


@pytest.mark.parametrize(
    ("name", "most"), [("meeting", 7), ("live", 15), ("live_state", 15), ("live_tools", 15)]
)
def test_pages_of_a_meeting_cost_few_statements(
    name: str, most: int, busy: tuple[Meeting, AgendaItem, Client], django_assert_max_num_queries: Budget
) -> None:
    url = at(busy[0], name)
    with django_assert_max_num_queries(most):
        assert busy[2].get(url).status_code == 200


def test_asking_whether_anything_changed_costs_four_statements(
    busy: tuple[Meeting, AgendaItem, Client], django_assert_max_num_queries: Budget
) -> None:
    url = at(busy[0], "live_state")
    with django_assert_max_num_queries(4):
        assert busy[2].get(url, {"seen": busy[0].revision}).status_code == 204


def test_the_agenda_builder_and_an_item_cost_few_statements(
    busy: tuple[Meeting, AgendaItem, Client], desk: Client, django_assert_max_num_queries: Budget
) -> None:
    meeting, item, _client = busy
    desk.get(reverse("committee:list"))
    agenda, one = at(meeting), at(meeting, "item", item.pk)
    with django_assert_max_num_queries(9):
        assert desk.get(agenda).status_code == 200
    with django_assert_max_num_queries(9):
        assert desk.get(one).status_code == 200
