"""Seals over the ledger: batches of entries under a Merkle root, each seal chained to the one before.

docs/ledger.md gives the bytes that are hashed, so that anybody can check a seal without this code. Sealing runs
apart from writing: writers never wait for it or for each other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

from django.conf import settings
from django.db import connection, transaction

START = "0" * 64  # what the first seal is chained to
LOCK = 0x5EA1  # advisory lock: one sealer at a time
LARGEST = 50_000  # entries in a seal; one transaction's entries are never divided
FINGERPRINT = 4  # bytes

# The canonical text of an entry: a JSON array of every column in this order, times in microseconds since 1970.
CANONICAL = (
    "json_build_array(id, position, (extract(epoch from at) * 1000000)::bigint, actor_kind, actor_id, action,"
    " object_type, object_id, changes, origin)::text"
)
PENDING = """
with pending as (
  select position from fabric_ledgerentry where position >= %s and position < fabric_ledger_horizon()
  order by position, id limit %s
) select count(*), min(position), max(position), fabric_ledger_horizon() from pending
"""
RANGE = f"""
select {CANONICAL} from fabric_ledgerentry where position >= %s and position < %s order by position, id
"""  # noqa: S608 — the expression is a constant
LAST = "select id, to_position, hash from fabric_ledgerseal order by id desc limit 1"
INSERT = """
insert into fabric_ledgerseal
  (id, from_position, to_position, entries, root, previous, hash, sealed_at, fingerprints)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


class Seal(NamedTuple):
    """What a seal says; `hash` is over all the rest but the fingerprints."""

    id: int
    from_position: int
    to_position: int
    entries: int
    root: str
    previous: str
    sealed_at: datetime

    @property
    def hash(self) -> str:
        """SHA-256 of the JSON array of these fields, `sealed_at` in microseconds since 1970."""
        microseconds = round(self.sealed_at.timestamp() * 1_000_000)
        return hashlib.sha256(json.dumps([*self[:-1], microseconds]).encode()).hexdigest()


def leaf_hash(canonical: str) -> bytes:
    """Hash of one entry (RFC 6962 section 2.1: prefix 0x00)."""
    return hashlib.sha256(b"\x00" + canonical.encode()).digest()


def merkle_root(leaves: Sequence[bytes]) -> str:
    """Root over leaf hashes (RFC 6962 section 2.1: prefix 0x01, an odd last node rises unpaired), in hex."""
    if not leaves:
        return hashlib.sha256().hexdigest()
    level, sha256 = list(leaves), hashlib.sha256
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [sha256(b"\x01" + left + right).digest() for left, right in pairs] + level[len(level) & ~1 :]
    return level[0].hex()


def ledger_seal() -> Seal | None:
    """Seal the entries of finished transactions that no seal covers; None when there is nothing to do.

    Only entries before the oldest transaction still running are taken, so that one which commits late is
    neither lost nor sealed twice.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return None
        seal, leaves = _next_seal(cursor)
        if seal:
            prints = b"".join(leaf[:FINGERPRINT] for leaf in leaves)
            cursor.execute(INSERT, [*seal[:-1], seal.hash, seal.sealed_at, prints])
            transaction.on_commit(lambda: _witness_write(seal))
    return seal


def _next_seal(cursor: Any) -> tuple[Seal | None, list[bytes]]:
    cursor.execute(LAST)
    last, start, previous = cursor.fetchone() or (0, 0, START)
    cursor.execute(PENDING, [start, LARGEST])
    count, first, final, horizon = cursor.fetchone()
    if not count:
        return None, []
    end = horizon if count < LARGEST else max(final, first + 1)
    cursor.execute(RANGE, [start, end])
    leaves = [leaf_hash(canonical) for (canonical,) in cursor]
    now = datetime.now(UTC)
    return Seal(last + 1, start, end, len(leaves), merkle_root(leaves), previous, now), leaves


def ledger_head() -> tuple[int, str] | None:
    """Number and hash of the last seal, to be kept where nobody here can change it; None before the first."""
    with connection.cursor() as cursor:
        cursor.execute(LAST)
        row = cursor.fetchone()
    return (row[0], row[2]) if row else None


# --- verification ---


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was sealed. `seal` and `entry` are ids where they are known."""

    kind: Literal["changed", "missing", "inserted", "seal", "head"]
    text: str
    seal: int | None = None
    entry: int | None = None


