"""Who may do what with the fabric itself."""

from __future__ import annotations

from prasan.fabric.actors import Actor
from prasan.fabric.problems import Forbidden


def may_run_the_fabric(actor: Actor) -> bool:
    """Administrators of any agency, and Prasan's own commands: deliveries, notices, keys."""
    return actor.is_system or "admin" in actor.roles


def require_administrator(actor: Actor) -> None:
    """Raises Forbidden for everybody else."""
    if not may_run_the_fabric(actor):
        raise Forbidden
