"""Idempotency-Key: the replay of a creating request gets the first answer and creates nothing.

Follows the IETF draft draft-ietf-httpapi-idempotency-key-header. The answer is stored by one statement inside
the transaction of the change, so both exist or neither does. Two requests at once: the second waits for the
first's commit, undoes its own work and answers the same.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.translation import gettext_lazy as _
from ninja import Status

from prasan.fabric.database.base import prepared_cursor
from prasan.fabric.problems import Invalid, Problem

P = ParamSpec("P")

KEY = re.compile(r"[\x21-\x7e]{8,200}\Z")
HEADER = "Idempotency-Key"
FORMS = {"multipart/form-data", "application/x-www-form-urlencoded"}
FORM_FIELD = "idempotency_key"
STORE = """
insert into fabric_idempotencykey (key, request, status, body) values (%s, %s, %s, %s) on conflict do nothing
"""
FIND = "select request, status, body from fabric_idempotencykey where key = %s"


class KeyReused(Problem):
    """The same key came with another request."""

    status = 422
    code = "idempotency-key-reused"
    title = _("This key was used for another request")


@dataclass(frozen=True)
class _Answer:
    status: int
    body: Any


class _AlreadyDone(Exception):
    """Undoes the second of two."""


def idempotent(operation: Callable[P, Any]) -> Callable[P, Any]:
    """Decorate a ninja operation that creates; it returns a JSON-ready body (or schema), or a Status with it.

    Use it below the router's decorator. Without the header the operation runs as it is. Actions inside use
    ``transaction.atomic(savepoint=False)`` or none, because the transaction is opened here.
    """

    @wraps(operation)
    def run(*args: P.args, **kwargs: P.kwargs) -> Any:
        request = args[0]
        assert isinstance(request, HttpRequest)  # noqa: S101 — ninja's own contract
        key = request.headers.get(HEADER, "")
        if not key:
            return operation(*args, **kwargs)

        def answer() -> _Answer:
            result = operation(*args, **kwargs)
            status, body = (result.status_code, result.value) if isinstance(result, Status) else (200, result)
            return _Answer(status, body.model_dump(mode="json") if hasattr(body, "model_dump") else body)

        done, replayed = _once(_stored_key(request, key), _digest(request), answer)
        return _json(done, replayed=replayed)

    # ninja reads the parameters' types; as strings they could not be resolved from this module.
    run.__signature__ = inspect.signature(operation, eval_str=True)  # type: ignore[attr-defined]
    return run


def once(request: HttpRequest, create: Callable[[], str]) -> HttpResponse:
    """Run a form's `create` once per the form's hidden `idempotency_key`; it returns the address to go to next."""
    key = request.POST.get(FORM_FIELD, "")
    if not key:
        return HttpResponseRedirect(create())
    done, _replayed = _once(_stored_key(request, key), _digest(request), lambda: _Answer(302, create()))
    return HttpResponseRedirect(done.body)


def _once(key: str, digest: str, answer: Callable[[], _Answer]) -> tuple[_Answer, bool]:
    """The answer, and whether it is a stored one."""
    try:
        with transaction.atomic():
            done = answer()
            if not _store(key, digest, done):
                raise _AlreadyDone
            return done, False
    except (_AlreadyDone, Problem):
        stored = _find(key, digest)
        if stored is None:
            raise
        return stored, True


def _store(key: str, digest: str, done: _Answer) -> bool:
    with prepared_cursor() as cursor:
        body = json.dumps(done.body, cls=DjangoJSONEncoder, ensure_ascii=False)
        cursor.execute(STORE, [key, digest, done.status, body])
        return bool(cursor.rowcount)


def _find(key: str, digest: str) -> _Answer | None:
    with connection.cursor() as cursor:
        cursor.execute(FIND, [key])
        row = cursor.fetchone()
    if row is None:
        return None
    if row[0] != digest:
        raise KeyReused(_("Send a new key with a new request."))
    return _Answer(row[1], json.loads(row[2]))


def _stored_key(request: HttpRequest, key: str) -> str:
    if not KEY.match(key):
        raise Invalid({HEADER: _("8 to 200 visible ASCII characters, for instance a UUID")})
    actor = getattr(request, "actor", None)
    caller = f"{actor.kind}:{actor.id}" if actor else ""
    return hashlib.sha256(f"{caller}\n{key}".encode()).hexdigest()


def _digest(request: HttpRequest) -> str:
    """SHA-256 of method, path and what was sent (a form's fields and its files' names and sizes)."""
    digest = hashlib.sha256(f"{request.method} {request.path}\n".encode())
    if request.content_type in FORMS:
        fields = sorted(
            (name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"
        )
        files = [(name, file.name, file.size) for name, many in request.FILES.lists() for file in many]
        digest.update(json.dumps([fields, sorted(files)]).encode())
    else:
        digest.update(request.body)
    return digest.hexdigest()


def _json(done: _Answer, *, replayed: bool) -> JsonResponse:
    response = JsonResponse(
        done.body, status=done.status, safe=False, json_dumps_params={"ensure_ascii": False}
    )
    if replayed:
        response["Idempotency-Replayed"] = "true"
    return response
