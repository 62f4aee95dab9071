"""What `prasan doctor` asks of each outside part. Modules and plugins register theirs in their checks.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from django.utils.module_loading import autodiscover_modules

Level = Literal["good", "warning", "error"]


@dataclass(frozen=True)
class Result:
    """How a part is, in a sentence that says what to do when it is not good."""

    level: Level
    text: str

    @classmethod
    def good(cls, text: str) -> Result:
        return cls("good", text)

    @classmethod
    def warning(cls, text: str) -> Result:
        return cls("warning", text)

    @classmethod
    def error(cls, text: str) -> Result:
        return cls("error", text)


Check = Callable[[], Result]
_checks: dict[str, Check] = {}


def register(name: str) -> Callable[[Check], Check]:
    """Register a check under the name of the part it looks at."""

    def add(check: Check) -> Check:
        if name in _checks:
            raise ValueError(f"two checks are called {name}")
        _checks[name] = check
        return check

    return add


def run() -> list[tuple[str, Result]]:
    """Every check's result, in the order of registration; one that fails itself is an error, not the end."""
    from prasan.fabric import doctor  # noqa: F401 — the fabric's own

    autodiscover_modules("checks")
    return [(name, _run(check)) for name, check in _checks.items()]


def _run(check: Check) -> Result:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 — the doctor looks at broken things
        return Result.error(f"{type(error).__name__}: {error}")
