"""Refusals with a reason, as RFC 9457 problem details on the API and as form errors on pages.

Every action raises one of these; nothing is written when it does. Messages are lazy translations, so each
reader gets them in their own language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

Message = Any  # str or a lazy translation


class Problem(Exception):
    """A refusal: HTTP status, a short title and a detail; `code` is stable for programs."""

    status = 400
    code = "bad-request"
    title: Message = _("The request can't be carried out")

    def __init__(self, detail: Message = "", **extra: Any) -> None:
        super().__init__(str(detail) if detail else self.code)
        self.detail = detail
        self.extra = extra

    def as_json(self, instance: str = "") -> dict[str, Any]:
        """Problem details (application/problem+json)."""
        body = {"type": f"/problems/{self.code}", "title": str(self.title), "status": self.status}
        if self.detail:
            body["detail"] = str(self.detail)
        if instance:
            body["instance"] = instance
        return body | self.extra


class Invalid(Problem):
    """Fields that can't be taken: `errors` maps each field to its sentence."""

    status = 422
    code = "invalid"
    title = _("Please check the fields named below")

    def __init__(self, errors: Mapping[str, Message]) -> None:
        super().__init__()
        self.errors = dict(errors)

    def __str__(self) -> str:
        return "; ".join(f"{field}: {message}" for field, message in self.errors.items())

    def as_json(self, instance: str = "") -> dict[str, Any]:
        fields = [{"field": field, "detail": str(message)} for field, message in self.errors.items()]
        return super().as_json(instance) | {"errors": fields}


class SignInNeeded(Problem):
    """Nobody is signed in, or the API key is missing or wrong."""

    status = 401
    code = "sign-in-needed"
    title = _("Please sign in, or send a valid API key")


class Forbidden(Problem):
    """The actor may not do this."""

    status = 403
    code = "forbidden"
    title = _("You do not have permission to do this")


class NotFound(Problem):
    """No such thing, or none that this actor may see."""

    status = 404
    code = "not-found"
    title = _("Not found")


class Conflict(Problem):
    """Somebody else changed it first, or its state does not allow this now."""

    status = 409
    code = "conflict"
    title = _("This was changed a moment ago")


class Stale(Conflict):
    """It has another version than the one the actor saw; the API says 412 where that came as If-Match (RFC 9110)."""

    code = "stale"


class TooMany(Problem):
    """Too many requests; `retry_after` seconds."""

    status = 429
    code = "too-many-requests"
    title = _("Too many requests")


class TooLarge(Problem):
    """The request body is larger than is taken."""

    status = 413
    code = "too-large"
    title = _("The file is too large")


class StorageFull(Problem):
    """No room for the file; the form can be sent again."""

    status = 507
    code = "storage-full"
    title = _("There is no room for the photo just now")
