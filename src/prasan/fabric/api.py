"""Conventions of every JSON API: problem details (RFC 9457) in the reader's language, ETags, Link headers, docs."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, AuthorizationError, HttpError
from ninja.errors import ValidationError as RequestInvalid
from ninja.openapi.docs import Swagger
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.renderers import JSONRenderer
from ninja.types import DictStrAny

from prasan.fabric.events import where
from prasan.fabric.problems import Forbidden, Invalid, NotFound, Problem, SignInNeeded, Stale

log = logging.getLogger(__name__)

VERSION = re.compile(r'"(\d{1,9})(?:-[^"]*)?"\Z')
LIMITS = {"ge", "gt", "le", "lt", "max_length", "min_length", "expected", "pattern", "limit_value"}


def make_api(*, title: str, version: str, namespace: str, description: str = "", **options: Any) -> NinjaAPI:
    """A NinjaAPI that answers every refusal as application/problem+json and shows its docs at ``docs``."""
    settings = {"tryItOutEnabled": True, "validatorUrl": None, "docExpansion": "list"}
    api = Api(
        title=title, version=version, urls_namespace=namespace, description=description,
        docs=Swagger(settings), renderer=JsonRenderer(), **options,
    )  # fmt: skip
    for kind, handler in _handlers().items():
        api.add_exception_handler(kind, handler)
    return api


class JsonRenderer(JSONRenderer):
    """Thai as it is: half the bytes of escapes."""

    json_dumps_params: Mapping[str, Any] = {"ensure_ascii": False}


class Api(NinjaAPI):
    """A NinjaAPI whose description tells what our conventions add to every operation."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The function's own name."""
        return operation.view_func.__name__

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: DictStrAny | None = None
    ) -> OpenAPISchema:
        """The description, with problem details, optional keys and our headers."""
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        keyless = self._keyless()
        for path in schema["paths"].values():
            for method, operation in path.items():
                if operation["operationId"] in keyless and "security" in operation:
                    operation["security"].append({})
                _describe(method, operation)
        return schema

    def _keyless(self) -> set[str]:
        """Operations that may be called without a key: one of their ways to be let in is no key."""
        return {
            self.get_openapi_operation_id(operation)
            for router in self._get_bound_routers()
            for view in router.path_operations.values()
            for operation in view.operations
            if any(not hasattr(way, "openapi_security_schema") for way in operation.auth_callbacks)
        }


class FieldProblem(Schema):
    """A field that can't be taken, and why, in the reader's language."""

    field: str
    detail: str


class ProblemOut(Schema):
    """Why nothing was done (RFC 9457). `type` names the kind of problem and stays the same in every language."""

    type: str
    title: str
    status: int
    detail: str = ""
    instance: str = ""
    errors: list[FieldProblem] = []
    retry_after: int | None = None


def refusals(*statuses: int) -> dict[int, Any]:
    """Documented refusals of an operation: those every operation may give, and `statuses`."""
    return dict.fromkeys((400, 401, 422, 429, *statuses), ProblemOut)


HEADERS = {
    "Idempotency-Key": "Makes a repetition harmless: 8 to 200 visible ASCII characters, new for each request.",
    "If-None-Match": "The ETag of what you have; 304 when it is still the same.",
    "If-Match": "The ETag of what you saw; 412 when somebody changed it since.",
}


def _describe(method: str, operation: dict[str, Any]) -> None:
    """Refusals are application/problem+json; headers that the operation understands are named."""
    answers = operation["responses"]
    for status, answer in answers.items():
        if int(status) >= 400 and "content" in answer:
            answer["content"] = {"application/problem+json": answer["content"]["application/json"]}
    wanted = {
        "Idempotency-Key": method == "post",
        "If-None-Match": 304 in answers,
        "If-Match": 412 in answers,
    }
    operation["parameters"] += [
        {
            "in": "header",
            "name": name,
            "required": False,
            "schema": {"type": "string"},
            "description": HEADERS[name],
        }
        for name, is_wanted in wanted.items()
        if is_wanted
    ]


