"""Every change of the city's systems. Each is one transaction with one ledger entry that holds no text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prasan.city.registers import registers
from prasan.fabric.actions import ledger_write
from prasan.fabric.actors import Actor
from prasan.fabric.codes import new_code
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound, Stale
from prasan.portfolio.capabilities import capability_map
from prasan.portfolio.models import Interface, System, SystemCost
from prasan.portfolio.policies import may_change_system, may_read_systems, speaks_for_owner

CODE = re.compile(r"[^\s/?#%<>\"\\]{1,40}\Z")
LONGEST = {"name_th": 300, "name_en": 300, "purpose": 5000, "technology": 1000, "vendor": 300}
LONGEST_DATA, MOST_DATA = 200, 100
MOST_USERS = 100_000_000
MOST_BAHT = Decimal(10) ** 13
YEARS = range(2500, 2700)  # fiscal years, พ.ศ.
TEXTS = tuple(LONGEST)
CHOICES: Mapping[str, type[TextChoices]] = {
    "hosting": System.Hosting,
    "criticality": System.Criticality,
    "personal_data": System.PersonalData,
    "lifecycle": System.Lifecycle,
}
FIELDS = (*TEXTS, *CHOICES, "capability", "data_held", "users", "contract_end")
CODED = (*CHOICES, "capability", "users", "contract_end")  # what the ledger may hold: no words of people


@dataclass(frozen=True, slots=True)
class SystemGiven:
    """What is told of a system. `costs` maps fiscal years (พ.ศ.) to baht."""

    name_th: str = ""
    name_en: str = ""
    purpose: str = ""
    capability: str = ""
    data_held: tuple[str, ...] = ()
    users: int | None = None
    technology: str = ""
    hosting: str = System.Hosting.UNKNOWN
    vendor: str = ""
    contract_end: date | None = None
    criticality: str = System.Criticality.NORMAL
    personal_data: str = System.PersonalData.UNKNOWN
    lifecycle: str = System.Lifecycle.IN_USE

    def __post_init__(self) -> None:
        for name in TEXTS:
            object.__setattr__(self, name, clean(getattr(self, name)))
        object.__setattr__(self, "data_held", clean_data(self.data_held))


def clean(text: str) -> str:
    """Text without NUL and without blanks around it."""
    return text.replace("\x00", "").strip()


def clean_data(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of data with single blanks, each once, in the order given."""
    return tuple(dict.fromkeys(found for name in names if (found := " ".join(clean(name).split()))))


# --- entering and changing ----------------------------------------------------------------------------------------


@transaction.atomic
def system_create(
    *,
    actor: Actor,
    owner: str,
    given: SystemGiven,
    costs: Mapping[int, Decimal] | None = None,
    code: str = "",
    origin: str = "",
) -> System:
    """Enter a system of an agency; without a `code` it gets one. Raises Forbidden, Invalid."""
    require_owner(actor, owner)
    code = clean(code) or f"S-{new_code(6)}"
    errors = faults(given) | cost_faults(costs or {})
    if not CODE.match(code):
        errors["code"] = _("Letters, digits and hyphens, at most 40, without blanks.")
    elif System.objects.filter(code=code).exists():
        errors["code"] = _("There is a system of this code already.")
    if errors:
        raise Invalid(errors)
    system = System(code=code, owner_id=owner, **{name: getattr(given, name) for name in FIELDS})
    system.data_held = list(given.data_held)
    if speaks_for_owner(actor, owner):
        system.confirmed_on = timezone.localdate()
    system.save(force_insert=True)
    changes: dict[str, Any] = {"owner": owner, "lifecycle": given.lifecycle, "capability": given.capability}
    if told := _set_costs(system, costs or {}, known={}):
        changes["costs"] = told
    _write(actor, "system.create", code, changes, origin)
    return system


