"""Two secretaries, or a secretary and a voter, at the same moment: one is first, the other hears so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from prasan.committee import actions
from prasan.committee.models import Meeting, Resolution, Vote
from prasan.fabric.models import LedgerEntry
from prasan.fabric.problems import Conflict, Stale
from tests import factories
from tests.committee.conftest import ROOT, FakeProjects, House, fresh
from tests.reports.test_two_officers import at_once, problems

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_secretaries_who_record_at_once_one_resolution_is_made(
    house: House, projects: FakeProjects
) -> None:
    meeting = house.plan()
    item = actions.subject_pull(actor=house.secretary, meeting=meeting.pk, kind="project", reference="P-1")
    actions.notice_send(actor=house.secretary, meeting=meeting.pk)
    house.come(meeting, "chair", "a", "b")
    actions.meeting_open(actor=house.secretary, meeting=meeting.pk)
    actions.item_take(actor=house.secretary, meeting=meeting.pk, item=item.pk)
    house.propose(meeting, item)
    second = factories.officer("secretary", ROOT)
    results = at_once(*(
        lambda who=who: actions.resolve(actor=who, meeting=meeting.pk, item=item.pk, version=1)
        for who in (house.secretary, second)
    ))  # fmt: skip
    assert [type(problem) for problem in problems(results)] == [Conflict]
    assert Resolution.objects.count() == 1
    assert len(projects.told) == 1
    assert LedgerEntry.objects.filter(action="meeting.resolve").count() == 1


def test_words_changed_while_another_records_are_never_recorded_unread(house: House) -> None:
    meeting, item = house.opened()
    house.propose(meeting, item)
    second = factories.officer("secretary", ROOT)
    results = at_once(
        lambda: actions.resolve(actor=house.secretary, meeting=meeting.pk, item=item.pk, version=1),
        lambda: actions.propose(
            actor=second, meeting=meeting.pk, item=item.pk, outcome="not_approved", text="ไม่เห็นชอบ", version=1
        ),
    )
    assert len(problems(results)) == 1
    resolution = Resolution.objects.first()
    if resolution is None:
        assert isinstance(results[0], Stale)
    else:
        assert resolution.text == "เห็นชอบตามที่เสนอ"


def test_every_vote_of_a_full_room_counts_once(house: House) -> None:
    meeting, item = house.opened()
    house.propose(meeting, item)
    actions.call_vote(actor=house.secretary, meeting=meeting.pk, item=item.pk)

    def voting(name: str) -> Callable[[], Any]:
        return lambda: house.vote(meeting, item, name, "agree")

    results = at_once(*(voting(name) for name in ("chair", "vice", "a", "b", "c", "a")))
    assert problems(results) == []
    assert Vote.objects.count() == 5
    assert fresh(meeting).revision >= meeting.revision + 6


def test_two_meetings_planned_at_once_get_two_numbers(house: House) -> None:
    results = at_once(house.plan, house.plan)
    assert sorted(row.number for row in results if isinstance(row, Meeting)) == [1, 2]
