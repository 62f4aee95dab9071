"""What all operations of the reports API share: limits, entity tags, preconditions, documented refusals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from prasan.fabric.api import ProblemOut
from prasan.fabric.problems import Forbidden, Invalid, Stale
from prasan.fabric.rates import client_network, rate_check
from prasan.people.api import caller
from prasan.reports.models import Photo
from prasan.reports.queries.public import ReportView

P = ParamSpec("P")
R = TypeVar("R")

# Requests a minute: without a key for one network (a street shares a phone network's address), with one for the key.
READS, WRITES, WITH_KEY = 600, 30, 60_000
VERSION = re.compile(r'"(\d{1,9})(?:-[^"]*)?"\Z')


def refusals(*statuses: int) -> dict[int, Any]:
    """Documented refusals of an operation: those every operation may give, and `statuses`."""
    return dict.fromkeys((400, 401, 422, 429, *statuses), ProblemOut)


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


def view_tag(view: ReportView) -> str:
    """The entity tag of a report as this reader sees it: its version, language, readers' rights and ready pictures."""
    ready = sum(photo.state == Photo.State.READY for photo in view.photos)
    rights = f"{view.is_inside:d}{view.is_reporter:d}"
    return f'"{view.report.version}-{get_language()}-{rights}-{ready}"'


def expected_version(request: HttpRequest) -> int | None:
    """The version in If-Match: what the caller saw. None without the header. Raises Invalid for anything else."""
    given = request.headers.get("If-Match", "").strip()
    if given in ("", "*"):
        return None
    found = VERSION.match(given)
    if found is None:
        raise Invalid({"If-Match": _("Please send the ETag of the report as you read it.")})
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
    """The answer depends on the language and on who asks."""
    response["Vary"] = "Accept-Language, Authorization, Reporter-Token, Cookie"
