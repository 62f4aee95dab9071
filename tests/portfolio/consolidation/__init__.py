"""Plans made the way the product makes them, for these tests."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from prasan.fabric.actors import Actor
from prasan.portfolio.actions.consolidation import MemberGiven, PlanGiven, plan_claim, plan_create
from prasan.portfolio.models import ConsolidationPlan
from tests import factories
from tests.portfolio.systems import making

LEAD, HEALTH, EDUCATION = making.DIGITAL, making.HEALTH, making.EDUCATION
YEARS = range(2570, 2575)


def analyst() -> Actor:
    return factories.officer("analyst", "bma")


def member(code: str, amount: int = 1_000_000, **fields: Any) -> MemberGiven:
    """A member that costs the same every year, half to nine tenths of which ends."""
    given: dict[str, Any] = {"reason": "จองคิวออนไลน์เหมือนกัน", "ends_low": 50, "ends_high": 90}
    given["baseline"] = {year: Decimal(amount) for year in YEARS}
    return MemberGiven(code, **(given | fields))


def given(*members: MemberGiven, target: str, **fields: Any) -> PlanGiven:
    """A complete plan: all users move in the middle of fiscal year 2570."""
    values: dict[str, Any] = {
        "title": "แพลตฟอร์มนัดหมายกลาง",
        "lead": LEAD,
        "first_year": 2570,
        "target": target,
        "members": members,
        "costs": {(2570, "one_off"): Decimal(600_000), (2570, "yearly"): Decimal(0)}
        | {(year, "yearly"): Decimal(100_000) for year in YEARS[1:]},
        "migration": ((date(2027, 4, 1), "ย้ายผู้ใช้ทั้งหมด", 100),),
        "counterfactual": "ต่อสัญญาบำรุงรักษาทุกระบบ",
        "method": "ค่าใช้จ่ายตามสัญญาปี 2568",
        "evidence": "สัญญาเลขที่ 12/2568",
        "one_off_payer": LEAD,
        "yearly_payer": LEAD,
    }
    return PlanGiven(**(values | fields))


def plan(
    *members: MemberGiven, target: str = "", actor: Actor | None = None, **fields: Any
) -> ConsolidationPlan:
    """A complete plan onto a system of its own."""
    return plan_create(
        actor=actor or analyst(),
        given=given(*members, target=target or making.system(LEAD).code, **fields),
        origin="test",
    )


def claimed(*members: MemberGiven, actor: Actor | None = None, **fields: Any) -> ConsolidationPlan:
    actor = actor or analyst()
    return plan_claim(actor=actor, code=plan(*members, actor=actor, **fields).code)
