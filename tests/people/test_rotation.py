"""Keys of personal data rotate while the city works on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import Fernet
from django.db import connection
from django.urls import reverse

from prasan.fabric import keys
from prasan.fabric.models import LedgerEntry, Notice
from prasan.fabric.personal import decrypt, encrypt
from prasan.people import rotation
from prasan.people.models import User
from prasan.people.rotation import encrypted_tables, keys_rotate
from tests.factories import signed_in
from tests.people.conftest import ROOT

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A secrets file of the test's own."""
    own = tmp_path / "secrets.json"
    own.write_text(json.dumps(keys.load() | {"personal": [Fernet.generate_key().decode()]}))
    monkeypatch.setenv("PRASAN_SECRETS", str(own))
    monkeypatch.setattr(rotation, "BATCH", 7)
    yield own
    monkeypatch.undo()
    keys.load()


def raw(user: User) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("select email from people_user where id = %s", [user.pk])
        return bytes(cursor.fetchone()[0])


def opens(key: str, token: bytes) -> bool:
    try:
        Fernet(key).decrypt(token)
    except Exception:  # noqa: BLE001 — any failure means it does not open
        return False
    return True


def test_everything_moves_to_the_new_key_and_the_old_one_is_gone(
    officer: Callable[..., User], citizen: Callable[..., User]
) -> None:
    people = [
        citizen(f"c{number}@example.com", name=f"ชื่อ {number}", phone="0812345678") for number in range(20)
    ]
    chief = officer("admin", ROOT)
    TOTP.activate(chief, "SECRETSECRET")
    RecoveryCodes.activate(chief)
    codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).generate_codes()
    client = signed_in(chief)
    Notice.objects.create(key="k", address="someone@example.com", template="t")
    (old,) = keys.load()["personal"]

    result = keys_rotate(grace=0)

    (new,) = keys.load()["personal"]
    assert new != old
    assert not result.resumed
    for user in people:
        assert opens(new, raw(user))
        assert not opens(old, raw(user))
    fresh = User.objects.get(pk=people[3].pk)
    assert (fresh.email, fresh.name, fresh.phone) == ("c3@example.com", "ชื่อ 3", "0812345678")
    assert User.objects.get(email_hash=people[3].email_hash).pk == people[3].pk
    assert Notice.objects.get().address == "someone@example.com"
    assert RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).generate_codes() == codes
    assert client.get(reverse("officers")).status_code == 200  # the session moved too
    entry = LedgerEntry.objects.get(action="keys.rotate")
    assert entry.changes["rewritten"]["people_user"] == 20 * 3 + 2
    with pytest.raises(ValueError, match="no key in force"):
        decrypt(Fernet(old).encrypt(b"left behind"))


def test_old_values_are_readable_all_the_time_and_what_is_written_meanwhile_is_kept(
    citizen: Callable[..., User],
) -> None:
    first, last = citizen("first@example.com"), citizen("last@example.com")
    seen: list[str] = []

    def look(table: str, _rows: int) -> None:
        if table != "people_user":
            return
        seen.append(User.objects.get(pk=last.pk).email)
        assert User.objects.get(pk=first.pk).email == "first@example.com"
        if len(seen) < 5:
            citizen(name="ระหว่างทาง")

    keys_rotate(progress=look, grace=0)
    assert seen
    assert set(seen) == {"last@example.com"}
    (new,) = keys.load()["personal"]
    assert all(opens(new, raw(user)) for user in User.objects.all())


def test_both_keys_read_before_either_is_dropped(
    citizen: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every step that a running process can see opens what every other step wrote."""
    user = citizen("malee@example.com")
    steps: list[list[str]] = []
    write = keys.write

    def watch(values: dict[str, Any]) -> None:
        write(values)
        steps.append(values["personal"])
        assert User.objects.get(pk=user.pk).email == "malee@example.com"

    monkeypatch.setattr(keys, "write", watch)
    (old,) = keys.load()["personal"]
    keys_rotate(grace=0)
    (new,) = steps[-1]
    assert steps == [[old, new], [new, old], [new]]


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_rotation_that_was_stopped_is_taken_up_where_it_was(
    citizen: Callable[..., User], monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    people = [citizen(f"c{number}@example.com") for number in range(20)]
    (old,) = keys.load()["personal"]
    write, count = keys.write, 0

    def stop(values: dict[str, Any]) -> None:
        nonlocal count
        count += 1
        if count == step:
            raise KeyboardInterrupt
        write(values)

    monkeypatch.setattr(keys, "write", stop)
    with pytest.raises(KeyboardInterrupt):
        keys_rotate(grace=0)
    monkeypatch.setattr(keys, "write", write)
    for user in people:
        assert User.objects.get(pk=user.pk).email == user.email

    result = keys_rotate(grace=0)
    assert result.resumed is (step > 1)
    (new,) = keys.load()["personal"]
    assert new != old
    assert all(opens(new, raw(user)) for user in people)
    assert "personal_incoming" not in keys.load()


def test_a_running_process_follows_a_replaced_secrets_file(secrets: Path) -> None:
    token = encrypt("มาลี")
    held = keys.load()
    newer = Fernet.generate_key().decode()
    secrets.write_text(json.dumps(held | {"personal": [newer, *held["personal"]]}))
    assert opens(newer, encrypt("x"))
    assert decrypt(token) == "มาลี"


def test_every_module_with_encrypted_columns_is_known() -> None:
    tables = {table.name: table.columns for table in encrypted_tables()}
    assert tables["people_user"] == ("email", "name", "phone")
    assert set(tables["reports_report"]) >= {"reporter_name", "reporter_phone"}
    assert "fabric_notice" in tables


def test_nobody_else_encrypts_on_their_own() -> None:
    """What is encrypted outside an EncryptedTextField would be lost at a rotation: it must be listed here."""
    source = Path(rotation.__file__).resolve().parents[1]
    callers = {
        str(path.relative_to(source))
        for path in source.rglob("*.py")
        if "personal import" in path.read_text() and " encrypt" in path.read_text().split("personal import", 1)[1]
        and "encrypt(" in path.read_text()
    }  # fmt: skip
    into_columns = {"reports/demonstration/lives.py"}  # COPY into EncryptedTextFields
    assert callers - into_columns == {"people/adapters.py", "people/sessions.py"}
