"""A whole city moves to another machine: database, photos, keys, ledger."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fabric.apart import City, city, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("apart")]

FILL = """
from prasan.fabric import files
from prasan.fabric.actors import Actor
from prasan.fabric.ledger import ledger_write
from prasan.fabric.notices import notice_queue
from prasan.fabric.seals import ledger_seal
for number in range(20):
    ledger_write(actor=Actor.anonymous(), action="report.submit", object_type="report", object_id=number,
                 changes={"text": "ทางเท้า"})
    notice_queue(key=f"k{number}", address=f"citizen{number}@home.example", language="th", template="x", context={})
    files.put(f"photos/{number % 3}/p{number}.jpg", bytes([number]) * (number * 1000))
    if number % 5 == 4:
        ledger_seal()
"""
TABLES = """
select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'
and table_name not in ('fabric_ratecount', 'fabric_workerheartbeat') order by 1
"""
READ_ADDRESSES = """
from prasan.fabric.models import Notice
print(sorted(notice.address for notice in Notice.objects.all())[0])
"""


@pytest.fixture(scope="module")
def source() -> Iterator[City]:
    with city() as made:
        made.python(FILL)
        yield made


@dataclass(frozen=True)
class Taken:
    """A backup with the secrets, and what the city held at that moment: other tests let the city grow."""

    path: Path
    content: dict[str, tuple[int, str]]
    photos: dict[str, bytes]


@pytest.fixture(scope="module")
def taken(source: City, tmp_path_factory: pytest.TempPathFactory) -> Taken:
    path = tmp_path_factory.mktemp("backup") / "city.tar"
    output = source.prasan("backup", str(path), "--with-secrets").stdout
    assert "THE KEYS ARE IN THIS FILE" in output
    return Taken(path, content(source), photos(source))


@pytest.fixture(scope="module")
def archive(taken: Taken) -> Path:
    return taken.path


@pytest.fixture(scope="module")
def other_machine() -> Iterator[City]:
    with city(migrated=False) as made:
        yield made


@pytest.fixture
def target(other_machine: City) -> City:
    """Another machine, on which nothing is yet."""
    other_machine.empty()
    return other_machine


def content(of: City) -> dict[str, tuple[int, str]]:
    """Per table: rows, and a hash over all of them in order."""
    found = {}
    for (table,) in of.rows(TABLES):
        query = (
            f"select count(*), md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {table} t"
        )
        found[table] = of.rows(query)[0]
    return found  # type: ignore[return-value]


def photos(of: City) -> dict[str, bytes]:
    root = of.folder / "files"
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_everything_is_the_same_on_another_machine(taken: Taken, target: City) -> None:
    done = target.prasan("restore", str(taken.path))
    assert "20 photos" in done.stdout
    assert content(target) == taken.content
    assert len(taken.content) > 30
    assert photos(target) == taken.photos
    assert target.python(READ_ADDRESSES).strip() == "citizen0@home.example"
    verified = target.prasan("ledger", "verify")
    assert "20 entries under 4 seals; 0 not sealed yet" in verified.stdout


def test_the_ledger_goes_on_growing_on_the_other_machine(source: City, archive: Path, target: City) -> None:
    for _ in range(300):
        source.rows("select pg_current_xact_id()")
    later = archive.with_name("later.tar")
    source.python(FILL.replace("range(20)", "range(3)").replace('f"k', 'f"later'))
    source.python("from prasan.fabric.seals import ledger_seal; ledger_seal()")
    source.prasan("backup", str(later), "--with-secrets")
    target.prasan("restore", str(later))
    highest = target.rows("select max(position) from fabric_ledgerentry")[0][0]
    target.python(FILL.replace("range(20)", "range(5)").replace('f"k', 'f"new'))
    assert target.rows("select count(*) from fabric_ledgerentry where position > %s", highest)[0][0] == 5
    assert "all as it was sealed" in target.prasan("ledger", "verify").stdout
    assert target.rows("select count(*) from fabric_ledgerseal where id > 5")[0][0] == 1


def test_without_the_secrets_the_backup_says_so_loudly(source: City, target: City, tmp_path: Path) -> None:
    path = tmp_path / "plain.tar"
    output = source.prasan("backup", str(path)).stdout
    assert "THE KEYS ARE NOT IN THIS FILE" in output
    with tarfile.open(path) as archive:
        assert "secrets.json" not in archive.getnames()
    assert b"citizen0@home.example" not in path.read_bytes()
    output = target.prasan("restore", str(path)).stdout
    assert "THE KEYS OF THIS BACKUP ARE NOT HERE" in output
    shutil.copy(source.folder / "secrets.json", target.folder / "secrets.json")
    assert target.python(READ_ADDRESSES).strip() == "citizen0@home.example"


def test_a_backup_is_for_its_owner_s_eyes_only(archive: Path) -> None:
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600


def test_a_database_that_is_not_empty_is_left_alone_unless_told(archive: Path, target: City) -> None:
    target.prasan("migrate")
    before = content(target)
    refused = target.prasan("restore", str(archive), check=False)
    assert refused.returncode == 2
    assert "--replace" in refused.stderr
    assert content(target) == before
    target.python("from prasan.fabric import files; files.put('old/photo.jpg', b'x')")
    target.prasan("restore", "--replace", str(archive))
    assert len(photos(target)) == 20
    assert target.rows("select count(*) from fabric_notice") == [(20,)]
    assert "all as it was sealed" in target.prasan("ledger", "verify").stdout


@pytest.mark.parametrize("harm", ["cut", "flip", "text", "missing"])
def test_a_damaged_file_changes_nothing(archive: Path, target: City, tmp_path: Path, harm: str) -> None:
    damaged = tmp_path / "damaged.tar"
    data = bytearray(archive.read_bytes())
    if harm == "cut":
        data = data[: len(data) // 2]
    elif harm == "flip":
        at = data.find(b"\x13" * 100)  # inside a photo
        data[at] ^= 1
    elif harm == "text":
        data = bytearray(b"not a backup")
    if harm != "missing":
        damaged.write_bytes(data)
    refused = target.prasan("restore", str(damaged), check=False)
    assert refused.returncode == 2
    assert "prasan: " in refused.stderr
    assert "Traceback" not in refused.stderr
    assert target.rows(TABLES) == []


def test_a_backup_of_a_newer_prasan_is_refused(archive: Path, target: City, tmp_path: Path) -> None:
    newer = tmp_path / "newer.tar"
    with tarfile.open(archive) as old, tarfile.open(newer, "w") as new:
        for member in old:
            stream = old.extractfile(member)
            assert stream is not None
            if member.name == "manifest.json":
                manifest = json.load(stream)
                manifest["migrations"].append(["fabric", "0999_from_the_future"])
                text = json.dumps(manifest).encode()
                member.size = len(text)
                stream = io.BytesIO(text)  # type: ignore[assignment]
            new.addfile(member, stream)
    refused = target.prasan("restore", str(newer), check=False)
    assert (refused.returncode, "newer Prasan" in refused.stderr) == (2, True)
    assert target.rows(TABLES) == []


def test_a_restore_that_fails_brings_the_old_tables_back(archive: Path, target: City, tmp_path: Path) -> None:
    """The dump itself is broken although its checksum is right."""
    broken = tmp_path / "broken.tar"
    with tarfile.open(archive) as old, tarfile.open(broken, "w") as new:
        dump = b""
        for member in old:
            stream = old.extractfile(member)
            assert stream is not None
            data = stream.read()
            if member.name == "database.dump":
                data = dump = data[: len(data) // 2]
            if member.name == "manifest.json":
                manifest = json.loads(data)
                manifest["parts"]["database.dump"] = hashlib.sha256(dump).hexdigest()
                data = json.dumps(manifest).encode()
            member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    target.prasan("migrate")
    target.python(FILL)
    before = content(target)
    refused = target.prasan("restore", "--replace", str(broken), check=False)
    assert (refused.returncode, "pg_restore failed" in refused.stderr) == (2, True)
    assert content(target) == before
    assert "all as it was sealed" in target.prasan("ledger", "verify").stdout


def test_a_running_city_is_not_replaced_under_its_feet(archive: Path, target: City) -> None:
    target.prasan("migrate")
    worker = target.start("worker")
    try:
        wait_until(lambda: target.rows("select 1 from fabric_workerheartbeat"))
        refused = target.prasan("restore", "--replace", str(archive), check=False)
    finally:
        worker.terminate()
        worker.communicate()
    assert (refused.returncode, "Stop it first" in refused.stderr) == (2, True)


def test_a_backup_that_can_t_be_written_leaves_no_part_behind(source: City, tmp_path: Path) -> None:
    refused = source.prasan("backup", str(tmp_path / "nowhere" / "x.tar"), check=False)
    assert refused.returncode == 2
    assert list(tmp_path.rglob("*")) == []
