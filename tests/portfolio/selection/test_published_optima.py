"""Published optima are met: the files beside the checkout, and small ones of our own checked by trying everything."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest
from benchmarks.published_optima import Unreadable, front, main, read_biobjective, read_front, read_mknap

TWO = """2
 3 2 {first}
 10 20
 30
 1 2 3
 2 2 2
 5 4
2 1   0   7 8   3 4   4
"""


def test_the_seven_published_optima_of_mknap1_are_met(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(shared_data / "portfolio" / "mknap" / "mknap1.txt")]) == 0
    assert capsys.readouterr().out.count(" equal ") == 7


@pytest.mark.slow
def test_published_fronts_are_met_point_by_point(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = sorted((shared_data / "portfolio" / "mknap" / "biobjective").glob("*.dat"))
    assert main([str(path) for path in files]) == 0
    assert capsys.readouterr().out.count(" equal ") == len(files) > 0


def test_a_file_with_any_layout_of_blanks_is_read_whole() -> None:
    first, second = read_mknap(TWO.format(first=50))
    assert first.profits == (10, 20, 30)
    assert first.weights == ((1, 2, 3), (2, 2, 2))
    assert first.capacities == (5, 4)
    assert second.published is None
    assert read_mknap(" ".join(TWO.format(first=50).split())) == [first, second]
    assert read_mknap("3 1 0\n1 2 3 4 5 6 7")[0].capacities == (7,)


@pytest.mark.parametrize("text", ["", "no numbers", "2\n 3 2 50\n 10 20 30", TWO + " 17"])
def test_a_file_that_is_not_whole_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read_mknap(text.replace("{first}", "50"))


def test_found_and_published_are_compared_and_told_by_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    right, wrong, broken = (tmp_path / name for name in ("right.txt", "wrong.txt", "broken.txt"))
    right.write_text(TWO.format(first=50))
    wrong.write_text(TWO.format(first=60))
    broken.write_text("9 9")
    assert main([str(right)]) == 0
    assert "1 equal, 0 differ, 1 without" in capsys.readouterr().out
    assert main([str(wrong)]) == 1
    assert "DIFFERS" in capsys.readouterr().out
    assert main([str(right), str(broken)]) == 2
    assert main([str(tmp_path / "missing.txt")]) == 2


def test_a_wrong_or_missing_front_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "own.dat"
    path.write_text(
        "# N\n2\n# P\n2\n# K\n1\n# Objectif 1\n5\n1\n# Objectif 2\n1\n5\n# Contrainte 1\n1\n1\n\n1\n"
    )
    assert main([str(path)]) == 0
    assert "unknown" in capsys.readouterr().out
    path.with_suffix(".min").write_text("5 1\n1   5\n")
    assert main([str(path), str(path.with_suffix(".min"))]) == 0
    path.with_suffix(".min").write_text("5 1\n2 5\n")
    assert main([str(path)]) == 1
    assert "1 missing, 1 too many" in capsys.readouterr().out


@pytest.mark.parametrize("seed", range(6))
def test_fronts_of_small_problems_are_those_of_trying_everything(seed: int) -> None:
    dice = random.Random(seed)
    items, rows = 8, 2
    lists = [[dice.randint(1, 20) for _item in range(items)] for _part in range(2 + rows)]
    capacities = [sum(weights) // 2 for weights in lists[2:]]
    text = f"{items} 2 {rows}\n" + "\n".join(" ".join(map(str, one)) for one in [*lists, capacities])
    points = set()
    for chosen in itertools.product((0, 1), repeat=items):
        sums = [sum(value for value, held in zip(one, chosen, strict=True) if held) for one in lists]
        if all(used <= capacity for used, capacity in zip(sums[2:], capacities, strict=True)):
            points.add((sums[0], sums[1]))
    best = {one for one in points if not any(other != one and other[0] >= one[0] and other[1] >= one[1] for other in points)}  # fmt: skip  # noqa: E501
    assert front(read_biobjective(text), 60) == (best, True)


def test_a_front_is_read_as_pairs() -> None:
    assert read_front(" 1 2\n\n3\t4 ") == {(1, 2), (3, 4)}
    with pytest.raises(Unreadable):
        read_front("1 2 3")
