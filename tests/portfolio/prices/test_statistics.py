"""What must hold of the statistics whatever the prices are."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.portfolio.prices.statistics import summarise

prices = st.lists(st.floats(1, 1e7), min_size=1, max_size=40)
near = pytest.approx


@given(prices, st.floats(0.01, 1000))
def test_prices_in_another_unit_of_money_give_the_same_picture_in_that_unit(
    found: list[float], factor: float
) -> None:
    one, other = summarise(found), summarise([price * factor for price in found])
    assert other.median == near(one.median * factor)
    assert other.mad == near(one.mad * factor, abs=1e-6 * factor * one.median)
    assert other.iqr == near(one.iqr * factor, abs=1e-6 * factor * one.median)
    assert other.robust_z(7 * factor) == near(one.robust_z(7), abs=1e-4)


@given(prices, st.floats(0, 1e6))
def test_a_sum_on_top_of_every_price_moves_the_median_and_not_the_spread(
    found: list[float], more: float
) -> None:
    one, other = summarise(found), summarise([price + more for price in found])
    assert other.median == near(one.median + more)
    assert other.mad == near(one.mad, abs=1e-5 * (one.median + more))
    assert other.iqr == near(one.iqr, abs=1e-5 * (one.median + more))


@given(prices)
def test_the_order_of_prices_says_nothing(found: list[float]) -> None:
    assert summarise(found) == summarise(sorted(found, reverse=True))


@given(st.lists(st.floats(90, 110), min_size=7, max_size=30), st.floats(1e4, 1e9))
def test_one_absurd_price_hardly_moves_what_is_typical(found: list[float], absurd: float) -> None:
    with_it = summarise([*found, absurd])
    assert 90 <= with_it.median <= 110
    assert with_it.mad <= 20
    assert with_it.robust_z(absurd) > 100


@given(st.lists(st.floats(90, 110), min_size=9, max_size=30), st.data())
def test_less_than_half_absurd_prices_never_carry_the_median_away(
    found: list[float], data: st.DataObject
) -> None:
    absurd = data.draw(st.lists(st.floats(1e6, 1e9), max_size=(len(found) - 1) // 2))
    assert 90 <= summarise([*found, *absurd]).median <= 110


@given(prices)
def test_the_median_lies_between_the_quartiles_and_they_between_the_extremes(found: list[float]) -> None:
    one = summarise(found)
    slack = 1e-9 * max(found)
    assert min(found) - slack <= one.low_quartile <= one.median + slack
    assert one.median - slack <= one.high_quartile <= max(found) + slack


def test_where_all_paid_the_same_a_little_more_is_no_wonder_and_double_is() -> None:
    one = summarise([100.0] * 9)
    assert one.robust_z(105) == near(1.0)
    assert one.robust_z(200) == near(20.0)


def test_by_hand() -> None:
    one = summarise([10, 12, 14, 16, 100])
    assert (one.count, one.median, one.low_quartile, one.high_quartile, one.mad) == (5, 14, 12, 16, 2)


@pytest.mark.parametrize("bad", [[], [math.nan], [1.0, math.inf]])
def test_no_price_and_no_number_are_refused(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="price"):
        summarise(bad)
