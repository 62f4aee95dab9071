"""A job that takes its time, and one that kills its worker."""

from __future__ import annotations

import os
import signal
import time

from django.db import connection

from prasan.fabric.jobs import task


@task("tests.slow_job")
def slow_job(number: int, seconds: float = 0) -> None:
    """Notes its number when it is done."""
    time.sleep(seconds)
    with connection.cursor() as cursor:
        cursor.execute("insert into slow_job values (%s)", [number])


@task("tests.deadly_job")
def deadly_job() -> None:
    """Ends the worker process at once."""
    os.kill(os.getpid(), signal.SIGKILL)
