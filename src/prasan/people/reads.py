"""Why an officer may see a citizen's data, and what it was they saw: the words of "who read my data"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

PURPOSES: dict[str, Any] = {
    "handle": _("To handle your report"),
    "contact": _("To contact you about your report"),
    "audit": _("To check how the work was done"),
    "request": _("Because you asked"),
    "support": _("To help with your account"),
}

Describe = Callable[[str], tuple[Any, str]]
_things: dict[str, Describe] = {}


def register_thing(kind: str, describe: Describe) -> None:
    """Say what a `kind:code` is: `describe(code)` returns its name and the address of its page (or "")."""
    _things[kind] = describe


def describe(thing: str) -> tuple[Any, str]:
    """Name and address of what was read."""
    kind, _colon, code = thing.partition(":")
    return _things[kind](code) if kind in _things else (code or kind, "")
