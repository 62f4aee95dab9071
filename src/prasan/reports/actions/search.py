"""The words by which a report is found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from prasan.fabric.thai import words
from prasan.reports.models import Report

LONGEST_WORD = 500  # letters; PostgreSQL takes 2,046 bytes, three a Thai letter
MOST_PLACES = 255  # of one word, PostgreSQL's own limit
LAST_PLACE = 16383


def search_vector(report: Report) -> str:
    """Words of the public text, the address and the code as a tsvector, in PostgreSQL's input form.

    The same that `to_tsvector('simple', …)` makes of the words joined by blanks, without its parsing a second time.
    """
    return vector_of([*words(f"{report.public_text} {report.address}"), report.code.lower()])


def vector_of(found: Iterable[str]) -> str:
    """Words in order, as `fabric.thai.words` gives them, as a tsvector."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, word in enumerate(found, start=1):
        if len(word) <= LONGEST_WORD and len(places[word]) < MOST_PLACES:
            places[word].append(min(place, LAST_PLACE))
    return " ".join(f"'{word}':{','.join(map(str, at))}" for word, at in places.items() if at)