@transaction.atomic
def system_change(
    *,
    actor: Actor,
    code: str,
    fields: Mapping[str, Any],
    costs: Mapping[int, Decimal | None] | None = None,
    owner: str | None = None,
    version: int | None = None,
    origin: str = "",
) -> System:
    """Change some fields (names of `SystemGiven`), costs of some years (None takes a year away), or the owner.

    Handing a system over needs the right at both agencies. Nothing different writes nothing.
    Raises NotFound, Forbidden, Stale when it has another `version`, Invalid.
    """
    system = _locked(actor, code, version)
    if owner is not None and owner != system.owner_id:
        require_owner(actor, owner)
    given = SystemGiven(**{name: getattr(system, name) for name in FIELDS} | dict(fields))
    errors = faults(given) | cost_faults(costs or {})
    if errors:
        raise Invalid(errors)
    changes = _differences(system, given)
    if owner is not None and owner != system.owner_id:
        changes["owner"] = [system.owner_id, owner]
        system.owner_id = owner
    for name in FIELDS:
        setattr(system, name, getattr(given, name))
    system.data_held = list(given.data_held)
    if costs:
        known = {one.fiscal_year: one.amount for one in system.costs.filter(fiscal_year__in=costs)}
        if told := _set_costs(system, costs, known):
            changes["costs"] = told
    if changes:
        _save(system)
        _write(actor, "system.change", code, changes, origin)
    return system


@transaction.atomic
def system_confirm(*, actor: Actor, code: str, version: int | None = None, origin: str = "") -> System:
    """Say that all that is told of a system is true today. Raises NotFound, Forbidden, Stale, Conflict."""
    system = _locked(actor, code, version)
    if system.lifecycle == System.Lifecycle.RETIRED:
        raise Conflict(_("This system is retired; there is nothing to confirm."))
    before, system.confirmed_on = system.confirmed_on, timezone.localdate()
    _save(system)
    _write(actor, "system.confirm", code, {"confirmed_on": [before, system.confirmed_on]}, origin)
    return system


@transaction.atomic
def system_retire(*, actor: Actor, code: str, version: int | None = None, origin: str = "") -> System:
    """Take a system out of use; it stays on record. Raises NotFound, Forbidden, Stale, Conflict."""
    system = _locked(actor, code, version)
    if system.lifecycle == System.Lifecycle.RETIRED:
        raise Conflict(_("This system is retired already."))
    before, system.lifecycle = system.lifecycle, System.Lifecycle.RETIRED
    _save(system)
    _write(actor, "system.retire", code, {"lifecycle": [before, system.lifecycle]}, origin)
    return system


# --- interfaces -----------------------------------------------------------------------------------------------------


@transaction.atomic
def interface_add(
    *, actor: Actor, provider: str, consumer: str, data: str, method: str, origin: str = ""
) -> Interface:
    """Say that one system gives data to another; the owner of either may. Raises NotFound, Forbidden, Invalid."""
    giver, taker = _pair(actor, provider, consumer)
    data = " ".join(clean(data).split())
    errors: dict[str, Any] = {}
    if giver.pk == taker.pk:
        errors["consumer"] = _("A system can't give data to itself.")
    if not data or len(data) > LONGEST_DATA:
        errors["data"] = _("Please say which data, in at most 200 characters.")
    if method not in Interface.Method.values:
        errors["method"] = _("Please choose how the data travels.")
    if not errors and Interface.objects.filter(provider=giver, consumer=taker, data=data).exists():
        errors["data"] = _("This connection is on record already.")
    if errors:
        raise Invalid(errors)
    found = Interface.objects.create(provider=giver, consumer=taker, data=data, method=method)
    _note_interface(actor, "system.interface_add", found, origin)
    return found


@transaction.atomic
def interface_remove(*, actor: Actor, interface_id: int, origin: str = "") -> None:
    """Take a connection off the record; the owner of either system may. Raises NotFound, Forbidden."""
    if not may_read_systems(actor):
        raise Forbidden
    found = Interface.objects.select_related("provider", "consumer").filter(pk=interface_id).first()
    if found is None:
        raise NotFound
    _pair(actor, found.provider.code, found.consumer.code)
    _note_interface(actor, "system.interface_remove", found, origin)
    found.delete()


def _pair(actor: Actor, provider: str, consumer: str) -> tuple[System, System]:
    """Both systems, locked in the order of their ids; one of them must be the actor's to change."""
    if not may_read_systems(actor):
        raise Forbidden
    rows = System.objects.select_for_update().filter(code__in={provider, consumer}).order_by("pk")
    found = {system.code: system for system in rows}
    for name, code in (("provider", provider), ("consumer", consumer)):
        if code not in found:
            raise Invalid({name: _("There is no system of this code.")})
    if not any(may_change_system(actor, system.owner_id) for system in found.values()):
        raise Forbidden
    return found[provider], found[consumer]


