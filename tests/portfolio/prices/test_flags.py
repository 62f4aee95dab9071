"""Which price is held against which, and what is said of it. All prices are made up."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.portfolio.prices.flags import Book, Line, Reference, check, valid_references
from prasan.portfolio.prices.names import SAME_AT, likeness, tokens

COMPUTER = "เครื่องคอมพิวเตอร์สำหรับงานประมวลผล แบบที่ 1"
TODAY = date(2026, 11, 1)


def line(price: float | None, name: str = COMPUTER, proposal: int = 0, unit: str = "piece") -> Line:
    return Line(tokens(name), unit, price, "เครื่อง" if price else "", proposal, TODAY)


def item(price: float, name: str = COMPUTER, **fields: Any) -> Reference:
    given: dict[str, Any] = {"edition": "มี.ค. 2566", "source": "MDES", "valid_from": date(2023, 3, 1)}
    return Reference(tokens(name), "piece", price, name, **(given | fields))


def history(*prices: float) -> list[Line]:
    return [line(price, proposal=number) for number, price in enumerate(prices, start=1)]


def kinds(
    one: Line, references: list[Reference] | None = None, others: list[Line] | None = None
) -> list[str]:
    return [flag.kind for flag in check(one, references or [], others or []).flags]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (COMPUTER, "เครื่องคอมพิวเตอร์ สำหรับงานประมวลผล แบบที่ ๑ (จอแสดงภาพขนาดไม่น้อยกว่า 19 นิ้ว)", True),
        (COMPUTER, "เครื่องคอมพิวเตอร์สำหรับงานประมวลผล แบบที่ 2", False),
        (COMPUTER, "เครื่องคอมพิวเตอร์โน้ตบุ๊ก สำหรับงานประมวลผล", False),
        (COMPUTER, "เครื่องคอมพิวเตอร์สำหรับงานสำนักงาน", False),
        ("อุปกรณ์กระจายสัญญาณ (L2 Switch) ขนาด 24 ช่อง", "L2 Switch 24 port", True),
        ("L2 Switch 24 port", "L2 Switch 48 port", False),
        ("เครื่องสแกนเอกสาร โรงเรียนวัดบ้านดอน ตำบลดอน อำเภอเมือง จังหวัดเลย", "เครื่องสแกนเอกสาร", False),
        ("เครื่องสแกนเอกสาร ตำบลดอน อำเภอเมือง จังหวัดเลย 1 เครื่อง", "เครื่องสแกนเอกสาร", True),
        ("เครื่องสำรองไฟฟ้า ขนาด 800 VA", "UPS 0.8 kVA", True),
        ("กล้องวงจรปิด มุมมองคงที่ ภายในอาคาร", "กล้อง CCTV มุมมองคงที่ ภายนอกอาคาร", False),
    ],
)
def test_the_same_thing_is_told_by_its_words_and_never_across_another_type(
    one: str, other: str, same: bool
) -> None:
    assert (likeness(tokens(one), tokens(other)) >= SAME_AT) is same


def test_above_the_reference_is_flagged_and_exactly_at_it_is_not() -> None:
    assert kinds(line(20_001), [item(20_000)]) == ["above_reference"]
    assert kinds(line(20_000), [item(20_000)]) == []


def test_the_edition_of_the_day_counts_not_a_newer_and_not_an_older_one() -> None:
    old = item(25_000, edition="2562", valid_from=date(2019, 3, 1))
    now = item(20_000, edition="2566", valid_from=date(2023, 3, 1))
    later = item(30_000, edition="2570", valid_from=date(2027, 3, 1))
    found = check(line(22_000), [old, now, later], [])
    assert found.reference is not None
    assert found.reference.edition == "2566"
    assert [flag.kind for flag in found.flags] == ["above_reference"]


def test_another_sources_edition_does_not_replace_it() -> None:
    one, other = item(1), item(2, source="กรมบัญชีกลาง", valid_from=date(2024, 1, 1))
    assert valid_references([one, other], TODAY) == [one, other]


def test_an_item_that_a_newer_edition_dropped_counts_no_more() -> None:
    old = item(20_000, valid_from=date(2019, 3, 1))
    newer = item(9_000, name="เครื่องพิมพ์เลเซอร์ ขาวดำ", valid_from=date(2023, 3, 1))
    assert check(line(50_000), [old, newer], []).reference is None


def test_of_two_that_fit_equally_the_dearer_is_taken_so_that_doubt_gives_no_flag() -> None:
    assert kinds(line(25_000), [item(20_000), item(30_000)]) == []


def test_far_above_what_others_pay_is_flagged_with_the_numbers_it_rests_on() -> None:
    found = check(line(60_000), [], history(20_000, 21_000, 22_000, 23_000, 24_000))
    (flag,) = found.flags
    assert flag.kind == "above_history"
    assert (flag.facts["count"], flag.facts["median"]) == (5, 22_000)


def test_far_below_is_no_flag() -> None:
    assert kinds(line(1_000), [], history(20_000, 21_000, 22_000, 23_000, 24_000)) == []


def test_four_prices_are_too_few_to_say_anything() -> None:
    assert kinds(line(60_000), [], history(20_000, 21_000, 22_000, 23_000)) == ["too_little_data"]


def test_a_proposals_own_lines_and_its_many_lines_are_not_many_voices() -> None:
    own = [line(20_000, proposal=0) for _number in range(9)]
    assert kinds(line(60_000), [], own) == ["too_little_data"]
    one_voice = [line(20_000, proposal=1) for _number in range(9)]
    assert check(line(60_000), [], one_voice).others.count == 1  # type: ignore[union-attr]


def test_the_price_of_a_set_is_not_held_against_the_price_of_a_piece() -> None:
    assert kinds(line(60_000, unit="set"), [item(20_000)], history(1, 2, 3, 4, 5)) == ["too_little_data"]


def test_a_line_without_a_unit_is_asked_for_it_and_held_against_nothing() -> None:
    found = check(line(None), [item(1)], history(1, 2, 3, 4, 5))
    assert [flag.kind for flag in found.flags] == ["unit_missing"]
    assert found.reference is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from([COMPUTER, "เครื่องพิมพ์เลเซอร์ ขาวดำ", "L2 Switch 24 port", "L2 Switch 48 port"]),
            st.one_of(st.none(), st.floats(1, 1e6)),
            st.integers(0, 6),
            st.sampled_from(["piece", "set"]),
        ),
        max_size=25,
    )
)
def test_the_book_of_all_lines_says_of_each_what_looking_at_it_alone_says(rows: list[Any]) -> None:
    lines = [line(price, name, proposal, unit) for name, price, proposal, unit in rows]
    references = [item(20_000), item(5_000, name="เครื่องพิมพ์เลเซอร์ ขาวดำ")]
    book = Book(lines, references)
    for one in lines:
        alone, together = check(one, references, lines), book.check(one)
        assert [(flag.kind, flag.facts) for flag in alone.flags] == [
            (f.kind, f.facts) for f in together.flags
        ]
