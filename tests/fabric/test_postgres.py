"""The embedded PostgreSQL starts wherever the checkout lies."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from prasan.fabric import postgres
from tests.fabric.apart import PROJECT

START = """
import psycopg
from prasan.fabric import postgres
postgres.start(); postgres.start()
with psycopg.connect(postgres.embedded_url()) as c: print(c.execute("select current_database()").fetchone()[0])
postgres.stop()
print(postgres.is_running())
"""


@pytest.fixture
def room() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="prasan-") as folder:
        yield Path(folder)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["my city's folder ประสาน 100%", "long/" * 30], ids=["odd characters", "a long path"]
)
def test_it_starts_and_stops_in_any_folder(room: Path, name: str) -> None:
    """As root too: the server's own user has to reach it below a folder that is closed to others."""
    room.chmod(0o700)
    environment = {
        **os.environ,
        "PRASAN_VAR": str(room / name),
        "HOME": "",
        "PYTHONPATH": str(PROJECT / "src"),
    }
    environment.pop("DATABASE_URL", None)
    done = subprocess.run(
        [sys.executable, "-c", START],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["prasan", "False"]


def test_a_socket_folder_that_is_open_to_others_is_refused(room: Path) -> None:
    room.chmod(0o755)
    with pytest.raises(postgres.DatabaseUnavailable, match="open to others"):
        postgres._make_socket_folder(room)


def test_a_socket_folder_that_is_a_link_is_refused(room: Path) -> None:
    (room / "link").symlink_to(room)
    with pytest.raises(postgres.DatabaseUnavailable, match="somebody else's"):
        postgres._make_socket_folder(room / "link")
