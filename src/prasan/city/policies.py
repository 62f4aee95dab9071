"""Who may change the city's registers."""

from __future__ import annotations

from prasan.city.models import Agency
from prasan.fabric.actors import Actor
from prasan.fabric.problems import Forbidden


def may_manage_registers(actor: Actor) -> bool:
    """Load the city's files, import polygons: Prasan's own commands and administrators of the whole city."""
    return actor.is_system or _has_at_root(actor, "admin")


def may_publish_indicators(actor: Actor) -> bool:
    """Publish numbers: the modules themselves, administrators and analysts of the whole city."""
    return actor.is_system or _has_at_root(actor, "admin") or _has_at_root(actor, "analyst")


def require(allowed: bool) -> None:
    """Raises Forbidden when a policy said no."""
    if not allowed:
        raise Forbidden


def _has_at_root(actor: Actor, role: str) -> bool:
    # The registers may not be loaded yet when this is asked, so it asks the table.
    granted = actor.roles.get(role, frozenset())
    return bool(granted) and Agency.objects.filter(kind=Agency.Kind.ROOT, code__in=granted).exists()
