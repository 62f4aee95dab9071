"""Proposals made the way the product makes them, for these tests."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from prasan.fabric.actors import Actor
from prasan.portfolio.actions.proposals import proposal_create, proposal_submit
from prasan.portfolio.content import Content, MetricContent
from prasan.portfolio.models import Proposal
from tests import factories

HEALTH, DRAINS = "dep.07000000", "dep.11000000"


def content(**fields: Any) -> Content:
    """A complete small proposal."""
    given: dict[str, Any] = {
        "title": "ระบบนัดหมายแพทย์ทางไกลของศูนย์บริการสาธารณสุข",
        "objective": "ให้ผู้ป่วยพบแพทย์ได้จากบ้าน",
        "capability": capability(),
        "first_year": 2571,
        "answers": {"problem": "ผู้ป่วยรอนาน", "reuse": "ระบบเดิมไม่รองรับ"},
        "costs": {(2571, "buy"): Decimal(800_000), (2572, "run"): Decimal(100_000)},
        "metrics": (MetricContent("เวลารอพบแพทย์", "นาที", Decimal(90), Decimal(30)),),
    }
    return Content(**(given | fields))


def capability() -> str:
    """Some capability of the city's map."""
    from prasan.portfolio.capabilities import capability_map

    return next(iter(capability_map().capabilities))


def officer(agency: str = HEALTH, role: str = "digital_officer") -> Actor:
    return factories.officer(role, agency)


def analyst() -> Actor:
    return factories.officer("analyst", "bma")


def draft(actor: Actor | None = None, agency: str = HEALTH, **fields: Any) -> Proposal:
    return proposal_create(
        actor=actor or officer(agency), agency=agency, content=content(**fields), origin="test"
    )


def submitted(actor: Actor | None = None, agency: str = HEALTH, **fields: Any) -> Proposal:
    actor = actor or officer(agency)
    return proposal_submit(actor=actor, code=draft(actor, agency, **fields).code)


def complaints(values: tuple[int, ...] = (10, 20, 30), area: str | None = None) -> None:
    """Monthly complaints of the months before this one, the last value for last month."""
    from datetime import timedelta

    from django.utils import timezone

    from prasan.city.actions import IndicatorValue, indicator_publish

    last = timezone.localdate().replace(day=1) - timedelta(days=1)
    rows = []
    for value in reversed(values):
        rows.append(
            IndicatorValue(
                "reports.received", last.replace(day=1), last, Decimal(value), "reports", area=area
            )
        )
        last = last.replace(day=1) - timedelta(days=1)
    indicator_publish(actor=Actor.system("test"), values=rows, published_by="reports")
