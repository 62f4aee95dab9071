"""The cache that all web processes share."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection

from prasan.people.models import SharedValue

pytestmark = pytest.mark.django_db


def test_a_value_lives_until_its_end() -> None:
    with time_machine.travel("2026-11-22 10:00:00+07:00", tick=False) as clock:
        cache.set("a", [1.5, 2], timeout=60)
        cache.set("for-ever", {"x": True}, timeout=None)
        clock.shift(59)
        assert cache.get("a") == [1.5, 2]
        assert cache.touch("a", 60)
        clock.shift(61)
        assert cache.get("a", "gone") == "gone"
        assert not cache.touch("a", 60)
        assert cache.get("for-ever") == {"x": True}


def test_add_keeps_what_lives_and_replaces_what_is_over() -> None:
    assert cache.add("a", 1, timeout=60)
    assert not cache.add("a", 2, timeout=60)
    assert cache.get("a") == 1
    SharedValue.objects.update(expires_at="2000-01-01T00:00:00Z")
    assert cache.add("a", 3, timeout=60)
    assert cache.get("a") == 3


def test_what_is_set_for_no_time_is_gone_at_once() -> None:
    cache.set("a", 1, timeout=0)
    assert cache.get("a") is None


def test_deleted_and_cleared_values_are_gone() -> None:
    cache.set("a", 1)
    assert cache.delete("a")
    assert not cache.delete("a")
    cache.set("b", 1)
    cache.clear()
    assert cache.get("b") is None


def test_names_are_kept_as_keyed_hashes() -> None:
    cache.set("allauth:rl:malee@example.com", 1)
    assert "malee" not in str(list(SharedValue.objects.values()))


@pytest.mark.django_db(transaction=True)
def test_of_many_who_add_at_once_one_wins() -> None:
    start, won = Barrier(8), []

    def add() -> None:
        start.wait()
        won.append(cache.add("code", "y", timeout=30))
        connection.close()

    threads = [Thread(target=add) for _unused in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 7 + [True]
