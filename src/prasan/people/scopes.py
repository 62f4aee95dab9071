"""What an API key may be allowed to do. Each module registers its scopes in `AppConfig.ready`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Scope:
    """`role`: the role that a key with this scope plays for its agency, where an action asks for one."""

    code: str
    label: Any
    role: str = ""


_scopes: dict[str, Scope] = {}


def register(code: str, label: Any, *, role: str = "") -> None:
    """Add a scope, for instance ``register("reports:handle", _("Handle reports of its agency"), role="officer")``."""
    _scopes[code] = Scope(code, label, role)


def scopes() -> list[Scope]:
    """All scopes, by code."""
    return [_scopes[code] for code in sorted(_scopes)]


def roles_of(codes: list[str]) -> frozenset[str]:
    """The roles that these scopes play."""
    return frozenset(_scopes[code].role for code in codes if code in _scopes and _scopes[code].role)
