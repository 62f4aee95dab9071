"""`prasan worker`: sealing, delivery, notices and background jobs in one process, as many of them as you like.

Every part works in small transactions, so that a worker killed at any moment loses nothing and another goes on.
Faults of the database are waited out with growing pauses.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connection, connections
from procrastinate.contrib.django import app

from prasan.fabric.events import BATCH, deliver, subscriptions_ensure, where
from prasan.fabric.jobs import jobs_rescue
from prasan.fabric.notices.sending import notices_send
from prasan.fabric.seals import ledger_seal

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 10
LONGEST_PAUSE = 30.0
FULL_BATCH = 50  # a round that did this much is followed by the next at once
SEEN = """
insert into fabric_workerheartbeat (name) values (%s) on conflict (name) do update set seen_at = now()
"""
NAME = f"{socket.gethostname()}:{os.getpid()}"


@dataclass(frozen=True)
class Loop:
    """Work that is done again and again: `work` returns how much it did.

    The pause is `busy` seconds after a round that did something (so that entries gather into batches),
    `idle` after one that did not, none after a full batch.
    """

    name: str
    work: Callable[[], int]
    busy: float
    idle: float
    full: int = FULL_BATCH

    def run(self, stop: threading.Event) -> None:
        pause, failures = 0.0, 0
        while not stop.wait(pause):
            try:
                close_old_connections()
                done = self.work()
                pause, failures = self._pause(done), 0
            except Exception as error:  # noqa: BLE001 — whatever it was, the next round may succeed
                failures += 1
                pause = min(LONGEST_PAUSE, 0.5 * 2**failures)
                log.warning("%s failed, next try in %.0f s: %s", self.name, pause, where(error))
        connections.close_all()

    def _pause(self, done: int) -> float:
        if done >= self.full:
            return 0.0
        return self.busy if done else self.idle


def loops() -> list[Loop]:
    """Everything the worker does besides procrastinate's jobs."""
    return [
        Loop("sealing", lambda: int(ledger_seal() is not None), busy=3, idle=3),
        Loop("delivery", deliver, busy=0.25, idle=0.5, full=BATCH),
        Loop("notices", notices_send, busy=0.5, idle=1),
        Loop("heartbeat", _heartbeat, busy=HEARTBEAT_SECONDS, idle=HEARTBEAT_SECONDS),
        Loop("rescue", jobs_rescue, busy=60, idle=60),
    ]


def run() -> None:
    """Work until SIGTERM or SIGINT; what is under way is finished first."""
    asyncio.run(_run())


async def _run() -> None:
    stop, stopped = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await _with_patience(subscriptions_ensure, stopped)
    threads = [threading.Thread(target=part.run, args=[stop], name=part.name) for part in loops()]
    for thread in threads:
        thread.start()
    jobs = asyncio.create_task(_jobs())
    await stopped.wait()
    stop.set()
    jobs.cancel()
    await asyncio.gather(jobs, return_exceptions=True)
    for thread in threads:
        await asyncio.to_thread(thread.join)
    await sync_to_async(_goodbye)()


async def _with_patience(call: Callable[[], None], stopped: asyncio.Event) -> None:
    """Until the database is there."""
    pause = 0.5
    while not stopped.is_set():
        try:
            return await sync_to_async(call)()
        except Exception as error:  # noqa: BLE001 — as above
            log.warning("the worker can't begin, next try in %.0f s: %s", pause, where(error))
            await sync_to_async(close_old_connections)()
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)
    return None


async def _jobs() -> None:
    """Procrastinate's worker, begun anew when the database goes away under it.

    It gets connections of its own (for LISTEN), while tasks keep deferring on Django's, inside their
    transactions; `replace_connector` would take that from them.
    """
    pause = 0.5
    while True:
        await sync_to_async(close_old_connections)()
        connector: Any = app.connector
        worker_app = app.with_connector(connector.get_worker_connector())
        try:
            async with worker_app.open_async():
                pause = 0.5
                await worker_app.run_worker_async(
                    concurrency=max(2, os.cpu_count() or 2),
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    shutdown_graceful_timeout=20,
                    update_heartbeat_interval=HEARTBEAT_SECONDS,
                )
        except Exception as error:  # noqa: BLE001 — as above
            log.warning("jobs stopped, begun again in %.0f s: %s", pause, where(error))
        await asyncio.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 2)


def _heartbeat() -> int:
    with connection.cursor() as cursor:
        cursor.execute(SEEN, [NAME])
    return 0


def _goodbye() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("delete from fabric_workerheartbeat where name = %s", [NAME])
    except Exception as error:  # noqa: BLE001 — going anyway
        log.warning("the worker's heartbeat could not be removed: %s", where(error))
    connections.close_all()
