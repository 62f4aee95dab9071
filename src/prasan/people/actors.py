"""From a request to the one value that every action and policy gets: who acts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from prasan.fabric.actors import Actor
from prasan.people import second_factor
from prasan.people.models import RoleGrant, User

Handler = Callable[[HttpRequest], HttpResponse]


def actor_of(request: HttpRequest) -> Actor:
    """Who sent this request, asked once a request; the same value is `request.actor`.

    Costs no query beyond those of the session and its user: the sign-in backend brings an officer's roles
    along with the user. An inactive or erased user is nobody, and so is an officer whose session has not
    shown a second factor: every permission follows from that, on pages and on the API alike.
    """
    if not hasattr(request, "actor"):
        request.actor = _find(request)  # type: ignore[attr-defined]
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def _find(request: HttpRequest) -> Actor:
    user = request.user
    if not isinstance(user, User) or second_factor.is_missing(request, user):
        return Actor.anonymous()
    return actor_of_user(user)


class ActorMiddleware:
    """Sets `request.actor` for rooms below this one, which can't import it; found out when first asked."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = SimpleLazyObject(lambda: _find(request))  # type: ignore[attr-defined]
        return self.get_response(request)


def actor_of_user(user: User) -> Actor:
    """The actor that this user is; an officer's roles are those valid today (at most one query)."""
    if not user.is_active:
        return Actor.anonymous()
    if user.kind == User.Kind.CITIZEN:
        return Actor("citizen", str(user.pk))
    return Actor("officer", str(user.pk), roles=_roles(user))


def valid_grants(prefix: str = "") -> Q:
    """Grants that hold today in the city's time zone; `valid_to` is the first day on which one no longer does.

    `prefix` leads to the grant from the rows asked, for instance `grants__`.
    """
    today = timezone.localdate()
    began = Q(**{f"{prefix}valid_from__lte": today})
    return began & (Q(**{f"{prefix}valid_to__isnull": True}) | Q(**{f"{prefix}valid_to__gt": today}))


def grants_of(user: User) -> QuerySet[RoleGrant]:
    """The user's grants that hold today."""
    return RoleGrant.objects.filter(valid_grants(), user=user)


def _roles(user: User) -> dict[str, frozenset[str]]:
    pairs = getattr(user, "role_pairs", None)  # put there by the sign-in backend
    if pairs is None:
        pairs = grants_of(user).values_list("role", "agency_id")
    agencies: dict[str, set[str]] = defaultdict(set)
    for role, agency in pairs:
        agencies[role].add(agency)
    return {role: frozenset(codes) for role, codes in agencies.items()}
