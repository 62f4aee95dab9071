"""`prasan portfolio …`."""

from __future__ import annotations

from typing import Any

from prasan.portfolio import (
    delivery_commands,
    overlap_commands,
    prices_commands,
    proposals_commands,
    systems_commands,
)

Subparsers = Any  # argparse keeps the type private


def add_parsers(verbs: Subparsers) -> None:
    """Add this module's verbs."""
    systems_commands.add_parsers(verbs)
    proposals_commands.add_parsers(verbs)
    delivery_commands.add_parsers(verbs)
    overlap_commands.add_parsers(verbs)
    prices_commands.add_parsers(verbs)
