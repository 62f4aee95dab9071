"""The demonstration's decided projects have money, milestones and risks, told once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from prasan.portfolio import demo_delivery
from prasan.portfolio.models import BudgetFigure, Milestone, Risk
from prasan.portfolio.queries.delivery import sums_of
from tests.portfolio.delivery import making

pytestmark = pytest.mark.django_db


def test_it_is_told_of_decided_projects_alone_and_once() -> None:
    decided = making.decided(
        own_number="ก.1",
        first_year=2568,
        costs={(2568, "buy"): Decimal(900_000), (2569, "run"): Decimal(50_000)},
    )
    making.screened(own_number="ก.2")
    for _start in range(2):
        demo_delivery.load()
    assert {one.proposal_id for one in BudgetFigure.objects.all()} == {decided.pk}
    assert (Milestone.objects.count(), Risk.objects.count()) == (3, 1)
    sums = sums_of(BudgetFigure.objects.all())
    assert (
        0 < sums[2568, "disbursed"] <= sums[2568, "contracted"] <= Decimal("1.15") * sums[2568, "ordinance"]
    )
