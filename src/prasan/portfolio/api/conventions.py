"""What all operations of the portfolio's API share: limits, scopes, preconditions, documented refusals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from prasan.fabric.api import ProblemOut
from prasan.fabric.problems import Forbidden, Invalid, Stale
from prasan.fabric.rates import rate_check
from prasan.people.api import caller

P = ParamSpec("P")
R = TypeVar("R")

A_MINUTE = 6_000  # requests of a key
VERSION = re.compile(r'"(\d{1,9})(?:-[^"]*)?"\Z')


def refusals(*statuses: int) -> dict[int, Any]:
    """Documented refusals of an operation: those every operation may give, and `statuses`."""
    return dict.fromkeys((400, 401, 403, 422, 429, *statuses), ProblemOut)


def with_scope(scope: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Count the request against its key's limit, and refuse a key that was not given this scope."""

    def decorate(operation: Callable[P, R]) -> Callable[P, R]:
        @wraps(operation)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            request: HttpRequest = args[0]  # type: ignore[assignment]
            actor = caller(request)
            rate_check(f"api:portfolio:key:{actor.id}", A_MINUTE, 60)
            if scope not in actor.scopes:
                raise Forbidden(_("This key does not have the scope “%(scope)s”.") % {"scope": scope})
            return operation(*args, **kwargs)

        return run

    return decorate


def expected_version(request: HttpRequest) -> int | None:
    """The version in If-Match: what the caller saw. None without the header. Raises Invalid for anything else."""
    given = request.headers.get("If-Match", "").strip()
    if given in ("", "*"):
        return None
    found = VERSION.match(given)
    if found is None:
        raise Invalid({"If-Match": _("Please send the ETag as you read it.")})
    return int(found[1])


@contextmanager
def precondition() -> Iterator[None]:
    """A stale If-Match is 412 (RFC 9110 section 13.1.1)."""
    try:
        yield
    except Stale as problem:
        problem.status = 412
        raise


def link_reader(response: HttpResponse) -> None:
    """The answer depends on the language and on the key."""
    response["Vary"] = "Accept-Language, Authorization"
