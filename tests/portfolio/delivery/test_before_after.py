"""Before and after against comparable districts, on made-up series in which the truth is known."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from prasan.portfolio.before_after import COMPARED, Answer, Finding, compare

MONTHS, CHANGE = 30, 18
Series = dict[str, list[float | None]]


def made(seed: int, effect: float, treated: int = 1, months: int = MONTHS) -> tuple[Series, list[str]]:
    """Complaints of 50 districts: own level, own trend, a common season, chance; `effect` is the share taken off."""
    draw = np.random.default_rng(seed)
    level, trend = draw.lognormal(4, 0.6, 50), draw.normal(0, 0.008, 50)
    time = np.arange(months)
    season = 1 + 0.3 * np.sin(2 * np.pi * time / 12)
    expected = (
        level[:, None] * np.exp(trend[:, None] * time) * season * np.exp(draw.normal(0, 0.12, (50, months)))
    )
    chosen = draw.choice(50, treated, replace=False)
    expected[chosen, CHANGE:] *= 1 - effect
    counts = draw.poisson(expected)
    series: Series = {f"{1001 + row}": [float(one) for one in counts[row]] for row in range(50)}
    return series, [f"{1001 + row}" for row in chosen]


def found(effect: float, treated: int, runs: int) -> Counter[Finding]:
    return Counter(compare(*made(seed, effect, treated), CHANGE).finding for seed in range(runs))


@pytest.mark.parametrize(("treated", "runs"), [(1, 200), (4, 60)])
def test_where_nothing_happened_it_says_so_in_nine_runs_of_ten(treated: int, runs: int) -> None:
    assert found(0, treated, runs)[Finding.NO_DIFFERENCE] >= 0.9 * runs


@pytest.mark.parametrize(("treated", "effect"), [(1, 0.5), (4, 0.3)])
def test_a_clear_fall_is_found_and_never_called_a_rise(treated: int, effect: float) -> None:
    counted = found(effect, treated, 40)
    assert counted[Finding.FELL_MORE] >= 0.9 * 40
    assert counted[Finding.ROSE_MORE] == 0


def test_the_range_holds_the_true_difference_about_as_often_as_it_says() -> None:
    held = 0
    for seed in range(100):
        series, treated = made(seed, 0)
        own = [100.0 + value if value is not None else None for value in series[treated[0]][CHANGE:]]
        series[treated[0]] = [*series[treated[0]][:CHANGE], *own]
        answer = compare(series, treated, CHANGE)
        held += answer.low <= 100 <= answer.high
    assert held >= 88


def test_a_fall_that_all_districts_share_is_no_difference() -> None:
    series, treated = made(3, 0)
    halved: Series = {
        code: [*values[:CHANGE], *(value / 2 if value is not None else None for value in values[CHANGE:])]
        for code, values in series.items()
    }
    answer = compare(halved, treated, CHANGE)
    assert answer.finding == Finding.NO_DIFFERENCE
    assert answer.after < 0.7 * answer.before


def test_comparable_are_those_near_in_level_and_trend() -> None:
    flat: list[float | None] = [100.0 + month % 2 for month in range(MONTHS)]
    series: Series = {
        f"near{number}": [(value or 0) + number for value in flat] for number in range(COMPARED)
    }
    series |= {f"far{number}": [(value or 0) * 10 for value in flat] for number in range(30)}
    series |= {
        f"steep{number}": [100.0 + 4 * (month - 11.5) for month in range(MONTHS)] for number in range(10)
    }
    answer = compare(series | {"own": flat}, ["own"], CHANGE)
    assert answer.comparable == tuple(f"near{number}" for number in range(COMPARED))


def test_districts_with_a_project_of_their_own_are_compared_with_nothing() -> None:
    series, treated = made(5, 0)
    first = compare(series, treated, CHANGE)
    second = compare(series, treated, CHANGE, spoilt=first.comparable[:3])
    assert not set(first.comparable[:3]) & set(second.comparable)


def test_the_same_numbers_give_the_same_answer() -> None:
    series, treated = made(7, 0.2, 3)
    assert compare(series, treated, CHANGE) == compare(dict(reversed(series.items())), treated[::-1], CHANGE)


@pytest.mark.parametrize(
    ("months", "change", "why"), [(23, 18, "after"), (30, 11, "before"), (18, 18, "after"), (0, 5, "after")]
)
def test_too_few_months_are_said_to_be_too_few(months: int, change: int, why: str) -> None:
    series, treated = made(1, 0.5)
    cut: Series = {code: values[:months] for code, values in series.items()}
    answer = compare(cut, treated, change)
    assert (answer.finding, answer.why) == (Finding.TOO_LITTLE, why)


def test_a_month_without_a_value_leaves_a_district_out() -> None:
    series, treated = made(2, 0)
    series[treated[0]][10] = None
    assert compare(series, treated, CHANGE).why == "before"
    series, treated = made(2, 0)
    for code in [code for code in series if code not in treated][:31]:
        series[code][20] = None
    assert compare(series, treated, CHANGE).why == "comparable"


def test_series_that_never_move_break_nothing() -> None:
    series: Series = {f"{number:02}": [5.0] * MONTHS for number in range(40)}
    answer = compare(series, ["03"], CHANGE)
    nearest = ("00", "01", "02", "04", "05", "06", "07", "08")
    assert answer == Answer(Finding.NO_DIFFERENCE, 12, nearest, 5, 5, 5, 5, 0, 0, 0, 39)
