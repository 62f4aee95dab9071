"""Sessions at rest: encrypted like all personal data.

A session holds who signs in, and while somebody sets up a second factor its secret.
"""

from __future__ import annotations

import json
from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.core import signing

from prasan.fabric.personal import decrypt, encrypt


class EncryptedSerializer:
    """Session content as JSON under the keys in force (Django's SESSION_SERIALIZER).

    Raises ValueError for what no key opens; Django then starts an empty session.
    """

    def dumps(self, content: dict[str, Any]) -> bytes:
        return encrypt(json.dumps(content, separators=(",", ":")))

    def loads(self, data: bytes) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(decrypt(data))
        return content


class _Ciphertext:
    """The same without opening it."""

    def dumps(self, token: bytes) -> bytes:
        return token

    def loads(self, data: bytes) -> bytes:
        return data


def sealed(session_data: str) -> bytes | None:
    """The ciphertext inside a stored session, or None for one that is not ours."""
    try:
        token: bytes = signing.loads(session_data, salt=SessionStore().key_salt, serializer=_Ciphertext)
    except (signing.BadSignature, ValueError):
        return None
    return token


def seal(token: bytes) -> str:
    """A ciphertext as a stored session: the reverse of `sealed`."""
    return signing.dumps(token, salt=SessionStore().key_salt, serializer=_Ciphertext, compress=True)
