"""Files: whole or not at all, in a folder or in S3, and a full disk is a clear refusal."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prasan.fabric import files
from prasan.fabric.problems import StorageFull


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.STORAGES = {
        **settings.STORAGES,
        "photos": {
            "BACKEND": "prasan.fabric.files.LocalStorage",
            "OPTIONS": {"location": tmp_path / "files"},
        },
    }
    return tmp_path / "files"


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server: str, settings: Any) -> Any:
    import boto3

    secrets = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=s3_server, **secrets)
    client.create_bucket(Bucket="photos")
    options = {
        "bucket_name": "photos", "endpoint_url": s3_server, "region_name": "us-east-1", "access_key": "a",
        "secret_key": "b", "addressing_style": "path", "file_overwrite": True, "querystring_expire": 300,
    }  # fmt: skip
    settings.STORAGES = {
        **settings.STORAGES, "photos": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    }  # fmt: skip
    return client


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest) -> str:
    """Every test that asks for it runs on both kinds of storage."""
    request.getfixturevalue(request.param)
    return str(request.param)


def test_a_file_comes_back_as_it_was_put(store: str) -> None:
    content = os.urandom(300_000)
    files.put("photos/ab/abcd.jpg", content)
    assert files.exists("photos/ab/abcd.jpg")
    assert files.read("photos/ab/abcd.jpg") == content
    with files.open_file("photos/ab/abcd.jpg") as stream:
        assert stream.read(10) == content[:10]


def test_putting_again_replaces(store: str) -> None:
    files.put("a/one.jpg", b"first")
    files.put("a/one.jpg", b"second")
    assert files.read("a/one.jpg") == b"second"
    assert "a/one.jpg" in set(files.keys("a"))


def test_a_deleted_file_is_gone_and_deleting_again_is_no_error(store: str) -> None:
    files.put("a/two.jpg", b"x")
    files.delete("a/two.jpg")
    files.delete("a/two.jpg")
    assert not files.exists("a/two.jpg")
    with pytest.raises(FileNotFoundError):
        files.read("a/two.jpg")


def test_every_file_is_listed(store: str) -> None:
    wanted = {f"list/{n}/x{n}.jpg" for n in range(5)}
    for key in wanted:
        files.put(key, b"x")
    assert set(files.keys("list")) == wanted


@pytest.mark.parametrize(
    "key",
    ["../x", "/etc/passwd", "a//b", "a/../b", "", "A.jpg", "a\x00", "a.php.jpg.", "รูป.jpg", "a" + "/" * 3],
)
def test_a_key_that_somebody_made_up_is_refused(folder: Path, key: str) -> None:
    for call in (lambda: files.put(key, b"x"), lambda: files.read(key), lambda: files.delete(key)):
        with pytest.raises(ValueError, match="not a file key"):
            call()
    assert not folder.exists()


def test_a_full_disk_is_a_clear_refusal_and_leaves_nothing_half_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.put("a/kept.jpg", b"old")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for key in ("a/kept.jpg", "a/new.jpg"):
        with pytest.raises(StorageFull):
            files.put(key, b"x" * 100_000)
    monkeypatch.undo()
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["kept.jpg"]
    assert files.read("a/kept.jpg") == b"old"


def test_a_bucket_over_its_quota_is_the_same_refusal(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import ClientError
    from storages.backends.s3 import S3Storage

    def full(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "QuotaExceeded", "Message": "full"}}, "PutObject")

    monkeypatch.setattr(S3Storage, "_save", full)
    with pytest.raises(StorageFull):
        files.put("a/x.jpg", b"x")


def test_readers_never_see_a_part(folder: Path) -> None:
    files.put("a/x.jpg", b"0" * 500_000)
    seen: set[bytes] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            content = files.read("a/x.jpg")
            assert len(content) == 500_000
            seen.add(content[:1] + content[-1:])

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(20):
        files.put("a/x.jpg", str(number % 10).encode() * 500_000)
    stop.set()
    reader.join()
    assert seen <= {str(n).encode() * 2 for n in range(10)}


def test_a_folder_is_served_by_us_and_a_bucket_by_a_link_that_ends(
    folder: Path, request: pytest.FixtureRequest
) -> None:
    assert files.url("a/x.jpg") == ""
    request.getfixturevalue("bucket")
    link = files.url("a/x.jpg")
    assert "photos/a/x.jpg" in link
    assert "Expires=" in link
