"""Every step of the workflow × everybody who could try it, against a table written by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone

from prasan.committee import actions, policies
from prasan.committee.models import AgendaItem, Meeting, Member
from prasan.committee.pages.meetings import steps_for
from prasan.committee.workflow import WORKFLOW
from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry
from prasan.fabric.problems import Conflict, Forbidden, NotFound
from tests import factories
from tests.committee.conftest import ROOT, START, SYSTEM, House, fresh

pytestmark = pytest.mark.django_db


def read_table(section: str) -> dict[str, dict[str, bool]]:
    lines = (Path(__file__).parent / "permissions_expected.txt").read_text().splitlines()
    start = lines.index(f"[{section}]") + 1
    columns = lines[start].split()[2:]
    rows = {}
    for line in lines[start + 1 :]:
        if line.startswith("["):
            break
        if line.strip() and not line.startswith("#"):
            step, *cells = line.split()
            rows[step] = {who: cell == "y" for who, cell in zip(columns, cells, strict=True)}
    return rows


STEPS, WRITTEN, FOREIGN = read_table("steps"), read_table("written"), read_table("foreign")


class Scene:
    """A meeting in which the step is possible, and everybody who could try it."""

    def __init__(self, house: House, step: str, make: Callable[..., House]) -> None:
        self.house, self.step = house, step
        self.nameless = actions.member_add(
            actor=SYSTEM, committee="digital", name="กรรมการไร้บัญชี", term_from=START
        )
        named = factories.officer_user("officer", "dep.11000000")
        actions.member_add(
            actor=SYSTEM, committee="digital", account=named.username, name="เลขา", role="secretary", votes=False,
            term_from=START,
        )  # fmt: skip
        self.people = {
            "city": house.secretary,
            "named": Actor("officer", str(named.pk), roles={"officer": frozenset({"dep.07000000"})}),
            "chair": Actor("officer", house.actors["chair"].id),
            "vice": Actor("officer", house.actors["vice"].id),
            "member": Actor("officer", house.actors["a"].id),
            "owner": factories.officer("officer", "dep.11000000"),
            "other": Actor("officer", make("elsewhere", board="").actors["chair"].id),
            "admin": factories.officer("admin", ROOT),
            "analyst": factories.officer("analyst", ROOT),
            "auditor": factories.officer("auditor", ROOT),
            "officer": factories.officer("officer", "district.1001.works"),
            "citizen": factories.citizen(),
            "nobody": Actor.anonymous(),
            "key": Actor("api_key", "k1", roles={"secretary": frozenset({ROOT})}),
            "system": SYSTEM,
        }
        self.meeting, self.item = self._stage()

    def _stage(self) -> tuple[Meeting, AgendaItem]:
        when = WORKFLOW[self.step].when
        house = self.house
        if when[0] == Meeting.State.PLANNED and self.step not in {
            "declare",
            "follow_up_report",
            "follow_up_close",
        }:
            meeting = house.plan()
            return meeting, house.item(meeting)
        meeting, item = house.opened()
        actions.arrive(actor=SYSTEM, meeting=meeting.pk, member=self.nameless.pk)
        if self.step in {"arrive", "depart"}:
            Meeting.objects.filter(pk=meeting.pk).update(state=Meeting.State.NOTICE_SENT)
        if self.step == "open":
            actions.adjourn(actor=SYSTEM, meeting=meeting.pk)
            house.come(meeting, "chair", "vice", "a", "b")
        if self.step in {"call_vote", "vote", "casting_vote", "resolve"}:
            house.propose(meeting, item)
        self._stage_result(meeting, item)
        return fresh(meeting), fresh(item)

    def _stage_result(self, meeting: Meeting, item: AgendaItem) -> None:
        house = self.house
        if self.step == "casting_vote":
            self._tie(meeting, item)
        if self.step.startswith("follow_up"):
            house.propose(meeting, item)
            house.resolve(meeting, item)
        if self.step in {"follow_up_report", "follow_up_close"}:
            self.task = _task(SYSTEM, meeting, item)
        if self.step in {"circulate", "correct", "correction_decide"}:
            actions.meeting_close(actor=SYSTEM, meeting=meeting.pk)
        if self.step in {"correct", "correction_decide"}:
            actions.minutes_circulate(actor=SYSTEM, meeting=meeting.pk)
        if self.step == "correction_decide":
            self.correction = actions.correction_propose(
                actor=SYSTEM, meeting=meeting.pk, was="จัดซื้อระบบ", becomes="จัดจ้าง"
            )

    def _tie(self, meeting: Meeting, item: AgendaItem) -> None:
        for name in ("c", "b", "a", "vice", "chair"):
            self.house.vote(meeting, item, name, "against" if name in {"b", "c"} else "agree")
        actions.vote(
            actor=SYSTEM,
            meeting=meeting.pk,
            item=item.pk,
            member=self.nameless.pk,
            choice="against",
            version=1,
        )

    def run(self, actor: Actor, member: int | None = None) -> Any:
        act: dict[str, Any] = {"actor": actor, "meeting": self.meeting.pk}
        own = {"member": member} if member is not None else {}
        on_item = act | {"item": self.item.pk}
        step = self.step
        runs: dict[str, Callable[[], Any]] = {
            "change": lambda: actions.meeting_change(**act, starts_at=self.meeting.starts_at, mode="online"),
            "fill": lambda: actions.agenda_fill(**act),
            "pull": lambda: actions.matter_pull(**act, matter=self._matter()),
            "item_add": lambda: actions.item_add(**act, section="other", title="อื่น ๆ"),
            "item_change": lambda: actions.item_change(**on_item, title="ใหม่"),
            "item_move": lambda: actions.item_move(**on_item, up=True),
            "item_remove": lambda: actions.item_remove(**on_item),
            "paper_add": lambda: actions.paper_add(**on_item, upload=pdf(), name="a.pdf"),
            "paper_remove": lambda: actions.paper_remove(**act, paper=self._paper()),
            "notice": lambda: actions.notice_send(**act),
            "arrive": lambda: actions.arrive(**act, **self._arrival(actor)),
            "depart": lambda: actions.depart(**act, attendance=self._row(actor)),
            "open": lambda: actions.meeting_open(**act),
            "elect": lambda: actions.elect(**act, member=self.house.members["b"].pk),
            "take": lambda: actions.item_take(**on_item),
            "declare": lambda: actions.declare(**on_item, reason="เหตุ", **own),
            "propose": lambda: actions.propose(**on_item, outcome="approved", text="เห็นชอบ"),
            "call_vote": lambda: actions.call_vote(**on_item),
            "vote": lambda: actions.vote(**on_item, choice="against", version=1, **own),
            "casting_vote": lambda: actions.casting_vote(**on_item, choice="agree", version=1),
            "dissent": lambda: actions.dissent(**on_item, reasons="เหตุ", **own),
            "resolve": lambda: actions.resolve(**on_item, version=1),
            "leave_item": lambda: actions.item_leave(**on_item),
            "adjourn": lambda: actions.adjourn(**act),
            "close": lambda: actions.meeting_close(**act),
            "follow_up": lambda: _task(actor, self.meeting, self.item),
            "follow_up_report": lambda: actions.follow_up_report(
                actor=actor, follow_up=self.task.pk, text="เสร็จ"
            ),
            "follow_up_close": lambda: actions.follow_up_close(actor=actor, follow_up=self.task.pk),
            "circulate": lambda: actions.minutes_circulate(**act),
            "correct": lambda: actions.correction_propose(**act, was="จัดซื้อระบบ", becomes="จัดจ้าง"),
            "correction_decide": lambda: actions.correction_decide(
                **act, correction=self.correction.pk, accept=True
            ),
        }
        assert runs.keys() == WORKFLOW.keys()
        return runs[step]()

    def _matter(self) -> int:
        item = actions.item_add(
            actor=SYSTEM, meeting=self.meeting.pk, section="consider", title="ค้าง", own_matter=True
        )
        AgendaItem.objects.filter(pk=item.pk).update(state=AgendaItem.State.POSTPONED)
        return int(item.matter_id or 0)

    def _paper(self) -> int:
        given = {"upload": pdf(), "name": "a.pdf"}
        return actions.paper_add(actor=SYSTEM, meeting=self.meeting.pk, item=self.item.pk, **given).pk

    def _own(self, actor: Actor) -> Member | None:
        mine = Member.objects.filter(committee=self.house.committee, user__isnull=False)
        return mine.filter(user_id=actor.id).first() if actor.is_officer else None

    def _arrival(self, actor: Actor) -> dict[str, Any]:
        """Members come themselves; everybody else tries to note a guest."""
        own = self._own(actor)
        if own is None or "secretary" in own.role:
            return {"name": "นายแขก"}
        self.meeting.attendance.filter(member=own).update(left_at=timezone.now() + timedelta(hours=1))
        return {}

    def _row(self, actor: Actor) -> int:
        own = self._own(actor)
        row = self.meeting.attendance.filter(member=own).first() if own else None
        return int((row or self.meeting.attendance.get(member=self.house.members["c"])).pk)


def _task(actor: Actor, meeting: Meeting, item: AgendaItem) -> Any:
    return actions.follow_up_add(
        actor=actor, meeting=meeting.pk, item=item.pk, task="ส่งแผน", agency="dep.11000000",
        due_on=timezone.localdate() + timedelta(days=5),
    )  # fmt: skip


def pdf() -> SimpleUploadedFile:
    return SimpleUploadedFile("a.pdf", b"%PDF-1.4 made up", "application/pdf")


def may(scene: Scene, actor: Actor, member: int | None = None) -> bool:
    """Whether the step is really taken; then it left its ledger entry, otherwise nothing. It is undone again."""
    with transaction.atomic():
        before = set(LedgerEntry.objects.values_list("id", flat=True))
        try:
            with transaction.atomic():
                scene.run(actor, member)
            taken = True
        except (Forbidden, NotFound):
            taken = False
        after = LedgerEntry.objects.exclude(id__in=before).exclude(actor_id="tests")
        written = after.exclude(actor_kind="system").count() if actor is not SYSTEM else int(taken)
        transaction.set_rollback(True)
    assert written == int(taken)
    return taken


def test_the_hand_written_table_knows_every_step_and_no_other() -> None:
    assert STEPS.keys() == WORKFLOW.keys()


@pytest.mark.parametrize("step", STEPS)
def test_everybody_takes_the_steps_of_the_table_and_no_others(
    step: str, house: House, make_house: Callable[..., House]
) -> None:
    scene = Scene(house, step, make_house)
    assert {who: may(scene, actor) for who, actor in scene.people.items()} == STEPS[step]


@pytest.mark.parametrize("step", WRITTEN)
def test_the_secretary_alone_writes_down_the_steps_of_a_member_without_an_account(
    step: str, house: House, make_house: Callable[..., House]
) -> None:
    scene = Scene(house, step, make_house)
    found = {who: may(scene, actor, scene.nameless.pk) for who, actor in scene.people.items()}
    assert found == WRITTEN[step]


@pytest.mark.parametrize("step", FOREIGN)
def test_nobody_votes_declares_or_dissents_for_a_member_with_an_account(
    step: str, house: House, make_house: Callable[..., House]
) -> None:
    scene = Scene(house, step, make_house)
    found = {who: may(scene, actor, house.members["b"].pk) for who, actor in scene.people.items()}
    assert found == FOREIGN[step]


@pytest.mark.parametrize("state", Meeting.State)
def test_the_buttons_are_what_the_table_allows(
    state: Meeting.State, house: House, make_house: Callable[..., House]
) -> None:
    scene = Scene(house, "item_add", make_house)
    meeting = scene.meeting
    meeting.state = state
    for who in ("city", "named", "chair", "member", "auditor", "officer"):
        seat = policies.seat_of(scene.people[who], house.committee)
        for action in steps_for(seat, meeting):
            assert state in WORKFLOW[action].when
            if action not in {
                "declare",
                "vote",
                "casting_vote",
                "dissent",
            }:  # offered for members without account
                assert STEPS[action][who], (who, action)


@pytest.mark.parametrize("step", [step for step in STEPS if set(WORKFLOW[step].when) != set(Meeting.State)])
def test_no_step_is_taken_in_a_state_that_the_table_does_not_name(
    step: str, house: House, make_house: Callable[..., House]
) -> None:
    scene = Scene(house, step, make_house)
    who = "chair" if step in FOREIGN or step == "casting_vote" else "city"
    for state in set(Meeting.State) - set(WORKFLOW[step].when):
        Meeting.objects.filter(pk=scene.meeting.pk).update(state=state)
        with pytest.raises(Conflict), transaction.atomic():
            scene.run(scene.people[who])
