"""What other modules show on a citizen's own page. Each registers its panels in `AppConfig.ready`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from prasan.fabric.actors import Actor


@dataclass(frozen=True, slots=True)
class Panel:
    """A section of `/me/`: `template` is rendered with what `context(request, actor)` returns."""

    template: str
    context: Callable[[HttpRequest, Actor], dict[str, Any]]


_panels: dict[str, tuple[int, Panel]] = {}


def register(
    name: str, order: int, *, template: str, context: Callable[[HttpRequest, Actor], dict[str, Any]]
) -> None:
    """Add a panel; lower orders stand higher. Its queries count in the page's budget (3 a panel)."""
    _panels[name] = (order, Panel(template, context))


def panels() -> list[Panel]:
    """All panels in order."""
    return [panel for _order, panel in sorted(_panels.values(), key=lambda item: item[0])]
