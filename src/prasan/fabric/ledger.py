"""One table is audit trail and event stream: every change writes one entry in its own transaction.

Position = PostgreSQL's transaction number plus an offset that `prasan restore` raises on a new server, so that
positions only ever grow.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from prasan.fabric.actors import Actor

COLUMNS = ("actor_kind", "actor_id", "action", "object_type", "object_id", "changes", "origin")
PART = f"fabric_ledgerentry ({', '.join(COLUMNS)}) select %s, %s, %s, %s, %s, %s::jsonb, %s"
INSERT = f"insert into fabric_ledgerentry ({', '.join(COLUMNS)}) values (%s, %s, %s, %s, %s, %s, %s)"  # noqa: S608


def ledger_write(
    *,
    actor: Actor,
    action: str,
    object_type: str,
    object_id: str | int,
    changes: Mapping[str, Any] | None = None,
    origin: str = "",
) -> None:
    """Write one entry; call it inside the transaction of the change it tells of.

    `changes` maps a field to `[old, new]`, or to its first value. It holds no free text and no personal data:
    the ledger can't be erased, so those stay in rows that can.
    """
    with connection.cursor() as cursor:
        values = (actor.kind, actor.id, action, object_type, str(object_id), _text(changes), origin)
        cursor.execute(INSERT, values)


def ledger_part(
    *,
    actor: Actor,
    action: str,
    object_type: str,
    object_id: str,
    changes: Mapping[str, Any],
    origin: str = "",
) -> tuple[str, tuple[str, ...]]:
    """The same entry as a part of `fabric.inserting.insert_together`."""
    return PART, (actor.kind, actor.id, action, object_type, object_id, _text(changes), origin)


def ledger_write_many(
    *,
    actor: Actor,
    action: str,
    object_type: str,
    entries: Iterable[tuple[str | int, Mapping[str, Any]]],
    origin: str = "",
) -> None:
    """Write an entry per (object id, changes) with COPY, for imports; same rules as `ledger_write`."""
    with connection.cursor() as cursor:
        statement = f"copy fabric_ledgerentry ({', '.join(COLUMNS)}) from stdin"
        with cursor.cursor.copy(statement) as copy:
            for object_id, changes in entries:
                values = (actor.kind, actor.id, action, object_type, str(object_id), _text(changes), origin)
                copy.write_row(values)


def _text(changes: Mapping[str, Any] | None) -> str:
    return json.dumps(changes, cls=DjangoJSONEncoder, ensure_ascii=False) if changes else "{}"
