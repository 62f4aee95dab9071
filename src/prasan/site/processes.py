"""The processes of a served city: the web server and the worker, started, watched and stopped by `prasan up`."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection

from prasan.fabric.boot import OperatorError
from prasan.fabric.paths import var_folder

GRACE_SECONDS = 30  # from SIGTERM to SIGKILL
DEATHS, DEATHS_WITHIN = 5, 60  # a process that dies this often in so many seconds is not started again
THREADS = 4  # per web worker: one waits for the database while another renders
PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """A process that has to live as long as the city does."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)
    start_at: float = 0.0

    def start(self) -> None:
        """In a session of its own, so that Ctrl-C reaches it through us alone; it goes when we are killed."""
        self.process = subprocess.Popen(
            self.command,
            env={**os.environ, **self.environment},
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 — `prasan up` has one thread
        )

    def end(self) -> int | None:
        """Its exit code; what it started and left behind goes too."""
        assert self.process is not None  # noqa: S101 — asked of a started child only
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        code, self.process = self.process.wait(), None
        return code

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Keeps children running until told to stop, or until one can't be kept running."""

    def __init__(self, children: Sequence[Child], say: Callable[[str], None]) -> None:
        self.children = children
        self.say = say
        self.stopping = threading.Event()

    def run(self, *, is_ready: Callable[[], bool], greet: Callable[[], None]) -> None:
        """Block until SIGTERM, SIGINT or SIGHUP; `greet` once `is_ready`.

        Raises OperatorError when a child keeps dying.
        """
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: self.stopping.set())
        try:
            for child in self.children:
                child.start()
            greeted = False
            while not self.stopping.wait(0.5):
                for child in self.children:
                    self._watch(child)
                if not greeted and is_ready():
                    greeted = True
                    greet()
        finally:
            self._stop_all()

    def _watch(self, child: Child) -> None:
        now = time.monotonic()
        if child.is_running:
            return
        if child.process is not None:
            code = child.end()
            child.deaths = [at for at in child.deaths if at > now - DEATHS_WITHIN] + [now]
            if len(child.deaths) >= DEATHS:
                raise OperatorError(
                    f"{child.name} died {DEATHS} times within a minute (exit code {code}); everything is stopped."
                    " Its last words are above; `prasan doctor` looks for the cause."
                )
            child.start_at = now + 2 ** (len(child.deaths) - 1)
            self.say(f"{child.name} died (exit code {code}); it is started again")
        if now >= child.start_at:
            child.start()

    def _stop_all(self) -> None:
        running = [child for child in self.children if child.is_running]
        for child in running:
            child.process.terminate()  # type: ignore[union-attr]
        end = time.monotonic() + GRACE_SECONDS
        for child in running:
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.1, end - time.monotonic()))  # type: ignore[union-attr]
            child.end()


def serve_web(host: str, port: int, workers: int) -> None:
    """Serve pages and API until SIGTERM; each worker is a process with a few threads."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    _fresh_metrics_folder()
    Granian(
        "prasan.site.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_level=LogLevels.warning,
    ).serve()


def city_processes(host: str, port: int, workers: int) -> list[Child]:
    """What `prasan up` runs."""
    prasan = [sys.executable, "-m", "prasan.site.cli"]
    web = [*prasan, "web", "--host", host, "--port", str(port), "--workers", str(workers)]
    return [
        Child("web", web, {"PRASAN_PROCESS": "web"}),
        Child("worker", [*prasan, "worker"], {"PRASAN_PROCESS": "worker"}),
    ]


def ensure_port_is_free(host: str, port: int) -> None:
    """Raises OperatorError with the way out."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise OperatorError(
                f"Port {port} is reserved for root. Choose one above 1023: PORT=8000 ./run"
            ) from error
        except OSError as error:
            raise OperatorError(
                f"Port {port} on {host} can't be used ({error.strerror}); perhaps Prasan runs already."
                f" Choose another: PORT={port + 1} ./run"
            ) from error


def is_serving(host: str, port: int) -> bool:
    """Whether the web server answers by now, whatever it says."""
    asked = HTTPConnection(host, port, timeout=5)
    try:
        asked.request("GET", "/health/live", headers={"Host": "127.0.0.1"})
        asked.getresponse()
        return True
    except OSError:
        return False
    finally:
        asked.close()


def ensure_disk_has_room(megabytes: int) -> None:
    """Raises OperatorError when the disk of the state folder is (almost) full."""
    free = shutil.disk_usage(var_folder()).free // 1_000_000
    if free < megabytes:
        raise OperatorError(
            f"Only {free} MB are free on the disk of {var_folder()}; at least {megabytes} MB are needed."
            " Free some space, or put the state elsewhere: PRASAN_VAR=/path/on/another/disk ./run"
        )


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0))


def _fresh_metrics_folder() -> None:
    """Where web workers share their counters; those of an earlier run are void."""
    folder = var_folder() / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
