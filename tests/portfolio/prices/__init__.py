"""Price lines and reference lists made the way the product makes them, for these tests. All prices are made up."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

from prasan.fabric.actors import Actor
from prasan.portfolio.actions.prices import Imported, LineGiven, price_edition_import, price_lines_set
from prasan.portfolio.models import PriceLine, Proposal
from tests import factories
from tests.portfolio import proposals
from tests.portfolio.proposals import HEALTH

BOSS = Actor.system("test")
COMPUTER = "เครื่องคอมพิวเตอร์สำหรับงานประมวลผล แบบที่ 1"
LIST = (
    ("1", "เครื่องคอมพิวเตอร์ สำหรับงานประมวลผล แบบที่ 1 (จอแสดงภาพขนาดไม่น้อยกว่า 19 นิ้ว)", "เครื่อง", "20,000"),
    ("2", "เครื่องคอมพิวเตอร์ สำหรับงานประมวลผล แบบที่ 2", "เครื่อง", "30,000"),
)


def analyst() -> Actor:
    return factories.officer("analyst", "bma")


def line(
    price: float, name: str = COMPUTER, unit: str = "เครื่อง", quantity: int = 10, **fields: Any
) -> LineGiven:
    return LineGiven(name, Decimal(quantity), Decimal(str(price)), unit, **fields)


def bought(*lines: LineGiven, agency: str = HEALTH, submit: bool = True) -> tuple[Proposal, list[PriceLine]]:
    """A proposal that buys these, handed in afterwards."""
    proposal = proposals.draft(agency=agency)
    saved = price_lines_set(actor=BOSS, code=proposal.code, lines=lines, origin="test")
    if submit:
        from prasan.portfolio.actions.proposals import proposal_submit

        proposal_submit(actor=BOSS, code=proposal.code)
    return proposal, saved


def csv_of(*rows: tuple[str, ...], heading: tuple[str, ...]) -> io.BytesIO:
    return io.BytesIO("\n".join(",".join(f'"{cell}"' for cell in row) for row in (heading, *rows)).encode())


def references(*rows: tuple[str, ...], **fields: Any) -> Imported:
    """An edition of made-up prices."""
    heading = ("ข้อ", "รายการ", "หน่วย", "ราคา")
    given: dict[str, Any] = {
        "actor": BOSS, "name": "เกณฑ์ราคา มี.ค. 2566", "source": "MDES", "valid_from": date(2023, 3, 1), "origin": "test",
    }  # fmt: skip
    return price_edition_import(file=csv_of(*(rows or LIST), heading=heading), **(given | fields))
