"""Reads of the fabric."""

from __future__ import annotations

from prasan.fabric.models import Delivery, Notice


def deliveries(*states: str) -> list[Delivery]:
    """Set-aside entries that are not done (or in `states`), newest first, at most 500. One statement."""
    wanted = states or (Delivery.State.RETRY, Delivery.State.DEAD)
    return list(Delivery.objects.filter(state__in=wanted).order_by("-id")[:500])


def dead_notices() -> list[Notice]:
    """Notices that were given up, newest first, at most 500; without their addresses. One statement."""
    return list(Notice.objects.filter(state=Notice.State.DEAD).defer("address", "context").order_by("-id")[:500])
