"""From an API key to who acts."""

from __future__ import annotations

import hashlib
import hmac
import re
import time

from django.utils import timezone

from prasan.fabric.actors import Actor
from prasan.people import policies, scopes
from prasan.people.models import ApiKey

KEY = re.compile(r"prasan_([2-9A-HJKMNP-Z]{10})_([A-Za-z0-9_-]{43})\Z")
KEEP_SECONDS = 30.0
MOST_KEPT = 1000

_kept: dict[str, tuple[float, str, Actor]] = {}


def api_key_actor(header: str) -> Actor | None:
    """Who calls with this header (`Bearer prasan_…`, or the key alone), or None when it opens nothing.

    At most one query, none for a key seen in the last 30 seconds in this process; plus one a day to note its use.
    """
    found = KEY.match(header.strip().removeprefix("Bearer ").strip())
    if found is None:
        return None
    prefix, secret = found.groups()
    hashed = hash_secret(secret)
    until, known, actor = _kept.get(prefix, (0.0, "", Actor.anonymous()))
    if until > time.monotonic() and hmac.compare_digest(known, hashed):
        return actor
    return _look_up(prefix, hashed)


def hash_secret(secret: str) -> str:
    """What the row keeps of a secret (64 hex digits)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def forget(prefix: str) -> None:
    """Ask the database again at the next call."""
    _kept.pop(prefix, None)


def _look_up(prefix: str, hashed: str) -> Actor | None:
    key = ApiKey.objects.filter(prefix=prefix, revoked_at=None).first()
    if key is None or not hmac.compare_digest(key.secret_hash, hashed):
        return None
    if key.expires_at is not None and key.expires_at <= timezone.now():
        return None
    _note_use(key)
    agency = key.agency_id or policies.root_code()
    roles = {role: frozenset({agency}) for role in scopes.roles_of(key.scopes)}
    actor = Actor("api_key", key.prefix, roles=roles, scopes=frozenset(key.scopes))
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    _kept[prefix] = (time.monotonic() + KEEP_SECONDS, hashed, actor)
    return actor


def _note_use(key: ApiKey) -> None:
    today = timezone.localdate()
    if key.last_used_on != today:
        ApiKey.objects.filter(pk=key.pk).update(last_used_on=today)
