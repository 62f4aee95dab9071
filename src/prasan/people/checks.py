"""What `prasan doctor` asks of people, and the check of the city's `sign_in.yaml`."""

from __future__ import annotations

import os
from pathlib import Path

import requests
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from prasan.city.files import CityFiles, register_city_file
from prasan.city.registers import registers
from prasan.city.rows import ErrorList, Lines, RowError, read_yaml
from prasan.fabric import keys
from prasan.fabric.checks import Result, register
from prasan.people.actors import valid_grants
from prasan.people.models import Role, RoleGrant
from prasan.people.policies import root_code
from prasan.people.providers import AUDIENCES, FILE, ID, REQUIRED, apps


@register("administrators")
def administrators() -> Result:
    """Somebody can give roles in the whole city."""
    if not registers().agencies:
        return Result.error("the city's agencies are not loaded: run `prasan city load`")
    held = RoleGrant.objects.filter(valid_grants(), role=Role.ADMIN, agency=root_code(), user__is_active=True)
    usable = [grant for grant in held.select_related("user") if grant.user.may_sign_in]
    if usable:
        return Result.good(f"{len(usable)} for the whole city")
    return Result.error(
        "nobody is administrator of the city: run `prasan people officer add E-MAIL --role admin`"
    )


@register("encryption keys")
def encryption_keys() -> Result:
    """No rotation of keys was left half done."""
    count = len(keys.load()["personal"])
    if count == 1:
        return Result.good("one key in force")
    return Result.warning(f"{count} keys in force: a rotation has not ended; run `prasan keys rotate` again")


@register("outside sign-in")
def outside_sign_in() -> Result:
    """Every provider that is offered answers."""
    offered = apps(settings.CITY_FOLDER, os.environ)
    if not offered:
        return Result.good("none is set up")
    silent = [app["provider_id"] for app in offered if not _answers(app["settings"]["server_url"])]
    if silent:
        return Result.error(f"no answer from {', '.join(silent)}: check server_url in {FILE}")
    return Result.good(", ".join(app["provider_id"] for app in offered))


def check_providers(folder: Path, files: CityFiles) -> list[RowError]:
    """Every fault in `sign_in.yaml`; a city without the file offers no outside sign-in."""
    faults = ErrorList(FILE)
    if not (folder / FILE).exists():
        return faults
    rows = read_yaml(folder / FILE, faults).get("providers") or []
    seen: set[str] = set()
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, Lines):
            _check_provider(row, seen, faults)
        else:
            faults.add(1, "providers", _("Each provider must hold names and values (“name: value”)."))
    return faults


def _check_provider(row: Lines, seen: set[str], faults: ErrorList) -> None:
    for name in REQUIRED:
        if not row.get(name):
            faults.add(row.line, name, _("This is missing."))
    code = str(row.get("id", ""))
    if code and not ID.fullmatch(code):
        faults.add(
            row.line_of("id"), "id", _("“{code}” is not an id: small letters, digits and hyphens."), code=code
        )
    if code in seen:
        faults.add(row.line_of("id"), "id", _("“{code}” is given twice."), code=code)
    seen.add(code)
    if row.get("for") and row["for"] not in AUDIENCES:
        faults.add(row.line_of("for"), "for", _("This must be “staff” or “citizens”."))
    if not str(row.get("server_url", "https://")).startswith("https://"):
        faults.add(row.line_of("server_url"), "server_url", _("The address must begin with https://."))
    if row.get("for") == "staff" and not row.get("mail_domains"):
        faults.add(
            row.line,
            "mail_domains",
            _("Staff are found by e-mail: name the domains the provider vouches for."),
        )


def _answers(address: str) -> bool:
    well_known = address if "/.well-known/" in address else f"{address}/.well-known/openid-configuration"
    try:
        return requests.get(well_known, timeout=5).ok
    except requests.RequestException:
        return False


register_city_file(FILE, check_providers)
