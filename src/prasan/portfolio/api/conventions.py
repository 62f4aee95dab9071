"""What all operations of the portfolio's API share: a key with a scope."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.http import HttpResponse

from prasan.people.api import limited, needs_scope

P = ParamSpec("P")
R = TypeVar("R")


def with_scope(scope: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Count the request against its key's limit, and refuse a key that was not given this scope."""

    def decorate(operation: Callable[P, R]) -> Callable[P, R]:
        @limited("portfolio")
        @wraps(operation)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            needs_scope(args[0], scope)  # type: ignore[arg-type]
            return operation(*args, **kwargs)

        return run

    return decorate


def link_reader(response: HttpResponse) -> None:
    """The answer depends on the language and on the key."""
    response["Vary"] = "Accept-Language, Authorization"
