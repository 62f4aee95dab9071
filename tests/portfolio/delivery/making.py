"""Decided projects with money and numbers, made the way the product makes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.db import transaction

from prasan.city.actions import IndicatorValue, indicator_publish
from prasan.city.registers import registers
from prasan.fabric.actors import Actor
from prasan.fabric.decisions import Decision, Outcome
from prasan.portfolio.actions.delivery import figure_record
from prasan.portfolio.actions.proposals import proposal_decided, proposal_send
from prasan.portfolio.models import Proposal
from tests.portfolio import proposals

BOSS = Actor.system("test")
YEAR = 2570  # October 2569 to September 2570, which is 2026-10 to 2027-09
NEXT = 2571
PLACES = ("1001", "1002")


def screened(**fields: Any) -> Proposal:
    """A proposal that waits for the main committee."""
    given: dict[str, Any] = {
        "first_year": YEAR,
        "costs": {(YEAR, "buy"): Decimal(800_000), (NEXT, "run"): Decimal(100_000)},
    }
    made = proposals.submitted(**(given | fields))
    return proposal_send(actor=BOSS, code=made.code, board="main", note="ทดสอบ")


def decided(outcome: Outcome = Outcome.APPROVED, **fields: Any) -> Proposal:
    """A proposal that the main committee resolved about."""
    made = screened(**fields)
    return decide(made, outcome)


def decide(proposal: Proposal, outcome: Outcome = Outcome.APPROVED, conditions: str = "") -> Proposal:
    decision = Decision(
        outcome, "1/2569 4.2", "มติที่ประชุมเห็นชอบ", conditions, date(2026, 10, 15), "คณะกรรมการ", "", "abc"
    )
    with transaction.atomic():
        return proposal_decided(actor=BOSS, code=proposal.code, decision=decision)


def money(proposal: Proposal, year: int = YEAR, **figures: int) -> None:
    """Figures of a year; ``disbursed_11=…`` is what was disbursed in November."""
    for name, amount in figures.items():
        stage, _mark, number = name.partition("_")
        month = date(year - 543 - (int(number) >= 10), int(number), 1) if number else None
        figure_record(
            actor=BOSS, code=proposal.code, fiscal_year=year, stage=stage, amount=Decimal(amount), month=month
        )


def csv_of(*rows: Iterable[Any], heading: Iterable[str]) -> BytesIO:
    lines = [",".join(map(str, row)) for row in (heading, *rows)]
    return BytesIO("\n".join(lines).encode())


def months(last: date, count: int) -> list[date]:
    """First days of `count` months, `last`'s month the last of them."""
    number = last.year * 12 + last.month - 1
    return [date(one // 12, one % 12 + 1, 1) for one in range(number - count + 1, number + 1)]


def publish(name: str, values: Mapping[str, Mapping[date, float]], unit: str = "reports") -> None:
    """Monthly values of an indicator by district and first day of the month."""
    rows = [
        IndicatorValue(
            name, first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1), Decimal(str(value)), unit,
            area=area,
        )
        for area, told in values.items()
        for first, value in told.items()
    ]  # fmt: skip
    indicator_publish(actor=BOSS, values=rows, published_by="reports")


def districts() -> list[str]:
    return [area.code for area in registers().districts()]
