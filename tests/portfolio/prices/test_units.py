"""Units and prices as Thai offices write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.portfolio.prices.units import WORDS, Unit, is_lump, read_price, read_unit


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("เครื่อง", Unit("piece")),
        ("บาท/เครื่อง", Unit("piece")),
        ("ราคาต่อหน่วย", Unit("piece")),
        ("ชุดละ", Unit("set")),
        ("ระบบ", Unit("system")),
        ("โหล", Unit("piece", 12)),
        ("Dozen", Unit("piece", 12)),
        ("กล่อง 12 ชิ้น", Unit("piece", 12)),
        ("๑๐ เครื่อง", Unit("piece", 10)),
        ("คู่", Unit("piece", 2)),
        ("ปี", Unit("month", 12)),
        ("user/ปี", Unit("user.month", 12)),
        ("บาทต่อเดือน", Unit("month")),
        ("คน-เดือน", Unit("person_month")),
        ("กม.", Unit("metre", 1000)),
        ("ถัง", Unit("ถัง")),
    ],
)
def test_a_unit_is_read_as_so_many_of_one_thing(text: str, unit: Unit) -> None:
    assert read_unit(text) == unit


@pytest.mark.parametrize("text", ["", "  ", "บาท", "-", "งาน", "เหมารวม", "โครงการ", "lot", "lump sum"])
def test_no_unit_and_a_lump_sum_compare_with_nothing(text: str) -> None:
    assert read_unit(text) is None


def test_a_lump_sum_is_told_from_no_unit() -> None:
    assert is_lump("งาน")
    assert not is_lump("")


@pytest.mark.parametrize(
    ("text", "amount", "rest"),
    [
        ("๒๕,๐๐๐ บาท/เครื่อง", Decimal(25000), "/เครื่อง"),
        ("25000", Decimal(25000), ""),
        ("1.2 ล้านบาท/ระบบ", Decimal(1_200_000), "/ระบบ"),
        ("12,000 บาทต่อเดือน", Decimal(12000), "ต่อเดือน"),
        ("", None, ""),
    ],
)
def test_a_price_is_read_with_what_it_is_for(text: str, amount: Decimal | None, rest: str) -> None:
    assert read_price(text) == (amount, rest)


def test_a_dozen_at_twelve_hundred_is_a_hundred_each() -> None:
    unit = read_unit("โหล")
    assert unit is not None
    assert unit.price_of_one(Decimal(1200)) == Decimal(100)


@given(st.text(max_size=80))
def test_any_text_is_a_unit_or_none_and_never_an_error(text: str) -> None:
    unit = read_unit(text)
    assert unit is None or (unit.code and unit.factor >= 1)


@given(st.integers(1, 9999), st.sampled_from(WORDS["piece"].split()))
def test_a_pack_of_so_many_is_so_many_pieces(count: int, word: str) -> None:
    assert read_unit(f"แพ็ก {count} {word}") == Unit("piece", count)
