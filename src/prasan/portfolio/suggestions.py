"""What the form offers before a person decides: policies that a text seems to answer, names of the city's numbers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from prasan.fabric.thai import words
from prasan.portfolio.queries.evidence import indicator_names
from prasan.portfolio.tiers import portfolio_rules

SUGGESTED = 4
LEAST = 0.12  # of a policy's own weight that the text must cover
INDICATORS: Mapping[str, Any] = {
    "reports.received": _("Complaints received"),
    "reports.open": _("Complaints still open"),
    "reports.fix_median": _("Median hours until a complaint is fixed"),
}
COMMON = frozenset(
    "และ หรือ ที่ ใน ของ ให้ การ เพื่อ โดย กับ เป็น มี ได้ จาก ด้วย ทุก ระบบ พัฒนา โครงการ กรุงเทพฯ กทม the and of to for in".split()  # noqa: SIM905
)


@cache
def _weighed() -> tuple[dict[str, float], dict[str, frozenset[str]]]:
    """How telling each word of the policies is, and the words of each policy."""
    taken = {
        code: frozenset(
            word for word in words(f"{one.name_th} {one.name_en}") if len(word) > 1 and word not in COMMON
        )
        for code, one in portfolio_rules().policies.items()
    }
    counts = Counter(word for own in taken.values() for word in own)
    weights = {word: math.log(1 + len(taken) / count) for word, count in counts.items()}
    return weights, taken


def policies_for(text: str, limit: int = SUGGESTED) -> list[str]:
    """Codes of the policies whose names share the most telling words with a text, best first; a person confirms."""
    own = set(words(text))
    if not own:
        return []
    weights, taken = _weighed()
    found = []
    for code, named in taken.items():
        shared = named & own
        total = sum(weights[word] for word in named)
        # One common word is no likeness: two words, or one that hardly any other policy has.
        if len(shared) > 1 or any(weights[word] > 4.5 for word in shared):
            score = sum(weights[word] for word in shared) / math.sqrt(total)
            if total and sum(weights[word] for word in shared) >= LEAST * total:
                found.append((score, code))
    return [code for _score, code in sorted(found, key=lambda one: (-one[0], one[1]))[:limit]]


def indicator_label(name: str) -> str:
    """What a number of the city is called; its own name where nobody gave it a word."""
    return str(INDICATORS.get(name, name))


def indicator_choices() -> list[tuple[str, str]]:
    """The city's numbers with their names. One statement."""
    return [(name, indicator_label(name)) for name in indicator_names()]
