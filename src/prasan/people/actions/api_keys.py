"""Keys with which other systems call the API."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prasan.city.registers import registers
from prasan.fabric.actions import ledger_write
from prasan.fabric.actors import Actor
from prasan.fabric.codes import ALPHABET
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound
from prasan.people import policies, scopes
from prasan.people.api_keys import forget, hash_secret
from prasan.people.models import ApiKey

SECRET_BYTES = 32


@transaction.atomic
def api_key_create(
    *,
    actor: Actor,
    name: str,
    agency: str | None,
    scope_codes: Collection[str],
    expires_at: datetime | None = None,
    origin: str = "",
) -> tuple[ApiKey, str]:
    """A key for an agency (None: for the whole city), and the text to send: `prasan_PREFIX_SECRET`.

    The secret is known to nobody afterwards: the row keeps its SHA-256, which is safe for 256 random bits.
    Raises Forbidden for who is no admin of the agency, Invalid naming fields.
    """
    if not policies.may_manage_api_keys(actor, agency):
        raise Forbidden(_("Only administrators of this agency, or of one above it, can do this."))
    name = " ".join(name.split())
    _check(name, agency, scope_codes, expires_at)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    key = ApiKey.objects.create(
        prefix="".join(secrets.choice(ALPHABET) for _unused in range(10)),
        secret_hash=hash_secret(secret),
        name=name,
        agency_id=agency,
        scopes=sorted(scope_codes),
        created_by_id=int(actor.id) if actor.is_officer else None,
        expires_at=expires_at,
    )
    ledger_write(
        actor=actor, action="api_key.create", object_type="api_key", object_id=key.prefix,
        changes={"agency": agency, "scopes": sorted(scope_codes), "expires_at": expires_at}, origin=origin,
    )  # fmt: skip
    return key, f"prasan_{key.prefix}_{secret}"


@transaction.atomic
def api_key_revoke(*, actor: Actor, prefix: str, origin: str = "") -> ApiKey:
    """End a key: at once in this process, within 30 seconds in the others (people.api_keys).

    Raises Forbidden for who is no admin of its agency, NotFound, Conflict when it has ended already.
    """
    key = ApiKey.objects.select_for_update().filter(prefix=prefix).first()
    if key is None or not policies.may_see_officers(actor, key.agency_id):
        raise NotFound
    if not policies.may_manage_api_keys(actor, key.agency_id):
        raise Forbidden
    if key.revoked_at is not None:
        raise Conflict(_("This key has been revoked already."))
    key.revoked_at = timezone.now()
    key.save(update_fields=["revoked_at"])
    ledger_write(actor=actor, action="api_key.revoke", object_type="api_key", object_id=prefix, origin=origin)
    transaction.on_commit(lambda: forget(prefix))
    return key


def _check(name: str, agency: str | None, scope_codes: Collection[str], expires_at: datetime | None) -> None:
    errors = {}
    if not 1 <= len(name) <= 200:
        errors["name"] = _("Please write which system uses the key (at most 200 characters).")
    if agency is not None and agency not in registers().agencies:
        errors["agency"] = _("Please choose an agency.")
    if not scope_codes or not set(scope_codes) <= {scope.code for scope in scopes.scopes()}:
        errors["scopes"] = _("Please choose what the key may do.")
    if expires_at is not None and expires_at <= timezone.now():
        errors["expires_at"] = _("Please choose a day after today.")
    if errors:
        raise Invalid(errors)
