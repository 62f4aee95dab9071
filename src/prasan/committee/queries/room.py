"""The room as it is now: who counts, who presides, how the votes stand. What the live page shows and actions ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from django.utils import timezone

from prasan.committee import rules as ruling
from prasan.committee.models import AgendaItem, Attendance, Declaration, Meeting, Member, Vote
from prasan.committee.policies import in_term
from prasan.committee.rules import Choice, Quorum, Rules, Tally


@dataclass(frozen=True)
class Room:
    """Members in term on the day of the meeting, in their order; attendance; one item's declarations and votes."""

    meeting: Meeting
    rules: Rules
    members: list[Member]
    attendance: list[Attendance]
    declarations: list[Declaration]
    votes: Mapping[int, Choice]
    casting: Choice | None = None

    @cached_property
    def voting(self) -> frozenset[int]:
        """Ids of the members who have a vote."""
        return frozenset(member.pk for member in self.members if member.votes)

    @cached_property
    def here(self) -> frozenset[int]:
        """Ids of the members who are present now, themselves or by a substitute."""
        return frozenset(row.member_id for row in self.attendance if row.member_id and row.left_at is None)

    @cached_property
    def voting_present(self) -> frozenset[int]:
        return self.voting & self.here

    @cached_property
    def recused(self) -> frozenset[int]:
        return frozenset(row.member_id for row in self.declarations)

    @cached_property
    def entitled(self) -> frozenset[int]:
        """Who may vote on the item: present, with a vote, not recused."""
        return self.voting_present - self.recused

    @cached_property
    def quorum(self) -> Quorum:
        """For the item, if there is one: the recused do not count."""
        second = self.meeting.second_call_of_id is not None
        return ruling.quorum(self.voting, self.here, self.rules, recused=self.recused, second_call=second)

    @cached_property
    def presiding(self) -> int | None:
        """Id of the member who presides over this item, or None."""
        order = [(member.pk, member.role) for member in self.members]
        return ruling.presiding(order, self.entitled, self.meeting.elected_chair_id)

    @cached_property
    def tally(self) -> Tally:
        return ruling.tally(self.votes, self.entitled, self.rules, casting=self.casting)

    def member(self, number: int | None) -> Member | None:
        """One of the members, by id."""
        return next((member for member in self.members if member.pk == number), None)


def room_of(meeting: Meeting, item: AgendaItem | None = None) -> Room:
    """The room for this item, or for none. Two statements, four with an item."""
    day = timezone.localdate(meeting.starts_at)
    members = list(
        Member.objects.filter(in_term(day), committee_id=meeting.committee_id).order_by("order", "id")
    )
    attendance = list(Attendance.objects.filter(meeting=meeting).order_by("arrived_at", "id"))
    declarations = list(Declaration.objects.filter(item=item).order_by("id")) if item else []
    votes = list(Vote.objects.filter(item=item)) if item else []
    return Room(
        meeting, meeting.committee.ruling, members, attendance, declarations,
        votes={row.member_id: cast(Choice, row.choice) for row in votes if not row.casting},
        casting=next((cast(Choice, row.choice) for row in votes if row.casting), None),
    )  # fmt: skip


def item_number(rules: Rules, item: AgendaItem) -> str:
    """An item's number on its agenda, for instance ``4.2``. No statement."""
    codes = [code for code, _title in rules.sections]
    section = codes.index(item.section) + 1 if item.section in codes else len(codes)
    return f"{section}.{item.position}"
