"""Several rows that belong together in one round trip: for the few paths that every request of a busy day takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Model

from prasan.fabric.database.base import prepared_cursor

Part = tuple[str, Sequence[Any]]  # what follows INSERT INTO ("t (a) select %s::text"), and its parameters


def insert_together(
    first: Model, pointing: Sequence[Model] = (), parts: Sequence[Part] = (), *, unique: str
) -> bool:
    """Insert `first`, rows whose first field is their foreign key to it, and further `parts`, in one statement.

    False, with nothing written, when the value of the column `unique` is taken. Sets the rows' keys; what the database
    fills in (db_default) is not read back. Each row travels as one JSON value that PostgreSQL reads by its table's own
    types: fewer parameters, and a statement short enough to be kept parsed.
    """
    rows = (first, *pointing)
    statement = _statement(tuple(map(type, rows)), tuple(part for part, _values in parts), unique)
    parameters = [_as_json(row) for row in rows] + [value for _part, values in parts for value in values]
    with prepared_cursor() as cursor:
        cursor.execute(statement, parameters)
        keys = cursor.fetchone()
    if keys is None:
        return False
    for row, key in zip(rows, keys, strict=True):
        row.pk, row._state.adding, row._state.db = key, False, connection.alias
    for row in pointing:
        setattr(row, _columns(type(row))[0], first.pk)
    return True


@cache
def _statement(models: tuple[type[Model], ...], parts: tuple[str, ...], unique: str) -> str:
    """``with r0 as (insert …), r1 as (insert … select r0.id, … from r0) … select r0.id, r1.id from r0, r1``."""
    made = [_insert(0, models[0], "") + f' on conflict ("{unique}") do nothing returning id)']
    for number, model in enumerate(models[1:], start=1):
        made.append(_insert(number, model, "r0.id, ") + ", r0 returning id)")
    made += [f"p{number} as (insert into {part} from r0)" for number, part in enumerate(parts)]
    names = [f"r{number}" for number in range(len(models))]
    keys = ", ".join(f"{name}.id" for name in names)
    return f"with {', '.join(made)} select {keys} from {', '.join(names)}"  # noqa: S608 — names of our own tables


def _insert(number: int, model: type[Model], key: str) -> str:
    table, columns = model._meta.db_table, _columns(model)
    wanted = ", ".join(f'g."{column}"' for column in (columns[1:] if key else columns))
    named = ", ".join(f'"{column}"' for column in columns)
    source = f'json_populate_record(null::"{table}", %s) g'
    return f'r{number} as (insert into "{table}" ({named}) select {key}{wanted} from {source}'  # noqa: S608


@cache
def _columns(model: type[Model]) -> tuple[str, ...]:
    """What is inserted: all columns but the key and what the database fills in."""
    return tuple(name for name, _prepare in _preparers(model))


@cache
def _preparers(model: type[Model]) -> tuple[tuple[str, Callable[[Any], Any] | None], ...]:
    """Column (which is the attribute's name) → how its value is encrypted, where it is."""
    fields = (
        field for field in model._meta.concrete_fields if not field.primary_key and not field.has_db_default()
    )
    return tuple(
        (field.attname, field.get_prep_value if field.get_internal_type() == "BinaryField" else None)
        for field in fields
    )


def _as_json(row: Model) -> str:
    values = {}
    for name, prepare in _preparers(type(row)):
        value = getattr(row, name)
        if value is not None:
            values[name] = value if prepare is None else prepare(value)
    return json.dumps(values, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    raise TypeError(f"{type(value).__name__} can't travel as JSON")
