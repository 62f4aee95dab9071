"""The integration graph as coordinates: from left to right, nothing on top of another, whatever is connected."""

from __future__ import annotations

import re
import time

from hypothesis import given
from hypothesis import strategies as st

from prasan.portfolio.network_drawing import BOX, TALLEST, Drawing, draw

PAIRS = st.lists(
    st.tuples(st.integers(0, 14), st.integers(0, 14)).filter(lambda pair: pair[0] != pair[1]),
    min_size=1,
    max_size=40,
)


def ends(path: str) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where a path begins and ends."""
    numbers = [float(number) for number in re.findall(r"-?\d+", path)]
    return (numbers[0], numbers[1]), (numbers[-2], numbers[-1])


def test_who_gives_stands_left_of_who_gets() -> None:
    drawn = draw([("a", "b"), ("b", "c"), ("a", "c")], width=2000)
    assert drawn.boxes["a"][0] < drawn.boxes["b"][0] < drawn.boxes["c"][0]


def test_a_circle_is_drawn_too() -> None:
    drawn = draw([("a", "b"), ("b", "c"), ("c", "a")], width=2000)
    assert set(drawn.boxes) == {"a", "b", "c"}
    assert len(drawn.arrows) == 3


def test_parts_that_are_not_connected_stand_apart_and_wrap_at_the_width() -> None:
    drawn = draw([("a", "b"), ("c", "d"), ("e", "f")], width=950)
    assert drawn.boxes["a"][1] == drawn.boxes["c"][1] < drawn.boxes["e"][1]
    assert drawn.width <= 950


def test_a_layer_is_no_taller_than_a_window() -> None:
    drawn = draw([("hub", f"leaf{number}") for number in range(40)], width=2000)
    columns = {x for x, _y in drawn.boxes.values()}
    assert all(sum(x == column for x, _y in drawn.boxes.values()) <= TALLEST for column in columns)


@given(PAIRS)
def test_boxes_never_overlap_and_arrows_join_their_boxes(pairs: list[tuple[int, int]]) -> None:
    named = [(str(one), str(other)) for one, other in pairs]
    drawn = draw(named, width=1200)
    assert set(drawn.boxes) == {code for pair in named for code in pair}
    assert set(drawn.arrows) == set(named)
    places = list(drawn.boxes.values())
    for number, (x, y) in enumerate(places):
        assert 0 <= x <= drawn.width - BOX[0]
        assert 0 <= y <= drawn.height - BOX[1]
        assert not any(abs(x - left) < BOX[0] and abs(y - top) < BOX[1] for left, top in places[number + 1 :])
    for (one, other), path in drawn.arrows.items():
        begins, stops = ends(path)
        assert touches(begins, drawn, one)
        assert touches(stops, drawn, other)


def touches(point: tuple[float, float], drawn: Drawing, code: str) -> bool:
    """Whether a point lies on the left or right edge of a box, but for rounding."""
    x, y = drawn.boxes[code]
    return min(abs(point[0] - x), abs(point[0] - x - BOX[0])) <= 1 and abs(point[1] - y - BOX[1] / 2) <= 1


def test_the_same_connections_are_drawn_the_same() -> None:
    pairs = [(str(number % 7), str(number % 5 + 7)) for number in range(30)]
    assert draw(pairs, width=1200) == draw(pairs[::-1], width=1200)


def test_as_many_as_are_drawn_take_no_time_that_one_notices() -> None:
    pairs = [(f"{number % 150:03}", f"{(number * 7 + 1) % 150:03}") for number in range(400)]
    began = time.perf_counter()
    draw(pairs, width=1240)
    assert time.perf_counter() - began < 2
