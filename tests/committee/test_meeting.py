"""A meeting from its plan to its resolutions."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from django.db import InternalError, ProgrammingError, transaction
from django.utils import timezone

from prasan.committee import actions, evidence
from prasan.committee.models import AgendaItem, FollowUp, Matter, Meeting, Member, Minutes, Resolution
from prasan.fabric.decisions import Outcome
from prasan.fabric.models import LedgerEntry, Notice
from prasan.fabric.notices.sending import render
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound, Stale
from prasan.people.models import User
from tests.committee.conftest import FakeProjects, House, fresh, in_days

pytestmark = pytest.mark.django_db


def test_a_subject_goes_from_waiting_to_a_resolution_that_its_own_module_hears_of(
    house: House, projects: FakeProjects
) -> None:
    meeting = house.plan()
    item = actions.subject_pull(actor=house.secretary, meeting=meeting.pk, kind="project", reference="P-1")
    actions.notice_send(actor=house.secretary, meeting=meeting.pk)
    house.come(meeting, "chair", "a", "b")
    actions.meeting_open(actor=house.secretary, meeting=meeting.pk)
    actions.item_take(actor=house.secretary, meeting=meeting.pk, item=item.pk)
    house.propose(meeting, item, Outcome.CONDITIONS, conditions="ให้เชื่อมข้อมูลกับศูนย์ข้อมูลกลาง")
    resolution = house.resolve(meeting, item)

    assert resolution.number == f"{meeting.label} 4.1"
    assert projects.state["P-1"] == "approved_with_conditions"
    told = projects.told[0]
    assert (told.number, told.conditions) == (resolution.number, "ให้เชื่อมข้อมูลกับศูนย์ข้อมูลกลาง")
    assert told.url == f"/committee/digital/{meeting.year}/1/items/{item.pk}/"
    assert told.snapshot_hash == resolution.snapshot_hash
    assert json.loads(resolution.snapshot)["subject"]["facts"] == projects.snapshot("P-1")
    assert fresh(item).state == AgendaItem.State.DECIDED
    assert Matter.objects.get().state == Matter.State.DECIDED


def test_when_the_subjects_module_refuses_nothing_is_decided(house: House, projects: FakeProjects) -> None:
    meeting = house.plan()
    item = actions.subject_pull(actor=house.secretary, meeting=meeting.pk, kind="project", reference="P-1")
    actions.notice_send(actor=house.secretary, meeting=meeting.pk)
    house.come(meeting, "chair", "a", "b")
    actions.meeting_open(actor=house.secretary, meeting=meeting.pk)
    actions.item_take(actor=house.secretary, meeting=meeting.pk, item=item.pk)
    house.propose(meeting, item)
    projects.refuses = True
    with pytest.raises(Conflict, match="ถอนไปแล้ว"), transaction.atomic():
        house.resolve(meeting, item)
    assert not Resolution.objects.exists()
    assert not LedgerEntry.objects.filter(action__in=("project.decided", "meeting.resolve")).exists()
    assert fresh(item).state == AgendaItem.State.DISCUSSED
    assert Matter.objects.get().state == Matter.State.OPEN


def test_a_resolution_can_neither_be_changed_nor_deleted(house: House) -> None:
    meeting, item = house.opened()
    house.propose(meeting, item)
    resolution = house.resolve(meeting, item)
    assert evidence.is_whole(resolution)
    for act in (
        lambda: Resolution.objects.filter(pk=resolution.pk).update(text="แก้ไข"),
        lambda: Resolution.objects.filter(pk=resolution.pk).delete(),
    ):
        with pytest.raises((InternalError, ProgrammingError), match="final"), transaction.atomic():
            act()
    resolution.snapshot = resolution.snapshot.replace("จัดซื้อ", "จัดจ้าง")
    assert not evidence.is_whole(resolution)


def test_a_reconsidered_subject_comes_back_as_the_same_matter(house: House, projects: FakeProjects) -> None:
    for number, outcome in ((1, Outcome.RECONSIDER), (2, Outcome.APPROVED)):
        meeting = house.plan(days=7 * number)
        item = actions.subject_pull(
            actor=house.secretary, meeting=meeting.pk, kind="project", reference="P-1"
        )
        actions.notice_send(actor=house.secretary, meeting=meeting.pk)
        house.come(meeting, "chair", "a", "b")
        actions.meeting_open(actor=house.secretary, meeting=meeting.pk)
        actions.item_take(actor=house.secretary, meeting=meeting.pk, item=item.pk)
        house.propose(meeting, item, outcome)
        house.resolve(meeting, item)
        actions.meeting_close(actor=house.secretary, meeting=meeting.pk)
    matter = Matter.objects.get()
    assert [row.outcome for row in matter.resolutions.order_by("id")] == ["reconsider", "approved"]
    assert matter.state == Matter.State.DECIDED


def test_a_subject_that_is_on_an_agenda_is_not_put_on_another(house: House, projects: FakeProjects) -> None:
    first, second = house.plan(), house.plan(days=14)
    actions.subject_pull(actor=house.secretary, meeting=first.pk, kind="project", reference="P-1")
    with pytest.raises(Conflict):
        actions.subject_pull(actor=house.secretary, meeting=second.pk, kind="project", reference="P-1")
    with pytest.raises(NotFound):
        actions.subject_pull(actor=house.secretary, meeting=second.pk, kind="project", reference="P-9")
    with pytest.raises(NotFound):
        actions.subject_pull(actor=house.secretary, meeting=second.pk, kind="nothing", reference="P-1")


def test_meetings_are_numbered_within_the_year(house: House) -> None:
    first, second = house.plan(), house.plan()
    assert (first.number, second.number) == (1, 2)
    assert first.year == timezone.localtime(first.starts_at).year + 543


def test_a_notice_that_comes_too_late_must_be_confirmed(house: House) -> None:
    meeting = house.plan(days=2)
    house.item(meeting)
    with pytest.raises(Invalid) as refused:
        actions.notice_send(actor=house.secretary, meeting=meeting.pk)
    assert "3" in str(refused.value.errors["confirm_short"])
    assert not Notice.objects.exists()
    assert actions.notice_send(actor=house.secretary, meeting=meeting.pk, confirm_short=True) == 5
    assert fresh(meeting).notice_short
    assert Notice.objects.filter(template="committee/notices/notice").count() == 5


def test_three_days_of_notice_are_enough(house: House) -> None:
    meeting = house.plan(days=3)
    house.item(meeting)
    actions.notice_send(actor=house.secretary, meeting=meeting.pk)
    assert not fresh(meeting).notice_short


def test_a_meeting_can_not_be_opened_without_its_quorum_and_its_second_call_needs_a_third(
    house: House,
) -> None:
    meeting = house.plan(days=3)
    house.item(meeting)
    actions.notice_send(actor=house.secretary, meeting=meeting.pk)
    house.come(meeting, "chair", "a")
    with pytest.raises(Conflict, match="3"):
        actions.meeting_open(actor=house.secretary, meeting=meeting.pk)
    actions.adjourn(actor=house.secretary, meeting=meeting.pk)
    with pytest.raises(Invalid):
        house.plan(days=18, second_call_of=meeting.pk)
    again = house.plan(days=17, second_call_of=meeting.pk)
    house.item(again)
    actions.notice_send(actor=house.secretary, meeting=again.pk)
    house.come(again, "chair", "a")
    actions.meeting_open(actor=house.secretary, meeting=again.pk)
    assert fresh(again).state == Meeting.State.OPEN


def test_a_second_call_takes_over_the_agenda_with_its_papers(house: House, projects: FakeProjects) -> None:
    first = house.plan(days=3)
    item = actions.subject_pull(actor=house.secretary, meeting=first.pk, kind="project", reference="P-1")
    actions.paper_add(
        actor=house.secretary, meeting=first.pk, item=item.pk, upload=io.BytesIO(b"%PDF-1.4"), name="a.pdf"
    )
    actions.notice_send(actor=house.secretary, meeting=first.pk)
    house.come(first, "chair")
    actions.adjourn(actor=house.secretary, meeting=first.pk)
    assert not first.attendance.filter(left_at=None).exists()
    second = house.plan(days=10, second_call_of=first.pk)
    assert not first.items.exists()
    assert second.items.get() == item
    assert item.papers.count() == 1


def test_a_meeting_that_is_moved_must_be_called_again(house: House) -> None:
    meeting = house.plan(days=7)
    house.item(meeting)
    actions.notice_send(actor=house.secretary, meeting=meeting.pk)
    actions.meeting_change(
        actor=house.secretary,
        meeting=meeting.pk,
        starts_at=in_days(9),
        mode="online",
        link="https://meet.example/1",
    )
    assert fresh(meeting).state == Meeting.State.PLANNED
    actions.notice_send(actor=house.secretary, meeting=meeting.pk)
    assert Notice.objects.count() == 10
    with pytest.raises(Invalid) as refused:
        house.plan(link="javascript:alert(1)")
    assert "link" in refused.value.errors


@pytest.mark.parametrize("language", ["th", "en"])
def test_the_letters_say_what_when_and_where_in_the_readers_language(house: House, language: str) -> None:
    User.objects.filter(pk=house.users["a"].pk).update(language=language)
    meeting, item = house.opened()
    house.propose(meeting, item)
    house.resolve(meeting, item)
    actions.meeting_close(actor=house.secretary, meeting=meeting.pk)
    actions.minutes_circulate(actor=house.secretary, meeting=meeting.pk)
    letters = [render(row) for row in Notice.objects.order_by("id") if row.address == house.users["a"].email]
    assert len(letters) == 2
    name = house.committee.name_th if language == "th" else house.committee.name_en
    for letter in letters:
        assert name in letter.subject
        assert meeting.label in letter.subject
        assert f"/committee/digital/{meeting.year}/{meeting.number}/" in letter.text
    assert "จัดซื้อระบบ" in letters[0].text
    assert "ห้องประชุม 1" in letters[0].text
    year = meeting.year if language == "th" else meeting.year - 543
    assert f" {year} " in letters[0].text


def test_a_substitute_counts_for_the_member_where_the_committee_allows_it(house: House) -> None:
    meeting = house.plan()
    house.item(meeting)
    actions.notice_send(actor=house.secretary, meeting=meeting.pk)
    house.come(meeting, "chair", "a")
    given = {
        "actor": house.secretary,
        "meeting": meeting.pk,
        "member": house.members["b"].pk,
        "name": "นายแทน ตัวจริง",
    }
    with pytest.raises(Invalid):
        actions.arrive(**given)
    Member.objects.filter(pk=house.members["b"].pk).update(substitute_allowed=True)
    actions.arrive(**given)
    actions.meeting_open(actor=house.secretary, meeting=meeting.pk)
    taken = meeting.items.get()
    actions.item_take(actor=house.secretary, meeting=meeting.pk, item=taken.pk)
    house.propose(meeting, taken)
    act = {"meeting": meeting.pk, "item": taken.pk, "choice": "against", "version": 1}
    actions.vote(actor=house.secretary, member=house.members["b"].pk, **act)
    with pytest.raises(Forbidden):
        actions.vote(actor=house.secretary, member=house.members["a"].pk, **act)


def test_a_recusal_changes_the_quorum_in_both_its_parts(house: House) -> None:
    meeting, item = house.opened("chair", "a", "b")
    house.propose(meeting, item)
    actions.declare(actor=house.actors["a"], meeting=meeting.pk, item=item.pk, reason="เป็นคู่สัญญา")
    # 2 of the 4 who count: still a quorum
    resolution = house.resolve(meeting, item)
    assert (resolution.members, resolution.present) == (4, 2)


def test_when_the_rules_let_the_recused_count_the_quorum_stays(make_house: object) -> None:
    house = make_house(rules={"recused_leave": False})  # type: ignore[operator]
    meeting, item = house.opened("chair", "a", "b")
    house.propose(meeting, item)
    actions.declare(actor=house.actors["a"], meeting=meeting.pk, item=item.pk, reason="เป็นคู่สัญญา")
    resolution = house.resolve(meeting, item)
    assert (resolution.members, resolution.present) == (5, 3)


def test_a_quorum_lost_in_the_middle_stops_resolutions_until_somebody_comes(house: House) -> None:
    meeting, item = house.opened("chair", "a", "b")
    house.propose(meeting, item)
    row = meeting.attendance.get(member=house.members["b"])
    actions.depart(actor=house.actors["b"], meeting=meeting.pk, attendance=row.pk)
    with pytest.raises(Conflict, match="องค์ประชุม"):
        house.resolve(meeting, item)
    house.come(meeting, "c")
    assert house.resolve(meeting, item).present == 3


def test_the_vice_chair_presides_where_the_chair_is_recused(house: House) -> None:
    meeting, item = house.opened()
    house.propose(meeting, item)
    actions.declare(actor=house.actors["chair"], meeting=meeting.pk, item=item.pk, reason="เป็นเจ้าของเรื่อง")
    assert house.resolve(meeting, item).presided_by == house.members["vice"]


def test_where_neither_can_preside_somebody_must_be_elected(house: House) -> None:
    meeting, item = house.opened()
    house.propose(meeting, item)
    for name in ("chair", "vice"):
        actions.declare(actor=house.actors[name], meeting=meeting.pk, item=item.pk, reason="เป็นเจ้าของเรื่อง")
    with pytest.raises(Conflict, match="ประธาน"):
        house.resolve(meeting, item)
    actions.elect(actor=house.secretary, meeting=meeting.pk, member=house.members["c"].pk)
    assert house.resolve(meeting, item).presided_by == house.members["c"]


def test_a_member_who_objects_calls_a_named_vote(house: House) -> None:
    meeting, item = house.opened()
    house.propose(meeting, item)
    house.vote(meeting, item, "b", "against")
    assert fresh(item).voting == "named"
    with pytest.raises(Conflict, match="4"):
        house.resolve(meeting, item)
    for name in ("chair", "vice", "a"):
        house.vote(meeting, item, name, "agree")
    house.vote(meeting, item, "c", "abstain")
    resolution = house.resolve(meeting, item)
    assert (resolution.agree, resolution.against, resolution.abstain) == (3, 1, 1)
    assert resolution.method == "named"


def test_a_tie_waits_for_the_casting_vote_of_who_presides(house: House) -> None:
    meeting, item = house.opened("chair", "vice", "a", "b")
    house.propose(meeting, item)
    actions.call_vote(actor=house.actors["chair"], meeting=meeting.pk, item=item.pk)
    for name, choice in (("chair", "agree"), ("vice", "agree"), ("a", "against"), ("b", "against")):
        house.vote(meeting, item, name, choice)
    with pytest.raises(Conflict, match="เท่ากัน"):
        house.resolve(meeting, item)
    version = fresh(item).proposal_version
    for name in ("vice", "a"):
        with pytest.raises(Exception, match=r"ชี้ขาด|ด้วยตนเอง"):
            actions.casting_vote(
                actor=house.actors[name], meeting=meeting.pk, item=item.pk, choice="agree", version=version
            )
    actions.casting_vote(
        actor=house.actors["chair"], meeting=meeting.pk, item=item.pk, choice="agree", version=version
    )
    resolution = house.resolve(meeting, item)
    assert (resolution.agree, resolution.against, resolution.casting) == (2, 2, "agree")


def test_a_proposal_that_was_voted_down_is_no_resolution(house: House) -> None:
    meeting, item = house.opened("chair", "a", "b")
    house.propose(meeting, item)
    for name in ("chair", "a", "b"):
        house.vote(meeting, item, name, "against")
    with pytest.raises(Conflict, match="ไม่ผ่าน"):
        house.resolve(meeting, item)
    house.propose(meeting, item, Outcome.NOT_APPROVED, text="ไม่เห็นชอบ")
    assert not fresh(item).votes.exists()
    assert house.resolve(meeting, item).outcome == "not_approved"


def test_a_vote_on_words_that_were_changed_meanwhile_does_not_count(house: House) -> None:
    meeting, item = house.opened()
    seen = house.propose(meeting, item).proposal_version
    house.propose(meeting, item, text="เห็นชอบ แต่ให้ลดวงเงิน")
    with pytest.raises(Stale):
        actions.vote(
            actor=house.actors["a"], meeting=meeting.pk, item=item.pk, choice="against", version=seen
        )
    with pytest.raises(Stale):
        actions.resolve(actor=house.secretary, meeting=meeting.pk, item=item.pk, version=seen)


def test_who_is_absent_or_recused_does_not_vote(house: House) -> None:
    meeting, item = house.opened("chair", "a", "b", "c")
    house.propose(meeting, item)
    actions.declare(actor=house.actors["a"], meeting=meeting.pk, item=item.pk, reason="ญาติเป็นผู้รับจ้าง")
    for name in ("vice", "a"):
        with pytest.raises(Conflict, match="อยู่ในที่ประชุม"):
            house.vote(meeting, item, name, "against")


def test_follow_ups_return_under_matters_arising_until_they_are_closed(house: House) -> None:
    meeting, item = house.opened()
    house.propose(meeting, item)
    house.resolve(meeting, item)
    task = actions.follow_up_add(
        actor=house.secretary, meeting=meeting.pk, item=item.pk, task="ส่งแผนเชื่อมข้อมูล", agency="dep.11000000",
        due_on=timezone.localdate() + timedelta(days=30),
    )  # fmt: skip
    actions.meeting_close(actor=house.secretary, meeting=meeting.pk)
    second = house.plan(days=30)
    arising = second.items.get(section="arising")
    assert arising.follow_up == task
    assert "ส่งแผนเชื่อมข้อมูล" in arising.title
    actions.follow_up_report(actor=house.actors["a"], follow_up=task.pk, text="ส่งแล้ว", done=True)
    assert fresh(task).state == FollowUp.State.REPORTED
    actions.follow_up_close(actor=house.secretary, follow_up=task.pk)
    assert not house.plan(days=60).items.filter(section="arising").exists()


def test_an_item_moves_within_its_part_and_the_numbers_stay_without_gaps(house: House) -> None:
    meeting = house.plan()
    one, two, three = (house.item(meeting, title) for title in ("หนึ่ง", "สอง", "สาม"))
    actions.item_move(actor=house.secretary, meeting=meeting.pk, item=three.pk, up=True)
    actions.item_move(actor=house.secretary, meeting=meeting.pk, item=one.pk, up=True)
    assert list(meeting.items.order_by("position").values_list("title", flat=True)) == ["หนึ่ง", "สาม", "สอง"]
    actions.item_remove(actor=house.secretary, meeting=meeting.pk, item=three.pk)
    assert list(meeting.items.order_by("position").values_list("title", "position")) == [
        ("หนึ่ง", 1),
        ("สอง", 2),
    ]
    assert fresh(two).position == 2


def test_closing_postpones_what_was_not_taken_and_begins_the_minutes(house: House) -> None:
    meeting, item = house.opened()
    later = house.item(meeting, "เรื่องที่ไม่ทัน", own_matter=True)
    actions.meeting_close(actor=house.secretary, meeting=meeting.pk)
    assert fresh(later).state == AgendaItem.State.POSTPONED
    assert fresh(item).state == AgendaItem.State.NOTED
    assert Minutes.objects.get().state == Minutes.State.DRAFT
    assert not meeting.attendance.filter(left_at=None).exists()
    second = house.plan(days=14)
    again = actions.matter_pull(actor=house.secretary, meeting=second.pk, matter=later.matter_id)
    assert again.matter_id == later.matter_id


def test_every_change_leaves_one_ledger_entry_without_words_or_names(house: House) -> None:
    meeting, item = house.opened()
    before = LedgerEntry.objects.count()
    actions.dissent(actor=house.actors["a"], meeting=meeting.pk, item=item.pk, reasons="ความเห็นต่างลับเฉพาะ")
    actions.declare(actor=house.actors["b"], meeting=meeting.pk, item=item.pk, reason="เหตุผลส่วนตัว")
    house.propose(meeting, item, text="ถ้อยคำของมติ")
    assert LedgerEntry.objects.count() == before + 3
    told = json.dumps(list(LedgerEntry.objects.values_list("changes", flat=True)), ensure_ascii=False)
    for text in ("ความเห็นต่าง", "เหตุผล", "ถ้อยคำ", "กรรมการ"):
        assert text not in told


def test_a_meeting_of_the_past_day_counts_the_members_of_that_day(house: House) -> None:
    meeting = house.plan(days=7)
    actions.member_end(
        actor=house.secretary,
        committee="digital",
        member=house.members["c"].pk,
        last_day=timezone.localdate(),
    )
    house.item(meeting)
    actions.notice_send(actor=house.secretary, meeting=meeting.pk)
    with pytest.raises(NotFound):
        house.come(meeting, "c")
    house.come(meeting, "chair", "a")  # 2 of 4 is a quorum
    actions.meeting_open(actor=house.secretary, meeting=meeting.pk)
    assert in_days(7).date() == timezone.localdate(meeting.starts_at)
