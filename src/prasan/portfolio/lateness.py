"""When a decided project is late: three rules, pure, in the words that the page shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prasan.portfolio.fiscal import fiscal_year
from prasan.portfolio.models import BudgetFigure

Stage = BudgetFigure.Stage
GRACE = timedelta(days=30)
HALF = Decimal("0.5")
# The rules as the pages print them.
RULES: tuple[Any, ...] = (
    _("A milestone is not reached 30 days after its planned day."),
    _("Half of the fiscal year is over (from 1 April) and nothing of its budget is contracted."),
    _("The fiscal year is over and less than half of its budget is disbursed."),
)


@dataclass(frozen=True, slots=True)
class Late:
    """One reason why a project is late, in a sentence."""

    rule: int
    sentence: str


Sums = Mapping[tuple[int, str], Decimal]  # (fiscal year, stage) → baht


def overdue(planned_on: date, today: date) -> bool:
    """Whether an open milestone of this day makes its project late."""
    return planned_on + GRACE < today


def budget_of(sums: Sums, year: int) -> Decimal | None:
    """What a project may spend in a year: as adjusted, else as in the ordinance; None where neither is told."""
    found = sums.get((year, Stage.ADJUSTED))
    return found if found is not None else sums.get((year, Stage.ORDINANCE))


def reasons(milestones: Iterable[tuple[str, date]], sums: Sums, today: date) -> list[Late]:
    """Why a project is late; empty when it is not. `milestones` are the open ones with their planned days."""
    found = [
        Late(0, gettext("“%(name)s” was planned %(days)d days ago.") % {"name": name, "days": (today - day).days})
        for name, day in milestones if overdue(day, today)
    ]  # fmt: skip
    for year in sorted({year for year, _stage in sums}):
        found += _of_year(sums, year, today)
    return found


def _of_year(sums: Sums, year: int, today: date) -> list[Late]:
    budget = budget_of(sums, year)
    if not budget:
        return []
    disbursed = sums.get((year, Stage.DISBURSED), Decimal(0))
    if year < fiscal_year(today):
        if disbursed >= HALF * budget:
            return []
        share = round(100 * disbursed / budget)
        text = gettext("Of the budget of %(year)d only %(share)d %% was disbursed.")
        return [Late(2, text % {"year": year, "share": share})]
    half_over = year == fiscal_year(today) and date(year - 543, 4, 1) <= today
    if half_over and not sums.get((year, Stage.CONTRACTED)) and not disbursed:
        return [Late(1, gettext("Nothing of the budget of %(year)d is contracted yet.") % {"year": year})]
    return []
