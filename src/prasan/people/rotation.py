"""Key rotation: everything encrypted gets a new key while the city works on.

1. The new key is added behind the old one: every process reads it before anybody writes with it.
2. It becomes the first: every process writes with it, the old key still reads.
3. Every value that it can't open is written anew, in batches, until a whole pass finds none.
4. The old keys are dropped.

It can be stopped at any moment and run again: a value under the newest key is recognised and left alone. A value
that changed meanwhile is not touched (the new value is under the new key already).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.utils import timezone

from prasan.fabric import keys
from prasan.fabric.actions import ledger_write
from prasan.fabric.actors import Actor
from prasan.fabric.personal import EncryptedTextField, cipher
from prasan.people.sessions import seal, sealed

BATCH = 1000
GRACE_SECONDS = 5.0  # what a request or job begun before a step may still take to write

Progress = Callable[[str, int], None]
Row = tuple[Any, ...]


@dataclass
class Rotation:
    """What was done: values written anew by table, and whether it took up an unfinished rotation."""

    resumed: bool
    rewritten: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A table with encrypted columns, as the statements below name it."""

    name: str
    key: str
    key_type: str
    columns: tuple[str, ...]


def keys_rotate(*, progress: Progress = lambda _table, _rows: None, grace: float = GRACE_SECONDS) -> Rotation:
    """Rotate the keys of personal data (the look-up key of hashes stays). `progress(table, rows)` is told each batch.

    Raises OSError when the secrets file can't be written; nothing is lost then.
    """
    result = Rotation(resumed=_bring_in_a_new_key(grace))
    while rewritten := _pass(result, progress):
        time.sleep(grace if rewritten else 0)
    secrets = keys.load()
    keys.write(secrets | {"personal": secrets["personal"][:1]})
    ledger_write(
        actor=Actor.system("keys rotate"), action="keys.rotate", object_type="keys", object_id="personal",
        changes={"rewritten": result.rewritten}, origin="command",
    )  # fmt: skip
    return result


def encrypted_tables() -> list[Table]:
    """Every table of every module with an EncryptedTextField."""
    found = []
    for model in apps.get_models():
        columns = tuple(
            str(f.column) for f in model._meta.concrete_fields if isinstance(f, EncryptedTextField)
        )
        if columns and model._meta.managed and not model._meta.proxy:
            key = model._meta.pk
            found.append(
                Table(model._meta.db_table, str(key.column), str(key.rel_db_type(connection)), columns)
            )
    return found


def _bring_in_a_new_key(grace: float) -> bool:
    """Steps 1 and 2; whether an unfinished rotation was found, whose key is then used."""
    secrets = keys.load()
    held: list[str] = secrets["personal"]
    incoming = secrets.get("personal_incoming")
    if incoming is None and len(held) > 1:
        return True
    resumed = incoming is not None
    incoming = incoming or Fernet.generate_key().decode()
    keys.write(
        secrets | {"personal": [*(k for k in held if k != incoming), incoming], "personal_incoming": incoming}
    )
    time.sleep(grace)
    rest = {name: value for name, value in secrets.items() if name != "personal_incoming"}
    keys.write(rest | {"personal": [incoming, *(key for key in held if key != incoming)]})
    time.sleep(grace)
    return resumed


def _pass(result: Rotation, progress: Progress) -> int:
    newest = Fernet(keys.load()["personal"][0])
    total = 0
    for name, batches in (
        *((table.name, _rewrite_table(table, newest)) for table in encrypted_tables()),
        (Authenticator._meta.db_table, _rewrite_second_factors(newest)),
        (Session._meta.db_table, _rewrite_sessions(newest)),
    ):
        for seen, rewritten in batches:
            result.rewritten[name] = result.rewritten.get(name, 0) + rewritten
            total += rewritten
            progress(name, seen)
    return total


def _is_old(token: bytes, newest: Fernet) -> bool:
    if not token:
        return False
    try:
        newest.decrypt(token)
    except InvalidToken:
        return True
    return False


def _rewrite_table(table: Table, newest: Fernet) -> Iterator[tuple[int, int]]:
    """Per batch: rows seen, values rewritten."""
    last: Any = None
    while rows := _read(table, last):
        last = rows[-1][0]
        rewritten = 0
        for position, column in enumerate(table.columns, start=1):
            old = [
                (row[0], bytes(row[position])) for row in rows if _is_old(bytes(row[position] or b""), newest)
            ]
            if old:
                rewritten += _write(table, column, old)
        yield len(rows), rewritten


def _read(table: Table, after: Any) -> list[Row]:
    """The next batch of rows in which anything is encrypted: key, then the columns. Names come from the models."""
    filled = " or ".join(f"\"{column}\" <> ''" for column in table.columns)
    beyond = f'"{table.key}" > %s and ' if after is not None else ""
    columns = ", ".join(f'"{column}"' for column in table.columns)
    statement = (
        f'select "{table.key}", {columns} from "{table.name}"'  # noqa: S608
        f' where {beyond}({filled}) order by "{table.key}" limit {BATCH}'
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [after] if after is not None else [])
        return list(cursor.fetchall())


def _write(table: Table, column: str, old: list[tuple[Any, bytes]]) -> int:
    """Replace the values that are still what was read; how many were."""
    statement = (
        f'update "{table.name}" as held set "{column}" = given.fresh'  # noqa: S608
        f" from unnest(%s::{table.key_type}[], %s::bytea[], %s::bytea[]) as given(key, stale, fresh)"
        f' where held."{table.key}" = given.key and held."{column}" = given.stale'
    )
    fresh = [cipher().rotate(token) for _key, token in old]
    with connection.cursor() as cursor:
        cursor.execute(statement, [[key for key, _token in old], [token for _key, token in old], fresh])
        return int(cursor.rowcount)


def _rewrite_second_factors(newest: Fernet) -> Iterator[tuple[int, int]]:
    """allauth keeps secrets of apps and seeds of recovery codes in JSON, encrypted by our adapter."""
    for key in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            factor = Authenticator.objects.select_for_update().filter(pk=key).first()
            names = [
                n for n in ("secret", "seed") if factor and _is_old(factor.data.get(n, "").encode(), newest)
            ]
            for name in names:
                factor.data[name] = cipher().rotate(factor.data[name].encode()).decode()
            if names:
                factor.save(update_fields=["data"])
        yield 1, len(names)


def _rewrite_sessions(newest: Fernet) -> Iterator[tuple[int, int]]:
    living = Session.objects.filter(expire_date__gt=timezone.now())
    for session in living.order_by("session_key").iterator(chunk_size=BATCH):
        token = sealed(session.session_data)
        rewritten = 0
        if token is not None and _is_old(token, newest):
            same = Session.objects.filter(pk=session.pk, session_data=session.session_data)
            rewritten = same.update(session_data=seal(cipher().rotate(token)))
        yield 1, rewritten
