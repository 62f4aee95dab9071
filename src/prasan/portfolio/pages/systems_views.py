"""The whole at a glance: the integration graph, the capability map × agencies, the silo numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from prasan.city.registers import registers
from prasan.people.actors import actor_of
from prasan.people.gates import officers_only
from prasan.portfolio import silos
from prasan.portfolio.capabilities import capability_map
from prasan.portfolio.models import Interface
from prasan.portfolio.network_drawing import BOX, Pair, draw
from prasan.portfolio.pages.systems_forms import FilterForm
from prasan.portfolio.queries import systems as queries

MOST_DRAWN = 400  # arrows; more is a tangle that nobody reads
DRAWN_WIDTH = 1240
SHADES = 4
MOST_ROWS, MOST_IN_ROW = 60, 60  # behind a silo number
MEASURES: dict[str, tuple[Any, str]] = {
    "systems": (gettext_lazy("Systems"), "systems"),
    "cost": (gettext_lazy("Baht a year"), "cost"),
    "requests": (gettext_lazy("Requests"), "requests"),
    "requested": (gettext_lazy("Baht requested"), "requested"),
}


# --- who gives data to whom -------------------------------------------------------------------------------------------


@require_GET
@officers_only
def network(request: HttpRequest) -> HttpResponse:
    """The integration graph as a drawing and as a table."""
    actor = actor_of(request)
    queries.require_reader(actor)
    form = FilterForm(request.GET, agencies=queries.owners())
    found = queries.network(actor, form.filter)
    pairs = {_pair(one) for one in found.interfaces}
    connected = {code for pair in pairs for code in pair}
    context = {
        "form": form,
        "narrowed": form.filter != queries.SystemFilter(),
        "network": found,
        "drawing": _drawing(found) if pairs and len(pairs) <= MOST_DRAWN and not found.is_cut else None,
        "too_many": len(pairs) > MOST_DRAWN or found.is_cut,
        "alone": []
        if found.is_cut
        else [one for code, one in found.systems.items() if code not in connected],
    }
    return render(request, "portfolio/systems/network.html", context)


def _pair(one: Interface) -> Pair:
    return one.provider.code, one.consumer.code


def _drawing(found: queries.Network) -> dict[str, Any]:
    """What the template needs of every box and arrow; one arrow for all data between two systems in one direction."""
    failing = queries.findings(timezone.localdate()).failing
    methods: dict[Pair, set[str]] = {}
    for one in found.interfaces:
        methods.setdefault(_pair(one), set()).add(one.method)
    drawn = draw(methods, width=DRAWN_WIDTH)
    boxes = [
        {
            "system": found.systems[code], "x": f"{x:.0f}", "y": f"{y:.0f}",
            "failing": code in failing,
        }
        for code, (x, y) in sorted(drawn.boxes.items(), key=lambda item: (item[1], item[0]))
    ]  # fmt: skip
    arrows = [
        {"provider": pair[0], "consumer": pair[1], "path": path, "manual": methods[pair] == {silos.MANUAL}}
        for pair, path in drawn.arrows.items()
    ]
    return {
        "boxes": boxes, "arrows": arrows, "box": BOX,
        "width": f"{drawn.width + 16:.0f}", "height": f"{drawn.height + 16:.0f}",
    }  # fmt: skip


# --- capability map × agencies ----------------------------------------------------------------------------------------


@require_GET
@officers_only
def capabilities(request: HttpRequest) -> HttpResponse:
    """What stands where: groups of capabilities, or those of one group, against agencies."""
    actor = actor_of(request)
    known = capability_map()
    group = request.GET.get("group", "")
    group = group if group in known.groups else ""
    measure = request.GET.get("show", "")
    measure = measure if measure in MEASURES else "systems"
    cells = queries.capability_cells(actor)
    rows = _heat_rows(cells, group)
    columns = _columns(cell for row in rows.values() for cell in row)
    context = {
        "group": known.groups.get(group),
        "tabs": [
            {"label": label, "url": _query(group=group, show=name), "current": name == measure}
            for name, (label, _field) in MEASURES.items()
        ],
        "measure": MEASURES[measure][0],
        "columns": [{"code": code, "name": name, "short": short} for code, (name, short) in columns.items()],
        "rows": _heat_table(rows, list(columns), measure, group),
    }
    return render(request, "portfolio/systems/capabilities.html", context)


def _heat_rows(cells: queries.Cells, group: str) -> dict[str, dict[str, queries.Cell]]:
    """Row → column → cell: a row is a capability of the group or, without one, a group; "" is what names none."""
    known = capability_map()
    names = [one.code for one in known.of_group(group)] if group else [*known.groups, ""]
    rows: dict[str, dict[str, queries.Cell]] = {name: {} for name in names}
    for (capability, column), cell in cells.items():
        name = capability if group else known.group_of(capability)
        if name in rows:
            rows[name].setdefault(column, queries.Cell()).add(cell)
    return {name: row for name, row in rows.items() if name or row}


def _columns(codes: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Column → (name, short name), departments by code, the district offices and outside bodies last."""
    found = {}
    for code in sorted(
        set(codes), key=lambda code: (code == queries.DISTRICTS, code.startswith("out."), code)
    ):
        if code == queries.DISTRICTS:
            found[code] = (_("All district offices"), _("Districts"))
        else:
            agency = registers().agency(code)
            found[code] = (agency.name, agency.short)
    return found


