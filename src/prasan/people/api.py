"""Who calls the API: a key, or nobody in particular."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.security import HttpBearer

from prasan.fabric.actors import Actor
from prasan.people.api_keys import api_key_actor


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
