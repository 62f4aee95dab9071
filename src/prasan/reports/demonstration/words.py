"""What made-up citizens and officers say: sentences composed from the city's demo.yaml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from prasan.city.rows import CityFilesError, ErrorList, read_yaml

PARTICLE = "%p"  # stands for the polite word that fits the speaker


@dataclass(frozen=True, slots=True)
class Script:
    """What is said about reports of a category. `rain` and `smog` multiply its `weight` on such days."""

    weight: float
    rain: float
    smog: float
    picture: str
    forward: tuple[str, ...]
    problems: tuple[str, ...]
    details: tuple[str, ...]
    fixed: tuple[str, ...]


@dataclass(frozen=True)
class Words:
    """Everything of demo.yaml."""

    lists: Mapping[str, tuple[str, ...]]
    scripts: Mapping[str, Script]
    stories: tuple[Mapping[str, Any], ...]

    def pick(self, rng: Random, name: str) -> str:
        """One of a list's sentences, in some speaker's way."""
        return self.say(rng, rng.choice(self.lists[name]))

    def say(self, rng: Random, sentence: str) -> str:
        """A sentence with the polite word filled in."""
        return sentence.replace(PARTICLE, rng.choice(self.lists["particles"]))

    def report(self, rng: Random, category: str) -> tuple[str, str]:
        """What somebody writes about a problem, and the landmark they name."""
        script = self.scripts[category]
        place, particle = rng.choice(self.lists["places"]), rng.choice(self.lists["particles"])
        parts = [
            rng.choice(script.problems),
            place if rng.random() < 0.7 else f"{rng.choice(self.lists['roads'])} {place}",
            rng.choice(self.lists["since"]),
            rng.choice(script.details) if rng.random() < 0.6 else "",
            rng.choice(self.lists["closings"]),
        ]
        return " ".join(part for part in parts if part).replace(PARTICLE, particle), place


@cache
def load_words(folder: Path) -> Words | None:
    """The demo.yaml of a city; None where it has none. Raises CityFilesError for one that is broken."""
    path = folder / "demo.yaml"
    if not path.exists():
        return None
    faults = ErrorList("demo.yaml")
    given = read_yaml(path, faults)
    if faults:
        raise CityFilesError(list(faults))
    lists = {
        name: tuple(str(one or "") for one in value) for name, value in given.items() if _is_words(value)
    }
    scripts = {code: _script(row) for code, row in given["categories"].items()}
    return Words(lists, scripts, tuple(given.get("stories") or ()))


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(one, Mapping) for one in value)


def _script(row: Mapping[str, Any]) -> Script:
    return Script(
        weight=float(row["weight"]), rain=float(row.get("rain", 1)), smog=float(row.get("smog", 1)),
        picture=str(row["picture"]), forward=_strings(row.get("forward")), problems=_strings(row["problems"]),
        details=_strings(row["details"]), fixed=_strings(row["fixed"]),
    )  # fmt: skip


def _strings(given: Sequence[Any] | None) -> tuple[str, ...]:
    return tuple(str(one) for one in given or ())
