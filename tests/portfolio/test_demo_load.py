"""A first start: the demonstration's systems and proposals, each brought where its file says by the real steps."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from prasan.city.actions import IndicatorValue, indicator_publish
from prasan.city.models import Indicator
from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry
from prasan.portfolio import demo
from prasan.portfolio.content import content_of, missing
from prasan.portfolio.fiscal import fiscal_year
from prasan.portfolio.models import Evidence, Interface, Proposal, Relation, Step, System, SystemCost

pytestmark = pytest.mark.django_db
DEMO = Path(__file__).parents[2] / "cities" / "bangkok" / "demo"


def rows(name: str) -> list[dict[str, str]]:
    with (DEMO / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def publish(*published: tuple[str, str]) -> None:
    """Reports of the last full month, by (indicator, area)."""
    last = timezone.localdate().replace(day=1) - timedelta(days=1)
    values = [
        IndicatorValue(
            name=name, area=area, period_start=last.replace(day=1), period_end=last,
            value=Decimal(120), unit="reports",
        )
        for name, area in published
    ]  # fmt: skip
    indicator_publish(actor=Actor.system("test"), values=values, published_by="reports", origin="test")


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Loaded once for all tests here, and taken back afterwards."""
    with django_db_blocker.unblock(), transaction.atomic():
        publish(("reports.received.flood", "1005"), ("reports.received.waste", "1033"))
        demo.load()
        yield
        transaction.set_rollback(True)


def test_every_system_is_entered_with_all_its_connections(loaded: None) -> None:
    told = rows("systems.csv")
    assert set(System.objects.values_list("code", flat=True)) == {row["system_code"] for row in told}
    assert Interface.objects.count() == sum(
        len(row["interfaces"].split(";")) for row in told if row["interfaces"]
    )
    years = {fiscal_year(timezone.localdate()), 2567, 2568, 2569}
    assert set(SystemCost.objects.values_list("fiscal_year", flat=True)) == years
    assert Counter(Interface.objects.values_list("method", flat=True)).keys() == set(Interface.Method.values)


def test_every_proposal_stands_where_its_file_says(loaded: None) -> None:
    wanted = {row["proposal_code"]: row["status"] for row in rows("proposals.csv")}
    assert dict(Proposal.objects.values_list("own_number", "status")) == wanted
    assert len(set(wanted.values())) >= 10


def test_what_was_handed_in_is_complete_and_came_step_by_step(loaded: None) -> None:
    for proposal in Proposal.objects.exclude(status=Proposal.Status.DRAFT):
        assert missing(content_of(proposal)) == {}, proposal.own_number
        assert proposal.submitted_at is not None
    for proposal in Proposal.objects.prefetch_related("steps"):
        steps = sorted(proposal.steps.all(), key=lambda step: step.at)
        assert [step.before for step in steps[1:]] == [step.after for step in steps[:-1]]
        assert steps[-1].at == proposal.status_since < timezone.now()


def test_relations_hold_between_the_same_proposals_as_in_the_file(loaded: None) -> None:
    wanted = {
        (row["proposal_code"], kind, other)
        for row in rows("proposals.csv")
        for kind in Relation.Kind.values
        for other in row[kind].split(";")
        if other
    }
    found = Relation.objects.values_list("proposal__own_number", "kind", "other__own_number")
    assert set(found) == wanted


def test_numbers_of_the_city_are_attached_where_it_has_published_them(loaded: None) -> None:
    assert set(Evidence.objects.values_list("areas__0", "value")) == {
        ("1005", Decimal(120)),
        ("1033", Decimal(120)),
    }


def test_each_entry_is_in_the_ledger_and_the_silo_numbers_are_published(loaded: None) -> None:
    entries = LedgerEntry.objects.filter(origin="demo")
    assert entries.filter(action="proposal.create").count() == Proposal.objects.count()
    assert entries.filter(action="system.create").count() == System.objects.count()
    assert Indicator.objects.filter(published_by="portfolio").exists()


def test_a_second_start_adds_nothing(loaded: None) -> None:
    before = (Proposal.objects.count(), Step.objects.count(), LedgerEntry.objects.count())
    demo.load()
    assert (Proposal.objects.count(), Step.objects.count(), LedgerEntry.objects.count()) == before
