"""Who calls the API (a key, or nobody in particular), how often, and with which scopes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.security import HttpBearer

from prasan.fabric.actors import Actor
from prasan.fabric.problems import Forbidden
from prasan.fabric.rates import client_network, rate_check
from prasan.people.api_keys import api_key_actor

P = ParamSpec("P")
R = TypeVar("R")

# Requests a minute: without a key for one network (a street shares a phone network's address), with one for the key.
READS, WRITES, WITH_KEY = 600, 30, 60_000


class ApiKey(HttpBearer):
    """`Authorization: Bearer prasan_…`; a key that opens nothing is refused, never taken for nobody."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """The key's actor, kept as `request.actor`."""
        actor = api_key_actor(token)
        if actor is not None:
            request.actor = actor  # type: ignore[attr-defined]
        return actor


def anybody(request: HttpRequest) -> Actor | None:
    """For operations that need no key: somebody who sent none."""
    if request.headers.get("Authorization"):
        return None
    request.actor = Actor.anonymous()  # type: ignore[attr-defined]
    return request.actor  # type: ignore[attr-defined,no-any-return]


KEY_NEEDED = (ApiKey(),)
KEY_OR_NOT = (ApiKey(), anybody)


def caller(request: HttpRequest) -> Actor:
    """Who calls this operation."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def limited(kind: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Count the request against its caller's limit before anything else; `kind` is reads or writes."""
    most = READS if kind == "reads" else WRITES

    def decorate(operation: Callable[P, R]) -> Callable[P, R]:
        @wraps(operation)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            request: HttpRequest = args[0]  # type: ignore[assignment]
            actor = caller(request)
            if actor.kind == "api_key":
                rate_check(f"api:{kind}:key:{actor.id}", WITH_KEY, 60)
            else:
                rate_check(f"api:{kind}:{client_network(request)}", most, 60)
            return operation(*args, **kwargs)

        return run

    return decorate


def needs_scope(request: HttpRequest, scope: str) -> None:
    """Refuse a key that was not given this scope."""
    if scope not in caller(request).scopes:
        raise Forbidden(_("This key does not have the scope “%(scope)s”.") % {"scope": scope})
