"""What people notes when Django or allauth tells of a sign-in."""

from __future__ import annotations

from typing import Any

from prasan.fabric.actions import ledger_write
from prasan.fabric.actors import Actor
from prasan.people.models import User


def note_sign_in(user: User, **_signal: Any) -> None:
    """One ledger row for every session that begins, whatever the way in."""
    actor = Actor("officer" if user.is_officer else "citizen", str(user.pk))
    ledger_write(
        actor=actor,
        action=f"{user.kind}.sign_in",
        object_type=str(user.kind),
        object_id=user.pk,
        origin="web",
    )
