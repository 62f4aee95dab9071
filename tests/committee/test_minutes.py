"""Minutes: what they say, how they are corrected, certified and locked; and what they look like as PDF."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import InternalError, ProgrammingError, connection, transaction
from django.utils import timezone

from prasan.committee import actions, clock, printing
from prasan.committee.fonts import truetype
from prasan.committee.models import AgendaItem, Correction, Meeting, Minutes
from prasan.fabric.decisions import Outcome
from prasan.fabric.models import Notice
from prasan.fabric.problems import Conflict, Invalid
from tests.committee.conftest import House, fresh

pytestmark = pytest.mark.django_db


def held(house: House) -> tuple[Meeting, AgendaItem]:
    """A meeting with all that minutes tell of: a late arrival, a recusal, a vote, a dissent, a condition, a task."""
    meeting, item = house.opened("chair", "vice", "a", "b", item="ระบบนัดหมายศูนย์บริการ")
    moment = timezone.now() + timedelta(minutes=40)
    with clock.at(moment):
        house.come(meeting, "c")
    actions.arrive(actor=house.secretary, meeting=meeting.pk, name="นางแขก รับเชิญ", position="ผู้สังเกตการณ์")
    actions.item_change(
        actor=house.secretary, meeting=meeting.pk, item=item.pk, title=item.title, background="ระบบเดิมหมดสัญญา",
        facts="ผู้ใช้ 120,000 คน", discussion="กรรมการขอให้เปิด API",
    )  # fmt: skip
    actions.declare(actor=house.actors["b"], meeting=meeting.pk, item=item.pk, reason="เป็นที่ปรึกษาของผู้รับจ้าง")
    house.propose(meeting, item, Outcome.CONDITIONS, text="เห็นชอบจัดหา", conditions="ให้เปิด API")
    house.vote(meeting, item, "a", "against")
    for name in ("chair", "vice", "c"):
        house.vote(meeting, item, name, "agree")
    house.resolve(meeting, item)
    actions.dissent(actor=house.actors["a"], meeting=meeting.pk, item=item.pk, reasons="ราคาสูงกว่าราคากลาง")
    actions.follow_up_add(
        actor=house.secretary, meeting=meeting.pk, item=item.pk, task="ส่งแบบ API", agency="dep.11000000",
        due_on=timezone.localdate() + timedelta(days=40),
    )  # fmt: skip
    with clock.at(moment + timedelta(hours=1)):
        actions.meeting_close(actor=house.secretary, meeting=meeting.pk)
    return fresh(meeting), fresh(item)


def circulated(house: House) -> Meeting:
    meeting, _item = held(house)
    actions.minutes_circulate(actor=house.secretary, meeting=meeting.pk)
    return fresh(meeting)


def test_the_draft_tells_what_happened(house: House) -> None:
    meeting, _item = held(house)
    document = printing.document_of(meeting.minutes)
    assert document["title"] == "รายงานการประชุมคณะกรรมการดิจิทัล"
    assert [line["name"] for line in document["present"]] == [
        f"กรรมการ {n}" for n in ("chair", "vice", "a", "b", "c")
    ]
    assert "อยู่ในที่ประชุม" in document["present"][4]["times"]
    assert document["present"][0]["times"] == ""
    assert document["guests"][0]["name"] == "นางแขก รับเชิญ"
    assert "๔ คน จากทั้งหมด ๕ คน" in document["opened"]
    sections = document["sections"]
    assert sections[0] == {"heading": "ระเบียบวาระที่ ๑ เรื่องที่ประธานแจ้งให้ที่ประชุมทราบ", "items": [], "none": "ไม่มี"}
    told = sections[3]["items"][0]
    assert told["number"] == "๔.๑"
    assert {"label": "ข้อเท็จจริง", "text": "ผู้ใช้ ๑๒๐,๐๐๐ คน"} in told["texts"]
    assert "ที่ปรึกษาของผู้รับจ้าง" in told["recused"][0]
    assert told["resolution"]["outcome"] == "เห็นชอบโดยมีเงื่อนไข"
    assert told["resolution"]["conditions"] == "ให้เปิด API"
    assert "เห็นด้วย ๓ เสียง ไม่เห็นด้วย ๑ เสียง" in told["resolution"]["vote"]
    assert "ไม่เห็นด้วย: กรรมการ a" in told["resolution"]["vote"]
    assert "ราคาสูงกว่าราคากลาง" in told["dissents"][0]
    assert "สำนักการระบายน้ำ" in told["follow_ups"][0]
    assert "น." in document["closed"]


def test_digits_are_arabic_where_the_rules_say_so(make_house: object) -> None:
    house = make_house(rules={"thai_digits": False})  # type: ignore[operator]
    meeting, _item = held(house)
    assert "4 คน จากทั้งหมด 5 คน" in printing.document_of(meeting.minutes)["opened"]


def test_circulated_minutes_are_frozen_and_every_member_hears_of_them(house: House) -> None:
    meeting = circulated(house)
    assert Notice.objects.filter(template="committee/notices/minutes").count() == 5
    before = meeting.minutes.content
    with pytest.raises(Conflict):
        actions.item_change(
            actor=house.secretary, meeting=meeting.pk, item=meeting.items.first().pk, title="อื่น"  # type: ignore[union-attr]
        )  # fmt: skip
    with pytest.raises(Conflict):
        actions.minutes_circulate(actor=house.secretary, meeting=meeting.pk)
    assert fresh(meeting.minutes).content == before


def test_a_correction_changes_the_words_once_it_is_accepted(house: House) -> None:
    meeting = circulated(house)
    asked = actions.correction_propose(
        actor=house.actors["a"], meeting=meeting.pk, was="ผู้ใช้ 120,000 คน", becomes="ผู้ใช้ 12,000 คน"
    )
    assert "๑๒๐,๐๐๐" in fresh(meeting.minutes).content
    actions.correction_decide(actor=house.secretary, meeting=meeting.pk, correction=asked.pk, accept=True)
    minutes = fresh(meeting.minutes)
    assert "ผู้ใช้ ๑๒,๐๐๐ คน" in minutes.content
    assert "๑๒๐,๐๐๐" not in minutes.content
    with pytest.raises(Conflict):
        actions.correction_decide(
            actor=house.secretary, meeting=meeting.pk, correction=asked.pk, accept=False
        )


@pytest.mark.parametrize("was", ["ไม่มีข้อความนี้", "กรรมการ"])
def test_words_that_stand_nowhere_or_often_can_not_be_corrected(house: House, was: str) -> None:
    meeting = circulated(house)
    with pytest.raises(Invalid) as refused:
        actions.correction_propose(actor=house.actors["a"], meeting=meeting.pk, was=was, becomes="อื่น")
    assert "was" in refused.value.errors


def adopt(house: House, first: Meeting) -> Meeting:
    second = house.plan(days=14)
    actions.notice_send(actor=house.secretary, meeting=second.pk)
    house.come(second, "chair", "a", "b")
    actions.meeting_open(actor=house.secretary, meeting=second.pk)
    item = second.items.get(adopts=first.minutes)
    actions.item_take(actor=house.secretary, meeting=second.pk, item=item.pk)
    house.propose(second, item, text="รับรองโดยมีการแก้ไข")
    house.resolve(second, item)
    return fresh(second)


def test_the_next_meeting_certifies_them_and_the_database_locks_them(house: House) -> None:
    first = circulated(house)
    asked = actions.correction_propose(
        actor=house.actors["a"], meeting=first.pk, was="ราคาสูงกว่าราคากลาง", becomes=""
    )
    assert Correction.objects.count() == 1
    with pytest.raises(Conflict), transaction.atomic():
        adopt(house, first)
    actions.correction_decide(actor=house.secretary, meeting=first.pk, correction=asked.pk, accept=False)
    second = adopt(house, first)
    minutes = fresh(first.minutes)
    assert (minutes.state, minutes.certified_in) == (Minutes.State.CERTIFIED, second)
    for act in (
        lambda: Minutes.objects.filter(pk=minutes.pk).update(content="{}"),
        lambda: connection.cursor().execute("delete from committee_minutes where id = %s", [minutes.pk]),
    ):
        with pytest.raises((InternalError, ProgrammingError), match="final"), transaction.atomic():
            act()


def test_accepted_corrections_are_listed_in_the_minutes_that_adopt(house: House) -> None:
    first = circulated(house)
    asked = actions.correction_propose(
        actor=house.actors["a"], meeting=first.pk, was="ระบบเดิมหมดสัญญา", becomes="สัญญาเดิมสิ้นสุด"
    )
    actions.correction_decide(actor=house.secretary, meeting=first.pk, correction=asked.pk, accept=True)
    second = adopt(house, first)
    actions.meeting_close(actor=house.secretary, meeting=second.pk)
    document = printing.document_of(fresh(second).minutes)
    told = document["sections"][1]["items"][0]
    assert told["corrections"] == ["จาก “ระบบเดิมหมดสัญญา” เป็น “สัญญาเดิมสิ้นสุด”"]


def test_the_draft_costs_the_same_for_one_item_and_for_many(
    house: House, django_assert_max_num_queries: object
) -> None:
    meeting, item = house.opened()
    for number in range(6):
        more = house.item(meeting, f"เรื่อง {number}")
        actions.item_take(actor=house.secretary, meeting=meeting.pk, item=more.pk)
        house.propose(meeting, more)
        house.resolve(meeting, more)
    actions.meeting_close(actor=house.secretary, meeting=meeting.pk)
    minutes = fresh(meeting).minutes
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        printing.document_of(minutes)
    assert item.pk


def test_the_pdf_is_made_in_the_thai_typeface_and_nobodys_words_are_code(house: House) -> None:
    meeting, item = held(house)
    actions.item_change(
        actor=house.secretary, meeting=meeting.pk, item=item.pk,
        title="ใช้ไม่ได้หลังมีมติ", discussion='#panic("boom") $x^2$ *ดาว* _ขีด_ ที่นี้ ป้ำ ญี่ปุ่น',
    )  # fmt: skip
    content = printing.pdf(printing.document_of(fresh(meeting.minutes)), draft=True)
    assert content.startswith(b"%PDF-1.")
    assert b"IBMPlexSansThaiLooped" in content
    assert json.loads(json.dumps(printing.document_of(fresh(meeting.minutes))))


def test_only_web_fonts_are_unpacked() -> None:
    with pytest.raises(ValueError, match="WOFF"):
        truetype(b"%PDF-1.7" + b"\0" * 60)
