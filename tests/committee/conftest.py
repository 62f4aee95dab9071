"""A committee of five with its secretary, meetings in any state, and a make-believe kind of subject."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from prasan.committee import actions
from prasan.committee.models import AgendaItem, Committee, Meeting, Member
from prasan.fabric import decisions
from prasan.fabric.actors import Actor
from prasan.fabric.decisions import Decision, Outcome, Subject
from prasan.fabric.ledger import ledger_write
from prasan.fabric.problems import Conflict
from prasan.people.models import User
from tests import factories

ROOT = "bma"
SYSTEM = Actor.system("tests")
START = date(2020, 1, 1)


@dataclass
class FakeProjects:
    """What another module would offer: a few projects, a column that a decision moves, and a switch to refuse."""

    code: str = "project"
    label: Any = "โครงการ"
    state: dict[str, str] = field(default_factory=lambda: {"P-1": "waiting", "P-2": "waiting"})
    told: list[Decision] = field(default_factory=list)
    refuses: bool = False

    def waiting(self, board: str) -> Sequence[Subject]:
        return [
            self._subject(code)
            for code, state in self.state.items()
            if state == "waiting" and board == "main"
        ]

    def find(self, reference: str) -> Subject | None:
        return self._subject(reference) if reference in self.state else None

    def snapshot(self, reference: str) -> Mapping[str, Any]:
        return {"code": reference, "total": "1250000.00", "share": 0.1}

    def decided(self, *, actor: Actor, reference: str, decision: Decision, origin: str) -> None:
        self.told.append(decision)
        ledger_write(
            actor=actor, action="project.decided", object_type="project", object_id=reference, origin=origin
        )
        if self.refuses:
            raise Conflict("โครงการนี้ถูกถอนไปแล้ว")
        self.state[reference] = decision.outcome

    def _subject(self, code: str) -> Subject:
        return Subject("project", code, f"ระบบเฝ้าระวังน้ำท่วม {code}", "สำนักการระบายน้ำ", f"/portfolio/{code}/",
                       facts=(("วงเงิน", "1,250,000 บาท"),))  # fmt: skip


@pytest.fixture
def projects() -> Iterator[FakeProjects]:
    """The only kind of subject, for the length of a test."""
    kept = dict(decisions._kinds)
    decisions._kinds.clear()
    fake = FakeProjects()
    decisions.register(fake)
    yield fake
    decisions._kinds.clear()
    decisions._kinds.update(kept)


@dataclass
class House:
    """A committee, its members by name, the actors behind them, and its secretary."""

    committee: Committee
    secretary: Actor
    members: dict[str, Member]
    actors: dict[str, Actor]
    users: dict[str, User]

    def plan(self, *, days: int = 7, **given: Any) -> Meeting:
        return actions.meeting_plan(
            actor=self.secretary,
            committee=self.committee.code,
            starts_at=in_days(days),
            place="ห้องประชุม 1",
            **given,
        )

    def item(
        self, meeting: Meeting, title: str = "จัดซื้อระบบ", section: str = "consider", **texts: Any
    ) -> AgendaItem:
        return actions.item_add(
            actor=self.secretary, meeting=meeting.pk, section=section, title=title, **texts
        )

    def come(self, meeting: Meeting, *names: str) -> None:
        for name in names:
            actions.arrive(actor=self.secretary, meeting=meeting.pk, member=self.members[name].pk)

    def opened(self, *present: str, item: str = "จัดซื้อระบบ") -> tuple[Meeting, AgendaItem]:
        """A meeting under way with these members, its one item for consideration before it."""
        meeting = self.plan()
        taken = self.item(meeting, item)
        actions.notice_send(actor=self.secretary, meeting=meeting.pk)
        self.come(meeting, *(present or ("chair", "vice", "a", "b", "c")))
        actions.meeting_open(actor=self.secretary, meeting=meeting.pk)
        actions.item_take(actor=self.secretary, meeting=meeting.pk, item=taken.pk)
        return fresh(meeting), fresh(taken)

    def propose(
        self, meeting: Meeting, item: AgendaItem, outcome: str = Outcome.APPROVED, **given: Any
    ) -> AgendaItem:
        actions.propose(
            actor=self.secretary, meeting=meeting.pk, item=item.pk, outcome=outcome,
            text=given.pop("text", "เห็นชอบตามที่เสนอ"), **given,
        )  # fmt: skip
        return fresh(item)

    def resolve(self, meeting: Meeting, item: AgendaItem) -> Any:
        return actions.resolve(
            actor=self.secretary, meeting=meeting.pk, item=item.pk, version=fresh(item).proposal_version
        )

    def vote(self, meeting: Meeting, item: AgendaItem, name: str, choice: str) -> Any:
        return actions.vote(
            actor=self.actors[name], meeting=meeting.pk, item=item.pk, choice=choice,
            version=fresh(item).proposal_version,
        )  # fmt: skip


def fresh(row: Any) -> Any:
    """The row as the database has it now."""
    return type(row).objects.get(pk=row.pk)


def in_days(days: int) -> datetime:
    return timezone.localtime().replace(hour=9, minute=30, second=0, microsecond=0) + timedelta(days=days)


@pytest.fixture
def make_house() -> Callable[..., House]:
    """Makes committees of chair, vice, a, b, c with accounts; `rules` as for a committee."""

    def make(code: str = "digital", **given: Any) -> House:
        given.setdefault("board", "main")
        committee = actions.committee_create(
            actor=SYSTEM, code=code, name_th="คณะกรรมการดิจิทัล", name_en="Digital Committee", **given
        )
        secretary = factories.officer("secretary", ROOT)
        members, actors, users = {}, {}, {}
        for order, name in enumerate(("chair", "vice", "a", "b", "c")):
            user = factories.officer_user("officer", "dep.11000000", name=f"กรรมการ {name}")
            role = name if name in {"chair", "vice"} else "member"
            members[name] = actions.member_add(
                actor=SYSTEM, committee=code, account=user.username, role=role, order=order, term_from=START,
                position=f"ผู้แทน {name}",
            )  # fmt: skip
            users[name] = user
            actors[name] = Actor("officer", str(user.pk), roles={"officer": frozenset({"dep.11000000"})})
        return House(committee, secretary, members, actors, users)

    return make


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    return make_house()
