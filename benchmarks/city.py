"""A city of its own for measuring: embedded PostgreSQL with its usual settings, web and worker as they are served.

Everything lives in a temporary folder and goes when the measuring ends; nothing but loopback is used.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

WEB_WORKERS = 2


@dataclass(frozen=True, slots=True)
class Cpu:
    """Processor seconds that each kind of process has used."""

    web: float
    jobs: float
    postgres: float

    def since(self, earlier: Cpu) -> Cpu:
        """What was used between two moments."""
        return Cpu(self.web - earlier.web, self.jobs - earlier.jobs, self.postgres - earlier.postgres)


@dataclass
class City:
    """The processes of a served city."""

    folder: Path
    port: int
    web: subprocess.Popen[bytes] | None = None
    worker: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu(self) -> Cpu:
        """Processor seconds so far; a served city must be running."""
        postmaster = int((self.folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        return Cpu(_tree(self.web), _tree(self.worker), _of_tree(postmaster))


@contextmanager
def temporary_city() -> Iterator[City]:
    """An empty city with its registers, not served yet. Sets PRASAN_VAR for this process and its children."""
    folder = Path(tempfile.mkdtemp(prefix="prasan-bench-"))
    folder.chmod(0o755)  # as root the database runs as a user of its own
    os.environ |= {
        "PRASAN_VAR": str(folder),
        "PRASAN_LOG": "ERROR",
        "PRASAN_DEMO": "0",
        "PRASAN_PROCESS": "up",
    }
    os.environ.pop("DATABASE_URL", None)
    from prasan.fabric import postgres

    try:
        postgres.start()
        from prasan.fabric.boot import setup_django

        setup_django()
        from prasan.site.start import prepare

        prepare(demo=False)
        yield City(folder, _free_port())
    finally:
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def served(city: City) -> Iterator[City]:
    """Web and worker processes as `prasan up` starts them."""
    command = [sys.executable, "-m", "prasan.site.cli"]
    environment = os.environ | {"PRASAN_PUBLIC_URL": city.address}
    web = [*command, "web", "--port", str(city.port), "--workers", str(WEB_WORKERS)]
    city.web = subprocess.Popen(web, env=environment | {"PRASAN_PROCESS": "web"})
    city.worker = subprocess.Popen([*command, "worker"], env=environment | {"PRASAN_PROCESS": "worker"})
    try:
        _wait(city)
        yield city
    finally:
        for process in (city.web, city.worker):
            process.terminate()
        for process in (city.web, city.worker):
            process.wait(60)


def _wait(city: City) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{city.address}/api/v1/categories", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.3)
    raise RuntimeError("the web server did not answer within a minute")


def _tree(process: subprocess.Popen[bytes] | None) -> float:
    return _of_tree(process.pid) if process is not None else 0.0


def _of_tree(pid: int) -> float:
    """User and system seconds of a process, of those it started, and of those of them that have ended."""
    try:
        top = psutil.Process(pid)
        family = [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    total = 0.0
    for process in family:
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return total


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