def _handlers() -> dict[type[Exception], Any]:
    return {
        Problem: problem_response,
        RequestInvalid: _request_invalid,
        Http404: lambda request, _error: problem_response(request, NotFound()),
        PermissionDenied: lambda request, _error: problem_response(request, Forbidden()),
        HttpError: _http_error,
        Exception: _unexpected,
    }


def problem_response(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Any refusal as application/problem+json; `retry_after` becomes the header too."""
    body = problem.as_json(request.path)
    response = JsonResponse(
        body,
        status=problem.status,
        content_type="application/problem+json",
        json_dumps_params={"ensure_ascii": False},
    )
    if "retry_after" in problem.extra:
        response["Retry-After"] = str(problem.extra["retry_after"])
    if isinstance(problem, SignInNeeded):
        response["WWW-Authenticate"] = "Bearer"
    patch_vary_headers(response, ["Accept-Language"])
    return response


def etag(*parts: object) -> str:
    """A weak entity tag over what the answer depends on (id, version, language …)."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()
    return f'W/"{digest[:24]}"'


def not_modified(request: HttpRequest, response: HttpResponse, tag: str) -> HttpResponse | None:
    """Put `tag` on `response`; a 304 to return at once when the caller has that version already (RFC 9110)."""
    response["ETag"] = tag
    answer = get_conditional_response(request, etag=tag)
    # 412 on a write is the action's to judge: it knows the version that it changes.
    return answer if answer is not None and answer.status_code == 304 else None


def link_header(request: HttpRequest, response: HttpResponse, *, cursor: str) -> None:
    """Link (RFC 8288) to the next page, when there is one."""
    if not cursor:
        return
    query = request.GET.copy()
    query["cursor"] = cursor
    address = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
    response["Link"] = f'<{address}>; rel="next"'


def _request_invalid(request: HttpRequest, error: RequestInvalid) -> HttpResponse:
    errors: dict[str, str] = {}
    for found in error.errors:
        errors.setdefault(_field(found["loc"]), _sentence(found["type"], found.get("ctx", {})))
    return problem_response(request, Invalid(errors))


def _field(location: tuple[str | int, ...]) -> str:
    """``("body", "payload", "place", 0)`` → ``place.0``: the caller's own names, without ours."""
    skip = 2 if location[0] in ("body", "query", "form") and len(location) > 2 else 1
    return ".".join(str(part) for part in location[skip:]) or str(location[0])


def _sentence(kind: str, context: Mapping[str, Any]) -> str:
    """A pydantic finding in the reader's language, never with the value itself."""
    limits = {name: value for name, value in context.items() if name in LIMITS}
    texts = {
        "missing": _("This field is required."),
        "string_too_long": _("At most %(max_length)s characters."),
        "string_too_short": _("At least %(min_length)s characters."),
        "too_long": _("At most %(max_length)s items."),
        "greater_than_equal": _("Must be %(ge)s or more."),
        "greater_than": _("Must be more than %(gt)s."),
        "less_than_equal": _("Must be %(le)s or less."),
        "less_than": _("Must be less than %(lt)s."),
        "literal_error": _("Must be one of %(expected)s."),
        "enum": _("Must be one of %(expected)s."),
        "extra_forbidden": _("This field is not known."),
        "json_invalid": _("This is not valid JSON."),
    }
    try:
        return texts.get(kind, _("This is not a value that can be taken here.")) % limits
    except KeyError:
        return _("This is not a value that can be taken here.")


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error, AuthenticationError):
        return problem_response(request, SignInNeeded())
    if isinstance(error, AuthorizationError):
        return problem_response(request, Forbidden())
    problem = Problem()
    problem.status = error.status_code
    return problem_response(request, problem)


class Unexpected(Problem):
    """A fault of ours; the log says where."""

    status = 500
    code = "internal-error"
    title = gettext_lazy("Something went wrong on our side")


def _unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("%s %s failed: %s", request.method, request.path, where(error), exc_info=error)
    return problem_response(request, Unexpected())


def expected_version(request: HttpRequest) -> int | None:
    """The version in If-Match, with which the ETag that the caller saw begins; None without the header.

    Raises Invalid for anything else.
    """
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
