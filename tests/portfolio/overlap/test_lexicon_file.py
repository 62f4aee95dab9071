"""`prasan city check` and the city's concepts.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from prasan.portfolio.overlap import Lexicon
from prasan.portfolio.overlap.lexicon_file import check_lexicon
from tests.portfolio.overlap.conftest import PROJECT


def test_bangkoks_lexicon_has_no_faults_and_is_broad(lexicon: Lexicon) -> None:
    assert check_lexicon(PROJECT / "cities" / "bangkok") == []
    assert len(lexicon.concepts) >= 300
    assert all(concept.also for concept in lexicon.concepts)


def test_a_city_may_do_without(tmp_path: Path) -> None:
    assert check_lexicon(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("concepts:\n  - {code: a.b, kind: function, name_th: ก}\n", "concepts.yaml:2 name_en"),
        ("concepts:\n  - {code: a.b, kind: thing, name_th: ก, name_en: A}\n", "concepts.yaml:2 kind"),
        (
            "concepts:\n  - {code: a.b, kind: data, name_th: ก, name_en: A, near: [x]}\n",
            "concepts.yaml:2 near",
        ),
        ("concepts:\n  - {code: a.b, kind: data, name_th: ก, name_en: A, also: x}\n", "concepts.yaml:2 also"),
        ("words: {people: [[ก, ข], [ค, ข]]}\nconcepts: []\n", "concepts.yaml:1 people"),
        ("words: []\nconcepts: []\n", "concepts.yaml:1 words"),
        ("plain: [ก]\n", "concepts.yaml:1 concepts"),
        ("concepts: [", "concepts.yaml:1"),
    ],
)
def test_faults_are_told_with_their_line(tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / "concepts.yaml").write_text(text, encoding="utf-8")
    assert place in [fault.place for fault in check_lexicon(tmp_path)]


def test_a_code_given_twice_is_a_fault(tmp_path: Path) -> None:
    line = "  - {code: a.b, kind: data, name_th: ก, name_en: A}\n"
    (tmp_path / "concepts.yaml").write_text("concepts:\n" + line + line, encoding="utf-8")
    assert [fault.text("en") for fault in check_lexicon(tmp_path)] == ["“a.b” is given twice."]
