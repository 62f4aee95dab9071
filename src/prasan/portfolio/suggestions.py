"""What the form offers before a person decides: policies that a text seems to answer, names of the city's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from prasan.portfolio.overlap import Corpus, Item, build_corpus, nearest
from prasan.portfolio.queries.evidence import indicator_names
from prasan.portfolio.queries.likeness import lexicon
from prasan.portfolio.tiers import portfolio_rules

SUGGESTED = 4
LIKELY = 0.1
SAME_WORDS = 0.35
INDICATORS: Mapping[str, Any] = {
    "reports.received": _("Complaints received"),
    "reports.open": _("Complaints still open"),
    "reports.fix_median": _("Median hours until a complaint is fixed"),
}


@cache
def _corpus() -> Corpus:
    """The governor's policies as texts to compare with; a dimension's name says too little to be suggested."""
    policies = portfolio_rules().policies.values()
    named = (one for one in policies if one.dimensions != (one.code,))
    items = (Item(code=one.code, title=one.name_th, title_en=one.name_en, sort="system") for one in named)
    return build_corpus(items, lexicon())


def policies_for(text: str, limit: int = SUGGESTED) -> list[str]:
    """Codes of the policies that a text seems to answer, likeliest first; a person confirms.

    By the concepts of the city's lexicon, so that แพทย์ทางไกล finds Telemedicine, and by shared words.
    """
    corpus = _corpus()
    if not text.strip() or not len(corpus):
        return []
    found = nearest(Item(code="", title=text), corpus, limit=limit)
    return [one.right for one in found if one.score >= LIKELY or one.features.get("words", 0) >= SAME_WORDS]


def indicator_label(name: str) -> str:
    """What a number of the city is called; its own name where nobody gave it a word."""
    return str(INDICATORS.get(name, name))


def indicator_choices() -> list[tuple[str, str]]:
    """The city's numbers with their names. One statement."""
    return [(name, indicator_label(name)) for name in indicator_names()]
