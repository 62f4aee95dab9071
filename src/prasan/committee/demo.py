"""Committees of a first start: two earlier meetings with their resolutions and minutes, and one that comes.

People and what they decide are made up; the subjects of the coming meeting are whatever waits in other modules.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from prasan.committee import actions, clock
from prasan.committee.models import AgendaItem, Committee, Meeting, Member
from prasan.fabric import decisions
from prasan.fabric.actors import Actor
from prasan.fabric.decisions import Outcome
from prasan.fabric.demo import register
from prasan.people.models import DEMO_DOMAIN, RoleGrant, User
from prasan.people.policies import root_code

SECRETARY = Actor.system("demo")
ORIGIN = "demo"
MOST_SUBJECTS = 4
# name, position, part, whose account
MAIN = (
    ("นายวิเชียร ศรีวัฒนา", "รองผู้ว่าราชการกรุงเทพมหานคร", "chair", ""),
    ("นางสาวปาริชาติ จันทร์เพ็ญ", "ปลัดกรุงเทพมหานคร", "vice", ""),
    ("", "ผู้แทนสำนักยุทธศาสตร์และประเมินผล", "member", "analyst"),
    ("", "ผู้แทนสำนักงานเขต", "member", "supervisor"),
    ("", "ผู้แทนหน่วยงานผู้ใช้ระบบ", "member", "digital_officer"),
    ("นายธีรภัทร อินทร์แก้ว", "ผู้ทรงคุณวุฒิด้านความมั่นคงปลอดภัยไซเบอร์", "member", ""),
    ("นางอัญชลี พูนสวัสดิ์", "ผู้ทรงคุณวุฒิด้านสถาปัตยกรรมข้อมูล", "member", ""),
    ("", "ผู้อำนวยการกองเทคโนโลยีสารสนเทศ", "secretary", "secretary"),
)
SCREENING = (
    ("นางอัญชลี พูนสวัสดิ์", "ผู้ทรงคุณวุฒิด้านสถาปัตยกรรมข้อมูล", "chair", ""),
    ("", "ผู้แทนสำนักยุทธศาสตร์และประเมินผล", "member", "analyst"),
    ("นายกิตติพงศ์ แสนสุข", "ผู้แทนสำนักการคลัง", "member", ""),
    ("นางสาวสุพัตรา ใจงาม", "ผู้แทนสำนักงบประมาณกรุงเทพมหานคร", "member", ""),
    ("", "หัวหน้ากลุ่มงานกลั่นกรองโครงการ", "secretary", "secretary"),
)
PLACE = "ห้องประชุมรัตนโกสินทร์ ศาลาว่าการกรุงเทพมหานคร"


def load() -> None:
    """Write them once; quick when there are committees already, or when the city's file names none."""
    if Committee.objects.exists():
        return
    made = actions.committees_load(actor=SECRETARY, folder=settings.CITY_FOLDER, origin=ORIGIN)
    boards = {committee.board: committee for committee in made}
    if "screening" in boards:
        _appoint(boards["screening"], SCREENING)
        _coming(boards["screening"], days=4)
    if "main" in boards:
        main = boards["main"]
        _appoint(main, MAIN)
        first = _first_meeting(main)
        _second_meeting(main, first)
        _coming(main, days=9)


def _appoint(committee: Committee, rows: tuple[tuple[str, str, str, str], ...]) -> None:
    actions.committee_change(
        actor=SECRETARY, committee=committee.code, order_number="ตัวอย่าง 1/2569", order_date=_day(-200).date(),
        origin=ORIGIN,
    )  # fmt: skip
    for order, (name, position, role, account) in enumerate(rows, start=1):
        address = f"{account}{DEMO_DOMAIN}" if account else ""
        if address and not User.objects.filter(username=address).exists():
            continue
        actions.member_add(
            actor=SECRETARY, committee=committee.code, name=name, account=address, position=position, role=role,
            votes=role != "secretary", order=order, substitute_allowed=role == "member",
            term_from=_day(-200).date(), origin=ORIGIN,
        )  # fmt: skip


def _day(days: int, hour: int = 9, minute: int = 30) -> datetime:
    """A moment so many days from today, or on the Monday after."""
    moment = timezone.localtime() + timedelta(days=days)
    weekend = max(0, moment.isoweekday() - 5)
    moment += timedelta(days=3 - weekend if weekend else 0)
    return moment.replace(hour=hour, minute=minute, second=0, microsecond=0)


