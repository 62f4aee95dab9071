"""Personal data at rest: encrypted fields and keyed look-up hashes.

Encryption is Fernet (AES-128-CBC with HMAC-SHA256, https://github.com/fernet/spec) through MultiFernet, so that
keys rotate: the newest key writes, all keys read (`prasan keys rotate`). Look-up is HMAC-SHA256 with a key of
its own, so that a stolen table can't be searched for a phone number or an e-mail address.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.db import models

from prasan.fabric import keys


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def cipher() -> MultiFernet:
    """The cipher of the keys in force."""
    return _cipher(tuple(keys.load()["personal"]))


def encrypt(text: str) -> bytes:
    """Ciphertext of `text`; empty stays empty."""
    return cipher().encrypt(text.encode()) if text else b""


def decrypt(token: bytes) -> str:
    """Plain text of `token`. Raises ValueError when no key in force opens it."""
    if not token:
        return ""
    try:
        return cipher().decrypt(bytes(token)).decode()
    except InvalidToken as error:
        raise ValueError(
            "no key in force opens this value; restore the secrets file that wrote it"
        ) from error


def lookup_hash(text: str) -> str:
    """Keyed hash (64 hex digits) by which an e-mail, phone or national id is found again; empty stays empty."""
    if not text:
        return ""
    key = str(keys.load()["lookup"]).encode()
    return hmac.new(key, text.strip().casefold().encode(), hashlib.sha256).hexdigest()


class EncryptedTextField(models.BinaryField):  # type: ignore[type-arg]
    """Text in Python, ciphertext in the row. It can't be searched; keep a look-up hash beside it for that."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", True)
        kwargs.setdefault("default", "")
        super().__init__(*args, **kwargs)

    def _check_str_default_value(self) -> list[Any]:
        return []  # BinaryField wants bytes; this one is text in Python

    def get_default(self) -> str:
        return ""

    def get_prep_value(self, value: Any) -> Any:
        return encrypt(value) if isinstance(value, str) else value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return super().get_db_prep_value(self.get_prep_value(value), connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str:
        return decrypt(value) if value else ""

    def to_python(self, value: Any) -> Any:
        return value if isinstance(value, str) else decrypt(value)

    def value_to_string(self, obj: Any) -> str:
        return str(self.value_from_object(obj))
