"""The ledger: append-only, sealed in batches, and any tampering is found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prasan.fabric import seals
from prasan.fabric.actors import Actor
from prasan.fabric.ledger import ledger_write, ledger_write_many
from prasan.fabric.models import LedgerEntry, LedgerSeal
from prasan.fabric.seals import ledger_head, ledger_seal, ledger_verify, merkle_root

pytestmark = pytest.mark.django_db(transaction=True)
Write = Callable[..., None]
INSERT = """
insert into fabric_ledgerentry (actor_kind, actor_id, action, object_type, object_id, changes, origin)
values ('system', '', 'x.y', 'x', %s, '{}', '')
"""


@pytest.fixture(autouse=True)
def own_var(var_folder: Any) -> None:
    """The witness file goes to this test's folder."""


def kinds(head: str = "") -> set[str]:
    return {finding.kind for finding in ledger_verify(head).findings}


def reference_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if len(leaves) == 0:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + reference_root(leaves[:k]) + reference_root(leaves[k:])).digest()


def test_the_merkle_root_is_that_of_rfc_6962() -> None:
    for count in (*range(18), 100, 257):
        leaves = [seals.leaf_hash(str(number)) for number in range(count)]
        assert merkle_root(leaves) == reference_root(leaves).hex()
    empty_leaf = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"  # certificate transparency's vector
    assert seals.leaf_hash("").hex() == empty_leaf


def test_entries_can_be_neither_changed_nor_removed(write_entries: Write) -> None:
    write_entries(1)
    for statement in ("update fabric_ledgerentry set action = 'x'", "delete from fabric_ledgerentry"):
        with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_seal_can_be_checked_without_this_code(write_entries: Write) -> None:
    """docs/ledger.md: JSON with Python's own separators, SHA-256, nothing else."""
    write_entries(3)
    ledger_seal()
    leaves = []
    for entry in LedgerEntry.objects.order_by("position", "id"):
        microseconds = round(entry.at.timestamp() * 1_000_000)
        fields = [
            entry.id, entry.position, microseconds, entry.actor_kind, entry.actor_id, entry.action,
            entry.object_type, entry.object_id, "CHANGES", entry.origin,
        ]  # fmt: skip
        changes = json.dumps(
            dict(sorted(entry.changes.items(), key=lambda i: (len(i[0]), i[0]))), ensure_ascii=False
        )
        canonical = json.dumps(fields, ensure_ascii=False).replace('"CHANGES"', changes)
        leaves.append(hashlib.sha256(b"\x00" + canonical.encode()).digest())
    seal = LedgerSeal.objects.get()
    assert seal.root == reference_root(leaves).hex()
    sealed = round(seal.sealed_at.timestamp() * 1_000_000)
    fields = [1, seal.from_position, seal.to_position, 3, seal.root, "0" * 64, sealed]
    assert seal.hash == hashlib.sha256(json.dumps(fields).encode()).hexdigest()


def test_nothing_to_seal_writes_nothing(write_entries: Write) -> None:
    assert ledger_seal() is None
    write_entries(2)
    assert ledger_seal() is not None
    assert ledger_seal() is None
    assert ledger_verify().findings == []


def test_a_late_committing_writer_is_neither_lost_nor_sealed_twice(
    other_connection: psycopg.Connection, write_entries: Write
) -> None:
    other_connection.execute(INSERT, ["late"])
    write_entries(3)
    assert ledger_seal() is None, "the late writer began first, so nobody after it can be sealed yet"
    other_connection.commit()
    seal = ledger_seal()
    assert seal is not None
    assert seal.entries == 4
    write_entries(2)
    assert ledger_seal() is not None
    verified = ledger_verify()
    assert (verified.entries, verified.unsealed, verified.findings) == (6, 0, [])


def test_a_writer_of_another_database_on_the_server_holds_nothing_up(write_entries: Write) -> None:
    given = connection.get_connection_params()
    wanted = {name: given[name] for name in ("user", "password", "host", "port") if given.get(name)}
    with psycopg.connect(dbname="postgres", **wanted) as elsewhere:
        elsewhere.execute("select pg_current_xact_id()")
        write_entries(2)
        seal = ledger_seal()
        elsewhere.rollback()
    assert seal is not None
    assert seal.entries == 2


def test_what_the_sealer_s_own_transaction_wrote_waits_for_its_commit(write_entries: Write) -> None:
    write_entries(2)
    with transaction.atomic():
        write_entries(1)
        seal = ledger_seal()
        assert seal is not None
        assert seal.entries == 2
    later = ledger_seal()
    assert later is not None
    assert later.entries == 1


