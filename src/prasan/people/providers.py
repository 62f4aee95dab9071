"""Outside sign-in (OpenID Connect): which providers the city offers, from `sign_in.yaml` and the environment.

The file says who they are, the environment holds what is secret: PRASAN_OIDC_<ID>_CLIENT_ID and
PRASAN_OIDC_<ID>_CLIENT_SECRET. A provider without a client id is not offered. Pure: settings read it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

FILE = "sign_in.yaml"
ID = re.compile(r"[a-z][a-z0-9-]{1,30}")
AUDIENCES = ("staff", "citizens")
REQUIRED = ("id", "for", "name_th", "name_en", "server_url")


def apps(folder: Path, environment: Mapping[str, str]) -> list[dict[str, Any]]:
    """allauth's `APPS` of the OpenID Connect provider: those whose client id the environment gives."""
    offered = []
    for row in _rows(folder):
        prefix = "PRASAN_OIDC_" + str(row["id"]).upper().replace("-", "_")
        client = environment.get(f"{prefix}_CLIENT_ID", "")
        if client:
            offered.append(_app(row, client, environment.get(f"{prefix}_CLIENT_SECRET", "")))
    return offered


def origins(offered: list[dict[str, Any]]) -> list[str]:
    """Where the providers' buttons lead: browsers follow a form there only when the page's policy names the place.

    The origin of `server_url`, and those of `origins` for a provider that asks people to sign in elsewhere.
    """
    found = {origin for app in offered for origin in app["settings"]["origins"]}
    return sorted(found | {_origin(app["settings"]["server_url"]) for app in offered})


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _app(row: Mapping[str, Any], client: str, secret: str) -> dict[str, Any]:
    """`verified_email`: mail domains whose addresses the provider vouches for (allauth's own setting)."""
    return {
        "provider_id": row["id"],
        "name": row["name_th"],
        "client_id": client,
        "secret": secret,
        "settings": {
            "server_url": row["server_url"],
            "scope": list(row.get("scope", ("openid", "profile", "email"))),
            "audience": row["for"],
            "origins": [_origin(str(address)) for address in row.get("origins", ())],
            "name_en": row["name_en"],
            "verified_email": list(row.get("mail_domains", ())) or None,
        },
    }


def _rows(folder: Path) -> list[Mapping[str, Any]]:
    """The providers of a checked file; `prasan city check` is who complains (people.checks)."""
    path = folder / FILE
    if not path.exists():
        return []
    content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return [row for row in content.get("providers") or [] if all(row.get(name) for name in REQUIRED)]
