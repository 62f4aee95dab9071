"""What a demonstration tells of its decided projects: money by stage and month, milestones, a risk each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from random import Random
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from prasan.city.rows import ErrorList, read_yaml
from prasan.fabric.actors import Actor
from prasan.fabric.demo import register
from prasan.portfolio.actions.delivery import Place, Stage, milestone_save, risk_save, write_figures
from prasan.portfolio.actions.proposals import lock
from prasan.portfolio.fiscal import fiscal_year
from prasan.portfolio.models import BudgetFigure, Milestone, Proposal
from prasan.portfolio.policies import GRANTED
from prasan.portfolio.queries.delivery import year_rows

ACTOR = Actor.system("demo")
ORIGIN = "demo"
FILE = "delivery.yaml"
THOUSAND = Decimal(1_000)


def load() -> None:
    """Tell it once: not where something is told already, or the city's demo folder says nothing of it."""
    path = settings.CITY_FOLDER / "demo" / FILE
    if not path.exists() or BudgetFigure.objects.exists() or Milestone.objects.exists():
        return
    words = read_yaml(path, ErrorList(FILE))
    today = timezone.localdate()
    with transaction.atomic():
        for proposal in Proposal.objects.filter(status__in=GRANTED).prefetch_related("costs", "figures"):
            _tell(proposal, words, today)


def _tell(proposal: Proposal, words: Mapping[str, Any], today: date) -> None:
    rng = Random(proposal.own_number)  # noqa: S311 — a demonstration, not a secret
    figures = dict(_figures(proposal, rng, today))
    write_figures(ACTOR, lock(ACTOR, proposal.code), figures, "", ORIGIN)
    start = date((proposal.first_year or fiscal_year(today)) - 544, 10, 1)
    for one in words["milestones"]:
        planned = start + timedelta(days=30 * one["after_months"] + rng.randint(-20, 20))
        done = planned + timedelta(days=rng.choice((-10, 0, 15, 60)))
        milestone_save(
            actor=ACTOR, code=proposal.code, name=one["name"], planned_on=planned,
            done_on=done if done <= today and rng.random() < 0.96 else None, in_use=one.get("in_use", False),
            origin=ORIGIN,
        )  # fmt: skip
    risk = rng.choice(words["risks"])
    risk_save(
        actor=ACTOR,
        code=proposal.code,
        likelihood=rng.randint(1, 5),
        effect=rng.randint(2, 5),
        origin=ORIGIN,
        **risk,
    )


def _figures(proposal: Proposal, rng: Random, today: date) -> Iterator[tuple[Place, Decimal]]:
    """Each year up to the current one: a little less than asked, now and then moved, contracted, paid in months."""
    for row in year_rows(proposal):
        if row.year > fiscal_year(today) or not row.requested:
            continue
        budget = _share(row.requested, rng.choice((100, 100, 95, 90, 80)))
        yield Place(row.year, Stage.ORDINANCE), budget
        if rng.random() < 0.25:
            budget = _share(budget, rng.randint(70, 115))
            yield Place(row.year, Stage.ADJUSTED), budget
        contracted = _share(budget, rng.randint(85, 100))
        if row.year == fiscal_year(today):
            continue
        yield Place(row.year, Stage.CONTRACTED), contracted
        paid = _share(contracted, rng.choice((100, 100, 100, 100, 95, 90, 90, 80, 80, 40)))
        months = sorted(rng.sample(range(12), 4))
        for number in months:
            first = date(row.year - 544 + (number >= 3), (9 + number) % 12 + 1, 1)
            yield Place(row.year, Stage.DISBURSED, first), _share(paid, 25)


def _share(amount: Decimal, percent: int) -> Decimal:
    return (amount * percent / 100 / THOUSAND).quantize(Decimal(1), ROUND_DOWN) * THOUSAND


register(40, "money and milestones of decided projects", load)