class _Told:
    """A meeting of the past, step by step: each step is told as taken some minutes after the one before."""

    def __init__(self, committee: Committee, days: int) -> None:
        self.members = list(Member.objects.filter(committee=committee).order_by("order"))
        self.moment = _day(days)
        with clock.at(self.moment - timedelta(days=10)):
            self.meeting = actions.meeting_plan(
                actor=SECRETARY, committee=committee.code, starts_at=self.moment, place=PLACE, origin=ORIGIN
            )

    def step(self, action: Any, *, minutes: int = 2, by: Member | None = None, **given: Any) -> Any:
        """The secretary's step, or one that a member takes; the secretary writes for those without an account."""
        self.moment += timedelta(minutes=minutes)
        actor = Actor("officer", str(by.user_id)) if by and by.user_id else SECRETARY
        if by:
            given["member"] = by.pk
        with clock.at(self.moment):
            return action(actor=actor, meeting=self.meeting.pk, origin=ORIGIN, **given)

    def begin(self, *, absent: int = -1) -> None:
        with clock.at(self.moment - timedelta(days=7)):
            actions.notice_send(actor=SECRETARY, meeting=self.meeting.pk, origin=ORIGIN)
        for member in self.members:
            if member.order != absent:
                self.step(actions.arrive, minutes=0, member=member.pk)
        self.step(actions.meeting_open, minutes=4)

    def resolve(self, item: AgendaItem, outcome: Outcome, text: str, conditions: str = "") -> None:
        self.propose(item, outcome, text, conditions)
        self.record(item)

    def note(self, section: str) -> None:
        """Take up the items of a part and leave them without a resolution."""
        for item in self.meeting.items.filter(section=section):
            self.step(actions.item_take, item=item.pk)
            self.step(actions.item_leave, item=item.pk, minutes=5)

    def propose(self, item: AgendaItem, outcome: Outcome, text: str, conditions: str = "") -> None:
        self.step(actions.item_take, item=item.pk, minutes=1)
        self.step(
            actions.propose, item=item.pk, outcome=outcome, text=text, conditions=conditions, minutes=12
        )

    def record(self, item: AgendaItem) -> None:
        self.step(actions.resolve, item=item.pk, version=AgendaItem.objects.get(pk=item.pk).proposal_version)

    def vote(self, item: AgendaItem, member: Member, choice: str) -> None:
        self.step(actions.vote, minutes=0, by=member, item=item.pk, choice=choice, version=1)


def _first_meeting(committee: Committee) -> Meeting:
    told = _Told(committee, -70)
    add = told.step
    add(
        actions.item_add, section="inform", title="แนวทางการขอจัดตั้งงบประมาณด้านดิจิทัล",
        background="ประธานแจ้งว่าหน่วยงานต้องตรวจสอบทะเบียนระบบก่อนเสนอโครงการใหม่ทุกครั้ง",
    )  # fmt: skip
    platform = add(
        actions.item_add, section="consider", title="แพลตฟอร์มกลางรับชำระค่าธรรมเนียมออนไลน์", own_matter=True,
        background="มีหน่วยงานสามแห่งเสนอจัดหาระบบรับชำระเงินของตนเองในปีเดียวกัน",
        facts="ประมาณการรวม 41.5 ล้านบาท หากใช้แพลตฟอร์มเดียวกันประมาณการ 22 ล้านบาท",
        question="เห็นควรให้รวมเป็นแพลตฟอร์มเดียวหรือไม่",
    )  # fmt: skip
    cameras = add(
        actions.item_add, section="consider", title="ระบบวิเคราะห์ภาพจากกล้องวงจรปิดเพื่อนับปริมาณจราจร",
        own_matter=True, background="ขยายผลจากโครงการนำร่อง 12 ทางแยก",
        facts="ใช้กล้องเดิม ไม่เก็บภาพใบหน้าและป้ายทะเบียน วงเงิน 9.8 ล้านบาท",
        question="เห็นชอบให้ดำเนินการหรือไม่",
    )  # fmt: skip
    told.begin(absent=7)
    told.note("inform")
    told.resolve(
        platform, Outcome.CONDITIONS, "เห็นชอบให้จัดทำแพลตฟอร์มกลางเพียงระบบเดียว",
        "ให้ทุกหน่วยงานเชื่อมต่อผ่านมาตรฐานข้อมูลเดียวกัน และเสนอแผนการโอนย้ายก่อนเบิกจ่ายงวดแรก",
    )  # fmt: skip
    told.step(
        actions.follow_up_add, item=platform.pk, agency=_agency(), task="เสนอแผนการโอนย้ายระบบรับชำระเงินเดิมสามระบบ",
        due_on=_day(20).date(),
    )  # fmt: skip
    _voted_item(told, cameras)
    told.step(actions.meeting_close, minutes=9)
    told.step(actions.minutes_circulate, minutes=60 * 24 * 5)
    told.step(
        actions.correction_propose, minutes=60 * 24, was="ประมาณการ ๒๒ ล้านบาท", becomes="ประมาณการ ๒๒.๔ ล้านบาท",
    )  # fmt: skip
    correction = told.meeting.minutes.corrections.get()
    told.step(actions.correction_decide, minutes=60, correction=correction.pk, accept=True)
    return told.meeting


