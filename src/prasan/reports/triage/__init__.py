"""Category suggestions from the words of a report.

These three functions are all that other modules need. Nothing here touches Django or a database; numpy and the
shipped model (about 20 MB of memory) are loaded when the first text comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prasan.reports.triage.model import Suggestion as Suggestion  # callers name it in their types


def suggest(text: str) -> Suggestion:
    """Categories for one report's text."""
    from prasan.reports.triage.model import shipped_model

    return shipped_model().suggest(text)


def suggest_many(texts: Sequence[str]) -> list[Suggestion]:
    """Categories for many texts, in their order; faster per text than `suggest`."""
    from prasan.reports.triage.model import shipped_model

    return shipped_model().suggest_many(texts)


def explain(text: str, category: str) -> tuple[str, ...]:
    """The words of `text` that speak most for `category`, weightiest first; ValueError if it is unknown."""
    from prasan.reports.triage.model import shipped_model

    return shipped_model().explain(text, category)
