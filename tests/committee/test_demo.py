"""The demonstration's committees."""

from __future__ import annotations

import pytest

from prasan.committee import demo
from prasan.committee.models import Committee, FollowUp, Meeting, Minutes, Resolution
from prasan.people import demo as people_demo
from tests.committee.conftest import FakeProjects

pytestmark = pytest.mark.django_db


def test_a_first_start_shows_certified_minutes_a_decision_by_vote_and_a_meeting_that_comes(
    projects: FakeProjects,
) -> None:
    people_demo.load()
    demo.load()
    main = Committee.objects.get(board="main")
    assert [m.state for m in main.meetings.order_by("starts_at")] == ["closed", "closed", "notice_sent"]
    assert list(Minutes.objects.order_by("id").values_list("state", flat=True)) == ["certified", "circulated"]
    voted = Resolution.objects.get(method="named")
    assert (voted.agree, voted.against, voted.members) == (4, 1, 6)
    assert FollowUp.objects.count() == 2
    coming = Meeting.objects.get(committee=main, state="notice_sent")
    assert set(coming.items.values_list("section", flat=True)) == {"minutes", "arising", "consider"}
    assert coming.items.filter(matter__kind="project").count() == 2


def test_a_second_start_changes_nothing(projects: FakeProjects) -> None:
    people_demo.load()
    demo.load()
    before = Meeting.objects.count()
    demo.load()
    assert Meeting.objects.count() == before