def _voted_item(told: _Told, item: AgendaItem) -> None:
    """A named vote with one recusal and one dissent."""
    voting = [member for member in told.members if member.votes and member.order != 7]
    recused, contrary = voting[2], voting[-1]
    told.propose(item, Outcome.APPROVED, "เห็นชอบให้ดำเนินการตามที่เสนอ โดยเผยแพร่ข้อมูลปริมาณจราจรเป็นข้อมูลเปิด")
    told.step(actions.declare, item=item.pk, by=recused, reason="เคยเป็นผู้จัดทำข้อกำหนดของโครงการนำร่อง")
    told.step(actions.call_vote, item=item.pk)
    for member in voting:
        if member != recused:
            told.vote(item, member, "against" if member == contrary else "agree")
    told.record(item)
    told.step(
        actions.dissent, item=item.pk, by=contrary,
        reasons="ควรประเมินผลกระทบด้านข้อมูลส่วนบุคคลให้แล้วเสร็จก่อนขยายผล",
    )  # fmt: skip


def _second_meeting(committee: Committee, first: Meeting) -> None:
    told = _Told(committee, -35)
    inventory = told.step(
        actions.item_add, section="consider", title="การยืนยันทะเบียนระบบประจำปีของทุกหน่วยงาน", own_matter=True,
        background="ทะเบียนระบบเป็นฐานในการตรวจความซ้ำซ้อนของโครงการ",
        question="เห็นชอบกำหนดเวลายืนยันข้อมูลภายในหกสิบวันหรือไม่",
    )  # fmt: skip
    told.begin()
    adopted = told.meeting.items.get(adopts=first.minutes)
    told.resolve(adopted, Outcome.APPROVED, "รับรองรายงานการประชุมโดยมีการแก้ไข")
    for item in told.meeting.items.filter(section="arising"):
        told.resolve(item, Outcome.ACKNOWLEDGED, "รับทราบ และให้รายงานความก้าวหน้าในการประชุมครั้งต่อไป")
    told.resolve(inventory, Outcome.APPROVED, "เห็นชอบตามที่เสนอ")
    told.step(
        actions.follow_up_add, item=inventory.pk, agency=_agency(), task="ติดตามการยืนยันทะเบียนระบบให้ครบทุกหน่วยงาน",
        due_on=_day(25).date(),
    )  # fmt: skip
    told.step(actions.meeting_close, minutes=8)
    told.step(actions.minutes_circulate, minutes=60 * 24 * 5)


def _coming(committee: Committee, *, days: int) -> None:
    """The next meeting with whatever waits for this board in other modules."""
    meeting = actions.meeting_plan(
        actor=SECRETARY, committee=committee.code, starts_at=_day(days), mode=Meeting.Mode.MIXED, place=PLACE,
        origin=ORIGIN,
    )  # fmt: skip
    for kind in decisions.kinds():
        for subject in list(kind.waiting(committee.board))[:MOST_SUBJECTS]:
            actions.subject_pull(
                actor=SECRETARY,
                meeting=meeting.pk,
                kind=kind.code,
                reference=subject.reference,
                origin=ORIGIN,
            )
    if not meeting.items.exists():
        actions.item_add(
            actor=SECRETARY, meeting=meeting.pk, section="inform", title="แผนการประชุมประจำปี", origin=ORIGIN
        )
    actions.notice_send(actor=SECRETARY, meeting=meeting.pk, confirm_short=True, origin=ORIGIN)


def _agency() -> str:
    """The agency of the demonstration's digital officer, so that somebody can report on the task."""
    grant = RoleGrant.objects.filter(user__username=f"digital_officer{DEMO_DOMAIN}").first()
    return grant.agency_id if grant else root_code()


register(40, "committees", load)