def _heat_table(
    rows: dict[str, dict[str, queries.Cell]], columns: list[str], measure: str, group: str
) -> list[dict[str, Any]]:
    field = MEASURES[measure][1]
    largest = max((getattr(cell, field) for row in rows.values() for cell in row.values()), default=0)
    table = []
    for name, row in rows.items():
        total = sum((Decimal(getattr(cell, field)) for cell in row.values()), Decimal(0))
        cells = [_heat_cell(row.get(column), name, column, field, largest) for column in columns]
        table.append({
            "name": capability_map().name(name) if name else _("No capability named"),
            "href": _query(group=name, show=measure) if name and not group else "",
            "cells": cells,
            "total": _shown(total, field),
            "total_href": _cell_url(name, "") if total else "",
        })  # fmt: skip
    return table


def _heat_cell(
    cell: queries.Cell | None, row: str, column: str, field: str, largest: Decimal | int
) -> dict[str, Any]:
    value = getattr(cell, field) if cell else 0
    if not value:
        return {"shade": 0, "text": "", "href": ""}
    shade = 1 + min(int(SHADES * value / largest), SHADES - 1)
    return {"shade": shade, "text": _shown(value, field), "href": _cell_url(row, column)}


def _shown(value: Decimal | int, field: str) -> str:
    """A count, or millions of baht."""
    if not value:
        return ""
    return f"{value:,}" if field in ("systems", "requests") else f"{value / 1_000_000:,.1f}"


def _query(**given: str) -> str:
    return "?" + urlencode({name: value for name, value in given.items() if value})


def _cell_url(capability: str, column: str) -> str:
    return reverse("portfolio:systems_cell") + "?" + urlencode({"capability": capability, "agency": column})


@require_GET
@officers_only
def cell(request: HttpRequest) -> HttpResponse:
    """The systems and requests behind one cell of the heat map."""
    actor = actor_of(request)
    capability, column = request.GET.get("capability", ""), request.GET.get("agency", "")
    if column != queries.DISTRICTS and column not in registers().agencies:
        column = ""
    context = {
        "capability": capability_map().name(capability) if capability else _("No capability named"),
        "agency": _columns([column])[column][0] if column else _("All agencies"),
        "systems": queries.cell_systems(actor, capability, column),
        "requests": queries.cell_requests(actor, capability, column),
    }
    return render(request, "portfolio/systems/cell.html", context)


# --- silo numbers -----------------------------------------------------------------------------------------------------


