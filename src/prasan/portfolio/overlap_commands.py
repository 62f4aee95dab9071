"""`prasan portfolio screen`: which proposals repeat each other or a system; no database, no Django."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prasan.portfolio.overlap.items import Item, Kind, Match
    from prasan.portfolio.overlap.lexicon import Lexicon

Subparsers = Any  # argparse keeps the type private


def add_parsers(verbs: Subparsers) -> None:
    """Add screen."""
    screen = verbs.add_parser("screen", help="find proposals that repeat each other or a system the city has")
    screen.add_argument("--systems", type=Path, required=True, help="CSV of systems")
    screen.add_argument("--proposals", type=Path, required=True, help="CSV of proposals")
    screen.add_argument("--out", type=Path, required=True, help="CSV of pairs to write")
    screen.add_argument("--city", type=Path, help="folder with concepts.yaml (the city of this installation)")
    screen.add_argument("--limit", type=int, default=10, help="nearest ones told of each proposal (10)")
    screen.add_argument("--json", action="store_true", help="print the numbers as JSON and nothing else")
    screen.set_defaults(run=run_screen)


def run_screen(given: argparse.Namespace) -> int:
    """0; 2 with a sentence when a file can't be used."""
    from prasan.portfolio.overlap.files import FileError, read_proposals, read_systems, write_pairs
    from prasan.portfolio.overlap.lexicon import load_lexicon

    start = time.perf_counter()
    try:
        systems, proposals = read_systems(given.systems), read_proposals(given.proposals)
        lexicon = load_lexicon(given.city or _city())
        pairs = list(screened(proposals, systems, lexicon, limit=max(1, given.limit)))
        names = {concept.code: concept.name_th for concept in lexicon.concepts}
        write_pairs(given.out, pairs, names)
    except (FileError, OSError) as error:
        print(f"prasan: {error}", file=sys.stderr)
        return 2
    told = _counts(systems, proposals, pairs, time.perf_counter() - start)
    if given.json:
        print(json.dumps(told))
    else:
        flagged = ", ".join(f"{kind} {count}" for kind, count in told["flagged"].items()) or "nothing"
        print(f"{given.out}: {told['pairs']:,} pairs in {told['seconds']} s; flagged: {flagged}")
    return 0


def screened(proposals: list[Item], systems: list[Item], lexicon: Lexicon, *, limit: int) -> Iterator[Match]:
    """The nearest of each proposal, in the order of proposals and likeness; two that are near each other stand twice.

    A code that a proposal and a system share is an error of the files that the pairs could not show: FileError.
    """
    from prasan.portfolio.overlap.corpus import build_corpus, taken
    from prasan.portfolio.overlap.files import FileError
    from prasan.portfolio.overlap.scoring import screen

    both = {item.code for item in proposals} & {item.code for item in systems}
    if both:
        raise FileError(f"the code {min(both)} is both a proposal's and a system's")
    corpus = build_corpus([*proposals, *systems], lexicon)
    known = {item.code for item in systems}
    for row in screen(taken(corpus, len(proposals)), corpus, limit=limit):
        yield from (replace(match, kind=_told_kind(match, match.right in known)) for match in row)


def _told_kind(match: Match, system: bool) -> Kind:
    """The file knows four kinds: an unflagged pair tells what it would be."""
    if match.kind != "none":
        return match.kind
    return "existing_system" if system else "same_function"


def _counts(systems: list[Item], proposals: list[Item], pairs: list[Match], seconds: float) -> dict[str, Any]:
    pairs = list({frozenset((match.left, match.right)): match for match in pairs}.values())
    return {
        "systems": len(systems),
        "proposals": len(proposals),
        "pairs": len(pairs),
        "flagged": dict(sorted(Counter(match.kind for match in pairs if match.flagged).items())),
        "kinds": dict(sorted(Counter(match.kind for match in pairs).items())),
        "seconds": round(seconds, 2),
    }


def _city() -> Path:
    """The city's folder as the settings have it, read without them."""
    from prasan.fabric.paths import PROJECT

    return Path(os.environ.get("PRASAN_CITY", PROJECT / "cities" / "bangkok")).absolute()
