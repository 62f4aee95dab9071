"""The arithmetic of a plan, by hand and as rules that hold for any numbers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from prasan.portfolio.consolidation_savings import (
    Member,
    Numbers,
    Range,
    expected,
    moved_by,
    payback_years,
    realised,
    year_lines,
)

D = Decimal
IN_USE = Member({2570: D(1000), 2571: D(1000)}, 50, 90, gradual=True)


def test_what_is_in_use_ends_as_its_users_move() -> None:
    numbers = Numbers(
        [IN_USE], {2570: D(300)}, {2571: D(100)}, [(date(2027, 1, 1), 40), (date(2027, 12, 1), 100)]
    )
    first, second = year_lines(numbers)
    assert (first.moved_before, first.moved_after, second.moved_before, second.moved_after) == (
        0,
        40,
        40,
        100,
    )
    assert first.gross == Range(D(0), D(360))
    assert first.net == Range(D(-300), D(60))
    assert second.gross == Range(D(200), D(900))
    assert second.net == Range(D(100), D(800))
    assert second.total == Range(D(-200), D(860))


def test_what_is_only_asked_for_ends_at_once() -> None:
    asked = Member({2570: D(1000)}, 100, 100, gradual=False)
    (line,) = year_lines(Numbers([asked]))
    assert line.gross == Range(D(1000), D(1000))


def test_the_first_of_october_is_the_new_year() -> None:
    moves = [(date(2026, 9, 30), 30), (date(2026, 10, 1), 60)]
    assert moved_by(moves, date(2026, 9, 30)) == 30
    line = year_lines(Numbers([Member({2570: D(100)}, 100, 100, gradual=True)], migration=moves))[0]
    assert (line.moved_before, line.moved_after) == (30, 60)


def test_a_year_that_is_told_counts_as_it_was_and_not_as_expected_any_more() -> None:
    numbers = Numbers(
        [IN_USE], {2570: D(300)}, {}, [(date(2026, 1, 1), 100)], actuals={2570: (D(450), D(350))}
    )
    lines = year_lines(numbers)
    assert realised(lines) == D(200)
    assert expected(lines) == Range(D(500), D(900))
    assert lines[1].total == Range(D(700), D(1100))


def test_a_plan_that_cost_more_than_it_saved_says_so() -> None:
    lines = year_lines(Numbers([IN_USE], actuals={2570: (D(1000), D(250))}))
    assert realised(lines) == D(-250)


def test_payback_is_the_year_from_which_on_the_sum_stays_above_what_was_spent() -> None:
    numbers = Numbers([IN_USE], {2570: D(1000)}, {}, [(date(2026, 1, 1), 100)])
    assert payback_years(year_lines(numbers)) == (2571, 2571)
    dear = Numbers([IN_USE], {2570: D(1500)}, {}, [(date(2026, 1, 1), 100)])
    assert payback_years(year_lines(dear)) == (2571, None)
    relapse = Numbers([IN_USE], {2571: D(5000)}, {}, [(date(2026, 1, 1), 100)])
    assert payback_years(year_lines(relapse)) == (None, None)


baht = st.integers(0, 10**9).map(D)
years = st.integers(2570, 2574)
percents = st.tuples(st.integers(0, 100), st.integers(0, 100)).map(sorted)


@st.composite
def members(draw: st.DrawFn) -> Member:
    low, high = draw(percents)
    return Member(draw(st.dictionaries(years, baht)), low, high, draw(st.booleans()))


moves = st.lists(
    st.tuples(st.dates(date(2026, 1, 1), date(2031, 12, 31)), st.integers(0, 100)), max_size=5
).map(lambda rows: list(zip(sorted(day for day, _s in rows), sorted(s for _d, s in rows), strict=True)))
plans = st.builds(
    Numbers,
    st.lists(members(), max_size=4),
    st.dictionaries(years, baht),
    st.dictionaries(years, baht),
    moves,
)


@given(plans)
def test_nothing_saves_more_than_its_baseline_and_low_never_passes_high(numbers: Numbers) -> None:
    for line in year_lines(numbers):
        assert D(0) <= line.gross.low <= line.gross.high <= line.baseline
        assert line.net.high <= line.gross.high


@given(plans, years, baht, baht)
def test_each_year_stands_in_one_sum_only(numbers: Numbers, year: int, members_spent: D, platform: D) -> None:
    before = year_lines(numbers)
    after = year_lines(
        Numbers(
            numbers.members,
            numbers.one_off,
            numbers.yearly,
            numbers.migration,
            {year: (members_spent, platform)},
        )
    )
    told = [line for line in before if line.year == year]
    assert expected(after).low == expected(before).low - sum(line.net.low for line in told)
    assert realised(after) == sum(line.baseline - members_spent - platform for line in told)