@dataclass
class Verification:
    """What `ledger_verify` saw: counts, the last seal's hash, and every finding (none = all is as it was)."""

    seals: int = 0
    entries: int = 0
    unsealed: int = 0
    head: str = START
    findings: list[Finding] = field(default_factory=list)


class Row(NamedTuple):
    """An entry as it is verified."""

    position: int
    id: int
    canonical: str


SEALS = """
select id, from_position, to_position, entries, root, previous, sealed_at, hash, fingerprints
from fabric_ledgerseal order by id
"""
ENTRIES = f"select position, id, {CANONICAL} from fabric_ledgerentry order by position, id"  # noqa: S608
NEXT_POSITION = "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint + fabric_ledger_offset()"


def ledger_verify(head: str = "") -> Verification:
    """Check every entry against its seal and every seal against the one before it.

    `head` is a seal's hash that was kept elsewhere: it must be in the chain. The last head that this machine
    sealed (a small file in var/) is asked for as well, so that seals cut off at the end are noticed.
    """
    result = Verification()
    heads = {head} if head else set()
    heads |= _witness_read()
    with _snapshot() as (seals, entries, next_position):
        walk = _Walk(result, iter(entries))
        for *fields, stored_hash, prints in seals:
            heads.discard(stored_hash)
            walk.seal(Seal(*fields), stored_hash, bytes(prints))
        walk.rest(next_position)
    for lost in sorted(heads):
        walk.found("head", f"the seal with hash {lost}, known from outside the database, is not in the chain")
    return result


@contextmanager
def _snapshot() -> Iterator[tuple[Iterable[Any], Iterable[Any], int]]:
    """Seals and entries in order, streamed from one snapshot of the database."""
    connection.ensure_connection()
    with transaction.atomic():
        raw = connection.connection
        raw.execute("set transaction isolation level repeatable read, read only")
        next_position = raw.execute(NEXT_POSITION).fetchone()[0]
        with (
            raw.cursor(name="seals", binary=True) as seals,
            raw.cursor(name="entries", binary=True) as entries,
        ):
            seals.itersize, entries.itersize = 100, 20_000
            yield seals.execute(SEALS), entries.execute(ENTRIES), next_position


class _Walk:
    """Goes through seals and entries side by side."""

    def __init__(self, result: Verification, rows: Iterator[Any]) -> None:
        self.result = result
        self.rows = rows
        self.row = next(rows, None)
        self.last = Seal(0, 0, 0, 0, "", "", datetime.now(UTC))

    def found(self, kind: Any, text: str, seal: int | None = None, entry: int | None = None) -> None:
        self.result.findings.append(Finding(kind, text, seal, entry))

    def seal(self, seal: Seal, stored_hash: str, prints: bytes) -> None:
        self._check_chain(seal, stored_hash)
        for row in self._take(seal.from_position):
            self.found("inserted", f"entry {row[1]} stands at a place that no seal covers", entry=row[1])
        rows = self._take(seal.to_position)
        leaves = [leaf_hash(row[2]) for row in rows]
        if len(leaves) != seal.entries or merkle_root(leaves) != seal.root:
            self._locate(seal, [row[1] for row in rows], leaves, prints)
        self.result.seals += 1
        self.result.entries += len(rows)
        self.result.head, self.last = stored_hash, seal

    def rest(self, next_position: int) -> None:
        """What came after the last seal; an entry whose position was never given out is an insertion."""
        while self.row is not None:
            self.result.unsealed += 1
            if self.row[0] >= next_position:
                self.found(
                    "inserted", f"entry {self.row[1]} claims a position in the future", entry=self.row[1]
                )
            self.row = next(self.rows, None)

    def _take(self, before: int) -> list[Any]:
        taken = []
        while self.row is not None and self.row[0] < before:
            taken.append(self.row)
            self.row = next(self.rows, None)
        return taken

    def _check_chain(self, seal: Seal, stored_hash: str) -> None:
        if seal.hash != stored_hash:
            self.found("seal", f"seal {seal.id} was changed: its content does not give its hash", seal.id)
        gap = range(self.last.id + 1, seal.id)
        if gap:
            self.found("seal", f"{_span('seal', gap)} missing before seal {seal.id}", seal.id)
        elif (seal.previous, seal.from_position) != (self.result.head, self.last.to_position):
            self.found("seal", f"seal {seal.id} does not continue seal {self.last.id}", seal.id)

    def _locate(self, seal: Seal, ids: list[int], leaves: list[bytes], prints: bytes) -> None:
        """Name the entries that differ from the seal's fingerprints, or say that the seal itself does."""
        sealed = [prints[at : at + FINGERPRINT] for at in range(0, len(prints), FINGERPRINT)]
        present = [leaf[:FINGERPRINT] for leaf in leaves]
        if len(sealed) != seal.entries or present == sealed:
            where = f"entries {ids[0]} to {ids[-1]}" if ids else "all its entries are gone"
            self.found("seal", f"seal {seal.id} does not fit its entries ({where})", seal.id)
        for kind, text, entry in _differences(sealed, present, ids):
            when = f"(seal {seal.id}, sealed at {seal.sealed_at:%Y-%m-%d %H:%M:%S} UTC)"
            self.found(kind, f"{text} {when}", seal.id, entry)


