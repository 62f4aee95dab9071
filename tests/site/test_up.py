"""`prasan up` as a real process: what it refuses with a clear sentence, how it stops, what it survives."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fabric.apart import PROJECT, City, city, wait_until

from prasan.fabric.boot import OperatorError
from prasan.site import processes

pytestmark = pytest.mark.xdist_group("apart")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def apart() -> Iterator[City]:
    with city() as made:
        made.database("stop")
        yield made


def up(apart: City, port: int, **environment: str) -> subprocess.Popen[str]:
    return apart.start("up", "--no-demo", "--workers", "1", "--port", str(port), **environment)


def answers(port: int, path: str = "/health/ready") -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def children_of(process: subprocess.Popen[str]) -> dict[str, int]:
    """Direct children by their verb."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            continue
        if parent == process.pid and b"prasan.site.cli" in words:
            found[words[words.index(b"prasan.site.cli") + 1].decode()] = int(folder.name)
    return found


@pytest.mark.slow
def test_a_city_is_served_survives_its_children_and_stops_cleanly(apart: City) -> None:
    port = free_port()
    process = up(apart, port)
    try:
        wait_until(lambda: answers(port), 90)
        first = children_of(process)
        assert set(first) == {"web", "worker"}
        assert answers(port, "/")
        assert (apart.folder / "static").stat().st_mode & 0o077 == 0, "nothing is open to other accounts"
        os.kill(first["worker"], signal.SIGKILL)
        os.kill(first["web"], signal.SIGKILL)
        wait_until(lambda: set(children_of(process)) == {"web", "worker"} and children_of(process) != first)
        wait_until(lambda: answers(port), 60)
        refused = apart.prasan("up", "--no-demo", "--port", str(port), check=False)
        assert (refused.returncode, f"PORT={port + 1}" in refused.stderr) == (2, True)
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert f"Prasan is at http://127.0.0.1:{port}" in output
    assert "web died (exit code -9)" in output
    assert children_of(process) == {}
    assert not answers(port)
    assert not (apart.folder / "postgres" / "postmaster.pid").exists(), "the embedded server was stopped too"


@pytest.mark.slow
def test_a_second_start_keeps_the_data(apart: City) -> None:
    apart.database("start")
    apart.rows("create table if not exists kept (n int)")
    apart.rows("insert into kept values (7)")
    apart.database("stop")
    port = free_port()
    process = up(apart, port)
    try:
        wait_until(lambda: answers(port), 90)
        assert apart.rows("select n from kept") == [(7,)]
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.mark.slow
def test_when_it_is_killed_its_children_go_too_and_the_next_start_works(apart: City) -> None:
    port = free_port()
    process = up(apart, port)
    wait_until(lambda: answers(port), 90)
    children = children_of(process)
    process.kill()
    process.communicate()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children.values()), 40)
    process = up(apart, port)
    try:
        wait_until(lambda: answers(port), 90)
    finally:
        process.terminate()
        process.communicate(timeout=60)
    apart.database("stop")


@pytest.mark.slow
def test_a_server_of_one_s_own_is_used_and_left_running(apart: City) -> None:
    apart.database("start")
    port = free_port()
    process = up(apart, port, DATABASE_URL=apart.url)
    try:
        wait_until(lambda: answers(port), 90)
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert apart.rows("select 1") == [(1,)]
    apart.database("stop")


@pytest.mark.slow
def test_a_database_of_a_newer_prasan_is_refused(apart: City) -> None:
    apart.database("start")
    apart.rows("insert into django_migrations (app, name, applied) values ('fabric', '0999_future', now())")
    refused = apart.prasan("up", "--no-demo", "--port", str(free_port()), check=False)
    apart.rows("delete from django_migrations where name = '0999_future'")
    apart.database("stop")
    assert refused.returncode == 2
    assert "newer Prasan (it knows fabric.0999_future)" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.slow
def test_a_server_that_can_not_be_reached_is_a_sentence(apart: City) -> None:
    url = "postgresql://nobody:secret@127.0.0.1:1/prasan"
    refused = apart.prasan("up", "--port", str(free_port()), check=False, DATABASE_URL=url)
    assert refused.returncode == 2
    assert "Check DATABASE_URL" in refused.stderr
    assert "secret" not in refused.stderr


def test_a_port_in_use_is_a_sentence_with_the_way_out() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(OperatorError, match=f"PORT={port + 1} ./run"):
            processes.ensure_port_is_free("127.0.0.1", port)


def test_a_full_disk_is_a_sentence_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 5_000_000

    monkeypatch.setattr(processes.shutil, "disk_usage", lambda _path: Usage)
    with pytest.raises(OperatorError, match=r"Only 5 MB are free .* PRASAN_VAR="):
        processes.ensure_disk_has_room(300)


def test_a_child_that_keeps_dying_stops_everything_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(processes.time, "monotonic", lambda: now)
    said: list[str] = []
    child = processes.Child("web", ["false"])
    supervisor = processes.Supervisor([child], said.append)
    with pytest.raises(OperatorError, match="web died 5 times within a minute"):  # noqa: PT012 — it takes its time
        for _ in range(60):
            supervisor._watch(child)
            if child.process:
                child.process.wait()
            now += 1
    assert said == ["web died (exit code 1); it is started again"] * 4


def test_a_child_that_dies_now_and_then_is_started_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(processes.time, "monotonic", lambda: now)
    child = processes.Child("web", ["false"])
    supervisor = processes.Supervisor([child], lambda _text: None)
    for _ in range(20):
        supervisor._watch(child)
        if child.process:
            child.process.wait()
        now += 30


# ---- the scripts ----


def bash(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", f"set -euo pipefail; . deploy/prepare.sh; {script}"],
        cwd=PROJECT, env={**os.environ, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_missing_venv_module_is_a_sentence_with_the_command(tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; *) echo python3.11-venv;; esac\n')
    python.chmod(0o755)
    done = bash(f"apt_install() {{ return 1; }}; ensure_venv_module {python}")
    assert done.returncode == 1
    assert "sudo apt-get install python3-venv" in done.stderr


def test_an_old_python_is_a_sentence_with_the_command(tmp_path: Path) -> None:
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    done = bash("find_python", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "3.11 or newer" in done.stderr
    assert "apt-get install python3" in done.stderr


def test_too_little_room_to_install_is_a_sentence() -> None:
    done = bash("ensure_room 999999999")
    assert done.returncode == 1
    assert "Free some space" in done.stderr