def test_a_rolled_back_writer_leaves_a_gap_and_no_finding(
    other_connection: psycopg.Connection, write_entries: Write
) -> None:
    write_entries(1)
    other_connection.execute(INSERT, ["never"])
    other_connection.rollback()
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012 — the write is undone by what follows
        write_entries(1)
        raise RuntimeError
    write_entries(1)
    ledger_seal()
    verified = ledger_verify()
    assert (verified.entries, verified.findings) == (2, [])


def test_two_sealers_at_once_do_not_wait_and_do_not_seal_twice(
    other_connection: psycopg.Connection, write_entries: Write
) -> None:
    write_entries(3)
    other_connection.execute("select pg_advisory_xact_lock(%s)", [seals.LOCK])
    assert ledger_seal() is None
    other_connection.rollback()
    assert ledger_seal() is not None
    assert LedgerSeal.objects.count() == 1


def test_a_writer_does_not_wait_for_the_sealer(
    other_connection: psycopg.Connection, write_entries: Write
) -> None:
    write_entries(3)
    with transaction.atomic():
        ledger_seal()
        other_connection.execute("set lock_timeout = '1s'")
        other_connection.execute(INSERT, ["while sealing"])
        other_connection.commit()
    ledger_seal()
    assert ledger_verify().findings == []


def test_a_large_batch_becomes_several_seals_that_never_divide_a_transaction(
    write_entries: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seals, "LARGEST", 3)
    write_entries(4)
    with transaction.atomic():
        write_entries(7)
    write_entries(2)
    while ledger_seal():
        pass
    assert sorted(LedgerSeal.objects.values_list("entries", flat=True)) == [2, 2, 2, 7]
    assert ledger_verify().findings == []


def test_imports_write_many_entries_by_copy(write_entries: Write) -> None:
    changes = {"status": [None, "finished"], "note": 'tab\t, newline\n, backslash \\, "quote"'}
    with transaction.atomic():
        ledger_write_many(
            actor=Actor.system("import"), action="report.import", object_type="report",
            entries=[(1, changes), (2, {})], origin="import:file",
        )  # fmt: skip
    assert list(LedgerEntry.objects.order_by("id").values_list("object_id", "changes")) == [
        ("1", changes),
        ("2", {}),
    ]


def test_a_transaction_with_many_entries_keeps_one_position(write_entries: Write) -> None:
    with transaction.atomic():
        write_entries(2)
        with transaction.atomic():  # a savepoint has a number of its own, which must not count
            write_entries(2)
    assert LedgerEntry.objects.values("position").distinct().count() == 1


COLUMN_TAMPERING = {
    "at": "at + interval '1 microsecond'",
    "actor_kind": "actor_kind || 'x'",
    "actor_id": "actor_id || ' '",
    "action": "'report.other'",
    "object_type": "object_type || 'x'",
    "object_id": "object_id || '0'",
    "changes": """changes || '{"status": [null, "finished"]}'""",
    "origin": "origin || 'x'",
    "position": "position + 1",
    "id": "id + 1000000",
}
SEAL_TAMPERING = {
    "from_position": "from_position + 1",
    "to_position": "to_position + 1",
    "entries": "entries + 1",
    "root": "translate(root, '0123456789abcdef', '123456789abcdef0')",
    "previous": "translate(previous, '0123456789abcdef', '123456789abcdef0')",
    "hash": "translate(hash, '0123456789abcdef', '123456789abcdef0')",
    "sealed_at": "sealed_at + interval '1 microsecond'",
    "id": "id + 1000000",
}
FORGED = """
insert into fabric_ledgerentry (id, position, at, actor_kind, actor_id, action, object_type, object_id, changes, origin)
select id + 1000000, position + %s, at, actor_kind, actor_id, action, object_type, object_id, changes, origin
from fabric_ledgerentry where id = %s
"""
_tamperings = st.one_of(
    st.tuples(st.just("entry"), st.sampled_from(sorted(COLUMN_TAMPERING))),
    st.tuples(st.just("seal"), st.sampled_from(sorted(SEAL_TAMPERING))),
    st.tuples(
        st.sampled_from(["remove entry", "remove seal", "insert before", "insert beside"]), st.just("")
    ),
)


