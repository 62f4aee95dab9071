"""Delivery of the ledger: in order, nothing lost, nothing done twice in the database, dead letters seen and resent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from prasan.fabric import events
from prasan.fabric.actions import delivery_resend
from prasan.fabric.actors import Actor
from prasan.fabric.models import Delivery, LedgerEntry, Subscription
from prasan.fabric.problems import Conflict, Forbidden, NotFound

pytestmark = pytest.mark.django_db(transaction=True)
Write = Callable[..., None]
Seen = list[list[str]]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    """One subscriber, `test`, that notes object ids batch by batch and fails on those in `poison`."""
    monkeypatch.setattr(events, "_subscribers", {})
    batches: Seen = []

    @events.subscriber("test", actions=("report.*",))
    def note(entries: Sequence[LedgerEntry]) -> None:
        batches.append([entry.object_id for entry in entries])

    events.subscriptions_ensure()
    return iter([batches]).__next__()


def fail_on(monkeypatch: pytest.MonkeyPatch, poison: set[str], handled: list[str]) -> None:
    monkeypatch.setattr(events, "_subscribers", {})

    @events.subscriber("test", actions=("*",))
    def handle(entries: Sequence[LedgerEntry]) -> None:
        for entry in entries:
            if entry.object_id in poison:
                raise ValueError("call 081-234-5678")
        handled.extend(entry.object_id for entry in entries)

    events.subscriptions_ensure()


def test_entries_come_in_order_and_once(seen: Seen, write_entries: Write) -> None:
    write_entries(5)
    assert events.deliver() == 5
    write_entries(2)
    assert events.deliver() == 2
    assert events.deliver() == 0
    assert seen == [["0", "1", "2", "3", "4"], ["0", "1"]]


def test_a_subscriber_hears_only_the_actions_it_asked_for(seen: Seen, write_entries: Write) -> None:
    write_entries(1, "officer.grant")
    write_entries(1, "reportx.submit")
    write_entries(1, "report.accept")
    events.deliver()
    assert seen == [["0"]]
    assert events.deliver() == 0, "entries of other actions are behind the cursor too"


def test_an_idle_round_costs_two_statements(seen: Seen, write_entries: Write) -> None:
    write_entries(3)
    events.deliver()
    with CaptureQueriesContext(connection) as statements:
        events.deliver()
    assert len(statements) == 2


def test_a_batch_costs_a_fixed_number_of_statements(seen: Seen, write_entries: Write) -> None:
    with transaction.atomic():
        write_entries(400)
    with CaptureQueriesContext(connection) as statements:
        assert events.deliver() == 400
    assert len(statements) <= 10, [query["sql"] for query in statements.captured_queries]


def test_a_large_backlog_comes_in_batches(seen: Seen, write_entries: Write) -> None:
    with transaction.atomic():
        write_entries(events.BATCH + 10)
    assert events.deliver() == events.BATCH
    assert events.deliver() == 10
    assert [len(batch) for batch in seen] == [events.BATCH, 10]


def test_a_late_committing_writer_is_not_skipped(
    seen: Seen, write_entries: Write, other_connection: psycopg.Connection
) -> None:
    other_connection.execute(
        "insert into fabric_ledgerentry (actor_kind, actor_id, action, object_type, object_id, changes, origin)"
        " values ('system', '', 'report.submit', 'report', 'late', '{}', '')"
    )
    write_entries(2)
    assert events.deliver() == 0
    other_connection.commit()
    events.deliver()
    assert seen == [["late", "0", "1"]]


def test_what_a_handler_writes_and_its_cursor_are_one_transaction(
    monkeypatch: pytest.MonkeyPatch, write_entries: Write
) -> None:
    monkeypatch.setattr(events, "_subscribers", {})

    @events.subscriber("test", actions=("*",))
    def handle(entries: Sequence[LedgerEntry]) -> None:
        raise KeyboardInterrupt  # the process is going down

    events.subscriptions_ensure()
    write_entries(2)
    with pytest.raises(KeyboardInterrupt):
        events.deliver()
    assert Subscription.objects.get().position == 0


def test_an_entry_that_fails_is_set_aside_and_the_stream_goes_on(
    monkeypatch: pytest.MonkeyPatch, write_entries: Write
) -> None:
    handled: list[str] = []
    fail_on(monkeypatch, {"1", "3"}, handled)
    write_entries(5)
    events.deliver()
    assert handled == ["0", "2", "4"]
    assert list(Delivery.objects.order_by("id").values_list("entry__object_id", "state", "attempts")) == [
        ("1", "retry", 1), ("3", "retry", 1)
    ]  # fmt: skip
    assert events.deliver() == 0, "its pause is not over"


def test_a_failure_is_told_by_place_and_never_by_its_message(
    monkeypatch: pytest.MonkeyPatch, write_entries: Write
) -> None:
    fail_on(monkeypatch, {"0"}, [])
    write_entries(1)
    events.deliver()
    error = Delivery.objects.get().error
    assert error.startswith("ValueError at ")
    assert "081" not in error


def test_a_set_aside_entry_is_tried_again_with_growing_pauses_and_then_is_dead(
    monkeypatch: pytest.MonkeyPatch, write_entries: Write
) -> None:
    fail_on(monkeypatch, {"0"}, [])
    write_entries(1)
    events.deliver()
    pauses = []
    for _ in range(20):
        delivery = Delivery.objects.get()
        if delivery.state == Delivery.State.DEAD:
            break
        pauses.append((delivery.next_at - timezone.now()).total_seconds())
        Delivery.objects.update(next_at=timezone.now())
        events.deliver()
    assert delivery.attempts == events.DEAD_AFTER
    assert all(later > earlier * 3 for earlier, later in pairwise(pauses))


def test_an_administrator_resends_a_dead_entry(monkeypatch: pytest.MonkeyPatch, write_entries: Write) -> None:
    poison, handled = {"0"}, list[str]()
    fail_on(monkeypatch, poison, handled)
    write_entries(1)
    events.deliver()
    Delivery.objects.update(state=Delivery.State.DEAD, attempts=8, next_at=timezone.now() - timedelta(days=1))
    events.deliver()
    assert handled == []
    poison.clear()
    admin = Actor("officer", "7", roles={"admin": frozenset({"bma"})})
    delivery = delivery_resend(actor=admin, delivery_id=Delivery.objects.get().pk)
    while events.deliver():
        pass
    assert "0" in handled
    assert Delivery.objects.get().state == Delivery.State.DONE
    entry = LedgerEntry.objects.get(action="delivery.resend")
    assert (entry.actor_id, entry.object_id, entry.changes) == (
        "7",
        str(delivery.pk),
        {"state": ["dead", "retry"]},
    )


def test_resending_is_refused_to_others_and_for_what_is_done(
    monkeypatch: pytest.MonkeyPatch, write_entries: Write
) -> None:
    fail_on(monkeypatch, {"0"}, [])
    write_entries(1)
    events.deliver()
    delivery = Delivery.objects.get()
    with pytest.raises(Forbidden):
        delivery_resend(
            actor=Actor("officer", "7", roles={"supervisor": frozenset({"bma"})}), delivery_id=delivery.pk
        )
    with pytest.raises(NotFound):
        delivery_resend(actor=Actor.system("test"), delivery_id=delivery.pk + 1)
    Delivery.objects.update(state=Delivery.State.DONE)
    with pytest.raises(Conflict):
        delivery_resend(actor=Actor.system("test"), delivery_id=delivery.pk)


def test_another_worker_that_has_the_cursor_is_left_alone(
    seen: Seen, write_entries: Write, other_connection: psycopg.Connection
) -> None:
    write_entries(2)
    other_connection.execute("select * from fabric_subscription where name = 'test' for update")
    assert events.deliver() == 0
    other_connection.rollback()
    assert events.deliver() == 2


def test_a_fault_of_the_database_blames_no_entry(
    monkeypatch: pytest.MonkeyPatch, write_entries: Write
) -> None:
    monkeypatch.setattr(events, "_subscribers", {})

    @events.subscriber("test", actions=("*",))
    def handle(entries: Sequence[LedgerEntry]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("do $$ begin raise exception 'full' using errcode = 'disk_full'; end $$")

    events.subscriptions_ensure()
    write_entries(1)
    with pytest.raises(Exception, match="full"):
        events.deliver()
    assert not Delivery.objects.exists()
    assert Subscription.objects.get().position == 0


def test_lag_counts_what_waits(seen: Seen, write_entries: Write) -> None:
    write_entries(3)
    ((name, waiting, age),) = events.delivery_lag()
    assert (name, waiting) == ("test", 3)
    assert 0 <= age < 60
    events.deliver()
    assert events.delivery_lag() == [("test", 0, 0.0)]


def test_two_subscribers_of_one_name_are_refused(seen: Seen) -> None:
    with pytest.raises(ValueError, match="two subscribers"):
        events.subscriber("test", actions=("*",))(lambda entries: None)


def test_a_batch_is_rebuilt_as_model_rows(
    seen: Seen, write_entries: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    got: list[Any] = []
    monkeypatch.setattr(
        events, "_subscribers", {"test": events.Subscriber("test", re.compile(""), got.extend)}
    )
    write_entries(1)
    events.deliver()
    stored = LedgerEntry.objects.get()
    names = [field.attname for field in LedgerEntry._meta.concrete_fields]
    assert [getattr(got[0], name) for name in names] == [getattr(stored, name) for name in names]
