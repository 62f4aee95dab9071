"""Systems for tests, made the way the product makes them."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

from prasan.fabric.actors import Actor
from prasan.portfolio.actions.systems import SystemGiven, interface_add, system_create
from prasan.portfolio.models import Interface, System

BOSS = Actor.system("test")
HEALTH, EDUCATION, DIGITAL = "dep.08000000", "dep.09000000", "dep.26000000"
DIVISION = "div.08030000"  # below the health department
_numbers = itertools.count(1)


def system(
    owner: str = HEALTH, *, actor: Actor = BOSS, costs: dict[int, Decimal] | None = None, **fields: Any
) -> System:
    """A system of the health department."""
    code = fields.pop("code", f"T-{next(_numbers):03}")
    given = SystemGiven(**({"name_th": f"ระบบทดสอบ {code}"} | fields))
    return system_create(actor=actor, owner=owner, given=given, costs=costs, code=code)


def connect(provider: System, consumer: System, data: str = "ข้อมูลผู้รับบริการ", method: str = "api") -> Interface:
    """Data that one gives to the other."""
    return interface_add(actor=BOSS, provider=provider.code, consumer=consumer.code, data=data, method=method)