@require_GET
@officers_only
def silo_numbers(request: HttpRequest) -> HttpResponse:
    """Each number with its meaning, its months, and the rows behind it; of the city or of one agency."""
    actor = actor_of(request)
    queries.require_reader(actor)
    found = queries.findings(timezone.localdate())
    agency = request.GET.get("agency", "")
    agency = agency if agency in found.agencies else ""
    months = queries.series(agency)
    past = list(months.values())
    numbers = found.numbers(agency)
    context = {
        "agency": registers().agency(agency) if agency else None,
        "agencies": [registers().agency(code) for code in found.agencies],
        "numbers": [
            {"definition": one, "value": numbers[one.code], "curve": _curve([row.get(one.code) for row in past])}
            for one in silos.DEFINITIONS
        ],
        "definitions": silos.DEFINITIONS,
        "months": [
            {"month": month, "values": [{"definition": one, "value": row.get(one.code)} for one in silos.DEFINITIONS]}
            for month, row in reversed(months.items())
        ],
        "table": _by_agency(found),
        "behind": _behind(found, agency),
    }  # fmt: skip
    return render(request, "portfolio/systems/silos.html", context)


def _by_agency(found: silos.Findings) -> list[dict[str, Any]]:
    rows = []
    for code in found.agencies:
        numbers = found.numbers(code)
        rows.append({
            "agency": registers().agency(code),
            "values": [{"definition": one, "value": numbers[one.code]} for one in silos.DEFINITIONS],
        })  # fmt: skip
    return sorted(rows, key=lambda row: -row["values"][0]["value"])


def _behind(found: silos.Findings, agency: str) -> list[dict[str, Any]]:
    """Number by number the rows behind it, of one agency where one is chosen; of long lists only the beginning."""
    groups = _rows_behind(found, {code for code, one in found.counted.items() if agency in ("", one.agency)})
    shown = {code: rows[:MOST_ROWS] for code, rows in groups.items()}
    named = {
        code for rows in shown.values() for row in rows for code in (*row.codes[:MOST_IN_ROW], row.giver)
    }
    systems = queries.names_of(named)
    names = {one.code: one.name for one in silos.DEFINITIONS}
    return [
        {
            "code": code,
            "name": names[code],
            "more": len(groups[code]) - len(rows),
            "rows": [
                {
                    "label": f"{systems[row.giver].name} →" if row.giver else row.label,
                    "note": row.note,
                    "systems": [systems[one] for one in row.codes[:MOST_IN_ROW]],
                    "more": max(len(row.codes) - MOST_IN_ROW, 0),
                }
                for row in rows
            ],
        }
        for code, rows in shown.items()
    ]


@dataclass(frozen=True, slots=True)
class _Row:
    """Systems that have something in common; `giver` is the system whose data they get."""

    codes: list[str]
    label: str = ""
    note: str = ""
    giver: str = ""


def _rows_behind(found: silos.Findings, own: set[str]) -> dict[str, list[_Row]]:
    """Code of a number → rows that touch one of the agency's own systems."""
    takers: dict[str, list[str]] = defaultdict(list)
    for link in found.manual:
        if {link.provider, link.consumer} & own:
            takers[link.provider].append(link.consumer)
    note = _("%(served)s get data from it; %(cut)s would be cut off without it")
    return {
        "isolated_share": [_Row(sorted(found.isolated & own))],
        "shared_capabilities": [
            _Row(sorted(codes), capability_map().name(capability))
            for capability, codes in found.shared.items()
            if codes & own
        ],
        "repeated_data": [_Row(sorted(codes), data) for data, codes in found.repeated.items() if codes & own],
        "manual_links": [_Row(sorted(codes), giver=giver) for giver, codes in sorted(takers.items())],
        "single_points": [
            _Row([code], note=note % {"served": served, "cut": cut})
            for code, (served, cut) in found.failing.items()
            if code in own
        ],
        "unconfirmed_share": [_Row(sorted(found.unconfirmed & own))],
    }


def _curve(values: list[Decimal | None]) -> str:
    """Corners of the area under a line through the months, in a box of 100 × 30; empty for fewer than two months."""
    told = [(number, float(value)) for number, value in enumerate(values) if value is not None]
    if len(told) < 2:
        return ""
    largest = max(value for _number, value in told) or 1
    last = len(values) - 1
    line = [f"{100 * number / last:.1f},{29 - 26 * value / largest:.1f}" for number, value in told]
    return " ".join([f"{100 * told[0][0] / last:.1f},30", *line, f"{100 * told[-1][0] / last:.1f},30"])