def _damage(tamper: Write, what: str, column: str, at: int) -> None:
    entries = list(LedgerEntry.objects.order_by("position", "id").values_list("id", flat=True))
    sealed = list(LedgerSeal.objects.order_by("id").values_list("id", flat=True))
    entry, seal = entries[at % len(entries)], sealed[at % len(sealed)]
    if what == "entry":
        tamper(f"update fabric_ledgerentry set {column} = {COLUMN_TAMPERING[column]} where id = %s", [entry])
    elif what == "seal":
        tamper(f"update fabric_ledgerseal set {column} = {SEAL_TAMPERING[column]} where id = %s", [seal])
    elif what == "remove entry":
        tamper("delete from fabric_ledgerentry where id = %s", [entry])
    elif what == "remove seal":
        tamper("delete from fabric_ledgerseal where id = %s", [seal])
    else:
        tamper(FORGED, [0 if what == "insert beside" else -1_000_000_000, entry])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.integers(1, 4), min_size=1, max_size=4), damage=_tamperings, at=st.integers(0, 99))
def test_any_single_tampering_is_found(
    write_entries: Write, tamper: Write, batches: list[int], damage: tuple[str, str], at: int
) -> None:
    tamper("delete from fabric_ledgerseal")
    tamper("delete from fabric_ledgerentry")
    seals.witness_forget()
    for size in batches:
        write_entries(size)
        assert ledger_seal()
    assert ledger_verify().findings == []
    _damage(tamper, *damage, at)
    assert ledger_verify().findings, f"{damage} at {at} went unnoticed"


def test_the_finding_names_the_entry(write_entries: Write, tamper: Write) -> None:
    for _ in range(3):
        write_entries(10)
        ledger_seal()
    ids = list(LedgerEntry.objects.order_by("position", "id").values_list("id", flat=True))
    tamper("update fabric_ledgerentry set action = 'x' where id = any(%s)", [[ids[3], ids[7]]])
    tamper("delete from fabric_ledgerentry where id = %s", [ids[15]])
    tamper(FORGED, [0, ids[25]])
    found = [(finding.kind, finding.seal, finding.entry) for finding in ledger_verify().findings]
    assert found == [
        ("changed", 1, ids[3]), ("changed", 1, ids[7]), ("missing", 2, None), ("inserted", 3, ids[25] + 1000000)
    ]  # fmt: skip
    text = ledger_verify().findings[2].text
    assert f"after entry {ids[14]}, before entry {ids[16]}" in text


def test_seals_cut_off_at_the_end_are_missed_by_a_head_kept_elsewhere(
    write_entries: Write, tamper: Write
) -> None:
    for _ in range(3):
        write_entries(2)
        ledger_seal()
    head = ledger_head()
    assert head is not None
    seals.witness_forget()
    tamper("delete from fabric_ledgerseal where id = 3")
    tamper("delete from fabric_ledgerentry where id = (select max(id) from fabric_ledgerentry)")
    assert kinds() == set(), "the chain alone can't show its own end"
    assert kinds(head[1]) == {"head"}


def test_a_seal_of_a_rewritten_past_does_not_fit_a_head_kept_elsewhere(
    write_entries: Write, tamper: Write
) -> None:
    write_entries(2)
    ledger_seal()
    head = ledger_head()
    assert head is not None
    tamper("update fabric_ledgerentry set action = 'x'")
    tamper("delete from fabric_ledgerseal")
    ledger_seal()
    seals.witness_forget()
    assert kinds() == set()
    assert kinds(head[1]) == {"head"}


def test_an_entry_with_a_position_of_the_future_is_found(write_entries: Write, tamper: Write) -> None:
    write_entries(1)
    ledger_seal()
    entry = LedgerEntry.objects.get()
    tamper(FORGED, [10**12, entry.id])
    assert kinds() == {"inserted"}


def test_a_position_grows_with_an_offset_as_after_a_restore(write_entries: Write) -> None:
    write_entries(1)
    ledger_seal()
    first = LedgerEntry.objects.get().position
    with connection.cursor() as cursor:
        body = "create or replace function fabric_ledger_offset() returns bigint language sql immutable as"
        cursor.execute(f"{body} 'select 5000000000'")
        try:
            write_entries(1)
            assert ledger_seal() is not None
            assert LedgerEntry.objects.latest("id").position > first + 4_999_999_999
            assert ledger_verify().findings == []
        finally:
            cursor.execute(f"{body} 'select 0::bigint'")


def test_an_entry_that_was_not_committed_is_not_written() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012 — as above
        ledger_write(actor=Actor.anonymous(), action="report.submit", object_type="report", object_id=1)
        raise RuntimeError
    assert not LedgerEntry.objects.exists()