def _differences(
    sealed: list[bytes], present: list[bytes], ids: list[int]
) -> Iterator[tuple[str, str, int | None]]:
    """What happened to a batch: (kind, sentence, entry id), from fingerprints as sealed and as they are."""
    from difflib import SequenceMatcher

    left, right = _common_ends(sealed, present)
    was, now = sealed[left : len(sealed) - right], present[left : len(present) - right]
    middle = SequenceMatcher(None, was, now, autojunk=False)
    for tag, was_from, was_to, is_from, is_to in middle.get_opcodes():
        if tag == "equal":
            continue
        before = was_to - was_from
        touched = ids[left + is_from : left + is_to]
        for entry in touched[:before]:
            yield "changed", f"entry {entry} was changed", entry
        for entry in touched[before:]:
            yield "inserted", f"entry {entry} was inserted", entry
        if before > len(touched):
            yield "missing", f"{_count(before - len(touched))} missing {_between(ids, left + is_to)}", None


def _common_ends(one: list[bytes], other: list[bytes]) -> tuple[int, int]:
    """Lengths of the common beginning and of the common end (which do not overlap)."""
    shortest = min(len(one), len(other))
    left = next((i for i in range(shortest) if one[i] != other[i]), shortest)
    limit = shortest - left
    right = next((i for i in range(limit) if one[-1 - i] != other[-1 - i]), limit)
    return left, right


def _between(ids: list[int], at: int) -> str:
    before = f"after entry {ids[at - 1]}" if at else "at the beginning of the batch"
    return before + (f", before entry {ids[at]}" if at < len(ids) else "")


def _count(number: int) -> str:
    return "1 entry is" if number == 1 else f"{number} entries are"


def _span(word: str, numbers: range) -> str:
    return f"{word} {numbers[0]} is" if len(numbers) == 1 else f"{word}s {numbers[0]} to {numbers[-1]} are"


# --- the witness: the last head, kept beside the database ---


def _witness() -> Path:
    """One file per database of a server, so that another city's head is never asked for."""
    with connection.cursor() as cursor:
        cursor.execute("select system_identifier, current_database() from pg_control_system()")
        server, database = cursor.fetchone()
    return Path(settings.VAR_FOLDER) / f"ledger-head.{server}.{database}.json"


def _witness_write(seal: Seal) -> None:
    from prasan.fabric.paths import replace_file

    replace_file(_witness(), json.dumps({"seal": seal.id, "hash": seal.hash}).encode())


def _witness_read() -> set[str]:
    try:
        return {json.loads(_witness().read_text())["hash"]}
    except (FileNotFoundError, ValueError, KeyError):
        return set()


def witness_forget() -> None:
    """Forget this machine's last head: a restored city has its own past."""
    _witness().unlink(missing_ok=True)
