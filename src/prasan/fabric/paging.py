"""Cursor pages: a page costs the same at row 50 and at row 5,000,000, and nothing is skipped while rows come in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.signing import BadSignature, Signer
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from prasan.fabric.problems import Invalid

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows and the cursor of the next page (empty on the last)."""

    items: list[Row]
    next: str = ""


def page(rows: QuerySet[Row], *, by: str, cursor: str = "", size: int = 50) -> Page[Row]:
    """A page of `rows` ordered by `by` (a field or annotation without nulls, ``-`` for newest first), then by id.

    One statement. `cursor` is `Page.next` of the page before; raises Invalid for any other text.
    """
    name, descending = by.removeprefix("-"), by.startswith("-")
    if cursor:
        rows = rows.filter(_after(name, descending=descending, place=_read(cursor, by)))
    found = list(rows.order_by(by, "-pk" if descending else "pk")[: size + 1])
    more = len(found) > size
    items = found[:size]
    return Page(items, _write(by, getattr(items[-1], name), items[-1].pk) if more else "")


def _after(name: str, *, descending: bool, place: tuple[Any, Any]) -> Q:
    value, key = place
    than = "lt" if descending else "gt"
    beyond = Q(**{f"{name}__{than}": value}) | Q(**{f"pk__{than}": key})
    return Q(**{f"{name}__{than}e": value}) & beyond  # the first part is what an index is searched by


def _signer(by: str) -> Signer:
    return Signer(salt=f"prasan.page.{by}")


def _write(by: str, value: Any, key: Any) -> str:
    plain = {"t": value.isoformat()} if isinstance(value, datetime) else value
    return _signer(by).sign_object([plain, key])


def _read(cursor: str, by: str) -> tuple[Any, Any]:
    try:
        value, key = _signer(by).unsign_object(cursor)
    except (BadSignature, ValueError) as error:
        raise Invalid({"cursor": _("This page link is not valid; start from the first page.")}) from error
    return (datetime.fromisoformat(value["t"]) if isinstance(value, dict) else value), key
