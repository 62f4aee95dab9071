"""The same work on many batches, in several processes with a database connection each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, as_completed, wait
from multiprocessing import get_context
from typing import TypeVar

from django.db import connection

Batch = TypeVar("Batch")
Outcome = TypeVar("Outcome")


def run_batches(
    work: Callable[[Batch], Outcome], batches: Iterable[Batch], processes: int
) -> Iterator[Outcome]:
    """Outcomes as they come (in order with one process); few batches are drawn ahead, so that memory stays flat."""
    if processes <= 1:
        yield from map(work, batches)
        return
    database = str(connection.settings_dict["NAME"])
    with ProcessPoolExecutor(processes, get_context("spawn"), _set_up, (database,)) as pool:
        waiting: set[Future[Outcome]] = set()
        for batch in batches:
            waiting.add(pool.submit(work, batch))
            if len(waiting) > 2 * processes:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        yield from (future.result() for future in as_completed(waiting))


def _set_up(database: str) -> None:
    """A fresh process on the caller's database (tests have one of their own)."""
    from prasan.fabric.boot import setup_django

    setup_django()
    connection.settings_dict["NAME"] = database
