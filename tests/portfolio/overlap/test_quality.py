"""How well the screening does on texts of which people said what they have to do with each other.

Thresholds lie a little under what is reached (docs/overlap.md), so that a change for the worse is seen.
"""

from __future__ import annotations

import csv

import pytest

from prasan.portfolio.overlap import Item, Lexicon
from prasan.portfolio.overlap.files import read_proposals, read_systems
from prasan.portfolio.overlap_commands import screened
from tests.portfolio.overlap.conftest import PROJECT, Judged, judged, pair, rows_of

BUDGET_LINES = PROJECT.parent / "shared" / "data" / "portfolio" / "thai_it_items_fy2565.csv"


@pytest.fixture(scope="module", params=["tune", "held"])
def own(request: pytest.FixtureRequest, lexicon: Lexicon) -> Judged:
    return judged(request.param).screen(lexicon)


@pytest.fixture(scope="module")
def demo(lexicon: Lexicon) -> Judged:
    """The demonstration city's texts and the pairs that another hand labelled."""
    folder = PROJECT / "cities" / "bangkok" / "demo"
    items = [*read_proposals(folder / "proposals.csv"), *read_systems(folder / "systems.csv")]
    rows = rows_of(PROJECT / "tests" / "portfolio" / "labelled" / "pairs.csv")
    truth = {pair(row["left_code"], row["right_code"]): row["kind"] for row in rows}
    return Judged(items, truth).screen(lexicon)


def test_a_proposal_sees_its_partner_among_the_five_nearest(own: Judged) -> None:
    assert own.partner_in(5) >= 0.95


def test_flags_are_mostly_right_and_find_most(own: Judged) -> None:
    assert own.precision() >= 0.85
    assert own.recall("same_function") >= 0.85
    assert own.recall("existing_system") >= 0.9


def test_lookalikes_are_left_alone(own: Judged) -> None:
    assert own.recall("lookalike") <= 0.1


def test_goods_and_continuations_are_told_apart_and_not_flagged(own: Judged) -> None:
    assert own.kinds("commodity") >= 0.8
    assert own.recall("commodity") == 0


def test_texts_written_after_all_tuning_are_judged_too(lexicon: Lexicon) -> None:
    fresh = judged("fresh").screen(lexicon)
    assert fresh.partner_in(5) >= 0.92
    assert fresh.precision() >= 0.9
    assert fresh.recall("same_function") >= 0.75
    assert fresh.recall("existing_system") >= 0.75


def test_texts_of_another_hand_are_judged_as_well(demo: Judged) -> None:
    assert demo.partner_in(5) >= 0.93
    assert demo.precision() >= 0.8
    assert demo.recall("same_function") >= 0.8
    assert demo.recall("existing_system") >= 0.85
    assert demo.recall("lookalike") <= 0.1
    assert demo.recall("commodity") <= 0.05
    assert demo.recall("continuation") <= 0.05
    assert demo.kinds("continuation") >= 0.9


@pytest.mark.skipif(
    not BUDGET_LINES.exists(), reason="the national budget's lines are not carried in the project"
)
def test_running_costs_of_the_national_budget_are_no_same_function(lexicon: Lexicon) -> None:
    with BUDGET_LINES.open(encoding="utf-8-sig", newline="") as file:
        items = [
            Item(f"{number}", row["description"], agency_name=row["unit"])
            for number, row in enumerate(csv.DictReader(file))
            if row["description"]
        ]
    flagged = [match for match in screened(items, [], lexicon, limit=10) if match.flagged]
    touched = {code for match in flagged for code in (match.left, match.right)}
    assert len(touched) <= 0.04 * len(items)