def _note_interface(actor: Actor, action: str, found: Interface, origin: str) -> None:
    for system in (found.provider, found.consumer):
        _save(system)
    changes = {"consumer": found.consumer.code, "method": found.method}
    _write(actor, action, found.provider.code, changes, origin)


# --- what all of them share -----------------------------------------------------------------------------------------


def require_owner(actor: Actor, owner: str) -> None:
    """Raises Invalid for no agency of today, Forbidden for one whose systems the actor may not change."""
    if not registers().is_active(owner):
        raise Invalid({"owner": _("Please choose an agency from the list.")})
    if not may_change_system(actor, owner):
        raise Forbidden


def faults(given: SystemGiven) -> dict[str, Any]:
    """Field → what is wrong with it."""
    errors: dict[str, Any] = {}
    if not given.name_th:
        errors["name_th"] = _("Please give the name.")
    for name, most in LONGEST.items():
        if len(getattr(given, name)) > most:
            errors[name] = _("This is too long.")
    if given.capability and given.capability not in capability_map().capabilities:
        errors["capability"] = _("Please choose one of the capabilities.")
    if len(given.data_held) > MOST_DATA or any(len(name) > LONGEST_DATA for name in given.data_held):
        errors["data_held"] = _("At most 100 names of data, each of at most 200 characters.")
    if given.users is not None and not 0 <= given.users <= MOST_USERS:
        errors["users"] = _("This is not a number of users.")
    if given.contract_end is not None and not 1950 <= given.contract_end.year <= 2150:
        errors["contract_end"] = _("This is not the date of a contract.")
    for name, kind in CHOICES.items():
        if getattr(given, name) not in kind.values:
            errors[name] = _("Please choose one of the list.")
    return errors


def cost_faults(costs: Mapping[int, Decimal | None]) -> dict[str, Any]:
    """`costs.<year>` → what is wrong with it."""
    errors: dict[str, Any] = {}
    for year, amount in costs.items():
        if year not in YEARS:
            errors[f"costs.{year}"] = _("This is not a fiscal year (พ.ศ.).")
        elif amount is not None and not (amount.is_finite() and 0 <= amount < MOST_BAHT):
            errors[f"costs.{year}"] = _("This is not an amount in baht.")
    return errors


def _locked(actor: Actor, code: str, version: int | None) -> System:
    if not may_read_systems(actor):
        raise Forbidden
    found = System.objects.select_for_update().filter(code=code).first()
    if found is None:
        raise NotFound
    if not may_change_system(actor, found.owner_id):
        raise Forbidden
    if version is not None and version != found.version:
        raise Stale(_("Somebody else changed this system. Please look at it again."))
    return found


def _save(system: System) -> None:
    system.version += 1
    system.updated_at = timezone.now()
    system.save()


def _differences(system: System, given: SystemGiven) -> dict[str, Any]:
    """For the ledger: old and new of codes, dates and numbers; of texts and names only that they changed."""
    changes: dict[str, Any] = {}
    for name in FIELDS:
        old, new = getattr(system, name), getattr(given, name)
        if name == "data_held":
            old = tuple(old)
        if old != new:
            changes[name] = [_plain(old), _plain(new)] if name in CODED else "changed"
    return changes


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _set_costs(
    system: System, costs: Mapping[int, Decimal | None], known: Mapping[int, Decimal]
) -> dict[str, list[str | None]]:
    """Write the costs that differ from those `known`; gives year → [old, new] in baht."""
    told = {year: amount for year, amount in costs.items() if _baht(amount) != _baht(known.get(year))}
    if gone := told.keys() & known.keys():
        SystemCost.objects.filter(system=system, fiscal_year__in=gone).delete()
    SystemCost.objects.bulk_create(
        SystemCost(system=system, fiscal_year=year, amount=amount)
        for year, amount in told.items()
        if amount is not None
    )
    return {str(year): [_baht(known.get(year)), _baht(amount)] for year, amount in sorted(told.items())}


def _baht(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def _write(actor: Actor, action: str, code: str, changes: Mapping[str, Any], origin: str) -> None:
    ledger_write(
        actor=actor, action=action, object_type="system", object_id=code, changes=changes, origin=origin
    )
