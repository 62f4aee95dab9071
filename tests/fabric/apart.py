"""A city of its own for tests that kill servers: another folder, another PostgreSQL, real processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg

PROJECT = Path(__file__).resolve().parents[2]
SETTINGS = "tests.fabric.apart_settings"


class City:
    """A folder with its own embedded server. `prasan` runs a command in it, `start` a process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PRASAN_", "DATABASE_URL"))
        }
        paths = os.pathsep.join([str(PROJECT / "src"), str(PROJECT)])
        self.environment = {
            **kept, "PRASAN_VAR": str(folder), "PYTHONPATH": paths, "DJANGO_SETTINGS_MODULE": SETTINGS,
            "PYTHONUNBUFFERED": "1",
        }  # fmt: skip

    @cached_property
    def url(self) -> str:
        return self._ask("postgres.embedded_url()")

    def prasan(
        self, *arguments: str, check: bool = True, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "prasan.site.cli", *arguments],
            env={**self.environment, **environment}, cwd=PROJECT, capture_output=True, text=True,
            check=False, timeout=180,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start a process that goes on; its output is read with `communicate`."""
        return subprocess.Popen(
            [sys.executable, "-m", "prasan.site.cli", *arguments],
            env={**self.environment, **environment}, cwd=PROJECT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def database(self, verb: str) -> None:
        """`start` or `stop` the server."""
        self._ask(f"postgres.{verb}()")

    def empty(self) -> None:
        """As on the first day: an empty database, no photos, no secrets. Far quicker than another server."""
        with psycopg.connect(self.url.replace("/prasan?", "/postgres?"), autocommit=True) as connection:
            connection.execute("drop database prasan with (force)")
            connection.execute("create database prasan")
        shutil.rmtree(self.folder / "files", ignore_errors=True)
        for path in self.folder.glob("*.json"):
            path.unlink()

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a statement returns, in a transaction of its own."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement, values)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def python(self, code: str) -> str:
        """Run a few lines with Django set up; returns what they print."""
        begin = "from prasan.fabric.boot import setup_django; setup_django()\n"
        return self._run(begin + code)

    def _ask(self, expression: str) -> str:
        return self._run(f"from prasan.fabric import postgres\nprint({expression} or '')").strip()

    def _run(self, code: str) -> str:
        command = [sys.executable, "-c", code]
        done = subprocess.run(
            command,
            env=self.environment,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def city(*, migrated: bool = True) -> Iterator[City]:
    """A fresh one, removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="prasan-"))
    made = City(folder)
    try:
        made.database("start")
        if migrated:
            made.prasan("migrate")
        yield made
    finally:
        made.database("stop")
        shutil.rmtree(folder, ignore_errors=True)


def wait_until(true: Callable[[], Any], seconds: float = 30) -> None:
    """Poll a few times a second; fails when it never becomes true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.2)
