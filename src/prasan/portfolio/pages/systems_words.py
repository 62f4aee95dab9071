"""A system's ledger entries in the reader's words."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prasan.fabric.models import LedgerEntry
from prasan.fabric.templatetags.kit import thai_date, thai_number
from prasan.people.queries import agency_name
from prasan.portfolio.actions.systems import CHOICES
from prasan.portfolio.capabilities import capability_map
from prasan.portfolio.models import Interface
from prasan.portfolio.pages.systems_forms import SystemForm
from prasan.portfolio.queries.systems import Happened

# Action → title, icon, tone.
TOLD: dict[str, tuple[Any, str, str]] = {
    "system.create": (gettext_lazy("Entered"), "plus", "brand"),
    "system.change": (gettext_lazy("Changed"), "edit", "neutral"),
    "system.confirm": (gettext_lazy("Confirmed by the owner"), "finished", "success"),
    "system.retire": (gettext_lazy("Retired"), "irrelevant", "warning"),
    "system.interface_add": (gettext_lazy("Connection entered"), "merge", "info"),
    "system.interface_remove": (gettext_lazy("Connection taken off the record"), "split", "neutral"),
}


def timeline(happened: list[Happened]) -> list[dict[str, Any]]:
    """Entries for the kit's timeline."""
    return [_line(one) for one in happened if one.entry.action in TOLD]


def _line(one: Happened) -> dict[str, Any]:
    title, icon, tone = TOLD[one.entry.action]
    return {
        "title": title,
        "at": one.entry.at,
        "icon": icon,
        "tone": tone,
        "who": one.who or _origin(one.entry),
        "text": "" if one.entry.action == "system.confirm" else _changes(one.entry),
    }


def _origin(entry: LedgerEntry) -> str:
    if entry.actor_kind == "api_key":
        return _("Another system, by key %(key)s") % {"key": entry.actor_id}
    return _("Import") if entry.origin.startswith("import") else "Prasan"


def _changes(entry: LedgerEntry) -> str:
    """What changed; of texts the name alone, for the ledger holds no words."""
    if entry.action.startswith("system.interface"):
        method = entry.changes.get("method")
        label = Interface.Method(method).label if method in Interface.Method.values else method
        return f"{entry.object_id} → {entry.changes.get('consumer', '')} · {label}"
    parts = [
        _changed(name, value)
        for name, value in entry.changes.items()
        if name != "costs" and value not in ("", None)
    ]
    for year, amounts in (entry.changes.get("costs") or {}).items():
        told = " → ".join(
            thai_number(amount) for amount in amounts if amount is not None or amounts[0] is not None
        )
        parts.append(_("%(year)s: %(amounts)s baht") % {"year": year, "amounts": told})
    return " · ".join(parts)


def _changed(name: str, value: Any) -> str:
    label = _("Owner") if name == "owner" else str(SystemForm.base_fields[name].label)
    if value == "changed":
        return label
    if isinstance(value, list):
        return f"{label}: {_value(name, value[0])} → {_value(name, value[1])}"
    return f"{label}: {_value(name, value)}"


def _value(name: str, value: Any) -> str:
    if value in (None, ""):
        return "–"
    if name == "owner":
        return agency_name(value)
    if name == "capability":
        return capability_map().name(value)
    if name == "contract_end":
        return thai_date(date.fromisoformat(value))
    kind = CHOICES.get(name)
    return str(kind(value).label) if kind and value in kind.values else str(value)
