"""Who takes a citizen's personal data out of its own rows. Each module registers in `AppConfig.ready`."""

from __future__ import annotations

from collections.abc import Callable

Function = Callable[[int], int]
_erasers: dict[str, Function] = {}


def register(name: str, function: Function) -> None:
    """Add an eraser: `function(citizen_id)` anonymises the module's rows and returns how many.

    It runs inside the transaction of the erasure, so it does all or raises; files go after commit.
    """
    _erasers[name] = function


def run(citizen_id: int) -> dict[str, int]:
    """Call every eraser; how many rows each changed, by name."""
    return {name: _erasers[name](citizen_id) for name in sorted(_erasers)}
