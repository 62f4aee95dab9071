"""For administrators: how every outside part is, and what could not be delivered or sent, to be tried again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from prasan.fabric import checks, events, queries
from prasan.fabric.actions import delivery_resend, notice_resend
from prasan.fabric.policies import require_administrator
from prasan.fabric.problems import NotFound
from prasan.people.actors import actor_of
from prasan.people.gates import officers_only
from prasan.people.models import Role


def may_see(user: Any) -> bool:
    """Whether `request.user` finds the page in the navigation: no statement of its own."""
    return any(role == Role.ADMIN for role, _agency in getattr(user, "role_pairs", None) or ())


@never_cache
@require_GET
@officers_only
def operations(request: HttpRequest) -> HttpResponse:
    """The doctor's findings, how far each subscriber is, dead letters and dead notices."""
    require_administrator(actor_of(request))
    context = {
        "findings": checks.run(),
        "subscribers": events.delivery_lag(),
        "deliveries": queries.deliveries(),
        "notices": queries.dead_notices(),
    }
    return render(request, "site/operations.html", context)


@never_cache
@require_POST
@officers_only
def resend(request: HttpRequest, what: str, number: int) -> HttpResponse:
    """Try one delivery or notice again at once."""
    actor = actor_of(request)
    if what == "delivery":
        delivery_resend(actor=actor, delivery_id=number, origin="web")
    elif what == "notice":
        notice_resend(actor=actor, notice_id=number, origin="web")
    else:
        raise NotFound
    messages.success(request, _("It will be tried again at once."))
    return redirect("operations")
